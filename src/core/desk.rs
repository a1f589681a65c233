//! Decides the calls of a terminal, before anything is stored or sent.
//!
//! A function here takes the request, the token's claims and the rows that the call is about.
//! It gives a change (an [`Event`] for the trade's machine, with a note for the audit trail), or a [`Refused`] that
//! names the wrong field. The caller does the rest: authentication, the store, rate limits and HTTP.
//!
//! A new trade goes through [`check_new`], [`crate::admission::is_same`] and [`crate::admission::admit`].
//! A call about a trade goes through [`check_command`]. Then [`crate::trade::Trade::next`] says what to send.

use crate::authority::{Authority, Reach};
use crate::code;
use crate::money::{MAX_MINOR, Money};
use crate::review::{self, GivenVerdict};
use crate::text::{self, TextFault};
use crate::trade::{CodeMark, Event, Facts};
use crate::wire::{
    CODE_MAX_BYTES, KEY_CHARS, NewTrade, ProblemCode, REF_MAX_CHARS, Right, Sale, Verdict, Wallet,
    is_reference,
};

/// The longest reason or evidence, in characters. It has room for a few sentences, and an auditor still reads it.
pub const NOTE_MAX_CHARS: usize = 500;
/// The longest name of a terminal or a person, in characters.
pub const NAME_MAX_CHARS: usize = 64;

/// A call that is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refused {
    /// Why.
    pub code: ProblemCode,
    /// The path of the wrong field, for example `sale.amount.minor`; `None` if no field is wrong.
    pub param: Option<&'static str>,
    /// A sentence that is more exact than the code's own.
    pub detail: Option<&'static str>,
}

impl Refused {
    fn at(code: ProblemCode, param: &'static str) -> Self {
        Self {
            code,
            param: Some(param),
            detail: None,
        }
    }

    /// A text that can't be taken as it is. The code's own sentence says how long it may be.
    fn text(code: ProblemCode, param: &'static str, fault: TextFault) -> Self {
        let is_length = fault == TextFault::Empty || fault == TextFault::TooLong;
        Self {
            detail: (!is_length).then(|| fault.detail()),
            ..Self::at(code, param)
        }
    }
}

impl Refused {
    /// Adds a sentence, unless there is one.
    fn or_detail(self, detail: &'static str) -> Self {
        Self {
            detail: self.detail.or(Some(detail)),
            ..self
        }
    }
}

impl From<ProblemCode> for Refused {
    fn from(code: ProblemCode) -> Self {
        Self {
            code,
            param: None,
            detail: None,
        }
    }
}

/// The amounts that a gateway takes.
#[derive(Clone, Copy, Debug)]
pub struct Limits<'a> {
    /// Its currency.
    pub currency: &'a str,
    /// The largest amount of one trade, in minor units.
    pub max_minor: u64,
}

/// Refuses a creation with a wrong field, or one that the token does not allow. [`check_wallet`] checks the wallet.
///
/// # Errors
/// [`Refused`] with the first field that is wrong.
pub fn check_new(
    new: &NewTrade,
    authority: &Authority<'_>,
    limits: Limits<'_>,
) -> Result<(), Refused> {
    let lower_hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    let key = &new.idempotency_key;
    if key.len() != KEY_CHARS || !key.bytes().all(lower_hex) {
        return Err(Refused::at(
            ProblemCode::IdempotencyKeyInvalid,
            "idempotency_key",
        ));
    }
    check_reference(&new.sale.reference, "sale.ref")?;
    if let Some(amount) = &new.sale.amount {
        check_amount(amount, limits)?;
    }
    Ok(authority.require_sale(&new.sale)?)
}

/// Refuses to charge a registered amount that the page did not state, once that amount is known.
///
/// # Errors
/// [`Refused`]: the gateway does not take the amount, or the token does not allow it.
pub fn check_due(
    sale: &Sale,
    authority: &Authority<'_>,
    limits: Limits<'_>,
) -> Result<(), Refused> {
    check_amount(&sale.amount, limits)?;
    Ok(authority.require_due(sale)?)
}

