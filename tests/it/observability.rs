//! What operators see of a running server: alerts, dashboard, traces, logs and names of requests.

mod dashboard;
mod logs;
mod names;
mod prometheus;
mod receiver;
mod rules;
mod slow;
mod traces;

/// The directory of what operators take from here, relative to the root.
const DIRECTORY: &str = "deploy/observability";

fn text_of(file: &str) -> String {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(DIRECTORY).join(file);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
