//! The people who sign in at this backend, for shops without a server of their own.
//!
//! `[[people]]` of the configuration lists them, each with an Argon2id hash of a PIN or a password. The backend compares
//! it, never the page. `kaunter_core::lockout` decides when a person may try.

mod file;
mod hash;

use std::sync::Arc;

use kaunter_core::review::is_same_person;
use kaunter_core::wire::{ProblemCode, Right};
use tokio::sync::Semaphore;

pub(crate) use file::quoted;
pub use file::{NewPerson, add, list, remove};
pub(crate) use hash::is_strong;

use crate::error::Problem;
use crate::limits::STORE_WAIT;
use crate::secret::Secret;

/// How many secrets are hashed at once: each takes 19 MiB and one core for some 30 ms.
const CONCURRENT_HASHES: usize = 4;

/// A person who may sign in.
#[derive(Clone, Debug)]
pub struct Person {
    /// The name that the person types, and that the record of each trade keeps.
    pub name: String,
    /// What the person may do.
    pub rights: Vec<Right>,
    /// The terminals where the person may work; empty: everywhere.
    pub terminals: Vec<String>,
    /// An Argon2id hash of the secret, in the PHC format.
    pub hash: Secret,
}

/// Compares secrets, off the threads that answer calls.
pub(crate) struct People {
    list: Vec<Person>,
    /// What the secret of an unknown name is compared with, so that it takes as long as a known one.
    nobody: Secret,
    hashes: Arc<Semaphore>,
}

impl People {
    pub(crate) fn new(list: Vec<Person>) -> Self {
        let first = list.first().map(|person| person.hash.clone());
        Self {
            nobody: first.unwrap_or_else(|| Secret::new("")),
            list,
            hashes: Arc::new(Semaphore::new(CONCURRENT_HASHES)),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// The person with this name: [`is_same_person`].
    pub(crate) fn find(&self, name: &str) -> Option<&Person> {
        self.list
            .iter()
            .find(|person| is_same_person(&person.name, name))
    }

    /// Whether the secret is the person's. An unknown name takes as long as a known one, and has no secret.
    pub(crate) async fn is_secret_of(
        &self,
        person: Option<&Person>,
        secret: Secret,
    ) -> Result<bool, Problem> {
        let free = Arc::clone(&self.hashes).acquire_owned();
        let Ok(Ok(permit)) = tokio::time::timeout(STORE_WAIT, free).await else {
            return Err(Problem::new(ProblemCode::Overloaded));
        };
        let hash = person.map_or(&self.nobody, |person| &person.hash).clone();
        let checked = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            hash::is_of(&hash, &secret)
        });
        let is_same = checked
            .await
            .map_err(|_| Problem::new(ProblemCode::Internal))?;
        Ok(is_same && person.is_some())
    }
}
