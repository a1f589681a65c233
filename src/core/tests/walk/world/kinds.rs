//! The kinds of worlds: what the gateway can do, what goes wrong, and who charges. Each kind is walked by itself.

use kaunter_core::policy::{Ms, Policy};
use kaunter_core::review::ReviewRules;
use kaunter_model::sample;

/// The conditions of a world.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Kind {
    /// Its name. A failure prints it, and `KAUNTER_WALK` chooses by it.
    pub(crate) name: &'static str,
    /// The gateway has a cancel.
    pub(super) can_cancel: bool,
    /// Its cancel of a paid trade gives the money back. Otherwise, such a cancel is too late.
    pub(super) refunds: bool,
    /// It guarantees that an old unpaid trade can't be paid any more.
    pub(super) ages: bool,
    /// The number of faults: lost requests and answers, proof that nothing left, crashes.
    pub(super) faults: u8,
    /// The number of requests of people: cancel, void, verdict.
    pub(super) requests: u8,
    /// How many times a closed trade is paid after all.
    pub(super) lates: u8,
    /// We present the code.
    pub(super) merchant: bool,
    /// A second charge of the sale, from another terminal.
    pub(super) second: bool,
    /// The second terminal presents the code.
    pub(super) second_merchant: bool,
    /// The second terminal asks for another amount.
    pub(super) second_amount: bool,
    /// The customer shows the first terminal's code to the second one again.
    pub(super) second_code: bool,
    /// The second terminal is another device with the first one's name.
    pub(super) one_name: bool,
    /// The gateway gives a new trade the id of an older one.
    pub(super) repeats_ids: bool,
    /// A payment can be given back in the gateway's portal, and the backend checks payments.
    pub(super) reverses: bool,
    /// The number of times that the cashier stops collecting the sale.
    pub(super) give_ups: u8,
    /// A person gives a verdict on a void without waiting for its answer.
    pub(super) hasty: bool,
    /// The sale is registered, the tills state no amount, and the shop's server changes it once.
    pub(super) registered: bool,
    /// The customer needs time to find the phone.
    pub(super) slow_scan: bool,
    /// Who says anything about a trade that a person may decide, true or not.
    pub(super) liars: &'static [&'static str],
    /// When time stops.
    pub(super) horizon: Ms,
}

/// The cashier, who charges.
const CASHIER: &[&str] = &[sample::CASHIER];
/// Two people who did not charge.
const TWO_OTHERS: &[&str] = &["manager", "boss"];

impl Kind {
    /// Every kind of world that is walked.
    pub(crate) fn all() -> Vec<Self> {
        let of = Self::of;
        vec![
            of("no cancel"),
            of("cancel").cancels(),
            of("cancel refunds").cancels().refunds(),
            of("paid after all")
                .faults(1)
                .requests(2)
                .lates(1)
                .until(15),
            of("cancel, paid after all")
                .cancels()
                .faults(1)
                .requests(2)
                .lates(1)
                .until(13),
            of("unpaid trades age")
                .ages()
                .faults(1)
                .requests(0)
                .slow_scan()
                .until(15),
            of("two tills").second().faults(1).requests(0),
            of("two tills, paid after all").second().faults(0).lates(1),
            of("two tills, two amounts")
                .second()
                .second_amount()
                .faults(1)
                .requests(0),
            of("two tills, one code")
                .second()
                .second_code()
                .faults(0)
                .requests(2)
                .lates(1),
            of("one name, two devices")
                .one_name()
                .faults(1)
                .requests(0)
                .until(5),
            of("one name, a take-over").one_name().faults(0).until(5),
            of("two tills, one id")
                .second()
                .repeats_ids()
                .faults(1)
                .requests(0),
            of("two tills, cancel, paid after all")
                .second()
                .cancels()
                .faults(0)
                .lates(1)
                .until(10),
            of("our code").merchant().until(7),
            of("our code, cancel, paid after all")
                .merchant()
                .cancels()
                .faults(1)
                .lates(1)
                .until(11),
            of("our code, cancel refunds")
                .merchant()
                .cancels()
                .refunds()
                .faults(1)
                .until(10),
            of("our code, paid after all")
                .merchant()
                .faults(1)
                .requests(2)
                .lates(1)
                .until(10),
            of("our code, unpaid trades age")
                .merchant()
                .ages()
                .faults(1)
                .requests(0)
                .until(15),
            of("two codes of ours")
                .merchant()
                .second_merchant()
                .faults(1)
                .requests(0)
                .until(7),
            of("their code and ours, paid after all")
                .second_merchant()
                .faults(0)
                .lates(1),
            of("the cashier says anything of an own charge")
                .faults(1)
                .requests(2)
                .liars(CASHIER)
                .until(8),
            of("two people say anything")
                .faults(1)
                .requests(2)
                .liars(TWO_OTHERS)
                .until(8),
            of("two people say anything of late money")
                .faults(1)
                .requests(3)
                .lates(1)
                .liars(TWO_OTHERS)
                .until(11),
            of("two codes of ours, cancel, paid after all")
                .merchant()
                .second_merchant()
                .cancels()
                .faults(0)
                .requests(0)
                .lates(1)
                .until(10),
            of("given back elsewhere")
                .reverses()
                .faults(0)
                .requests(2)
                .until(13),
            of("given back elsewhere, a hasty verdict")
                .reverses()
                .hasty()
                .faults(1)
                .requests(2)
                .until(11),
            of("registered, paid after all")
                .registered()
                .faults(0)
                .requests(2)
                .lates(1)
                .until(13),
            of("registered, two tills")
                .registered()
                .second()
                .faults(0)
                .requests(0),
            of("registered, two tills, paid after all")
                .registered()
                .second()
                .faults(0)
                .requests(0)
                .lates(1)
                .until(8),
            of("registered, our code, cancel, paid after all")
                .registered()
                .merchant()
                .cancels()
                .faults(0)
                .lates(1)
                .until(10),
            of("given up").give_ups(1).faults(1).until(9),
            of("given up, paid after all")
                .give_ups(1)
                .faults(0)
                .requests(2)
                .lates(1)
                .until(12),
            of("our code, given up")
                .merchant()
                .give_ups(1)
                .faults(0)
                .until(9),
            of("given up, unpaid trades age")
                .give_ups(1)
                .ages()
                .faults(0)
                .until(14),
            of("two tills, given up")
                .second()
                .give_ups(1)
                .faults(0)
                .requests(0)
                .lates(1),
        ]
    }

