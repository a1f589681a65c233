//! Decides whether a new trade of a sale may begin, and which of the sale's other trades it replaces.
//!
//! Rules 1, 15, 32 and 33 of `docs/rules.md` meet here, in [`admit`].
//! Rule 31 comes before them: [`is_same`] recognises a repeated creation.
//! The functions are pure, and a [`Denial`] changes nothing.
//! The backend reads the trades of a sale, calls [`admit`], and stores the result in one transaction.
//! The walk and the simulation call the same function.

use crate::money::Money;
use crate::policy::{Ms, Policy};
use crate::sale::{self, Amount, Due, SetBy};
use crate::trade::{Context, Event, Facts, GiveUp, SaleHold, State, Trade};
use crate::wire::{NewTrade, ProblemCode, Sales};

/// The codes that one terminal may hand over for one sale within [`WINDOW_MS`].
///
/// A cashier who needs more tries has another problem. Each terminal has its own count.
pub const MAX_CODES: usize = 50;
/// The trades that one terminal may begin for one sale within [`WINDOW_MS`], with or without a code.
///
/// It is a bound on work: each change of a sale reads all of them.
/// An outage of the gateway does not reach it, because a page asks once every few seconds.
pub const MAX_TRADES: usize = 300;
/// The age from which a trade no longer counts.
pub const WINDOW_MS: Ms = 600_000;

/// A new trade that asks for admission: the properties that these rules need.
#[derive(Clone, Copy, Debug)]
pub struct Candidate<'a> {
    /// The terminal that asks for it.
    pub terminal: &'a str,
    /// The amount that the page states; `None` for the registered one.
    pub amount: Option<&'a Money>,
    /// The time in seconds at which the shop's server minted a token for this sale and this amount, if it did.
    pub minted_s: Option<u64>,
    /// Which sales this shop takes.
    pub sales: Sales,
}

/// The permission to begin the new trade. It is valid once all of this is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Admission {
    /// The amount that the new trade collects.
    pub asked: Money,
    /// How it relates to the sale.
    pub amount: Amount,
    /// The trades that are replaced, in their new state, each with its position among the others.
    pub replaced: Vec<(usize, Trade)>,
}

/// Why the new trade may not begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Denial {
    /// The trade at this position holds the sale, is a late success, or waits for another terminal's customer.
    Busy(usize),
    /// The trade at this position is paid.
    Paid(usize),
    /// The sale asks for another amount.
    AmountMismatch,
    /// The sale is not registered, and this trade or this shop needs that.
    NotRegistered,
    /// The terminal has tried this sale too often, and must wait.
    TooMany {
        /// At most [`WINDOW_MS`].
        wait_ms: Ms,
    },
}

impl Denial {
    /// The position of the trade that stands in the way.
    #[must_use]
    pub fn trade(self) -> Option<usize> {
        match self {
            Self::Busy(at) | Self::Paid(at) => Some(at),
            Self::AmountMismatch | Self::NotRegistered | Self::TooMany { .. } => None,
        }
    }

    /// The time after which the same call makes sense again, if that is known.
    #[must_use]
    pub fn wait_ms(self) -> Option<Ms> {
        match self {
            Self::TooMany { wait_ms } => Some(wait_ms),
            Self::Busy(_) | Self::Paid(_) | Self::AmountMismatch | Self::NotRegistered => None,
        }
    }

    /// A sentence for the developer that is more exact than the code's own, in a shop that takes these sales.
    #[must_use]
    pub fn detail(self, sales: Sales) -> Option<String> {
        match self {
            Self::NotRegistered if sales == Sales::Open => Some(
                "This sale is not registered: send its amount, or register it from the shop's server with PUT /v1/sales.".to_owned(),
            ),
            Self::TooMany { wait_ms } => Some(format!(
                "This terminal has tried this sale too often within ten minutes: try again in {} s, or use another way to pay.",
                wait_ms / 1_000 + 1
            )),
            Self::Busy(_) | Self::Paid(_) | Self::AmountMismatch | Self::NotRegistered => None,
        }
    }
}

impl From<Denial> for ProblemCode {
    fn from(denial: Denial) -> Self {
        match denial {
            Denial::Busy(_) => Self::SaleBusy,
            Denial::Paid(_) => Self::SalePaid,
            Denial::AmountMismatch => Self::SaleAmountMismatch,
            Denial::NotRegistered => Self::SaleNotRegistered,
            Denial::TooMany { .. } => Self::RateLimited,
        }
    }
}