/// Refuses a sale whose reference or amount can't be collected.
///
/// # Errors
/// [`Refused`] with the field of the sale that is wrong.
pub fn check_sale(sale: &Sale, limits: Limits<'_>) -> Result<(), Refused> {
    check_reference(&sale.reference, "sale.ref")?;
    check_amount(&sale.amount, limits)
}

/// Refuses a token's largest amount that no payment of the gateway can have.
///
/// # Errors
/// [`Refused`] with `max_amount.minor` or `max_amount.currency`.
pub fn check_max_amount(amount: &Money, limits: Limits<'_>) -> Result<(), Refused> {
    if amount.minor == 0 || amount.minor > MAX_MINOR {
        return Err(Refused::at(ProblemCode::AmountInvalid, "max_amount.minor"));
    }
    if amount.currency != limits.currency {
        return Err(Refused::at(
            ProblemCode::CurrencyUnsupported,
            "max_amount.currency",
        ));
    }
    Ok(())
}

fn check_amount(amount: &Money, limits: Limits<'_>) -> Result<(), Refused> {
    if amount.minor == 0 || amount.minor > MAX_MINOR {
        return Err(Refused::at(ProblemCode::AmountInvalid, "sale.amount.minor"));
    }
    if amount.currency != limits.currency {
        return Err(Refused::at(
            ProblemCode::CurrencyUnsupported,
            "sale.amount.currency",
        ));
    }
    if amount.minor > limits.max_minor {
        return Err(Refused::at(
            ProblemCode::AmountTooLarge,
            "sale.amount.minor",
        ));
    }
    Ok(())
}

/// Refuses a reference that is empty, too long, or could look like another one. `param` is the field that has it.
///
/// # Errors
/// `sale_invalid`.
pub fn check_reference(reference: &str, param: &'static str) -> Result<(), Refused> {
    text::check(reference, REF_MAX_CHARS)
        .map_err(|fault| Refused::text(ProblemCode::SaleInvalid, param, fault))
}

/// Refuses a terminal's or a person's name that is empty, too long, or could look like another one.
///
/// # Errors
/// `bad_request`.
pub fn check_name(name: &str, param: &'static str) -> Result<(), Refused> {
    text::check(name, NAME_MAX_CHARS).map_err(|fault| Refused {
        detail: Some(fault.detail()),
        ..Refused::at(ProblemCode::BadRequest, param)
    })
}

/// Refuses a query for a reference or a terminal that can't be in the store: PostgreSQL has no NUL. A text that only a
/// new sale may not have is taken, because earlier versions took it. `param` is `ref` or `terminal`.
///
/// # Errors
/// `bad_request`.
pub fn check_query(param: &'static str, text: Option<&str>) -> Result<(), Refused> {
    if text.is_none_or(is_reference) {
        return Ok(());
    }
    Err(Refused {
        code: ProblemCode::BadRequest,
        param: Some(param),
        detail: Some(match param {
            "terminal" => "?terminal= takes 1 to 64 characters, and no control character.",
            _ => "?ref= takes 1 to 64 characters, and no control character.",
        }),
    })
}

/// Refuses a wallet that is not offered, a mode that the wallet does not have, and an amount that it does not pay.
/// Returns the wallet.
///
/// # Errors
/// [`Refused`] with `wallet_id`, `mode` or `sale.amount.minor`.
pub fn check_wallet<'a>(new: &NewTrade, offered: &'a [Wallet]) -> Result<&'a Wallet, Refused> {
    let wallet = offered
        .iter()
        .find(|wallet| wallet.wallet_id == new.wallet_id)
        .ok_or(Refused::at(ProblemCode::WalletUnknown, "wallet_id"))?;
    if !wallet.modes.contains(&new.mode) {
        return Err(Refused::at(ProblemCode::ModeUnsupported, "mode"));
    }
    if let Some(amount) = &new.sale.amount {
        check_wallet_amount(wallet, amount)?;
    }
    Ok(wallet)
}

