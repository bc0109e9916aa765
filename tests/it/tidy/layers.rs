//! The order of the modules, and who may use which crate.

use super::{Source, assert_none, sources};

/// Modules of one level do not see each other; a module sees those of lower levels only.
const LEVELS: &[&[&str]] = &[
    &["domain", "telemetry"],
    &["config", "cert"],
    &["storage"],
    &["keyring"],
    &["http", "gossip", "jobs"],
    &["app"],
    &["cli"],
    &["main"],
];

/// Crates that exactly one module of `src` may name.
const OWNERS: &[(&str, &str)] = &[
    ("sequoia_openpgp", "cert"),
    ("sqlx", "storage"),
    ("axum", "http"),
    ("ptree", "gossip"),
    ("opentelemetry_sdk", "telemetry"),
];

/// A module uses only modules of lower levels.
#[test]
fn modules_use_only_lower_ones() {
    let mut violations = Vec::new();
    for source in server_sources() {
        let user = module_of(&source.path);
        for (line, used) in used_modules(&source) {
            let allowed = used == user || level_of(&used, &source.path) < level_of(user, &source.path);
            if !allowed {
                violations.push(format!("{}:{line}: {user} uses {used}", source.path));
            }
        }
    }
    assert_none(&violations);
}

/// What the certificates, the database and HTTP are made of stays behind one module each.
#[test]
fn crates_stay_with_their_owners() {
    let mut violations = Vec::new();
    for source in server_sources() {
        for (krate, owner) in OWNERS {
            let foreign = module_of(&source.path) != *owner;
            let uses = source.code_lines().filter(|(_, line)| foreign && names(line, &format!("{krate}::")));
            violations.extend(uses.map(|(line, _)| format!("{}:{line}: only {owner} uses {krate}", source.path)));
        }
    }
    assert_none(&violations);
}

/// The scanner finds every form of import, so that the two tests above can fail.
#[test]
fn imports_are_found() {
    let text = "use crate::cert::{self, X};\nuse crate::{\n    domain::{A, B},\n    storage,\n};\n\
                fn f() { crate::http::g(); super::super::keyring::h() }\n// crate::app";
    let source = Source { path: "src/jobs/sweep.rs".into(), text: text.into() };
    let used: Vec<String> = used_modules(&source).into_iter().map(|(_, module)| module).collect();
    assert_eq!(used, ["cert", "domain", "storage", "http", "keyring"]);
    assert!(names("use axum::Router;", "axum::") && !names("use my_axum::Router;", "axum::"));
}

fn server_sources() -> Vec<Source> {
    sources().into_iter().filter(|s| s.is_rust() && s.path.starts_with("src/") && s.path != "src/lib.rs").collect()
}

/// `src/http.rs` and `src/http/hkp/get.rs` are both of `http`.
fn module_of(path: &str) -> &str {
    let below = path.trim_start_matches("src/");
    below.split(['/', '.']).next().unwrap()
}

fn level_of(module: &str, path: &str) -> usize {
    let level = LEVELS.iter().position(|level| level.contains(&module));
    level.unwrap_or_else(|| panic!("{path}: the module {module} has no level"))
}

/// The top-level modules that a file names, with the lines.
fn used_modules(source: &Source) -> Vec<(usize, String)> {
    let to_root = "super::".repeat(module_depth(&source.path));
    let code: Vec<(usize, &str)> = source.code_lines().collect();
    let text: String = code.iter().map(|(_, line)| format!("{line}\n")).collect();
    let mut found = Vec::new();
    // The program itself names the library from outside.
    let root = if source.path == "src/main.rs" { "hockeypuck::" } else { "crate::" };
    for start in [root, to_root.as_str()] {
        for (at, _) in text.match_indices(start).filter(|(at, _)| !follows_name(&text, *at)) {
            let line = code[text[..at].matches('\n').count()].0;
            let names = first_names(&text[at + start.len()..]);
            found.extend(names.into_iter().map(|name| (line, name)));
        }
    }
    found
}

/// How often `super` leads from a file to the root of the crate.
fn module_depth(path: &str) -> usize {
    path.matches('/').count()
}

/// `a` of `a::b`; `a` and `c` of `{a::b, c}`.
fn first_names(path: &str) -> Vec<String> {
    let Some(group) = path.strip_prefix('{') else {
        return vec![leading_name(path)];
    };
    let mut depth = 0_u32;
    let mut parts = vec![String::new()];
    for character in group.chars() {
        match character {
            '}' if depth == 0 => break,
            ',' if depth == 0 => parts.push(String::new()),
            _ => {
                depth = depth + u32::from(character == '{') - u32::from(character == '}');
                parts.last_mut().unwrap().push(character);
            }
        }
    }
    parts.iter().map(|part| leading_name(part.trim())).filter(|name| !name.is_empty()).collect()
}

fn leading_name(path: &str) -> String {
    path.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
}

/// Whether `name` occurs in `line` and is not the end of a longer name.
fn names(line: &str, name: &str) -> bool {
    line.match_indices(name).any(|(at, _)| !follows_name(line, at))
}

fn follows_name(text: &str, at: usize) -> bool {
    text[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == ':')
}
