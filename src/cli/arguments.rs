//! Makes the command lines of Hockeypuck's programs ours: their names, and flags with one dash.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use clap::Command;

/// Names under which the program may be called, and the words that they stand for.
const ALIASES: &[(&str, &str)] = &[
    ("block_keys.py", "block-keys"),
    ("hockeypuck-load", "load"),
    ("hockeypuck-pbuild", "ptree rebuild"),
    // Of what it did, only the trees can need it: certificates are stored as they are served.
    ("hockeypuck-reload", "ptree rebuild"),
    (WRAPPER, "serve"),
    ("migrate", "migrate"),
];

/// The start script in Hockeypuck's image. It has no arguments, and its configuration stands beside the programs.
const WRAPPER: &str = "hockeypuck_wrapper.sh";
/// Where the image has the programs.
const PROGRAMS: &str = "/hockeypuck/bin";

/// The arguments as `command` wants them, the name of the program first.
pub(super) fn rewrite(arguments: impl IntoIterator<Item = OsString>, command: &Command) -> Vec<OsString> {
    let mut arguments = arguments.into_iter();
    let program = arguments.next().unwrap_or_else(|| command.get_name().into());
    let alias = alias(&program);
    let flags = long_flags(command);
    let mut rewritten = vec![program];
    rewritten.extend(alias);
    let mut has_ended = false;
    for argument in arguments {
        has_ended |= argument == "--";
        let is_long = !has_ended && is_one_dash_flag(&argument, &flags);
        rewritten.push(if is_long { with_dash(&argument) } else { argument });
    }
    rewritten
}

/// What the name of the program stands for; nothing for its own name.
fn alias(program: &OsStr) -> Vec<OsString> {
    let name = Path::new(program).file_name().unwrap_or_default();
    let words = ALIASES.iter().find(|(alias, _)| name == *alias).map(|(_, words)| *words);
    let mut words: Vec<OsString> = words.unwrap_or_default().split_whitespace().map(OsString::from).collect();
    if name == WRAPPER {
        words.extend(["--config".into(), configuration_beside(program).into()]);
    }
    words
}

/// `etc/hockeypuck.conf` beside the directory in which the program is called, as seen from there.
fn configuration_beside(program: &OsStr) -> PathBuf {
    let directory = Path::new(program).parent().filter(|directory| !directory.as_os_str().is_empty());
    let directory = directory.unwrap_or(Path::new(PROGRAMS));
    let named = directory.file_name().and(directory.parent());
    named.map_or_else(|| directory.join(".."), Path::to_owned).join("etc/hockeypuck.conf")
}

fn is_one_dash_flag(argument: &OsStr, flags: &BTreeSet<String>) -> bool {
    let name = argument.to_str().and_then(|text| text.strip_prefix('-')).unwrap_or_default();
    let name = name.split_once('=').map_or(name, |(name, _)| name);
    flags.contains(name)
}

fn with_dash(argument: &OsStr) -> OsString {
    let mut long = OsString::from("-");
    long.push(argument);
    long
}

/// The long flags of a command and those below it. No flag of one letter is among them.
fn long_flags(command: &Command) -> BTreeSet<String> {
    let own = command.get_arguments().flat_map(|argument| argument.get_long_and_visible_aliases().unwrap_or_default());
    let hidden = command.get_arguments().flat_map(|argument| argument.get_all_aliases().unwrap_or_default());
    let below = command.get_subcommands().flat_map(long_flags);
    let builtin = ["help", "version"].map(str::to_owned);
    own.chain(hidden).map(str::to_owned).chain(below).chain(builtin).filter(|flag| flag.len() > 1).collect()
}
