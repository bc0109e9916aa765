//! Sentences that a peer wrote.

use std::fmt;

use super::limits::TEXT_CHARACTERS;

/// A sentence of a peer, fit for a log: cut to 300 characters, without control characters.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Text(String);

impl Text {
    /// The sentence in `octets`, whatever they are.
    pub fn of_octets(octets: &[u8]) -> Self {
        // No character takes more than four octets, so that cutting first loses nothing that would be kept.
        let head = octets.get(..TEXT_CHARACTERS * 4).unwrap_or(octets);
        Self::new(&String::from_utf8_lossy(head))
    }

    /// The sentence, cut and cleaned.
    pub fn new(text: &str) -> Self {
        let kept = text.chars().take(TEXT_CHARACTERS);
        Self(kept.map(|character| if character.is_control() { ' ' } else { character }).collect())
    }

    /// The sentence.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
