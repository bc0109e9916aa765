//! Values of the environment cannot become settings: none leaves the quotes or the line of TOML that it stands in.
//!
//! Go's templates know nothing of TOML. There, a quote in a password ends the text, and what follows is read as
//! settings.

use super::Fault;
use super::output::{Output, Printed};
use super::value::Trace;

/// Answers the variables that are missing outside of comments, with the offsets of their actions.
pub fn check(output: &Output) -> Result<Vec<(usize, String)>, Fault> {
    let mut scanner = Scanner { text: &output.text, at: 0, place: Place::Bare };
    let mut unset = Vec::new();
    for value in &output.values {
        scanner.advance(value.range.start);
        let place = scanner.place;
        if let Some(wrong) = wrong(&output.text, value, place) {
            return Err(Fault::new(value.at, format!("the value of {} {wrong}", names(&value.trace))));
        }
        if place != Place::Comment {
            unset.extend(value.trace.unset.iter().map(|name| (value.at, name.to_string())));
        }
        scanner.advance(value.range.end);
    }
    Ok(unset)
}

/// Where in a TOML file something stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Outside of quotes.
    Bare,
    Comment,
    /// In quotes of this kind.
    Quoted(&'static str),
}

/// The longer ones first.
const QUOTES: [&str; 4] = ["\"\"\"", "'''", "\"", "'"];

struct Scanner<'t> {
    text: &'t str,
    at: usize,
    place: Place,
}

impl Scanner<'_> {
    fn advance(&mut self, end: usize) {
        while self.at < end {
            self.step();
        }
    }

    /// Over one character, or what counts as one.
    fn step(&mut self) {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let first = rest.chars().next().unwrap_or_default();
        let mut length = first.len_utf8();
        self.place = match self.place {
            Place::Bare => match QUOTES.iter().find(|quote| rest.starts_with(**quote)) {
                Some(quote) => {
                    length = quote.len();
                    Place::Quoted(quote)
                }
                None if first == '#' => Place::Comment,
                None => Place::Bare,
            },
            Place::Comment if first == '\n' => Place::Bare,
            Place::Comment => Place::Comment,
            Place::Quoted(quote) if rest.starts_with(quote) => {
                length = quote.len();
                Place::Bare
            }
            // A text on one line that is not closed is an error of the file; what follows is outside again.
            Place::Quoted("\"" | "'") if first == '\n' => Place::Bare,
            Place::Quoted(quote) => {
                if first == '\\' && quote.starts_with('"') {
                    length += rest.chars().nth(1).map_or(0, char::len_utf8);
                }
                Place::Quoted(quote)
            }
        };
        self.at += length;
    }
}

/// What a value must not have where it stands, to be put after it.
fn wrong(text: &str, value: &Printed, place: Place) -> Option<String> {
    let content = text.get(value.range.clone()).unwrap_or_default();
    match place {
        Place::Bare => wrong_outside(text, value, content),
        Place::Comment => content.contains('\n').then(|| "has several lines, and stands in a comment".to_owned()),
        Place::Quoted(quote) => {
            let is_basic = quote.starts_with('"');
            let ends = |c: char| quote.starts_with(c) || (is_basic && c == '\\') || (quote.len() == 1 && c == '\n');
            let found = content.chars().find(|c| ends(*c))?;
            let found = if found == '\n' { "a line break".to_owned() } else { format!("a {found}") };
            let advice = "write it without quotes, as {{ .NAME | quote }}";
            Some(format!("has {found}, which has a meaning in the quotes that it stands in: {advice}"))
        }
    }
}

/// Lines of settings are meant only where a value stands alone.
fn wrong_outside(text: &str, value: &Printed, content: &str) -> Option<String> {
    let mut inside = Scanner { text: content, at: 0, place: Place::Bare };
    let mut has_break = false;
    while inside.at < content.len() {
        has_break |= inside.place == Place::Bare && content.get(inside.at..).is_some_and(|rest| rest.starts_with('\n'));
        inside.step();
    }
    let before = text.get(..value.range.start).and_then(|before| before.rsplit('\n').next()).unwrap_or_default();
    let after = text.get(value.range.end..).and_then(|after| after.split('\n').next()).unwrap_or_default();
    let is_alone = before.trim().is_empty() && after.trim().is_empty();
    if has_break && !is_alone {
        return Some("has several lines: write it as {{ .NAME | quote }}".to_owned());
    }
    match inside.place {
        Place::Bare => None,
        Place::Comment if is_alone => None,
        Place::Comment => Some("has a #, which begins a comment: write it as {{ .NAME | quote }}".to_owned()),
        Place::Quoted(_) => Some("has a quote that is not closed: write it as {{ .NAME | quote }}".to_owned()),
    }
}

fn names(trace: &Trace) -> String {
    trace.variables.iter().map(AsRef::as_ref).collect::<Vec<_>>().join(" or ")
}
