//! Finds the words of PayDibs' answers that [`Words`] does not have, and writes the vocabulary as TOML with a place for
//! each.

use std::fmt::Write as _;

use kaunter_core::wire::GatewayAnswer;

use super::Paydibs;
use super::call::{CANCEL, CREATE, Call, PAY, STATUS, TOKEN, VOID, WALLETS};
use super::envelope::Envelope;
use super::words::{WalletState, Words, code, field, status};
use crate::clock::{rfc3339, wall_ms};
use crate::gateway::masking;
use crate::gateway::unknown::{UnknownWord, WordKey};
use crate::store::word;

/// The field of an envelope with its code.
const CODE: &str = "code";

impl Paydibs {
    /// Notes a word of this answer that the vocabulary does not have. `masked` are the answer's words without secrets.
    pub(super) fn note_unknown(
        &self,
        call: &Call<'_>,
        envelope: &Envelope,
        mask: impl Fn(GatewayAnswer) -> GatewayAnswer,
    ) {
        let words = &self.config.words;
        let found = deciding_field(call, envelope.is_ok())
            .and_then(|field| Some((field, envelope.said(field)?)))
            .filter(|(field, said)| !words.knows(call.name, field, said));
        if let Some((field, said)) = found {
            let message = envelope.gateway_answer(None).message;
            let masked = mask(GatewayAnswer {
                code: Some(said),
                message,
            });
            self.note_word(call.name, field, masked);
        }
    }

    /// Notes that a wallet was not offered, because the vocabulary does not have the value of its `active`.
    pub(super) fn note_unknown_wallet(&self, active: &str, name: &str) {
        let answer = GatewayAnswer {
            code: Some(active.to_owned()),
            message: name.to_owned(),
        };
        self.note_word(WALLETS, field::ACTIVE, masking::mask(answer, &[], &[]));
    }

    fn note_word(&self, call: &'static str, field: &str, masked: GatewayAnswer) {
        let now_ms = wall_ms();
        let unknown = UnknownWord {
            key: WordKey {
                call: call.to_owned(),
                field: field.to_owned(),
                word: masked.code.unwrap_or_default(),
            },
            message: masked.message,
            first_ms: now_ms,
            last_ms: now_ms,
            count: 1,
        };
        self.common.unknown.note(call, unknown);
    }
}

/// The field that decides the answer to a call. A payment that was accepted and has not ended is pending, whatever
/// `user_order_status` says, so that word decides nothing.
fn deciding_field<'a>(call: &Call<'a>, is_ok: bool) -> Option<&'a str> {
    match call.name {
        _ if !is_ok => Some(CODE),
        PAY => Some(field::STATUS),
        _ => call.decides,
    }
}

impl Words {
    /// Whether the vocabulary has this word now.
    pub(crate) fn knows_word(&self, key: &WordKey) -> bool {
        self.knows(&key.call, &key.field, &key.word)
    }

    /// Whether the vocabulary has a value of the field that decides a call.
    fn knows(&self, call: &str, named: &str, said: &str) -> bool {
        let number = said.trim().parse::<u32>().ok();
        match (call, named) {
            (_, CODE) => number.is_some_and(|number| {
                number == code::OK
                    || code::FAULTS.contains(&number)
                    || self.declined_codes.contains_key(&number)
                    || self.renew_token_codes.contains(&number)
            }),
            (WALLETS, field::ACTIVE) => self.wallet_state(said) != WalletState::Unknown,
            (STATUS, field::PAY_STATUS) => self.knows_status(said),
            (TOKEN, field::STATUS) => number.map(u64::from) == Some(status::TOKEN_GRANTED),
            (PAY, field::STATUS) => number.map(u64::from) == Some(status::PAYMENT_ACCEPTED),
            (VOID, field::STATUS) => {
                number.is_some_and(|number| status::VOID_KNOWN.contains(&u64::from(number)))
            }
            (CANCEL, named) => self.cancel.as_ref().is_some_and(|cancel| {
                cancel.field != named
                    || [&cancel.closed, &cancel.too_late, &cancel.refunded]
                        .into_iter()
                        .any(|own| own == said)
            }),
            _ => false,
        }
    }

