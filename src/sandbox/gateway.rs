//! The PayDibs POS API as far as it is known, over real HTTP. Checks headers, token and signature, and refuses what the
//! real gateway would refuse. Play money moves between play wallets.

use std::time::Duration;

use axum::body::Body;
use axum::extract::{Form, Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use futures_util::stream;
use kaunter_core::money::Money;
use md5::{Digest, Md5};
use rand::Rng;
use serde_json::{Value, json};

use crate::display;
use crate::faults::{Call, Fault};
use crate::ledger::{Entry, Place, Trade, World};
use crate::{Profile, Sandbox, server};
use kaunter_model::merchant_code;
use kaunter_model::script::{Customer, Decision, ScriptedEffects, decide};
use kaunter_model::wallets::{WALLETS, Wallet, wallet};

/// The lifetime of a token of the gateway.
const TOKEN_MS: u64 = 30 * 60_000;
/// The phone page counts as open if it polled within this time.
const PHONE_OPEN_MS: u64 = 4_000;

pub(crate) fn routes() -> Router<Sandbox> {
    Router::new().route("/{group}/{call}", post(call))
}

type FormFields = Vec<(String, String)>;

/// Marks an answer that is cut: no gateway sends this.
const LOST: (u32, &str) = (599, "lost");

/// An answer's envelope: 200 and data, or another code and why.
pub(crate) type Envelope = Result<Value, (u32, &'static str)>;

/// `md5(values in order of field name, then time, then secret)`, in lower-case hex.
#[must_use]
pub fn sign(fields: &[(String, String)], secret: &str) -> String {
    let mut sorted: Vec<_> = fields
        .iter()
        .filter(|(name, _)| name != "sign" && name != "time")
        .collect();
    sorted.sort();
    let mut hash = Md5::new();
    for (_, value) in sorted {
        hash.update(value);
    }
    hash.update(field(fields, "time"));
    hash.update(secret);
    hex::encode(hash.finalize())
}

fn field<'a>(fields: &'a [(String, String)], name: &str) -> &'a str {
    let found = fields.iter().find(|(own, _)| own == name);
    found.map_or("", |(_, value)| value.as_str())
}

async fn call(
    State(sandbox): State<Sandbox>,
    Path((group, name)): Path<(String, String)>,
    headers: HeaderMap,
    Form(fields): Form<FormFields>,
) -> Response {
    let call = match (group.as_str(), name.as_str()) {
        ("token", "api-token") => Call::Token,
        ("payment", "integrator-master") => Call::Integrators,
        ("payment", "create-trade") => Call::Create,
        ("payment", "payment") => Call::Pay,
        ("payment", "check-status") => Call::Status,
        ("payment", "cancel-trade") if sandbox.config.profile == Profile::Sandbox => Call::Cancel,
        ("payment", "process-void") => Call::Void,
        _ => return StatusCode::NOT_FOUND.into_response(),
    };
    let fault = note(&sandbox, call, &fields).await;
    if let Some(response) = before(&sandbox, fault).await {
        return response;
    }
    let answer = {
        let mut world = sandbox.world.lock().await;
        let now_ms = sandbox.now_ms();
        world.settle(now_ms);
        let answer = serve(&sandbox, &mut world, call, &headers, &fields, fault);
        world.save();
        answer
    };
    after(answer, fault).await
}

/// Records the request, and takes its fault from the script.
async fn note(sandbox: &Sandbox, call: Call, fields: &FormFields) -> Option<Fault> {
    let mut world = sandbox.world.lock().await;
    let gateway_ref = field(fields, "trans_id");
    let trade_id = match call {
        Call::Create => Some(field(fields, "trx_id").to_owned()),
        Call::Token | Call::Integrators | Call::Pay | Call::Status | Call::Cancel | Call::Void => {
            world.trade(gateway_ref).map(|trade| trade.trade_id.clone())
        }
    };
    let now_ms = sandbox.now_ms();
    let mut fault = world
        .script
        .take(call, trade_id.as_deref(), |ms| sandbox.scaled(ms));
    if fault.is_none() && now_ms < world.down_until_ms {
        fault = Some(Fault::Status(503));
    }
    world.log.add(Entry {
        at_ms: now_ms,
        call,
        trade_id,
        fault,
        code: (call == Call::Pay).then(|| field(fields, "user_qr_code").to_owned()),
    });
    fault
}

