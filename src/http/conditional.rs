//! Strong entity tags and `If-None-Match` (RFC 9110 sections 8.8.3 and 13.1.2).

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use http::header::{ETAG, IF_NONE_MATCH};
use http::{HeaderMap, HeaderValue, StatusCode};
use sha2::{Digest as _, Sha256};

/// Octets of the hash that a tag shows.
const TAG_OCTETS: usize = 16;

/// A strong entity tag, from everything that the body is a function of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct EntityTag(String);

impl EntityTag {
    /// A tag that differs whenever one of `parts` does.
    pub(super) fn of<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> Self {
        let mut hash = Sha256::new();
        for part in parts {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        let hash = hex::encode(hash.finalize());
        Self(format!("\"{}\"", hash.get(..2 * TAG_OCTETS).unwrap_or(&hash)))
    }

    /// Whether the client says that it has the tagged body.
    pub(super) fn matches(&self, headers: &HeaderMap) -> bool {
        headers.get_all(IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok()).any(|list| {
            list.split(',').map(str::trim).any(|tag| tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == self.0)
        })
    }

    /// Adds the tag to a response with the tagged body.
    pub(super) fn tag(&self, mut response: Response) -> Response {
        if let Ok(value) = HeaderValue::from_str(&self.0) {
            response.headers_mut().insert(ETAG, value);
        }
        response
    }

    /// The answer to a client that has the tagged body.
    pub(super) fn not_modified(&self) -> Response {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        self.tag(response)
    }
}

/// A response of `body` made by `reply`, or the note that the client has it already.
pub(super) fn tagged(headers: &HeaderMap, body: impl Into<Bytes>, reply: impl FnOnce(Bytes) -> Response) -> Response {
    let body = body.into();
    let tag = EntityTag::of([body.as_ref()]);
    if tag.matches(headers) { tag.not_modified() } else { tag.tag(reply(body)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every form in which a client may name the tag is understood, and nothing else matches.
    #[test]
    fn tags_are_compared() {
        let tag = EntityTag::of([b"body".as_slice()]);
        let matches = |value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(IF_NONE_MATCH, value.parse().unwrap());
            tag.matches(&headers)
        };
        let text = tag.0.clone();
        assert!(matches(&text) && matches(&format!("W/{text}")) && matches("*"));
        assert!(matches(&format!("\"other\" ,  {text}")));
        assert!(!matches("\"other\"") && !matches(text.trim_matches('"')) && !matches(""));
    }

    /// Moving octets from one part to the next gives another tag.
    #[test]
    fn parts_are_kept_apart() {
        assert_ne!(EntityTag::of([b"ab".as_slice(), b"c"]), EntityTag::of([b"a".as_slice(), b"bc"]));
    }
}
