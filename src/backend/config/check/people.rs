//! The people who sign in, and the limits of terminals.

use kaunter_core::wire::Right;

use super::super::people::{is_name, same_names};
use super::{Check, refuse, warn};
use crate::people::is_strong;

pub(super) const CHECKS: &[Check] = &[
    refuse(
        "people",
        "is there twice",
        "give each person a name of its own",
        |look| {
            let names = look.config.people.iter().map(|person| &*person.name);
            let twice = same_names(&names.collect::<Vec<_>>());
            twice
                .into_iter()
                .map(|name| format!("people: {name:?}"))
                .collect()
        },
    ),
    refuse(
        "people, limits.void.terminals, limits.review.terminals",
        "must be a name of 1 to 64 printable characters without outer spaces, in Unicode's composed form",
        "correct it",
        |look| {
            let config = look.config;
            let people = config.people.iter();
            let people =
                people.flat_map(|person| std::iter::once(&person.name).chain(&person.terminals));
            let limits = [&config.bounds.void, &config.bounds.review];
            let terminals = limits.into_iter().flat_map(|limit| limit.terminals.keys());
            let wrong = |name: &&String| !is_name(name);
            let people = people.filter(wrong).map(|name| format!("people: {name:?}"));
            let terminals = terminals
                .filter(wrong)
                .map(|name| format!("limits: {name:?}"));
            people.chain(terminals).collect()
        },
    ),
    refuse(
        "people",
        "has no rights",
        "give rights to each person, like charge and cancel",
        |look| {
            let people = look.config.people.iter();
            let without = people.filter(|person| person.rights.is_empty());
            without
                .map(|person| format!("people: {:?}", person.name))
                .collect()
        },
    ),
    refuse(
        "people",
        "has a hash that is no Argon2id hash of at least 19 MiB and 2 passes",
        "make it with `kaunter-backend people add`",
        |look| {
            let people = look.config.people.iter();
            let weak = people.filter(|person| !is_strong(&person.hash));
            weak.map(|person| format!("people: {:?}", person.name))
                .collect()
        },
    ),
    warn(
        "people, limits.void.terminals, limits.review.terminals",
        "may work at any terminal, and so choose the one with the widest limits",
        "give the person terminals",
        |look| {
            let bounds = &look.config.bounds;
            let limited = [(Right::Void, &bounds.void), (Right::Review, &bounds.review)];
            let people = look.config.people.iter();
            people
                .filter(|person| {
                    person.terminals.is_empty()
                        && limited.iter().any(|(right, limits)| {
                            !limits.terminals.is_empty() && person.rights.contains(right)
                        })
                })
                .map(|person| format!("people: {:?}", person.name))
                .collect()
        },
    ),
];
