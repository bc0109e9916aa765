//! What the documents say of names that the code has.

use std::collections::BTreeSet;

use hockeypuck::app::needs_restart;
use hockeypuck::config::{Config, Sources};

use super::{Source, assert_none, sources};

/// The commands that the documents tell people to type exist.
#[test]
fn documented_targets_exist() {
    let sources = sources();
    let makefile = sources.iter().find(|s| s.path == "Makefile").map(|s| s.text.as_str()).unwrap();
    let mut violations = Vec::new();
    for source in sources.iter().filter(|s| s.path.ends_with(".md")) {
        for target in make_targets(&source.text) {
            if !makefile.lines().any(|line| line.starts_with(&format!("{target}:"))) {
                violations.push(format!("{}: make {target} does not exist", source.path));
            }
        }
    }
    assert!(sources.iter().any(|s| s.path == "README.md" && make_targets(&s.text).contains(&"run")));
    assert_none(&violations);
}

/// Every setting is documented.
#[test]
fn settings_are_documented() {
    let document = text_of("docs/configure.md");
    let settings = Config::load(&Sources::default()).report.entries;
    assert!(settings.len() > 10, "{settings:?}");
    let missing = settings.iter().map(|entry| &entry.key).filter(|key| !document.contains(&format!("`{key}`")));
    assert_none(&missing.map(|key| format!("docs/configure.md: {key} is missing")).collect::<Vec<_>>());
}

/// The settings that need a restart are those that the document lists.
#[test]
fn settings_that_need_a_restart_are_documented() {
    let document = text_of("docs/configure.md");
    let (_, section) = document.split_once("## Change settings while the server runs").unwrap();
    let list = section.split("\n\n").find(|part| part.starts_with('`')).unwrap();
    let listed: BTreeSet<&str> = list.split('`').skip(1).step_by(2).collect();
    let entries = Config::load(&Sources::default()).report.entries;
    let needed: BTreeSet<&str> = entries.iter().map(|entry| &*entry.key).filter(|key| needs_restart(key)).collect();
    assert_eq!(needed, listed);
}

/// Every metric is documented.
#[test]
fn metrics_are_documented() {
    let document = text_of("docs/operate.md");
    let telemetry: Vec<Source> = sources().into_iter().filter(|s| s.path.starts_with("src/telemetry/")).collect();
    let names: BTreeSet<&str> = telemetry.iter().flat_map(|s| metric_names(&s.text)).collect();
    assert!(names.len() > 10, "{names:?}");
    // A name ends at a quote or where its labels begin.
    let missing = names.iter().filter(|n| !["`", "{"].iter().any(|end| document.contains(&format!("`{n}{end}"))));
    assert_none(&missing.map(|name| format!("docs/operate.md: {name} is missing")).collect::<Vec<_>>());
}

fn text_of(path: &str) -> String {
    sources().into_iter().find(|source| source.path == path).unwrap().text
}

/// The string literals that are names of ours.
fn metric_names(code: &str) -> impl Iterator<Item = &str> {
    let is_name = |text: &&str| text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    code.split('"').filter(|text| text.starts_with("hockeypuck_")).filter(is_name)
}

/// The targets of the commands that stand at the start of a line or in backquotes.
fn make_targets(text: &str) -> Vec<&str> {
    let commands = text.lines().flat_map(|line| line.split('`')).map(str::trim);
    let targets = commands.filter_map(|command| command.strip_prefix("make "));
    targets
        .filter_map(|target| target.split_whitespace().next())
        .filter(|t| t.chars().all(|c| c.is_ascii_lowercase() || c == '-'))
        .collect()
}
