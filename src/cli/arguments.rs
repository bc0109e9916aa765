//! Makes the command lines of Hockeypuck's programs ours: their names, and flags with one dash.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::path::Path;

use clap::Command;

/// Names under which the program may be called, and the commands that they stand for.
const ALIASES: &[(&str, &str)] =
    &[("hockeypuck-load", "load"), ("migrate", "migrate"), ("block_keys.py", "block-keys")];

/// The arguments as `command` wants them, the name of the program first.
pub(super) fn rewrite(arguments: impl IntoIterator<Item = OsString>, command: &Command) -> Vec<OsString> {
    let mut arguments = arguments.into_iter();
    let program = arguments.next().unwrap_or_else(|| command.get_name().into());
    let alias = alias(&program);
    let flags = long_flags(command);
    let mut rewritten = vec![program];
    rewritten.extend(alias.map(OsString::from));
    let mut has_ended = false;
    for argument in arguments {
        has_ended |= argument == "--";
        let is_long = !has_ended && is_one_dash_flag(&argument, &flags);
        rewritten.push(if is_long { with_dash(&argument) } else { argument });
    }
    rewritten
}

fn alias(program: &OsStr) -> Option<&'static str> {
    let name = Path::new(program).file_name()?;
    ALIASES.iter().find(|(alias, _)| name == *alias).map(|(_, command)| *command)
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