/// Faults before the effect.
async fn before(sandbox: &Sandbox, fault: Option<Fault>) -> Option<Response> {
    match fault? {
        Fault::HangMs(ms) => {
            tokio::time::sleep(Duration::from_millis(ms)).await;
            None
        }
        Fault::Reset => Some(server::broken()),
        Fault::Status(status) => {
            let status = StatusCode::from_u16(status).unwrap_or(StatusCode::SERVICE_UNAVAILABLE);
            Some((status, "<html>down</html>").into_response())
        }
        Fault::TokenExpired => {
            sandbox.world.lock().await.tokens.clear();
            Some(envelope(&Err((401, "token expired"))))
        }
        Fault::Cut
        | Fault::ResetAfter
        | Fault::HangAfterMs(_)
        | Fault::Html
        | Fault::Garbage
        | Fault::Truncated
        | Fault::DuplicateKeys
        | Fault::WrongAmount
        | Fault::WrongId
        | Fault::SuccessWithoutS
        | Fault::UnknownStatus
        | Fault::SlowBytes
        | Fault::PendingMs(_)
        | Fault::LateSuccessMs(_)
        | Fault::NotFoundFirst(_)
        | Fault::Contradict
        | Fault::CancelRefunds
        | Fault::VoidFails
        | Fault::VoidUnknownMs(_)
        | Fault::Random(_) => None,
    }
}

fn envelope(answer: &Envelope) -> Response {
    Json(body(answer)).into_response()
}

fn body(answer: &Envelope) -> Value {
    match answer {
        Ok(data) => json!({"code": 200, "msg": "OK", "data": data}),
        Err((code, msg)) => json!({"code": code, "msg": msg, "data": {"msg": msg}}),
    }
}

/// Faults after the effect.
async fn after(answer: Envelope, fault: Option<Fault>) -> Response {
    if answer == Err(LOST) {
        return server::cut(
            &body(&Ok(json!({"status": 200, "user_order_status": "S"}))).to_string(),
        );
    }
    let Some(fault) = fault else {
        return envelope(&answer);
    };
    let mut value = body(&answer);
    let text = value.to_string();
    let data = &mut value["data"];
    match fault {
        Fault::Cut => return server::cut(&text),
        Fault::ResetAfter => return server::broken(),
        Fault::HangAfterMs(ms) => tokio::time::sleep(Duration::from_millis(ms)).await,
        Fault::Html => {
            return ([(header::CONTENT_TYPE, "text/html")], "<html>OK</html>").into_response();
        }
        Fault::Garbage => return "\u{0}\u{1}{{{{200 S".into_response(),
        Fault::Truncated => return text[..text.len() / 2].to_owned().into_response(),
        Fault::DuplicateKeys => {
            let twice = text.replacen('{', r#"{"code":500,"data":{"status":0},"#, 1);
            return ([(header::CONTENT_TYPE, "application/json")], twice).into_response();
        }
        Fault::WrongAmount => data["amount"] = json!("0.01"),
        Fault::WrongId => data["trans_id"] = json!("20000101000000000000"),
        Fault::SuccessWithoutS => {
            if let Some(fields) = data.as_object_mut() {
                fields.remove("user_order_status");
            }
        }
        Fault::UnknownStatus => {
            data["pay_status"] = json!("Q");
            data["user_order_status"] = json!("Q");
        }
        Fault::SlowBytes => return slow_answer(&text),
        Fault::HangMs(_)
        | Fault::Reset
        | Fault::Status(_)
        | Fault::TokenExpired
        | Fault::PendingMs(_)
        | Fault::LateSuccessMs(_)
        | Fault::NotFoundFirst(_)
        | Fault::Contradict
        | Fault::CancelRefunds
        | Fault::VoidFails
        | Fault::VoidUnknownMs(_)
        | Fault::Random(_) => {}
    }
    Json(value).into_response()
}

fn slow_answer(text: &str) -> Response {
    let bytes: Vec<u8> = text.bytes().collect();
    let drops = stream::unfold(bytes.into_iter(), async |mut bytes| {
        tokio::time::sleep(Duration::from_millis(20)).await;
        let drop = bytes.next()?;
        Some((Ok::<_, std::io::Error>(vec![drop]), bytes))
    });
    let json = [(header::CONTENT_TYPE, "application/json")];
    (json, Body::from_stream(drops)).into_response()
}

fn serve(
    sandbox: &Sandbox,
    world: &mut World,
    call: Call,
    headers: &HeaderMap,
    fields: &FormFields,
    fault: Option<Fault>,
) -> Envelope {
    let config = &sandbox.config;
    let now_ms = sandbox.now_ms();
    let header = |name| headers.get(name).and_then(|value| value.to_str().ok());
    if header("Key") != Some(config.key.as_str()) {
        return Err((403, "wrong key"));
    }
    if sign(fields, &config.secret) != field(fields, "sign") {
        return Err((403, "wrong sign"));
    }
    if call == Call::Token {
        return token(sandbox, world, fields, now_ms);
    }
    let known = header("Auth-Token").and_then(|token| world.tokens.get(token));
    if known.is_none_or(|ends_ms| now_ms >= *ends_ms) {
        return Err((401, "unauthorised"));
    }
    match call {
        Call::Token | Call::Integrators => integrators(sandbox, fields),
        Call::Create => create(sandbox, world, fields),
        Call::Pay => pay(sandbox, world, fields, fault, now_ms),
        Call::Status => status(sandbox, world, fields, fault, now_ms),
        Call::Cancel => cancel(world, fields, fault, now_ms),
        Call::Void => void(sandbox, world, fields, fault, now_ms),
    }
}

fn token(sandbox: &Sandbox, world: &mut World, fields: &FormFields, now_ms: u64) -> Envelope {
    let config = &sandbox.config;
    let password = hex::encode(Md5::digest(&config.password));
    if field(fields, "login_id") != config.merchant || field(fields, "login_password") != password {
        return Err((400, "wrong login"));
    }
    let token = hex::encode(world.random.random::<[u8; 16]>());
    world.tokens.insert(token.clone(), now_ms + TOKEN_MS);
    Ok(json!({"status": 1, "Auth_Token": token}))
}

/// Who shows the code, in the gateway's words.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Presenter {
    Customer,
    Till,
}

