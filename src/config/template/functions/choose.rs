//! Variables, and what is taken in place of what is missing.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::{Context, Function, MANY, argument, function, text};
use crate::config::template::value::Value;

pub const FUNCTIONS: &[Function] = &[
    function("env", 1, 1, env),
    function("osenv", 1, 1, osenv),
    function("default", 1, 2, default),
    function("empty", 1, 1, empty),
    function("coalesce", 0, MANY, coalesce),
    function("ternary", 3, 3, ternary),
    function("required", 2, 2, required),
    function("fail", 1, 1, fail),
];

fn env(context: &mut Context<'_>, arguments: &[Value]) -> Result<Value, String> {
    context.variable(&text(argument(arguments, 0))?.text).map(Value::Text)
}

/// All variables whose names begin so, by their whole names.
fn osenv(context: &mut Context<'_>, arguments: &[Value]) -> Result<Value, String> {
    let prefix = text(argument(arguments, 0))?;
    let names = context.environment.keys().filter(|name| name.starts_with(&*prefix.text));
    let mut entries = BTreeMap::new();
    for name in names {
        let name: Rc<str> = name.as_str().into();
        context.budget.steps(1)?;
        entries.insert(name.clone(), Value::Text(context.variable(&name)?));
    }
    Value::map(entries)
}

fn default(_: &mut Context<'_>, arguments: &[Value]) -> Result<Value, String> {
    let given = arguments.get(1).filter(|given| given.is_true());
    Ok(given.unwrap_or(argument(arguments, 0)).clone())
}

fn empty(_: &mut Context<'_>, arguments: &[Value]) -> Result<Value, String> {
    Ok(Value::Bool(!argument(arguments, 0).is_true()))
}

fn coalesce(_: &mut Context<'_>, arguments: &[Value]) -> Result<Value, String> {
    Ok(arguments.iter().find(|value| value.is_true()).cloned().unwrap_or(Value::Nil))
}

fn ternary(_: &mut Context<'_>, arguments: &[Value]) -> Result<Value, String> {
    match argument(arguments, 2) {
        Value::Bool(choice) => Ok(argument(arguments, usize::from(!choice)).clone()),
        other => Err(format!("expected true or false, got {}", other.kind())),
    }
}

fn required(_: &mut Context<'_>, arguments: &[Value]) -> Result<Value, String> {
    match argument(arguments, 1) {
        Value::Text(value) if value.text.is_empty() => Err(text(argument(arguments, 0))?.text.to_string()),
        Value::Nil => Err(text(argument(arguments, 0))?.text.to_string()),
        value => Ok(value.clone()),
    }
}

fn fail(_: &mut Context<'_>, arguments: &[Value]) -> Result<Value, String> {
    Err(text(argument(arguments, 0))?.text.to_string())
}
