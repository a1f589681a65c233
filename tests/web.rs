//! Tests of the modules in a real browser: journal, lock, camera, pictures, types. Without a network and a shop.
#![cfg(target_arch = "wasm32")]
#![allow(clippy::unwrap_used, reason = "a test says where it stopped")]

use futures_util::StreamExt;
use js_sys::{Array, Object, Reflect};
use kaunter::page::camera::{Camera, permission};
use kaunter::page::clock;
use kaunter::page::journal::Journal;
use kaunter::page::lock::{self, LockResult};
use kaunter::page::news::News;
use kaunter::page::random_hex;
use kaunter::page::reader::protocol::{Message, MessageType};
use kaunter::types::camera::{Adjustment, CameraOptions};
use kaunter::types::code::{Point, Reading};
use kaunter::types::given;
use kaunter::types::given::wallet_id;
use kaunter::types::money::money_from_js;
use kaunter::types::options::{ScanOptions, TillOptions};
use kaunter::types::read::from_js;
use kaunter::types::sale::sale_from_js;
use kaunter::types::trade::TradeQuery;
use kaunter::types::verdict::verdict_from_js;
use kaunter_core::error::ErrorCode;
use kaunter_core::money::Money;
use kaunter_core::till::Record;
use kaunter_core::wire::{CodeMode, GatewayAnswer, SaleInput, TradeList};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use wasm_bindgen::prelude::*;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

fn record(key: &str) -> Record {
    Record {
        key: key.to_owned(),
        sale: SaleInput {
            reference: "S-1".to_owned(),
            amount: Some(Money {
                minor: 1250,
                currency: "MYR".to_owned(),
            }),
        },
        wallet_id: "21".to_owned(),
        trade_id: None,
        handed_over: false,
        mode: CodeMode::ConsumerPresented,
    }
}

#[wasm_bindgen_test]
fn a_list_is_asked_for_by_fields_that_can_be() {
    let read = |code: &str| TradeQuery::read(&js_sys::eval(code).unwrap());
    for (query, text) in [
        ("undefined", ""),
        ("({})", ""),
        (
            "({ day: '2026-02-28', limit: 500 })",
            "?day=2026-02-28&limit=500",
        ),
        (
            "({ ref: 'A&b=1 #2', terminal: '' })",
            "?ref=A%26b%3D1%20%232",
        ),
        (
            "({ limit: 1, cursor: '1-2', terminal: 'till 1', day: '2028-02-29' })",
            "?day=2028-02-29&terminal=till%201&cursor=1-2&limit=1",
        ),
    ] {
        assert_eq!(read(query).unwrap().text(), text, "{query}");
    }
    for query in [
        "({ day: '' })",
        "({ day: 'today' })",
        "({ day: '2026-2-28' })",
        "({ day: '2026-02-29' })",
        "({ day: '2026-13-01' })",
        "({ day: '2026-00-10' })",
        "({ day: '2026-02-28T00:00' })",
        "({ day: '+026-02-28' })",
        "({ day: 5 })",
        "({ ref: '' })",
        "({ ref: 'a\\nb' })",
        "({ ref: 'r'.repeat(65) })",
        "({ limit: 0 })",
        "({ limit: 501 })",
        "({ limit: 1.5 })",
        "({ limit: NaN })",
        "({ limit: '5' })",
        "({ cursor: 5 })",
        "'2026-02-28'",
    ] {
        assert!(read(query).is_err(), "{query}");
    }
}

#[wasm_bindgen_test]
async fn the_journal_survives_its_own_reopening_and_keeps_terminals_apart() {
    let scope = random_hex();
    let journal = Journal::open().await.unwrap().of(&scope);
    let mut kept = record(&random_hex());
    journal.put(&kept).await.unwrap();
    kept.trade_id = Some("T".to_owned());
    kept.handed_over = true;
    journal.put(&kept).await.unwrap();
    drop(journal);

    let again = Journal::open().await.unwrap().of(&scope);
    assert_eq!(again.all().await.unwrap(), vec![kept.clone()]);
    let other = Journal::open().await.unwrap().of(&random_hex());
    assert_eq!(
        other.all().await.unwrap(),
        vec![],
        "another terminal's rows are left alone"
    );
    again.forget(&kept.key).await.unwrap();
    assert_eq!(again.all().await.unwrap(), vec![]);
}