    /// This vocabulary as TOML, with a comment line for each unknown word. The lines are comments, because only the
    /// gateway can say what a word means: a word that is taken for a refusal would close a payment that was taken.
    pub(crate) fn toml(&self, unknown: &[UnknownWord]) -> String {
        let (declined, others): (Vec<&UnknownWord>, Vec<&UnknownWord>) =
            unknown.iter().partition(|word| may_decline(&word.key));
        let mut text = TOML_HEAD.to_owned();
        self.write_lists(&mut text);
        for found in others {
            text += &heading(found);
            text += &self.suggestion(&found.key);
        }
        text += "\n[gateway.words.declined_codes]\n";
        for (code, reason) in &self.declined_codes {
            line(&mut text, &code.to_string(), &quote(&word(reason)));
        }
        for found in declined {
            text += &heading(found);
            if let Ok(code) = found.key.word.parse::<u32>() {
                text += "# If it means that no money was taken, and none will be:\n";
                line(&mut text, &format!("# {code}"), "\"other\"");
            }
        }
        self.write_modes(&mut text);
        text
    }

    fn write_lists(&self, text: &mut String) {
        for (name, list) in [
            ("paid", &self.paid),
            ("pending", &self.pending),
            ("unpaid", &self.unpaid),
            ("failed", &self.failed),
            ("closed", &self.closed),
            ("voided", &self.voided),
            ("active", &self.active),
            ("inactive", &self.inactive),
        ] {
            line(text, name, &quoted(list, None));
        }
        line(text, "renew_token_codes", &self.renewing(None));
        for (name, value) in [
            ("min_amount_field", &self.min_amount_field),
            ("max_amount_field", &self.max_amount_field),
        ] {
            if let Some(value) = value {
                line(text, name, &quote(value));
            }
        }
    }

    fn write_modes(&self, text: &mut String) {
        if let Some(cancel) = &self.cancel {
            *text += "\n[gateway.words.cancel]\n";
            for (name, value) in [
                ("path", &cancel.path),
                ("field", &cancel.field),
                ("closed", &cancel.closed),
                ("too_late", &cancel.too_late),
                ("refunded", &cancel.refunded),
            ] {
                line(text, name, &quote(value));
            }
        }
        if let Some(merchant) = &self.merchant_presented {
            *text += "\n[gateway.words.merchant_presented]\n";
            line(text, "pay_type", &quote(&merchant.pay_type));
            line(text, "field", &quote(&merchant.field));
        }
    }

    /// The line that would teach this word, as a comment. Empty if no setting has a place for it.
    fn suggestion(&self, key: &WordKey) -> String {
        let (meaning, name, value) = match (key.field.as_str(), key.word.parse::<u32>()) {
            (field::PAY_STATUS, _) => {
                let list = quoted(&self.pending, Some(&key.word));
                (
                    "One of paid, pending, unpaid, failed, closed, voided",
                    "pending",
                    list,
                )
            }
            (field::ACTIVE, _) => {
                let list = quoted(&self.active, Some(&key.word));
                (
                    "active, if tills may offer such wallets, or inactive",
                    "active",
                    list,
                )
            }
            (CODE, Ok(code)) => (
                "If it means that the token must be renewed",
                "renew_token_codes",
                self.renewing(Some(code)),
            ),
            (_, Ok(_) | Err(_)) => return String::new(),
        };
        format!("# {meaning}:\n# {name} = {value}\n")
    }

    fn renewing(&self, more: Option<u32>) -> String {
        let codes = self.renew_token_codes.iter().copied().chain(more);
        let codes: Vec<String> = codes.map(|code| code.to_string()).collect();
        format!("[{}]", codes.join(", "))
    }
}

/// The first lines of the TOML.
const TOML_HEAD: &str = "# Ask the gateway what each unknown word means. Then remove the \"# \" before the line that fits, and replace the\n# tables of [gateway.words] with these.\n[gateway.words]\n";

/// True for a code that may refuse a payment or a creation.
fn may_decline(key: &WordKey) -> bool {
    key.field == CODE && [PAY, CREATE].contains(&key.call.as_str())
}

