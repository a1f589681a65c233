//! Which store is this backend's: its shop's, with its gateway. `kaunter-backend store rebind` moves a store to another
//! shop or another gateway.

use std::path::Path;

use kaunter_core::desk::{self, NAME_MAX_CHARS};
use kaunter_core::owner::{Foreign, Owner};
use reqwest::Url;
use serde::Serialize;

use crate::clock::wall_ms;
use crate::config::Config;
use crate::store::{Refused, Store};

/// A store that has another owner now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Rebound {
    /// The shop before; `None` if the store had no owner.
    pub from_shop: Option<String>,
    /// The gateway before.
    pub from_gateway: Option<String>,
    /// The shop now.
    pub shop: String,
    /// The gateway now.
    pub gateway: String,
}

/// Opens the store of this configuration, if it is this shop's with this gateway.
pub(crate) async fn open_own(config: &Config) -> anyhow::Result<Store> {
    let store = Store::of(config).await?;
    let own = owner(config);
    store
        .claim(&own)
        .await?
        .map_err(|foreign| why(config, &own, &foreign))?;
    Ok(store)
}

/// Moves the store to this configuration's shop and gateway. Every backend that uses the store must be stopped.
///
/// # Errors
/// A trade is open, the store is this owner's already, or the store can't be opened.
pub async fn rebind(config: &Config, who: &str) -> anyhow::Result<Rebound> {
    check_by(who)?;
    let store = Store::of(config).await?;
    store.join(config).await;
    let (own, name) = (owner(config), name(config));
    match store.move_to(&own, who, wall_ms()).await? {
        Ok(was) => Ok(Rebound {
            from_shop: was.as_ref().map(|was| was.shop.clone()),
            from_gateway: was.map(|was| was.gateway),
            shop: own.shop,
            gateway: own.gateway,
        }),
        Err(Refused::Same) => anyhow::bail!(
            "the store {name} is that of the shop \"{}\" with the gateway {} already: nothing was changed",
            own.shop,
            own.gateway
        ),
        Err(Refused::Open(open)) => anyhow::bail!(
            "the store {name} has open trades ({open}), and only the gateway where they began can finish them: start the backend with its old configuration, finish them, and try again"
        ),
    }
}

/// Refuses a text that is no name of a person.
pub(crate) fn check_by(name: &str) -> anyhow::Result<()> {
    desk::check_name(name, "by").map_err(|refused| {
        let why = refused.detail.unwrap_or_default();
        anyhow::anyhow!("--by must be a name of 1 to {NAME_MAX_CHARS} characters. {why}")
    })
}

fn why(config: &Config, own: &Owner, foreign: &Foreign) -> anyhow::Error {
    let name = name(config);
    let Owner { shop, gateway } = own;
    match foreign {
        Foreign::Owned(owner) => anyhow::anyhow!(
            "the store {name} belongs to the shop \"{}\" with the gateway {}, and this configuration is of the shop \"{shop}\" with the gateway {gateway}: correct `shop`, `gateway.base_url` or the store. If the shop or its gateway has moved, stop every backend and run `kaunter-backend store rebind --by NAME`",
            owner.shop,
            owner.gateway
        ),
        Foreign::Sales(other) => anyhow::anyhow!(
            "the store {name} has sales of the shop \"{other}\", and this configuration is of the shop \"{shop}\": correct `shop`, or give each shop a store of its own. If this store is that of \"{shop}\" from now on, stop every backend and run `kaunter-backend store rebind --by NAME`"
        ),
    }
}

/// The store's name in a sentence. The address of a PostgreSQL may hold a password.
fn name(config: &Config) -> String {
    match config.database_url {
        Some(_) => "of KAUNTER_DATABASE_URL".to_owned(),
        None => Path::display(&config.database).to_string(),
    }
}

fn owner(config: &Config) -> Owner {
    Owner {
        shop: config.shop.clone(),
        gateway: gateway(&config.gateway.base_url),
    }
}

/// One spelling of a gateway's address: `HTTPS://Gateway.example:443/version1/` is `https://gateway.example/version1`.
fn gateway(base_url: &str) -> String {
    let url = Url::parse(base_url).map_or_else(|_| base_url.to_owned(), String::from);
    url.trim_end_matches('/').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gateway_has_one_spelling() {
        let plain = "https://gateway.example/version1";
        for other in [
            plain,
            "HTTPS://Gateway.example:443/version1/",
            "https://gateway.example/version1//",
        ] {
            assert_eq!(gateway(other), plain);
        }
        assert_ne!(gateway("https://gateway.example:8443/version1"), plain);
        assert_ne!(gateway("https://gateway.example/Version1"), plain);
    }
}
