//! What does a backend do whose store fails it? Real database, real gateway (the sandbox), real HTTP.
#![allow(clippy::unwrap_used, reason = "a test says where it stopped")]

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use kaunter_backend::{
    Config, GatewayConfig, GatewayKind, Profile, Secret, ServerKey, VoidConfig, Words,
};
use kaunter_core::policy::Policy;
use kaunter_core::wire::{
    CodeMode, MintToken, MintedToken, NewTrade, Problem, ProblemCode, Right, Sale, Sales, TradeView,
};
use serde_json::Value;

const KEY: &str = "sandbox-key-of-more-than-thirty-two-characters";

struct Desk {
    dir: PathBuf,
    sandbox: kaunter_sandbox::Running,
    backend: kaunter_backend::Running,
    http: reqwest::Client,
    token: String,
}

fn loopback() -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, 0))
}

impl Desk {
    async fn open(name: &str) -> Self {
        let dir = std::env::temp_dir().join(format!("kaunter-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&dir).unwrap();
        let sandbox = kaunter_sandbox::serve(kaunter_sandbox::Config {
            listen: loopback(),
            key: KEY.to_owned(),
            secret: KEY.to_owned(),
            merchant: "M".to_owned(),
            password: KEY.to_owned(),
            profile: kaunter_sandbox::Profile::Sandbox,
            is_lean: false,
            seed: 1,
            time_permille: 1000,
            state: None,
            backend: None,
            server_key: None,
            pages: None,
            lan: None,
        })
        .await
        .unwrap();
        let backend = Self::backend(&dir, &sandbox).await;
        let http = reqwest::Client::new();
        let token = Self::token(&http, &backend).await;
        Self {
            dir,
            sandbox,
            backend,
            http,
            token,
        }
    }

    /// The same store under the next start of the backend; `meanwhile` has it to itself.
    async fn restarted(self, meanwhile: impl AsyncFnOnce(&PathBuf)) -> Self {
        self.backend.stop().await;
        meanwhile(&self.dir).await;
        let backend = Self::backend(&self.dir, &self.sandbox).await;
        let token = Self::token(&self.http, &backend).await;
        Self {
            backend,
            token,
            ..self
        }
    }

    async fn backend(
        dir: &std::path::Path,
        sandbox: &kaunter_sandbox::Running,
    ) -> kaunter_backend::Running {
        kaunter_backend::serve(Config {
            listen: loopback(),
            network: kaunter_backend::NetworkConfig::default(),
            database: dir.join("kaunter.db"),
            database_url: None,
            shop: "shop".to_owned(),
            server_keys: vec![ServerKey::all(Secret::new(KEY))],
            signing_key: Secret::new(KEY),
            previous_signing_key: None,
            people: Vec::new(),
            audit_key: None,
            audit_keys_previous: Vec::new(),
            token_life_s: 600,
            origins: vec![],
            local_pages: false,
            sales: Sales::Open,
            test_wallets: true,
            gateway: GatewayConfig {
                kind: GatewayKind::default(),
                base_url: format!("http://{}/version1", sandbox.addr),
                key: Secret::new(KEY),
                secret: Secret::new(KEY),
                merchant: Secret::new("M"),
                password: Secret::new(KEY),
                proxy: None,
                ca_file: None,
                currency: "MYR".to_owned(),
                max_amount_minor: 5_000_000,
                can_cancel: None,
                unpaid_final_after_ms: None,
                void: VoidConfig::default(),
                wallets: std::collections::BTreeMap::new(),
                words: Words::of(Profile::Sandbox),
            },
            policy: Policy::default(),
            time_scale_permille: 1000,
            bounds: kaunter_backend::Bounds::default(),
            day: kaunter_backend::Offset::default(),
            report: kaunter_backend::ReportConfig::default(),
            terminal: None,
        })
        .await
        .unwrap()
    }

    async fn token(http: &reqwest::Client, backend: &kaunter_backend::Running) -> String {
        let minted = http
            .post(format!("http://{}/v1/terminal-tokens", backend.addr))
            .bearer_auth(KEY)
            .json(&MintToken {
                shop: "shop".to_owned(),
                terminal: "till".to_owned(),
                cashier: "c".to_owned(),
                rights: vec![Right::Charge, Right::Cancel],
                max_amount: None,
                sale: None,
            })
            .send()
            .await
            .unwrap();
        let MintedToken { token, .. } = minted.json().await.unwrap();
        token
    }

    async fn post(&self, path: &str, body: &impl serde::Serialize) -> reqwest::Response {
        let address = format!("http://{}{path}", self.backend.addr);
        let call = self.http.post(address).bearer_auth(&self.token).json(body);
        call.send().await.unwrap()
    }

    async fn create(&self, reference: &str) -> reqwest::Response {
        self.create_for(reference, 1250).await
    }

    async fn create_for(&self, reference: &str, minor: u64) -> reqwest::Response {
        let sale = Sale {
            reference: reference.to_owned(),
            amount: kaunter_core::money::Money {
                minor,
                currency: "MYR".to_owned(),
            },
        };
        let new = NewTrade {
            idempotency_key: format!("{:0>32}", reference.len() as u64 * 10_000 + minor),
            sale: sale.into(),
            wallet_id: "23".to_owned(),
            mode: CodeMode::ConsumerPresented,
        };
        self.post("/v1/trades", &new).await
    }

    async fn log_of(&self, call: &str) -> usize {
        let address = format!("http://{}/_sim/log", self.sandbox.addr);
        let log: Vec<Value> = self
            .http
            .get(address)
            .send()
            .await
            .unwrap()
            .json()
            .await
            .unwrap();
        log.iter().filter(|entry| entry["call"] == call).count()
    }

    async fn close(self) {
        self.backend.stop().await;
        self.sandbox.stop().await;
        std::fs::remove_dir_all(self.dir).unwrap();
    }
}

/// Another program holds the database's only pen.
async fn hold(desk: &Desk) -> sqlx::Transaction<'static, sqlx::Sqlite> {
    let file = desk.dir.join("kaunter.db");
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(file);
    let pool = sqlx::SqlitePool::connect_with(options).await.unwrap();
    pool.begin_with("BEGIN IMMEDIATE").await.unwrap()
}

#[tokio::test]
async fn rule_3_a_store_that_does_not_answer_refuses_and_sends_nothing() {
    let desk = Desk::open("refuses").await;
    let trade: TradeView = desk.create("a").await.json().await.unwrap();
    let held = hold(&desk).await;
    let refused = desk.create("bb").await;
    assert_eq!(refused.status(), 503);
    assert!(refused.headers().contains_key("retry-after"));
    let problem: Problem = refused.json().await.unwrap();
    assert_eq!(problem.code, ProblemCode::StoreUnavailable);
    let code = serde_json::json!({ "code": "123456789012345678" });
    let path = format!("/v1/trades/{}/code", trade.trade_id);
    let handed = desk.post(&path, &code).await;
    assert_eq!(handed.status(), 503);
    assert_eq!(
        (desk.log_of("create").await, desk.log_of("pay").await),
        (1, 0),
        "nothing that is not stored is sent"
    );
    held.rollback().await.unwrap();
    assert_eq!(
        desk.post(&path, &code).await.status(),
        200,
        "and it goes on once the store is back"
    );
    desk.close().await;
}

#[tokio::test]
async fn rule_1_no_two_rows_hold_one_sale_whatever_a_process_believes() {
    let desk = Desk::open("index").await;
    let trade: TradeView = desk.create("a").await.json().await.unwrap();
    let mut pen = hold(&desk).await;
    let held = sqlx::query("UPDATE trades SET holds_sale = 1 WHERE trade_id = $1")
        .bind(&trade.trade_id)
        .execute(&mut *pen)
        .await;
    assert_eq!(held.unwrap().rows_affected(), 1);
    let second = sqlx::query("INSERT INTO trades (trade_id, shop, sale_ref, terminal, attempt, idempotency_key, status, is_open, holds_sale, version, created_ms, state, gateway_ref) SELECT 'other', shop, sale_ref, terminal, 2, 'key', status, is_open, 1, version, created_ms, state, '' FROM trades")
        .execute(&mut *pen)
        .await
        .unwrap_err();
    assert!(second.as_database_error().unwrap().is_unique_violation());
    pen.rollback().await.unwrap();
    desk.close().await;
}

/// Back to the tables of the version before, with the rows that are there.
const BEFORE: [&str; 7] = [
    "DROP INDEX trades_gateway_ref",
    "ALTER TABLE trades DROP COLUMN gateway_ref",
    "ALTER TABLE sales DROP COLUMN due_minor",
    "ALTER TABLE sales DROP COLUMN due_currency",
    "ALTER TABLE sales DROP COLUMN due_minted_s",
    "DROP TABLE codes",
    "DELETE FROM _sqlx_migrations WHERE version = 2",
];

#[tokio::test]
async fn a_store_of_the_version_before_opens_and_keeps_its_rules() {
    let desk = Desk::open("before").await;
    let trade: TradeView = desk.create("a").await.json().await.unwrap();
    let id = trade.gateway_ref.clone().unwrap();
    let desk = desk
        .restarted(async |dir| {
            let file = dir.join("kaunter.db");
            let options = sqlx::sqlite::SqliteConnectOptions::new().filename(file);
            let pool = sqlx::SqlitePool::connect_with(options).await.unwrap();
            for statement in BEFORE {
                sqlx::query(statement).execute(&pool).await.unwrap();
            }
            pool.close().await;
        })
        .await;
    let mut pen = hold(&desk).await;
    let filled: (String,) = sqlx::query_as("SELECT gateway_ref FROM trades WHERE trade_id = $1")
        .bind(&trade.trade_id)
        .fetch_one(&mut *pen)
        .await
        .unwrap();
    assert_eq!(filled.0, id, "an old row's id of the gateway is known");
    pen.rollback().await.unwrap();
    let other = desk.create_for("a", 1251).await;
    let problem: Problem = other.json().await.unwrap();
    assert_eq!(
        problem.code,
        ProblemCode::SaleAmountMismatch,
        "an old sale's amount is fixed"
    );
    let path = format!("/v1/trades/{}/code", trade.trade_id);
    let code = serde_json::json!({ "code": "123456789012345678" });
    assert_eq!(
        desk.post(&path, &code).await.status(),
        200,
        "and its trade goes on"
    );
    desk.close().await;
}
