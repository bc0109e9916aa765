//! The program: hands its arguments and environment to the command line.

use std::process::ExitCode;

use hockeypuck::cli;

#[cfg(feature = "jemalloc")]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    let environment =
        std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    ExitCode::from(cli::run(std::env::args_os(), environment.collect()) as u8)
}
