//! The gateway's wallets, and the codes of their customers.

/// A wallet of the gateway.
#[derive(Clone, Copy, Debug)]
pub struct Wallet {
    /// The gateway's id of it.
    pub id: &'static str,
    /// Its name.
    pub name: &'static str,
    /// "T" marks a test wallet.
    pub active: &'static str,
    /// The prefix of its codes.
    prefix: &'static str,
    /// How many characters follow, and whether they are digits.
    rest: (usize, bool),
    /// Whether its app can scan a till's code.
    pub scans: bool,
}

/// The wallets of the play gateway.
pub const WALLETS: [Wallet; 6] = [
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

/// The wallet with this id.
#[must_use]
pub fn wallet(id: &str) -> Option<&'static Wallet> {
    WALLETS.iter().find(|wallet| wallet.id == id)
}

impl Wallet {
    /// Whether it is a test wallet.
    #[must_use]
    pub fn is_test(&self) -> bool {
        self.active == "T"
    }

    /// A new code of this wallet. `draw` gives a random number below its argument.
    pub fn code(&self, mut draw: impl FnMut(usize) -> usize) -> String {
        const LETTERS: &[u8] = b"0123456789ABCDEFGHJKLMNPQRSTUVWXYZ";
        let (length, digits) = self.rest;
        let among = if digits { 10 } else { LETTERS.len() };
        let rest = (0..length).map(|_| char::from(LETTERS[draw(among)]));
        self.prefix.chars().chain(rest).collect()
    }
}
