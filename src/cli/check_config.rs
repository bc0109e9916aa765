//! `hockeypuck check-config`

use std::collections::BTreeMap;

use super::options::ServeOptions;
use super::{Ending, output};
use crate::config::{Config, Severity};

pub(super) fn run(options: &ServeOptions, environment: BTreeMap<String, String>) -> anyhow::Result<Ending> {
    let report = Config::load(&options.sources(environment)).report;
    output::say(report.to_string().trim_end())?;
    for problem in &report.problems {
        output::complain(&problem.to_string());
    }
    let is_good = report.problems.iter().all(|problem| problem.severity == Severity::Note);
    Ok(if is_good { Ending::Done } else { Ending::No })
}