/// Refuses an amount below the wallet's smallest or above its largest, where they are known.
///
/// # Errors
/// [`Refused`] with `sale.amount.minor`.
pub fn check_wallet_amount(wallet: &Wallet, amount: &Money) -> Result<(), Refused> {
    let (min, max) = (wallet.min_amount.as_ref(), wallet.max_amount.as_ref());
    let code = if min.is_some_and(|min| amount.minor < min.minor) {
        ProblemCode::AmountTooSmall
    } else if max.is_some_and(|max| amount.minor > max.minor) {
        ProblemCode::AmountTooLarge
    } else {
        return Ok(());
    };
    Err(Refused::at(code, "sale.amount.minor"))
}

/// A command of a terminal to a trade. Its text has been checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    /// The right that the token needs.
    right: Right,
    /// The event for the machine.
    pub event: Event,
    /// The reason or the evidence for the audit trail; empty if the call needs neither.
    pub note: String,
}

impl Command {
    /// Hands a code over, and also returns the trimmed code.
    ///
    /// `mark` gives its keyed hash, because the machine never sees the code.
    ///
    /// # Errors
    /// `code_invalid` if the code is empty, too long, or has control characters inside.
    pub fn code(
        text: &str,
        mark: impl FnOnce(&str) -> CodeMark,
    ) -> Result<(Self, String), Refused> {
        let code = code::trimmed(text).into_owned();
        if code.is_empty() || code.len() > CODE_MAX_BYTES || code.chars().any(char::is_control) {
            return Err(Refused::at(ProblemCode::CodeInvalid, "code"));
        }
        let event = Event::Code(mark(&code));
        Ok((Self::of(Right::Charge, event, String::new()), code))
    }

    /// A cancel.
    #[must_use]
    pub fn cancel() -> Self {
        Self::of(Right::Cancel, Event::Cancel, String::new())
    }

    /// Gives the money back.
    ///
    /// # Errors
    /// `bad_request` without a reason, or with one above [`NOTE_MAX_CHARS`].
    pub fn void(reason: &str) -> Result<Self, Refused> {
        let note = check_reason(reason).map_err(|refused| {
            let length = "Say why the money is given back, in at most 500 characters.";
            refused.or_detail(length)
        })?;
        Ok(Self::of(Right::Void, Event::Void, note))
    }

    /// A person's verdict.
    ///
    /// # Errors
    /// `verdict_invalid` without evidence, or with more than [`NOTE_MAX_CHARS`].
    /// `bad_request` if a terminal sends `actor`, or if the shop's server sends none that is a name.
    /// `token_forbidden` if the token names nobody ([`review::person`]).
    pub fn verdict(verdict: &Verdict, speaker: Speaker<'_>) -> Result<Self, Refused> {
        let note = note(&verdict.evidence, ProblemCode::VerdictInvalid, "evidence")?;
        Ok(Self::of(
            Right::Review,
            Event::Verdict(GivenVerdict {
                outcome: verdict.outcome,
                by: speaker.name(verdict.actor.as_deref())?,
            }),
            note,
        ))
    }

    fn of(right: Right, event: Event, note: String) -> Self {
        Self { right, event, note }
    }
}

/// Who gives a verdict.
#[derive(Clone, Copy, Debug)]
pub enum Speaker<'a> {
    /// A terminal: its token names the cashier.
    Terminal {
        /// The cashier whom the token names.
        cashier: &'a str,
        /// The terminal's name.
        terminal: &'a str,
    },
    /// The shop's server: the call names the `actor`.
    Server,
}