fn presenter(sandbox: &Sandbox, fields: &FormFields) -> Option<Presenter> {
    match (field(fields, "pay_type"), sandbox.config.profile) {
        ("MSU", _) => Some(Presenter::Customer),
        (display::PAY_TYPE, Profile::Sandbox) => Some(Presenter::Till),
        (_, _) => None,
    }
}

fn integrators(sandbox: &Sandbox, fields: &FormFields) -> Envelope {
    let presenter = presenter(sandbox, fields).ok_or((400, "unknown pay_type"))?;
    let able = |wallet: &&Wallet| presenter == Presenter::Customer || wallet.scans;
    let list = WALLETS.iter().filter(able).map(|wallet| {
        json!({
            "id": wallet.id,
            "integrator_name": wallet.name,
            "integrator_logo_link": "",
            "active": wallet.active,
        })
    });
    Ok(Value::Array(list.collect()))
}

fn create(sandbox: &Sandbox, world: &mut World, fields: &FormFields) -> Envelope {
    let trade_id = field(fields, "trx_id");
    let plain = |char: char| char.is_ascii_alphanumeric() || char == '-';
    if trade_id.is_empty() || trade_id.len() > 20 || !trade_id.chars().all(plain) {
        return Err((400, "bad trx_id"));
    }
    if world.trades.has_id(trade_id) {
        return Err((409, "duplicate trx_id"));
    }
    let wallet_id = field(fields, "integrator_id");
    let wallet = wallet(wallet_id).ok_or((400, "unknown integrator"))?;
    let Some(amount) = amount(fields) else {
        return Err((400, "bad amount"));
    };
    let presenter = presenter(sandbox, fields).ok_or((400, "unknown pay_type"))?;
    if presenter == Presenter::Till && !wallet.scans {
        return Err((400, "this wallet's app scans no code"));
    }
    let gateway_ref = world.new_trans_id();
    let payload =
        (presenter == Presenter::Till).then(|| merchant_code::payload(&gateway_ref, amount));
    let mut trade = Trade {
        trade_id: trade_id.to_owned(),
        gateway_ref: gateway_ref.clone(),
        wallet_id: wallet_id.to_owned(),
        amount,
        charged: 0,
        refunded: 0,
        calls: crate::ledger::Calls::default(),
        events: vec!["created".to_owned()],
        place: Place::Created,
        payload: payload.clone(),
        plan: crate::ledger::TradePlan::default(),
    };
    trade.calls.create = 1;
    world.trades.push(trade);
    Ok(match payload {
        Some(text) => json!({"trans_id": gateway_ref, display::FIELD: text}),
        None => json!({"trans_id": gateway_ref}),
    })
}

