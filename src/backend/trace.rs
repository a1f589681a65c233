//! The id that names a call: in every line of the log that the call causes, and in the problem that it is answered with.

use std::fmt::Write as _;

tokio::task_local! {
    /// The call that this task answers.
    static ID: String;
}

/// Answers a call under this id.
pub(crate) async fn under<T>(id: String, answer: impl Future<Output = T>) -> T {
    ID.scope(id, answer).await
}

/// The id of the call that is being answered; none outside of one.
pub(crate) fn current() -> Option<String> {
    ID.try_with(Clone::clone).ok()
}

/// The id that a caller sent, if it is one, or a fresh one.
pub(crate) fn id(sent: Option<&str>) -> String {
    let known = |id: &&str| {
        (1..=64).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_alphanumeric())
    };
    match sent.filter(known) {
        Some(id) => id.to_owned(),
        None => fresh(),
    }
}

fn fresh() -> String {
    let mut bytes = [0_u8; 16];
    // Without randomness the id is all zeros: no reason to refuse the call.
    let _ = getrandom::fill(&mut bytes);
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
