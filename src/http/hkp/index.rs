//! `op=index` and `op=vindex`: what certificates match, for programs and for people.

mod html;
mod json;
mod mr;

pub use json::render as index_json;

use axum::response::Response;
use http::HeaderMap;

use super::super::conditional::tagged;
use super::super::{ApiError, AppState, off_thread, reply};
use super::lookup::{Lookup, nothing_found, only_version_6};
use crate::storage::StoredSummary;

/// What a page shows of each certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Detail {
    UserIds,
    Signatures,
}

/// The newest version whose certificates old programs can read.
const LEGACY_VERSION: u8 = 4;

pub(crate) async fn answer(
    app: &AppState,
    headers: &HeaderMap,
    lookup: &Lookup,
    detail: Detail,
) -> Result<Response, ApiError> {
    let mut found = matching(app, lookup).await?;
    if found.is_empty() {
        return Err(nothing_found());
    }
    found.retain(|stored| stored.summary.key.fingerprint.version() <= LEGACY_VERSION);
    if found.is_empty() {
        return Err(only_version_6());
    }
    let now = (app.now)().as_second();
    let options = lookup.options;
    // Roughly what every form grows with.
    let octets = found.iter().map(|stored| stored.summary.length as usize).sum();
    if options.json {
        let body = off_thread::run(octets, move || json::render(&found)).await?.map_err(ApiError::internal)?;
        return Ok(tagged(headers, body, |body| reply::of(reply::JSON, body)));
    }
    if options.mr {
        let body = off_thread::run(octets, move || mr::render(&found, now)).await?;
        return Ok(tagged(headers, body, reply::text));
    }
    let text = lookup.text.clone();
    let body = off_thread::run(octets, move || html::render(&text, &found, detail, now)).await??;
    Ok(tagged(headers, body, reply::page))
}

async fn matching(app: &AppState, lookup: &Lookup) -> Result<Vec<StoredSummary>, ApiError> {
    for search in lookup.searches(&app.settings())? {
        let found = app.keyring.index(&search).await?;
        if !found.is_empty() {
            return Ok(found);
        }
    }
    Ok(Vec::new())
}

/// Whether an absolute time of expiry has come; both in seconds since 1970.
fn has_expired(expires: Option<u64>, now: i64) -> bool {
    expires.is_some_and(|expires| i64::try_from(expires).is_ok_and(|expires| expires <= now))
}
