//! Whole numbers.

use super::{Context, Function, MANY, argument, function, text};
use crate::config::template::value::{Value, parse_int};

pub const FUNCTIONS: &[Function] = &[
    function("int", 1, 1, int),
    function("int64", 1, 1, int),
    function("atoi", 1, 1, atoi),
    function("add", 0, MANY, |_, arguments| fold(arguments, 0, i64::checked_add)),
    function("add1", 1, 1, |_, arguments| fold(arguments, 1, i64::checked_add)),
    function("mul", 1, MANY, |_, arguments| fold(arguments, 1, i64::checked_mul)),
    function("sub", 2, 2, |_, arguments| of_two(arguments, i64::checked_sub)),
    function("div", 2, 2, |_, arguments| of_two(arguments, i64::checked_div)),
    function("mod", 2, 2, |_, arguments| of_two(arguments, i64::checked_rem)),
];

fn int(_: &mut Context<'_>, arguments: &[Value]) -> Result<Value, String> {
    Ok(Value::Int(number(argument(arguments, 0))))
}

fn atoi(_: &mut Context<'_>, arguments: &[Value]) -> Result<Value, String> {
    Ok(Value::Int(text(argument(arguments, 0))?.text.parse().unwrap_or(0)))
}

fn fold(arguments: &[Value], start: i64, step: fn(i64, i64) -> Option<i64>) -> Result<Value, String> {
    let result = arguments.iter().map(number).try_fold(start, step);
    result.map(Value::Int).ok_or_else(out_of_range)
}

fn of_two(arguments: &[Value], step: fn(i64, i64) -> Option<i64>) -> Result<Value, String> {
    let result = step(number(argument(arguments, 0)), number(argument(arguments, 1)));
    result.map(Value::Int).ok_or_else(out_of_range)
}

/// As in Sprig, what is no number is 0.
fn number(value: &Value) -> i64 {
    match value {
        Value::Int(number) => *number,
        Value::Bool(value) => i64::from(*value),
        #[expect(clippy::cast_possible_truncation, reason = "it is meant to be cut, and is at the limits of the type")]
        Value::Float(number) => *number as i64,
        Value::Text(text) => parse_int(&text.text).unwrap_or(0),
        Value::Nil | Value::List(_) | Value::Map(_) | Value::Environment => 0,
    }
}

fn out_of_range() -> String {
    "the result is no number that can be used here".to_owned()
}
