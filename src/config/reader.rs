//! Takes settings from their sources, and keeps account of what was found and what was wrong.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::time::Duration;

use super::file::File;
use super::known::{self, Standing};
use super::value::{Raw, Value};
use super::{Entry, Origin, Problem, Report, Severity, Sources};

/// The longest list that a setting may hold.
const LIST_LIMIT: usize = 1000;
/// The longest list of a kind of which there may be many.
const LONG_LIST_LIMIT: usize = 100_000;

/// One setting's names.
#[derive(Clone, Debug)]
pub(super) struct Key {
    /// Below `[hockeypuck]` in the file, without quotes.
    path: Cow<'static, str>,
    /// The path as TOML spells it.
    shown: Cow<'static, str>,
    /// The command line flag, without dashes.
    flag: Option<&'static str>,
    /// Whether wrong values must not be repeated.
    secret: bool,
}

impl Key {
    pub(super) const fn new(path: &'static str) -> Self {
        Self { path: Cow::Borrowed(path), shown: Cow::Borrowed(path), flag: None, secret: false }
    }

    /// The key `field` of the table that an operator called `name` below `table`.
    pub(super) fn named(table: &str, name: &str, field: &str) -> Self {
        let is_bare = name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'));
        let quoted = if is_bare { name.to_owned() } else { super::value::quoted(name) };
        Self {
            path: format!("{table}.{name}.{field}").into(),
            shown: format!("{table}.{quoted}.{field}").into(),
            flag: None,
            secret: false,
        }
    }

    /// Names the flag, after which the environment variable is named, too.
    pub(super) const fn flag(mut self, flag: &'static str) -> Self {
        self.flag = Some(flag);
        self
    }

    pub(super) const fn secret(mut self) -> Self {
        self.secret = true;
        self
    }

    /// `HOCKEYPUCK_` and the name of the flag, or else of the key.
    fn variable(&self) -> String {
        variable(self.flag.unwrap_or(&self.path))
    }
}

/// The environment variable after the name of a flag or key.
pub(super) fn variable(name: &str) -> String {
    format!("HOCKEYPUCK_{}", name.replace(|c: char| !c.is_ascii_alphanumeric(), "_").to_uppercase())
}

pub(super) struct Reader<'a> {
    sources: &'a Sources,
    file: File,
    /// What settings in another form mean, by lower-cased path: weaker than variables, stronger than the file.
    implied: BTreeMap<String, Implied>,
    /// What is taken in place of a default, by lower-cased path.
    suggested: BTreeMap<String, Implied>,
    report: Report,
}

struct Implied {
    /// The path as it would be spelled in the file.
    key: String,
    raw: Raw,
    origin: Origin,
}

/// What a source says of a setting.
struct Given {
    raw: Raw,
    origin: Origin,
    /// Whether it must not be repeated.
    is_secret: bool,
}

/// Shown in place of a secret.
const HIDDEN: &str = "\"***\"";

impl<'a> Reader<'a> {
    pub(super) fn new(sources: &'a Sources) -> Self {
        let mut report = Report::default();
        let file = sources.file.as_deref().map(|path| File::read(path, &sources.environment));
        let file = file.transpose().unwrap_or_else(|text| {
            report.problems.push(Problem { severity: Severity::Error, line: 0, text });
            None
        });
        let file = file.unwrap_or_default();
        Self { sources, file, implied: BTreeMap::new(), suggested: BTreeMap::new(), report }
    }

    /// Whether a configuration file was named. Defaults that Hockeypuck's files rely on apply only then.
    pub(super) fn has_file(&self) -> bool {
        self.sources.file.is_some()
    }

    /// Whether any source gives the setting.
    pub(super) fn is_set(&self, key: &Key) -> bool {
        self.sources.flags.keys().any(|flag| key.flag == Some(flag))
            || self.sources.environment.get(&key.variable()).is_some_and(|text| !text.is_empty())
            || self.implied.contains_key(&key.path.to_lowercase())
            || self.file.values.contains_key(&key.path.to_lowercase())
            || self.suggested.contains_key(&key.path.to_lowercase())
    }

