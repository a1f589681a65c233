//! Does the module keep its promises in a real browser? Journal, lock, camera, pictures, types: no network, no shop.
#![cfg(target_arch = "wasm32")]
#![allow(clippy::unwrap_used, reason = "a test says where it stopped")]

use futures_util::StreamExt;
use js_sys::{Object, Reflect};
use kaunter::page::camera::{Camera, permission};
use kaunter::page::clock;
use kaunter::page::day::Day;
use kaunter::page::journal::Journal;
use kaunter::page::lock::{self, Asked};
use kaunter::page::news::News;
use kaunter::page::random_hex;
use kaunter::types::options::{CameraWish, ChargeOptions, ReadWish, ScanWish};
use kaunter::types::sale::{money_from_js, sale_from_js, verdict_from_js};
use kaunter_core::error::ErrorCode;
use kaunter_core::money::Money;
use kaunter_core::till::Record;
use kaunter_core::wire::{Presented, Sale};
use wasm_bindgen::prelude::*;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

fn record(key: &str) -> Record {
    Record {
        key: key.to_owned(),
        sale: Sale {
            reference: "S-1".to_owned(),
            amount: Money {
                minor: 1250,
                currency: "MYR".to_owned(),
            },
        },
        wallet: "21".to_owned(),
        trx_id: None,
        handed_over: false,
        presented: Presented::Consumer,
    }
}

#[wasm_bindgen_test]
fn a_day_is_the_devices_own_and_no_other_text_is_one() {
    let day = Day::read(Some("2026-02-28")).unwrap();
    let local = |text: &str| {
        let at = js_sys::Date::new(&text.into());
        String::from(at.to_iso_string())
    };
    for (time, holds) in [
        ("2026-02-27T23:59:59.999", false),
        ("2026-02-28T00:00:00", true),
        ("2026-02-28T23:59:59.999", true),
        ("2026-03-01T00:00:00", false),
    ] {
        assert_eq!(day.holds(&local(time)), holds, "{time}");
    }
    // Whatever the zone: every hour of the day is in a day that the backend is asked for.
    for hour in 0..24 {
        let time = local(&format!("2026-02-28T{hour:02}:30:00"));
        let utc = time.split('T').next().unwrap().to_owned();
        assert!(day.utc_days().contains(&utc), "{time}");
    }
    assert!(day.utc_days().len() <= 2);
    assert!(
        Day::read(None)
            .unwrap()
            .holds(&String::from(js_sys::Date::new_0().to_iso_string()))
    );
    for wrong in [
        "",
        "today",
        "2026-2-28",
        "2026-02-29",
        "2026-13-01",
        "2026-00-10",
        "2026-02-28T00:00",
        "0026-02-28",
        "+026-02-28",
    ] {
        assert_eq!(Day::read(Some(wrong)), None, "{wrong}");
    }
}

#[wasm_bindgen_test]
async fn the_journal_survives_its_own_reopening_and_keeps_terminals_apart() {
    let scope = random_hex();
    let journal = Journal::open(&scope).await.unwrap();
    let mut kept = record(&random_hex());
    journal.put(&kept).await.unwrap();
    kept.trx_id = Some("T".to_owned());
    kept.handed_over = true;
    journal.put(&kept).await.unwrap();
    drop(journal);

    let again = Journal::open(&scope).await.unwrap();
    assert_eq!(again.all().await.unwrap(), vec![kept.clone()]);
    let other = Journal::open(&random_hex()).await.unwrap();
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
    let journal = Journal::open(&scope).await.unwrap();
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
    let journal = Journal::open(&random_hex()).await.unwrap();
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
        let Asked::Ours(lock) = lock::ask(&name).await else {
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
    let Asked::Ours(first) = lock::ask(&name).await else {
        panic!("nobody has it");
    };
    assert!(matches!(lock::ask(&name).await, Asked::Taken));
    assert!(matches!(lock::ask(&random_hex()).await, Asked::Ours(_)));
    drop(first);
    // The browser frees it in a task of its own.
    let freed = async {
        loop {
            if let Asked::Ours(lock) = lock::ask(&name).await {
                return lock;
            }
            clock::sleep(1).await;
        }
    };
    drop(freed.await);
}

#[wasm_bindgen_test]
async fn the_camera_starts_and_lets_go() {
    let camera = Camera::start(&CameraWish::default(), None).await.unwrap();
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
    let wish = CameraWish {
        device_id: Some("no-such-camera".to_owned()),
        ..CameraWish::default()
    };
    assert!(Camera::start(&wish, None).await.unwrap().is_live());
}

#[wasm_bindgen_test]
async fn a_still_picture_is_read_and_rubbish_is_refused() {
    // A code, drawn as an SVG picture that the browser itself rasterises.
    let rows = QR.lines().map(str::trim).filter(|row| !row.is_empty());
    let squares: String = rows
        .enumerate()
        .flat_map(|(y, row)| {
            row.bytes()
                .enumerate()
                .filter(|(_, dark)| *dark == b'#')
                .map(move |(x, _)| {
                    format!(
                        "<rect x='{}' y='{}' width='1.02' height='1.02'/>",
                        x + 4,
                        y + 4
                    )
                })
                .collect::<Vec<_>>()
        })
        .collect();
    let svg = format!(
        "<svg xmlns='http://www.w3.org/2000/svg' width='290' height='290' viewBox='0 0 29 29'><rect width='29' height='29' fill='#fff'/>{squares}</svg>"
    );
    let canvas = js_sys::Function::new_with_args(
        "svg",
        "return (async () => { const image = new Image(); image.src = 'data:image/svg+xml,' + encodeURIComponent(svg); await image.decode(); return createImageBitmap(image); })()",
    );
    let bitmap = js_sys::futures::JsFuture::from(
        canvas
            .call1(&JsValue::UNDEFINED, &svg.into())
            .unwrap()
            .unchecked_into::<js_sys::Promise>(),
    )
    .await
    .unwrap();
    let wish = ReadWish {
        max: 1,
        still: true,
    };
    let codes = kaunter::page::still::decode(&bitmap.unchecked_into(), wish)
        .await
        .unwrap();
    assert_eq!(codes[0].text, "KAUNTER");

    let rubbish = web_sys::Blob::new().unwrap();
    let fail = kaunter::page::still::decode(&JsValue::from(rubbish).unchecked_into(), wish)
        .await
        .unwrap_err();
    assert_eq!(fail.code, ErrorCode::ImageUnsupported);
}

/// "KAUNTER" as a version 1 code.
const QR: &str = include_str!("corpus/kaunter.txt");

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
        assert_eq!(money(bad, "MYR").unwrap_err().code, ErrorCode::MoneyInvalid);
    }
    for bad in ["myr", "RM", "MYRR", ""] {
        assert_eq!(
            money(1250.into(), bad).unwrap_err().code,
            ErrorCode::MoneyInvalid
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
fn options_that_are_absent_or_odd_are_defaults() {
    let wish = ScanWish::from(None::<ChargeOptions>);
    assert!(wish.signal.is_none() && wish.timeout_ms.is_none() && wish.wallet.is_none());
    let odd = object(&[("wallet", "".into()), ("timeoutMs", (-1).into())]);
    let wish = ScanWish::from(Some(odd.unchecked_into::<ChargeOptions>()));
    assert_eq!((wish.wallet, wish.timeout_ms), (None, Some(0)));
}

#[wasm_bindgen_test]
fn the_clock_goes_forwards_only() {
    let before = clock::now_ms();
    assert!(clock::now_ms() >= before);
    assert_ne!(random_hex(), random_hex());
}
