//! `hockeypuck man`

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::{Args, Command};
use clap_mangen::Man;

use super::{Ending, command};

#[derive(Debug, Args)]
pub(super) struct Options {
    /// Write a page for the program and one for each command into this directory
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
}

pub(super) fn run(options: &Options) -> anyhow::Result<Ending> {
    // A page of its own would say nothing.
    let mut command = command().disable_help_subcommand(true);
    command.build();
    match &options.dir {
        None => io::stdout().lock().write_all(&page(&command)?)?,
        Some(directory) => write_pages(&command, directory)?,
    }
    Ok(Ending::Done)
}

fn write_pages(command: &Command, directory: &Path) -> anyhow::Result<()> {
    for command in std::iter::once(command).chain(command.get_subcommands()) {
        let path = directory.join(format!("{}.1", command.get_display_name().unwrap_or_else(|| command.get_name())));
        std::fs::write(&path, page(command)?).with_context(|| format!("{} cannot be written", path.display()))?;
    }
    Ok(())
}

fn page(command: &Command) -> anyhow::Result<Vec<u8>> {
    let mut octets = Vec::new();
    let source = concat!("hockeypuck ", env!("CARGO_PKG_VERSION"));
    Man::new(command.clone()).source(source).render(&mut octets)?;
    // What stands at the end of the help has a name in manuals.
    let text = String::from_utf8(octets)?.replace(".SH EXTRA\nExit codes:\n", ".SH EXIT STATUS\n");
    Ok(text.into_bytes())
}