    /// What the strongest source says of the setting, for what depends on it.
    pub(super) fn text_of(&self, key: &Key) -> Option<String> {
        let path = key.path.to_lowercase();
        let flag = key.flag.and_then(|flag| self.sources.flags.get(flag));
        let variable = || self.sources.environment.get(&key.variable()).filter(|text| !text.is_empty());
        let text = |raw: &Raw| String::read(raw);
        (flag.or_else(variable).cloned())
            .or_else(|| self.implied.get(&path).and_then(|implied| text(&implied.raw)))
            .or_else(|| self.file.values.get(&path).and_then(|value| text(&value.raw)))
            .or_else(|| self.suggested.get(&path).and_then(|suggested| text(&suggested.raw)))
    }

    /// The keys below `table` that the file or another form gives, as they are spelled there.
    pub(super) fn below(&self, table: &str) -> Vec<String> {
        let spelled = self.file.values.values().map(|value| &value.key);
        let spelled = spelled.chain(self.implied.values().map(|implied| &implied.key));
        spelled
            .filter(|key| is_below(table, key))
            .filter_map(|key| key.get(table.len() + 1..))
            .map(str::to_owned)
            .collect()
    }

    /// Whether the file has `text` below `table` in a key that ends with `field`.
    pub(super) fn file_has(&self, table: &str, field: &str, text: &str) -> bool {
        let values = self.file.values.iter().filter(|(path, _)| is_below(table, path) && path.ends_with(field));
        values.into_iter().any(|(_, value)| String::read(&value.raw).is_some_and(|value| value == text))
    }

    /// Drops what the file has below `table`; answers the keys and where they stood.
    pub(super) fn forget(&mut self, table: &str) -> Vec<(String, Origin)> {
        let (gone, kept) =
            std::mem::take(&mut self.file.values).into_iter().partition(|(path, _)| is_below(table, path));
        self.file.values = kept;
        let gone: BTreeMap<String, super::file::FileValue> = gone;
        let path = &self.file.path;
        gone.into_values().map(|value| (value.key, Origin::File { path: path.clone(), line: value.line })).collect()
    }

