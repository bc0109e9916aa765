//! `hockeypuck completions`

use std::io::{self, Write as _};

use clap::Args;
use clap_complete::{Shell, generate};

use super::{Ending, command};

#[derive(Debug, Args)]
pub(super) struct Options {
    /// The shell that reads the script
    #[arg(value_enum)]
    shell: Shell,
}

pub(super) fn run(options: &Options) -> anyhow::Result<Ending> {
    let mut script = Vec::new();
    // The writer of the crate panics where it cannot write.
    generate(options.shell, &mut command(), command().get_name(), &mut script);
    io::stdout().lock().write_all(&script)?;
    Ok(Ending::Done)
}
