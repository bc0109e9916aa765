//! Taking series away, so that the values of a label are only those of the configuration in use.

use std::collections::HashMap;

use prometheus::core::{Collector, MetricVec, MetricVecBuilder};

/// Takes away all series of which `keeps` does not want the value of `label`.
pub(super) fn retain<B: MetricVecBuilder>(metric: &MetricVec<B>, label: &str, keeps: impl Fn(&str) -> bool)
where
    MetricVec<B>: Collector,
{
    for family in metric.collect() {
        for series in family.get_metric() {
            let labels: HashMap<&str, &str> =
                series.get_label().iter().map(|pair| (pair.name(), pair.value())).collect();
            if labels.get(label).is_some_and(|value| !keeps(value)) {
                // Somebody else may have taken it away, which is as good.
                let _ = metric.remove(&labels);
            }
        }
    }
}
