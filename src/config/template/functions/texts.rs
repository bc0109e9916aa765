//! Texts.

use std::collections::BTreeMap;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::{Context, Function, MANY, argument, function, text};
use crate::config::template::value::{Text, Value};

pub const FUNCTIONS: &[Function] = &[
    function("lower", 1, 1, |context, arguments| changed(context, arguments, |text| text.to_lowercase())),
    function("upper", 1, 1, |context, arguments| changed(context, arguments, |text| text.to_uppercase())),
    function("trim", 1, 1, |context, arguments| changed(context, arguments, |text| text.trim().to_owned())),
    function("trimAll", 2, 2, |context, arguments| {
        cut(context, arguments, |set, text| text.trim_matches(|c| set.contains(c)))
    }),
    function("trimPrefix", 2, 2, |context, arguments| {
        cut(context, arguments, |prefix, text| text.strip_prefix(prefix).unwrap_or(text))
    }),
    function("trimSuffix", 2, 2, |context, arguments| {
        cut(context, arguments, |suffix, text| text.strip_suffix(suffix).unwrap_or(text))
    }),
    function("replace", 3, 3, replace),
    function("repeat", 2, 2, repeat),
    function("splitList", 2, 2, |context, arguments| Value::list(parts(context, arguments)?)),
    function("split", 2, 2, split),
    function("join", 2, 2, join),
    function("quote", 0, MANY, |context, arguments| enclosed(context, arguments, '"')),
    function("squote", 0, MANY, |context, arguments| enclosed(context, arguments, '\'')),
    function("toString", 1, 1, to_string),
    function("urlquery", 1, 1, url_query),
];

/// What Go's `url.QueryEscape` leaves as it is, beside the space.
const QUERY: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~').remove(b' ');

fn changed(context: &mut Context<'_>, arguments: &[Value], change: impl Fn(&str) -> String) -> Result<Value, String> {
    let old = text(argument(arguments, 0))?;
    context.made_of(old, &change(&old.text))
}

fn cut(
    context: &mut Context<'_>,
    arguments: &[Value],
    cut: impl for<'t> Fn(&str, &'t str) -> &'t str,
) -> Result<Value, String> {
    let (what, from) = (text(argument(arguments, 0))?, text(argument(arguments, 1))?);
    context.made_of(from, cut(&what.text, &from.text))
}

fn replace(context: &mut Context<'_>, arguments: &[Value]) -> Result<Value, String> {
    let [old, new, whole] = [0, 1, 2].map(|index| text(argument(arguments, index)));
    let (old, new, whole) = (old?, new?, whole?);
    let mut builder = context.builder();
    builder.follow(whole.trace.as_ref())?;
    let mut rest = 0;
    for (at, found) in whole.text.match_indices(&*old.text) {
        builder.push(whole.text.get(rest..at).unwrap_or_default())?;
        builder.text(new)?;
        rest = at + found.len();
    }
    builder.push(whole.text.get(rest..).unwrap_or_default())?;
    Ok(Value::Text(builder.finish()))
}

fn repeat(context: &mut Context<'_>, arguments: &[Value]) -> Result<Value, String> {
    let Value::Int(count) = argument(arguments, 0) else {
        return Err(format!("expected a whole number, got {}", argument(arguments, 0).kind()));
    };
    let part = text(argument(arguments, 1))?;
    let count = usize::try_from(*count).map_err(|_| "the number is less than 0".to_owned())?;
    context.budget.octets(part.text.len().saturating_mul(count))?;
    Ok(Value::Text(part.with(&part.text.repeat(count))))
}

/// Without a separator, every character is a part.
fn parts(context: &mut Context<'_>, arguments: &[Value]) -> Result<Vec<Value>, String> {
    let (separator, whole) = (text(argument(arguments, 0))?, text(argument(arguments, 1))?);
    context.budget.octets(whole.text.len())?;
    if separator.text.is_empty() {
        context.budget.steps(whole.text.chars().count())?;
        let character = |c: char| Value::Text(whole.with(c.encode_utf8(&mut [0; 4])));
        return Ok(whole.text.chars().map(character).collect());
    }
    context.budget.steps(whole.text.matches(&*separator.text).count() + 1)?;
    Ok(whole.text.split(&*separator.text).map(|part| Value::Text(whole.with(part))).collect())
}

/// A map with the keys `_0`, `_1` and so on.
fn split(context: &mut Context<'_>, arguments: &[Value]) -> Result<Value, String> {
    let parts = parts(context, arguments)?.into_iter().enumerate();
    Value::map(parts.map(|(index, part)| (format!("_{index}").into(), part)).collect::<BTreeMap<_, _>>())
}

fn join(context: &mut Context<'_>, arguments: &[Value]) -> Result<Value, String> {
    let separator = text(argument(arguments, 0))?;
    let items = match argument(arguments, 1) {
        Value::List(list) => list.items.as_slice(),
        other => std::slice::from_ref(other),
    };
    let mut builder = context.builder();
    for (index, item) in items.iter().filter(|item| !matches!(item, Value::Nil)).enumerate() {
        if index > 0 {
            builder.text(separator)?;
        }
        builder.value(item)?;
    }
    Ok(Value::Text(builder.finish()))
}

/// Each argument in quotes, with spaces between them; nothing is left out. Double quotes escape what they hold.
fn enclosed(context: &mut Context<'_>, arguments: &[Value], quote: char) -> Result<Value, String> {
    let arguments = arguments.iter().filter(|argument| !matches!(argument, Value::Nil));
    let texts = arguments.map(|argument| shown(context, argument)).collect::<Result<Vec<_>, _>>()?;
    let mut builder = context.builder();
    for (index, text) in texts.iter().enumerate() {
        builder.push(if index == 0 { "" } else { " " })?;
        builder.follow(text.trace.as_ref())?;
        match quote {
            '"' => builder.quoted(&text.text)?,
            _ => builder.push(&format!("'{}'", text.text))?,
        }
    }
    Ok(Value::Text(builder.finish()))
}

fn to_string(context: &mut Context<'_>, arguments: &[Value]) -> Result<Value, String> {
    shown(context, argument(arguments, 0)).map(Value::Text)
}

fn url_query(context: &mut Context<'_>, arguments: &[Value]) -> Result<Value, String> {
    let plain = shown(context, argument(arguments, 0))?;
    context.made_of(&plain, &utf8_percent_encode(&plain.text, QUERY).to_string().replace(' ', "+"))
}

/// As it would be printed.
fn shown(context: &mut Context<'_>, value: &Value) -> Result<Text, String> {
    let mut builder = context.builder();
    builder.value(value)?;
    Ok(builder.finish())
}
