//! Files: their sizes, their names, and what must not stand in them.

use super::{Source, assert_none, sources};

/// Longer files hide what is in them.
const LINES_LIMIT: usize = 600;

/// Words that no file may hold, each in two halves so that this file may.
const FORBIDDEN: &[(&str, &str)] = &[
    ("TO", "DO"),
    ("FIX", "ME"),
    ("#[ign", "ore"),
    ("/wo", "rk/"),
    ("/sha", "red/"),
    ("<<<<", "<<< "),
    (">>>>", ">>> "),
    ("deb.deb", "ian.org"),
    ("static.cra", "tes.io"),
    ("index.cra", "tes.io"),
    ("pypi", ".org"),
];

/// A file can be read in one sitting.
#[test]
fn files_are_small() {
    let rust = sources().into_iter().filter(Source::is_rust);
    let long = rust.map(|s| (s.text.lines().count(), s.path)).filter(|(lines, _)| *lines > LINES_LIMIT);
    assert_none(&long.map(|(lines, path)| format!("{path}: {lines} lines")).collect::<Vec<_>>());
}

/// A module's file is beside its directory, so that every file's name says what it holds.
#[test]
fn no_file_is_called_mod() {
    let files = sources().into_iter().map(|s| s.path).filter(|path| path.ends_with("/mod.rs"));
    assert_none(&files.collect::<Vec<_>>());
}

/// Nothing is left half-done or switched off, and nothing names the machine that it was written on.
#[test]
fn no_forbidden_words() {
    let mut violations = Vec::new();
    for source in sources() {
        for word in FORBIDDEN.iter().map(|(head, tail)| format!("{head}{tail}")) {
            let lines = source.text.lines().enumerate().filter(|(_, line)| line.contains(&word));
            violations.extend(lines.map(|(index, _)| format!("{}:{}: {word}", source.path, index + 1)));
        }
    }
    assert_none(&violations);
}

/// A file that no module declares would never be compiled, and its tests would never run.
#[test]
fn every_test_file_is_a_module() {
    let sources = sources();
    let mut violations = Vec::new();
    for path in sources.iter().map(|s| s.path.as_str()).filter(|path| path.starts_with("tests/it/")) {
        let Some(name) = path.strip_suffix(".rs").filter(|name| *name != "tests/it/main") else { continue };
        let (directory, name) = name.rsplit_once('/').unwrap();
        let parent = if directory == "tests/it" { "tests/it/main.rs".into() } else { format!("{directory}.rs") };
        let declared = sources.iter().any(|s| s.path == parent && declares(&s.text, name));
        if !declared {
            violations.push(format!("{path}: not declared in {parent}"));
        }
    }
    assert_none(&violations);
}

/// Every test says what it protects. Those that a macro makes say it where the macro is used.
#[test]
fn every_test_says_what_it_protects() {
    let mut violations = Vec::new();
    for source in sources().into_iter().filter(|s| s.is_rust() && !s.text.contains("\nmacro_rules!")) {
        let lines: Vec<&str> = source.text.lines().map(str::trim_start).collect();
        for (index, line) in lines.iter().enumerate() {
            let is_test = line.starts_with("#[test]") || line.starts_with("#[tokio::test");
            let above = lines[..index].iter().rev().find(|line| !line.starts_with("#["));
            if is_test && !above.is_some_and(|line| line.starts_with("///")) {
                violations.push(format!("{}:{}: no doc comment", source.path, index + 1));
            }
        }
    }
    assert_none(&violations);
}

fn declares(text: &str, module: &str) -> bool {
    text.lines().any(|line| line.trim_start_matches("pub ").trim_end() == format!("mod {module};"))
}
