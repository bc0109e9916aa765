//! What the charm `hockeypuck-k8s` sets in the environment, for servers without a file, or with one that leaves it out.
//!
//! A file is stronger: for Hockeypuck, the file alone decides what these variables mean. `APP_SECRET_KEY` and
//! `APP_PEER_FQDNS` mean nothing here: units of one database find each other there.

mod database;

use super::reader::{Key, Reader};
use super::{Origin, Severity};

/// Variables and the settings that they are.
const TEXTS: [(&str, Key); 5] = [
    ("APP_BASE_URL", Key::new("hostname")),
    ("APP_CONTACT_FINGERPRINT", Key::new("contact")),
    ("APP_ADMIN_KEYS", Key::new("adminKeys")),
    ("APP_BLOCKLIST_FINGERPRINTS", Key::new("openpgp.blacklist")),
    ("APP_METRICS_PATH", Key::new("metrics.metricsPath")),
];

/// Ports on all interfaces.
const PORTS: [(&str, Key); 2] =
    [("APP_PORT", Key::new("hkp.bind")), ("APP_METRICS_PORT", Key::new("metrics.metricsAddr"))];

/// Tells the reader what the charm wants where no other source says anything.
pub(super) fn suggest(reader: &mut Reader<'_>) {
    for (variable, key) in TEXTS {
        if let Some(text) = reader.variable(variable) {
            reader.suggest(&key, text.to_owned(), origin(variable));
        }
    }
    for (variable, key) in PORTS {
        suggest_port(reader, variable, &key);
    }
    database::suggest(reader);
}

fn suggest_port(reader: &mut Reader<'_>, variable: &str, key: &Key) {
    // Kubernetes sets the same name to the URL of a service that is called `app`.
    let Some(text) = reader.variable(variable).filter(|text| !text.starts_with("tcp://")) else { return };
    match text.trim().parse::<u16>() {
        Ok(port) => reader.suggest(key, format!(":{port}"), origin(variable)),
        Err(_) => reader.complain(Severity::Error, &origin(variable), &format!("{text:?}: expected a port")),
    }
}

fn origin(variable: &str) -> Origin {
    Origin::Environment(variable.to_owned())
}
