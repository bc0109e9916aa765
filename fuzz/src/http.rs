//! What is read of requests before any certificate is.

use std::borrow::Cow;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use hockeypuck::domain::search::{
    EMAIL_OCTETS_LIMIT, KEYWORD_OCTETS_LIMIT, KEYWORDS_LIMIT, SearchError, TextSearch, email_of, keywords_of,
};
use hockeypuck::domain::{Digest, Search};
use hockeypuck::http::fuzzing;
use http::{HeaderValue, StatusCode, Uri};

/// A request by digests that names more is refused.
const DIGESTS_LIMIT: usize = 10_000;
const MODES: [Option<TextSearch>; 3] = [None, Some(TextSearch::Exact), Some(TextSearch::Keywords)];

/// Parameters are what the web's own rules make of them; a search finds what its text names, whether
/// it comes as `data` or as the value of a parameter.
pub fn lookup(data: &[u8]) {
    for name in ["op", "search", "options", "exact"] {
        check_parameters(data, name);
    }
    for mode in MODES {
        if let Some(searches) = expected_statuses(fuzzing::searches(data, mode), &[400, 404, 414, 501]) {
            assert!(matches!(searches.len(), 1..=2), "{searches:?}");
            assert!(searches.len() == 1 || data.contains(&b'+'), "only a plus sign has two meanings");
            searches.iter().for_each(|search| check_search(search, mode));
        }
    }
    let text = String::from_utf8_lossy(data);
    check_text(&text);
    let query = format!("op=get&search={}&search=x", encoded(text.as_bytes()));
    assert_eq!(fuzzing::parameters(query.as_bytes(), "search"), [text.as_bytes(), b"x"]);
    for mode in [TextSearch::Exact, TextSearch::Keywords] {
        let found = fuzzing::searches(query.as_bytes(), Some(mode));
        match Search::parse(&text, mode) {
            Ok(search) if !text.contains('\0') => assert_eq!(found, Ok(vec![search])),
            _ => assert!(found.is_err(), "{found:?}"),
        }
    }
    check_plus(&text);
}

/// Whatever form a submission has, its key text arrives as it was sent. The first line of `data` is
/// the content type of what follows.
pub fn upload(data: &[u8]) {
    let mut halves = data.splitn(2, |octet| *octet == b'\n');
    let (content_type, body) = (halves.next().unwrap_or_default(), halves.next().unwrap_or_default());
    let header = if content_type.is_empty() { None } else { HeaderValue::from_bytes(content_type).ok() };
    if let Some(keytext) = expected_statuses(keytext(header.clone(), body), &[400, 415]) {
        assert!(!keytext.is_empty() && keytext.len() <= body.len());
        let essence = header.as_ref().and_then(|value| value.to_str().ok()).unwrap_or_default();
        let essence = essence.trim().to_ascii_lowercase();
        if header.is_none() || essence.starts_with("application/x-www-form-urlencoded") {
            let first = fuzzing::parameters(body, "keytext").into_iter().next();
            assert_eq!(first.as_deref(), Some(&keytext[..]), "a form is read as a query string is");
        } else if essence.starts_with("multipart/form-data") {
            assert!(body.windows(keytext.len()).any(|part| part == keytext), "a part is taken as it stands");
        } else {
            assert_eq!(keytext, body, "a body without a form is the key text");
        }
    }
    check_parameters(body, "keytext");
    check_encodings(body);
}

/// A request by digests is read as simple code reads it, and what is answered has its form.
pub fn hashquery(data: &[u8]) {
    let expected = naive_digests(data);
    let Some(digests) = expected_statuses(fuzzing::digests(data), &[400]) else {
        assert_eq!(expected, None);
        return;
    };
    assert_eq!(Some(&digests), expected.as_ref());
    assert!(digests.len() <= DIGESTS_LIMIT);
    let found: Vec<Bytes> = digests.iter().map(|digest| Bytes::copy_from_slice(&digest.0)).collect();
    let answer = fuzzing::digests_answer(found).expect("digests are short");
    assert!(answer.ends_with(b"\r\n") && answer.len() == 4 + 20 * digests.len() + 2);
    assert_eq!(fuzzing::digests(&answer), Ok(digests));
    for cut in [1, 2 + 1, 2 + 20] {
        let rest = answer.len().checked_sub(cut).and_then(|length| answer.get(..length)).unwrap_or_default();
        let is_whole = cut < 3;
        assert_eq!(fuzzing::digests(rest).is_ok(), is_whole, "the last digest counts as a whole only");
    }
}

