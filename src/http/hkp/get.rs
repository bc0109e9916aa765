//! `op=get` and `op=hget`: the certificates themselves, armored, or binary with `options=bin`.

use std::sync::Arc;

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use http::header::CONTENT_DISPOSITION;
use http::{HeaderMap, HeaderValue};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::super::body::Pieces;
use super::super::conditional::EntityTag;
use super::super::{ApiError, AppState, HttpSettings, off_thread, reply};
use super::lookup::{Lookup, nothing_found, only_version_6};
use crate::cert::armor::encode::encode;
use crate::domain::{LegacyForm, Search};
use crate::storage::StoredCertificate;

/// Characters of a file name that stay as they are: those of a path segment in an address.
const FILE_NAME: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'$')
    .remove(b'&')
    .remove(b'+')
    .remove(b':')
    .remove(b'=')
    .remove(b'@');

/// The longest search text that names a file, in octets.
const FILE_NAME_OCTETS_LIMIT: usize = 200;

/// `op=get`: a search as people and programs write it.
pub(super) async fn by_text(app: &AppState, headers: &HeaderMap, lookup: &Lookup) -> Result<Response, ApiError> {
    let found = matching(app, lookup).await?;
    answer(app, headers, lookup, found).await
}

/// `op=hget`: a search for an SKS digest. Text that is no digest is not found.
pub(super) async fn by_digest(app: &AppState, headers: &HeaderMap, lookup: &Lookup) -> Result<Response, ApiError> {
    let Ok(digest) = lookup.text.trim().parse() else { return Err(nothing_found()) };
    let found = app.keyring.certificates(&Search::Digest(digest)).await?;
    answer(app, headers, lookup, found).await
}

async fn answer(
    app: &AppState,
    headers: &HeaderMap,
    lookup: &Lookup,
    found: Vec<StoredCertificate>,
) -> Result<Response, ApiError> {
    if found.is_empty() {
        return Err(nothing_found());
    }
    let binary = lookup.options.bin;
    if !binary && found.iter().all(|certificate| certificate.legacy == LegacyForm::Hidden) {
        return Err(only_version_6());
    }
    let settings = app.settings();
    let tag = entity_tag(&settings, binary, &found);
    if tag.matches(headers) {
        return Ok(tag.not_modified());
    }
    let response = if binary { packets(found) } else { armored(settings, &found).await? };
    Ok(tag.tag(as_file(response, &lookup.text, if binary { "pgp" } else { "asc" })))
}

async fn matching(app: &AppState, lookup: &Lookup) -> Result<Vec<StoredCertificate>, ApiError> {
    for search in lookup.searches(&app.settings())? {
        let found = app.keyring.certificates(&search).await?;
        if !found.is_empty() {
            return Ok(found);
        }
    }
    Ok(Vec::new())
}

/// The digests stand for the packets.
fn entity_tag(settings: &HttpSettings, binary: bool, found: &[StoredCertificate]) -> EntityTag {
    let form: &[u8] = if binary { b"binary" } else { b"armor" };
    let mut parts = vec![form];
    for (name, value) in &settings.armor_headers {
        parts.extend([name.as_bytes(), value.as_bytes()]);
    }
    for certificate in found {
        parts.push(certificate.fingerprint.as_bytes());
        let digests = [certificate.digests.v23.as_ref(), certificate.digests.v24.as_ref()];
        parts.extend(digests.map(|digest| digest.map_or(&[][..], |digest| &digest.0)));
    }
    EntityTag::of(parts)
}

fn packets(found: Vec<StoredCertificate>) -> Response {
    let pieces = Pieces::new(found.into_iter().map(|certificate| certificate.packets));
    reply::of(reply::BINARY, Body::new(pieces))
}

async fn armored(settings: Arc<HttpSettings>, found: &[StoredCertificate]) -> Result<Response, ApiError> {
    let pieces = legacy_pieces(found);
    let octets = pieces.iter().map(Bytes::len).sum();
    let text = off_thread::run(octets, move || encode(&settings.armor_headers, &pieces)).await?;
    Ok(reply::of(reply::ARMOR, text))
}

/// Hard revocations first: GnuPG takes them for certificates that it has, and goes on.
fn legacy_pieces(found: &[StoredCertificate]) -> Vec<Bytes> {
    let revocations = found.iter().filter_map(|certificate| match &certificate.legacy {
        LegacyForm::Revocation(packet) => Some(packet.clone()),
        LegacyForm::Full | LegacyForm::Stripped(_) | LegacyForm::Hidden => None,
    });
    let others = found.iter().filter_map(|certificate| match &certificate.legacy {
        LegacyForm::Full => Some(certificate.packets.clone()),
        LegacyForm::Stripped(packets) => Some(packets.clone()),
        LegacyForm::Revocation(_) | LegacyForm::Hidden => None,
    });
    revocations.chain(others).collect()
}

fn as_file(mut response: Response, search: &str, extension: &str) -> Response {
    let stem = if search.len() <= FILE_NAME_OCTETS_LIMIT { search } else { "keys" };
    let name = utf8_percent_encode(stem, FILE_NAME);
    if let Ok(value) = HeaderValue::try_from(format!("attachment; filename=\"{name}.{extension}\"")) {
        response.headers_mut().insert(CONTENT_DISPOSITION, value);
    }
    response
}
