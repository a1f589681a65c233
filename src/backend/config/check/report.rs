//! The gateway's daily report.

use super::{Check, refuse, shared};

pub(super) const CHECKS: &[Check] = &[
    refuse(
        "report",
        "is the name of two columns",
        "give each column its own name",
        |look| {
            let report = &look.config.report;
            let names = [
                &report.gateway_ref,
                &report.trade_id,
                &report.amount,
                &report.status,
            ];
            let names: Vec<&String> = names.into_iter().chain(&report.currency).collect();
            let twice = names.iter().enumerate().find(|(at, name)| {
                names[at + 1..]
                    .iter()
                    .any(|other| other.eq_ignore_ascii_case(name))
            });
            twice
                .map(|(_, name)| format!("report: {name:?}"))
                .into_iter()
                .collect()
        },
    ),
    refuse(
        "report.words",
        "is there twice, and would mean two things",
        "leave it in one place",
        |look| {
            let Some(words) = &look.config.report.words else {
                return Vec::new();
            };
            let lists = [
                ("paid", words.paid.as_slice()),
                ("voided", &words.voided),
                ("unpaid", &words.unpaid),
                ("pending", &words.pending),
                ("ignored", &words.ignored),
            ];
            let twice = shared(&lists, str::eq_ignore_ascii_case);
            twice
                .map(|(word, one, other)| {
                    format!("{word:?} of report.words.{one} and report.words.{other}")
                })
                .into_iter()
                .collect()
        },
    ),
];
