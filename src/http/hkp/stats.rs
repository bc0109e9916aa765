//! `/pks/stats` and `op=stats`: what this server is and does, for crawlers and for people.

mod peers;

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use http::header::HOST;
use http::{HeaderMap, Uri};
use serde::Serialize;

use super::super::conditional::tagged;
use super::super::query::Parameters;
use super::super::{ApiError, AppState, HttpSettings, reply};
use super::options::Options;
use crate::domain::search::TextSearch;
use crate::domain::time::rfc3339;
use crate::storage::HourlyCounts;
use peers::{Peer, Peers, Target};

const HOUR_SECONDS: i64 = 3600;
const DAY_SECONDS: i64 = 24 * HOUR_SECONDS;
/// How far back the daily counts go.
const DAYS_SHOWN: i64 = 7;
/// The longest name of a host.
const NAME_OCTETS_LIMIT: usize = 253;

pub(crate) async fn stats(State(app): State<AppState>, headers: HeaderMap, uri: Uri) -> Result<Response, ApiError> {
    let options = Options::read(Parameters::new(uri.query().unwrap_or_default().as_bytes()));
    answer(&app, &headers, options).await
}

/// JSON with `options=json` or `mr`, else a page.
pub(crate) async fn answer(app: &AppState, headers: &HeaderMap, options: Options) -> Result<Response, ApiError> {
    let now = (app.now)().as_second();
    let total = app.keyring.total().await?;
    let history = History::new(&app.keyring.hourly(now - DAYS_SHOWN * DAY_SECONDS).await?, now);
    let peers = Peers::read(app, now).await?;
    let settings = app.settings();
    let mut stats = Stats::new(&settings, now, total, history, peers);
    if let Some(name) = asked_name(headers).filter(|_| settings.virtual_hosts) {
        stats.hostname = name;
    }
    if options.json || options.mr {
        let mut text = serde_json::to_string(&stats).map_err(ApiError::internal)?;
        text.push('\n');
        return Ok(tagged(headers, text, |body| reply::of(reply::JSON, body)));
    }
    Ok(tagged(headers, Page { stats }.render().map_err(ApiError::internal)?, reply::page))
}

/// The members that crawlers know, in Hockeypuck's order.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Stats<'a> {
    now: String,
    version: &'a str,
    hostname: &'a str,
    nodename: &'a str,
    contact: &'a str,
    http_addr: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    hkps_addr: &'a str,
    query_config: QueryConfig,
    recon_addr: &'a str,
    software: &'a str,
    total: u64,
    peers: Vec<Peer>,
    pks_targets: Vec<Target>,
    hourly: Vec<Count>,
    daily: Vec<Count>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct QueryConfig {
    self_signed_only: bool,
    keyword_search_disabled: bool,
    enable_inexact_matching: bool,
}

/// What happened in the hour or day that begins at `time`.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Count {
    inserted: u64,
    updated: u64,
    removed: u64,
    inserted_jitter: u64,
    removed_jitter: u64,
    time: String,
}

/// The last 24 hours and the last days, oldest first.
struct History {
    hourly: Vec<Count>,
    daily: Vec<Count>,
}

#[derive(Template)]
#[template(path = "stats.html")]
struct Page<'a> {
    stats: Stats<'a>,
}

impl<'a> Stats<'a> {
    fn new(settings: &'a HttpSettings, now: i64, total: u64, history: History, peers: Peers) -> Self {
        Self {
            now: time(now),
            version: &settings.version,
            hostname: &settings.hostname,
            nodename: &settings.nodename,
            contact: &settings.contact,
            http_addr: &settings.http_address,
            hkps_addr: &settings.hkps_address,
            query_config: QueryConfig {
                self_signed_only: false,
                keyword_search_disabled: settings.text_search.is_none(),
                enable_inexact_matching: settings.text_search == Some(TextSearch::Keywords),
            },
            recon_addr: &settings.recon_address,
            software: &settings.software,
            total,
            peers: peers.peers,
            pks_targets: peers.targets,
            hourly: history.hourly,
            daily: history.daily,
        }
    }
}

impl History {
    fn new(hours: &[(i64, HourlyCounts)], now: i64) -> Self {
        let recent = hours.iter().filter(|(hour, _)| *hour > now - DAY_SECONDS);
        let mut days: BTreeMap<i64, HourlyCounts> = BTreeMap::new();
        for (hour, counts) in hours {
            let day = days.entry(hour - hour.rem_euclid(DAY_SECONDS)).or_default();
            day.inserted += counts.inserted;
            day.updated += counts.updated;
            day.removed += counts.removed;
        }
        Self {
            hourly: recent.map(|(hour, counts)| Count::new(*hour, counts)).collect(),
            daily: days.iter().map(|(day, counts)| Count::new(*day, counts)).collect(),
        }
    }
}

impl Count {
    fn new(start: i64, counts: &HourlyCounts) -> Self {
        Self {
            inserted: counts.inserted,
            updated: counts.updated,
            removed: counts.removed,
            inserted_jitter: 0,
            removed_jitter: 0,
            time: time(start),
        }
    }
}

/// The host that the client asked, if it is one.
fn asked_name(headers: &HeaderMap) -> Option<&str> {
    let host = headers.get(HOST)?.to_str().ok()?;
    let name = host.split(':').next().unwrap_or_default();
    let is_name = name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_'));
    (is_name && (1..=NAME_OCTETS_LIMIT).contains(&name.len())).then_some(name)
}

fn time(seconds: i64) -> String {
    rfc3339(u64::try_from(seconds).unwrap_or_default()).to_string()
}
