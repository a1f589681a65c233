//! The gateway's wallets, and the codes of their customers.

use rand::Rng;
use rand_chacha::ChaCha8Rng;

/// A wallet of the gateway.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wallet {
    pub(crate) id: &'static str,
    pub(crate) name: &'static str,
    /// "T" marks a test wallet.
    pub(crate) active: &'static str,
    /// The prefix of its codes.
    prefix: &'static str,
    /// How many characters follow, and whether they are digits.
    rest: (usize, bool),
    /// Whether its app can scan a till's code.
    pub(crate) scans: bool,
}

pub(crate) const WALLETS: [Wallet; 6] = [
    Wallet {
        id: "21",
        name: "GrabPay",
        active: "Y",
        prefix: "GPC",
        rest: (22, false),
        scans: true,
    },
    Wallet {
        id: "23",
        name: "Touch 'n Go",
        active: "Y",
        prefix: "TNG",
        rest: (22, false),
        scans: true,
    },
    Wallet {
        id: "25",
        name: "Boost",
        active: "Y",
        prefix: "BST",
        rest: (22, false),
        scans: true,
    },
    Wallet {
        id: "31",
        name: "Alipay",
        active: "Y",
        prefix: "28",
        rest: (16, true),
        scans: false,
    },
    Wallet {
        id: "33",
        name: "WeChat Pay",
        active: "Y",
        prefix: "13",
        rest: (16, true),
        scans: true,
    },
    Wallet {
        id: "99",
        name: "Test Wallet",
        active: "T",
        prefix: "TST",
        rest: (22, false),
        scans: true,
    },
];

pub(crate) fn wallet(id: &str) -> Option<&'static Wallet> {
    WALLETS.iter().find(|wallet| wallet.id == id)
}

impl Wallet {
    /// A new code of this wallet.
    pub(crate) fn code(&self, random: &mut ChaCha8Rng) -> String {
        const LETTERS: &[u8] = b"0123456789ABCDEFGHJKLMNPQRSTUVWXYZ";
        let (length, digits) = self.rest;
        let among = if digits { 10 } else { LETTERS.len() };
        let rest = (0..length).map(|_| char::from(LETTERS[random.random_range(0..among)]));
        self.prefix.chars().chain(rest).collect()
    }
}