/// Whether a creation repeats the one of the trade that has its key. Then it gets that trade, and nothing begins.
/// Otherwise the key belongs to another trade, and the creation is refused.
/// A creation that states no amount asks for whatever was registered then, so it repeats any amount.
#[must_use]
pub fn is_same(facts: &Facts, terminal: &str, new: &NewTrade) -> bool {
    facts.terminal == terminal
        && new.sale.names(&facts.sale)
        && facts.wallet_id == new.wallet_id
        && facts.mode == new.mode
}

/// Decides whether a new trade may begin.
///
/// `others` are the trades of the sale, the oldest first: at least those that are open, hold the sale, or began within
/// [`WINDOW_MS`]. `due` is what the sale has asked for until now.
/// The caller stores an [`Admission`] as a whole, together with the new trade, or not at all.
///
/// # Errors
/// A [`Denial`] names the first reason, in this order: too many tries, a trade in the way, no registration, another
/// amount.
pub fn admit<'a>(
    others: impl IntoIterator<Item = &'a Trade>,
    due: Option<&Due>,
    candidate: &Candidate<'_>,
    now: Ms,
    policy: &Policy,
) -> Result<Admission, Denial> {
    let others: Vec<&Trade> = others.into_iter().collect();
    if let Some(wait_ms) = wait_ms(&others, candidate.terminal, now) {
        return Err(Denial::TooMany { wait_ms });
    }
    let asked = asked(due, candidate);
    let amount = asked.and_then(|asked| {
        sale::amount(due, asked, candidate.minted_s).ok_or(Denial::AmountMismatch)
    });
    // A terminal replaces only its own trades. A changed amount replaces every trade with the old one.
    let replacer = (amount != Ok(Amount::Changed)).then_some(candidate.terminal);
    let replaced = clear(&others, &Event::Superseded, replacer, now, policy);
    let replaced = replaced.map_err(|at| match others[at].state() == State::Paid {
        true => Denial::Paid(at),
        false => Denial::Busy(at),
    })?;
    Ok(Admission {
        asked: asked?.clone(),
        amount: amount?,
        replaced,
    })
}

/// Rule 33 of `docs/rules.md`: the amount that a new trade is to collect.
fn asked<'a>(due: Option<&'a Due>, candidate: &Candidate<'a>) -> Result<&'a Money, Denial> {
    let registered = due.filter(|due| due.set_by == SetBy::Registration);
    match (candidate.amount, candidate.sales) {
        (None, Sales::Open | Sales::Registered) => registered.map(|due| &due.amount),
        (Some(amount), Sales::Registered) => registered.map(|_| amount),
        (Some(amount), Sales::Open) => Some(amount),
    }
    .ok_or(Denial::NotRegistered)
}

/// Makes room in a sale: each trade that only waits for a code gets `event`, and gives way.
///
/// `replacer` is the only terminal whose trades give way; `None` for those of any terminal.
///
/// # Errors
/// The position of the first trade that stays.
pub(crate) fn clear(
    others: &[&Trade],
    event: &Event,
    replacer: Option<&str>,
    now: Ms,
    policy: &Policy,
) -> Result<Vec<(usize, Trade)>, usize> {
    let mut replaced = Vec::new();
    for (at, other) in others.iter().enumerate() {
        match conflict_with(other, event, replacer, now, policy) {
            Conflict::None => {}
            Conflict::Replaced(left) => replaced.push((at, *left)),
            Conflict::Blocks => return Err(at),
        }
    }
    Ok(replaced)
}

/// Rule 35 of `docs/rules.md`: a sale that the customer pays in another way takes no new trade.
///
/// # Errors
/// [`ProblemCode::SaleGivenUp`].
pub fn check_given_up(given_up: Option<&GiveUp>) -> Result<(), ProblemCode> {
    match given_up {
        None => Ok(()),
        Some(_) => Err(ProblemCode::SaleGivenUp),
    }
}

/// How another trade of the sale relates to the new one.
enum Conflict {
    /// It is closed and has kept no money.
    None,
    /// It is replaced. The trade is its new state.
    Replaced(Box<Trade>),
    /// It stays, and the new trade is refused.
    Blocks,
}

