//! Turns the engine's report of each epoch into metrics, readiness and log lines.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::engine::{EpochReport, EpochTimes, Observer};
use crate::facts::{Moment, Text};
use crate::http::{SourceState, Status};
use crate::telemetry::{Metrics, say};

/// Counts and logs. The engine calls it after each commit.
pub struct EpochReporter {
    metrics: Arc<Metrics>,
    status: Arc<Status>,
    /// The configured names, in the engine's order.
    sources: Vec<String>,
    /// Unknown tables that were logged: each once in a process.
    unknown_tables: BTreeSet<(usize, Text)>,
    /// When rows of a source that were passed over were last logged, and how many have been since.
    passed_over: BTreeMap<usize, (Option<Instant>, u64)>,
}

/// A connector that goes back tells thousands of rows again: one line in so long a time.
const PASSED_OVER_EVERY: Duration = Duration::from_secs(600);

impl EpochReporter {
    /// `sources` are the configured names, in the engine's order.
    pub fn new(metrics: Arc<Metrics>, status: Arc<Status>, sources: Vec<String>) -> Self {
        Self { metrics, status, sources, unknown_tables: BTreeSet::new(), passed_over: BTreeMap::new() }
    }

    fn log(&mut self, report: &EpochReport) {
        if report.snapshots_of_a_part > 0 {
            say::snapshot_of_a_part();
        }
        if report.events_too_large > 0 {
            say::events_too_large(report.events_too_large);
        }
        for (i, source) in &report.sources {
            let Some(name) = self.sources.get(*i) else { continue };
            if let Some(first) = &source.first_decode_error {
                say::dead_letters(name, source.decode_errors, first);
            }
            if source.passed_over > 0 {
                let (last, rows) = self.passed_over.entry(*i).or_default();
                *rows += source.passed_over;
                if last.is_none_or(|last| last.elapsed() >= PASSED_OVER_EVERY) {
                    say::passed_over(name, std::mem::take(rows));
                    *last = Some(Instant::now());
                }
            }
            for table in source.unknown_tables.keys() {
                if self.unknown_tables.insert((*i, table.clone())) {
                    say::unknown_table(name, table);
                }
            }
        }
    }

    fn update(&self, report: &EpochReport) {
        self.status.update(|readiness| {
            for (i, source) in &report.sources {
                let Some(status) = self.sources.get(*i).and_then(|name| readiness.sources.get_mut(name)) else { continue };
                let skipped = source.housekeeping + source.unknown_tables.values().sum::<u64>();
                status.state = SourceState::Reading;
                status.records += source.understood + skipped + source.decode_errors;
                status.dead_letters += source.decode_errors;
                status.passed_over += source.passed_over;
                status.unknown_words += source.unknown_words;
                status.last_record_at = status.last_record_at.max(Some(Moment(source.newest_millis)));
            }
        });
    }
}

impl Observer for EpochReporter {
    fn committed(&mut self, report: &EpochReport, times: EpochTimes) {
        self.metrics.epoch(report, times, &self.sources, Moment(jiff::Timestamp::now().as_millisecond()));
        self.update(report);
        self.log(report);
    }

    fn not_committed(&mut self) {
        self.metrics.epoch_aborted();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::SourceReport;

    #[test]
    fn dead_letters_are_counted_by_source_and_add_up() {
        let status = Arc::new(Status::new(["magento"]));
        let mut observer = EpochReporter::new(Arc::new(Metrics::new().expect("metrics")), Arc::clone(&status), vec!["magento".to_owned()]);
        let mut report = EpochReport::default();
        report.sources.insert(0, SourceReport { understood: 3, decode_errors: 2, newest_millis: 5, ..SourceReport::default() });
        observer.committed(&report, EpochTimes::default());
        observer.committed(&report, EpochTimes::default());
        let now = status.now();
        let magento = &now.sources["magento"];
        assert_eq!((magento.records, magento.dead_letters, magento.last_record_at), (10, 4, Some(Moment(5))));
    }
}
