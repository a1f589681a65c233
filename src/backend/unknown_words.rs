//! The gateway's words that the configuration does not know: how they get into the store, and how an operator reads
//! them.

use kaunter_core::wire::{GatewayWord, GatewayWords};

use crate::clock::rfc3339;
use crate::config::{Config, GatewayKind};
use crate::gateway::Gateway;
use crate::gateway::unknown::UnknownWord;
use crate::ownership;
use crate::store::Store;

/// Stores the words that wait in this process. Words that can't be stored wait for the next call.
pub(crate) async fn keep(store: &Store, gateway: &Gateway, shop: &str) {
    let words = gateway.unknown().take();
    if words.is_empty() {
        return;
    }
    if let Err(error) = store.keep_words(shop, &words).await {
        tracing::warn!(%error, "unknown words of the gateway could not be stored: the next round tries again");
        gateway.unknown().put_back(words);
    }
}

/// The stored words that this configuration does not know.
///
/// # Errors
/// The store can't be read.
pub(crate) async fn list(config: &Config, store: &Store) -> sqlx::Result<GatewayWords> {
    let mut words = store.words(&config.shop).await?;
    let vocabulary = &config.gateway.words;
    words.retain(|word| match config.gateway.kind {
        GatewayKind::Paydibs => !vocabulary.knows_word(&word.key),
    });
    let toml = match config.gateway.kind {
        GatewayKind::Paydibs => vocabulary.toml(&words),
    };
    Ok(GatewayWords {
        words: words.into_iter().map(view).collect(),
        toml,
    })
}

fn view(word: UnknownWord) -> GatewayWord {
    GatewayWord {
        call: word.key.call,
        field: word.key.field,
        code: word.key.word,
        message: word.message,
        first_seen_at: rfc3339(word.first_ms),
        last_seen_at: rfc3339(word.last_ms),
        count: word.count,
    }
}

/// `kaunter-backend gateway words`: the words of this configuration's store.
///
/// # Errors
/// The store can't be opened or read.
pub async fn gateway_words(config: &Config) -> anyhow::Result<GatewayWords> {
    let store = ownership::open_own(config).await?;
    Ok(list(config, &store).await?)
}
