//! Registers metrics, and remembers what each is: so that pages, rules and boards can be held to what there is.

use std::sync::{Mutex, PoisonError};

use prometheus::core::Collector;
use prometheus::proto::MetricFamily;
use prometheus::{CounterVec, GaugeVec, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGaugeVec, Opts, Registry};

/// What a metric is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct MetricDescription {
    /// Its name; of a histogram without `_bucket`, `_sum` and `_count`.
    pub name: String,
    /// `counter`, `gauge` or `histogram`.
    pub kind: &'static str,
    /// Names of its labels.
    pub labels: Vec<String>,
    /// What it says.
    pub help: String,
}

/// A registry that knows every metric, also one that has no series yet.
#[derive(Default)]
pub(super) struct Register {
    registry: Registry,
    described: Mutex<Vec<MetricDescription>>,
}

impl Register {
    /// With the process's own metrics, where the system tells them.
    pub(super) fn new() -> Result<Self, prometheus::Error> {
        let register = Self::default();
        #[cfg(target_os = "linux")]
        register.add(prometheus::process_collector::ProcessCollector::for_self())?;
        Ok(register)
    }

    fn add<C: Collector + 'static>(&self, collector: C) -> Result<(), prometheus::Error> {
        let described = collector.desc().into_iter().map(|desc| MetricDescription {
            name: desc.fq_name.clone(),
            kind: kind(&collector, &desc.fq_name),
            labels: desc.variable_labels.clone(),
            help: desc.help.clone(),
        });
        self.described.lock().unwrap_or_else(PoisonError::into_inner).extend(described);
        self.registry.register(Box::new(collector))
    }

    /// All series.
    pub(super) fn gather(&self) -> Vec<MetricFamily> {
        self.registry.gather()
    }

    /// Every metric, by name.
    pub(super) fn described(&self) -> Vec<MetricDescription> {
        let mut described = self.described.lock().unwrap_or_else(PoisonError::into_inner).clone();
        described.sort();
        described
    }
}

/// A collector without a series says its kind too: it collects a family that is empty.
fn kind(collector: &impl Collector, name: &str) -> &'static str {
    use prometheus::proto::MetricType;
    let families = collector.collect();
    match families.iter().find(|family| family.name() == name).map(MetricFamily::get_field_type) {
        Some(MetricType::COUNTER) => "counter",
        Some(MetricType::HISTOGRAM) => "histogram",
        _ => "gauge",
    }
}

pub(super) fn plain<C: Collector + Clone + 'static>(registry: &Register, collector: C) -> Result<C, prometheus::Error> {
    registry.add(collector.clone())?;
    Ok(collector)
}

pub(super) fn counter(registry: &Register, name: &str, help: &str) -> Result<IntCounter, prometheus::Error> {
    plain(registry, IntCounter::new(name, help)?)
}

pub(super) fn counters(registry: &Register, name: &str, help: &str, labels: &[&str]) -> Result<IntCounterVec, prometheus::Error> {
    plain(registry, IntCounterVec::new(Opts::new(name, help), labels)?)
}

/// Counters of money.
pub(super) fn amounts(registry: &Register, name: &str, help: &str, labels: &[&str]) -> Result<CounterVec, prometheus::Error> {
    plain(registry, CounterVec::new(Opts::new(name, help), labels)?)
}

pub(super) fn gauges(registry: &Register, name: &str, help: &str, labels: &[&str]) -> Result<IntGaugeVec, prometheus::Error> {
    plain(registry, IntGaugeVec::new(Opts::new(name, help), labels)?)
}

pub(super) fn seconds(registry: &Register, name: &str, help: &str, labels: &[&str]) -> Result<GaugeVec, prometheus::Error> {
    plain(registry, GaugeVec::new(Opts::new(name, help), labels)?)
}

pub(super) fn histograms(
    registry: &Register,
    name: &str,
    help: &str,
    buckets: &[f64],
    labels: &[&str],
) -> Result<HistogramVec, prometheus::Error> {
    plain(registry, HistogramVec::new(HistogramOpts::new(name, help).buckets(buckets.to_vec()), labels)?)
}
