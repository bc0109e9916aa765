//! What a lookup asks for: a search text, read once into a type.

use thiserror::Error;

use super::fingerprint::strip_hex_prefix;
use super::{Digest, Fingerprint, KeyId};

/// The longest search text that is looked at, in octets.
pub const SEARCH_OCTETS_LIMIT: usize = 2048;
/// The longest e-mail address that is indexed, in octets.
pub const EMAIL_OCTETS_LIMIT: usize = 2045;
/// The longest keyword that is indexed, in octets.
pub const KEYWORD_OCTETS_LIMIT: usize = 255;
/// The most keywords that one user ID is found by, and that one search may name.
pub const KEYWORDS_LIMIT: usize = 64;

/// One question to the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Search {
    /// A primary key or subkey.
    Fingerprint(Fingerprint),
    /// A primary key or subkey; key IDs collide, so all matches are answered.
    KeyId(KeyId),
    /// A whole, lower-cased e-mail address.
    Email(String),
    /// User IDs that have all of these lower-cased words.
    Keywords(Vec<String>),
    /// A digest of any profile.
    Digest(Digest),
}

/// How text that is neither a fingerprint nor a key ID is searched for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextSearch {
    /// Whole e-mail addresses only.
    Exact,
    /// All words of the text, in any order.
    Keywords,
}

/// A search text that nothing can match.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum SearchError {
    #[error("the search text is empty")]
    Empty,
    #[error("the search text is longer than {SEARCH_OCTETS_LIMIT} octets")]
    TooLong,
    #[error("only 16, 32, 40 or 64 hexadecimal digits name a key; short key IDs are not unique and not answered")]
    NotAKeyName,
    #[error("only whole e-mail addresses, fingerprints and key IDs can be searched for")]
    NotExact,
    #[error("the search text has no word that is indexed")]
    NoKeyword,
    #[error("the search text has more than {KEYWORDS_LIMIT} words")]
    TooManyKeywords,
}

impl Search {
    /// Reads a search text as clients write it.
    ///
    /// With `0x` or `0X`, and for bare digits in optional groups of four, 16 digits are a key ID and
    /// 32, 40 or 64 a fingerprint. All other text is searched as `text_search` says.
    pub fn parse(text: &str, text_search: TextSearch) -> Result<Self, SearchError> {
        let text = text.trim();
        if text.is_empty() {
            return Err(SearchError::Empty);
        }
        if text.len() > SEARCH_OCTETS_LIMIT {
            return Err(SearchError::TooLong);
        }
        let digits = strip_hex_prefix(text);
        if digits.len() != text.len() {
            return key_name(digits).ok_or(SearchError::NotAKeyName);
        }
        let ungrouped: String = text.split_ascii_whitespace().collect();
        if let Some(search) = key_name(&ungrouped) {
            return Ok(search);
        }
        match text_search {
            TextSearch::Exact => email_of(text).map(Self::Email).ok_or(SearchError::NotExact),
            TextSearch::Keywords => keyword_search(text),
        }
    }
}

/// The lower-cased address of a user ID or search text: what stands between the first `<` and the
/// last `>`, else the whole text; only with an `@` and of at most [`EMAIL_OCTETS_LIMIT`] octets.
pub fn email_of(user_id: &str) -> Option<String> {
    let email = bracketed(user_id).unwrap_or(user_id).trim().to_lowercase();
    (email.contains('@') && email.len() <= EMAIL_OCTETS_LIMIT).then_some(email)
}

/// The words by which a user ID is found: runs of letters and digits, hyphenated compounds, and of
/// an address the whole, the local part and the domain. Sorted, each once.
pub fn keywords_of(user_id: &str) -> Vec<String> {
    let lower = user_id.to_lowercase();
    let mut words = Vec::new();
    if let Some(email) = email_of(user_id) {
        words.extend(
            email.split_once('@').into_iter().flat_map(|(local, domain)| [local.to_owned(), domain.to_owned()]),
        );
        words.push(email);
    }
    for compound in lower.split(|c: char| !(c.is_alphanumeric() || c == '-')) {
        words.push(compound.trim_matches('-').to_owned());
        words.extend(compound.split('-').map(str::to_owned));
    }
    words.retain(|word| is_keyword(word));
    words.sort_unstable();
    words.dedup();
    words.truncate(KEYWORDS_LIMIT);
    words
}

