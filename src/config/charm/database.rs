//! The database that the charm's relation names: a URL, or its parts.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::super::reader::Reader;
use super::super::store::DSN;
use super::origin;

const CONNECT_STRING: &str = "POSTGRESQL_DB_CONNECT_STRING";
const HOST: &str = "POSTGRESQL_DB_HOSTNAME";

/// The parts are cut out of the URL as they are, so that what is encoded there is encoded in them, too, and is decoded
/// once, with the URL. What cannot stand in a URL is encoded here; `%` of a part is one of the URL's.
const IN_PART: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'%').remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'!').remove(b'*');

pub(super) fn suggest(reader: &mut Reader<'_>) {
    if let Some(url) = reader.variable(CONNECT_STRING) {
        reader.suggest(&DSN, url.to_owned(), origin(CONNECT_STRING));
    } else if let Some(url) = of_parts(reader) {
        reader.suggest(&DSN, url, origin(HOST));
    }
}

fn of_parts(reader: &Reader<'_>) -> Option<String> {
    let part = |name: &str| reader.variable(&format!("POSTGRESQL_DB_{name}"));
    let encoded = |name: &str| part(name).map(|text| utf8_percent_encode(text, IN_PART).to_string());
    let mut url = "postgresql://".to_owned();
    let host = part("HOSTNAME")?;
    if let Some(user) = encoded("USERNAME") {
        url += &user;
        if let Some(password) = encoded("PASSWORD") {
            url = url + ":" + &password;
        }
        url.push('@');
    }
    let is_address = host.contains(':') && !host.starts_with('[');
    url += &if is_address { format!("[{host}]") } else { host.to_owned() };
    if let Some(port) = part("PORT") {
        url = url + ":" + port;
    }
    if let Some(name) = encoded("NAME") {
        url = url + "/" + &name;
    }
    if let Some(query) = part("QUERY") {
        url = url + "?" + query;
    }
    Some(url)
}
