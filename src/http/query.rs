//! Query strings and urlencoded forms.
//!
//! Parameters are looked for in place, so that a body of millions of them costs no memory.

use std::borrow::Cow;

use percent_encoding::percent_decode;

/// The text behind `?`, or an urlencoded form.
#[derive(Clone, Copy, Debug)]
pub(super) struct Parameters<'a>(&'a [u8]);

impl<'a> Parameters<'a> {
    pub(super) fn new(text: &'a [u8]) -> Self {
        Self(text)
    }

    /// The undecoded values of all parameters of that name, in their order.
    pub(super) fn raw(self, name: &str) -> impl Iterator<Item = &'a [u8]> {
        self.0.split(|octet| *octet == b'&').filter_map(move |pair| {
            let mut halves = pair.splitn(2, |octet| *octet == b'=');
            let found = decode(halves.next()?) == name.as_bytes();
            found.then(|| halves.next().unwrap_or_default())
        })
    }

    /// The first value, as text.
    pub(super) fn first(self, name: &str) -> Option<String> {
        self.raw(name).next().map(|value| text(&decode(value)))
    }
}

/// `+` is a space, and `%XX` an octet. Anything else that begins with `%` stands for itself.
pub(super) fn decode(raw: &[u8]) -> Cow<'_, [u8]> {
    if !raw.contains(&b'+') {
        return percent_decode(raw).into();
    }
    let spaced: Vec<u8> = raw.iter().map(|octet| if *octet == b'+' { b' ' } else { *octet }).collect();
    Cow::Owned(percent_decode(&spaced).collect())
}

/// As [`decode`], but `+` stands for itself.
pub(super) fn decode_keeping_plus(raw: &[u8]) -> Cow<'_, [u8]> {
    percent_decode(raw).into()
}

/// The octets as UTF-8, or as the Latin-1 that some mail programs send.
pub(super) fn text(octets: &[u8]) -> String {
    match std::str::from_utf8(octets) {
        Ok(text) => text.to_owned(),
        Err(_) => octets.iter().copied().map(char::from).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Values are found and decoded as browsers, mail programs and scripts write them.
    #[test]
    fn parameters_are_decoded() {
        for (query, expected) in [
            ("search=a%40b", Some("a@b")),
            ("x=1&search=a+b&search=c", Some("a b")),
            ("s%65arch=%C3%BC", Some("ü")),
            ("search=M%FCller", Some("Müller")),
            ("search=100%&y", Some("100%")),
            ("search=a=b", Some("a=b")),
            ("search", Some("")),
            ("searching=a&Search=b", None),
            ("", None),
        ] {
            assert_eq!(Parameters::new(query.as_bytes()).first("search").as_deref(), expected, "{query}");
        }
    }
}