fn key_name(digits: &str) -> Option<Search> {
    if digits.len() == 16 {
        let mut octets = [0; 8];
        hex::decode_to_slice(digits, &mut octets).ok()?;
        return Some(Search::KeyId(KeyId(octets)));
    }
    let octets = hex::decode(digits).ok()?;
    Fingerprint::from_bytes(&octets).ok().map(Search::Fingerprint)
}

fn keyword_search(text: &str) -> Result<Search, SearchError> {
    let text = bracketed(text).unwrap_or(text).to_lowercase();
    let mut words: Vec<String> = text.split_whitespace().flat_map(search_words).filter(|w| is_keyword(w)).collect();
    words.sort_unstable();
    words.dedup();
    match words.len() {
        0 => Err(SearchError::NoKeyword),
        1..=KEYWORDS_LIMIT => Ok(Search::Keywords(words)),
        _ => Err(SearchError::TooManyKeywords),
    }
}

/// An address or domain is one word; of other text every run of letters, digits and hyphens is one.
fn search_words(term: &str) -> Vec<String> {
    let is_address = term.contains('@') || (term.contains('.') && !term.ends_with('.'));
    if is_address {
        return vec![term.to_owned()];
    }
    term.split(|c: char| !(c.is_alphanumeric() || c == '-')).map(|word| word.trim_matches('-').to_owned()).collect()
}

fn is_keyword(word: &str) -> bool {
    !word.is_empty() && word.len() <= KEYWORD_OCTETS_LIMIT && !(word.len() == 1 && word.is_ascii())
}

fn bracketed(text: &str) -> Option<&str> {
    let start = text.find('<')? + 1;
    let end = text.rfind('>')?;
    text.get(start..end)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every form in which people and programs name a key is understood.
    #[test]
    fn key_names_are_read() {
        let fingerprint = "E2F5C1D3A4B5968778695A4B3C2D1E0F00112233";
        for text in [
            fingerprint.to_owned(),
            format!("0x{fingerprint}"),
            format!("0X{}", fingerprint.to_lowercase()),
            "E2F5 C1D3 A4B5 9687 7869  5A4B 3C2D 1E0F 0011 2233".to_owned(),
        ] {
            let search = Search::parse(&text, TextSearch::Exact).unwrap();
            assert_eq!(search, Search::Fingerprint(fingerprint.parse().unwrap()), "{text}");
        }
        let id = Search::parse("0x3C2D1E0F00112233", TextSearch::Exact).unwrap();
        assert_eq!(id, Search::KeyId(KeyId([0x3c, 0x2d, 0x1e, 0x0f, 0, 0x11, 0x22, 0x33])));
        assert_eq!(Search::parse("0x00112233", TextSearch::Exact), Err(SearchError::NotAKeyName));
        assert_eq!(Search::parse("0x%%%%%%%%%%%%%%%%", TextSearch::Exact), Err(SearchError::NotAKeyName));
        let twice = format!("0x0x{fingerprint}");
        assert_eq!(Search::parse(&twice, TextSearch::Exact), Err(SearchError::NotAKeyName));
    }

    /// An address is found with and without its brackets and its owner's name, in any case.
    #[test]
    fn addresses_are_read() {
        for text in ["Alice@Example.org", "<alice@example.org>", "Alice <alice@EXAMPLE.org>"] {
            let search = Search::parse(text, TextSearch::Exact).unwrap();
            assert_eq!(search, Search::Email("alice@example.org".into()));
        }
        assert_eq!(Search::parse("alice", TextSearch::Exact), Err(SearchError::NotExact));
    }

    /// Each word of a user ID, its address, local part and domain find it.
    #[test]
    fn keywords_meet_user_ids() {
        let indexed = keywords_of("Anne-Marie O'Neil (work) <Anne.Marie@Example.org>");
        for text in
            ["anne", "Anne-Marie", "neil", "O'Neil", "example.org", "anne.marie@example.org", "work marie", "(work)"]
        {
            let Ok(Search::Keywords(words)) = Search::parse(text, TextSearch::Keywords) else { panic!("{text}") };
            assert!(words.iter().all(|w| indexed.contains(w)), "{text}: {words:?} not in {indexed:?}");
        }
    }
}
