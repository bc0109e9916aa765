//! Constants as Go spells them.

use std::str::Chars;

use super::super::Fault;
use super::super::value::parse_int;
use super::{Kind, Lexer};

/// `"…"` with escapes, `` `…` `` without, or `'c'`, which is the number of a character.
pub fn quoted<'s>(lexer: &mut Lexer<'s>, quote: char) -> Result<Kind<'s>, Fault> {
    let start = lexer.at;
    let wrong = |text: &str| Fault::new(start, text);
    let mut chars = lexer.rest().chars();
    chars.next();
    let mut text = String::new();
    loop {
        match chars.next() {
            Some(c) if c == quote => break,
            Some('\\') if quote != '`' => {
                let escaped = escape(&mut chars, quote);
                text.push(escaped.ok_or_else(|| wrong("an escape in the quotes is not one of Go's"))?);
            }
            Some('\n') | None if quote != '`' => return Err(wrong("the quote is not closed")),
            // Go leaves them out.
            Some('\r') if quote == '`' => {}
            Some(c) => text.push(c),
            None => return Err(wrong("the quote is not closed")),
        }
    }
    lexer.at = lexer.source.len() - chars.as_str().len();
    if quote != '\'' {
        return Ok(Kind::Quoted(text));
    }
    let mut characters = text.chars();
    match (characters.next(), characters.next()) {
        (Some(character), None) => Ok(Kind::Int(u32::from(character).into())),
        _ => Err(wrong("single quotes hold one character")),
    }
}

fn escape(chars: &mut Chars<'_>, quote: char) -> Option<char> {
    match chars.next()? {
        'a' => Some('\u{7}'),
        'b' => Some('\u{8}'),
        'f' => Some('\u{c}'),
        'n' => Some('\n'),
        'r' => Some('\r'),
        't' => Some('\t'),
        'v' => Some('\u{b}'),
        '\\' => Some('\\'),
        'x' => digits(chars, 2).filter(char::is_ascii),
        'u' => digits(chars, 4),
        'U' => digits(chars, 8),
        c if c == quote => Some(c),
        _ => None,
    }
}

fn digits(chars: &mut Chars<'_>, count: usize) -> Option<char> {
    let digits = chars.as_str().get(..count).filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()))?;
    *chars = chars.as_str().get(count..)?.chars();
    char::from_u32(u32::from_str_radix(digits, 16).ok()?)
}

pub fn number<'s>(lexer: &mut Lexer<'s>) -> Result<Kind<'s>, Fault> {
    let start = lexer.at;
    let rest = lexer.rest();
    let mut end = 0;
    let mut before = '+';
    for c in rest.chars() {
        let is_exponent_sign = matches!(c, '+' | '-') && (end == 0 || matches!(before, 'e' | 'E'));
        if !(c.is_alphanumeric() || matches!(c, '.' | '_') || is_exponent_sign) {
            break;
        }
        end += c.len_utf8();
        before = c;
    }
    let text = rest.get(..end).unwrap_or_default();
    lexer.at += end;
    if let Some(number) = parse_int(text) {
        return Ok(Kind::Int(number));
    }
    let is_float = text.contains(['.', 'e', 'E']) && text.bytes().all(|c| b"0123456789.eE+-".contains(&c));
    let number = text.parse().ok().filter(|number: &f64| is_float && number.is_finite());
    number.map(Kind::Float).ok_or_else(|| Fault::new(start, "this is no number that can be used here"))
}
