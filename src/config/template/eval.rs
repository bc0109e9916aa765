//! Carrying a template out.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::Fault;
use super::functions::{Context, Work};
use super::output::Output;
use super::print::Builder;
use super::tree::{Command, Kind, Node, Operand, Pipe};
use super::value::{Text, Trace, Value};

/// Carries out all nodes with `environment` as `.` and `$`.
pub fn run(nodes: &[Node<'_>], environment: &BTreeMap<String, String>) -> Result<Output, Fault> {
    let context = Context::new(environment);
    let mut run = Run { context, variables: vec![("$", Value::Environment)], output: Output::default() };
    run.nodes(nodes, &Value::Environment)?;
    Ok(run.output)
}

struct Run<'n, 'e> {
    context: Context<'e>,
    /// Those in scope, the innermost last.
    variables: Vec<(&'n str, Value)>,
    output: Output,
}

/// Whether the loop goes on.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Flow {
    On,
    Continue,
    Break,
}

impl<'n> Run<'n, '_> {
    fn nodes(&mut self, nodes: &'n [Node<'_>], dot: &Value) -> Result<Flow, Fault> {
        let outer = self.variables.len();
        let mut flow = Flow::On;
        for node in nodes {
            flow = self.node(node, dot)?;
            if flow != Flow::On {
                break;
            }
        }
        self.variables.truncate(outer);
        Ok(flow)
    }

    fn node(&mut self, node: &'n Node<'_>, dot: &Value) -> Result<Flow, Fault> {
        match node {
            Node::Text { at, text } => {
                self.context.budget.octets(text.len()).map_err(at_offset(*at))?;
                self.output.copy(*at, text);
                Ok(Flow::On)
            }
            Node::Print(pipe) => self.print(pipe, dot).map(|()| Flow::On),
            Node::Choice { branches, otherwise } => {
                let outer = self.variables.len();
                for branch in branches {
                    let value = self.pipe(&branch.pipe, dot)?;
                    if value.is_true() {
                        let flow = self.nodes(&branch.body, if branch.is_with { &value } else { dot });
                        self.variables.truncate(outer);
                        return flow;
                    }
                }
                let flow = self.nodes(otherwise, dot);
                self.variables.truncate(outer);
                flow
            }
            Node::Range { pipe, body, otherwise } => {
                let outer = self.variables.len();
                let flow = self.range(pipe, body, otherwise, dot);
                self.variables.truncate(outer);
                flow
            }
            Node::Break => Ok(Flow::Break),
            Node::Continue => Ok(Flow::Continue),
        }
    }

    fn print(&mut self, pipe: &'n Pipe<'_>, dot: &Value) -> Result<(), Fault> {
        let value = self.pipe(pipe, dot)?;
        if !pipe.variables.is_empty() {
            return Ok(());
        }
        let mut builder = Builder::new(&mut self.context.budget);
        builder.value(&value).map_err(at_offset(pipe.at))?;
        let text = builder.finish();
        self.output.print(pipe.at, text);
        Ok(())
    }

    fn range(
        &mut self,
        pipe: &'n Pipe<'_>,
        body: &'n [Node<'_>],
        otherwise: &'n [Node<'_>],
        dot: &Value,
    ) -> Result<Flow, Fault> {
        let value = self.commands(pipe, dot)?;
        let items = self.items(&value).map_err(at_offset(pipe.at))?;
        if items.is_empty() {
            return self.nodes(otherwise, dot);
        }
        let outer = self.variables.len();
        for (index, item) in items {
            let values = match pipe.variables.as_slice() {
                [_, _] => vec![index, item.clone()],
                _ => vec![item.clone()],
            };
            self.keep(pipe, values);
            let flow = self.nodes(body, &item)?;
            self.variables.truncate(outer);
            if flow == Flow::Break {
                break;
            }
        }
        Ok(Flow::On)
    }

    /// What `range` goes over: indexes or keys, and items.
    fn items(&mut self, value: &Value) -> Result<Vec<(Value, Value)>, String> {
        let indexed = |index: usize| Value::Int(i64::try_from(index).unwrap_or(i64::MAX));
        Ok(match value {
            Value::Nil => Vec::new(),
            Value::Text(text) if text.trace.as_ref().is_some_and(|t| !t.unset.is_empty()) && text.text.is_empty() => {
                Vec::new()
            }
            Value::Int(count) => {
                let count = usize::try_from(*count).unwrap_or(0);
                self.context.budget.steps(count)?;
                (0..count).map(|index| (indexed(index), indexed(index))).collect()
            }
            Value::List(list) => {
                self.context.budget.steps(list.items.len())?;
                list.items.iter().enumerate().map(|(index, item)| (indexed(index), item.clone())).collect()
            }
            Value::Map(map) => {
                self.context.budget.steps(map.entries.len())?;
                let key = |key: &Rc<str>| Value::Text(Text { text: key.clone(), trace: None });
                map.entries.iter().map(|(name, item)| (key(name), item.clone())).collect()
            }
            Value::Environment => {
                let names: Vec<&str> = self.context.environment.keys().map(String::as_str).collect();
                let item = |name: &str| Ok((Value::text(name), Value::Text(self.context.variable(name)?)));
                names.into_iter().map(item).collect::<Result<_, String>>()?
            }
            Value::Bool(_) | Value::Float(_) | Value::Text(_) => {
                return Err(format!("range goes over lists, maps and numbers, not over {}", value.kind()));
            }
        })
    }

    /// The value, which the variables of the pipe have afterwards.
    fn pipe(&mut self, pipe: &'n Pipe<'_>, dot: &Value) -> Result<Value, Fault> {
        let value = self.commands(pipe, dot)?;
        self.keep(pipe, vec![value.clone()]);
        Ok(value)
    }

    fn keep(&mut self, pipe: &'n Pipe<'_>, values: Vec<Value>) {
        for (name, value) in pipe.variables.iter().zip(values) {
            let known = self.variables.iter_mut().rev().find(|(known, _)| known == name);
            match known.filter(|_| !pipe.is_declaration) {
                Some((_, old)) => *old = value,
                None => self.variables.push((name, value)),
            }
        }
    }

    fn commands(&mut self, pipe: &'n Pipe<'_>, dot: &Value) -> Result<Value, Fault> {
        let mut piped = None;
        for command in &pipe.commands {
            piped = Some(self.command(command, piped, dot)?);
        }
        Ok(piped.unwrap_or(Value::Nil))
    }

    fn command(&mut self, command: &'n Command<'_>, piped: Option<Value>, dot: &Value) -> Result<Value, Fault> {
        let Kind::Function(function) = command.first.kind else { return self.operand(&command.first, dot) };
        if !command.first.fields.is_empty() {
            return self.operand(&command.first, dot);
        }
        let count = command.arguments.len() + usize::from(piped.is_some());
        let wrong = |text| Fault::new(command.at, format!("{}: {text}", function.name));
        function.check_count(count).map_err(wrong)?;
        self.context.budget.steps(1).map_err(at_offset(command.at))?;
        let Work::Plain(work) = function.work else {
            return self.first_that(matches!(function.work, Work::Or), command, piped, dot);
        };
        let arguments = command.arguments.iter().map(|argument| self.operand(argument, dot));
        let mut arguments = arguments.collect::<Result<Vec<_>, _>>()?;
        arguments.extend(piped);
        self.context.look_at(&arguments).map_err(at_offset(command.at))?;
        work(&mut self.context, &arguments).map_err(wrong)
    }

    /// `or` answers the first that is true, `and` the first that is not, both else the last; what follows is not
    /// looked at.
    fn first_that(
        &mut self,
        is_true: bool,
        command: &'n Command<'_>,
        piped: Option<Value>,
        dot: &Value,
    ) -> Result<Value, Fault> {
        let mut last = Value::Nil;
        for argument in &command.arguments {
            last = self.operand(argument, dot)?;
            if last.is_true() == is_true {
                return Ok(last);
            }
        }
        Ok(piped.unwrap_or(last))
    }

    fn operand(&mut self, operand: &'n Operand<'_>, dot: &Value) -> Result<Value, Fault> {
        self.context.budget.steps(1).map_err(at_offset(operand.at))?;
        let mut value = match &operand.kind {
            Kind::Dot => dot.clone(),
            Kind::Nil => Value::Nil,
            Kind::Bool(value) => Value::Bool(*value),
            Kind::Int(number) => Value::Int(*number),
            Kind::Float(number) => Value::Float(*number),
            Kind::Text(text) => {
                self.context.budget.octets(text.len()).map_err(at_offset(operand.at))?;
                Value::text(text)
            }
            Kind::Variable(name) => {
                let known = self.variables.iter().rev().find(|(known, _)| known == name);
                known.map_or(Value::Nil, |(_, value)| value.clone())
            }
            Kind::Function(function) => {
                let wrong = |text| Fault::new(operand.at, format!("{}: {text}", function.name));
                function.check_count(0).map_err(wrong)?;
                match function.work {
                    Work::Plain(work) => work(&mut self.context, &[]).map_err(wrong)?,
                    Work::And | Work::Or => Value::Nil,
                }
            }
            Kind::Pipe(pipe) => self.pipe(pipe, dot)?,
        };
        for name in &operand.fields {
            value = self.field(&value, name).map_err(at_offset(operand.at))?;
        }
        Ok(value)
    }

    fn field(&mut self, value: &Value, name: &str) -> Result<Value, String> {
        match value {
            Value::Environment => self.context.variable(name).map(Value::Text),
            Value::Map(map) => Ok(map.entries.get(name).cloned().unwrap_or_else(|| missing(name))),
            Value::Nil => Ok(Value::Nil),
            Value::Text(text) if text.trace.as_ref().is_some_and(|trace| !trace.unset.is_empty()) => Ok(value.clone()),
            _ => Err(format!("{} has no field {name}", value.kind())),
        }
    }
}

/// What is not in a map is told about like a variable that is not set.
fn missing(name: &str) -> Value {
    Value::Text(Text { text: "".into(), trace: Some(Rc::new(Trace::unset(name))) })
}

fn at_offset(at: usize) -> impl Fn(String) -> Fault {
    move |text| Fault::new(at, text)
}