#[wasm_bindgen_test]
async fn a_row_of_a_newer_version_is_left_where_it_is() {
    let scope = random_hex();
    let journal = Journal::open().await.unwrap().of(&scope);
    let (old, key) = (record(&random_hex()), random_hex());
    journal.put(&old).await.unwrap();
    js_sys::eval(&format!(
        "globalThis.planted = new Promise((done, failed) => {{
            const open = indexedDB.open('kaunter');
            open.onerror = failed;
            open.onsuccess = () => {{
                const put = open.result.transaction('attempts', 'readwrite').objectStore('attempts').put({{ key: '{key}', scope: '{scope}', record: {{ unknown: 1 }} }});
                put.onerror = failed;
                put.onsuccess = () => {{ open.result.close(); done(); }};
            }};
        }})"
    ))
    .unwrap();
    let planted = Reflect::get(&js_sys::global(), &"planted".into()).unwrap();
    js_sys::futures::JsFuture::from(planted.unchecked_into::<js_sys::Promise>())
        .await
        .unwrap();
    assert_eq!(
        journal.all().await.unwrap(),
        vec![old],
        "what can be read is read"
    );
    let told = [
        journal.unreadable().await.unwrap(),
        journal.unreadable().await.unwrap(),
    ];
    assert_eq!(told, [1, 0], "told once, and never removed");
}

#[wasm_bindgen_test]
async fn one_record_gives_way_to_another_in_one_step() {
    let journal = Journal::open().await.unwrap().of(&random_hex());
    let (own, other) = (record(&random_hex()), record(&random_hex()));
    journal.put(&own).await.unwrap();
    journal.swap(&own.key, &other).await.unwrap();
    assert_eq!(journal.all().await.unwrap(), vec![other.clone()]);
    journal.forget(&other.key).await.unwrap();
}

#[wasm_bindgen_test]
async fn a_lock_that_was_given_back_is_free_at_once() {
    let name = random_hex();
    for _ in 0..20 {
        let LockResult::Acquired(lock) = lock::request(&name).await else {
            panic!("the last owner has said that it is free");
        };
        lock.free().await;
    }
}

#[wasm_bindgen_test]
async fn tabs_tell_each_other_what_is_new_and_nothing_twice() {
    let scope = random_hex();
    let (tell, mut heard) = futures_channel::mpsc::unbounded();
    let (deaf, _) = futures_channel::mpsc::unbounded();
    let (one, other) = (News::join(&scope, deaf), News::join(&scope, tell));
    let told = [
        one.tell("T", 2),
        one.tell("T", 2),
        one.tell("T", 1),
        one.tell("T", 3),
    ];
    assert_eq!(told, [true, false, false, true]);
    let mut words = Vec::new();
    for _ in 0..2 {
        words.push(heard.next().await.unwrap().version);
    }
    assert_eq!(words, [2, 3]);
    assert!(other.is_new("T", 3), "it was told, and has not seen it");
}

#[wasm_bindgen_test]
async fn one_owner_per_sale_until_it_lets_go() {
    let name = random_hex();
    let LockResult::Acquired(first) = lock::request(&name).await else {
        panic!("nobody has it");
    };
    assert!(matches!(lock::request(&name).await, LockResult::Taken));
    assert!(matches!(
        lock::request(&random_hex()).await,
        LockResult::Acquired(_)
    ));
    drop(first);
    // The browser releases the lock in a later task.
    let freed = async {
        loop {
            if let LockResult::Acquired(lock) = lock::request(&name).await {
                return lock;
            }
            clock::sleep(1).await;
        }
    };
    drop(freed.await);
}

#[wasm_bindgen_test]
async fn the_camera_starts_and_lets_go() {
    let camera = Camera::start(&CameraOptions::default(), None)
        .await
        .unwrap();
    assert!(camera.is_live());
    assert!(camera.video().video_width() > 0, "a picture is there");
    assert_eq!(permission().await, "granted");
    let stream: web_sys::MediaStream = camera.video().src_object().unwrap();
    drop(camera);
    let track: web_sys::MediaStreamTrack = stream.get_tracks().get(0).unchecked_into();
    assert_eq!(
        track.ready_state(),
        web_sys::MediaStreamTrackState::Ended,
        "the light is off"
    );
}

