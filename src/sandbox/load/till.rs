//! A till: it begins a sale, hands over the customer's code, and looks at the payment until it ends.

use axum::body::Bytes;
use kaunter_core::money::Money;
use kaunter_core::wire::{CodeMode, NewTrade, SaleInput, Status};
use rand::Rng;
use serde::Deserialize;
use serde_json::json;

use crate::line::{Answer, CallFailure, TillConnection};
use crate::shop::{ShopClient, WALLET};

/// One till with its connection.
pub(crate) struct Till {
    shop: ShopClient,
    nth: usize,
    line: TillConnection,
    /// The address of its trade.
    trade: String,
}

/// What a till reads of an answer.
#[derive(Deserialize)]
struct TradeState {
    trade_id: String,
    status: Status,
}

impl Till {
    /// The till with this number, with a token of its own.
    pub(crate) async fn new(shop: &ShopClient, nth: usize) -> anyhow::Result<Self> {
        let token = shop.token(&terminal(nth)).await?;
        Ok(Self {
            shop: shop.clone(),
            nth,
            line: TillConnection::new(shop.target(nth), nth, &token)?,
            trade: String::new(),
        })
    }

    /// Begins a sale.
    pub(crate) async fn begin(&mut self) -> Result<(), CallFailure> {
        let random = || hex::encode(rand::rng().random::<[u8; 16]>());
        let new = NewTrade {
            idempotency_key: random(),
            sale: SaleInput {
                reference: random(),
                amount: Some(Money {
                    minor: 1250,
                    currency: "MYR".to_owned(),
                }),
            },
            wallet_id: WALLET.to_owned(),
            mode: CodeMode::ConsumerPresented,
        };
        let new = json!(new);
        let answer = match self.line.post("/v1/trades", &new).await {
            Ok(answer) => answer,
            Err(failure) => {
                self.renew(failure).await?;
                self.line.post("/v1/trades", &new).await?
            }
        };
        let begun = read(&answer.body)?;
        expect(begun.status, Status::AwaitingCode)?;
        self.trade = format!("/v1/trades/{}", begun.trade_id);
        Ok(())
    }

    /// Hands over the customer's code. Returns the payment's state.
    pub(crate) async fn hand_over(&mut self, code: &str) -> Result<Status, CallFailure> {
        let path = format!("{}/code", self.trade);
        let answer = self.line.post(&path, &json!({"code": code})).await?;
        Ok(read(&answer.body)?.status)
    }

    /// Looks at the payment, which must be pending.
    pub(crate) async fn look(&mut self) -> Result<Answer, CallFailure> {
        let answer = match self.line.get(&self.trade).await {
            Ok(answer) => answer,
            Err(failure) => {
                self.renew(failure).await?;
                self.line.get(&self.trade).await?
            }
        };
        expect(read(&answer.body)?.status, Status::Pending)?;
        Ok(answer)
    }

    /// The state of its payment.
    pub(crate) async fn status(&mut self) -> Result<Status, CallFailure> {
        let answer = self.line.get(&self.trade).await?;
        Ok(read(&answer.body)?.status)
    }

    /// Takes a new token if the old one has expired, as a page does. Any other failure stays one.
    async fn renew(&mut self, failure: CallFailure) -> Result<(), CallFailure> {
        if !failure.is_unauthorised() {
            return Err(failure);
        }
        let token = self.shop.token(&terminal(self.nth)).await;
        let token = token.map_err(|_| CallFailure::of("the shop's server was refused"))?;
        self.line
            .bear(&token)
            .map_err(|_| CallFailure::of("no request"))
    }

    /// Another till that looks at the same payment.
    pub(crate) async fn beside(&self, shop: &ShopClient, nth: usize) -> anyhow::Result<Self> {
        let mut other = Self::new(shop, nth).await?;
        other.trade.clone_from(&self.trade);
        Ok(other)
    }
}

fn terminal(nth: usize) -> String {
    format!("till-{nth}")
}

fn read(body: &Bytes) -> Result<TradeState, CallFailure> {
    serde_json::from_slice(body).map_err(|_| CallFailure::of("no trade in the answer"))
}

pub(crate) fn expect(status: Status, expected: Status) -> Result<(), CallFailure> {
    if status == expected {
        return Ok(());
    }
    Err(CallFailure::of(&format!("{status:?}, not {expected:?}")))
}
