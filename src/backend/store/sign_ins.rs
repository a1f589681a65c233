//! Tries to sign in, of people and of addresses. `kaunter_core::lockout` decides; the store makes all processes agree.

use std::net::IpAddr;

use kaunter_core::lockout::{self, MEMORY_MS, Subject, Tries};
use kaunter_core::policy::Ms;
use sqlx::Row;

use super::{Change, Store, audit, bigint, lost_a_race};
use crate::limits::MAX_TRIES;
use crate::trail::AuditEntry;

/// Whose tries are counted.
#[derive(Clone, Debug)]
pub(crate) struct Subjects {
    /// The person, as the table has it. Names that nobody has share a bounded number of rows.
    pub(crate) person: String,
    /// Where the call came from.
    pub(crate) address: IpAddr,
}

impl Subjects {
    /// Every change takes the rows in this order, so that no two wait for each other.
    fn rows(&self) -> [(Subject, String); 2] {
        [
            (Subject::Address, format!("address:{}", self.address)),
            (Subject::Person, self.person.clone()),
        ]
    }
}

impl Store {
    /// Counts a try of both, if both may make one. Returns the counts, or how long to wait.
    pub(crate) async fn count_sign_in(
        &self,
        subjects: &Subjects,
        now: Ms,
    ) -> sqlx::Result<Result<[(Subject, Tries); 2], Ms>> {
        for _ in 1..MAX_TRIES {
            match self.try_count(subjects, now).await {
                Err(error) if lost_a_race(&error) => {}
                counted => return counted,
            }
        }
        self.try_count(subjects, now).await
    }

    async fn try_count(
        &self,
        subjects: &Subjects,
        now: Ms,
    ) -> sqlx::Result<Result<[(Subject, Tries); 2], Ms>> {
        let mut change = self.begin().await?;
        let mut counted = [(Subject::Address, Tries::default()); 2];
        for (counted, (subject, row)) in counted.iter_mut().zip(subjects.rows()) {
            let tries = take(&mut change, &row).await?;
            // A refusal drops the change, so that nothing is counted.
            let next = match lockout::admit(subject, tries, now) {
                Ok(next) => next,
                Err(wait) => return Ok(Err(wait)),
            };
            set(&mut change, &row, next).await?;
            *counted = (subject, next);
        }
        change.commit().await?;
        Ok(Ok(counted))
    }

    /// Stores how a try ended: the entries, and after a success that the person begins anew.
    pub(crate) async fn end_sign_in(
        &self,
        (shop, subjects): (&str, &Subjects),
        is_success: bool,
        entries: &[AuditEntry],
        now: Ms,
    ) -> sqlx::Result<()> {
        for _ in 1..MAX_TRIES {
            match self
                .try_end((shop, subjects), is_success, entries, now)
                .await
            {
                Err(error) if lost_a_race(&error) => {}
                ended => return ended,
            }
        }
        self.try_end((shop, subjects), is_success, entries, now)
            .await
    }

    async fn try_end(
        &self,
        (shop, subjects): (&str, &Subjects),
        is_success: bool,
        entries: &[AuditEntry],
        now: Ms,
    ) -> sqlx::Result<()> {
        let mut change = self.begin().await?;
        for (subject, row) in subjects.rows() {
            let tries = take(&mut change, &row).await?;
            if is_success {
                set(&mut change, &row, lockout::after_success(subject, tries)).await?;
            }
        }
        for entry in entries {
            let chain = (shop, subjects.person.clone());
            audit::append_other(&mut change, chain, entry.clone(), now).await?;
        }
        change.commit().await
    }

    /// Deletes tries that no rule needs any more.
    pub(crate) async fn forget_sign_ins(&self, now: Ms) -> sqlx::Result<()> {
        let mut connection = self.light.connection().await?;
        sqlx::query("DELETE FROM sign_ins WHERE last_ms < $1 OR last_ms > $2")
            .bind(bigint(now.saturating_sub(MEMORY_MS)))
            .bind(bigint(now.saturating_add(MEMORY_MS)))
            .execute(&mut *connection)
            .await?;
        connection.commit().await
    }
}

/// Stores the tries of a subject.
async fn set(change: &mut Change, subject: &str, tries: Tries) -> sqlx::Result<()> {
    sqlx::query("UPDATE sign_ins SET tries = $1, last_ms = $2 WHERE subject = $3")
        .bind(i64::from(tries.count))
        .bind(bigint(tries.last_ms))
        .bind(subject)
        .execute(&mut **change)
        .await?;
    Ok(())
}

/// Locks the row of a subject for this change, and reads it.
async fn take(change: &mut Change, subject: &str) -> sqlx::Result<Tries> {
    sqlx::query(
        "INSERT INTO sign_ins (subject, tries, last_ms) VALUES ($1, 0, 0) ON CONFLICT (subject) DO UPDATE SET tries = sign_ins.tries",
    )
    .bind(subject)
    .execute(&mut **change)
    .await?;
    let row = sqlx::query("SELECT tries, last_ms FROM sign_ins WHERE subject = $1")
        .bind(subject)
        .fetch_one(&mut **change)
        .await?;
    let (tries, last_ms): (i64, i64) = (row.try_get("tries")?, row.try_get("last_ms")?);
    Ok(Tries {
        count: u32::try_from(tries).unwrap_or(u32::MAX),
        last_ms: u64::try_from(last_ms).unwrap_or(0),
    })
}
