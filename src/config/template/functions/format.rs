//! `print`, `println` and `printf`.

use super::{Context, Function, MANY, argument, function, text};
use crate::config::template::print::Builder;
use crate::config::template::value::Value;

pub const FUNCTIONS: &[Function] = &[
    function("print", 0, MANY, print),
    function("println", 0, MANY, print_line),
    function("printf", 1, MANY, print_formatted),
];

/// The widest field of `printf`.
const WIDTH_LIMIT: usize = 1000;

/// With spaces between two arguments that are no texts.
fn print(context: &mut Context<'_>, arguments: &[Value]) -> Result<Value, String> {
    let mut builder = context.builder();
    let mut was_text = true;
    for (index, argument) in arguments.iter().enumerate() {
        let is_text = matches!(argument, Value::Text(_));
        builder.push(if index > 0 && !is_text && !was_text { " " } else { "" })?;
        builder.value(argument)?;
        was_text = is_text;
    }
    Ok(Value::Text(builder.finish()))
}

fn print_line(context: &mut Context<'_>, arguments: &[Value]) -> Result<Value, String> {
    let mut builder = context.builder();
    for (index, argument) in arguments.iter().enumerate() {
        builder.push(if index > 0 { " " } else { "" })?;
        builder.value(argument)?;
    }
    builder.push("\n")?;
    Ok(Value::Text(builder.finish()))
}

fn print_formatted(context: &mut Context<'_>, arguments: &[Value]) -> Result<Value, String> {
    let format = text(argument(arguments, 0))?;
    let mut arguments = arguments.iter().skip(1);
    let mut builder = context.builder();
    builder.follow(format.trace.as_ref())?;
    let mut rest = &*format.text;
    while let Some((before, after)) = rest.split_once('%') {
        builder.push(before)?;
        let (verb, after) = Verb::read(after)?;
        rest = after;
        if verb.letter == '%' {
            builder.push("%")?;
            continue;
        }
        let argument = arguments.next().ok_or("there are fewer arguments than the format asks for")?;
        verb.write(&mut builder, argument)?;
    }
    builder.push(rest)?;
    if arguments.next().is_some() {
        return Err("there are more arguments than the format asks for".to_owned());
    }
    Ok(Value::Text(builder.finish()))
}

/// What stands behind a `%`.
struct Verb {
    letter: char,
    width: usize,
    is_left: bool,
    is_filled: bool,
}

impl Verb {
    fn read(text: &str) -> Result<(Self, &str), String> {
        let after_flags = text.trim_start_matches(['-', '0']);
        let flags = text.get(..text.len() - after_flags.len()).unwrap_or_default();
        let after = after_flags.trim_start_matches(|c: char| c.is_ascii_digit());
        let digits = after_flags.get(..after_flags.len() - after.len()).unwrap_or_default();
        let width = if digits.is_empty() { Some(0) } else { digits.parse().ok() };
        let width = width.filter(|width| *width <= WIDTH_LIMIT).ok_or("a field of the format is too wide")?;
        let letter = after.chars().next().filter(|c| "sqvdt%".contains(*c));
        let letter = letter.ok_or("the format knows %s, %q, %v, %d, %t and %%, with a width")?;
        let (is_left, is_filled) = (flags.contains('-'), flags.contains('0'));
        Ok((Self { letter, width, is_left, is_filled }, after.get(letter.len_utf8()..).unwrap_or_default()))
    }

    fn write(&self, builder: &mut Builder<'_>, value: &Value) -> Result<(), String> {
        let shown = match (self.letter, value) {
            ('v' | 'd', Value::Int(number)) => number.to_string(),
            ('v' | 't', Value::Bool(value)) => value.to_string(),
            ('s' | 'v', Value::Text(text)) if self.width == 0 => return builder.text(text),
            ('s' | 'v', Value::Text(text)) => {
                builder.follow(text.trace.as_ref())?;
                text.text.to_string()
            }
            ('q', Value::Text(text)) if self.width == 0 => {
                builder.follow(text.trace.as_ref())?;
                return builder.quoted(&text.text);
            }
            ('v', value) if self.width == 0 => return builder.value(value),
            ('s', Value::List(_) | Value::Map(_)) if self.width == 0 => return builder.value(value),
            (letter, value) => return Err(format!("%{letter} cannot show {} here", value.kind())),
        };
        let missing = self.width.saturating_sub(shown.chars().count());
        if self.is_left {
            builder.push(&shown)?;
            return builder.push(&" ".repeat(missing));
        }
        match shown.strip_prefix('-').filter(|_| self.is_filled) {
            Some(digits) => builder.push(&format!("-{}{digits}", "0".repeat(missing))),
            None => {
                builder.push(&if self.is_filled { "0" } else { " " }.repeat(missing))?;
                builder.push(&shown)
            }
        }
    }
}
