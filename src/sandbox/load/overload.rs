//! A backend at twice its capacity, and back: whom it refuses, how long a till goes without an answer, and when all is as
//! before.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use kaunter_core::wire::Status;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::line::CallFailure;
use crate::report;
use crate::round::{Looking, Round};
use crate::shop::ShopClient;
use crate::till::{Till, expect};
use crate::tills::{SETTLE, look, pending};

/// So many tills look without a pause while the capacity is measured: the backend never waits for a call, and none of
/// them waits long.
const AT_ONCE: usize = 32;
/// How many tills look at one payment.
const TILLS_PER_PAYMENT: usize = 10;
/// How long the last phase is. The backend has 10 s to be as before.
const BACK: Duration = Duration::from_secs(20);
/// How long a sale that has begun may take to end.
const LAST: Duration = Duration::from_secs(20);
/// Tills that make sales, one at a time each.
const BUYERS: usize = 50;
/// The code of a refused new sale.
const REFUSED: &str = "503 overloaded";

/// Measures the capacity, and what happens at twice of it and after it.
pub(crate) async fn run(
    shop: &ShopClient,
    tills: usize,
    rate: u64,
    span: Duration,
    opening: Duration,
) -> anyhow::Result<()> {
    let (round, mut looking) = (Round::default(), JoinSet::new());
    let opened = tokio::time::timeout(opening, open(shop, tills)).await;
    for till in opened.context("the tills could not be opened in time")?? {
        looking.spawn(look(till, round.clone(), round.join()));
    }
    let all = rate * (3 * span + BACK + SETTLE).as_secs();
    let sales = SteadySales::start(shop, tills, rate, all).await?;
    tokio::time::sleep(SETTLE).await;
    let measured = Measured {
        round: &round,
        sales: &sales,
    };

    measured.phase("usual", span, Looking::AsAsked).await;
    let told = measured
        .phase("capacity", span, Looking::AtOnce(AT_ONCE))
        .await;
    let capacity = told["looks_per_second"].as_f64().unwrap_or(0.0).max(1.0);
    let pause = Duration::from_secs_f64(tills as f64 / (2.0 * capacity));
    measured.phase("twice", span, Looking::Every(pause)).await;
    let ended = Instant::now();
    measured.phase("back", BACK, Looking::AsAsked).await;
    let after = |at: Option<Instant>| at.map_or(0.0, |at| (at - ended).as_secs_f64());
    let told = json!({
        "pause_ms": pause.as_millis(),
        "refused_for_seconds": after(sales.counts().refused_at.filter(|at| *at > ended)),
        "slow_for_seconds": after(round.slowed().filter(|at| *at > ended)),
        "lost": sales.end().await,
    });
    report::begin("end").await;
    report::end("end", &[&told]).await;
    Ok(())
}

/// So many tills. [`TILLS_PER_PAYMENT`] of them look at one payment: a look costs the same, and they are open sooner.
async fn open(shop: &ShopClient, tills: usize) -> anyhow::Result<Vec<Till>> {
    let (mut next, mut opening, mut all) = (0, JoinSet::new(), Vec::new());
    loop {
        while opening.len() < AT_ONCE && next < tills {
            let (shop, first) = (shop.clone(), next);
            next = tills.min(first + TILLS_PER_PAYMENT);
            opening.spawn(async move { group(&shop, first..next).await });
        }
        let Some(group) = opening.join_next().await else {
            return Ok(all);
        };
        all.extend(group??);
    }
}

async fn group(shop: &ShopClient, numbers: Range<usize>) -> anyhow::Result<Vec<Till>> {
    let first = pending(shop, numbers.start).await;
    let first = first.map_err(|failure| anyhow::anyhow!(failure.kind))?;
    let mut tills = Vec::new();
    for nth in numbers.skip(1) {
        tills.push(first.beside(shop, nth).await?);
    }
    tills.push(first);
    Ok(tills)
}

struct Measured<'a> {
    round: &'a Round,
    sales: &'a SteadySales,
}

impl Measured<'_> {
    async fn phase(&self, name: &str, span: Duration, looking: Looking) -> Value {
        self.round.look(looking);
        report::begin(name).await;
        let before = self.sales.counts().clone();
        self.round.begin();
        let began = Instant::now();
        tokio::time::sleep(span).await;
        let (mut told, seconds) = (self.round.end(), began.elapsed().as_secs_f64());
        let per_second = told["looks"]["count"].as_f64().unwrap_or(0.0) / seconds;
        told["seconds"] = json!(seconds);
        told["looks_per_second"] = json!(per_second);
        told["sales"] = self.sales.counts().since(&before);
        report::end(name, &[&told]).await;
        told
    }
}

