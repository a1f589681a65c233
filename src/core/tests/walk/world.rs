//! One world: the counter, the backend's rows, the gateway, and the messages between them.

mod actions;
mod backend;
mod effects;
mod judge;
mod kinds;
mod page;

use kaunter_core::money::Money;
use kaunter_core::policy::Ms;
use kaunter_core::till::{self, Charge};
use kaunter_core::trade::{Event, GatewayRequest, GatewayStatus, Move};
use kaunter_model::devices::Devices;
use kaunter_model::gateway::{self, Account};
use kaunter_model::store::Store;

pub(crate) use actions::Action;
pub(crate) use kinds::Kind;
use page::{Call, Page};

const MAX_TRADES: usize = 2;
/// The only shop.
const SHOP: &str = "shop";

/// A message. It may arrive in any order, late, or not at all.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Message {
    /// Page to backend.
    Call(usize, Call),
    /// Backend to page.
    Reply(usize, Box<till::ChargeEvent>),
    /// Backend to gateway.
    Request(usize, GatewayRequest),
    /// Gateway to backend.
    Answer(usize, Event),
}

/// What the gateway and the customers know about a row's trade.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Outside {
    account: Account,
    /// Our code was on a display. From then on, anybody may have it.
    shown: bool,
    /// The page that began the trade.
    page: usize,
    /// The version of the row since which a correction waits for an answer to a newer query.
    corrected: Option<u64>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct World {
    kind: Kind,
    now: Ms,
    faults: u8,
    requests: u8,
    lates: u8,
    /// How often the shop's server still changes the registered amount.
    amount_changes: u8,
    give_ups: u8,
    pages: Vec<Page>,
    store: Store,
    /// For each row of the store.
    outside: Vec<Outside>,
    /// The store refused a second holder of the sale.
    second_holder: bool,
    /// The devices of one name; `None` if each page has a name of its own.
    devices: Option<Devices>,
    /// A device changed a trade of another device that was there.
    meddled: bool,
    /// A person's correction has freed the sale without a fresh answer of the gateway.
    freed_unasked: bool,
    /// Messages on their way. They arrive before time passes.
    messages: Vec<Message>,
    /// Delayed messages.
    late: Vec<Message>,
    /// Drained into the walk. It is not part of the world.
    moves: Vec<Move>,
}

/// The same answer about another amount, if it is about a payment and has no amount yet.
fn twisted(event: &Event) -> Option<Event> {
    if let Event::Status(_, answer) = event
        && matches!(
            answer.status,
            GatewayStatus::Unclear | GatewayStatus::Unpaid
        )
    {
        return None;
    }
    let mut event = event.clone();
    let carried = gateway::carried(&mut event).filter(|carried| carried.amount.is_none())?;
    carried.amount = Some(Money {
        minor: 1,
        currency: "MYR".to_owned(),
    });
    Some(event)
}

impl World {
    pub(crate) fn new(kind: Kind) -> Self {
        let mut world = Self {
            kind,
            now: 0,
            faults: kind.faults,
            requests: kind.requests,
            lates: kind.lates,
            amount_changes: u8::from(kind.registered),
            give_ups: kind.give_ups,
            pages: Vec::new(),
            store: Store::new(MAX_TRADES),
            outside: Vec::new(),
            second_holder: false,
            devices: kind.one_name.then(Devices::default),
            meddled: false,
            freed_unasked: false,
            messages: Vec::new(),
            late: Vec::new(),
            moves: Vec::new(),
        };
        if kind.registered {
            world.register();
        }
        world.start_page();
        world
    }

    pub(crate) fn kind(&self) -> Kind {
        self.kind
    }

    /// The state of everything, in one line.
    pub(crate) fn sketch(&self) -> String {
        let rows = self.store.rows().iter().zip(&self.outside);
        let rows = rows.map(|(row, outside)| {
            let (state, version) = (row.trade.state(), row.trade.version());
            format!("{state:?} v{version} ({:?})", outside.account.stage)
        });
        let pages = self.pages.iter().map(|page| {
            let phase = page.charge.as_ref().map(Charge::phase);
            format!("{phase:?}")
        });
        let all: Vec<String> = rows.chain(pages).collect();
        format!("{} ms, {}", self.now, all.join(", "))
    }

    pub(crate) fn drain_moves(&mut self) -> Vec<Move> {
        std::mem::take(&mut self.moves)
    }
}
