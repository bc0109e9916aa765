//! `GET /pks/lookup`: reads the parameters and hands over to the operation.

use axum::Extension;
use axum::extract::State;
use axum::response::Response;
use http::{HeaderMap, StatusCode, Uri};

use super::super::layers::Route;
use super::super::query::{self, Parameters};
use super::super::{ApiError, AppState, Caller, HttpSettings};
use super::index::Detail;
use super::options::Options;
use super::{get, index, stats};
use crate::domain::Search;
use crate::domain::search::{SearchError, TextSearch};

pub(crate) async fn lookup(
    State(app): State<AppState>,
    caller: Option<Extension<Caller>>,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Response, ApiError> {
    let parameters = Parameters::new(uri.query().unwrap_or_default().as_bytes());
    let operation = Operation::read(parameters)?;
    let settings = app.settings();
    let words_too = caller.is_some_and(|Extension(caller)| caller.is_within(&settings.inexact_from, &uri, &headers));
    Ok(Route(operation.route()).name(answer(&app, &headers, operation, parameters, words_too).await))
}

async fn answer(
    app: &AppState,
    headers: &HeaderMap,
    operation: Operation,
    parameters: Parameters<'_>,
    words_too: bool,
) -> Result<Response, ApiError> {
    let read = || Lookup::read(parameters).map(|lookup| Lookup { words_too, ..lookup });
    match operation {
        Operation::Stats => stats::answer(app, headers, Options::read(parameters)).await,
        Operation::Get => get::by_text(app, headers, &read()?).await,
        Operation::Hget => get::by_digest(app, headers, &read()?).await,
        Operation::Index => index::answer(app, headers, &read()?, Detail::UserIds).await,
        Operation::Vindex => index::answer(app, headers, &read()?, Detail::Signatures).await,
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operation {
    Get,
    Hget,
    Index,
    Vindex,
    Stats,
}

impl Operation {
    fn read(parameters: Parameters) -> Result<Self, ApiError> {
        match parameters.first("op").as_deref() {
            Some("get") => Ok(Self::Get),
            Some("hget") => Ok(Self::Hget),
            Some("index") => Ok(Self::Index),
            Some("vindex") => Ok(Self::Vindex),
            Some("stats") => Ok(Self::Stats),
            Some(other) if other == "photo" || other.starts_with("x-") => {
                Err(ApiError::new(StatusCode::NOT_IMPLEMENTED, "this operation is not supported"))
            }
            _ => Err(ApiError::bad_request("the parameter op must be get, index, vindex, hget or stats")),
        }
    }

    fn route(self) -> &'static str {
        match self {
            Self::Get => "/pks/lookup?op=get",
            Self::Hget => "/pks/lookup?op=hget",
            Self::Index => "/pks/lookup?op=index",
            Self::Vindex => "/pks/lookup?op=vindex",
            Self::Stats => "/pks/lookup?op=stats",
        }
    }
}

/// The parameters of a search.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Lookup {
    pub text: String,
    /// The text of an address whose `+` was not encoded, read with the plus signs as such.
    text_with_plus: Option<String>,
    pub options: Options,
    exact: bool,
    /// Whether the words of the text are searched for when nothing else is found.
    words_too: bool,
}

impl Lookup {
    pub(crate) fn read(parameters: Parameters) -> Result<Self, ApiError> {
        let raw = parameters.raw("search").next().unwrap_or_default();
        let text = query::text(&query::decode(raw));
        if text.is_empty() {
            return Err(ApiError::bad_request("the parameter search is missing or empty"));
        }
        if text.contains('\0') {
            return Err(ApiError::bad_request("the search text has a character that no text may have"));
        }
        let may_be_plus = raw.contains(&b'+') && text.contains('@');
        Ok(Self {
            text_with_plus: may_be_plus.then(|| query::text(&query::decode_keeping_plus(raw))),
            text,
            options: Options::read(parameters),
            exact: parameters.first("exact").as_deref() == Some("on"),
            words_too: false,
        })
    }

    /// What to look for, in this order until something is found; at least one.
    pub(crate) fn searches(&self, settings: &HttpSettings) -> Result<Vec<Search>, ApiError> {
        let other = self.text_with_plus.as_ref().and_then(|text| self.search(text, settings).ok());
        let others = other.into_iter().chain(self.by_words(settings));
        match self.search(&self.text, settings) {
            Ok(search) => Ok(std::iter::once(search).chain(others).collect()),
            Err(error) => {
                let others: Vec<Search> = others.collect();
                if others.is_empty() { Err(error) } else { Ok(others) }
            }
        }
    }

    /// Only beside a search for whole addresses: where the operator has switched text off, it is off for all.
    fn by_words(&self, settings: &HttpSettings) -> Option<Search> {
        let is_wanted = self.words_too && !self.exact && settings.text_search == Some(TextSearch::Exact);
        let search = is_wanted.then(|| Search::parse(&self.text, TextSearch::Keywords).ok()).flatten();
        search.filter(|search| matches!(search, Search::Keywords(_)))
    }

    fn search(&self, text: &str, settings: &HttpSettings) -> Result<Search, ApiError> {
        let Some(text_search) = settings.text_search else { return key_search(text) };
        let text_search = match text_search {
            _ if settings.enumerable_domains.contains(&text.trim().to_lowercase()) => TextSearch::Keywords,
            _ if self.exact => TextSearch::Exact,
            text_search => text_search,
        };
        Ok(Search::parse(text, text_search)?)
    }
}

fn key_search(text: &str) -> Result<Search, ApiError> {
    match Search::parse(text, TextSearch::Exact) {
        Ok(Search::Email(_)) | Err(SearchError::NotExact) => Err(ApiError::new(
            StatusCode::NOT_IMPLEMENTED,
            "this server does not search for text; use a fingerprint or key ID",
        )),
        other => Ok(other?),
    }
}

/// What clients are told when nothing matches. OpenKeychain looks for the first three words.
pub(crate) fn nothing_found() -> ApiError {
    ApiError::not_found("no keys found: no certificate on this server matches the search")
}

/// What clients are told when only certificates match that old programs cannot read.
pub(crate) fn only_version_6() -> ApiError {
    ApiError::not_found(
        "legacy HKP does not return version 6 certificates, to protect old programs; op=get with options=bin does",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(query: &str) -> Result<Lookup, ApiError> {
        Lookup::read(Parameters::new(query.as_bytes()))
    }

    /// Options may be repeated and unknown; a plus sign in an address is tried both ways.
    #[test]
    fn parameters_are_read() {
        let lookup = read("options=mr,nm,x&op=get&options=bin&search=a+b@c&exact=on").unwrap();
        assert_eq!(lookup.options, Options { mr: true, json: false, bin: true });
        assert!(lookup.exact);
        let searches = lookup.searches(&HttpSettings::default()).unwrap();
        assert_eq!(searches, [Search::Email("a b@c".into()), Search::Email("a+b@c".into())]);
        assert_eq!(read("search=a%2Bb@c").unwrap().text_with_plus, None);
        assert!(read("search=").is_err() && read("op=get").is_err() && read("search=a%00b").is_err());
    }

    /// A domain that the operator lets everybody list is searched for as a word, also where other text is not.
    #[test]
    fn some_domains_are_listed() {
        let settings = HttpSettings { enumerable_domains: vec!["example.org".to_owned()], ..HttpSettings::default() };
        for query in ["search=example.org", "search=Example.ORG&exact=on"] {
            let searches = read(query).unwrap().searches(&settings).unwrap();
            assert_eq!(searches, [Search::Keywords(vec!["example.org".to_owned()])], "{query}");
        }
        assert!(read("search=example.com").unwrap().searches(&settings).is_err());
        let off = HttpSettings { text_search: None, ..settings };
        assert!(read("search=example.org").unwrap().searches(&off).is_err());
    }

    /// With text search switched off, keys are still found by fingerprint and key ID.
    #[test]
    fn text_search_can_be_off() {
        let settings = HttpSettings { text_search: None, ..HttpSettings::default() };
        assert!(read("search=0x0123456789abcdef").unwrap().searches(&settings).is_ok());
        assert!(read("search=a@b").unwrap().searches(&settings).is_err());
        assert!(read("search=alice").unwrap().searches(&settings).is_err());
    }
}
