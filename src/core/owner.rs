//! Decides whether a backend may work on a store.
//!
//! A store has one owner: a shop with its gateway. A backend of another shop or another gateway is refused.
//! Rule 39 of `docs/rules.md` is here. The functions are pure: the backend reads the store and calls them.

/// The shop and the gateway that a store belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owner {
    /// The shop's name.
    pub shop: String,
    /// The gateway's address, in one spelling.
    pub gateway: String,
}

/// What a backend does with a store that it may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claim {
    /// The store is its own already.
    Own,
    /// The store has no owner yet: the backend stores itself as the owner.
    Take,
}

/// Why a backend may not use a store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Foreign {
    /// The store belongs to this owner.
    Owned(Owner),
    /// The store has no owner yet, but it has sales of this shop.
    Sales(String),
}

/// Decides whether a backend of `own` may use a store of `stored`.
///
/// `other_shop` is any other shop that has sales in the store. Only a store without an owner is asked for it: one that
/// an earlier version made.
///
/// # Errors
/// [`Foreign`] if the store is another owner's.
pub fn claim(
    stored: Option<&Owner>,
    own: &Owner,
    other_shop: Option<&str>,
) -> Result<Claim, Foreign> {
    match (stored, other_shop) {
        (Some(stored), _) if stored == own => Ok(Claim::Own),
        (Some(stored), _) => Err(Foreign::Owned(stored.clone())),
        (None, Some(shop)) => Err(Foreign::Sales(shop.to_owned())),
        (None, None) => Ok(Claim::Take),
    }
}

/// Whether a store may get another owner: only while no trade is open. A trade that is open can be finished only at
/// the gateway where it began.
#[must_use]
pub fn may_move(open_trades: u64) -> bool {
    open_trades == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owner(shop: &str, gateway: &str) -> Owner {
        Owner {
            shop: shop.to_owned(),
            gateway: gateway.to_owned(),
        }
    }

    #[test]
    fn rule_39_a_store_has_one_owner() {
        let own = owner("a", "https://gateway.example/version1");
        assert_eq!(claim(Some(&own), &own, None), Ok(Claim::Own));
        assert_eq!(claim(None, &own, None), Ok(Claim::Take));
        for other in [
            owner("b", &own.gateway),
            owner("a", "https://other.example/version1"),
            owner("A", &own.gateway),
        ] {
            let refused = claim(Some(&other), &own, None);
            assert_eq!(refused, Err(Foreign::Owned(other)));
        }
    }

    #[test]
    fn rule_39_a_store_without_an_owner_and_with_another_shops_sales_is_foreign() {
        let own = owner("a", "https://gateway.example/version1");
        let refused = claim(None, &own, Some("b"));
        assert_eq!(refused, Err(Foreign::Sales("b".to_owned())));
        // The sales of a shop that moved away stay in its old store.
        assert_eq!(claim(Some(&own), &own, Some("b")), Ok(Claim::Own));
    }

    #[test]
    fn rule_39_a_store_moves_only_without_open_trades() {
        assert!(may_move(0));
        assert!(!may_move(1));
    }
}
