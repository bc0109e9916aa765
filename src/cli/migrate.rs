//! `hockeypuck migrate`

use std::collections::BTreeMap;

use super::options::StoreOptions;
use super::{Ending, block_on, output};
use crate::app;

pub(super) fn run(options: &StoreOptions, environment: BTreeMap<String, String>) -> anyhow::Result<Ending> {
    let config = options.configure(environment)?;
    block_on(app::migrate(&config))??;
    output::say(format_args!("the schema of {} is up to date", config.store.url))?;
    Ok(Ending::Done)
}
