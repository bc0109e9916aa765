//! Takes settings from their sources, and keeps account of what was found and what was wrong.

use std::ops::RangeInclusive;
use std::time::Duration;

use super::file::File;
use super::known::{self, Standing};
use super::value::{Raw, Value};
use super::{Entry, Origin, Problem, Report, Severity, Sources};

/// One setting's names.
#[derive(Clone, Copy, Debug)]
pub(super) struct Key {
    /// Below `[hockeypuck]` in the file.
    pub path: &'static str,
    /// The command line flag, without dashes.
    flag: Option<&'static str>,
    /// Whether wrong values must not be repeated.
    secret: bool,
}

impl Key {
    pub(super) const fn new(path: &'static str) -> Self {
        Self { path, flag: None, secret: false }
    }

    /// Names the flag, after which the environment variable is named, too.
    pub(super) const fn flag(self, flag: &'static str) -> Self {
        Self { flag: Some(flag), ..self }
    }

    pub(super) const fn secret(self) -> Self {
        Self { secret: true, ..self }
    }

    /// `HOCKEYPUCK_` and the name of the flag, or else of the key.
    fn variable(&self) -> String {
        let name = self.flag.unwrap_or(self.path);
        format!("HOCKEYPUCK_{}", name.replace(['.', '-'], "_").to_uppercase())
    }
}

pub(super) struct Reader<'a> {
    sources: &'a Sources,
    file: File,
    report: Report,
}

impl<'a> Reader<'a> {
    pub(super) fn new(sources: &'a Sources) -> Self {
        let mut report = Report::default();
        let file = sources.file.as_deref().map(File::read).transpose().unwrap_or_else(|text| {
            report.problems.push(Problem { severity: Severity::Error, line: 0, text });
            None
        });
        Self { sources, file: file.unwrap_or_default(), report }
    }

    /// Whether a configuration file was named. Defaults that Hockeypuck's files rely on apply only then.
    pub(super) fn has_file(&self) -> bool {
        self.sources.file.is_some()
    }

    /// Whether any source gives the setting.
    pub(super) fn is_set(&self, key: &Key) -> bool {
        self.sources.flags.keys().any(|flag| key.flag == Some(flag))
            || self.sources.environment.get(&key.variable()).is_some_and(|text| !text.is_empty())
            || self.file.values.contains_key(&key.path.to_lowercase())
    }

    /// The setting, or `default` when no source has it or the value is wrong.
    pub(super) fn get<T: Value>(&mut self, key: Key, default: T) -> T {
        self.resolve(key, default, |_| Ok(())).0
    }

    /// As [`Reader::get`], for a number within `range`.
    pub(super) fn number(&mut self, key: Key, default: i64, range: RangeInclusive<i64>) -> i64 {
        let check = |value: &i64| {
            let (least, most) = (range.start(), range.end());
            if range.contains(value) { Ok(()) } else { Err(format!("a whole number from {least} to {most}")) }
        };
        self.resolve(key, default, check).0
    }

    /// A limit of which 0 or less means that there is none, which is `None`.
    pub(super) fn limit(&mut self, key: Key, default: i64) -> Option<u64> {
        u64::try_from(self.get(key, default)).ok().filter(|limit| *limit > 0)
    }

    /// A time of 1 second to an hour, in seconds.
    pub(super) fn seconds(&mut self, key: Key, default: i64) -> Duration {
        Duration::from_secs(self.number(key, default, 1..=3600).unsigned_abs())
    }

    /// A setting that has only one value in this version; tells when another is wanted.
    pub(super) fn fixed(&mut self, key: Key, only: bool) {
        let (value, origin) = self.resolve(key, only, |_| Ok(()));
        if value != only {
            let text = format!("{origin}: {} = {value} is not supported yet by this version", key.path);
            self.problem(Severity::Warning, origin.line(), text);
        }
    }

    /// As [`Reader::get`], for a text of which `check` tells what is expected instead.
    pub(super) fn text(&mut self, key: Key, default: &str, check: impl Fn(&str) -> Result<(), String>) -> String {
        self.resolve(key, default.to_owned(), |text| check(text)).0
    }

    /// Tells what stands in the file and was not asked for.
    pub(super) fn finish(mut self) -> Report {
        for (line, stray) in std::mem::take(&mut self.file.stray) {
            self.problem(Severity::Warning, line, stray);
        }
        for (path, value) in std::mem::take(&mut self.file.values) {
            let place = format!("{}:{}: {}", self.file.path.display(), value.line, value.key);
            let (severity, words) = match known::standing(&path) {
                Standing::Later => (Severity::Warning, "is not supported yet by this version"),
                Standing::NotNeeded => (Severity::Note, "is not needed and has no effect"),
                Standing::Unknown => (Severity::Warning, "is unknown and has no effect"),
            };
            self.problem(severity, value.line, format!("{place} {words}"));
        }
        self.report.problems.sort_by_key(|problem| problem.line);
        self.report
    }

    fn resolve<T: Value>(&mut self, key: Key, default: T, check: impl Fn(&T) -> Result<(), String>) -> (T, Origin) {
        let (value, origin) = match self.take(&key) {
            None => (default, Origin::Default),
            Some((raw, origin)) => {
                let value = T::read(&raw).ok_or_else(|| T::EXPECTED.to_owned());
                match value.and_then(|value| check(&value).map(|()| value)) {
                    Ok(value) => (value, origin),
                    Err(expected) => {
                        self.wrong(key, &raw, &origin, &expected);
                        (default, Origin::Default)
                    }
                }
            }
        };
        self.report.entries.push(Entry { key: key.path, value: value.shown(), origin: origin.clone() });
        (value, origin)
    }

    fn wrong(&mut self, key: Key, raw: &Raw, origin: &Origin, expected: &str) {
        let shown = if key.secret { String::new() } else { format!(" = {}", raw.shown()) };
        self.problem(Severity::Error, origin.line(), format!("{origin}: {}{shown}: expected {expected}", key.path));
    }

    /// The strongest source's value. Takes it from the file in any case, so that it does not count as unknown.
    fn take(&mut self, key: &Key) -> Option<(Raw, Origin)> {
        let in_file = self.file.values.remove(&key.path.to_lowercase());
        if let Some((name, text)) = key.flag.and_then(|flag| self.sources.flags.get_key_value(flag)) {
            return Some((Raw::Text(text.clone()), Origin::Flag(name)));
        }
        let variable = key.variable();
        if let Some(text) = self.sources.environment.get(&variable).filter(|text| !text.is_empty()) {
            return Some((Raw::Text(text.clone()), Origin::Environment(variable)));
        }
        in_file.map(|value| (value.raw, Origin::File { path: self.file.path.clone(), line: value.line }))
    }

    fn problem(&mut self, severity: Severity, line: usize, text: String) {
        self.report.problems.push(Problem { severity, line, text });
    }
}
