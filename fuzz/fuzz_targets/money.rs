//! Any amount that a cashier types: refused, or read and written back as the same money.
#![no_main]

use kaunter_core::money::{MAX_MINOR, Money};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (&str, &str)| {
    let (amount, currency) = input;
    for currency in [currency, "MYR", "JPY", "BHD"] {
        let Ok(money) = Money::parse(amount, currency) else {
            continue;
        };
        assert!(money.minor <= MAX_MINOR);
        let written = money.decimal();
        assert_eq!(Money::parse(&written, currency).as_ref(), Ok(&money), "{written}");
    }
});
