//! What rows of earlier versions hold in other words. They load for ever; nothing writes them any more.

use serde::{Deserialize, Deserializer};

use crate::wire::CodeMode;

/// The mode of rows that were written before there were two.
pub(super) fn mode() -> CodeMode {
    CodeMode::ConsumerPresented
}

/// Reads a mode, also by the short word that 0.1.0 wrote before its release.
///
/// # Errors
/// The word is neither.
pub(super) fn read_mode<'de, D: Deserializer<'de>>(from: D) -> Result<CodeMode, D::Error> {
    #[derive(Deserialize)]
    #[serde(rename_all = "snake_case")]
    enum Word {
        #[serde(alias = "consumer")]
        ConsumerPresented,
        #[serde(alias = "merchant")]
        MerchantPresented,
    }
    Ok(match Word::deserialize(from)? {
        Word::ConsumerPresented => CodeMode::ConsumerPresented,
        Word::MerchantPresented => CodeMode::MerchantPresented,
    })
}
