//! Tills that wait: each checks the status of its payment every two seconds.

use std::time::{Duration, Instant};

use anyhow::ensure;
use kaunter_core::wire::Status;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::direct::Direct;
use crate::shop::ShopClient;
use crate::times::Times;

/// The pause between two status checks of a till.
const POLL: Duration = Duration::from_secs(2);
/// How many payments begin at once, before anything is measured.
const AT_ONCE: usize = 16;

/// A payment that a till waits for.
#[derive(Clone)]
struct Waiting {
    token: String,
    trade_id: String,
}

/// Each till waits for a payment of its own.
pub(crate) async fn one_payment_each(
    shop: &ShopClient,
    direct: Direct,
    tills: usize,
    seconds: u64,
) -> anyhow::Result<Value> {
    let began = Instant::now();
    let mut waiting = Vec::new();
    let mut opening = JoinSet::new();
    for nth in 0..tills {
        if opening.len() >= AT_ONCE
            && let Some(one) = opening.join_next().await
        {
            waiting.push(one??);
        }
        let shop = shop.clone();
        opening.spawn(async move { open(&shop, nth).await });
    }
    while let Some(one) = opening.join_next().await {
        waiting.push(one??);
    }
    let mut told = measure(shop, direct, waiting, seconds).await?;
    told["tills"] = json!(tills);
    told["opened_ms"] = json!(began.elapsed().as_millis());
    Ok(told)
}

/// All tills check one payment.
pub(crate) async fn all_one(
    shop: &ShopClient,
    direct: Direct,
    askers: usize,
    seconds: u64,
) -> anyhow::Result<Value> {
    let one = open(shop, 0).await?;
    let mut told = measure(shop, direct, vec![one; askers], seconds).await?;
    told["askers"] = json!(askers);
    Ok(told)
}

async fn open(shop: &ShopClient, nth: usize) -> anyhow::Result<Waiting> {
    let token = shop.token(&format!("till-{nth}")).await?;
    let code = shop.code("ignores").await?;
    let trade = shop.create(&token).await?;
    let handed = shop.hand_over(&token, &trade.trade_id, code).await?;
    ensure!(handed.status == Status::Pending, "{:?}", handed.status);
    Ok(Waiting {
        token,
        trade_id: trade.trade_id,
    })
}

async fn measure(
    shop: &ShopClient,
    direct: Direct,
    waiting: Vec<Waiting>,
    seconds: u64,
) -> anyhow::Result<Value> {
    let span = Duration::from_secs(seconds);
    // A first round that is not measured: its connections and statements are new.
    let start = Instant::now() + POLL;
    let checks_before = shop.requests("status").await?;
    let share = tokio::spawn(direct.status_checks(start + span));
    let count = u32::try_from(waiting.len())?;
    let mut asking = JoinSet::new();
    for (nth, till) in (0..).zip(waiting) {
        let shop = shop.clone();
        // Spread over the two seconds, like real tills.
        let first = Instant::now() + POLL * nth / count;
        asking.spawn(async move { poll(&shop, &till, first, start, start + span).await });
    }
    let (mut times, mut failed) = (Times::default(), 0);
    while let Some(one) = asking.join_next().await {
        let (own, wrong) = one?;
        times.extend(own);
        failed += wrong;
    }
    let share = share.await??;
    // Our own status checks, which measure the gateway's share, are in its log too.
    let asked = shop.requests("status").await? - checks_before - share.count();
    let told = times.summary();
    Ok(
        json!({"seconds": seconds, "polls": told, "failed": failed, "questions": asked, "gateway": share.summary()}),
    )
}

async fn poll(
    shop: &ShopClient,
    till: &Waiting,
    first: Instant,
    from: Instant,
    until: Instant,
) -> (Times, u64) {
    let (mut times, mut failed) = (Times::default(), 0);
    let mut due = first;
    while due < until {
        tokio::time::sleep_until(due.into()).await;
        let began = Instant::now();
        let good = shop
            .ask(&till.token, &till.trade_id)
            .await
            .is_ok_and(|trade| trade.status == Status::Pending);
        if due >= from {
            times.add(began.elapsed());
        }
        failed += u64::from(!good);
        due += POLL;
    }
    (times, failed)
}
