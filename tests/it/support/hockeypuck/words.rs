//! The columns by which Hockeypuck finds certificates by their user IDs.

use std::collections::BTreeSet;

use super::Release;

/// From here on words, and all of them together, are too long for the database.
const WORD_OCTETS: usize = 2046;
const ALL_OCTETS: usize = 1 << 20;

/// Whether Hockeypuck keeps the words of these user IDs at all.
pub fn are_kept(user_ids: &[String]) -> bool {
    let words: BTreeSet<String> = user_ids.iter().flat_map(|text| words(text)).collect();
    words.iter().all(|word| word.len() < WORD_OCTETS) && words.iter().map(String::len).sum::<usize>() < ALL_OCTETS
}

/// What is inserted into the column `keywords`: words as they are, or for 2.2 a text that the database takes apart.
pub fn column(release: Release, user_ids: &[String]) -> String {
    if !are_kept(user_ids) {
        return String::new();
    }
    let words: BTreeSet<String> = user_ids.iter().flat_map(|text| words(text)).collect();
    let words = words.iter().filter(|word| !word.is_empty());
    match release {
        Release::V22 => words.cloned().collect::<Vec<_>>().join(" & "),
        Release::V23 | Release::V24 => {
            let quoted = words.map(|word| format!("'{}'", word.replace('\\', "\\\\").replace('\'', "''")));
            quoted.collect::<Vec<_>>().join(" ")
        }
    }
}

/// The address of a user ID, or else all of it.
pub fn identity(user_id: &str) -> String {
    let lower = user_id.to_lowercase();
    match (lower.find('<'), lower.rfind('>')) {
        (Some(start), Some(end)) if end > start => lower[start + 1..end].to_owned(),
        _ => lower,
    }
}

fn words(user_id: &str) -> Vec<String> {
    let lower = user_id.to_lowercase();
    let address = identity(user_id);
    let mut words = vec![lower.clone()];
    words.extend(address.split_once('@').into_iter().flat_map(|(local, domain)| [local.to_owned(), domain.to_owned()]));
    words.push(address);
    let before = lower.split('<').next().unwrap_or_default();
    for field in before.split(|c: char| !(c.is_alphanumeric() || c == '-' || c == '@')) {
        words.push(field.to_owned());
        words.extend(field.split('-').map(str::to_owned));
    }
    words
}