/// Rule 1 of `docs/rules.md`: a trade that may have moved money stays, and one that only waits for a code is replaced.
///
/// `event` is what replaces it. `replacer` is the only terminal whose trades are replaced; `None` replaces those of any
/// terminal.
fn conflict_with(
    other: &Trade,
    event: &Event,
    replacer: Option<&str>,
    now: Ms,
    policy: &Policy,
) -> Conflict {
    if other.sale_hold() != SaleHold::None {
        return Conflict::Blocks;
    }
    if !other.state().gives_way() {
        return Conflict::None;
    }
    let context = Context {
        now,
        policy,
        held_by_others: SaleHold::None,
        gateway_answer: None,
        code_reused: false,
    };
    let mut left = other.clone();
    // Its deadline may have passed while its timer is late, or lost with its process. `Tick` is never refused.
    let _ = left.handle(Event::Tick, &context);
    if left.sale_hold() != SaleHold::None {
        return Conflict::Blocks;
    }
    if !left.state().gives_way() {
        return Conflict::Replaced(Box::new(left));
    }
    let own = replacer.is_none_or(|terminal| other.facts().terminal == terminal);
    match left.handle(event.clone(), &context) {
        Ok(()) if own => Conflict::Replaced(Box::new(left)),
        Ok(()) | Err(_) => Conflict::Blocks,
    }
}

/// Rule 32 of `docs/rules.md`: the time that a terminal must wait after it has tried this sale too often.
fn wait_ms(others: &[&Trade], terminal: &str, now: Ms) -> Option<Ms> {
    // A start in the future comes from a wrong clock. It counts for one window at most.
    let counts = |trade: &&&Trade| {
        trade.facts().terminal == terminal && now.abs_diff(trade.created_ms()) < WINDOW_MS
    };
    let own = || others.iter().filter(counts);
    let began = |trade: &&Trade| trade.created_ms();
    let coded = own().filter(|trade| trade.payment_left());
    let full = [
        full_since(coded.map(began).collect(), MAX_CODES),
        full_since(own().map(began).collect(), MAX_TRADES),
    ];
    let wait = |since: Ms| (since + WINDOW_MS).saturating_sub(now).min(WINDOW_MS);
    full.into_iter().flatten().map(wait).max()
}

