//! From tokens to what they mean. Functions and variables are known before anything is carried out.

use std::vec::IntoIter;

use super::lexer::{Kind as Sign, Token};
use super::tree::{Branch, Command, Kind, Node, Operand, Pipe};
use super::{Fault, NESTING_LIMIT, functions};

/// Reads a whole template.
pub fn parse(tokens: Vec<Token<'_>>) -> Result<Vec<Node<'_>>, Fault> {
    let mut tokens = tokens.into_iter();
    let next = tokens.next().unwrap_or(END);
    let mut parser = Parser { next, tokens, variables: vec!["$"], loops: 0, depth: 0 };
    let (nodes, ending) = parser.nodes()?;
    match ending {
        Ending::Source => Ok(nodes),
        Ending::End(at) => Err(Fault::new(at, "unexpected {{end}}: nothing is open")),
        Ending::Else(at) => Err(Fault::new(at, "unexpected {{else}}: no {{if}}, {{with}} or {{range}} is open")),
    }
}

struct Parser<'s> {
    next: Token<'s>,
    tokens: IntoIter<Token<'s>>,
    /// Those that are declared, the innermost last.
    variables: Vec<&'s str>,
    /// How many `range` are open.
    loops: usize,
    /// How deep structures and parentheses stand in each other.
    depth: usize,
}

const END: Token<'static> = Token { kind: Sign::End, at: 0, is_spaced: true };

/// What ended a list of nodes; offsets are those of the actions.
enum Ending {
    Source,
    End(usize),
    /// What follows in the action has not been read.
    Else(usize),
}

