//! The other forms in which gossip is configured, and what the protocol leaves no choice of.

use super::super::reader::{Key, Reader};
use super::super::{Origin, PeerAddress, Severity};
use super::{HTTP_PORT, partner};

/// Lines of an address, its HTTP port and its recon port.
const EXTERNAL_PEERS: &str = "APP_EXTERNAL_PEERS";
const RECON_VERSION: &str = "1.1.6";

/// Values that both sides of a session must agree on.
pub(super) fn check_fixed(reader: &mut Reader<'_>) {
    for (key, only) in [(Key::new("conflux.recon.mBar"), 5), (Key::new("conflux.recon.bitQuantum"), 2)] {
        let check = |value: &i64| match value {
            value if *value == only => Ok(()),
            _ => Err(format!("{only}, on which all keyservers agree")),
        };
        reader.other_form(&key, check);
    }
    let check = |value: &String| match value.as_str() {
        "" | RECON_VERSION => Ok(()),
        _ => Err(format!("\"{RECON_VERSION}\", on which all keyservers agree")),
    };
    reader.other_form(&Key::new("conflux.recon.version"), check);
    for key in [Key::new("conflux.recon.httpNet"), Key::new("conflux.recon.reconNet")] {
        check_network(reader, &key);
    }
}

/// Peers are reached over TCP.
pub(super) fn check_network(reader: &mut Reader<'_>, key: &Key) {
    let check = |value: &String| match value.as_str() {
        "" | "tcp" => Ok(()),
        _ => Err("\"tcp\"".to_owned()),
    };
    reader.other_form(key, check);
}

/// Tells the reader what the other forms mean.
pub(super) fn imply(reader: &mut Reader<'_>) {
    imply_port(reader, &Key::new("conflux.recon.httpPort"), &Key::new("conflux.recon.httpAddr"));
    imply_port(reader, &Key::new("conflux.recon.reconPort"), &Key::new("conflux.recon.reconAddr"));
    imply_partners(reader);
    imply_external_peers(reader);
}

fn imply_port(reader: &mut Reader<'_>, port: &Key, address: &Key) {
    let check = |port: &i64| match port {
        0..=65_535 => Ok(()),
        _ => Err("a port".to_owned()),
    };
    if let Some((port, origin)) = reader.other_form(port, check).filter(|(port, _)| *port != 0) {
        reader.imply(address, format!(":{port}"), origin);
    }
}

/// The old form names recon addresses only, and replaces the tables of partners.
fn imply_partners(reader: &mut Reader<'_>) {
    let check = |items: &Vec<String>| match items.iter().find(|item| item.parse::<PeerAddress>().is_err()) {
        None => Ok(()),
        Some(_) => Err("recon addresses such as \"keys.example.org:11370\"".to_owned()),
    };
    let Some((items, origin)) = reader.other_form(&Key::new("conflux.recon.partners"), check) else { return };
    if items.is_empty() {
        return;
    }
    for (key, origin) in reader.forget("conflux.recon.partner") {
        let text = format!("{key} has no effect: the list conflux.recon.partners replaces it");
        reader.complain(Severity::Warning, &origin, &text);
    }
    for recon in items.iter().filter_map(|item| item.parse::<PeerAddress>().ok()) {
        let http = PeerAddress { host: recon.host.clone(), port: HTTP_PORT };
        imply_partner(reader, &recon.host, (&http, &recon), &origin);
    }
}

/// One whose recon address stands in the file already is the same.
fn imply_external_peers(reader: &mut Reader<'_>) {
    let Some(text) = reader.variables().find(|(name, _)| *name == EXTERNAL_PEERS).map(|(_, text)| text) else { return };
    let origin = Origin::Environment(EXTERNAL_PEERS.to_owned());
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    for (index, line) in lines.enumerate() {
        match external_peer(line) {
            Some((_, recon)) if reader.file_has("conflux.recon.partner", ".reconaddr", &recon.to_string()) => {}
            Some((http, recon)) => imply_partner(reader, &format!("peer{index}"), (&http, &recon), &origin),
            None => {
                let text = format!(
                    "{line:?}: expected an address, its HTTP port and its recon port, such as \"192.0.2.1,11371,11370\""
                );
                reader.complain(Severity::Error, &origin, &text);
            }
        }
    }
}

fn external_peer(line: &str) -> Option<(PeerAddress, PeerAddress)> {
    let mut parts = line.split(',').map(str::trim);
    let (host, http, recon) = (parts.next()?, parts.next()?, parts.next()?);
    let bracketed = if host.contains(':') && !host.starts_with('[') { format!("[{host}]") } else { host.to_owned() };
    let address = |port: &str| format!("{bracketed}:{port}").parse().ok();
    parts.next().is_none().then_some(())?;
    Some((address(http)?, address(recon)?))
}

fn imply_partner(reader: &mut Reader<'_>, name: &str, (http, recon): (&PeerAddress, &PeerAddress), origin: &Origin) {
    reader.imply(&partner::key(name, "httpAddr"), http.to_string(), origin.clone());
    reader.imply(&partner::key(name, "reconAddr"), recon.to_string(), origin.clone());
}
