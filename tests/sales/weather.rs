//! The conditions of one sale: how often things go wrong, what the gateway can do, and how long each part waits.
//!
//! Every number is drawn from the sale's own random numbers.

use std::ops::Range;

use kaunter_core::policy::{Ms, Policy};

use crate::dice::Dice;

/// The start of every world. It is late enough for a clock that is a day slow to stay above zero.
pub(crate) const START_MS: Ms = 10 * 24 * 3_600_000;
/// The longest duration of a world. A closed trade's last query leaves 34 hours after its end. The last check of a
/// payment of the second day leaves 57 hours after the world's start, which is the start of a day.
pub(crate) const LONGEST_MS: Ms = 58 * 3_600_000;

const SECOND: Ms = 1_000;
const MINUTE: Ms = 60 * SECOND;

/// The chance of each fault, in a thousand, each time that it could happen.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Rates {
    pub(crate) lost: u32,
    pub(crate) delayed: u32,
    pub(crate) twice: u32,
    pub(crate) garbled: u32,
    pub(crate) wrong: u32,
    pub(crate) unsent: u32,
    pub(crate) dies_at_send: u32,
    pub(crate) races: u32,
    pub(crate) throttled: u32,
}

#[derive(Debug)]
pub(crate) struct Weather {
    pub(crate) policy: Policy,
    /// Whether the gateway's cancel of a paid trade gives the money back. Otherwise, such a cancel is too late.
    pub(crate) refunds: bool,
    /// How long the gateway's status lags behind its ledger.
    pub(crate) lag_ms: Ms,
    pub(crate) rates: Rates,
    /// When faults stop; `None` for never.
    pub(crate) calm_ms: Option<Ms>,
    pub(crate) processes: u8,
    /// How far the clock of each process is off, in milliseconds.
    pub(crate) skew_ms: Ms,
    /// The tills of this sale, and whether two of them are tabs of one terminal.
    pub(crate) tabs: u8,
    pub(crate) one_terminal: bool,
    pub(crate) journals: bool,
    /// When no message of hop 1 arrives.
    pub(crate) cut: Range<Ms>,
    /// When no message of hop 2 arrives.
    pub(crate) gateway_down: Range<Ms>,
    pub(crate) store_down: Range<Ms>,
    pub(crate) page_deaths: u8,
    pub(crate) sleeps: u8,
    pub(crate) backend_deaths: u8,
    pub(crate) stalls: u8,
    pub(crate) clock_off: bool,
    /// How often a closed trade whose payment had left is paid after all.
    pub(crate) late: u32,
    /// How often the cashier cancels, and how often what is paid is given back.
    pub(crate) cancels: u32,
    pub(crate) voids: u32,
    /// Per mille of reviews in which the customer pays in another way.
    pub(crate) give_ups: u32,
    /// Per mille of payments, awaited or under way, whose customer does not want to wait and pays in another way.
    pub(crate) early_give_ups: u32,
    /// Per mille of verdicts that are corrected.
    pub(crate) corrections: u32,
    /// Per mille of reversed payments that the gateway pays out after all.
    pub(crate) undone: u32,
    /// Per mille of paid trades whose payment is taken back elsewhere.
    pub(crate) reversals: u32,
    /// How often the till shows the code.
    pub(crate) shows: u32,
    /// The first code that is shown is the last customer's. It has paid that customer's sale.
    pub(crate) old_code: bool,
    /// The gateway, or a cache in front of it, gives new trades the id of another sale's trade, which is paid.
    pub(crate) repeats_ids: bool,
    /// The tabs of one terminal are two devices that somebody gave the same name.
    pub(crate) two_devices: bool,
    /// How often a tab comes back without its storage while a payment is pending.
    pub(crate) wipes: u8,
    /// The other tills charge another amount for the same reference.
    pub(crate) other_amount: bool,
    /// The shop's server registers the sale, and changes its amount this many times.
    pub(crate) registered: bool,
    pub(crate) amount_changes: u8,
}