impl<'s> Parser<'s> {
    fn take(&mut self) -> Token<'s> {
        let end = Token { at: self.next.at, ..END };
        std::mem::replace(&mut self.next, self.tokens.next().unwrap_or(end))
    }

    fn takes(&mut self, kind: &Sign<'_>) -> bool {
        let is_next = self.next.kind == *kind;
        if is_next {
            self.take();
        }
        is_next
    }

    fn close(&mut self, context: &str) -> Result<(), Fault> {
        if self.takes(&Sign::Close) { Ok(()) } else { Err(self.unexpected(context)) }
    }

    fn unexpected(&self, context: &str) -> Fault {
        let shown = match &self.next.kind {
            Sign::Text(_) | Sign::End => "end of the file",
            Sign::Open => "{{",
            Sign::Close => "}}",
            Sign::LeftParenthesis => "(",
            Sign::RightParenthesis => ")",
            Sign::Pipe => "|",
            Sign::Comma => ",",
            Sign::Declare => ":=",
            Sign::Assign => "=",
            Sign::Dot => ".",
            Sign::Field(name) => return Fault::new(self.next.at, format!("unexpected .{name} in {context}")),
            Sign::Variable(name) | Sign::Word(name) => name,
            Sign::Int(_) | Sign::Float(_) => "number",
            Sign::Quoted(_) => "text in quotes",
        };
        Fault::new(self.next.at, format!("unexpected {shown} in {context}"))
    }

    fn deeper(&mut self, at: usize) -> Result<(), Fault> {
        self.depth += 1;
        if self.depth <= NESTING_LIMIT {
            return Ok(());
        }
        Err(Fault::new(at, format!("more than {NESTING_LIMIT} structures or parentheses stand in each other")))
    }

    fn nodes(&mut self) -> Result<(Vec<Node<'s>>, Ending), Fault> {
        let mut nodes = Vec::new();
        loop {
            let Token { kind, at, .. } = self.take();
            match kind {
                Sign::Text(text) => nodes.push(Node::Text { at, text }),
                Sign::Open => match self.action(at)? {
                    Action::Node(node) => nodes.push(node),
                    Action::Ending(ending) => return Ok((nodes, ending)),
                },
                _ => return Ok((nodes, Ending::Source)),
            }
        }
    }

    fn action(&mut self, at: usize) -> Result<Action<'s>, Fault> {
        let Sign::Word(word) = self.next.kind else { return self.printed() };
        match word {
            "if" | "with" | "range" | "else" | "end" | "break" | "continue" => drop(self.take()),
            "define" | "template" | "block" => {
                return Err(Fault::new(self.next.at, format!("{{{{{word}}}}} is not supported in this file")));
            }
            _ => return self.printed(),
        }
        match word {
            "else" => return Ok(Action::Ending(Ending::Else(at))),
            "end" => {
                self.close("{{end}}")?;
                return Ok(Action::Ending(Ending::End(at)));
            }
            "if" => self.choice(at, false),
            "with" => self.choice(at, true),
            "range" => self.range(at),
            _ => self.jump(at, word),
        }
        .map(Action::Node)
    }

    fn printed(&mut self) -> Result<Action<'s>, Fault> {
        let pipe = self.pipe("an action", 1)?;
        self.close("an action")?;
        Ok(Action::Node(Node::Print(pipe)))
    }

    fn jump(&mut self, at: usize, word: &str) -> Result<Node<'s>, Fault> {
        if self.loops == 0 {
            return Err(Fault::new(at, format!("{{{{{word}}}}} stands outside of {{{{range}}}}")));
        }
        self.close(word)?;
        Ok(if word == "break" { Node::Break } else { Node::Continue })
    }

    /// `{{if}}` or `{{with}}` with all branches.
    fn choice(&mut self, at: usize, is_with: bool) -> Result<Node<'s>, Fault> {
        let word = if is_with { "with" } else { "if" };
        self.deeper(at)?;
        let outer = self.variables.len();
        let (mut branches, mut otherwise) = (Vec::new(), Vec::new());
        loop {
            let pipe = self.pipe(word, 1)?;
            self.close(word)?;
            let (body, ending) = self.body()?;
            branches.push(Branch { is_with, pipe, body });
            match ending {
                Ending::Source => return Err(unclosed(at, word)),
                Ending::End(_) => break,
                Ending::Else(_) if self.takes(&Sign::Word(word)) => {}
                Ending::Else(_) => {
                    otherwise = self.otherwise(at, word)?;
                    break;
                }
            }
        }
        self.variables.truncate(outer);
        self.depth -= 1;
        Ok(Node::Choice { branches, otherwise })
    }

    fn range(&mut self, at: usize) -> Result<Node<'s>, Fault> {
        self.deeper(at)?;
        let outer = self.variables.len();
        let pipe = self.pipe("range", 2)?;
        self.close("range")?;
        self.loops += 1;
        let (body, ending) = self.body()?;
        self.loops -= 1;
        let otherwise = match ending {
            Ending::Source => return Err(unclosed(at, "range")),
            Ending::End(_) => Vec::new(),
            Ending::Else(_) => self.otherwise(at, "range")?,
        };
        self.variables.truncate(outer);
        self.depth -= 1;
        Ok(Node::Range { pipe, body, otherwise })
    }

    /// Variables that are declared in it end with it.
    fn body(&mut self) -> Result<(Vec<Node<'s>>, Ending), Fault> {
        let outer = self.variables.len();
        let read = self.nodes()?;
        self.variables.truncate(outer);
        Ok(read)
    }

    /// What follows `{{else`.
    fn otherwise(&mut self, at: usize, word: &str) -> Result<Vec<Node<'s>>, Fault> {
        self.close("{{else}}")?;
        match self.body()? {
            (nodes, Ending::End(_)) => Ok(nodes),
            (_, Ending::Else(second)) => Err(Fault::new(second, "a second {{else}}")),
            (_, Ending::Source) => Err(unclosed(at, word)),
        }
    }

    /// Commands up to what ends them, which stays; at most so many variables keep the value.
    fn pipe(&mut self, context: &str, variables_limit: usize) -> Result<Pipe<'s>, Fault> {
        let at = self.next.at;
        let mut pipe = Pipe { at, variables: Vec::new(), is_declaration: false, commands: Vec::new() };
        let mut first = self.leading_variables(&mut pipe, context, variables_limit)?;
        loop {
            let at = self.next.at;
            let command = self.command(context, first.take(), !pipe.commands.is_empty())?;
            let Some(command) = command else {
                return Err(Fault::new(at, format!("missing value for {context}")));
            };
            pipe.commands.push(command);
            if !self.takes(&Sign::Pipe) {
                break;
            }
        }
        if pipe.is_declaration {
            self.variables.extend(&pipe.variables);
        }
        Ok(pipe)
    }

    /// Reads `$a :=`, `$a =` and `$a, $b :=`. A variable that is nothing of these is an operand, which is answered.
    fn leading_variables(
        &mut self,
        pipe: &mut Pipe<'s>,
        context: &str,
        limit: usize,
    ) -> Result<Option<Operand<'s>>, Fault> {
        while let Sign::Variable(name) = self.next.kind {
            let Token { at, .. } = self.take();
            match self.next.kind {
                Sign::Declare | Sign::Assign => {
                    pipe.is_declaration = self.take().kind == Sign::Declare;
                    pipe.variables.push(name);
                    let unknown = |name: &&&str| !self.variables.contains(*name);
                    if let Some(name) = pipe.variables.iter().find(unknown).filter(|_| !pipe.is_declaration) {
                        return Err(Fault::new(at, format!("undefined variable {name}")));
                    }
                    return Ok(None);
                }
                Sign::Comma if pipe.variables.len() + 1 < limit => {
                    self.take();
                    pipe.variables.push(name);
                }
                Sign::Comma => return Err(Fault::new(at, format!("too many variables in {context}"))),
                _ if pipe.variables.is_empty() => return self.variable(at, name).map(Some),
                _ => return Err(self.unexpected(context)),
            }
        }
        if pipe.variables.is_empty() { Ok(None) } else { Err(self.unexpected(context)) }
    }

    /// `None` when there is nothing; `first` was read already.
    fn command(
        &mut self,
        context: &str,
        first: Option<Operand<'s>>,
        is_piped: bool,
    ) -> Result<Option<Command<'s>>, Fault> {
        let first = match first {
            Some(first) => Some(first),
            None => self.operand(context)?,
        };
        let Some(first) = first else { return Ok(None) };
        let mut arguments = Vec::new();
        while !matches!(self.next.kind, Sign::Pipe | Sign::Close | Sign::RightParenthesis) {
            if !self.next.is_spaced {
                return Err(self.unexpected(context));
            }
            let argument = self.operand(context)?;
            arguments.push(argument.ok_or_else(|| self.unexpected(context))?);
        }
        let at = first.at;
        let is_function = matches!(first.kind, Kind::Function(_)) && first.fields.is_empty();
        if matches!(first.kind, Kind::Nil) {
            return Err(Fault::new(at, "nil alone has no value"));
        }
        if !is_function && (is_piped || !arguments.is_empty()) {
            return Err(Fault::new(at, "this is no function: it takes no arguments"));
        }
        Ok(Some(Command { at, first, arguments }))
    }

    /// `None`, and nothing is taken, where no operand begins.
    fn operand(&mut self, context: &str) -> Result<Option<Operand<'s>>, Fault> {
        let begins = matches!(
            self.next.kind,
            Sign::LeftParenthesis
                | Sign::Dot
                | Sign::Field(_)
                | Sign::Variable(_)
                | Sign::Word(_)
                | Sign::Int(_)
                | Sign::Float(_)
                | Sign::Quoted(_)
        );
        if !begins {
            let is_end = matches!(self.next.kind, Sign::Pipe | Sign::Close | Sign::RightParenthesis);
            return if is_end { Ok(None) } else { Err(self.unexpected(context)) };
        }
        let Token { kind, at, .. } = self.take();
        let mut fields = Vec::new();
        let kind = match kind {
            Sign::LeftParenthesis => Kind::Pipe(Box::new(self.parenthesis(at)?)),
            Sign::Field(name) => {
                fields.push(name);
                Kind::Dot
            }
            Sign::Variable(name) => return self.variable(at, name).map(Some),
            Sign::Word(word) => word_kind(at, word)?,
            Sign::Int(number) => Kind::Int(number),
            Sign::Float(number) => Kind::Float(number),
            Sign::Quoted(text) => Kind::Text(text),
            _ => Kind::Dot,
        };
        let has_fields = matches!(kind, Kind::Pipe(_) | Kind::Function(_)) || !fields.is_empty();
        self.fields(has_fields, &mut fields)?;
        Ok(Some(Operand { at, kind, fields }))
    }

    fn variable(&mut self, at: usize, name: &'s str) -> Result<Operand<'s>, Fault> {
        if !self.variables.contains(&name) {
            return Err(Fault::new(at, format!("undefined variable {name}")));
        }
        let mut fields = Vec::new();
        self.fields(true, &mut fields)?;
        Ok(Operand { at, kind: Kind::Variable(name), fields })
    }

    /// `.A.B` right behind an operand.
    fn fields(&mut self, may_follow: bool, fields: &mut Vec<&'s str>) -> Result<(), Fault> {
        while let (Sign::Field(name), false) = (&self.next.kind, self.next.is_spaced) {
            if !may_follow {
                return Err(self.unexpected("an operand"));
            }
            fields.push(name);
            self.take();
        }
        Ok(())
    }

    fn parenthesis(&mut self, at: usize) -> Result<Pipe<'s>, Fault> {
        self.deeper(at)?;
        let pipe = self.pipe("parentheses", 1)?;
        if !self.takes(&Sign::RightParenthesis) {
            return Err(Fault::new(at, "the parenthesis is not closed"));
        }
        self.depth -= 1;
        Ok(pipe)
    }
}

enum Action<'s> {
    Node(Node<'s>),
    Ending(Ending),
}

fn word_kind<'s>(at: usize, word: &str) -> Result<Kind<'s>, Fault> {
    match word {
        "true" => Ok(Kind::Bool(true)),
        "false" => Ok(Kind::Bool(false)),
        "nil" => Ok(Kind::Nil),
        "if" | "with" | "range" | "else" | "end" | "break" | "continue" | "define" | "template" | "block" => {
            Err(Fault::new(at, format!("unexpected {word}: it begins an action")))
        }
        _ => functions::find(word)
            .map(Kind::Function)
            .ok_or_else(|| Fault::new(at, format!("the function {word} is not known here"))),
    }
}

fn unclosed(at: usize, word: &str) -> Fault {
    Fault::new(at, format!("{{{{{word}}}}} has no {{{{end}}}}"))
}
