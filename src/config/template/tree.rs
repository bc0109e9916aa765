//! A template as it is understood, before it is carried out. Offsets are those of the source.

use super::functions::Function;

/// One thing to do.
pub enum Node<'s> {
    /// Text outside of actions.
    Text {
        at: usize,
        text: &'s str,
    },
    /// The value is printed, unless it is kept in a variable.
    Print(Pipe<'s>),
    /// The first branch whose value is true.
    Choice {
        branches: Vec<Branch<'s>>,
        otherwise: Vec<Node<'s>>,
    },
    /// The body for each item.
    Range {
        pipe: Pipe<'s>,
        body: Vec<Node<'s>>,
        otherwise: Vec<Node<'s>>,
    },
    Break,
    Continue,
}

/// A branch of `if`, or of `with`, in which the value is `.`.
pub struct Branch<'s> {
    pub is_with: bool,
    pub pipe: Pipe<'s>,
    pub body: Vec<Node<'s>>,
}

/// Commands, each of which gets the value of the one before as its last argument.
pub struct Pipe<'s> {
    pub at: usize,
    /// Variables that the value is kept in; two only in `range`.
    pub variables: Vec<&'s str>,
    /// Whether the variables are new.
    pub is_declaration: bool,
    pub commands: Vec<Command<'s>>,
}

/// An operand, or a function with its arguments.
pub struct Command<'s> {
    pub at: usize,
    pub first: Operand<'s>,
    pub arguments: Vec<Operand<'s>>,
}

/// A value, and the fields that are taken of it one after the other.
pub struct Operand<'s> {
    pub at: usize,
    pub kind: Kind<'s>,
    pub fields: Vec<&'s str>,
}

pub enum Kind<'s> {
    Dot,
    Nil,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(String),
    /// With its `$`; `$` alone is the environment.
    Variable(&'s str),
    Function(&'static Function),
    Pipe(Box<Pipe<'s>>),
}