#[wasm_bindgen_test]
async fn a_camera_that_is_not_there_falls_back_to_any() {
    let options = CameraOptions {
        device_id: Some("no-such-camera".to_owned()),
        ..CameraOptions::default()
    };
    assert!(Camera::start(&options, None).await.unwrap().is_live());
}

fn object(fields: &[(&str, JsValue)]) -> JsValue {
    let object = Object::new();
    for (name, value) in fields {
        Reflect::set(&object, &(*name).into(), value).unwrap();
    }
    object.into()
}

#[wasm_bindgen_test]
fn amounts_and_sales_are_checked_before_anything_is_sent() {
    let money = |minor: JsValue, currency: &str| {
        money_from_js(&object(&[
            ("minor", minor),
            ("currency", JsValue::from_str(currency)),
        ]))
    };
    assert_eq!(money(1250.into(), "MYR").unwrap().minor, 1250);
    let unsafe_integer = 9_007_199_254_740_993.0;
    for bad in [
        0.into(),
        (-5).into(),
        12.5.into(),
        f64::NAN.into(),
        f64::INFINITY.into(),
        unsafe_integer.into(),
        "1250".into(),
        JsValue::NULL,
    ] {
        assert_eq!(
            money(bad, "MYR").unwrap_err().code,
            ErrorCode::AmountInvalid
        );
    }
    for bad in ["myr", "RM", "MYRR", ""] {
        assert_eq!(
            money(1250.into(), bad).unwrap_err().code,
            ErrorCode::AmountInvalid
        );
    }
    let amount = object(&[("minor", 1250.into()), ("currency", "MYR".into())]);
    let sale = |reference: JsValue| {
        sale_from_js(&object(&[("ref", reference), ("amount", amount.clone())]))
    };
    assert_eq!(sale("S-1".into()).unwrap().reference, "S-1");
    // 64 characters, whatever they are made of.
    assert!(sale("收".repeat(64).into()).is_ok());
    for bad in [
        "".into(),
        "x".repeat(65).into(),
        "a\nb".into(),
        7.into(),
        JsValue::NULL,
    ] {
        assert_eq!(sale(bad).unwrap_err().code, ErrorCode::SaleInvalid);
    }
    let verdict = |outcome: &str, evidence: &str| {
        verdict_from_js(&object(&[
            ("outcome", outcome.into()),
            ("evidence", evidence.into()),
        ]))
    };
    assert!(verdict("paid", "seen in the portal").is_ok());
    assert!(verdict("paid", "  ").is_err());
    assert!(verdict("maybe", "seen").is_err());
}

#[wasm_bindgen_test]
fn options_that_are_absent_are_defaults() {
    let options = ScanOptions::of_charge(&JsValue::UNDEFINED).unwrap();
    assert!(options.signal.is_none() && options.timeout_ms.is_none() && options.wallet.is_none());
    let scan = object(&[("timeoutMs", (-1).into()), ("accept", JsValue::NULL)]);
    let odd = object(&[("walletId", "".into()), ("scan", scan)]);
    let options = ScanOptions::of_charge(&odd).unwrap();
    assert_eq!((options.wallet, options.timeout_ms), (None, Some(0)));
    assert!(options.accept.is_none());
}

#[wasm_bindgen_test]
fn a_limit_of_the_scan_is_none_of_the_payment() {
    let options = ScanOptions::of_charge(&object(&[("timeoutMs", 5.into())])).unwrap();
    assert_eq!(options.timeout_ms, None, "an unknown name is ignored");
    let scan = object(&[("timeoutMs", "5".into())]);
    let fail = ScanOptions::of_charge(&object(&[("scan", scan)])).unwrap_err();
    assert!(fail.detail.unwrap().contains("`scan.timeoutMs`"));
}

