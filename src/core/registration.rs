//! Registers sales: the shop's server says what a sale asks for, before or after a till begins to charge it.
//!
//! Rule 33 of `docs/rules.md`. The functions are pure, and a [`RegistrationDenial`] changes nothing.
//! The backend reads the trades of a sale, calls [`register`], and stores the result in one transaction.
//! The walk and the simulation call the same function.

use crate::admission;
use crate::desk::{self, Limits, Refused};
use crate::money::Money;
use crate::policy::{Ms, Policy};
use crate::sale::{self, Due, SetBy};
use crate::trade::{Event, State, Trade};
use crate::wire::{Metadata, ProblemCode, RegisterSale, Sale};

/// The most entries of a sale's metadata. With the next two bounds, a sale's row stays below 10 kB.
pub const METADATA_MAX_ENTRIES: usize = 20;
/// The longest name of an entry, in characters.
pub const METADATA_NAME_MAX_CHARS: usize = 40;
/// The longest value of an entry, in characters.
pub const METADATA_VALUE_MAX_CHARS: usize = 200;

/// The permission to store a registration. It is valid once all of this is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registration {
    /// How it changes the sale.
    pub change: Change,
    /// The trades that await a code for the old amount, abandoned, each with its position among the others.
    pub replaced: Vec<(usize, Trade)>,
}

/// How a registration changes its sale.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// The sale was not registered.
    New,
    /// It is registered with this amount already. Only its metadata may change.
    Same,
    /// It was registered with another amount.
    Amount,
}

/// Why the amount may not change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RegistrationDenial {
    /// Money of the trade at this position may have moved.
    Busy(usize),
    /// The trade at this position is paid.
    Paid {
        /// Its position.
        at: usize,
        /// What its payment leaves of the new amount; `None` if the new amount is not larger.
        missing: Option<Money>,
    },
}

impl RegistrationDenial {
    /// The position of the trade that stands in the way.
    #[must_use]
    pub fn trade(&self) -> usize {
        match self {
            Self::Busy(at) | Self::Paid { at, .. } => *at,
        }
    }

    /// A sentence for the developer that is more exact than the code's own.
    #[must_use]
    pub fn detail(&self) -> String {
        match self {
            Self::Busy(_) => "The amount can't change while money of a trade may have moved: wait until that trade has ended.".to_owned(),
            Self::Paid {
                missing: Some(missing),
                ..
            } => format!(
                "This sale is paid, and {} {} of the new amount is missing: register that under another reference.",
                missing.currency,
                missing.decimal()
            ),
            Self::Paid { missing: None, .. } => "This sale is paid with more than the new amount: give that payment back first, or keep the amount.".to_owned(),
        }
    }
}

impl From<&RegistrationDenial> for ProblemCode {
    fn from(denial: &RegistrationDenial) -> Self {
        match denial {
            RegistrationDenial::Busy(_) => Self::SaleBusy,
            RegistrationDenial::Paid { .. } => Self::SalePaid,
        }
    }
}

/// Refuses a registration with a wrong field.
///
/// # Errors
/// [`Refused`] with the first field that is wrong.
pub fn check(request: &RegisterSale, limits: Limits<'_>) -> Result<(), Refused> {
    let sale = Sale {
        reference: request.reference.clone(),
        amount: request.amount.clone(),
    };
    // The fields of this body are not inside a `sale`.
    desk::check_sale(&sale, limits).map_err(|refused| Refused {
        param: refused
            .param
            .map(|param| param.strip_prefix("sale.").unwrap_or(param)),
        ..refused
    })?;
    match &request.metadata {
        Some(metadata) if !is_metadata(metadata) => Err(Refused {
            code: ProblemCode::BadRequest,
            param: Some("metadata"),
            detail: Some(
                "metadata takes at most 20 entries, with names of 1 to 40 and values of at most 200 printable characters.",
            ),
        }),
        Some(_) | None => Ok(()),
    }
}

fn is_metadata(metadata: &Metadata) -> bool {
    let is_short =
        |text: &str, max| text.chars().count() <= max && !text.chars().any(char::is_control);
    metadata.len() <= METADATA_MAX_ENTRIES
        && metadata.iter().all(|(name, value)| {
            !name.is_empty()
                && is_short(name, METADATA_NAME_MAX_CHARS)
                && is_short(value, METADATA_VALUE_MAX_CHARS)
        })
}