/// A known address is known in every spelling, and its query stays.
pub fn address(data: &[u8]) {
    let Ok(uri) = Uri::try_from(data) else { return };
    let known = fuzzing::known_address(uri.clone());
    assert_eq!((known.scheme(), known.authority()), (uri.scheme(), uri.authority()));
    assert_eq!(known.query(), uri.query());
    assert_eq!(fuzzing::known_address(known.clone()), known);
    let segments = |uri: &Uri| {
        let path = uri.path().to_ascii_lowercase();
        path.split('/').filter(|segment| !segment.is_empty()).map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(segments(&known), segments(&uri));
    if uri.path().starts_with('/') && segments(&uri) == ["pks", "lookup"] {
        assert_eq!(known.path(), "/pks/lookup");
    }
}

/// The result, of which an error has one of `statuses`: nothing that is sent is the server's fault.
fn expected_statuses<T>(result: Result<T, StatusCode>, statuses: &[u16]) -> Option<T> {
    result.map_err(|status| assert!(statuses.contains(&status.as_u16()), "{status}")).ok()
}

/// Against the crate that implements the web's rules. It shows octets that are no UTF-8 as U+FFFD.
fn check_parameters(text: &[u8], name: &str) {
    let expected: Vec<Cow<str>> =
        form_urlencoded::parse(text).filter(|(key, _)| key == name).map(|(_, value)| value).collect();
    let found = fuzzing::parameters(text, name);
    let found: Vec<Cow<str>> = found.iter().map(|value| String::from_utf8_lossy(value)).collect();
    assert_eq!(found, expected, "{name}");
}

/// What may be asked of the store.
fn check_search(search: &Search, mode: Option<TextSearch>) {
    match search {
        Search::Fingerprint(_) | Search::KeyId(_) => {}
        Search::Email(email) => {
            assert!(mode.is_some());
            assert!(email.contains('@') && !email.contains('\0') && email.len() <= EMAIL_OCTETS_LIMIT);
            assert_eq!(email_of(&format!("Name <{email}>")).as_ref(), Some(email), "its own user ID has it");
        }
        Search::Keywords(words) => {
            assert_eq!(mode, Some(TextSearch::Keywords));
            assert!(matches!(words.len(), 1..=KEYWORDS_LIMIT));
            assert!(words.windows(2).all(|pair| pair[0] < pair[1]), "sorted, each once");
            words.iter().for_each(|word| check_keyword(word));
        }
        Search::Digest(_) => panic!("only hget looks for digests"),
    }
}

/// A word that is searched for is one that is indexed: as an address, a domain or a word.
fn check_keyword(word: &str) {
    assert!(!word.is_empty() && word.len() <= KEYWORD_OCTETS_LIMIT && !word.contains('\0'));
    let user_ids = [word.to_owned(), format!("<{word}>"), format!("<x@{word}>")];
    let indexed = user_ids.map(|user_id| keywords_of(&user_id));
    let is_full = indexed.iter().any(|words| words.len() == KEYWORDS_LIMIT);
    assert!(is_full || indexed.iter().any(|words| words.iter().any(|other| other == word)), "{word:?}: {indexed:?}");
}

/// A text names a key in both modes or in none, and simple code agrees which.
fn check_text(text: &str) {
    let [exact, keywords] = [TextSearch::Exact, TextSearch::Keywords].map(|mode| Search::parse(text, mode));
    for parsed in [&exact, &keywords] {
        let name = match parsed {
            Ok(Search::Fingerprint(fingerprint)) => Some(fingerprint.to_string()),
            Ok(Search::KeyId(id)) => Some(id.to_string()),
            _ => None,
        };
        assert_eq!(name, naive_key_name(text));
    }
    if let Ok(Search::Email(email)) = &exact {
        assert_eq!(email_of(text).as_ref(), Some(email), "a user ID is found by its text");
    }
    let is_refused = |parsed: &Result<_, SearchError>| {
        matches!(parsed, Err(SearchError::Empty | SearchError::TooLong | SearchError::NotAKeyName))
    };
    assert_eq!(is_refused(&exact), is_refused(&keywords));
    if let Ok(digest) = text.parse::<Digest>() {
        assert_eq!(digest.to_string(), text.to_ascii_lowercase());
    }
}

/// The digits of a key's name, in lower case.
fn naive_key_name(text: &str) -> Option<String> {
    let text = text.trim().to_ascii_lowercase();
    let digits = match text.strip_prefix("0x") {
        Some(digits) => digits.to_owned(),
        None => text.chars().filter(|c| !c.is_ascii_whitespace()).collect(),
    };
    let is_name = matches!(digits.len(), 16 | 32 | 40 | 64) && digits.chars().all(|c| c.is_ascii_hexdigit());
    is_name.then_some(digits)
}

/// An address whose plus signs were not encoded is looked for as it stands, after its other reading.
fn check_plus(text: &str) {
    let query = format!("search={}", encoded(text.as_bytes()).replace("%2B", "+"));
    let Ok(searches) = fuzzing::searches(query.as_bytes(), Some(TextSearch::Exact)) else { return };
    let spaced = Search::parse(&text.replace('+', " "), TextSearch::Exact);
    assert_eq!(Some(&searches[0]), spaced.as_ref().ok());
    if text.contains('+') && text.contains('@') {
        assert_eq!(searches.get(1), Search::parse(text, TextSearch::Exact).as_ref().ok());
    }
}

/// `keytext` comes back from every form in which clients send it.
fn check_encodings(keytext: &[u8]) {
    let sent = |content_type: &str, body: &[u8]| {
        let received = self::keytext(HeaderValue::try_from(content_type).ok(), body);
        let expected = if keytext.is_empty() { Err(StatusCode::BAD_REQUEST) } else { Ok(keytext.to_vec().into()) };
        assert_eq!(received, expected, "{content_type}");
    };
    let value: String = form_urlencoded::byte_serialize(keytext).collect();
    let form = format!("submit=x&keytext={value}&options=mr");
    sent("application/x-www-form-urlencoded; charset=utf-8", form.as_bytes());
    sent("application/pgp-keys", keytext);
    let contains = |text: &str| keytext.windows(text.len()).any(|part| part == text.as_bytes());
    let boundary = (0..).map(|number| format!("x{number}x")).find(|boundary| !contains(boundary));
    let boundary = boundary.expect("no text has all numbers");
    let part = format!("--{boundary}\r\nContent-Disposition: form-data; name=\"keytext\"; filename=\"k.asc\"\r\n\r\n");
    let end = format!("\r\n{part}only the first counts\r\n--{boundary}--\r\n");
    let body = [part.as_bytes(), keytext, end.as_bytes()].concat();
    sent(&format!("multipart/form-data; boundary={boundary}"), &body);
}

fn keytext(content_type: Option<HeaderValue>, body: &[u8]) -> Result<Bytes, StatusCode> {
    let reading = pin!(fuzzing::keytext(content_type, Bytes::copy_from_slice(body), ""));
    match reading.poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(keytext) => keytext,
        Poll::Pending => panic!("a body in memory is not waited for"),
    }
}

/// The digests of a request, each once.
fn naive_digests(request: &[u8]) -> Option<Vec<Digest>> {
    let count = u32::from_be_bytes(request.get(..4)?.try_into().ok()?) as usize;
    if count > DIGESTS_LIMIT {
        return None;
    }
    let mut digests = Vec::new();
    for entry in request.get(4..4 + 20 * count)?.chunks(20) {
        let digest = Digest(entry.strip_prefix(&[0, 0, 0, 16])?.try_into().ok()?);
        if !digests.contains(&digest) {
            digests.push(digest);
        }
    }
    Some(digests)
}

/// Without a plus sign, which would have two meanings.
fn encoded(octets: &[u8]) -> String {
    form_urlencoded::byte_serialize(octets).collect::<String>().replace('+', "%20")
}
