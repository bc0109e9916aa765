//! Comparisons.

use std::cmp::Ordering;

use super::{Context, Function, MANY, argument, function, text};
use crate::config::template::value::Value;

pub const FUNCTIONS: &[Function] = &[
    function("not", 1, 1, |_, arguments| Ok(Value::Bool(!argument(arguments, 0).is_true()))),
    function("eq", 2, MANY, equal),
    function("ne", 2, 2, unequal),
    function("lt", 2, 2, |_, arguments| ordered(arguments, Ordering::is_lt)),
    function("le", 2, 2, |_, arguments| ordered(arguments, Ordering::is_le)),
    function("gt", 2, 2, |_, arguments| ordered(arguments, Ordering::is_gt)),
    function("ge", 2, 2, |_, arguments| ordered(arguments, Ordering::is_ge)),
    function("hasPrefix", 2, 2, |_, arguments| holds(arguments, |part, whole| whole.starts_with(part))),
    function("hasSuffix", 2, 2, |_, arguments| holds(arguments, |part, whole| whole.ends_with(part))),
    function("contains", 2, 2, |_, arguments| holds(arguments, |part, whole| whole.contains(part))),
];

/// Whether the first equals any of the others.
fn equal(_: &mut Context<'_>, arguments: &[Value]) -> Result<Value, String> {
    let (first, others) = arguments.split_first().unwrap_or((&Value::Nil, &[]));
    for other in others {
        if first.equals(other)? {
            return Ok(Value::Bool(true));
        }
    }
    Ok(Value::Bool(false))
}

fn unequal(_: &mut Context<'_>, arguments: &[Value]) -> Result<Value, String> {
    argument(arguments, 0).equals(argument(arguments, 1)).map(|is_equal| Value::Bool(!is_equal))
}

fn ordered(arguments: &[Value], is_so: fn(Ordering) -> bool) -> Result<Value, String> {
    let order = argument(arguments, 0).order(argument(arguments, 1))?;
    Ok(Value::Bool(is_so(order)))
}

fn holds(arguments: &[Value], is_so: fn(&str, &str) -> bool) -> Result<Value, String> {
    let (part, whole) = (text(argument(arguments, 0))?, text(argument(arguments, 1))?);
    Ok(Value::Bool(is_so(&part.text, &whole.text)))
}