/// Ringgit as text with exactly two decimals, more than nothing.
fn amount(fields: &FormFields) -> Option<u64> {
    let text = field(fields, "amount");
    let (_, sen) = text.split_once('.')?;
    let money = Money::parse(text, "MYR").ok().filter(|_| sen.len() == 2)?;
    (money.minor > 0).then_some(money.minor)
}

fn pay(
    sandbox: &Sandbox,
    world: &mut World,
    fields: &FormFields,
    fault: Option<Fault>,
    now_ms: u64,
) -> Envelope {
    let gateway_ref = field(fields, "trans_id");
    let Some(trade) = world.trade(gateway_ref) else {
        return Err((404, "no such trade"));
    };
    trade.calls.pay += 1;
    if amount(fields) != Some(trade.amount) || field(fields, "integrator_id") != trade.wallet_id {
        return Err((400, "the payment is not the trade's"));
    }
    let wallet_id = trade.wallet_id.clone();
    let text = field(fields, "user_qr_code");
    let Some(code) = world.codes.get_mut(text) else {
        return refuse(world, gateway_ref, 4002, "code unknown or expired", now_ms);
    };
    if code.used {
        return refuse(world, gateway_ref, 4003, "code used", now_ms);
    }
    if code.wallet_id != wallet_id {
        return refuse(world, gateway_ref, 4005, "a code of another wallet", now_ms);
    }
    if now_ms >= code.ends_at_ms {
        return refuse(world, gateway_ref, 4002, "code expired", now_ms);
    }
    code.used = true;
    let payer = Payer {
        customer: code.customer,
        balance: code.balance,
        code: text.to_owned(),
    };
    let (answered, effects) = customer_pays(sandbox, world, gateway_ref, payer, fault, now_ms);
    if effects.answer_lost {
        // The money is taken, and no answer is sent.
        return Err(LOST);
    }
    answered
}

/// The customer and the wallet.
pub(crate) struct Payer {
    pub(crate) customer: Customer,
    pub(crate) balance: u64,
    /// The code that connected the two.
    pub(crate) code: String,
}

/// The result of a payment by the customer, the script and the amount.
pub(crate) fn customer_pays(
    sandbox: &Sandbox,
    world: &mut World,
    gateway_ref: &str,
    payer: Payer,
    fault: Option<Fault>,
    now_ms: u64,
) -> (Envelope, ScriptedEffects) {
    let Payer {
        customer,
        balance,
        code,
    } = payer;
    let none = ScriptedEffects::default();
    let seen = world.phone_seen_ms;
    let open = seen.is_some_and(|seen_ms| now_ms < seen_ms + PHONE_OPEN_MS);
    let Some(trade) = world.trade(gateway_ref) else {
        return (Err((404, "no such trade")), none);
    };
    if matches!(trade.place, Place::Closed | Place::Failed | Place::Voided) {
        return (Err((409, "the trade is closed")), none);
    }
    if balance < trade.amount {
        let refused = refuse(world, gateway_ref, 4001, "insufficient funds", now_ms);
        return (refused, none);
    }
    let (mut decision, effects) = decide(customer, trade.amount, now_ms, open, |ms| {
        sandbox.scaled(ms)
    });
    if let Some(Fault::PendingMs(ms)) = fault {
        decision = Decision::Wait {
            answer: Some((now_ms + ms, true)),
            asks_phone: false,
        };
    }
    trade.plan.code = Some(code);
    trade.plan.void_fails = effects.void_fails;
    trade.plan.late_success_ms = effects.late_success_ms;
    trade.plan.contradict |= fault == Some(Fault::Contradict);
    if let Some(Fault::LateSuccessMs(ms)) = fault {
        trade.plan.late_success_ms = Some(ms);
        decision = Decision::Wait {
            answer: Some((now_ms, false)),
            asks_phone: false,
        };
    }
    if let Some(Fault::NotFoundFirst(times)) = fault {
        trade.plan.not_found = times;
    }
    let answered = carry_out(trade, decision, now_ms);
    if effects.down_ms > 0 {
        world.down_until_ms = now_ms + effects.down_ms;
    }
    (answered, effects)
}

