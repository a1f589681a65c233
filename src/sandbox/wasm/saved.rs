//! What survives a reload, as one text: the trades as the backend stores them, the gateway's accounts, the registered
//! sales, the devices, and the generator's state.

use kaunter_core::money::Money;
use kaunter_core::policy::Ms;
use kaunter_core::terminal::ActingDevice;
use kaunter_core::trade::Event;
use kaunter_core::wire::Metadata;
use kaunter_model::devices::Devices;
use kaunter_model::store::{Row, Store};
use serde::{Deserialize, Serialize};

use crate::counter::{Counter, MAX_ROWS};
use crate::dice::Dice;
use crate::faults::Faults;
use crate::gateway::{Gateway, GatewayTrade};
use crate::settings::{SHOP, Settings};

/// The version of the text. A text of another version is not read.
const VERSION: u32 = 1;

/// A text is no state of this version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unreadable;

impl std::fmt::Display for Unreadable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("this text is no state of this version's sandbox: reset it")
    }
}

impl std::error::Error for Unreadable {}

#[derive(Serialize, Deserialize)]
struct Saved {
    version: u32,
    now: Ms,
    /// As text: JavaScript's numbers have 53 bits.
    dice: String,
    rows: Vec<Row>,
    trades: Vec<GatewayTrade>,
    down_until_ms: Ms,
    faults: Faults,
    registered: Vec<(String, Money)>,
    metadata: Vec<(String, Metadata)>,
    devices: Vec<(String, String, Ms)>,
    generations: Vec<(String, u64)>,
}

impl Counter {
    /// The text of everything that must survive a reload.
    #[must_use]
    pub fn state(&self) -> String {
        let registered = self.store.registered();
        let devices = self.devices.acting_devices();
        let saved = Saved {
            version: VERSION,
            now: self.now,
            dice: self.dice.0.to_string(),
            rows: self.store.rows().to_vec(),
            trades: self.gateway.trades.clone(),
            down_until_ms: self.gateway.down_until_ms,
            faults: self.gateway.faults.clone(),
            registered: registered
                .map(|(_, reference, amount)| (reference.to_owned(), amount.clone()))
                .collect(),
            metadata: self.metadata.clone(),
            devices: devices
                .map(|(name, acting)| (name.to_owned(), acting.device.clone(), acting.heard_ms))
                .collect(),
            generations: self.generations.clone(),
        };
        serde_json::to_string(&saved).expect("the state's types are JSON")
    }

    /// A counter that goes on from a state. As after a start of the backend, each trade that has not ended asks the
    /// gateway, and nothing is sent again.
    ///
    /// # Errors
    /// The text is no state of this version.
    pub fn restore(settings: Settings, text: &str) -> Result<Self, Unreadable> {
        let saved: Saved = serde_json::from_str(text).map_err(|_| Unreadable)?;
        let rows = saved.rows.len();
        if saved.version != VERSION || rows != saved.trades.len() || rows > MAX_ROWS {
            return Err(Unreadable);
        }
        let mut counter = Self {
            now: saved.now,
            dice: Dice(saved.dice.parse().map_err(|_| Unreadable)?),
            store: Store::restored(
                MAX_ROWS,
                saved.rows,
                saved
                    .registered
                    .into_iter()
                    .map(|(reference, amount)| (SHOP.to_owned(), reference, amount)),
            ),
            wakes: vec![None; rows],
            gateway: Gateway {
                planned: Vec::new(),
                trades: saved.trades,
                down_until_ms: saved.down_until_ms,
                faults: saved.faults,
                approval: settings.approval,
            },
            devices: saved
                .devices
                .into_iter()
                .map(|(name, device, heard_ms)| (name, ActingDevice { device, heard_ms }))
                .collect::<Devices>(),
            metadata: saved.metadata,
            generations: saved.generations,
            ..Self::new(settings)
        };
        for row in 0..rows {
            // Never refused.
            let _ = counter.apply(row, Event::Restarted);
        }
        Ok(counter)
    }
}
