//! The rules of the keys with which a shop's servers call the backend. They are pure: the backend compares the keys.

use serde::{Deserialize, Serialize};

/// What a server key may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyRight {
    /// Mint terminal tokens.
    Mint,
    /// Read trades and sales.
    Read,
    /// Every call of a server.
    All,
}

impl KeyRight {
    /// The right's word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Mint => "mint",
            Self::Read => "read",
            Self::All => "all",
        }
    }

    /// Whether a key with these rights may make a call that needs this one.
    #[must_use]
    pub fn is_granted_by(self, rights: &[Self]) -> bool {
        rights.contains(&Self::All) || rights.contains(&self)
    }
}

/// The fewest characters of a key.
pub const MIN_KEY_CHARS: usize = 32;
/// The fewest different characters of a key. Of ten million random keys of 32 hex digits, one has fewer.
pub const MIN_KEY_VARIETY: usize = 8;

/// What a key lacks that can be guessed; `None` if it is good.
#[must_use]
pub fn weakness(key: &str) -> Option<&'static str> {
    let mut chars: Vec<char> = key.chars().collect();
    if chars.len() < MIN_KEY_CHARS {
        return Some("32 characters");
    }
    chars.sort_unstable();
    chars.dedup();
    (chars.len() < MIN_KEY_VARIETY).then_some("8 different characters")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rule_19_a_server_key_does_what_its_rights_say() {
        use KeyRight::{All, Mint, Read};

        for (rights, granted) in [
            (&[][..], &[][..]),
            (&[Mint], &[Mint]),
            (&[Read], &[Read]),
            (&[Mint, Read], &[Mint, Read]),
            (&[All], &[Mint, Read, All]),
        ] {
            for right in [Mint, Read, All] {
                let is_granted = right.is_granted_by(rights);
                assert_eq!(
                    is_granted,
                    granted.contains(&right),
                    "{rights:?}: {right:?}"
                );
            }
        }
    }

    #[test]
    fn a_key_that_can_be_guessed_is_weak() {
        for (key, lacks) in [
            ("short".to_owned(), Some("32 characters")),
            ("a".repeat(40), Some("8 different characters")),
            ("abcdefg".repeat(5), Some("8 different characters")),
            ("abcdefgh".repeat(4), None),
        ] {
            assert_eq!(weakness(&key), lacks, "{key}");
        }
    }
}
