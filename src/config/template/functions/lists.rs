//! Lists, maps and JSON.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::{Context, Function, MANY, argument, function, text};
use crate::config::template::value::{Text, Trace, Value};

pub const FUNCTIONS: &[Function] = &[
    function("index", 1, MANY, index),
    function("slice", 1, 3, slice),
    function("len", 1, 1, len),
    function("list", 0, MANY, list),
    function("first", 1, 1, |_, arguments| end(arguments, <[Value]>::first)),
    function("last", 1, 1, |_, arguments| end(arguments, <[Value]>::last)),
    function("has", 2, 2, has),
    function("toJson", 1, 1, to_json),
    function("fromJson", 1, 1, from_json),
];

fn index(context: &mut Context<'_>, arguments: &[Value]) -> Result<Value, String> {
    let (first, keys) = arguments.split_first().unwrap_or((&Value::Nil, &[]));
    let mut value = first.clone();
    for key in keys {
        value = match (&value, key) {
            (Value::List(list), Value::Int(at)) => {
                let item = usize::try_from(*at).ok().and_then(|at| list.items.get(at)).cloned();
                item.ok_or_else(|| format!("the list of {} items has none at {at}", list.items.len()))?
            }
            (Value::Text(text), Value::Int(at)) => {
                let octet = usize::try_from(*at).ok().and_then(|at| text.text.as_bytes().get(at).copied());
                Value::Int(octet.ok_or_else(|| format!("the text has no octet at {at}"))?.into())
            }
            (Value::Map(map), Value::Text(key)) => map.entries.get(&key.text).cloned().unwrap_or(Value::Nil),
            (Value::Environment, Value::Text(key)) => Value::Text(context.variable(&key.text)?),
            (value, key) => return Err(format!("{} cannot be asked for {}", value.kind(), key.kind())),
        };
    }
    Ok(value)
}

fn slice(context: &mut Context<'_>, arguments: &[Value]) -> Result<Value, String> {
    let bound = |index: usize, default: usize| match arguments.get(index) {
        None => Ok(default),
        Some(Value::Int(at)) => usize::try_from(*at).map_err(|_| "an index is less than 0".to_owned()),
        Some(other) => Err(format!("expected a whole number, got {}", other.kind())),
    };
    let outside = || "an index is out of range".to_owned();
    match argument(arguments, 0) {
        Value::List(list) => {
            let items = list.items.get(bound(1, 0)?..bound(2, list.items.len())?).ok_or_else(outside)?;
            context.budget.steps(items.len())?;
            Value::list(items.to_vec())
        }
        other => Err(format!("expected a list, got {}", other.kind())),
    }
}

fn len(context: &mut Context<'_>, arguments: &[Value]) -> Result<Value, String> {
    let length = match argument(arguments, 0) {
        Value::Text(text) => text.text.len(),
        Value::List(list) => list.items.len(),
        Value::Map(map) => map.entries.len(),
        Value::Environment => context.environment.len(),
        other => return Err(format!("{} has no length", other.kind())),
    };
    Ok(Value::Int(i64::try_from(length).unwrap_or(i64::MAX)))
}

fn list(context: &mut Context<'_>, arguments: &[Value]) -> Result<Value, String> {
    context.budget.steps(arguments.len())?;
    Value::list(arguments.to_vec())
}

fn end(arguments: &[Value], which: fn(&[Value]) -> Option<&Value>) -> Result<Value, String> {
    match argument(arguments, 0) {
        Value::List(list) => Ok(which(&list.items).cloned().unwrap_or(Value::Nil)),
        other => Err(format!("expected a list, got {}", other.kind())),
    }
}

/// Whether the second holds the first; what cannot be compared is not the same.
fn has(context: &mut Context<'_>, arguments: &[Value]) -> Result<Value, String> {
    let Value::List(list) = argument(arguments, 1) else {
        return Err(format!("expected a list, got {}", argument(arguments, 1).kind()));
    };
    context.budget.steps(list.items.len())?;
    Ok(Value::Bool(list.items.iter().any(|item| item.equals(argument(arguments, 0)).unwrap_or(false))))
}

fn to_json(context: &mut Context<'_>, arguments: &[Value]) -> Result<Value, String> {
    let mut builder = context.builder();
    builder.json(argument(arguments, 0))?;
    Ok(Value::Text(builder.finish()))
}

fn from_json(context: &mut Context<'_>, arguments: &[Value]) -> Result<Value, String> {
    let text = text(argument(arguments, 0))?;
    // Each octet may become a value.
    context.budget.steps(text.text.len() / 2)?;
    context.budget.octets(text.text.len())?;
    let json = serde_json::from_str(&text.text).map_err(|_| "the text is no JSON".to_owned())?;
    of_json(json, text.trace.as_ref())
}

fn of_json(json: serde_json::Value, trace: Option<&Rc<Trace>>) -> Result<Value, String> {
    match json {
        serde_json::Value::Null => Ok(Value::Nil),
        serde_json::Value::Bool(value) => Ok(Value::Bool(value)),
        serde_json::Value::Number(number) => Ok(Value::Float(number.as_f64().unwrap_or(f64::MAX))),
        serde_json::Value::String(text) => Ok(Value::Text(Text { text: text.into(), trace: trace.cloned() })),
        serde_json::Value::Array(items) => {
            Value::list(items.into_iter().map(|item| of_json(item, trace)).collect::<Result<_, _>>()?)
        }
        serde_json::Value::Object(entries) => {
            let entry = |(key, item): (String, _)| Ok((key.into(), of_json(item, trace)?));
            Value::map(entries.into_iter().map(entry).collect::<Result<BTreeMap<Rc<str>, Value>, String>>()?)
        }
    }
}
