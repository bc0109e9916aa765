//! What the dashboard asks Prometheus.

use serde_json::Value;

use super::text_of;

/// Every question of every panel, as Prometheus gets it when nothing is selected.
pub(super) fn queries() -> Vec<String> {
    let dashboard: Value = serde_json::from_str(&text_of("dashboard.json")).unwrap();
    let panels = dashboard["panels"].as_array().unwrap();
    let targets = panels.iter().filter_map(|panel| panel["targets"].as_array()).flatten();
    let queries: Vec<String> = targets.map(|target| target["expr"].as_str().unwrap().to_owned()).collect();
    assert!(queries.len() > 30, "{queries:?}");
    queries.iter().map(|query| query.replace("$job", ".+").replace("$instance", ".+")).collect()
}

/// Grafana takes the file as it is: every panel has its place and its own number, and asks the chosen data source.
#[test]
fn panels_are_whole() {
    let dashboard: Value = serde_json::from_str(&text_of("dashboard.json")).unwrap();
    let panels = dashboard["panels"].as_array().unwrap();
    let mut numbers: Vec<i64> = panels.iter().map(|panel| panel["id"].as_i64().unwrap()).collect();
    numbers.sort_unstable();
    numbers.dedup();
    assert_eq!(numbers.len(), panels.len());
    for panel in panels {
        assert!(panel["title"].is_string() && panel["gridPos"]["w"].is_i64(), "{panel}");
        assert!(panel["type"] == "row" || panel["datasource"]["uid"] == "${datasource}", "{panel}");
    }
    assert!(queries().iter().all(|query| !query.contains('$')));
}