impl Speaker<'_> {
    /// The name of the person.
    fn name(self, actor: Option<&str>) -> Result<String, Refused> {
        let wrong = |detail| Refused {
            detail: Some(detail),
            ..Refused::at(ProblemCode::BadRequest, "actor")
        };
        let unnamed = "Name the person who gives this verdict: send actor, 1 to 64 characters.";
        let name = match (self, actor) {
            (Self::Terminal { cashier, terminal }, None) => {
                let nobody = Refused::from(ProblemCode::TokenForbidden).or_detail(
                    "A verdict needs a person's name, and this token's cashier is none: sign in with a name.",
                );
                review::person(cashier, terminal).ok_or(nobody)
            }
            (Self::Server, Some(actor)) => {
                let actor = actor.trim();
                check_name(actor, "actor").map_err(|_| wrong(unnamed))?;
                review::person(actor, "").ok_or(wrong(unnamed))
            }
            (Self::Terminal { .. }, Some(_)) => Err(wrong(
                "A terminal's verdict is its cashier's: send no actor.",
            )),
            (Self::Server, None) => Err(wrong(unnamed)),
        };
        name.map(str::to_owned)
    }
}

/// Checks that the token may change this trade: by its rights, its reach, its sale and its limit.
///
/// Only its own terminal hands a code to a trade, even if the token may read other terminals' trades.
///
/// # Errors
/// `token_forbidden` or `amount_too_large`.
pub fn check_command(
    command: Command,
    authority: &Authority<'_>,
    facts: &Facts,
) -> Result<Command, Refused> {
    if command.right == Right::Charge {
        if facts.terminal != authority.terminal {
            return Err(ProblemCode::TokenForbidden.into());
        }
        authority.require_sale(&facts.sale.clone().into())?;
    }
    authority.require_on(command.right, facts)?;
    Ok(command)
}

/// The event that reading a trade causes, and how much of the trade the token reads.
///
/// `authority` is `None` for a shop's server, which reads everything.
///
/// # Errors
/// `token_forbidden` if the token reads nothing of it.
pub fn read(authority: Option<&Authority<'_>>, facts: &Facts) -> Result<(Event, Reach), Refused> {
    let Some(authority) = authority else {
        return Ok((Event::Tick, Reach::Whole));
    };
    let own = facts.terminal == authority.terminal;
    match authority.reach(facts) {
        Reach::Nothing => Err(ProblemCode::TokenForbidden.into()),
        reach @ (Reach::Whole | Reach::Standing) => Ok((
            if own {
                Event::TerminalSeen
            } else {
                Event::Tick
            },
            reach,
        )),
    }
}

/// Refuses a list of the shop's trades if the token lacks the right, or if it is for one sale.
///
/// # Errors
/// `token_forbidden`.
pub fn check_list(authority: &Authority<'_>) -> Result<(), Refused> {
    authority.require(Right::List)?;
    match authority.sale {
        Some(_) => Err(ProblemCode::TokenForbidden.into()),
        None => Ok(()),
    }
}

/// Whether a token may ask about a sale without a trade that it reads. "No trade exists" is information, too.
#[must_use]
pub fn may_ask(authority: &Authority<'_>, reference: &str) -> bool {
    let lists = authority.rights.contains(&Right::List);
    authority.may_charge(reference) || (authority.is_for(reference) && lists)
}

/// Whether a caller may ask about a sale without a trade that it reads. The shop's server, which has no authority of a
/// token, may.
#[must_use]
pub fn may_ask_about(authority: Option<&Authority<'_>>, reference: &str) -> bool {
    authority.is_none_or(|authority| may_ask(authority, reference))
}

/// How much of a trade a caller may read: the shop's server all of it, a terminal what its token allows.
#[must_use]
pub fn reach(authority: Option<&Authority<'_>>, facts: &Facts) -> Reach {
    authority.map_or(Reach::Whole, |authority| authority.reach(facts))
}

/// A person's reason for the audit trail, on one line.
///
/// # Errors
/// `bad_request` without a reason, or with one above [`NOTE_MAX_CHARS`].
pub fn check_reason(reason: &str) -> Result<String, Refused> {
    note(reason, ProblemCode::BadRequest, "reason")
}

