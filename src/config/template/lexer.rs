//! The source as a row of tokens.

mod literal;

use super::Fault;

/// One token.
#[derive(Debug)]
pub struct Token<'s> {
    pub kind: Kind<'s>,
    pub at: usize,
    /// Whether white space stands before it.
    pub is_spaced: bool,
}

#[derive(Debug, PartialEq)]
pub enum Kind<'s> {
    /// Outside of actions, trimmed where `{{-` and `-}}` say so.
    Text(&'s str),
    Open,
    Close,
    LeftParenthesis,
    RightParenthesis,
    Pipe,
    Comma,
    Declare,
    Assign,
    Dot,
    /// Without its dot.
    Field(&'s str),
    /// With its `$`.
    Variable(&'s str),
    /// A keyword, a function or a constant.
    Word(&'s str),
    Int(i64),
    Float(f64),
    Quoted(String),
    End,
}

const OPEN: &str = "{{";
const CLOSE: &str = "}}";
const TRIMMING_CLOSE: &str = "-}}";
const COMMENT: &str = "/*";
const COMMENT_END: &str = "*/";
/// What Go trims and takes for space in actions.
const SPACE: [char; 4] = [' ', '\t', '\r', '\n'];

/// Reads the whole source.
pub fn lex(source: &str) -> Result<Vec<Token<'_>>, Fault> {
    let mut lexer = Lexer { source, at: 0, tokens: Vec::new() };
    while let Some(length) = lexer.rest().find(OPEN) {
        lexer.text_and_action(length)?;
    }
    let rest = lexer.rest();
    lexer.push_text(rest);
    lexer.at = source.len();
    lexer.push(Kind::End, source.len(), true);
    Ok(lexer.tokens)
}

struct Lexer<'s> {
    source: &'s str,
    at: usize,
    tokens: Vec<Token<'s>>,
}

impl<'s> Lexer<'s> {
    fn rest(&self) -> &'s str {
        self.source.get(self.at..).unwrap_or_default()
    }

    fn push(&mut self, kind: Kind<'s>, at: usize, is_spaced: bool) {
        self.tokens.push(Token { kind, at, is_spaced });
    }

    /// The text must begin where the lexer stands.
    fn push_text(&mut self, text: &'s str) {
        if !text.is_empty() {
            self.push(Kind::Text(text), self.at, true);
        }
    }

    /// Takes `text` away if it is next.
    fn skip(&mut self, text: &str) -> bool {
        let is_next = self.rest().starts_with(text);
        if is_next {
            self.at += text.len();
        }
        is_next
    }

    /// Whether there was any.
    fn skip_space(&mut self) -> bool {
        let rest = self.rest();
        let skipped = rest.len() - rest.trim_start_matches(SPACE).len();
        self.at += skipped;
        skipped > 0
    }

    /// The next `length` octets are text, then an action or a comment begins.
    fn text_and_action(&mut self, length: usize) -> Result<(), Fault> {
        let (text, _) = self.rest().split_at(length);
        let open = self.at + length;
        let marker = self.source.get(open + OPEN.len()..).and_then(|after| after.strip_prefix('-'));
        let is_trimming = marker.is_some_and(|after| after.starts_with(SPACE));
        self.push_text(if is_trimming { text.trim_end_matches(SPACE) } else { text });
        self.at = open + OPEN.len() + usize::from(is_trimming);
        let after_marker = self.rest().strip_prefix(SPACE).filter(|_| is_trimming).unwrap_or(self.rest());
        let is_trimmed_after = if after_marker.starts_with(COMMENT) {
            self.comment(open)?
        } else {
            self.push(Kind::Open, open, true);
            self.action(open)?
        };
        if is_trimmed_after {
            self.skip_space();
        }
        Ok(())
    }

    /// Whether the text behind it is trimmed.
    fn comment(&mut self, open: usize) -> Result<bool, Fault> {
        let end = self.rest().find(COMMENT_END).ok_or_else(|| Fault::new(open, "the comment is not closed with */"))?;
        self.at += end + COMMENT_END.len();
        if self.skip(CLOSE) {
            return Ok(false);
        }
        let closed = self.skip_space() && self.skip(TRIMMING_CLOSE);
        closed
            .then_some(true)
            .ok_or_else(|| Fault::new(open, "a comment must end right before }}, with */}} or */ -}}"))
    }

    /// Whether the text behind it is trimmed.
    fn action(&mut self, open: usize) -> Result<bool, Fault> {
        loop {
            let is_spaced = self.skip_space();
            let at = self.at;
            if is_spaced && self.skip(TRIMMING_CLOSE) {
                self.push(Kind::Close, at, is_spaced);
                return Ok(true);
            }
            if self.skip(CLOSE) {
                self.push(Kind::Close, at, is_spaced);
                return Ok(false);
            }
            let kind = self.token(open)?;
            self.push(kind, at, is_spaced);
        }
    }

    fn token(&mut self, open: usize) -> Result<Kind<'s>, Fault> {
        let mut next = self.rest().chars();
        let Some(first) = next.next() else { return Err(Fault::new(open, "the action is not closed with }}")) };
        let second = next.next().unwrap_or_default();
        match first {
            '"' | '`' | '\'' => literal::quoted(self, first),
            '.' if !second.is_ascii_digit() => self.name(first),
            '$' => self.name(first),
            '.' | '+' | '-' | '0'..='9' => literal::number(self),
            c if is_name_part(c) => self.name(first),
            _ => self.sign(first),
        }
    }

    fn sign(&mut self, first: char) -> Result<Kind<'s>, Fault> {
        if self.skip(":=") {
            return Ok(Kind::Declare);
        }
        let kind = match first {
            '=' => Kind::Assign,
            '|' => Kind::Pipe,
            ',' => Kind::Comma,
            '(' => Kind::LeftParenthesis,
            ')' => Kind::RightParenthesis,
            _ => return Err(self.unexpected(first)),
        };
        self.at += first.len_utf8();
        Ok(kind)
    }

    /// A word, a field with its dot, or a variable with its `$`.
    fn name(&mut self, first: char) -> Result<Kind<'s>, Fault> {
        let begin = if is_name_part(first) { 0 } else { first.len_utf8() };
        let rest = self.rest();
        let after = rest.get(begin..).unwrap_or_default();
        let name = after.split(|c| !is_name_part(c)).next().unwrap_or_default();
        let whole = rest.get(..begin + name.len()).unwrap_or_default();
        self.at += whole.len();
        if let Some(next) = self.rest().chars().next().filter(|_| !self.is_at_end_of_name()) {
            return Err(self.unexpected(next));
        }
        Ok(match first {
            '.' if name.is_empty() => Kind::Dot,
            '.' => Kind::Field(name),
            '$' => Kind::Variable(whole),
            _ => Kind::Word(name),
        })
    }

    /// As in Go, other signs need a space before them.
    fn is_at_end_of_name(&self) -> bool {
        self.rest().starts_with(CLOSE) || self.rest().starts_with(|c| SPACE.contains(&c) || ".,|:()".contains(c))
    }

    fn unexpected(&self, character: char) -> Fault {
        Fault::new(self.at, format!("unexpected {character:?} in an action"))
    }
}

fn is_name_part(c: char) -> bool {
    c == '_' || c.is_alphanumeric()
}