    /// A variable of the environment, unless it is empty.
    pub(super) fn variable(&self, name: &str) -> Option<&'a str> {
        self.sources.environment.get(name).map(String::as_str).filter(|text| !text.is_empty())
    }

    /// Variables of the environment that are not empty.
    pub(super) fn variables(&self) -> impl Iterator<Item = (&'a str, &'a str)> {
        let variables = self.sources.environment.iter().filter(|(_, text)| !text.is_empty());
        variables.map(|(name, text)| (name.as_str(), text.as_str()))
    }

    /// Sets what a setting of another form means.
    pub(super) fn imply(&mut self, key: &Key, text: String, origin: Origin) {
        let implied = Implied { key: key.path.to_string(), raw: Raw::Text(text), origin };
        self.implied.insert(key.path.to_lowercase(), implied);
    }

    /// Sets what is taken where no other source has the setting.
    pub(super) fn suggest(&mut self, key: &Key, text: String, origin: Origin) {
        let suggested = Implied { key: key.path.to_string(), raw: Raw::Text(text), origin };
        self.suggested.insert(key.path.to_lowercase(), suggested);
    }

    /// A setting in another form than that in which the configuration is shown; not reported as an entry.
    pub(super) fn other_form<T: Value>(
        &mut self,
        key: &Key,
        check: impl Fn(&T) -> Result<(), String>,
    ) -> Option<(T, Origin)> {
        let given = self.take(key)?;
        self.checked(key, &given, check).map(|value| (value, given.origin))
    }

    /// The setting, or `default` when no source has it or the value is wrong.
    pub(super) fn get<T: Value>(&mut self, key: Key, default: T) -> T {
        self.resolve(key, default, |_| Ok(())).0
    }

    /// A list, each item of which `parse` reads or tells what is expected instead.
    pub(super) fn list<T>(&mut self, key: Key, default: &[&str], parse: impl Fn(&str) -> Result<T, String>) -> Vec<T> {
        self.list_up_to(LIST_LIMIT, key, default, parse)
    }

    /// A list that grows with the years.
    pub(super) fn long_list<T>(&mut self, key: Key, parse: impl Fn(&str) -> Result<T, String>) -> Vec<T> {
        self.list_up_to(LONG_LIST_LIMIT, key, &[], parse)
    }

    fn list_up_to<T>(
        &mut self,
        limit: usize,
        key: Key,
        default: &[&str],
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Vec<T> {
        let default = default.iter().map(|item| (*item).to_owned()).collect();
        let check = |items: &Vec<String>| match items.len() {
            count if count <= limit => items.iter().try_for_each(|item| parse(item).map(drop)),
            _ => Err(format!("at most {limit} items")),
        };
        let items = self.resolve(key, default, check).0;
        items.iter().filter_map(|item| parse(item).ok()).collect()
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
        let shown = key.shown.clone();
        let (value, origin) = self.resolve(key, only, |_| Ok(()));
        if value != only {
            let text = format!("{origin}: {shown} = {value} is not supported yet by this version");
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
                Standing::Pages => {
                    (Severity::Warning, "has no effect: the pages are part of the program, and cannot be replaced")
                }
                Standing::NotNeeded => (Severity::Note, "is not needed and has no effect"),
                Standing::Unknown => (Severity::Warning, "is unknown and has no effect"),
            };
            self.problem(severity, value.line, format!("{place} {words}"));
        }
        self.report.problems.sort_by_key(|problem| problem.line);
        self.report
    }

    /// The setting, where it comes from, and its entry in the report.
    pub(super) fn resolve<T: Value>(
        &mut self,
        key: Key,
        default: T,
        check: impl Fn(&T) -> Result<(), String>,
    ) -> (T, Origin) {
        let given = self.take(&key);
        // Secrets in settings that are known to hold one are hidden by their type, which shows the rest.
        let is_hidden = !key.secret && given.as_ref().is_some_and(|given| given.is_secret);
        let given = given.and_then(|given| Some((self.checked(&key, &given, check)?, given.origin)));
        let is_hidden = is_hidden && given.is_some();
        let (value, origin) = given.unwrap_or((default, Origin::Default));
        let shown = if is_hidden { HIDDEN.to_owned() } else { value.shown() };
        self.report.entries.push(Entry { key: key.shown, value: shown, origin: origin.clone() });
        (value, origin)
    }

    /// The value; `None`, and a problem in the report, when it is wrong.
    fn checked<T: Value>(&mut self, key: &Key, given: &Given, check: impl Fn(&T) -> Result<(), String>) -> Option<T> {
        let value = T::read(&given.raw).ok_or_else(|| T::EXPECTED.to_owned());
        match value.and_then(|value| check(&value).map(|()| value)) {
            Ok(value) => Some(value),
            Err(expected) => {
                self.wrong(key, given, &expected);
                None
            }
        }
    }

    fn wrong(&mut self, key: &Key, given: &Given, expected: &str) {
        let value = if given.is_secret { String::new() } else { format!(" = {}", given.raw.shown()) };
        self.complain(Severity::Error, &given.origin, &format!("{}{value}: expected {expected}", key.shown));
    }

    /// Reports a problem of what `origin` gave.
    pub(super) fn complain(&mut self, severity: Severity, origin: &Origin, text: &str) {
        self.problem(severity, origin.line(), format!("{origin}: {text}"));
    }

    /// The strongest source's value. Takes it from the file in any case, so that it does not count as unknown.
    fn take(&mut self, key: &Key) -> Option<Given> {
        let path = key.path.to_lowercase();
        let in_file = self.file.values.remove(&path);
        let implied = self.implied.remove(&path);
        let suggested = self.suggested.remove(&path);
        let given = |raw: Raw, origin: Origin| Some(Given { raw, origin, is_secret: key.secret });
        if let Some((name, text)) = key.flag.and_then(|flag| self.sources.flags.get_key_value(flag)) {
            return given(Raw::Text(text.clone()), Origin::Flag(name));
        }
        let variable = key.variable();
        if let Some(text) = self.sources.environment.get(&variable).filter(|text| !text.is_empty()) {
            return given(Raw::Text(text.clone()), Origin::Environment(variable));
        }
        if let Some(implied) = implied {
            return given(implied.raw, implied.origin);
        }
        if let Some(value) = in_file {
            let origin = Origin::File { path: self.file.path.clone(), line: value.line };
            return Some(Given { raw: value.raw, origin, is_secret: key.secret || value.is_secret });
        }
        suggested.and_then(|suggested| given(suggested.raw, suggested.origin))
    }

    /// Reports a problem; `line` is 0 when it is not about one of the file.
    pub(super) fn problem(&mut self, severity: Severity, line: usize, text: String) {
        self.report.problems.push(Problem { severity, line, text });
    }
}

/// Whether a path or key leads below `table`.
fn is_below(table: &str, path: &str) -> bool {
    let head = path.get(..table.len()).is_some_and(|head| head.eq_ignore_ascii_case(table));
    head && path.get(table.len()..).is_some_and(|rest| rest.starts_with('.'))
}
