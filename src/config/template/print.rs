//! Making texts of values, within the limit.

use std::ops::Range;
use std::rc::Rc;

use super::value::{Text, Trace, Value};
use super::{OCTETS_LIMIT, STEPS_LIMIT};

/// How much may still be done.
pub struct Budget {
    steps: usize,
    octets: usize,
}

impl Default for Budget {
    fn default() -> Self {
        Self { steps: STEPS_LIMIT, octets: OCTETS_LIMIT }
    }
}

impl Budget {
    pub fn steps(&mut self, count: usize) -> Result<(), String> {
        let left = self.steps.checked_sub(count);
        self.steps = left.ok_or_else(|| format!("the template takes more than {STEPS_LIMIT} steps"))?;
        Ok(())
    }

    pub fn octets(&mut self, count: usize) -> Result<(), String> {
        let left = self.octets.checked_sub(count);
        self.octets = left.ok_or_else(|| format!("the template makes more than {OCTETS_LIMIT} octets of text"))?;
        Ok(())
    }
}

/// A text that grows within the budget and remembers where it came from.
pub struct Builder<'b> {
    budget: &'b mut Budget,
    text: String,
    trace: Option<Rc<Trace>>,
}

impl<'b> Builder<'b> {
    pub fn new(budget: &'b mut Budget) -> Self {
        Self { budget, text: String::new(), trace: None }
    }

    pub fn finish(self) -> Text {
        Text { text: self.text.into(), trace: self.trace }
    }

    pub fn push(&mut self, text: &str) -> Result<(), String> {
        self.budget.octets(text.len())?;
        self.text.push_str(text);
        Ok(())
    }

    /// From now on the text is also made of what `trace` names.
    pub fn follow(&mut self, trace: Option<&Rc<Trace>>) -> Result<(), String> {
        let Some(trace) = trace else { return Ok(()) };
        match &mut self.trace {
            None => self.trace = Some(trace.clone()),
            Some(old) if Rc::ptr_eq(old, trace) || old == trace => {}
            Some(old) => {
                self.budget.steps(trace.variables.len() + trace.unset.len())?;
                let old = Rc::make_mut(old);
                old.variables.extend(trace.variables.iter().cloned());
                old.unset.extend(trace.unset.iter().cloned());
            }
        }
        Ok(())
    }

    pub fn text(&mut self, text: &Text) -> Result<(), String> {
        self.follow(text.trace.as_ref())?;
        self.push(&text.text)
    }

    /// As Go prints it, but nothing is empty.
    pub fn value(&mut self, value: &Value) -> Result<(), String> {
        match value {
            Value::Nil => Ok(()),
            value => self.nested(value),
        }
    }

    fn nested(&mut self, value: &Value) -> Result<(), String> {
        match value {
            Value::Nil => self.push("<nil>"),
            Value::Bool(value) => self.push(if *value { "true" } else { "false" }),
            Value::Int(number) => self.push(&number.to_string()),
            Value::Float(number) => self.push(&float(*number)),
            Value::Text(text) => self.text(text),
            Value::List(list) => {
                self.push("[")?;
                for (index, item) in list.items.iter().enumerate() {
                    self.push(if index == 0 { "" } else { " " })?;
                    self.nested(item)?;
                }
                self.push("]")
            }
            Value::Map(map) => {
                self.push("map[")?;
                for (index, (key, item)) in map.entries.iter().enumerate() {
                    self.push(if index == 0 { "" } else { " " })?;
                    self.push(key)?;
                    self.push(":")?;
                    self.nested(item)?;
                }
                self.push("]")
            }
            Value::Environment => Err("the whole environment cannot be printed".to_owned()),
        }
    }

    /// As JSON, in which Go escapes what has a meaning in HTML.
    pub fn json(&mut self, value: &Value) -> Result<(), String> {
        match value {
            Value::Nil => self.push("null"),
            Value::Float(number) => self.push(&plain_or_scientific(*number, -6..21, 1)),
            Value::Text(text) => {
                self.follow(text.trace.as_ref())?;
                self.json_text(&text.text)
            }
            Value::List(list) => {
                self.push("[")?;
                for (index, item) in list.items.iter().enumerate() {
                    self.push(if index == 0 { "" } else { "," })?;
                    self.json(item)?;
                }
                self.push("]")
            }
            Value::Map(map) => {
                self.push("{")?;
                for (index, (key, item)) in map.entries.iter().enumerate() {
                    self.push(if index == 0 { "" } else { "," })?;
                    self.json_text(key)?;
                    self.push(":")?;
                    self.json(item)?;
                }
                self.push("}")
            }
            Value::Bool(_) | Value::Int(_) | Value::Environment => self.nested(value),
        }
    }

    fn json_text(&mut self, text: &str) -> Result<(), String> {
        // Before it is made: it may be six times as long.
        self.budget.octets(text.len())?;
        let json = serde_json::Value::from(text).to_string();
        for part in json.split_inclusive(['<', '>', '&', '\u{2028}', '\u{2029}']) {
            let plain = part.trim_end_matches(['<', '>', '&', '\u{2028}', '\u{2029}']);
            self.push(plain)?;
            if let Some(special) = part.get(plain.len()..).and_then(|rest| rest.chars().next()) {
                self.push(&format!("\\u{:04x}", u32::from(special)))?;
            }
        }
        Ok(())
    }

    /// As a text in quotes that Go reads as the same.
    pub fn quoted(&mut self, text: &str) -> Result<(), String> {
        self.push("\"")?;
        for c in text.chars() {
            match c {
                '"' => self.push("\\\"")?,
                '\\' => self.push("\\\\")?,
                '\u{7}' => self.push("\\a")?,
                '\u{8}' => self.push("\\b")?,
                '\u{c}' => self.push("\\f")?,
                '\n' => self.push("\\n")?,
                '\r' => self.push("\\r")?,
                '\t' => self.push("\\t")?,
                '\u{b}' => self.push("\\v")?,
                c if c.is_ascii_control() => self.push(&format!("\\x{:02x}", u32::from(c)))?,
                c if c.is_control() => self.push(&format!("\\u{:04x}", u32::from(c)))?,
                c => self.push(c.encode_utf8(&mut [0; 4]))?,
            }
        }
        self.push("\"")
    }
}

/// The shortest digits that mean the number, as Go prints them.
fn float(number: f64) -> String {
    plain_or_scientific(number, -4..6, 2)
}

/// With an exponent of at least `width` digits where the exponent is not in `plain`.
fn plain_or_scientific(number: f64, plain: Range<i32>, width: usize) -> String {
    let scientific = format!("{number:e}");
    let Some((digits, exponent)) = scientific.split_once('e') else { return scientific };
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if plain.contains(&exponent) {
        return number.to_string();
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{digits}e{sign}{:0width$}", exponent.unsigned_abs())
}