/// Decides whether a sale may be registered with this amount.
///
/// `others` are the trades of the sale, the oldest first: at least those that are open or hold the sale.
/// `due` is what the sale has asked for until now.
/// The caller stores a [`Registration`] as a whole, or not at all.
///
/// # Errors
/// A [`RegistrationDenial`]: the amount would change, and money of a trade may have moved.
pub fn register<'a>(
    others: impl IntoIterator<Item = &'a Trade>,
    due: Option<&Due>,
    amount: &Money,
    now: Ms,
    policy: &Policy,
) -> Result<Registration, RegistrationDenial> {
    let others: Vec<&Trade> = others.into_iter().collect();
    let is_registered = due.is_some_and(|due| due.set_by == SetBy::Registration);
    let is_same = due.is_none_or(|due| due.amount == *amount);
    let change = match (is_registered, is_same) {
        (false, _) => Change::New,
        (true, true) => Change::Same,
        (true, false) => Change::Amount,
    };
    if is_same {
        let replaced = Vec::new();
        return Ok(Registration { change, replaced });
    }
    match admission::clear(&others, &Event::AmountChanged, None, now, policy) {
        Ok(replaced) => Ok(Registration { change, replaced }),
        Err(at) if others[at].state() == State::Paid => Err(RegistrationDenial::Paid {
            at,
            missing: sale::missing(&others[at].facts().sale.amount, amount),
        }),
        Err(at) => Err(RegistrationDenial::Busy(at)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::{NOW, money, row};
    use crate::trade::Risk;
    use crate::wire::Reason;

    fn due(minor: u64, set_by: SetBy) -> Due {
        Due {
            amount: money(minor),
            set_by,
        }
    }

    fn in_state(state: State, late: bool) -> Trade {
        row(&[
            ("state", serde_json::json!(state)),
            ("late", serde_json::json!(late)),
        ])
    }

    fn ask(
        others: &[Trade],
        due: Option<&Due>,
        minor: u64,
    ) -> Result<Registration, RegistrationDenial> {
        register(others, due, &money(minor), NOW, &Policy::default())
    }

    #[test]
    fn rule_33_a_registration_is_repeated_and_changed_and_taken_over() {
        let nothing = |change| {
            let replaced = Vec::new();
            Ok(Registration { change, replaced })
        };
        assert_eq!(ask(&[], None, 100), nothing(Change::New));
        for set_by in [SetBy::Page, SetBy::Token { minted_s: 9 }] {
            for minor in [100, 150] {
                assert_eq!(
                    ask(&[], Some(&due(100, set_by)), minor),
                    nothing(Change::New)
                );
            }
        }
        let registered = due(100, SetBy::Registration);
        assert_eq!(ask(&[], Some(&registered), 100), nothing(Change::Same));
        assert_eq!(ask(&[], Some(&registered), 1), nothing(Change::Amount));
    }

    #[test]
    fn rule_33_the_amount_changes_beside_no_money_at_risk() {
        for (state, late) in State::ALL
            .iter()
            .flat_map(|state| [(*state, false), (*state, true)])
        {
            let others = [in_state(State::Declined, false), in_state(state, late)];
            for set_by in [SetBy::Page, SetBy::Registration] {
                let due = due(100, set_by);
                let same = ask(&others, Some(&due), 100).expect("the same amount");
                assert!(same.replaced.is_empty(), "{state:?}");
                let answer = ask(&others, Some(&due), 150);
                let expected = match state.risk() {
                    Risk::Possible | Risk::Taken if state == State::Paid => {
                        Err(RegistrationDenial::Paid {
                            at: 1,
                            missing: Some(money(50)),
                        })
                    }
                    Risk::Possible | Risk::Taken => Err(RegistrationDenial::Busy(1)),
                    Risk::None => Ok(vec![1]),
                    Risk::Closed => Ok(vec![]),
                };
                let replaced = answer.map(|registration| {
                    let left = registration.replaced.iter();
                    left.map(|(at, left)| {
                        assert_eq!(
                            (left.state(), left.reason()),
                            (State::Abandoned, Some(Reason::AmountChanged))
                        );
                        *at
                    })
                    .collect::<Vec<_>>()
                });
                assert_eq!(
                    replaced, expected,
                    "the amount changed beside {state:?}, late: {late}"
                );
            }
        }
        let paid = [in_state(State::Paid, false)];
        let smaller = ask(&paid, Some(&due(100, SetBy::Registration)), 50);
        let nothing = Err(RegistrationDenial::Paid {
            at: 0,
            missing: None,
        });
        assert_eq!(smaller, nothing, "nothing is missing of a smaller amount");
    }

    #[test]
    fn a_registration_names_the_first_field_that_is_wrong() {
        let limits = Limits {
            currency: "MYR",
            max_minor: 5_000,
        };
        let request = |reference: &str, minor, metadata: &[(&str, &str)]| RegisterSale {
            reference: reference.to_owned(),
            amount: money(minor),
            metadata: Some(
                metadata
                    .iter()
                    .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                    .collect(),
            ),
        };
        let wrong = |request: &RegisterSale| check(request, limits).map_err(|no| no.param);
        let (name, value) = ("n".repeat(40), "é".repeat(200));
        assert_eq!(
            wrong(&request("A", 1, &[(&name, &value), ("b", "")])),
            Ok(())
        );
        assert_eq!(wrong(&request("", 0, &[("", "")])), Err(Some("ref")));
        assert_eq!(
            wrong(&request("A", 0, &[("", "")])),
            Err(Some("amount.minor"))
        );
        assert_eq!(wrong(&request("A", 5_001, &[])), Err(Some("amount.minor")));
        for entry in [
            ("", "b"),
            (&*"n".repeat(41), "b"),
            ("a", &*"v".repeat(201)),
            ("a", "b\n"),
        ] {
            assert_eq!(wrong(&request("A", 1, &[entry])), Err(Some("metadata")));
        }
        let names: Vec<String> = (0..21).map(|nth| nth.to_string()).collect();
        let many: Vec<(&str, &str)> = names.iter().map(|name| (&**name, "")).collect();
        assert_eq!(wrong(&request("A", 1, &many)), Err(Some("metadata")));
        assert_eq!(wrong(&request("A", 1, &many[..20])), Ok(()));
    }
}
