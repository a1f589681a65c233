//! The report: a line of JSON when something that is measured begins, and one with the figures when it ends.
//! `cargo xtask bench backend` reads the processor time of each process at these lines.

use std::io::Write as _;
use std::time::Duration;

use serde_json::{Map, Value, json};

/// Time for the reader of a line to look at the processes, before and after what is measured.
const PAUSE: Duration = Duration::from_millis(100);

/// Says that something begins.
pub(crate) async fn begin(phase: &str) {
    say(&json!({"begins": phase}));
    tokio::time::sleep(PAUSE).await;
}

/// Prints the figures of a phase that has ended, as a line of JSON.
pub(crate) async fn end(phase: &str, parts: &[&Value]) {
    let mut told = Map::new();
    told.insert("ends".to_owned(), json!(phase));
    for part in parts {
        told.extend(part.as_object().cloned().unwrap_or_default());
    }
    say(&Value::Object(told));
    tokio::time::sleep(PAUSE).await;
}

fn say(line: &Value) {
    let mut out = std::io::stdout().lock();
    // Without a reader nobody needs the report.
    let _ = writeln!(out, "{line}").and_then(|()| out.flush());
}
