//! The owner of the store: the shop and the gateway that it belongs to. `kaunter_core::owner` decides.

use kaunter_core::owner::{Claim, Foreign, Owner, claim, may_move};
use kaunter_core::policy::Ms;
use sqlx::Row;

use super::{Change, Store, audit};
use crate::trail::{Actor, AuditEntry, STORE_MOVED};

/// Why the store gets no other owner.
pub(crate) enum Refused {
    /// It has open trades: how many.
    Open(u64),
    /// It is this owner's already.
    Same,
}

impl Store {
    /// Claims the store for this owner. A store without an owner gets it now; of several processes that start at once,
    /// one is the first.
    pub(crate) async fn claim(&self, own: &Owner) -> sqlx::Result<Result<(), Foreign>> {
        let mut change = self.begin().await?;
        let mut stored = owner(&mut change).await?;
        let other = match stored {
            Some(_) => None,
            None => other_shop(&mut change, &own.shop).await?,
        };
        if claim(stored.as_ref(), own, other.as_deref()) == Ok(Claim::Take) {
            sqlx::query("INSERT INTO owner (only_row, shop, gateway) VALUES (1, $1, $2) ON CONFLICT (only_row) DO NOTHING")
                .bind(&own.shop)
                .bind(&own.gateway)
                .execute(&mut *change)
                .await?;
            // Another process may have been faster.
            stored = owner(&mut change).await?;
            change.commit().await?;
        }
        Ok(claim(stored.as_ref(), own, other.as_deref()).map(drop))
    }

    /// Gives the store another owner, if no trade is open. Returns the owner before.
    pub(crate) async fn move_to(
        &self,
        own: &Owner,
        who: &str,
        now: Ms,
    ) -> sqlx::Result<Result<Option<Owner>, Refused>> {
        let mut change = self.begin().await?;
        let was = owner(&mut change).await?;
        if was.as_ref() == Some(own) {
            return Ok(Err(Refused::Same));
        }
        let row = sqlx::query("SELECT COUNT(*) AS open FROM trades WHERE is_open = 1")
            .fetch_one(&mut *change)
            .await?;
        let open: i64 = row.try_get("open")?;
        let open = u64::try_from(open).unwrap_or(0);
        if !may_move(open) {
            return Ok(Err(Refused::Open(open)));
        }
        sqlx::query("INSERT INTO owner (only_row, shop, gateway) VALUES (1, $1, $2) ON CONFLICT (only_row) DO UPDATE SET shop = excluded.shop, gateway = excluded.gateway")
            .bind(&own.shop)
            .bind(&own.gateway)
            .execute(&mut *change)
            .await?;
        let name = |owner: &Owner| format!("{} at {}", owner.shop, owner.gateway);
        let entry = AuditEntry {
            note: format!(
                "{} -> {}",
                was.as_ref().map_or_else(|| "nobody".to_owned(), name),
                name(own)
            ),
            ..AuditEntry::new(Actor::person(who, ""), STORE_MOVED)
        };
        let chain = (own.shop.as_str(), audit::SHOP.to_owned());
        audit::append_other(&mut change, chain, entry, now).await?;
        change.commit().await?;
        Ok(Ok(was))
    }
}

async fn owner(change: &mut Change) -> sqlx::Result<Option<Owner>> {
    let row = sqlx::query("SELECT shop, gateway FROM owner")
        .fetch_optional(&mut **change)
        .await?;
    let read = |row: sqlx::any::AnyRow| {
        Ok(Owner {
            shop: row.try_get("shop")?,
            gateway: row.try_get("gateway")?,
        })
    };
    row.map(read).transpose()
}

/// Another shop that has sales here, if there is one.
async fn other_shop(change: &mut Change, shop: &str) -> sqlx::Result<Option<String>> {
    let row = sqlx::query("SELECT shop FROM sales WHERE shop <> $1 LIMIT 1")
        .bind(shop)
        .fetch_optional(&mut **change)
        .await?;
    row.map(|row| row.try_get("shop")).transpose()
}
