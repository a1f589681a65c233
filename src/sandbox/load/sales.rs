//! Sales that begin at a steady rate, even if earlier ones are slow.

use std::time::{Duration, Instant};

use kaunter_core::wire::Status;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::direct::Direct;
use crate::shop::ShopClient;
use crate::times::Times;

/// The number of counters that share them.
const TILLS: u64 = 200;

/// One sale, timed.
struct SaleTiming {
    create: Duration,
    pay: Duration,
    paid: bool,
}

pub(crate) async fn rush(
    shop: &ShopClient,
    direct: Direct,
    rate: u64,
    seconds: u64,
) -> anyhow::Result<Value> {
    let mut tokens = Vec::new();
    for nth in 0..TILLS.min(rate * seconds) {
        tokens.push(shop.token(&format!("till-{nth}")).await?);
    }
    let count = rate * seconds;
    let mut codes = Vec::new();
    for _ in 0..count {
        codes.push(shop.code("approves").await?);
    }
    let start = Instant::now();
    let share = tokio::spawn(direct.payments(shop.clone(), start + Duration::from_secs(seconds)));
    let mut selling = JoinSet::new();
    for (nth, code) in (0..).zip(codes) {
        let shop = shop.clone();
        let token = tokens[usize::try_from(nth % TILLS.min(count))?].clone();
        let due = start + Duration::from_micros(1_000_000 * nth / rate);
        selling.spawn(async move {
            tokio::time::sleep_until(due.into()).await;
            sell(&shop, &token, code).await
        });
    }
    let (mut create, mut pay, mut failed) = (Times::default(), Times::default(), 0);
    let mut paid: u64 = 0;
    while let Some(one) = selling.join_next().await {
        match one? {
            Ok(sold) => {
                create.add(sold.create);
                pay.add(sold.pay);
                paid += u64::from(sold.paid);
            }
            Err(_) => failed += 1,
        }
    }
    let took = start.elapsed();
    let share = share.await??;
    Ok(json!({
        "rate": rate, "seconds": seconds, "sales": count, "paid": paid, "failed": failed, "took_ms": took.as_millis(),
        "create": create.summary(), "pay": pay.summary(), "gateway": share.summary(),
    }))
}

async fn sell(shop: &ShopClient, token: &str, code: String) -> anyhow::Result<SaleTiming> {
    let began = Instant::now();
    let trade = shop.create(token).await?;
    let create = began.elapsed();
    let began = Instant::now();
    let trade = shop.hand_over(token, &trade.trade_id, code).await?;
    Ok(SaleTiming {
        create,
        pay: began.elapsed(),
        paid: trade.status == Status::Paid,
    })
}
