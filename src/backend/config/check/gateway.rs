//! The gateway: its address, its amounts and its words.

use super::{Check, found, has_credentials, is_loopback, refuse, shared, warn};

/// The largest integer that JavaScript counts exactly.
const MAX_SAFE: u64 = (1 << 53) - 1;
/// The currencies in use, of ISO 4217: <https://www.six-group.com/en/products-services/financial-information/data-standards.html>.
const CURRENCIES: &str = "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYU UZS VED VES VND VUV WST XAF XCD XCG XOF XPF YER ZAR ZMW ZWG";

pub(super) const CHECKS: &[Check] = &[
    refuse(
        "gateway.base_url",
        "is not an http(s) address, or has a ? or a # in it",
        "write it like https://gateway.example/version1",
        |look| {
            let is_address = look.base_url().is_some_and(|base| {
                matches!(base.scheme(), "http" | "https")
                    && base.query().is_none()
                    && base.fragment().is_none()
            });
            let has_password = look.base_url().is_some_and(|base| has_credentials(&base));
            found(!is_address && !has_password, "gateway.base_url")
        },
    ),
    refuse(
        "gateway.base_url",
        "is not https and not on this machine",
        "use https",
        |look| {
            let is_plain = look
                .base_url()
                .is_some_and(|base| base.scheme() == "http" && !is_loopback(&base));
            found(is_plain, "gateway.base_url")
        },
    ),
    refuse(
        "gateway.currency",
        "is not a currency",
        "write its three letters, like MYR",
        |look| {
            let currency = &look.config.gateway.currency;
            found(
                !CURRENCIES.split(' ').any(|known| known == currency),
                format!("gateway.currency = {currency:?}"),
            )
        },
    ),
    refuse(
        "gateway.max_amount_minor",
        "leaves no amount, or more than a page can count",
        "set it to at least 1 and at most 9007199254740991",
        |look| {
            let most = look.config.gateway.max_amount_minor;
            found(
                most == 0 || most > MAX_SAFE,
                format!("gateway.max_amount_minor = {most}"),
            )
        },
    ),
    refuse(
        "gateway.wallets",
        "pays no amount",
        "set min_amount_minor to at most max_amount_minor and gateway.max_amount_minor, and those to more than 0",
        |look| {
            let gateway = &look.config.gateway;
            let wallets = gateway.wallets.iter();
            let empty = wallets.filter(|(_, wallet)| {
                let max = wallet.max_amount_minor.unwrap_or(u64::MAX);
                let most = max.min(gateway.max_amount_minor);
                max == 0 || wallet.min_amount_minor.is_some_and(|min| min > most)
            });
            empty
                .map(|(name, _)| format!("gateway.wallets.\"{name}\""))
                .collect()
        },
    ),
    refuse(
        "gateway.void, gateway.wallets",
        "leaves no time for voids, or only one of its times is set",
        "set closed_from and closed_until to two different times, and max_age_h to more than 0",
        |look| {
            let gateway = &look.config.gateway;
            let own = found(!gateway.void.is_valid(), "gateway.void");
            let wallets = gateway
                .wallets
                .iter()
                .filter(|(_, wallet)| wallet.void.as_ref().is_some_and(|void| !void.is_valid()));
            let wallets = wallets.map(|(name, _)| format!("gateway.wallets.\"{name}\".void"));
            own.into_iter().chain(wallets).collect()
        },
    ),
    refuse(
        "gateway.can_cancel",
        "needs the gateway's words for a cancel",
        "add gateway.words.cancel",
        |look| {
            let gateway = &look.config.gateway;
            found(
                gateway.can_cancel == Some(true) && gateway.words.cancel.is_none(),
                "gateway.can_cancel = true",
            )
        },
    ),
    refuse(
        "gateway.unpaid_final_after_ms",
        "would close every unpaid trade at once",
        "set the time that the gateway promises, or remove it",
        |look| {
            found(
                look.config.gateway.unpaid_final_after_ms == Some(0),
                "gateway.unpaid_final_after_ms = 0",
            )
        },
    ),
    refuse(
        "gateway.words",
        "is there twice, and would mean two things",
        "leave it in one place",
        |look| {
            let words = &look.config.gateway.words;
            let status = shared(
                &[
                    ("paid", &words.paid),
                    ("pending", &words.pending),
                    ("unpaid", &words.unpaid),
                    ("failed", &words.failed),
                    ("closed", &words.closed),
                    ("voided", &words.voided),
                ],
                |one, other| one == other,
            );
            let wallet = shared(
                &[("active", &words.active), ("inactive", &words.inactive)],
                |one, other| one == other,
            );
            let cancel = words.cancel.iter().filter(|cancel| {
                cancel.closed == cancel.too_late
                    || cancel.closed == cancel.refunded
                    || cancel.too_late == cancel.refunded
            });
            let cancel = cancel.map(|_| "a word of gateway.words.cancel".to_owned());
            let lists = status.into_iter().chain(wallet).map(|(word, one, other)| {
                format!("{word:?} of gateway.words.{one} and gateway.words.{other}")
            });
            lists.chain(cancel).collect()
        },
    ),
    warn(
        "gateway.words.active",
        "is empty, so that no wallet is offered but test wallets",
        "add the gateway's word for an active wallet",
        |look| {
            found(
                look.config.gateway.words.active.is_empty(),
                "gateway.words.active",
            )
        },
    ),
    warn(
        "gateway.profile, gateway.words",
        "is not used, because gateway.words replaces it",
        "remove one of the two",
        |look| found(look.around.has_profile_and_words, "gateway.profile"),
    ),
    refuse(
        "gateway.profile",
        "is only for a gateway on this machine, and gateway.base_url is not",
        "use \"documented\", or set the gateway's known words under [gateway.words]",
        |look| {
            found(
                look.around.assumes_sandbox && look.is_real(),
                "gateway.profile = \"sandbox\"",
            )
        },
    ),
    warn(
        "test_wallets",
        "shows test wallets, which move no money, with a real gateway",
        "remove it",
        |look| {
            found(
                look.config.test_wallets && look.is_real(),
                "test_wallets = true",
            )
        },
    ),
];
