//! Reads rows of earlier versions, which used other words. Nothing writes those words any more.

use serde::{Deserialize, Deserializer};

use crate::wire::{By, CodeMode, Reason};

/// The mode of rows from before there were two modes.
pub(super) fn mode() -> CodeMode {
    CodeMode::ConsumerPresented
}

/// Reads a mode, or the short word that 0.1.0 wrote before its release.
///
/// # Errors
/// If the word is unknown.
pub(super) fn read_mode<'de, D: Deserializer<'de>>(from: D) -> Result<CodeMode, D::Error> {
    #[derive(Deserialize)]
    #[serde(rename_all = "snake_case")]
    enum StoredMode {
        #[serde(alias = "consumer")]
        ConsumerPresented,
        #[serde(alias = "merchant")]
        MerchantPresented,
    }
    Ok(match StoredMode::deserialize(from)? {
        StoredMode::ConsumerPresented => CodeMode::ConsumerPresented,
        StoredMode::MerchantPresented => CodeMode::MerchantPresented,
    })
}

/// Reads who asked for a closing, also by the word of before 0.1.0 was released.
///
/// # Errors
/// The word is neither.
pub(super) fn read_by<'de, D: Deserializer<'de>>(from: D) -> Result<Option<By>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum StoredBy {
        Now(By),
        Before(Deadline),
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "snake_case")]
    enum Deadline {
        Deadline,
    }
    let word = Option::<StoredBy>::deserialize(from)?;
    Ok(word.map(|word| match word {
        StoredBy::Now(by) => by,
        StoredBy::Before(Deadline::Deadline) => By::System,
    }))
}

/// Reads why a trade ended, also by the word of before 0.1.0 was released.
///
/// # Errors
/// The word is neither.
pub(super) fn read_reason<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Reason>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum StoredReason {
        Now(Reason),
        Before(Quiet),
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "snake_case")]
    enum Quiet {
        TerminalQuiet,
    }
    let word = Option::<StoredReason>::deserialize(from)?;
    Ok(word.map(|word| match word {
        StoredReason::Now(reason) => reason,
        StoredReason::Before(Quiet::TerminalQuiet) => Reason::TerminalSilent,
    }))
}