/// Why a device takes over from another one, for the audit trail.
///
/// # Errors
/// `bad_request` without a reason, or with one above [`NOTE_MAX_CHARS`].
pub fn check_take_over(reason: &str) -> Result<String, Refused> {
    check_reason(reason).map_err(|refused| Refused {
        detail: Some("Say why this device takes over, in at most 500 characters."),
        ..refused
    })
}

/// A sentence for the audit trail, on one line.
fn note(text: &str, code: ProblemCode, param: &'static str) -> Result<String, Refused> {
    text::sentence(text, NOTE_MAX_CHARS).map_err(|fault| Refused::text(code, param, fault))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test says where it stopped")]

    use super::*;
    use crate::wire::{CodeMode, VerdictOutcome};

    const LIMITS: Limits<'_> = Limits {
        currency: "MYR",
        max_minor: 5_000,
    };

    fn sale(reference: &str, minor: u64, currency: &str) -> Sale {
        Sale {
            reference: reference.to_owned(),
            amount: Money {
                minor,
                currency: currency.to_owned(),
            },
        }
    }

    fn new(key: &str, sale: Sale) -> NewTrade {
        NewTrade {
            idempotency_key: key.to_owned(),
            sale: sale.into(),
            wallet_id: "23".to_owned(),
            mode: CodeMode::ConsumerPresented,
        }
    }

    fn authority<'a>(rights: &'a [Right], sale: Option<&'a Sale>) -> Authority<'a> {
        Authority {
            terminal: "till-1",
            rights,
            sale,
            max_amount: None,
        }
    }

    fn facts(terminal: &str) -> Facts {
        Facts {
            trade_id: "K1".to_owned(),
            shop: "demo".to_owned(),
            terminal: terminal.to_owned(),
            cashier: None,
            attempt: 1,
            sale: sale("S", 1250, "MYR"),
            wallet_id: "23".to_owned(),
            wallet_name: String::new(),
            mode: CodeMode::ConsumerPresented,
        }
    }

    #[test]
    fn rule_19_a_limit_is_an_amount_of_the_gateways_currency() {
        let check = |minor, currency| {
            let amount = sale("S", minor, currency).amount;
            check_max_amount(&amount, LIMITS).map_err(|refused| (refused.code, refused.param))
        };
        // A limit may be above the gateway's own.
        for minor in [1, 5_001, MAX_MINOR] {
            assert_eq!(check(minor, "MYR"), Ok(()));
        }
        let minor = Err((ProblemCode::AmountInvalid, Some("max_amount.minor")));
        assert_eq!(check(0, "MYR"), minor);
        assert_eq!(check(MAX_MINOR + 1, "MYR"), minor);
        let currency = (
            ProblemCode::CurrencyUnsupported,
            Some("max_amount.currency"),
        );
        for other in ["myr", "SGD", "", "<script>"] {
            assert_eq!(check(1, other), Err(currency));
        }
    }

    #[test]
    fn a_creation_names_the_first_field_that_is_wrong() {
        let key = "0123456789abcdef0123456789abcdef";
        let may = authority(&[Right::Charge], None);
        let param = |new: &NewTrade| check_new(new, &may, LIMITS).map_err(|no| no.param);
        assert_eq!(param(&new(key, sale("S", 1250, "MYR"))), Ok(()));
        for (wrong, at) in [
            (new("short", sale("", 0, "?")), "idempotency_key"),
            (
                new(&key.to_uppercase(), sale("S", 1, "MYR")),
                "idempotency_key",
            ),
            (new(key, sale("", 0, "?")), "sale.ref"),
            (new(key, sale(&"x".repeat(65), 1, "MYR")), "sale.ref"),
            (new(key, sale("a\u{0}b", 1, "MYR")), "sale.ref"),
            (new(key, sale("S", 0, "?")), "sale.amount.minor"),
            (new(key, sale("S", 1, "SGD")), "sale.amount.currency"),
            (new(key, sale("S", 5_001, "MYR")), "sale.amount.minor"),
        ] {
            assert_eq!(param(&wrong), Err(Some(at)), "{wrong:?}");
        }
        let bound = sale("OTHER", 1250, "MYR");
        let bound = authority(&[Right::Charge], Some(&bound));
        let refused = check_new(&new(key, sale("S", 1250, "MYR")), &bound, LIMITS);
        assert_eq!(refused, Err(ProblemCode::TokenForbidden.into()));
    }

    fn wallet() -> Wallet {
        Wallet {
            wallet_id: "23".to_owned(),
            name: "GrabPay".to_owned(),
            logo: None,
            test: false,
            modes: vec![CodeMode::ConsumerPresented],
            min_amount: None,
            max_amount: None,
        }
    }

    #[test]
    fn a_wallet_must_be_offered_in_the_mode_that_is_asked_for() {
        let offered = [wallet()];
        let asked = new("", sale("S", 1, "MYR"));
        assert_eq!(check_wallet(&asked, &offered), Ok(&offered[0]));
        let merchant = NewTrade {
            mode: CodeMode::MerchantPresented,
            ..asked.clone()
        };
        let no = check_wallet(&merchant, &offered).unwrap_err();
        assert_eq!(
            (no.code, no.param),
            (ProblemCode::ModeUnsupported, Some("mode"))
        );
        let no = check_wallet(&asked, &[]).unwrap_err();
        assert_eq!(
            (no.code, no.param),
            (ProblemCode::WalletUnknown, Some("wallet_id"))
        );
    }

    #[test]
    fn rule_45_a_wallet_pays_no_less_and_no_more_than_it_says() {
        let limit = |minor| Some(sale("S", minor, "MYR").amount);
        let offered = [Wallet {
            min_amount: limit(100),
            max_amount: limit(3_000),
            ..wallet()
        }];
        let refusal = |minor| {
            let checked = check_wallet(&new("", sale("S", minor, "MYR")), &offered);
            checked.err().map(|refused| (refused.code, refused.param))
        };
        let at = Some("sale.amount.minor");
        assert_eq!(refusal(99), Some((ProblemCode::AmountTooSmall, at)));
        assert_eq!(refusal(100), None);
        assert_eq!(refusal(3_000), None);
        assert_eq!(refusal(3_001), Some((ProblemCode::AmountTooLarge, at)));
    }

    #[test]
    fn rule_19_a_code_goes_to_its_own_terminals_trade_only_whatever_the_token_may_read() {
        let all = [
            Right::Charge,
            Right::Cancel,
            Right::Void,
            Right::Review,
            Right::List,
        ];
        let mark = |code: &str| CodeMark(format!("hash of {}", code.len()));
        let (command, code) = Command::code(" ]Q3134503098230927349\r\n", mark).unwrap();
        assert_eq!(code, "134503098230927349");
        assert_eq!(
            command.event,
            Event::Code(CodeMark("hash of 18".to_owned())),
            "the machine gets the hash of the trimmed code"
        );
        assert!(check_command(command.clone(), &authority(&all, None), &facts("till-1")).is_ok());
        let foreign = check_command(command.clone(), &authority(&all, None), &facts("till-2"));
        assert_eq!(foreign, Err(ProblemCode::TokenForbidden.into()));
        let bound = sale("OTHER", 1250, "MYR");
        let other = check_command(command, &authority(&all, Some(&bound)), &facts("till-1"));
        assert_eq!(other, Err(ProblemCode::TokenForbidden.into()));
        assert!(check_command(Command::cancel(), &authority(&all, None), &facts("till-2")).is_ok());
        for text in ["", " \t", "a\u{7}b", &"1".repeat(CODE_MAX_BYTES + 1)] {
            let refused = Command::code(text, mark).unwrap_err();
            assert_eq!(
                (refused.code, refused.param),
                (ProblemCode::CodeInvalid, Some("code"))
            );
        }
    }

    #[test]
    fn money_moves_back_only_with_a_reason_on_one_line_and_the_right() {
        assert_eq!(Command::void(" wrong\nitem ").unwrap().note, "wrong item");
        for reason in ["", " \n", &"x".repeat(NOTE_MAX_CHARS + 1)] {
            assert_eq!(Command::void(reason).unwrap_err().param, Some("reason"));
            let verdict = Verdict {
                outcome: VerdictOutcome::Paid,
                evidence: reason.to_owned(),
                actor: None,
            };
            let refused = Command::verdict(&verdict, BENG).unwrap_err();
            assert_eq!(
                (refused.code, refused.param),
                (ProblemCode::VerdictInvalid, Some("evidence"))
            );
        }
        let cashier = authority(&[Right::Charge, Right::Cancel], None);
        let refused = check_command(Command::void("why").unwrap(), &cashier, &facts("till-1"));
        assert_eq!(refused, Err(ProblemCode::TokenForbidden.into()));
    }

    const BENG: Speaker<'_> = Speaker::Terminal {
        cashier: "Beng",
        terminal: "till-1",
    };

    #[test]
    fn rule_43_a_verdict_has_a_persons_name() {
        let by = |speaker, actor: Option<&str>| {
            let verdict = Verdict {
                outcome: VerdictOutcome::Paid,
                evidence: "slip 12".to_owned(),
                actor: actor.map(str::to_owned),
            };
            let command = Command::verdict(&verdict, speaker).map_err(|no| (no.code, no.param))?;
            let Event::Verdict(given) = command.event else {
                panic!("{:?}", command.event);
            };
            Ok(given.by)
        };
        assert_eq!(by(BENG, None), Ok("Beng".to_owned()));
        assert_eq!(by(Speaker::Server, Some(" Chong ")), Ok("Chong".to_owned()));
        let wrong = Err((ProblemCode::BadRequest, Some("actor")));
        assert_eq!(
            by(BENG, Some("Chong")),
            wrong,
            "a terminal speaks for itself"
        );
        for actor in [
            None,
            Some(""),
            Some(" "),
            Some("a\nb"),
            Some(&*"x".repeat(65)),
        ] {
            assert_eq!(by(Speaker::Server, actor), wrong, "{actor:?}");
        }
        let shared = Speaker::Terminal {
            cashier: "till-1",
            terminal: "till-1",
        };
        assert_eq!(by(shared, None), Err((ProblemCode::TokenForbidden, None)));
    }

    #[test]
    fn only_a_read_by_the_trades_own_terminal_counts_as_heard() {
        let charge = [Right::Charge];
        let own = authority(&charge, None);
        assert_eq!(
            read(Some(&own), &facts("till-1")),
            Ok((Event::TerminalSeen, Reach::Whole))
        );
        assert_eq!(
            read(Some(&own), &facts("till-2")),
            Ok((Event::Tick, Reach::Standing))
        );
        assert_eq!(
            read(Some(&authority(&[], None)), &facts("till-2")),
            Err(ProblemCode::TokenForbidden.into())
        );
        assert_eq!(
            read(None, &facts("till-2")),
            Ok((Event::Tick, Reach::Whole))
        );
    }

    #[test]
    fn rule_19_a_token_for_one_sale_lists_nothing_and_asks_about_its_own() {
        let bound = sale("S", 1250, "MYR");
        let (list, charge) = ([Right::List], [Right::Charge]);
        assert!(check_list(&authority(&list, None)).is_ok());
        assert!(check_list(&authority(&list, Some(&bound))).is_err());
        assert!(check_list(&authority(&charge, None)).is_err());
        assert!(may_ask(&authority(&list, Some(&bound)), "S"));
        assert!(!may_ask(&authority(&list, Some(&bound)), "T"));
        assert!(may_ask(&authority(&charge, None), "T"));
        assert!(!may_ask(&authority(&[Right::Void], None), "T"));
    }
}
