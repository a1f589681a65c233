//! New keys for each demo.

/// The sandbox's only merchant.
pub(crate) const MERCHANT: &str = "sandbox-merchant";

/// The variable with the key of a shop's server of your own.
const SERVER_KEY: &str = "KAUNTER_SERVER_KEY";

/// Their prefix marks them as the sandbox's, so that the backend refuses them for a real gateway.
pub(crate) struct DemoKeys {
    pub(crate) key: String,
    pub(crate) secret: String,
    pub(crate) password: String,
    pub(crate) server: String,
    pub(crate) signing: String,
}

impl DemoKeys {
    pub(crate) fn new() -> anyhow::Result<Self> {
        let fresh = || anyhow::Ok(format!("sandbox-{}", random()?));
        Ok(Self {
            key: fresh()?,
            secret: fresh()?,
            password: fresh()?,
            // A shop's server of your own needs the same key.
            server: match std::env::var(SERVER_KEY) {
                Ok(given) if !given.is_empty() => given,
                Ok(_) | Err(_) => fresh()?,
            },
            signing: fresh()?,
        })
    }
}

/// 192 random bits as a word.
pub(crate) fn random() -> anyhow::Result<String> {
    let mut bytes = [0; 24];
    getrandom::fill(&mut bytes).map_err(|error| anyhow::anyhow!("no randomness: {error}"))?;
    Ok(hex::encode(bytes))
}