#[wasm_bindgen_test]
fn a_wallet_is_chosen_by_its_id_in_any_shape_and_named_by_its_id_only() {
    let wallet = object(&[("walletId", "23".into()), ("name", "Boost".into())]);
    let by_number = object(&[("walletId", 23.into())]);
    for good in ["23".into(), 23.into(), wallet.clone(), by_number] {
        assert_eq!(wallet_id(&good).as_deref(), Some("23"));
    }
    assert_eq!(wallet_id(&(-0.0).into()).as_deref(), Some("0"));
    for bad in [
        2.5.into(),
        f64::NAN.into(),
        f64::INFINITY.into(),
        1e300.into(),
        true.into(),
        object(&[]),
        js_sys::eval("Symbol('23')").unwrap(),
        js_sys::eval("23n").unwrap(),
        js_sys::eval("[23]").unwrap(),
    ] {
        assert_eq!(wallet_id(&bad), None);
    }
    for bad in [23.into(), wallet, true.into()] {
        let fail = ScanOptions::of_charge(&object(&[("walletId", bad)])).unwrap_err();
        assert_eq!(fail.code, ErrorCode::ArgumentInvalid);
        assert!(fail.detail.unwrap().contains("`walletId`"));
    }
}

#[wasm_bindgen_test]
fn only_the_fields_of_an_object_itself_are_read() {
    let heir = js_sys::eval("Object.create({ walletId: '23', scan: { timeoutMs: 1 } })").unwrap();
    let options = ScanOptions::of_charge(&heir).unwrap();
    assert_eq!((options.wallet, options.timeout_ms), (None, None));
    let getter = js_sys::eval("({ get walletId() { throw new Error('no'); } })").unwrap();
    let fail = ScanOptions::of_charge(&getter).unwrap_err();
    assert_eq!(fail.code, ErrorCode::ArgumentInvalid);
    assert!(fail.cause.is_some(), "what the getter threw");
}

#[wasm_bindgen_test]
fn objects_of_the_browser_are_known_and_impostors_are_not() {
    let of = |code: &str| js_sys::eval(code).unwrap();
    for good in ["new AbortController().signal", "AbortSignal.abort()"] {
        let options = object(&[("signal", of(good))]);
        assert!(ScanOptions::read(&options).unwrap().signal.is_some());
    }
    for bad in [
        "({ aborted: false })",
        "new EventTarget()",
        "new Proxy(new AbortController().signal, {})",
        "Object.create(AbortSignal.prototype)",
        "'abort'",
    ] {
        let options = object(&[("signal", of(bad))]);
        assert!(ScanOptions::read(&options).is_err(), "{bad}");
    }
    assert_eq!(
        given::url(&of("new URL('https://pay.example/x')")).as_deref(),
        Some("https://pay.example/x")
    );
    assert_eq!(given::url(&of("({ href: 'https://pay.example' })")), None);
}

#[wasm_bindgen_test]
fn an_address_is_one_that_paths_can_be_put_behind() {
    let open = |backend: JsValue| {
        let get_token = js_sys::eval("(async () => 'T')").unwrap();
        TillOptions::read(&object(&[("backend", backend), ("getToken", get_token)]))
    };
    for (good, kept) in [
        ("https://pay.example", "https://pay.example"),
        ("https://pay.example/", "https://pay.example"),
        ("HTTP://127.0.0.1:8787/pay", "HTTP://127.0.0.1:8787/pay"),
        ("/", ""),
        ("/pay/", "/pay"),
    ] {
        assert_eq!(open(good.into()).unwrap().backend, kept, "{good}");
    }
    for bad in [
        "",
        "pay.example",
        "localhost:8787",
        "ftp://pay.example",
        "https://",
        "https:///pay",
        "https://me:secret@pay.example",
        "https://pay.example/?a=1",
        "https://pay.example/#a",
        "https://pay.example /",
        "javascript:alert(1)",
    ] {
        let fail = open(bad.into()).unwrap_err();
        assert_eq!(fail.code, ErrorCode::ArgumentInvalid, "{bad}");
        assert!(!fail.detail.unwrap().contains("secret"));
    }
    assert!(open(js_sys::eval("({ toString: () => 'https://pay.example' })").unwrap()).is_err());
}

