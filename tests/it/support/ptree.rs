//! `hockeypuck ptree` on a store, as an operator calls it.

use serde_json::Value;

use super::backend::Backend;
use super::server;
use super::tools::{self, Finished};

/// Runs the command.
pub fn run(store: &Backend, arguments: &[&str]) -> Finished {
    tools::run(server::command().arg("ptree").args(arguments).args(store.arguments()))
}

/// Runs the command with `--json`: the objects that it printed, and the exit code.
pub fn objects(store: &Backend, action: &str) -> (Vec<Value>, Option<i32>) {
    let finished = run(store, &[action, "--json"]);
    let objects = finished.stdout.lines().map(|line| serde_json::from_str(line).expect("a line is an object"));
    (objects.collect(), finished.code)
}

/// The process that an answer is of; `None` where no server answered.
pub fn process(answer: &Value) -> Option<u32> {
    let unit = answer["unit"].as_str()?;
    Some(unit.rsplit('-').nth(1)?.parse().expect("the name of a unit has its process"))
}

/// One member of the tree of each profile, 2.3 first.
pub fn trees<'a>(answer: &'a Value, member: &str) -> Vec<&'a Value> {
    let trees = answer["trees"].as_array().expect("trees are listed");
    assert_eq!(trees.iter().map(|tree| &tree["profile"]).collect::<Vec<_>>(), ["2.3", "2.4"]);
    trees.iter().map(|tree| &tree[member]).collect()
}
