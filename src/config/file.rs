//! The configuration file: Hockeypuck's TOML, a template over the environment, keys in any case, with the line of each
//! value as the operator wrote it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::template::{self, Rendered};
use super::value::Raw;

/// The largest file that is read, in octets.
const FILE_OCTETS_LIMIT: u64 = 1 << 20;
/// The table that holds all settings.
const ROOT: &str = "hockeypuck";

/// The values of a file by their lower-cased path below `[hockeypuck]`.
#[derive(Debug, Default)]
pub(super) struct File {
    pub path: PathBuf,
    pub values: BTreeMap<String, FileValue>,
    /// Lines, and sentences about keys there that stand outside `[hockeypuck]` or twice, and about variables that are
    /// not set.
    pub stray: Vec<(usize, String)>,
}

#[derive(Debug)]
pub(super) struct FileValue {
    /// The key as the file spells it.
    pub key: String,
    /// From 1.
    pub line: usize,
    pub raw: Raw,
    /// Whether the value was made of a variable that nobody may see.
    pub is_secret: bool,
}

impl File {
    /// Reads a file with the values of `environment` in it; the error is one sentence that names it.
    pub(super) fn read(path: &Path, environment: &BTreeMap<String, String>) -> Result<Self, String> {
        let shown = path.display();
        let size = std::fs::metadata(path).map_err(|error| format!("{shown} cannot be read: {error}"))?.len();
        if size > FILE_OCTETS_LIMIT {
            return Err(format!("{shown} is larger than {FILE_OCTETS_LIMIT} octets"));
        }
        let source = std::fs::read_to_string(path).map_err(|error| format!("{shown} cannot be read: {error}"))?;
        let rendered = template::render(&source, environment).map_err(|error| format!("{shown}:{error}"))?;
        Self::parse(path, &rendered)
    }

    fn parse(path: &Path, rendered: &Rendered) -> Result<Self, String> {
        let document = DeTable::parse(&rendered.text).map_err(|error| {
            let line = rendered.line_of(error.span().map_or(0, |span| span.start));
            let unset = rendered.unset.iter().filter(|unset| unset.line == line);
            let unset: String = unset.map(|unset| format!("; the variable {} is not set", unset.name)).collect();
            format!("{}:{line}: {}{unset}", path.display(), error.message().replace('\n', ", "))
        })?;
        let mut file = Self { path: path.to_owned(), ..Self::default() };
        for template::Unset { line, name } in &rendered.unset {
            let text = format!("{}:{line}: the variable {name} is not set, and is taken for empty", path.display());
            file.stray.push((*line, text));
        }
        for (key, value) in document.get_ref() {
            match value.get_ref().as_table().filter(|_| key.get_ref().eq_ignore_ascii_case(ROOT)) {
                Some(table) => file.collect(rendered, "", table),
                None => {
                    let line = rendered.line_of(key.span().start);
                    let key = key.get_ref();
                    let place = format!("{}:{line}", path.display());
                    file.stray.push((line, format!("{place}: {key} is unknown: all settings stand below [{ROOT}]")));
                }
            }
        }
        Ok(file)
    }

    fn collect(&mut self, rendered: &Rendered, prefix: &str, table: &DeTable<'_>) {
        let mut entries: Vec<_> = table.iter().collect();
        entries.sort_by_key(|(key, _)| key.span().start);
        for (key, value) in entries {
            let line = rendered.line_of(key.span().start);
            let key = join(prefix, key.get_ref());
            if let Some(inner) = value.get_ref().as_table() {
                self.collect(rendered, &key, inner);
                continue;
            }
            let is_secret = rendered.holds_secret(&value.span());
            let value = FileValue { line, raw: Raw::Toml(plain(value)), is_secret, key };
            if let Some(first) = self.values.get(&value.key.to_lowercase()) {
                let (path, key, first) = (self.path.display(), &value.key, first.line);
                self.stray.push((line, format!("{path}:{line}: {key} stands in line {first} already, which counts")));
                continue;
            }
            self.values.insert(value.key.to_lowercase(), value);
        }
    }
}

fn join(prefix: &str, key: &str) -> String {
    if prefix.is_empty() { key.to_owned() } else { format!("{prefix}.{key}") }
}

/// The value without its position. A number that fits no machine type stays text, which no setting takes for one.
fn plain(value: &Spanned<DeValue<'_>>) -> toml::Value {
    match value.get_ref() {
        DeValue::String(text) => toml::Value::String(text.clone().into_owned()),
        DeValue::Boolean(value) => toml::Value::Boolean(*value),
        DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix())
            .map_or_else(|_| toml::Value::String(number.to_string()), toml::Value::Integer),
        DeValue::Float(number) => {
            number.as_str().parse().map_or_else(|_| toml::Value::String(number.as_str().to_owned()), toml::Value::Float)
        }
        DeValue::Datetime(time) => toml::Value::Datetime(*time),
        DeValue::Array(items) => toml::Value::Array(items.iter().map(plain).collect()),
        DeValue::Table(table) => toml::Value::Table(
            table.iter().map(|(key, value)| (key.get_ref().clone().into_owned(), plain(value))).collect(),
        ),
    }
}