/// What is known of an unknown word.
fn heading(found: &UnknownWord) -> String {
    let UnknownWord {
        key: WordKey { call, field, word },
        message,
        first_ms,
        last_ms,
        count,
    } = found;
    let (first, last) = (rfc3339(*first_ms), rfc3339(*last_ms));
    // The masked sentence has no line end.
    format!("# {call}: {field} {word}, {count} times from {first} to {last}: {message}\n")
}

fn line(text: &mut String, name: &str, value: &str) {
    // Writing to memory can't fail.
    let _ = writeln!(text, "{name} = {value}");
}

fn quoted(list: &[String], more: Option<&String>) -> String {
    let list: Vec<String> = list.iter().chain(more).map(|word| quote(word)).collect();
    format!("[{}]", list.join(", "))
}

/// A TOML string.
fn quote(text: &str) -> String {
    // JSON's escapes are also TOML's.
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::super::words::Profile;
    use super::*;

    fn found(call: &str, field: &str, word: &str) -> UnknownWord {
        UnknownWord {
            key: WordKey {
                call: call.to_owned(),
                field: field.to_owned(),
                word: word.to_owned(),
            },
            message: "Merchant suspended".to_owned(),
            first_ms: 0,
            last_ms: 60_000,
            count: 2,
        }
    }

    #[test]
    fn the_vocabulary_is_written_as_it_is_read() {
        for profile in [Profile::Documented, Profile::Sandbox] {
            let words = Words::of(profile);
            let unknown = [
                found(PAY, CODE, "4777"),
                found(STATUS, field::PAY_STATUS, "W\"\\"),
                found(STATUS, CODE, "404"),
                found(WALLETS, field::ACTIVE, "A"),
                found(CANCEL, "cancel_status", "Z"),
                found(PAY, CODE, "E42"),
            ];
            let text = words.toml(&unknown);
            let read = |text: &str| {
                let tables: BTreeMap<String, BTreeMap<String, Words>> =
                    toml::from_str(text).expect("the vocabulary");
                tables["gateway"]["words"].clone()
            };
            assert_eq!(
                read(&text),
                words,
                "an unknown word changes nothing by itself"
            );
            let taken = text.replace("# 4777 =", "4777 =");
            assert!(read(&taken).declined_codes.contains_key(&4777));
            let pending = words.pending.is_empty();
            let list = if pending {
                "# pending = [\"W"
            } else {
                "# pending = [\"P\""
            };
            assert!(text.contains(list), "{text}");
            for word in [
                "\"A\"]",
                "[401, 404]",
                "cancel_status Z",
                "E42",
                "Merchant suspended",
            ] {
                assert!(text.contains(word), "{word} in {text}");
            }
        }
    }

    #[test]
    fn a_word_is_known_or_it_is_not() {
        let (plain, sandbox) = (Words::of(Profile::Documented), Words::of(Profile::Sandbox));
        for (call, field, word) in [
            (PAY, CODE, "200"),
            (PAY, CODE, "503"),
            (PAY, CODE, "401"),
            (PAY, field::STATUS, "200"),
            (STATUS, field::PAY_STATUS, "D"),
            (VOID, field::STATUS, "8"),
            (WALLETS, field::ACTIVE, "T"),
            (WALLETS, field::ACTIVE, "Y"),
        ] {
            assert!(plain.knows(call, field, word), "{call} {field} {word}");
        }
        for (call, field, word) in [
            (PAY, CODE, "4001"),
            (STATUS, field::PAY_STATUS, "P"),
            (CANCEL, "cancel_status", "C"),
            (WALLETS, field::ACTIVE, "N"),
        ] {
            assert!(!plain.knows(call, field, word), "{call} {field} {word}");
            assert!(sandbox.knows(call, field, word), "{call} {field} {word}");
        }
        for (call, field, word) in [
            (PAY, CODE, "4777"),
            (PAY, CODE, "E42"),
            (PAY, field::STATUS, "500"),
            (STATUS, field::PAY_STATUS, ""),
            (VOID, field::STATUS, "2"),
            (CANCEL, "cancel_status", ""),
            (WALLETS, field::ACTIVE, ""),
        ] {
            assert!(!sandbox.knows(call, field, word), "{call} {field} {word}");
        }
    }
}