impl Weather {
    pub(crate) fn draw(dice: &mut Dice) -> Self {
        // Four in ten sales have no fault, four have some, and two have many.
        let grade = match dice.between(0, 9) {
            0..=3 => 0,
            4..=7 => 1,
            _ => 2,
        };
        let policy = policy(dice);
        let stormy = |dice: &mut Dice, permille: u32| dice.chance(permille * grade);
        let few = |dice: &mut Dice, permille| u8::from(stormy(dice, permille));
        let calm_ms = dice
            .coin()
            .then(|| START_MS + dice.spread(5 * SECOND, 10 * MINUTE));
        Self {
            refunds: policy.can_cancel && dice.coin(),
            lag_ms: if policy.unpaid_final_after_ms.is_none() && stormy(dice, 60) {
                dice.between(500, 10 * SECOND)
            } else {
                0
            },
            policy,
            rates: rates(dice, grade),
            calm_ms,
            processes: if dice.chance(400) {
                2 + u8::from(dice.coin())
            } else {
                1
            },
            skew_ms: if dice.chance(200) { 300 } else { 0 },
            tabs: 1 + u8::from(dice.chance(120)) + few(dice, 30),
            one_terminal: dice.chance(300),
            journals: !stormy(dice, 50),
            cut: outage(dice, stormy, 60),
            gateway_down: outage(dice, stormy, 60),
            store_down: outage(dice, stormy, 30),
            page_deaths: few(dice, 130) + few(dice, 40),
            sleeps: few(dice, 80),
            backend_deaths: few(dice, 120) + few(dice, 60),
            stalls: few(dice, 80),
            clock_off: stormy(dice, 30),
            late: if dice.chance(150) { 500 } else { 10 },
            cancels: if dice.chance(100) { 700 } else { 20 },
            voids: if dice.chance(50) { 800 } else { 10 },
            give_ups: 150,
            early_give_ups: if dice.chance(100) { 400 } else { 20 },
            corrections: 300,
            undone: 300,
            reversals: if dice.chance(50) { 500 } else { 2 },
            shows: if dice.chance(400) { 600 } else { 50 },
            old_code: dice.chance(40),
            repeats_ids: dice.chance(20),
            other_amount: dice.chance(100),
            registered: dice.chance(250),
            amount_changes: u8::from(dice.coin()) + u8::from(dice.chance(300)),
            two_devices: dice.coin(),
            wipes: few(dice, 100),
        }
    }
}

/// An outage within the first quarter of an hour: none, or one of seconds to minutes.
fn outage(dice: &mut Dice, stormy: impl Fn(&mut Dice, u32) -> bool, permille: u32) -> Range<Ms> {
    if !stormy(dice, permille) {
        return 0..0;
    }
    let from = START_MS + dice.spread(SECOND, 5 * MINUTE);
    from..from + dice.spread(SECOND, 10 * MINUTE)
}

fn rates(dice: &mut Dice, grade: u32) -> Rates {
    if grade == 0 {
        return Rates::default();
    }
    let most = u64::from(if grade == 1 { 60_u32 } else { 350 });
    let mut rate = |share: u64| u32::try_from(dice.between(0, most * share / 100)).unwrap_or(0);
    Rates {
        lost: rate(100),
        delayed: rate(100),
        twice: rate(60),
        garbled: rate(60),
        wrong: rate(20),
        unsent: rate(50),
        dies_at_send: rate(30),
        races: rate(200),
        throttled: rate(50),
    }
}

/// The default policy, or an unusual one: other durations, with or without a cancel or a guarantee for old trades.
fn policy(dice: &mut Dice) -> Policy {
    let mut policy = Policy {
        can_cancel: dice.coin(),
        ..Policy::default()
    };
    if dice.chance(300) {
        policy.poll_ms = dice.between(1, 5) * SECOND;
        policy.deadline_ms = dice.between(20, 180) * SECOND;
        policy.min_cancel_age_ms = dice.between(0, 30) * SECOND;
        policy.cancel_deadline_ms = dice.between(20, 120) * SECOND;
        policy.void_deadline_ms = dice.between(20, 120) * SECOND;
        policy.pay_timeout_ms = dice.between(5, 40) * SECOND;
        policy.last_word_ms = dice.between(0, 60) * SECOND;
        policy.terminal_silent_ms = dice.between(60, 300) * SECOND;
        policy.review_check_first_ms = dice.between(5, 60) * SECOND;
    }
    if dice.chance(150) {
        policy.unpaid_final_after_ms = Some(dice.spread(20 * SECOND, 15 * MINUTE));
    }
    policy
}
