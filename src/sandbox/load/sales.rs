//! Sales that begin at a steady rate, even if earlier ones are slow.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use kaunter_core::wire::Status;
use serde_json::json;
use tokio::task::JoinSet;

use crate::direct::Direct;
use crate::line::CallFailure;
use crate::report;
use crate::shop::ShopClient;
use crate::till::{Till, expect};
use crate::times::Times;

/// The number of tills that share the sales. A till makes one sale at a time: 500 sales a second, of 1 s each at most.
const TILLS: u64 = 500;

/// The sales that are made.
struct Sales {
    /// The number of the next sale.
    next: AtomicU64,
    codes: Vec<String>,
    start: Instant,
    rate: u64,
}

/// What one till has measured.
#[derive(Default)]
struct Sold {
    begin: Vec<Duration>,
    pay: Vec<Duration>,
    late: Vec<Duration>,
    failures: Vec<CallFailure>,
}

/// Makes the sales of so many seconds.
pub(crate) async fn rush(
    shop: &ShopClient,
    direct: Direct,
    rate: u64,
    span: Duration,
) -> anyhow::Result<()> {
    let count = rate * span.as_secs();
    let tills = tills(shop, TILLS.min(count)).await?;
    let mut codes = Vec::new();
    for _ in 0..count {
        codes.push(shop.code("approves").await?);
    }
    report::begin("sales").await;
    let start = Instant::now();
    let sales = Arc::new(Sales {
        next: AtomicU64::new(0),
        codes,
        start,
        rate,
    });
    let share = tokio::spawn(direct.payments(shop.clone(), start + span));
    let mut selling = JoinSet::new();
    for till in tills {
        selling.spawn(sell(till, Arc::clone(&sales)));
    }
    let (mut begin, mut pay, mut late) = (Times::default(), Times::default(), Times::default());
    let (mut paid, mut failures) = (0_u64, BTreeMap::<String, u64>::new());
    while let Some(one) = selling.join_next().await {
        let sold = one?;
        paid += sold.pay.len() as u64;
        sold.begin.into_iter().for_each(|took| begin.add(took));
        sold.pay.into_iter().for_each(|took| pay.add(took));
        sold.late.into_iter().for_each(|took| late.add(took));
        for failure in sold.failures {
            *failures.entry(failure.kind).or_default() += 1;
        }
    }
    let took = start.elapsed();
    let share = share.await??;
    let told = json!({
        "rate": rate, "seconds": took.as_secs_f64(), "sales": count, "paid": paid,
        "failed": failures.values().sum::<u64>(), "failures": failures,
        "begin": begin.summary(), "pay": pay.summary(), "late": late.summary(), "gateway": share.summary(),
    });
    report::end("sales", &[&told]).await;
    Ok(())
}

/// The tills, each with its token and its connection.
async fn tills(shop: &ShopClient, count: u64) -> anyhow::Result<Vec<Till>> {
    let mut tills = Vec::new();
    for nth in 0..usize::try_from(count)? {
        tills.push(Till::new(shop, nth).await?);
    }
    Ok(tills)
}

/// Makes one sale after the other, each at its time or as soon as the till is free.
async fn sell(mut till: Till, sales: Arc<Sales>) -> Sold {
    let mut sold = Sold::default();
    loop {
        let nth = sales.next.fetch_add(1, Ordering::Relaxed);
        let code = usize::try_from(nth)
            .ok()
            .and_then(|nth| sales.codes.get(nth));
        let Some(code) = code else {
            return sold;
        };
        let due = sales.start + Duration::from_micros(1_000_000 * nth / sales.rate);
        tokio::time::sleep_until(due.into()).await;
        if let Err(failure) = one(&mut till, code, due, &mut sold).await {
            let wait = failure.wait;
            sold.failures.push(failure);
            tokio::time::sleep(wait.unwrap_or_default()).await;
        }
    }
}

async fn one(
    till: &mut Till,
    code: &str,
    due: Instant,
    sold: &mut Sold,
) -> Result<(), CallFailure> {
    let began = Instant::now();
    sold.late.push(began - due);
    till.begin().await?;
    sold.begin.push(began.elapsed());
    let began = Instant::now();
    let status = till.hand_over(code).await?;
    expect(status, Status::Paid)?;
    sold.pay.push(began.elapsed());
    Ok(())
}

/// Makes sales beside the tills that wait, for ever.
pub(crate) async fn beside(shop: ShopClient, rate: u64, first_till: usize) -> anyhow::Result<()> {
    let mut till = Till::new(&shop, first_till).await?;
    let mut due = Instant::now();
    loop {
        tokio::time::sleep_until(due.into()).await;
        due = (due + Duration::from_secs(1) / u32::try_from(rate)?).max(Instant::now());
        let code = shop.code("approves").await?;
        if till.begin().await.is_ok() {
            // A sale that fails is the backend's to end.
            let _ = till.hand_over(&code).await;
        }
    }
}
