//! The functions that a template can call: those of Go's templates and of Sprig that configuration files use.

mod choose;
mod compare;
mod format;
mod lists;
mod numbers;
mod texts;

use std::collections::BTreeMap;

use super::print::{Budget, Builder};
use super::value::{Text, Trace, Value};

/// A function and how many arguments it takes.
pub struct Function {
    pub name: &'static str,
    least: usize,
    most: usize,
    pub work: Work,
}

/// What a function does.
#[derive(Clone, Copy)]
pub enum Work {
    Plain(Plain),
    /// These two look at no more arguments than they need.
    And,
    Or,
}

type Plain = fn(&mut Context<'_>, &[Value]) -> Result<Value, String>;

/// What functions work with.
pub struct Context<'e> {
    pub environment: &'e BTreeMap<String, String>,
    pub budget: Budget,
}

impl<'e> Context<'e> {
    pub fn new(environment: &'e BTreeMap<String, String>) -> Self {
        Self { environment, budget: Budget::default() }
    }

    /// A variable of the environment; empty when it is not set.
    pub fn variable(&mut self, name: &str) -> Result<Text, String> {
        let value = self.environment.get(name);
        let trace = if value.is_some() { Trace::set(name) } else { Trace::unset(name) };
        let value = value.map(String::as_str).unwrap_or_default();
        self.budget.octets(value.len() + name.len())?;
        Ok(Text { text: value.into(), trace: Some(trace.into()) })
    }

    /// Long texts take more steps.
    pub fn look_at(&mut self, arguments: &[Value]) -> Result<(), String> {
        let length = |argument: &Value| if let Value::Text(text) = argument { text.text.len() } else { 0 };
        self.budget.steps(arguments.iter().map(length).sum::<usize>() / STEP_OCTETS)
    }

    fn builder(&mut self) -> Builder<'_> {
        Builder::new(&mut self.budget)
    }

    /// A text made of `text`.
    fn made_of(&mut self, text: &Text, made: &str) -> Result<Value, String> {
        self.budget.octets(made.len())?;
        Ok(Value::Text(text.with(made)))
    }
}

impl Function {
    /// The error tells how many arguments there should be.
    pub fn check_count(&self, count: usize) -> Result<(), String> {
        if (self.least..=self.most).contains(&count) {
            return Ok(());
        }
        let arguments = match (self.least, self.most) {
            (least, MANY) => format!("at least {least}"),
            (least, most) if least == most => least.to_string(),
            (least, most) => format!("{least} to {most}"),
        };
        Err(format!("expected {arguments} arguments, got {count}"))
    }
}

/// The function of that name.
pub fn find(name: &str) -> Option<&'static Function> {
    let tables = [FUNCTIONS, choose::FUNCTIONS, compare::FUNCTIONS, lists::FUNCTIONS, numbers::FUNCTIONS];
    let mut all = tables.into_iter().chain([texts::FUNCTIONS, format::FUNCTIONS]).flatten();
    all.find(|function| function.name == name)
}

/// How much text one step looks at.
const STEP_OCTETS: usize = 4096;
const MANY: usize = usize::MAX;
static FUNCTIONS: &[Function] = &[
    Function { name: "and", least: 1, most: MANY, work: Work::And },
    Function { name: "or", least: 1, most: MANY, work: Work::Or },
];

const fn function(name: &'static str, least: usize, most: usize, work: Plain) -> Function {
    Function { name, least, most, work: Work::Plain(work) }
}

fn text(value: &Value) -> Result<&Text, String> {
    match value {
        Value::Text(text) => Ok(text),
        other => Err(format!("expected a text, got {}", other.kind())),
    }
}

/// The argument at `index`; the count has been checked, so that it is there.
fn argument(arguments: &[Value], index: usize) -> &Value {
    arguments.get(index).unwrap_or(&Value::Nil)
}
