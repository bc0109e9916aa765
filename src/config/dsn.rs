//! Which database: a URL, or the `key=value` form that Hockeypuck's files use.

use std::fmt;
use std::path::Path;
use std::str::FromStr;

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use thiserror::Error;

use super::value::{Raw, Value, parse_text, quoted};

/// The address of a database, of PostgreSQL or of an SQLite file. Shown without its password.
#[derive(Clone, PartialEq, Eq)]
pub struct DatabaseUrl(String);

/// The text names no database.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ParseDatabaseUrlError {
    #[error("expected {}", <DatabaseUrl as Value>::EXPECTED)]
    Form,
    #[error("expected a value after {0}= in the database settings")]
    MissingValue(String),
    #[error("sslmode must be one of disable, allow, prefer, require, verify-ca, verify-full")]
    SslMode,
}

impl DatabaseUrl {
    /// The file `hockeypuck.sqlite` in `directory`.
    pub fn sqlite_in(directory: &Path) -> Self {
        let path = directory.join("hockeypuck.sqlite");
        Self(format!("sqlite://{}", utf8_percent_encode(&path.to_string_lossy(), IN_PATH)))
    }

    /// Hockeypuck's database when its file names none: `hockeypuck` on the local socket.
    pub fn local_postgres() -> Self {
        Self("postgres:///hockeypuck?host=%2Fvar%2Frun%2Fpostgresql&port=5432&sslmode=disable".to_owned())
    }

    pub fn is_sqlite(&self) -> bool {
        self.0.starts_with("sqlite:")
    }

    /// The whole URL, password included. For the store only.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl FromStr for DatabaseUrl {
    type Err = ParseDatabaseUrlError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        if ["postgres://", "postgresql://", "sqlite:"].iter().any(|scheme| text.starts_with(scheme)) {
            return Ok(Self(text.to_owned()));
        }
        url_of(&pairs(text)?).map(Self)
    }
}

impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (scheme, rest) = self.0.split_once("://").unwrap_or(("", &self.0));
        if !scheme.is_empty() {
            write!(f, "{scheme}://")?;
        }
        let rest = match user_of(rest) {
            Some((user, rest)) => {
                write!(f, "{user}:{HIDDEN}@")?;
                rest
            }
            None => rest,
        };
        for (index, part) in rest.split_inclusive(['?', '&']).enumerate() {
            let separator = part.strip_suffix('&').map_or("", |_| "&");
            let is_secret = index > 0 && part.to_ascii_lowercase().starts_with("password=");
            if is_secret { write!(f, "password={HIDDEN}{separator}")? } else { f.write_str(part)? }
        }
        Ok(())
    }
}

/// The user, where there is a password, and what follows both. In a password that is not encoded as it should be, `/`,
/// `?` and `#` do not end it here: it must not be shown either.
fn user_of(rest: &str) -> Option<(&str, &str)> {
    let query = rest.find('?').unwrap_or(rest.len());
    let (user, after) = rest.split_once(':')?;
    let port = after.split(['/', '?', ',']).next().unwrap_or_default();
    let is_port = !port.is_empty() && port.chars().all(|c| c.is_ascii_digit());
    let at = rest.get(..query)?.rfind('@').or_else(|| rest.rfind('@').filter(|_| !is_port))?;
    (user.len() < at).then_some(())?;
    Some((user, rest.get(at + 1..)?))
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DatabaseUrl({self})")
    }
}

impl Value for DatabaseUrl {
    const EXPECTED: &'static str = "a database such as \"postgres://user:password@host:5432/name\", \
         \"host=… user=… password=… dbname=…\" or \"sqlite:///path/to/file\"";

    fn read(raw: &Raw) -> Option<Self> {
        parse_text(raw)
    }

    fn shown(&self) -> String {
        quoted(&self.to_string())
    }
}

const HIDDEN: &str = "***";
/// What would end the path of an SQLite URL.
const IN_PATH: &AsciiSet = &CONTROLS.add(b'?').add(b'#').add(b'%');
const SSL_MODES: &[&str] = &["disable", "allow", "prefer", "require", "verify-ca", "verify-full"];
/// Parameters of Hockeypuck's driver that concern the driver alone.
const DRIVER_ONLY: &[&str] = &[
    "binary_parameters",
    "connect_timeout",
    "disable_prepared_binary_result",
    "fallback_application_name",
    "krbspn",
    "krbsrvname",
    "sslinline",
    "sslsni",
];

/// The `key=value` pairs of a connection string. Values may be quoted with `'`; `\` escapes.
fn pairs(text: &str) -> Result<Vec<(String, String)>, ParseDatabaseUrlError> {
    let mut pairs = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let (key, after) = rest.split_once('=').ok_or(ParseDatabaseUrlError::Form)?;
        let key = key.trim();
        if key.is_empty() || !key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '.') {
            return Err(ParseDatabaseUrlError::Form);
        }
        let (value, after) =
            take_value(after.trim_start()).ok_or_else(|| ParseDatabaseUrlError::MissingValue(key.to_owned()))?;
        pairs.push((key.to_owned(), value));
        rest = after.trim_start();
    }
    if pairs.is_empty() { Err(ParseDatabaseUrlError::Form) } else { Ok(pairs) }
}

/// One value and what follows it; `None` when a quote or an escape is not ended.
fn take_value(text: &str) -> Option<(String, &str)> {
    let (text, is_quoted) = text.strip_prefix('\'').map_or((text, false), |text| (text, true));
    let mut value = String::new();
    let mut chars = text.chars();
    loop {
        let rest = chars.as_str();
        match chars.next() {
            Some('\\') => value.push(chars.next()?),
            Some('\'') if is_quoted => return Some((value, chars.as_str())),
            Some(c) if !is_quoted && c.is_whitespace() => return Some((value, rest)),
            Some(c) => value.push(c),
            None if is_quoted => return None,
            None => return Some((value, "")),
        }
    }
}

/// Without `sslmode`, Hockeypuck's driver insists on TLS to other machines.
fn url_of(pairs: &[(String, String)]) -> Result<String, ParseDatabaseUrlError> {
    let mut query = form_urlencoded::Serializer::new(String::new());
    let mut ssl_mode = None;
    let mut is_socket = false;
    for (key, value) in pairs {
        match key.as_str() {
            "sslmode" => ssl_mode = Some(value.as_str()),
            "database" => drop(query.append_pair("dbname", value)),
            "host" => {
                is_socket = value.starts_with('/');
                query.append_pair("host", value);
            }
            "user" | "password" | "port" | "dbname" | "hostaddr" | "sslrootcert" | "sslcert" | "sslkey"
            | "application_name" | "options" => drop(query.append_pair(key, value)),
            key if DRIVER_ONLY.contains(&key) => {}
            key => drop(query.append_pair(&format!("options[{key}]"), value)),
        }
    }
    let ssl_mode = ssl_mode.unwrap_or(if is_socket { "disable" } else { "require" });
    if !SSL_MODES.contains(&ssl_mode) {
        return Err(ParseDatabaseUrlError::SslMode);
    }
    query.append_pair("sslmode", ssl_mode);
    Ok(format!("postgres:///?{}", query.finish()))
}
