//! `hockeypuck lookup`

use std::collections::BTreeMap;
use std::fmt;
use std::io::{self, Write};

use clap::{Args, ValueEnum};
use prometheus::Registry;
use serde::Serialize;

use super::options::StoreOptions;
use super::{Ending, block_on, output};
use crate::app;
use crate::cert::armor::encode::encode;
use crate::config::Config;
use crate::domain::search::{SearchError, TextSearch};
use crate::domain::summary::KeySummary;
use crate::domain::time::day;
use crate::domain::{Profile, Search, Summary};
use crate::http;
use crate::keyring::Keyring;
use crate::storage::StoredCertificate;

#[derive(Debug, Args)]
pub(super) struct Options {
    /// A fingerprint, key ID, digest, e-mail address, or words of a user ID
    #[arg(value_name = "SEARCH")]
    search: String,
    /// The armored certificates, or a list of them
    #[arg(long, value_enum, default_value_t = Operation::Get)]
    op: Operation,
    /// Certificates one JSON object a line, the list as the server's JSON index
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    store: StoreOptions,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Operation {
    Get,
    Index,
}

pub(super) fn run(options: &Options, environment: BTreeMap<String, String>) -> anyhow::Result<Ending> {
    let config = options.store.configure(environment)?;
    let searches = match searches(&options.search) {
        Ok(searches) => searches,
        Err(error) => {
            output::complain(&error.to_string());
            return Ok(Ending::Usage);
        }
    };
    block_on(lookup(&config, &searches, options))?
}

/// What the text can mean, the most exact first; at least one.
fn searches(text: &str) -> Result<Vec<Search>, SearchError> {
    let exact = Search::parse(text, TextSearch::Exact).ok();
    // 32 digits may be a digest as well as a fingerprint.
    let digest = text.trim().parse().map(Search::Digest).ok();
    let mut searches: Vec<Search> = exact.into_iter().chain(digest).collect();
    match Search::parse(text, TextSearch::Keywords) {
        Err(error) if searches.is_empty() => return Err(error),
        Ok(search) if !searches.contains(&search) => searches.push(search),
        Ok(_) | Err(_) => {}
    }
    Ok(searches)
}

async fn lookup(config: &Config, searches: &[Search], options: &Options) -> anyhow::Result<Ending> {
    let keyring = app::open_existing_keyring(config, &Registry::new()).await?;
    let mut is_found = false;
    for search in searches {
        is_found = match options.op {
            Operation::Get => get(&keyring, search, options.json).await?,
            Operation::Index => index(&keyring, search, options.json).await?,
        };
        if is_found {
            break;
        }
    }
    keyring.store().close().await;
    if is_found {
        return Ok(Ending::Done);
    }
    output::complain(&format!("no certificate in {} matches {:?}", config.store.url, options.search));
    Ok(Ending::No)
}

/// Prints what matches, if anything does.
async fn get(keyring: &Keyring, search: &Search, is_json: bool) -> anyhow::Result<bool> {
    let found = keyring.certificates(search).await?;
    if is_json {
        for certificate in &found {
            output::say(serde_json::to_string(&Armored::of(certificate))?)?;
        }
    } else if !found.is_empty() {
        let packets: Vec<_> = found.iter().map(|certificate| &certificate.packets).collect();
        io::stdout().lock().write_all(&encode(&[], &packets))?;
    }
    Ok(!found.is_empty())
}

#[derive(Serialize)]
struct Armored {
    fingerprint: String,
    version: u8,
    digests: BTreeMap<&'static str, Option<String>>,
    armored: String,
}

impl Armored {
    fn of(certificate: &StoredCertificate) -> Self {
        let digest = |profile| certificate.digests.of(profile).map(|digest| digest.to_string());
        Self {
            fingerprint: certificate.fingerprint.to_string(),
            version: certificate.fingerprint.version(),
            digests: Profile::ALL.into_iter().map(|profile| (profile.as_str(), digest(profile))).collect(),
            armored: String::from_utf8_lossy(&encode(&[], &[&certificate.packets])).into_owned(),
        }
    }
}

async fn index(keyring: &Keyring, search: &Search, is_json: bool) -> anyhow::Result<bool> {
    let found = keyring.index(search).await?;
    if is_json && !found.is_empty() {
        output::say(String::from_utf8_lossy(&http::index_json(&found)?))?;
    } else {
        found.iter().try_for_each(|stored| output::say(Listed(&stored.summary)))?;
    }
    Ok(!found.is_empty())
}

/// A line for the certificate and one for each user ID.
struct Listed<'a>(&'a Summary);

impl fmt::Display for Listed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let KeySummary { fingerprint, created, expires, algorithm } = &self.0.key;
        write!(f, "pub {fingerprint} {} {}", algorithm.name(), day((*created).into()))?;
        if let Some(expires) = expires {
            write!(f, " expires {}", day(*expires))?;
        }
        if self.0.revoked {
            f.write_str(" revoked")?;
        }
        for user_id in &self.0.user_ids {
            let revoked = if user_id.revoked { " revoked" } else { "" };
            write!(f, "\nuid   {}{revoked}", user_id.text)?;
        }
        Ok(())
    }
}
