//! The manual pages and the completions, which the program prints.

use std::fs;
use std::process::Command;

use crate::support::server::command;
use crate::support::tools::{run, run_with_input};

/// What a line of bash asks the script for: the second word, and one after a command.
const COMPLETE: &str = r#"
source /dev/stdin
complete_words() { COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMPREPLY=(); _hockeypuck "$1" "${!#}" ""; echo "${COMPREPLY[*]}"; }
complete -p hockeypuck
complete_words hockeypuck pt
complete_words hockeypuck ptree re
complete_words hockeypuck load --rej
"#;

/// The commands that the help names.
fn commands() -> Vec<String> {
    let help = run(command().arg("--help")).expect_success();
    let (_, list) = help.split_once("\nCommands:\n").unwrap();
    let lines = list.lines().take_while(|line| !line.is_empty());
    // Only names stand two columns from the left.
    let names = lines.filter_map(|line| line.strip_prefix("  ")).filter(|line| !line.starts_with(' '));
    let names = names.filter_map(|line| line.split_whitespace().next());
    names.filter(|name| *name != "help").map(str::to_owned).collect()
}

/// Every command has its page, which groff sets without a complaint, and the program's page names them all.
#[test]
fn every_command_has_a_page() {
    let directory = tempfile::tempdir().unwrap();
    assert_eq!(run(command().arg("man").arg("--dir").arg(directory.path())).expect_success(), "");
    let main = fs::read_to_string(directory.path().join("hockeypuck.1")).unwrap();
    assert_eq!(run(command().arg("man")).expect_success(), main);
    let commands = commands();
    assert!(commands.len() > 8, "{commands:?}");
    let whole = set(&main);
    for name in &commands {
        let page = fs::read_to_string(directory.path().join(format!("hockeypuck-{name}.1"))).unwrap();
        assert!(set(&page).contains(&format!("hockeypuck {name}")), "{page}");
        assert!(whole.contains(&format!("hockeypuck-{name}(1)")), "{name}: {whole}");
    }
    let exit_codes = ["EXIT STATUS", "the answer is no"];
    assert!(exit_codes.iter().all(|words| whole.contains(words)), "{whole}");
    assert!(!whole.contains("hockeypuck-help(1)"), "a page that is not there: {whole}");
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), commands.len() + 1);
}

/// The words of a page, without the marks of a terminal.
fn set(page: &str) -> String {
    let mut groff = Command::new("groff");
    let set = run_with_input(groff.args(["-Kutf8", "-man", "-Tutf8", "-ww", "-P-cbou"]), page.as_bytes());
    assert_eq!(set.stderr, "", "{page}");
    let text = set.expect_success().replace('\u{2010}', "-");
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// bash reads its script, and completes commands, actions and flags with it.
#[test]
fn bash_completes() {
    let script = run(command().args(["completions", "bash"])).expect_success();
    let said = run_with_input(Command::new("bash").args(["-c", COMPLETE]), script.as_bytes()).expect_success();
    let lines: Vec<&str> = said.lines().collect();
    let [registered, command, action, flag] = lines[..] else { panic!("{said}") };
    assert!(registered.contains("_hockeypuck"), "{said}");
    assert_eq!((command, action, flag), ("ptree", "rebuild", "--rejects"));
}

/// The other shells have scripts that name the commands.
#[test]
fn other_shells_have_scripts() {
    for shell in ["zsh", "fish"] {
        let script = run(command().args(["completions", shell])).expect_success();
        for name in commands() {
            assert!(script.contains(&name), "{shell}: {name}");
        }
    }
}

/// A directory that is not there is told in a sentence.
#[test]
fn pages_need_a_directory() {
    let told = run(command().args(["man", "--dir", "/proc/nowhere"]));
    assert_eq!(told.code, Some(3));
    assert!(told.stderr.starts_with("hockeypuck: /proc/nowhere/hockeypuck.1 cannot be written: "), "{}", told.stderr);
}
