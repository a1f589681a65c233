//! Tills that wait for their customers: each looks at its payment every two seconds, or at the pace that the backend asks
//! for.

use std::time::{Duration, Instant};

use kaunter_core::wire::Status;
use serde_json::json;
use tokio::task::JoinSet;

use crate::line::CallFailure;
use crate::report;
use crate::round::{Looking, POLL, Round};
use crate::shop::ShopClient;
use crate::till::{Till, expect};

/// How many tills begin at once.
const AT_ONCE: usize = 32;
/// The pause of a till that was refused without `Retry-After`.
const AGAIN: Duration = Duration::from_secs(1);
/// The time between the opening of the last till and the first look that counts.
pub(crate) const SETTLE: Duration = Duration::from_secs(4);

/// How the tills are measured.
pub(crate) struct Rounds {
    /// Numbers of tills, rising.
    pub(crate) tills: Vec<usize>,
    /// The length of a round.
    pub(crate) span: Duration,
    /// How many rounds each number of tills has.
    pub(crate) rounds: u64,
    /// The length of the round in which nobody looks, after the others.
    pub(crate) silence: Duration,
    /// The longest time to open the tills of one number.
    pub(crate) opening: Duration,
}

/// Opens more and more tills, and measures each number of them.
pub(crate) async fn rise(shop: &ShopClient, plan: &Rounds) -> anyhow::Result<()> {
    let round = Round::default();
    let mut looking = JoinSet::new();
    for tills in &plan.tills {
        let began = Instant::now();
        let refused = open(shop, &round, &mut looking, *tills, began + plan.opening).await?;
        let (open, opened_ms) = (looking.len(), began.elapsed().as_millis());
        tokio::time::sleep(SETTLE).await;
        let told =
            json!({"tills": tills, "open": open, "opened_ms": opened_ms, "refused": refused});
        for _ in 0..plan.rounds {
            measure(shop, &round, "looks", plan.span, &told).await?;
        }
        round.look(Looking::Silent);
        // The looks of before are answered.
        tokio::time::sleep(AGAIN).await;
        measure(shop, &round, "silence", plan.silence, &told).await?;
        round.look(Looking::AsAsked);
        if open < *tills {
            break;
        }
    }
    Ok(())
}

/// All tills look at one payment.
pub(crate) async fn all_one(
    shop: &ShopClient,
    askers: usize,
    span: Duration,
) -> anyhow::Result<()> {
    let round = Round::default();
    let mut looking = JoinSet::new();
    let first = pending(shop, 0)
        .await
        .map_err(|failure| anyhow::anyhow!(failure.kind))?;
    for nth in 1..askers {
        let till = first.beside(shop, nth).await?;
        looking.spawn(look(till, round.clone(), round.join()));
    }
    looking.spawn(look(first, round.clone(), round.join()));
    tokio::time::sleep(SETTLE).await;
    measure(shop, &round, "looks", span, &json!({"tills": askers})).await
}

/// Opens tills until there are so many, or the time is over. Returns how often one was refused.
async fn open(
    shop: &ShopClient,
    round: &Round,
    looking: &mut JoinSet<()>,
    tills: usize,
    until: Instant,
) -> anyhow::Result<u64> {
    let (mut refused, mut opening) = (0, JoinSet::new());
    let mut next = looking.len();
    loop {
        while opening.len() < AT_ONCE && next < tills && Instant::now() < until {
            let shop = shop.clone();
            opening.spawn(async move { begin(&shop, next, until).await });
            next += 1;
        }
        let Some(one) = opening.join_next().await else {
            return Ok(refused);
        };
        let (till, times) = one?;
        refused += times;
        if let Some(till) = till {
            looking.spawn(look(till, round.clone(), round.join()));
        }
    }
}

/// Opens one till. Waits as long as the backend asks when it refuses. Returns how often it did.
async fn begin(shop: &ShopClient, nth: usize, until: Instant) -> (Option<Till>, u64) {
    for refused in 0.. {
        match pending(shop, nth).await {
            Ok(till) => return (Some(till), refused),
            Err(failure) => {
                let wait = failure.wait.unwrap_or(AGAIN);
                if Instant::now() + wait > until {
                    return (None, refused + 1);
                }
                tokio::time::sleep(wait).await;
            }
        }
    }
    (None, 0)
}

/// A till with a payment whose customer never confirms.
pub(crate) async fn pending(shop: &ShopClient, nth: usize) -> Result<Till, CallFailure> {
    let refused = |_| CallFailure::of("the shop's server was refused");
    let mut till = Till::new(shop, nth).await.map_err(refused)?;
    let code = shop.code("ignores").await.map_err(refused)?;
    till.begin().await?;
    expect(till.hand_over(&code).await?, Status::Pending)?;
    Ok(till)
}

async fn measure(
    shop: &ShopClient,
    round: &Round,
    phase: &str,
    span: Duration,
    told: &serde_json::Value,
) -> anyhow::Result<()> {
    if span.is_zero() {
        return Ok(());
    }
    report::begin(phase).await;
    let asked = shop.requests("status").await?;
    round.begin();
    let began = Instant::now();
    tokio::time::sleep(span).await;
    let (mut counts, took) = (round.end(), began.elapsed());
    counts["questions"] = json!(shop.requests("status").await? - asked);
    counts["seconds"] = json!(took.as_secs_f64());
    report::end(phase, &[told, &counts]).await;
    Ok(())
}

/// Looks for ever.
pub(crate) async fn look(mut till: Till, round: Round, nth: usize) {
    let mut due = Instant::now() + POLL;
    loop {
        tokio::time::sleep_until(due.into()).await;
        if round.is_silent() {
            due += POLL;
            continue;
        }
        let began = Instant::now();
        let pause = match till.look().await {
            Ok(answer) => {
                let pace = answer.pace.unwrap_or(POLL).max(POLL);
                round.good(nth, due, began, pace);
                round.pause(nth, pace)
            }
            Err(failure) => {
                let wait = failure.wait.unwrap_or(POLL);
                round.failed(failure);
                wait
            }
        };
        // From the start of a look to the start of the next, as a page does it.
        due = (due + pause).max(Instant::now());
    }
}