/// The start whose window must end before there is room again; `None` if there is room.
fn full_since(mut times: Vec<Ms>, max: usize) -> Option<Ms> {
    times.sort_unstable();
    times.len().checked_sub(max).map(|at| times[at])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::{NOW, in_state, money, row};
    use crate::wire::{CodeMode, Reason};

    fn ask(
        others: &[Trade],
        terminal: &str,
        minor: u64,
        minted_s: Option<u64>,
    ) -> Result<Admission, Denial> {
        let candidate = Candidate {
            terminal,
            amount: Some(&money(minor)),
            minted_s,
            sales: Sales::Open,
        };
        let due = others.first().map(Due::of_first);
        admit(others, due.as_ref(), &candidate, NOW, &Policy::default())
    }

    /// Which trades a new one replaces, by position.
    fn replaced(answer: Result<Admission, Denial>) -> Result<Vec<usize>, Denial> {
        let replaced = answer?.replaced;
        for (_, left) in &replaced {
            assert_eq!(
                (left.state(), left.reason()),
                (State::Abandoned, Some(Reason::Superseded))
            );
        }
        Ok(replaced.into_iter().map(|(at, _)| at).collect())
    }

    #[test]
    fn rule_31_the_same_key_is_the_same_trade_and_no_other() {
        let trade = in_state(State::Creating);
        let facts = trade.facts();
        let again = NewTrade {
            idempotency_key: "key".to_owned(),
            sale: facts.sale.clone().into(),
            wallet_id: facts.wallet_id.clone(),
            mode: facts.mode,
        };
        assert!(is_same(facts, "till-1", &again));
        let mut unstated = again.clone();
        unstated.sale.amount = None;
        assert!(is_same(facts, "till-1", &unstated), "no amount is stated");
        assert!(!is_same(facts, "till-2", &again), "another terminal's");
        let mut others = [again.clone(), again.clone(), again.clone(), again];
        others[0].sale.reference = "B".to_owned();
        others[1].sale.amount = Some(money(200));
        others[2].wallet_id = "21".to_owned();
        others[3].mode = CodeMode::MerchantPresented;
        for other in &others {
            assert!(!is_same(facts, "till-1", other), "{other:?}");
        }
    }

    /// What a trade in each state means for a new one: of its own terminal, and of another one.
    type Meaning = (Result<Vec<usize>, Denial>, Result<Vec<usize>, Denial>);

    fn meaning(state: State) -> Meaning {
        let both = |answer: Result<_, _>| (answer.clone(), answer);
        match state {
            State::Creating | State::CreateUnknown | State::AwaitingCode => {
                (Ok(vec![0]), Err(Denial::Busy(0)))
            }
            State::AwaitingPayer
            | State::Paying
            | State::Pending
            | State::Unknown
            | State::Cancelling
            | State::CancelUnknown
            | State::NeedsReview
            | State::GivenUp
            | State::Reversed
            | State::Voiding
            | State::VoidUnknown
            | State::VoidReview
            | State::LateSuccess => both(Err(Denial::Busy(0))),
            State::Paid => both(Err(Denial::Paid(0))),
            State::Declined
            | State::Cancelled
            | State::Expired
            | State::Abandoned
            | State::Voided => both(Ok(vec![])),
        }
    }

    #[test]
    fn rule_1_a_new_trade_begins_beside_no_trade_that_holds_the_sale() {
        for state in State::ALL {
            let others = [in_state(state)];
            let own = replaced(ask(&others, "till-1", 100, None));
            let another = replaced(ask(&others, "till-2", 100, None));
            assert_eq!(
                (own, another),
                meaning(state),
                "wrong admission next to a trade in {state:?}"
            );
        }
        assert_eq!(replaced(ask(&[], "till-1", 100, None)), Ok(vec![]));
    }

    #[test]
    fn rule_1_late_money_stands_in_the_way_until_it_is_settled() {
        let late = ("late", serde_json::json!(true));
        for state in [
            State::LateSuccess,
            State::Voiding,
            State::VoidUnknown,
            State::VoidReview,
        ] {
            let others = [row(&[("state", serde_json::json!(state)), late.clone()])];
            assert!(!others[0].holds_sale());
            let answer = ask(&others, "till-1", 100, None);
            assert_eq!(answer, Err(Denial::Busy(0)), "{state:?}");
        }
    }

    #[test]
    fn rule_33_a_trade_without_an_amount_collects_the_registered_one() {
        let due = |set_by| Due {
            amount: money(100),
            set_by,
        };
        let registered = due(SetBy::Registration);
        let ask = |due: Option<&Due>, minor: Option<u64>, sales| {
            let amount = minor.map(money);
            let candidate = Candidate {
                terminal: "till-1",
                amount: amount.as_ref(),
                minted_s: Some(9),
                sales,
            };
            let admission = admit(&[], due, &candidate, NOW, &Policy::default())?;
            Ok((admission.asked.minor, admission.amount))
        };
        for sales in [Sales::Open, Sales::Registered] {
            let ask = |due, minor| ask(due, minor, sales);
            let due_is = Some(&registered);
            assert_eq!(ask(due_is, None), Ok((100, Amount::Same)));
            assert_eq!(ask(due_is, Some(100)), Ok((100, Amount::Same)));
            assert_eq!(ask(due_is, Some(1)), Err(Denial::AmountMismatch));
            for other in [
                None,
                Some(&due(SetBy::Page)),
                Some(&due(SetBy::Token { minted_s: 1 })),
            ] {
                assert_eq!(ask(other, None), Err(Denial::NotRegistered), "{other:?}");
            }
        }
        assert_eq!(ask(None, Some(7), Sales::Open), Ok((7, Amount::First)));
        for other in [None, Some(&due(SetBy::Page))] {
            let answer = ask(other, Some(100), Sales::Registered);
            assert_eq!(answer, Err(Denial::NotRegistered), "{other:?}");
        }
    }

    #[test]
    fn rule_1_the_oldest_trade_in_the_way_is_named_and_nothing_is_replaced_then() {
        let others = [State::AwaitingCode, State::Paid, State::Unknown].map(in_state);
        assert_eq!(ask(&others, "till-1", 100, None), Err(Denial::Paid(1)));
        let others = [State::Declined, State::AwaitingCode, State::Creating].map(in_state);
        let answer = ask(&others, "till-1", 100, None);
        assert_eq!(replaced(answer), Ok(vec![1, 2]), "each that waits");
    }

    #[test]
    fn rule_15_the_servers_new_amount_replaces_what_waits_and_nothing_at_risk() {
        for state in State::ALL {
            let others = [in_state(state)];
            let (own, _) = meaning(state);
            for terminal in ["till-1", "till-2"] {
                let answer = replaced(ask(&others, terminal, 200, Some(7)));
                assert_eq!(answer, own, "{state:?} {terminal}");
            }
            let page = ask(&others, "till-1", 200, None);
            let denied = own.err().unwrap_or(Denial::AmountMismatch);
            assert_eq!(page, Err(denied), "a page changed what {state:?} owes");
        }
    }

    #[test]
    fn rule_1_a_trade_whose_time_is_up_gives_way_to_everybody() {
        let policy = Policy::default();
        let began = |ago: Ms| serde_json::json!(NOW - ago);
        let waits = |state, ago| {
            let since = ("since_ms", began(ago));
            let heard = ("heard_ms", began(ago));
            [row(&[("state", serde_json::json!(state)), since, heard])]
        };
        let lost_ms = policy.connect_timeout_ms + policy.read_timeout_ms + policy.clock_grace_ms;
        for (state, ms, reason) in [
            (
                State::AwaitingCode,
                policy.terminal_silent_ms,
                Reason::TerminalSilent,
            ),
            (State::Creating, lost_ms, Reason::GatewayUnavailable),
        ] {
            let before = waits(state, ms - 1);
            let denial = ask(&before, "till-2", 100, None);
            assert_eq!(denial, Err(Denial::Busy(0)), "{state:?}");
            for terminal in ["till-1", "till-2"] {
                let others = waits(state, ms);
                let replaced = ask(&others, terminal, 100, None).expect("room").replaced;
                let left = replaced.iter().map(|(at, left)| (*at, left.reason()));
                assert_eq!(left.collect::<Vec<_>>(), [(0, Some(reason))], "{state:?}");
            }
        }
    }

    /// Trades of till 1, each begun a millisecond after the last, and the newest just now.
    fn many(count: usize, coded: bool) -> Vec<Trade> {
        let sent = coded.then_some(NOW);
        let row = |ago: usize| {
            row(&[
                ("state", serde_json::json!(State::Declined)),
                ("created_ms", serde_json::json!(NOW - ago as Ms)),
                ("sent_ms", serde_json::json!(sent)),
            ])
        };
        (0..count).rev().map(row).collect()
    }

    #[test]
    fn rule_32_a_terminal_tries_a_sale_fifty_times_with_a_code_and_three_hundred_without() {
        for (max, coded) in [(50, true), (300, false)] {
            let below = many(max - 1, coded);
            assert!(ask(&below, "till-1", 100, None).is_ok());
            let full = many(max, coded);
            let wait_ms = WINDOW_MS - (max as Ms - 1);
            let denial = Err(Denial::TooMany { wait_ms });
            assert_eq!(ask(&full, "till-1", 100, None), denial);
            assert_eq!(ask(&full, "till-1", 200, None), denial, "whatever it asks");
            assert!(ask(&full, "till-2", 100, None).is_ok(), "another terminal");
            let candidate = Candidate {
                terminal: "till-1",
                amount: Some(&money(100)),
                minted_s: None,
                sales: Sales::Open,
            };
            let due = full.first().map(Due::of_first);
            let later = |now| admit(&full, due.as_ref(), &candidate, now, &Policy::default());
            assert_eq!(
                later(NOW + wait_ms - 1),
                Err(Denial::TooMany { wait_ms: 1 })
            );
            assert!(later(NOW + wait_ms).is_ok(), "the oldest counts no more");
            // The clock was set back: what began then counts for a window at most.
            assert_eq!(
                later(NOW - WINDOW_MS / 2),
                Err(Denial::TooMany { wait_ms: WINDOW_MS })
            );
            assert!(later(NOW - 2 * WINDOW_MS).is_ok());
        }
        assert!(ask(&many(299, false), "till-1", 100, None).is_ok());
    }
}
