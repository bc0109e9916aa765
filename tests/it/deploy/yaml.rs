//! Reading the YAML files.

use yaml_rust2::{Yaml, YamlLoader};

use crate::support::staging::text;

/// The one document of a file of this repository.
pub(super) fn document(path: &str) -> Yaml {
    let mut documents = YamlLoader::load_from_str(&text(path)).unwrap_or_else(|error| panic!("{path}: {error}"));
    assert_eq!(documents.len(), 1, "{path}");
    documents.remove(0)
}

/// The keys of a table.
pub(super) fn keys(table: &Yaml) -> Vec<&str> {
    let entries = table.as_hash().unwrap_or_else(|| panic!("no table: {table:?}"));
    entries.keys().map(|key| key.as_str().unwrap()).collect()
}

/// The items of a list of texts.
pub(super) fn texts(list: &Yaml) -> Vec<&str> {
    let items = list.as_vec().unwrap_or_else(|| panic!("no list: {list:?}"));
    items.iter().map(|item| item.as_str().unwrap_or_else(|| panic!("no text: {item:?}"))).collect()
}
