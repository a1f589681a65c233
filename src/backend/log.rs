//! The log: one line of JSON for each event, with listed fields only. Other fields are dropped, so that a secret in a
//! log call does not reach the log.

use std::io::Write;

use kaunter_core::policy::Ms;
use serde_json::{Map, Value};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::layer::{Context, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer};

use crate::clock::rfc3339;

/// The fields that a line may have besides its time, level, target and message.
const FIELDS: [&str; 22] = [
    "action",
    "alarm",
    "attempt",
    "call",
    "cause",
    "code",
    "list_status",
    "duration_ms",
    "error",
    "from",
    "gateway_code",
    "gateway_message",
    "key",
    "left",
    "method",
    "refused",
    "result",
    "route",
    "status",
    "to",
    "trace_id",
    "trade_id",
];
/// Our own crates. Other crates may log only a message, and only as a warning.
const OWN: &str = "kaunter";
/// The maximum length of a field, in characters.
const MAX_CHARS: usize = 300;

/// Variables that set the level; the first one that is set counts. Programs in Rust commonly use `RUST_LOG`.
const LEVELS: [&str; 2] = ["KAUNTER_LOG", "RUST_LOG"];

/// Starts logging to standard error at the level of `KAUNTER_LOG`, or `info`.
pub fn start() {
    let level = LEVELS.iter().find_map(|name| std::env::var(name).ok());
    let filter = level.and_then(|level| EnvFilter::try_new(level).ok());
    let filter = filter.unwrap_or_else(|| "info".into());
    tracing_subscriber::registry()
        .with(filter)
        .with(JsonLines(std::io::stderr))
        .init();
}

/// Writes lines. The argument opens the output.
struct JsonLines<O>(O);

/// The fields of a span, which its events repeat.
struct SpanFields(Map<String, Value>);

impl<S, O, W> Layer<S> for JsonLines<O>
where
    S: Subscriber + for<'span> LookupSpan<'span>,
    O: Fn() -> W + 'static,
    W: Write,
{
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let mut fields = Map::new();
        attributes.record(&mut AllowedFields(&mut fields));
        if let Some(span) = context.span(id) {
            span.extensions_mut().insert(SpanFields(fields));
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        if let Some(span) = context.span(id)
            && let Some(SpanFields(fields)) = span.extensions_mut().get_mut()
        {
            values.record(&mut AllowedFields(fields));
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let meta = event.metadata();
        let own = meta.target().starts_with(OWN);
        if !own && *meta.level() > Level::WARN {
            return;
        }
        let mut line = Map::new();
        line.insert("time".to_owned(), Value::from(rfc3339(now_ms())));
        line.insert("level".to_owned(), Value::from(meta.level().as_str()));
        line.insert("target".to_owned(), Value::from(meta.target()));
        for span in context
            .event_scope(event)
            .into_iter()
            .flat_map(|scope| scope.from_root())
        {
            if let Some(SpanFields(fields)) = span.extensions().get() {
                line.extend(fields.clone());
            }
        }
        let mut said = Map::new();
        event.record(&mut AllowedFields(&mut said));
        said.retain(|name, _| own || name == "message");
        line.extend(said);
        // A log that can't be written must not stop a payment.
        let _ = writeln!((self.0)(), "{}", Value::Object(line));
    }
}

fn now_ms() -> Ms {
    Ms::try_from(jiff::Timestamp::now().as_millisecond()).unwrap_or(0)
}

/// Keeps the listed fields.
struct AllowedFields<'a>(&'a mut Map<String, Value>);

impl AllowedFields<'_> {
    fn keep(&mut self, field: &Field, value: impl Into<Value>) {
        let name = field.name();
        if name == "message" || FIELDS.contains(&name) {
            self.0.insert(name.to_owned(), value.into());
        }
    }
}

impl Visit for AllowedFields<'_> {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.keep(field, value.chars().take(MAX_CHARS).collect::<String>());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.keep(field, value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.keep(field, value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.keep(field, value);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        self.record_str(field, &format!("{value:?}"));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Paper(Arc<Mutex<Vec<u8>>>);

    impl Write for Paper {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().expect("one test").extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn rule_12_a_line_holds_what_the_list_names_and_nothing_else() {
        let paper = Paper::default();
        let pen = paper.clone();
        let lines = tracing_subscriber::registry().with(JsonLines(move || pen.clone()));
        tracing::subscriber::with_default(lines, || {
            let span = tracing::info_span!("call", trace_id = "abc", password = "planted-1");
            let _in = span.enter();
            tracing::info!(
                trade_id = "K1",
                duration_ms = 7,
                secret = "planted-2",
                "moved"
            );
            tracing::info!(target: "library", trade_id = "planted-3", "planted-4");
            tracing::warn!(target: "library", trade_id = "planted-5", "slow");
        });
        let text = String::from_utf8(paper.0.lock().expect("one test").clone()).expect("JSON");
        assert!(!text.contains("planted"), "{text}");
        let lines: Vec<Value> = text
            .lines()
            .map(|line| serde_json::from_str(line).expect("JSON"))
            .collect();
        assert_eq!(lines.len(), 2);
        assert_eq!(lines[0]["message"], "moved");
        assert_eq!(lines[0]["trace_id"], "abc");
        assert_eq!(lines[0]["trade_id"], "K1");
        assert_eq!(lines[0]["duration_ms"], 7);
        assert_eq!(lines[1]["message"], "slow");
        assert_eq!(lines[1].get("trade_id"), None);
    }
}
