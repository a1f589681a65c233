//! What one look, one question and one sale cost, from what was used while the tills looked and while nobody did.

use serde_json::Value;

use super::load::Measured;

/// The figures of one number of tills.
pub(super) struct Stage<'a> {
    pub(super) looks: &'a Value,
    silence: Option<&'a Value>,
}

/// The stages of one build on one store, by rising numbers of tills.
pub(super) fn stages(build: &Value) -> Vec<Stage<'_>> {
    let told = list(&build["tills"]);
    let of = |phase: &'static str| told.iter().filter(move |told| told["ends"] == phase);
    of("looks")
        .map(|looks| Stage {
            looks,
            silence: of("silence").find(|silence| silence["tills"] == looks["tills"]),
        })
        .collect()
}

pub(super) fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// `None` for a part of nothing.
pub(super) fn share(part: f64, whole: f64) -> Option<f64> {
    (whole > 0.0).then(|| part / whole)
}

impl Stage<'_> {
    pub(super) fn tills(&self) -> u64 {
        self.looks["tills"].as_u64().unwrap_or(0)
    }

    /// True if every till could be opened.
    pub(super) fn is_whole(&self) -> bool {
        self.looks["open"] == self.looks["tills"]
    }

    pub(super) fn per_second(&self, name: &str) -> f64 {
        share(self.looks.number(name), self.looks.number("seconds")).unwrap_or(0.0)
    }

    pub(super) fn look_count(&self) -> f64 {
        self.looks["looks"].number("count") + self.looks.number("failed")
    }

    pub(super) fn p99_us(&self) -> u64 {
        self.looks["looks"]["p99_us"].as_u64().unwrap_or(0)
    }

    /// What a question costs of something that was used, while nobody looked.
    pub(super) fn per_question(&self, what: &str) -> Option<f64> {
        let silence = self.silence?;
        share(silence["used"].number(what), silence.number("questions"))
    }

    /// What a look costs of it: what was used while the tills looked, without what the questions cost.
    pub(super) fn per_look(&self, what: &str) -> Option<f64> {
        let questions = self.per_question(what)? * self.looks.number("questions");
        let looks = self.looks["used"].number(what) - questions;
        share(looks.max(0.0), self.look_count())
    }

    /// The part of a processor that the backend used.
    pub(super) fn busy(&self) -> f64 {
        share(
            self.looks["used"].number("backend_ms"),
            self.looks.number("seconds") * 1_000.0,
        )
        .unwrap_or(0.0)
    }

    /// How many such tills one processor carries: each looks every two seconds, and its payment is asked about as often
    /// as here.
    pub(super) fn tills_per_core(&self) -> Option<f64> {
        let (look, question) = (
            self.per_look("backend_ms")?,
            self.per_question("backend_ms")?,
        );
        let asked = self.per_second("questions") / self.looks.number("open").max(1.0);
        share(1_000.0, look / 2.0 + question * asked)
    }
}

/// The memory of one more till with its connection and its open trade, in KiB: between the smallest and the largest
/// number of tills.
pub(super) fn memory_per_till(build: &Value) -> Option<f64> {
    let stages = stages(build);
    let (first, last) = (stages.first()?, stages.last()?);
    let memory = |stage: &Stage<'_>| stage.looks["used"].number("memory_kib");
    let open = |stage: &Stage<'_>| stage.looks.number("open");
    share(memory(last) - memory(first), open(last) - open(first))
}

/// What one sale of a rush costs of something that was used.
pub(super) fn per_sale(told: &Value, what: &str) -> Option<f64> {
    share(told["used"].number(what), told.number("sales"))
}
