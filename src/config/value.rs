//! The types that a setting can have, read from the text of a flag or variable, or from TOML.

use std::path::PathBuf;
use std::str::FromStr;

/// What a source says, before it is understood.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Raw {
    /// A flag or an environment variable: text of any type.
    Text(String),
    /// A value of the file.
    Toml(toml::Value),
}

impl Raw {
    /// The value as the operator wrote it, on one line.
    pub(super) fn shown(&self) -> String {
        match self {
            Self::Text(text) | Self::Toml(toml::Value::String(text)) => quoted(text),
            Self::Toml(value) => value.to_string(),
        }
    }

    fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Toml(value) => value.as_str(),
        }
    }
}

/// A type of setting.
pub(super) trait Value: Sized {
    /// What is allowed, to be put after "expected".
    const EXPECTED: &'static str;

    /// `None` when the value is not of this type.
    fn read(raw: &Raw) -> Option<Self>;

    /// The value as TOML, secrets hidden.
    fn shown(&self) -> String;
}

impl Value for String {
    const EXPECTED: &'static str = "a text in quotes";

    fn read(raw: &Raw) -> Option<Self> {
        raw.as_text().map(str::to_owned)
    }

    fn shown(&self) -> String {
        quoted(self)
    }
}

impl Value for PathBuf {
    const EXPECTED: &'static str = "a path in quotes";

    fn read(raw: &Raw) -> Option<Self> {
        raw.as_text().filter(|text| !text.is_empty()).map(Self::from)
    }

    fn shown(&self) -> String {
        quoted(&self.to_string_lossy())
    }
}

impl Value for bool {
    const EXPECTED: &'static str = "true or false";

    fn read(raw: &Raw) -> Option<Self> {
        match raw {
            Raw::Text(text) => text.to_ascii_lowercase().parse().ok(),
            Raw::Toml(value) => value.as_bool(),
        }
    }

    fn shown(&self) -> String {
        self.to_string()
    }
}

impl Value for i64 {
    const EXPECTED: &'static str = "a whole number";

    fn read(raw: &Raw) -> Option<Self> {
        match raw {
            Raw::Text(text) => text.trim().parse().ok(),
            Raw::Toml(value) => value.as_integer(),
        }
    }

    fn shown(&self) -> String {
        self.to_string()
    }
}

/// In a flag or variable, the items are parted by commas.
impl Value for Vec<String> {
    const EXPECTED: &'static str = "a list of texts in quotes";

    fn read(raw: &Raw) -> Option<Self> {
        match raw {
            Raw::Text(text) => {
                Some(text.split(',').map(str::trim).filter(|item| !item.is_empty()).map(str::to_owned).collect())
            }
            Raw::Toml(value) => value.as_array()?.iter().map(|item| item.as_str().map(str::to_owned)).collect(),
        }
    }

    fn shown(&self) -> String {
        format!("[{}]", self.iter().map(|item| quoted(item)).collect::<Vec<_>>().join(", "))
    }
}

/// Reads a type that is written as a text.
pub(super) fn parse_text<T: FromStr>(raw: &Raw) -> Option<T> {
    raw.as_text()?.parse().ok()
}

/// `text` as a TOML string on one line, for which the escapes of JSON are good.
pub(super) fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
