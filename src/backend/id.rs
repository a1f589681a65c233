//! Ids that can not be guessed.

/// The letters of an id: no two of them look alike.
const LETTERS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// The length of an id.
const CHARS: usize = 20;

/// True if a text can be an id. It asks for less than [`random`] gives: ids of earlier versions had a hyphen.
pub(crate) fn is_id(text: &str) -> bool {
    (1..=CHARS).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

/// An id of 20 characters: `first`, and 95 random bits.
///
/// # Errors
/// The system has no randomness.
pub(crate) fn random(first: char) -> Result<String, getrandom::Error> {
    let mut bytes = [0; 19];
    getrandom::fill(&mut bytes)?;
    let rest = bytes
        .iter()
        .map(|byte| char::from(LETTERS[usize::from(byte % 32)]));
    Ok(std::iter::once(first).chain(rest).collect())
}
