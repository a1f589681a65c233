//! The settings of the gateway.

use std::collections::BTreeMap;
use std::path::PathBuf;

use kaunter_core::money::Money;
use kaunter_core::policy::Ms;
use kaunter_core::void_window::VoidWindow;
use kaunter_core::wire::Wallet;
use serde::Deserialize;

use crate::paydibs::words::Words;
use crate::secret::Secret;

/// An hour.
const HOUR_MS: Ms = 3_600_000;

/// The gateways that this backend knows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GatewayKind {
    /// PayDibs.
    #[default]
    Paydibs,
}

/// The settings of the gateway.
#[derive(Clone, Debug)]
pub struct GatewayConfig {
    /// The kind of gateway.
    pub kind: GatewayKind,
    /// The base address, including `/version1`.
    pub base_url: String,
    /// The merchant's API key.
    pub key: Secret,
    /// The merchant's API secret.
    pub secret: Secret,
    /// The merchant's code.
    pub merchant: Secret,
    /// The merchant's password.
    pub password: Secret,
    /// The http proxy on the way to the gateway. Its address may hold a password.
    pub proxy: Option<Secret>,
    /// A file with the authorities that sign the gateway's certificate. It replaces those of the system.
    pub ca_file: Option<PathBuf>,
    /// The currency of the merchant's account.
    pub currency: String,
    /// The largest amount of one trade, in minor units.
    pub max_amount_minor: u64,
    /// Whether unfinished payments are cancelled. `None`: if the vocabulary has a cancel.
    pub can_cancel: Option<bool>,
    /// After this age an unpaid trade can not be paid any more, as the gateway states it. `None` if it does not say.
    pub unpaid_final_after_ms: Option<Ms>,
    /// When payments can be voided, for wallets without a window of their own.
    pub void: VoidConfig,
    /// What is known of each wallet, by its name or its id.
    pub wallets: BTreeMap<String, WalletConfig>,
    /// The gateway's vocabulary.
    pub words: Words,
}

impl GatewayConfig {
    /// Whether the gateway is asked to cancel.
    #[must_use]
    pub(crate) fn cancels(&self) -> bool {
        self.can_cancel.unwrap_or(self.words.cancel.is_some())
    }
}

/// What is known of one wallet.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct WalletConfig {
    /// The smallest amount that it pays, in minor units.
    pub min_amount_minor: Option<u64>,
    /// The largest amount that it pays, in minor units.
    pub max_amount_minor: Option<u64>,
    /// When its payments can be voided. `None`: as the gateway's others.
    pub void: Option<VoidConfig>,
}

/// When payments can be voided.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct VoidConfig {
    /// When the hours without voids begin, on the shop's clock.
    pub closed_from: Option<TimeOfDay>,
    /// When they end. It may be on the next day.
    pub closed_until: Option<TimeOfDay>,
    /// The largest age of a payment, in hours.
    pub max_age_h: Option<u32>,
    /// Only on the shop's day of the payment.
    pub same_day: bool,
}

/// A time of the day, `HH:MM`, in minutes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeOfDay(u16);

impl<'de> Deserialize<'de> for TimeOfDay {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        let number = |text: &str, most: u16| {
            let digits = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
            text.parse::<u16>()
                .ok()
                .filter(|number| digits && *number <= most)
        };
        text.split_once(':')
            .and_then(|(hours, minutes)| Some(number(hours, 23)? * 60 + number(minutes, 59)?))
            .map(Self)
            .ok_or_else(|| serde::de::Error::custom("a time of the day must be written like 23:55"))
    }
}

impl VoidConfig {
    /// As the rule in core reads it.
    pub(crate) fn window(&self) -> VoidWindow {
        let closed = self.closed_from.zip(self.closed_until);
        VoidWindow {
            closed: closed.map(|(TimeOfDay(from), TimeOfDay(until))| (from, until)),
            max_age_ms: self.max_age_h.map(|hours| u64::from(hours) * HOUR_MS),
            same_day: self.same_day,
        }
    }

    /// Whether it says when voids are possible, and leaves a time for them.
    pub(super) fn is_valid(&self) -> bool {
        self.closed_from.is_some() == self.closed_until.is_some()
            && (self.closed_from.is_none() || self.closed_from != self.closed_until)
            && self.max_age_h != Some(0)
    }
}

impl GatewayConfig {
    /// What is known of a wallet: its settings stand under its name or its id. The name is the better key, because the
    /// gateway may change ids.
    fn wallet(&self, wallet_id: &str, name: &str) -> Option<&WalletConfig> {
        self.wallets
            .get(name)
            .or_else(|| self.wallets.get(wallet_id))
    }

    /// Adds the configured amounts to those of the gateway's list. The stricter one counts.
    pub(crate) fn limit_amounts(&self, wallet: &mut Wallet) {
        let Some(own) = self.wallet(&wallet.wallet_id, &wallet.name) else {
            return;
        };
        let money = |minor| Money {
            minor,
            currency: self.currency.clone(),
        };
        let listed = |amount: &Option<Money>| amount.as_ref().map(|amount| amount.minor);
        let min = listed(&wallet.min_amount)
            .into_iter()
            .chain(own.min_amount_minor);
        let max = listed(&wallet.max_amount)
            .into_iter()
            .chain(own.max_amount_minor);
        (wallet.min_amount, wallet.max_amount) = (min.max().map(money), max.min().map(money));
    }

    /// When the payments of a wallet can be voided.
    pub(crate) fn void_window(&self, wallet_id: &str, name: &str) -> VoidWindow {
        let own = self
            .wallet(wallet_id, name)
            .and_then(|own| own.void.as_ref());
        own.unwrap_or(&self.void).window()
    }
}