    /// One till, two faults and one request, at a gateway without a cancel.
    fn of(name: &'static str) -> Self {
        Self {
            name,
            can_cancel: false,
            refunds: false,
            ages: false,
            faults: 2,
            requests: 1,
            lates: 0,
            merchant: false,
            second: false,
            second_merchant: false,
            second_amount: false,
            second_code: false,
            one_name: false,
            repeats_ids: false,
            reverses: false,
            hasty: false,
            give_ups: 0,
            registered: false,
            slow_scan: false,
            liars: &[],
            horizon: 9,
        }
    }

    fn cancels(self) -> Self {
        Self {
            can_cancel: true,
            ..self
        }
    }

    fn refunds(self) -> Self {
        Self {
            refunds: true,
            ..self
        }
    }

    fn ages(self) -> Self {
        Self { ages: true, ..self }
    }

    fn merchant(self) -> Self {
        Self {
            merchant: true,
            ..self
        }
    }

    fn second(self) -> Self {
        Self {
            second: true,
            ..self
        }
    }

    fn second_amount(self) -> Self {
        Self {
            second_amount: true,
            ..self
        }
    }

    fn second_code(self) -> Self {
        Self {
            second_code: true,
            ..self
        }
    }

    fn one_name(self) -> Self {
        Self {
            second: true,
            one_name: true,
            ..self
        }
    }

    fn repeats_ids(self) -> Self {
        Self {
            repeats_ids: true,
            ..self
        }
    }

    fn reverses(self) -> Self {
        Self {
            reverses: true,
            ..self
        }
    }

    fn give_ups(self, give_ups: u8) -> Self {
        Self { give_ups, ..self }
    }

    fn hasty(self) -> Self {
        Self {
            hasty: true,
            ..self
        }
    }

    fn registered(self) -> Self {
        Self {
            registered: true,
            ..self
        }
    }

    fn slow_scan(self) -> Self {
        Self {
            slow_scan: true,
            ..self
        }
    }

    /// The second till presents the code.
    fn second_merchant(self) -> Self {
        Self {
            second: true,
            second_merchant: true,
            ..self
        }
    }

    fn faults(self, faults: u8) -> Self {
        Self { faults, ..self }
    }

    fn requests(self, requests: u8) -> Self {
        Self { requests, ..self }
    }

    fn lates(self, lates: u8) -> Self {
        Self { lates, ..self }
    }

    fn liars(self, liars: &'static [&'static str]) -> Self {
        Self { liars, ..self }
    }

    /// Whether people decide alone what they say, true or not.
    pub(super) fn people_decide_anything(self) -> bool {
        self.liars == TWO_OTHERS
    }

    fn until(self, horizon: Ms) -> Self {
        Self { horizon, ..self }
    }

    pub(super) fn policy(self) -> Policy {
        Policy {
            poll_ms: 2,
            deadline_ms: 6,
            min_cancel_age_ms: 2,
            cancel_deadline_ms: 5,
            void_deadline_ms: 4,
            connect_timeout_ms: 0,
            read_timeout_ms: 2,
            pay_timeout_ms: 3,
            clock_grace_ms: 0,
            terminal_silent_ms: 9,
            heartbeat_ms: 6,
            review_check_first_ms: 3,
            review_check_max_ms: 3,
            late_check_first_ms: 3,
            late_check_max_ms: 6,
            paid_check_first_ms: if self.reverses { 2 } else { 0 },
            paid_check_morning_ms: 2,
            refresh_pause_ms: 2,
            questions_per_second: 500,
            code_memory_s: 600,
            code_answer_ms: 2,
            call_timeout_ms: 2,
            last_word_ms: 4,
            can_cancel: self.can_cancel,
            unpaid_final_after_ms: self.ages.then_some(8),
            day_ms: 6,
            day_offset_ms: 0,
            review: ReviewRules::default(),
        }
    }
}