#[wasm_bindgen_test]
fn a_camera_is_told_only_what_it_can_do() {
    let camera = |code: &str| CameraOptions::read(&js_sys::eval(code).unwrap());
    assert_eq!(camera("null").unwrap(), CameraOptions::default());
    assert!(
        camera("({ facing: 'user', region: { x: 0.5 }, mirror: true, idleReleaseMs: Infinity })")
            .is_ok()
    );
    for bad in [
        "5",
        "({ stream: {} })",
        "({ deviceId: 0 })",
        "({ facing: 'up' })",
        "({ region: 1 })",
        "({ region: { x: '0' } })",
        "({ maxScansPerSecond: NaN })",
        "({ mirror: 1 })",
        "({ idleReleaseMs: 5n })",
    ] {
        let fail = camera(bad).unwrap_err();
        assert!(fail.detail.unwrap().contains("`camera"), "{bad}");
    }
    let adjust = |code: &str| Adjustment::read(&js_sys::eval(code).unwrap());
    assert_eq!(adjust("undefined").unwrap(), Adjustment::default());
    assert_eq!(
        adjust("({ torch: true, zoom: 2, focusAt: { x: 1, y: 2 } })").unwrap(),
        Adjustment {
            torch: Some(true),
            zoom: Some(2.0),
            focus_at: Some((1.0, 2.0)),
        }
    );
    for bad in [
        "'on'",
        "({ torch: 'on' })",
        "({ zoom: Infinity })",
        "({ focusAt: [] , zoom: '1' })",
    ] {
        assert!(adjust(bad).is_err(), "{bad}");
    }
}

#[wasm_bindgen_test]
fn the_clock_goes_forwards_only() {
    let before = clock::now_ms();
    assert!(clock::now_ms() >= before);
    assert_ne!(random_hex(), random_hex());
}

/// Both readers read the same of a value, or both refuse it; true if they read it.
fn is_read<T: DeserializeOwned + Serialize>(value: &JsValue, what: &str) -> bool {
    let json = |value: T| serde_json::to_value(value).unwrap();
    let ours = from_js::<T>(value.clone()).ok().map(json);
    let theirs = serde_wasm_bindgen::from_value::<T>(value.clone()).ok();
    assert_eq!(ours, theirs.map(json), "{what}");
    ours.is_some()
}