fn carry_out(trade: &mut Trade, decision: Decision, now_ms: u64) -> Envelope {
    let gateway_ref = trade.gateway_ref.clone();
    match decision {
        Decision::Charge => {
            trade.charge("at once");
            Ok(json!({"status": 200, "user_order_status": "S", "trans_id": gateway_ref}))
        }
        Decision::Wait { answer, asks_phone } => {
            trade.place = Place::Pending;
            trade.events.push("waits for the customer".to_owned());
            trade.plan.answers_at_ms = answer;
            trade.plan.asks_phone = asks_phone;
            Ok(json!({"status": 200, "trans_id": gateway_ref}))
        }
        Decision::Refuse { code, message, .. } => {
            trade.fail(message, now_ms);
            Err((code, message))
        }
    }
}

fn refuse(
    world: &mut World,
    gateway_ref: &str,
    code: u32,
    why: &'static str,
    now_ms: u64,
) -> Envelope {
    let trade = world.trade(gateway_ref);
    if let Some(trade) = trade.filter(|trade| trade.place == Place::Created) {
        trade.fail(why, now_ms);
    }
    Err((code, why))
}

fn status(
    sandbox: &Sandbox,
    world: &mut World,
    fields: &FormFields,
    fault: Option<Fault>,
    now_ms: u64,
) -> Envelope {
    let profile = sandbox.config.profile;
    let Some(trade) = world.trade(field(fields, "trans_id")) else {
        return Err((404, "record not found"));
    };
    trade.calls.status += 1;
    if let Some(Fault::NotFoundFirst(times)) = fault {
        trade.plan.not_found = times;
    }
    if trade.plan.not_found > 0 {
        trade.plan.not_found -= 1;
        return Err((404, "record not found"));
    }
    let void_shows = trade.plan.void_shows_at_ms.is_none_or(|at| now_ms >= at);
    let word = match (trade.place, profile) {
        (Place::Paid, _) if trade.plan.contradict => {
            trade.plan.contradict = false;
            "P"
        }
        (Place::Paid, _) => "D",
        (Place::Voided, Profile::Sandbox) if void_shows => "V",
        (Place::Voided, Profile::Sandbox) => "D",
        (Place::Pending, Profile::Sandbox) => "P",
        (Place::Failed, Profile::Sandbox) => "F",
        (Place::Closed, Profile::Sandbox) => "X",
        (Place::Created, _) | (_, Profile::Documented) => "N",
    };
    Ok(json!({"pay_status": word}))
}

fn cancel(world: &mut World, fields: &FormFields, fault: Option<Fault>, now_ms: u64) -> Envelope {
    let Some(trade) = world.trade(field(fields, "trans_id")) else {
        return Err((404, "record not found"));
    };
    trade.calls.cancel += 1;
    let cancel_status = match trade.place {
        Place::Created | Place::Pending | Place::Failed => {
            trade.close("cancelled by the merchant", now_ms);
            "C"
        }
        Place::Closed => "C",
        Place::Paid if fault == Some(Fault::CancelRefunds) => {
            trade.refund("cancelled by the merchant");
            "R"
        }
        Place::Paid => "L",
        Place::Voided => "R",
    };
    Ok(json!({"cancel_status": cancel_status}))
}

fn void(
    sandbox: &Sandbox,
    world: &mut World,
    fields: &FormFields,
    fault: Option<Fault>,
    now_ms: u64,
) -> Envelope {
    let pin = hex::encode(Md5::digest(&sandbox.config.password));
    let number: u32 = world.random.random_range(100_000_000..1_000_000_000);
    let Some(trade) = world.trade(field(fields, "trans_id")) else {
        return Ok(json!({"status": 3}));
    };
    trade.calls.void += 1;
    if field(fields, "void_pin") != pin {
        return Ok(json!({"status": 6}));
    }
    if trade.plan.void_fails > 0 || fault == Some(Fault::VoidFails) {
        trade.plan.void_fails = trade.plan.void_fails.saturating_sub(1);
        trade.events.push("a void failed".to_owned());
        return Ok(json!({"status": 7}));
    }
    match trade.place {
        Place::Paid => trade.refund("void"),
        Place::Created | Place::Pending | Place::Failed | Place::Closed | Place::Voided => {
            return Ok(json!({"status": 7}));
        }
    }
    if let Some(Fault::VoidUnknownMs(ms)) = fault {
        trade.plan.void_shows_at_ms = Some(now_ms + ms);
        return Ok(json!({"status": 8}));
    }
    Ok(json!({"status": 1, "transaction_id": format!("V{number}")}))
}
