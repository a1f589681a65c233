//! Reads rows of earlier versions, which used other words. Nothing writes those words any more.

use serde::{Deserialize, Deserializer};

use crate::wire::CodeMode;

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