/// Sales at a steady rate, in the background.
struct SteadySales {
    counts: Arc<Mutex<SaleCounts>>,
    buyers: JoinSet<()>,
}

#[derive(Clone, Default)]
struct SaleCounts {
    next: u64,
    begun: u64,
    refused: u64,
    paid: u64,
    /// Why sales failed that were not refused.
    failures: BTreeMap<String, u64>,
    refused_at: Option<Instant>,
}

impl SaleCounts {
    /// The number of the next sale.
    fn take(&mut self) -> u64 {
        let nth = self.next;
        self.next = nth.saturating_add(1);
        nth
    }

    fn not_begun(&mut self, failure: CallFailure) {
        if failure.kind == REFUSED {
            self.refused += 1;
            self.refused_at = Some(Instant::now());
        } else {
            *self.failures.entry(failure.kind).or_default() += 1;
        }
    }

    fn since(&self, before: &Self) -> Value {
        let failed = |counts: &Self| counts.failures.values().sum::<u64>();
        json!({
            "begun": self.begun - before.begun,
            "refused": self.refused - before.refused,
            "paid": self.paid - before.paid,
            "failed": failed(self) - failed(before),
            "failures": self.failures,
        })
    }
}

/// When the sales begin, with the codes of their customers.
struct Plan {
    start: Instant,
    pause: Duration,
    codes: Vec<String>,
}

impl SteadySales {
    /// The tills with the numbers from `first` on make them.
    async fn start(shop: &ShopClient, first: usize, rate: u64, all: u64) -> anyhow::Result<Self> {
        let (counts, mut buyers, mut codes) = (Arc::default(), JoinSet::new(), Vec::new());
        for _ in 0..all {
            codes.push(shop.code("approves").await?);
        }
        let mut tills = Vec::new();
        for nth in first..first + BUYERS {
            tills.push(Till::new(shop, nth).await?);
        }
        let pause = Duration::from_secs(1) / u32::try_from(rate.max(1))?;
        let start = Instant::now();
        let plan = Arc::new(Plan {
            start,
            pause,
            codes,
        });
        for till in tills {
            buyers.spawn(buy(till, Arc::clone(&plan), Arc::clone(&counts)));
        }
        Ok(Self { counts, buyers })
    }

    fn counts(&self) -> MutexGuard<'_, SaleCounts> {
        lock(&self.counts)
    }

    /// Begins no more. Returns how many of those that have begun were not paid.
    async fn end(mut self) -> u64 {
        self.counts().next = u64::MAX;
        let all = async { while self.buyers.join_next().await.is_some() {} };
        // A buyer that does not end has not paid either.
        let _ = tokio::time::timeout(LAST, all).await;
        let counts = self.counts();
        counts.begun - counts.paid
    }
}

fn lock(counts: &Mutex<SaleCounts>) -> MutexGuard<'_, SaleCounts> {
    counts.lock().expect("nobody panics while holding it")
}

async fn buy(mut till: Till, plan: Arc<Plan>, counts: Arc<Mutex<SaleCounts>>) {
    loop {
        let nth = lock(&counts).take();
        let code = usize::try_from(nth)
            .ok()
            .and_then(|nth| plan.codes.get(nth));
        let Some(code) = code else {
            return;
        };
        let due = plan.pause * u32::try_from(nth).unwrap_or(u32::MAX);
        tokio::time::sleep_until((plan.start + due).into()).await;
        let Err(failure) = till.begin().await else {
            lock(&counts).begun += 1;
            pay(&mut till, code, &counts).await;
            continue;
        };
        let wait = failure.wait.unwrap_or(SETTLE);
        lock(&counts).not_begun(failure);
        tokio::time::sleep(wait).await;
    }
}

/// Hands over the code, and looks until the payment ends.
async fn pay(till: &mut Till, code: &str, counts: &Mutex<SaleCounts>) {
    let mut ended = match till.hand_over(code).await {
        Ok(status) => expect(status, Status::Paid),
        Err(failure) => Err(failure),
    };
    if let Err(CallFailure { kind, .. }) = &ended {
        *lock(counts).failures.entry(kind.clone()).or_default() += 1;
    }
    while ended.is_err() {
        tokio::time::sleep(SETTLE / 2).await;
        ended = till
            .status()
            .await
            .and_then(|status| expect(status, Status::Paid));
    }
    lock(counts).paid += 1;
}
