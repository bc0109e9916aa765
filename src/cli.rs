//! The command line: what each command does with configuration, server and store.

mod adopt;
mod arguments;
mod block;
mod check_config;
mod completions;
mod files;
mod inspect;
mod load;
mod lookup;
mod manual;
mod migrate;
mod options;
mod output;
mod peers;
mod serve;
mod signals;
mod supervisor;
mod trees;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io;
use std::time::Duration;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

use options::{ServeOptions, StoreOptions};

/// How long threads that still verify certificates may delay the end of the program.
const THREADS_LIMIT: Duration = Duration::from_millis(100);

/// How a command ended. The numbers are part of the interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    Done = 0,
    /// The answer is no: nothing found, problems found, not every certificate accounted for.
    No = 1,
    /// The command line is wrong.
    Usage = 2,
    /// It could not be done.
    Failed = 3,
    /// Asked to stop before it was done.
    Interrupted = 130,
}

/// An OpenPGP keyserver: HKP on PostgreSQL, or without anything else on one SQLite file.
///
/// Without a command, it serves. Every setting of the file can also be given in the environment:
/// HOCKEYPUCK_ and the name of the flag, or else of the key, in capitals with underscores.
#[derive(Debug, Parser)]
#[command(name = "hockeypuck", version, args_conflicts_with_subcommands = true, after_help = EXIT_CODES)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    serve: ServeOptions,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve HKP and metrics until SIGTERM or SIGINT; a second one ends at once
    Serve(ServeOptions),
    /// Bring the database schema up to date; does nothing when it is
    Migrate(StoreOptions),
    /// Print the effective configuration with the origin of each value, and every problem
    CheckConfig(ServeOptions),
    /// Tell what would be stored of each certificate in FILE, without a server or database
    Inspect(inspect::Options),
    /// Store the certificates of keyrings, merging them with those that are stored
    Load(load::Options),
    /// Take over the certificates that Hockeypuck left in the database, which a running server also does by itself
    Adopt(adopt::Options),
    /// Look certificates up in the database, also by single words
    Lookup(lookup::Options),
    /// Derive, check or measure the prefix trees, beside running servers or without any
    Ptree(trees::Options),
    /// List the partners, how the last sessions with them went, and what is still missing from them
    Peers(peers::Options),
    /// Print the script that completes command lines in a shell
    Completions(completions::Options),
    /// Print the manual page, or write those of all commands
    Man(manual::Options),
    /// Delete certificates, and keep them away on every server on the database
    BlockKeys(block::Options),
    /// End blocks, so that the certificates may come back
    UnblockKeys(block::UnblockOptions),
    /// List what is blocked, by whom, and why
    ListBlocked(block::ListOptions),
}

const EXIT_CODES: &str = "\
Exit codes:
  0    done
  1    the answer is no: nothing found, problems found, not every certificate accounted for
  2    the command line is wrong
  3    it could not be done: configuration, files, database or network
  130  asked to stop before it was done";

/// Runs one command line with its environment to its end.
pub fn run(arguments: impl IntoIterator<Item = OsString>, environment: BTreeMap<String, String>) -> Ending {
    let command = command();
    let arguments = arguments::rewrite(arguments, &command);
    let parsed = command.try_get_matches_from(arguments).and_then(|matches| Cli::from_arg_matches(&matches));
    let cli = match parsed {
        Ok(cli) => cli,
        Err(error) => {
            // Nothing can be told to somebody who closed the output.
            let _ = error.print();
            return if error.use_stderr() { Ending::Usage } else { Ending::Done };
        }
    };
    let ended = match cli.command.unwrap_or(Command::Serve(cli.serve)) {
        Command::Serve(options) => serve::run(&options, environment),
        Command::Migrate(options) => migrate::run(&options, environment),
        Command::CheckConfig(options) => check_config::run(&options, environment),
        Command::Inspect(options) => inspect::run(&options, environment),
        Command::Load(options) => load::run(&options, environment),
        Command::Adopt(options) => adopt::run(&options, environment),
        Command::Lookup(options) => lookup::run(&options, environment),
        Command::Ptree(options) => trees::run(&options, environment),
        Command::Peers(options) => peers::run(&options, environment),
        Command::Completions(options) => completions::run(&options),
        Command::Man(options) => manual::run(&options),
        Command::BlockKeys(options) => block::run(&options, environment),
        Command::UnblockKeys(options) => block::unblock(&options, environment),
        Command::ListBlocked(options) => block::list(&options, environment),
    };
    ended.unwrap_or_else(|error| {
        // Whoever closed the output, as `head` does, has what they wanted.
        let is_closed = error.downcast_ref::<io::Error>().is_some_and(|e| e.kind() == io::ErrorKind::BrokenPipe);
        if !is_closed {
            output::complain(&format!("{error:#}"));
        }
        Ending::Failed
    })
}

/// The whole command line. As in Go, the last of several equal flags counts.
fn command() -> clap::Command {
    let command = Cli::command().args_override_self(true);
    command.mut_subcommands(|command| command.after_help(EXIT_CODES).args_override_self(true))
}

/// Runs asynchronous work to its end; what it left on other threads does not delay the program.
fn block_on<T>(work: impl Future<Output = T>) -> anyhow::Result<T> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let result = runtime.block_on(work);
    runtime.shutdown_timeout(THREADS_LIMIT);
    Ok(result)
}