/// Reads a shape as it is, and with every field, at any depth, missing or of another kind.
fn compare<T: DeserializeOwned + Serialize>(value: &T, name: &str) {
    let json = serde_json::to_string(value).unwrap();
    let variants = js_sys::Function::new_with_args(
        "json",
        r#"
        // Our reader treats an `undefined` field as missing, and the other one as wrong. JSON and rows have none.
        const odd = [null, true, "", "x", -1, 0, 7, 2 ** 53, 1.5, NaN, [], [1], {}, new Date(0), () => {}];
        const variants = [["as it is", JSON.parse(json)], ["with more", { ...JSON.parse(json), more: 1 }]];
        for (const value of odd) variants.push([String(value), value]);
        const paths = (value, path) =>
          value === null || typeof value !== "object"
            ? []
            : Object.keys(value).flatMap((key) => [[...path, key], ...paths(value[key], [...path, key])]);
        for (const path of paths(JSON.parse(json), [])) {
          const at = (change) => {
            const copy = JSON.parse(json);
            const parent = path.slice(0, -1).reduce((value, key) => value[key], copy);
            change(parent, path.at(-1));
            return copy;
          };
          if (Number.isNaN(Number(path.at(-1)))) variants.push([`without ${path}`, at((parent, key) => delete parent[key])]);
          odd.forEach((value, which) => variants.push([`${path}: odd ${which}`, at((parent, key) => { parent[key] = value; })]));
        }
        return variants;"#,
    );
    let variants: Array = variants
        .call1(&JsValue::UNDEFINED, &json.into())
        .unwrap()
        .unchecked_into();
    let mut read = 0;
    for variant in variants.iter() {
        let variant: Array = variant.unchecked_into();
        let what = format!("{name} {}", variant.get(0).as_string().unwrap());
        read += u32::from(is_read::<T>(&variant.get(1), &what));
    }
    assert!(read >= 2, "{name}: as it is, and with more");
    assert!(read < variants.length(), "{name}: some are bad");
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Plain {
    before: Option<u32>,
    name: String,
    after: u32,
    #[serde(default)]
    flag: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct WithAlias {
    #[serde(alias = "old_name")]
    name: String,
    after: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Words {
    #[serde(alias = "one-old")]
    One,
    TwoWords,
}

#[wasm_bindgen_test]
fn our_reader_and_serdes_own_for_javascript_read_the_same() {
    let sale = record("K").sale;
    let facts = kaunter_core::trade::Facts {
        trade_id: "T".to_owned(),
        shop: "shop".to_owned(),
        terminal: "till-1".to_owned(),
        cashier: None,
        attempt: 1,
        sale: sale.known(),
        wallet_id: "21".to_owned(),
        wallet_name: String::new(),
        mode: CodeMode::ConsumerPresented,
    };
    let mut trade = kaunter_core::trade::Trade::new(facts, 0).view(0, |_| "now".to_owned());
    trade.void_refused = Some(GatewayAnswer {
        code: None,
        message: "too late".to_owned(),
    });
    compare(&trade, "trade");
    compare(
        &TradeList {
            next_cursor: None,
            from: Some("now".to_owned()),
            to: None,
            trades: vec![trade],
        },
        "trades",
    );
    compare(&record("K"), "record");
    let corners = [Point { x: 1.0, y: 2.5 }; 4];
    compare(
        &Message {
            word: MessageType::Read,
            scan: Some(1),
            frames: 2,
            took_ms: 3,
            hint: None,
            id: None,
            pause_ms: Some(25.5),
            readings: Some(vec![Reading {
                text: "2".to_owned(),
                bytes: vec![50],
                eci: None,
                corners,
                confirmed: true,
                arrived: false,
            }]),
            message: None,
        },
        "message",
    );
}

#[wasm_bindgen_test]
fn a_struct_is_read_whatever_the_order_of_its_fields() {
    let of = |code: &str| js_sys::eval(code).unwrap();
    for good in [
        "({ name: 'x', after: 1 })",
        "({ after: 1, name: 'x' })",
        "({ after: 1, more: 2, name: 'x', before: null, flag: false })",
    ] {
        let plain: Plain = from_js(of(good)).unwrap();
        assert_eq!((plain.name.as_str(), plain.after), ("x", 1), "{good}");
        is_read::<Plain>(&of(good), good);
    }
    for bad in ["({ after: 1 })", "({ name: 5, after: 1 })"] {
        assert!(!is_read::<Plain>(&of(bad), bad), "{bad}");
    }
}

#[wasm_bindgen_test]
fn a_struct_with_an_alias_is_refused_and_a_variant_may_have_one() {
    let alias = js_sys::eval("({ name: 'x', after: 1 })").unwrap();
    assert!(from_js::<WithAlias>(alias).is_err());
    for (word, known) in [
        ("one", true),
        ("one-old", true),
        ("two_words", true),
        ("two", false),
    ] {
        assert_eq!(is_read::<Words>(&word.into(), word), known, "{word}");
    }
}

#[wasm_bindgen_test]
fn bytes_come_as_an_array_of_bytes_and_only_own_fields_count() {
    let of = |code: &str| js_sys::eval(code).unwrap();
    let bytes: Vec<u8> = from_js(of("new Uint8Array([1, 2, 255])")).unwrap();
    assert_eq!(bytes, [1, 2, 255]);
    assert!(from_js::<Vec<u8>>(of("[256]")).is_err());
    // Here the two readers differ on purpose: ours ignores inherited fields, and treats an undefined field as missing.
    assert!(
        !from_js::<Plain>(of("({ name: 'x', after: 1, flag: undefined })"))
            .unwrap()
            .flag
    );
    assert!(from_js::<Plain>(of("Object.create({ name: 'x', after: 1 })")).is_err());
    let getter = of("({ get name() { throw new Error('no'); }, after: 1 })");
    assert!(from_js::<Plain>(getter).is_err());
}
