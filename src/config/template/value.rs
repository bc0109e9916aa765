//! What a template computes with, and where texts came from.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::NESTING_LIMIT;

/// A value. Cheap to clone.
#[derive(Clone)]
pub enum Value {
    Nil,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(Text),
    List(Rc<List>),
    Map(Rc<Map>),
    /// All variables; its fields are read where they are asked for.
    Environment,
}

#[derive(Clone)]
pub struct Text {
    pub text: Rc<str>,
    pub trace: Option<Rc<Trace>>,
}

/// The variables of the environment that a text was made of.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Trace {
    pub variables: BTreeSet<Rc<str>>,
    /// Those that are not set.
    pub unset: BTreeSet<Rc<str>>,
}

/// Lists and maps know how deep they are, because all work on them recurs.
pub struct List {
    pub items: Vec<Value>,
    depth: usize,
}

pub struct Map {
    pub entries: BTreeMap<Rc<str>, Value>,
    depth: usize,
}

impl Trace {
    /// Of a variable that is set.
    pub fn set(name: &str) -> Self {
        Self { variables: BTreeSet::from([name.into()]), unset: BTreeSet::new() }
    }

    /// Of a variable that is not set.
    pub fn unset(name: &str) -> Self {
        Self { variables: BTreeSet::new(), unset: BTreeSet::from([name.into()]) }
    }

    /// Whether nobody may see what these variables hold.
    pub fn is_secret(&self) -> bool {
        const WORDS: [&str; 7] =
            ["PASSWORD", "PASSWD", "SECRET", "TOKEN", "CREDENTIAL", "PRIVATE_KEY", "CONNECT_STRING"];
        self.variables.iter().map(|name| name.to_uppercase()).any(|name| WORDS.iter().any(|word| name.contains(word)))
    }
}

impl Text {
    /// Text that the environment has no part in.
    pub fn plain(text: &str) -> Self {
        Self { text: text.into(), trace: None }
    }

    /// Another text made of this one.
    pub fn with(&self, text: &str) -> Self {
        Self { text: text.into(), trace: self.trace.clone() }
    }
}

impl Value {
    pub fn text(text: &str) -> Self {
        Self::Text(Text::plain(text))
    }

    pub fn list(items: Vec<Self>) -> Result<Self, String> {
        let depth = deeper(items.iter())?;
        Ok(Self::List(Rc::new(List { items, depth })))
    }

    pub fn map(entries: BTreeMap<Rc<str>, Self>) -> Result<Self, String> {
        let depth = deeper(entries.values())?;
        Ok(Self::Map(Rc::new(Map { entries, depth })))
    }

    /// False are nothing, `false`, 0, and what is empty.
    pub fn is_true(&self) -> bool {
        match self {
            Self::Nil => false,
            Self::Bool(value) => *value,
            Self::Int(number) => *number != 0,
            Self::Float(number) => *number != 0.0,
            Self::Text(text) => !text.text.is_empty(),
            Self::List(list) => !list.items.is_empty(),
            Self::Map(map) => !map.entries.is_empty(),
            Self::Environment => true,
        }
    }

    /// To be put after "a", as in "a text".
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Nil => "nothing",
            Self::Bool(_) => "true or false",
            Self::Int(_) => "a whole number",
            Self::Float(_) => "a number",
            Self::Text(_) => "a text",
            Self::List(_) => "a list",
            Self::Map(_) => "a map",
            Self::Environment => "the environment",
        }
    }

    /// Only values of one kind can be compared; anything can be compared with nothing.
    pub fn equals(&self, other: &Self) -> Result<bool, String> {
        match (self, other) {
            (Self::Bool(a), Self::Bool(b)) => Ok(a == b),
            (Self::Int(a), Self::Int(b)) => Ok(a == b),
            (Self::Float(a), Self::Float(b)) => Ok(a.total_cmp(b) == Ordering::Equal || a == b),
            (Self::Text(a), Self::Text(b)) => Ok(a.text == b.text),
            (Self::Nil, other) | (other, Self::Nil) => Ok(matches!(other, Self::Nil)),
            _ => Err(incomparable(self, other)),
        }
    }

    /// Only numbers and texts have an order.
    pub fn order(&self, other: &Self) -> Result<Ordering, String> {
        match (self, other) {
            (Self::Int(a), Self::Int(b)) => Ok(a.cmp(b)),
            (Self::Float(a), Self::Float(b)) => Ok(a.total_cmp(b)),
            (Self::Text(a), Self::Text(b)) => Ok(a.text.cmp(&b.text)),
            _ => Err(incomparable(self, other)),
        }
    }

    fn depth(&self) -> usize {
        match self {
            Self::List(list) => list.depth,
            Self::Map(map) => map.depth,
            _ => 0,
        }
    }
}

/// A whole number as Go reads it: with a sign, a prefix for its base, and `_` between digits.
pub fn parse_int(text: &str) -> Option<i64> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", text.strip_prefix('+').unwrap_or(text)),
    };
    let lower = digits.to_ascii_lowercase();
    let based = [("0x", 16), ("0o", 8), ("0b", 2), ("0", 8)].into_iter();
    let mut based = based.filter_map(|(prefix, base)| Some((lower.strip_prefix(prefix)?, base)));
    let (digits, base) = based.next().filter(|(digits, _)| !digits.is_empty()).unwrap_or((&lower, 10));
    let is_grouped = !digits.ends_with('_') && !digits.contains("__") && (base != 10 || !digits.starts_with('_'));
    let digits = digits.replace('_', "");
    let is_plain = is_grouped && digits.starts_with(|c: char| c.is_ascii_alphanumeric());
    i64::from_str_radix(&format!("{sign}{digits}"), base).ok().filter(|_| is_plain)
}

fn deeper<'v>(values: impl Iterator<Item = &'v Value>) -> Result<usize, String> {
    let depth = values.map(Value::depth).max().unwrap_or(0) + 1;
    if depth <= NESTING_LIMIT { Ok(depth) } else { Err(format!("more than {NESTING_LIMIT} lists in each other")) }
}

fn incomparable(a: &Value, b: &Value) -> String {
    format!("{} cannot be compared with {}", a.kind(), b.kind())
}
