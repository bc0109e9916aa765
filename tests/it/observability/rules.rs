//! The alert rules by themselves, as Prometheus' own checker sees them.

use std::path::Path;

use super::{DIRECTORY, text_of};
use crate::support::tools::{own_program, run};

fn promtool(arguments: &[&str]) -> String {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join(DIRECTORY);
    run(own_program("promtool").args(arguments).current_dir(directory)).expect_success()
}

/// Prometheus loads the rules and the configuration that the documents show.
#[test]
fn rules_are_well_formed() {
    let checked = promtool(&["check", "config", "prometheus.yml"]);
    assert!(checked.contains("rules.yml") && checked.contains("rules found"), "{checked}");
}

/// Each alert fires when it should and not otherwise; above all, not found is no error.
#[test]
fn alerts_fire_when_they_should() {
    let tested = promtool(&["test", "rules", "rules.test.yml"]);
    assert!(tested.contains("SUCCESS"), "{tested}");
}

/// Whoever is woken finds each alert in the documents, and each is one that exists.
#[test]
fn alerts_are_documented() {
    let document = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/observe.md")).unwrap();
    let text = text_of("rules.yml");
    let alerts: Vec<&str> = text.lines().filter_map(|line| line.trim().strip_prefix("- alert: ")).collect();
    assert!(alerts.len() > 20, "{alerts:?}");
    let undocumented: Vec<_> = alerts.iter().filter(|alert| !document.contains(&format!("| `{alert}` |"))).collect();
    assert!(undocumented.is_empty(), "not in docs/observe.md: {undocumented:?}");
    let documented = document.lines().filter_map(|line| line.strip_prefix("| `Hockeypuck")?.split('`').next());
    let gone: Vec<_> = documented.filter(|rest| !alerts.contains(&format!("Hockeypuck{rest}").as_str())).collect();
    assert!(gone.is_empty(), "in docs/observe.md only: {gone:?}");
}
