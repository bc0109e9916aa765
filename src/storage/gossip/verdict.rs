//! Why a digest was not fetched, or will not be.

use std::fmt;

/// The most characters of a label that the database keeps.
const LABEL_LIMIT: usize = 64;

/// What came of asking for a digest; a short text in the database and in metrics.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Verdict {
    /// The partner does not have what it offered.
    Missing,
    /// The partner answered something that has another digest.
    WrongAnswer,
    /// The partner could not be reached or broke off.
    Unreachable,
    /// The partner refused to answer.
    Refused,
    /// The answer was larger than is taken.
    TooLarge,
    /// The rules refuse the certificate, for the labelled reason.
    Rejected(String),
    /// The certificate is on the blocklist.
    Blocked,
    /// Others kept writing the same certificate.
    Contended,
    /// Stored under another digest: the rules or what was stored before made something else of it.
    Differs,
    /// A code of another version of the program.
    Other(String),
}

const REJECTED: &str = "rejected:";

impl Verdict {
    /// The reverse of [`Verdict`]'s text; never fails, because units of several versions share a database.
    pub fn from_code(code: &str) -> Self {
        match code {
            "missing" => Self::Missing,
            "wrong-answer" => Self::WrongAnswer,
            "unreachable" => Self::Unreachable,
            "refused" => Self::Refused,
            "too-large" => Self::TooLarge,
            "blocked" => Self::Blocked,
            "contended" => Self::Contended,
            "differs" => Self::Differs,
            other => match other.strip_prefix(REJECTED) {
                Some(label) => Self::Rejected(label.to_owned()),
                None => Self::Other(other.to_owned()),
            },
        }
    }
}

/// The code that stands for the verdict in the database.
impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Missing => "missing",
            Self::WrongAnswer => "wrong-answer",
            Self::Unreachable => "unreachable",
            Self::Refused => "refused",
            Self::TooLarge => "too-large",
            Self::Blocked => "blocked",
            Self::Contended => "contended",
            Self::Differs => "differs",
            Self::Rejected(label) => return write!(f, "{REJECTED}{}", clean(label)),
            Self::Other(code) => return f.write_str(&clean(code)),
        })
    }
}

/// Short, and without NUL, which PostgreSQL has not in texts.
fn clean(label: &str) -> String {
    label.chars().filter(|c| !c.is_control()).take(LABEL_LIMIT).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What was written is read as the same, also what this version does not know.
    #[test]
    fn codes_are_read_back() {
        for verdict in [
            Verdict::Missing,
            Verdict::WrongAnswer,
            Verdict::Unreachable,
            Verdict::Refused,
            Verdict::TooLarge,
            Verdict::Rejected("version".into()),
            Verdict::Blocked,
            Verdict::Contended,
            Verdict::Differs,
            Verdict::Other("strange".into()),
        ] {
            assert_eq!(Verdict::from_code(&verdict.to_string()), verdict);
        }
        assert_eq!(Verdict::Rejected(format!("a\0{}", "b".repeat(99))).to_string().len(), "rejected:".len() + 64);
    }
}
