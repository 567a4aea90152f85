//! Every metric's name and labels, and every line that an operator reads: once, here.
//!
//! The pure rooms count and log nothing. The engine reports what an epoch held *after* its commit, in one [`EpochReport`]: so a counter never
//! counts work that was dropped. Labels come from the configuration and from closed lists, never from a record's content; no log line
//! holds a person's data.

mod memory;
mod register;
pub mod say;

use std::collections::BTreeMap;
use std::time::Duration;

use prometheus::{
    CounterVec, Gauge, GaugeVec, Histogram, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, TextEncoder,
};
use tracing::{debug, error, info, trace, warn};

use crate::engine::{EpochReport, EpochTimes};
use crate::entities::exceptions::EXCEPTIONS;
use crate::error::Error;
use crate::events::Topic;
use crate::events::counts::Counts;
use crate::facts::{Amount, Moment};

pub use register::MetricDescription;
use register::{Register, amounts, counter, counters, gauges, histograms, plain, seconds};

/// What became of a record: the label `outcome` of `waybill_records_total`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RecordOutcome {
    /// It became facts, or said nothing new.
    Understood,
    /// A tombstone after a delete, a heartbeat, a schema change.
    Housekeeping,
    /// A table or event type that the adapter does not know.
    UnknownTable,
    /// It could not be decoded: to `dead-letters`.
    DecodeError,
}

impl RecordOutcome {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Understood, Self::Housekeeping, Self::UnknownTable, Self::DecodeError];

    /// The value of the label.
    pub fn name(self) -> &'static str {
        match self {
            Self::Understood => "understood",
            Self::Housekeeping => "skipped-housekeeping",
            Self::UnknownTable => "skipped-unknown-table",
            Self::DecodeError => "decode-error",
        }
    }
}

/// The parts of an epoch that are timed one by one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EpochStage {
    /// Decode and apply: rows are stored.
    Apply,
    /// Views, differences, events, state.
    Seal,
    /// The transaction.
    Commit,
}

impl EpochStage {
    /// The value of the label.
    pub fn name(self) -> &'static str {
        match self {
            Self::Apply => "apply",
            Self::Seal => "seal",
            Self::Commit => "commit",
        }
    }
}

/// All metrics of one process. Made once and handed around: there is no global registry.
pub struct Metrics {
    registry: Register,
    records: IntCounterVec,
    facts: IntCounterVec,
    sealed: IntCounterVec,
    events: IntCounterVec,
    events_too_large: IntCounter,
    passed_over: IntCounterVec,
    unknown_words: IntCounterVec,
    epochs: IntCounter,
    epochs_aborted: IntCounter,
    epoch_records: Histogram,
    epoch_seconds: HistogramVec,
    end_to_end: HistogramVec,
    state_records: IntCounter,
    state_bytes: IntCounter,
    epochs_not_committed: IntCounterVec,
    uncommitted_seconds: IntGauge,
    lag_records: IntGaugeVec,
    held_partitions: IntGaugeVec,
    lag_seconds: GaugeVec,
    last_record: GaugeVec,
    exceptions_open: IntGaugeVec,
    dead_letters: IntGaugeVec,
    requests_held: IntGaugeVec,
    books_off: GaugeVec,
    counts: GaugeVec,
    requests_unsent: IntGaugeVec,
    waiting_since: GaugeVec,
    audited: IntGauge,
    refunds: IntCounterVec,
    refunds_money: CounterVec,
    restore_records: IntCounter,
    restore_seconds: Gauge,
    ready: IntGauge,
    broker: IntGauge,
}

/// Upper bounds of the stages' times: from an idle epoch to one near the transaction's timeout.
const SECONDS: &[f64] = &[0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];
/// From a record that is committed at once to one of months ago, which a first start reads.
const AGES: &[f64] = &[0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 900.0, 3_600.0, 21_600.0, 86_400.0];
const RECORDS: &[f64] = &[1.0, 10.0, 100.0, 1_000.0, 5_000.0, 10_000.0, 20_000.0, 50_000.0, 100_000.0];

/// Why the broker did not commit an epoch: the label `cause` of `waybill_epochs_not_committed_total`. The log's refusals name them.
const CAUSES: [&str; 9] = ["clock", "policy", "topic", "replicas", "quota", "transaction", "rebalance", "broker", "other"];

impl Metrics {
    /// Fails only if two metrics here had one name.
    pub fn new() -> Result<Self, prometheus::Error> {
        let registry = Register::new()?;
        let build = gauges(&registry, "waybill_build_info", "1, with the program's version.", &["version"])?;
        build.with_label_values(&[env!("CARGO_PKG_VERSION")]).set(1);
        let limit = plain(
            &registry,
            IntGauge::new(
                "waybill_memory_limit_bytes",
                "The memory that the process may use: its control group's limit, else the machine's.",
            )?,
        )?;
        limit.set(memory::limit().and_then(|bytes| i64::try_from(bytes).ok()).unwrap_or(0));
        let metrics = Self {
            records: counters(&registry, "waybill_records_total", "Records read, by source and outcome.", &["source", "outcome"])?,
            facts: counters(&registry, "waybill_facts_total", "Facts, by outcome: new, or stale (a repeat, or older).", &["outcome"])?,
            sealed: counters(&registry, "waybill_sealed_total", "Views computed, by kind of entity.", &["entity"])?,
            events: counters(&registry, "waybill_events_total", "Derived events written, by topic.", &["topic"])?,
            events_too_large: counter(
                &registry,
                "waybill_events_too_large_total",
                "Events that are larger than a record may be: not written to their topics, cut in dead-letters.",
            )?,
            passed_over: counters(
                &registry,
                "waybill_facts_passed_over_total",
                "Facts, older than what is kept and with another content, by source: told again, or of a place that cannot be known.",
                &["source"],
            )?,
            unknown_words: counters(&registry, "waybill_unknown_words_total", "Status words without a meaning, by source.", &["source"])?,
            epochs: counter(&registry, "waybill_epochs_total", "Epochs committed.")?,
            epochs_aborted: counter(
                &registry,
                "waybill_epochs_aborted_total",
                "Epochs dropped because their transaction was not committed.",
            )?,
            epoch_records: plain(
                &registry,
                Histogram::with_opts(HistogramOpts::new("waybill_epoch_records", "Records in an epoch.").buckets(RECORDS.to_vec()))?,
            )?,
            epoch_seconds: histograms(&registry, "waybill_epoch_seconds", "Time of an epoch's stages.", SECONDS, &["stage"])?,
            end_to_end: histograms(
                &registry,
                "waybill_end_to_end_seconds",
                "Seconds from the time that a record bears in Kafka to the commit of what follows from it: of the oldest record of each epoch, by source.",
                AGES,
                &["source"],
            )?,
            state_records: counter(&registry, "waybill_state_records_total", "Records of state written to the changelog.")?,
            state_bytes: counter(&registry, "waybill_state_bytes_total", "Bytes of state written to the changelog.")?,
            epochs_not_committed: counters(
                &registry,
                "waybill_epochs_not_committed_total",
                "Epochs that the broker did not commit, by cause: clock, policy, topic, replicas, quota, transaction, rebalance, broker, other.",
                &["cause"],
            )?,
            uncommitted_seconds: plain(
                &registry,
                IntGauge::new("waybill_uncommitted_seconds", "For how long nothing was committed although records wait; 0: none waits.")?,
            )?,
            lag_records: gauges(&registry, "waybill_lag_records", "Records of a source that are not committed yet.", &["source"])?,
            held_partitions: gauges(
                &registry,
                "waybill_held_partitions",
                "Partitions of a source that can't be read on, because a transaction of their writer is not ended.",
                &["source"],
            )?,
            lag_seconds: seconds(
                &registry,
                "waybill_lag_seconds",
                "How long ago the newest committed record of a source was written, while records of it wait; 0: none waits.",
                &["source"],
            )?,
            last_record: seconds(
                &registry,
                "waybill_last_record_timestamp_seconds",
                "When the newest committed record of a source was written, in seconds since 1970: a source that has fallen silent stays behind.",
                &["source"],
            )?,
            exceptions_open: gauges(&registry, "waybill_exceptions_open", "Exceptions that wait for a person, by kind.", &["kind"])?,
            dead_letters: gauges(
                &registry,
                "waybill_dead_letters_outstanding",
                "Records of a source that could not be read, and that nobody has dealt with.",
                &["source"],
            )?,
            requests_held: gauges(
                &registry,
                "waybill_requests_held",
                "Requests that wait for a person, by reason and topic.",
                &["why", "topic"],
            )?,
            books_off: seconds(
                &registry,
                "waybill_books_off",
                "By how much the invariants of the books are off, over all orders: 0, or a fault of Waybill.",
                &["invariant", "currency"],
            )?,
            counts: seconds(
                &registry,
                "waybill_counts",
                "Pieces and money of all orders, by step: in = out + waiting + exceptions + off; off is 0, or a fault of Waybill.",
                &["shop", "currency", "step", "unit", "part"],
            )?,
            requests_unsent: gauges(
                &registry,
                "waybill_requests_unsent",
                "Orders of which a request is due whose gate is open, and that was not made: 0, or a fault of Waybill.",
                &["topic"],
            )?,
            waiting_since: seconds(
                &registry,
                "waybill_oldest_waiting_timestamp_seconds",
                "When the oldest order was placed that waits in a step and has no exception open, in seconds since 1970.",
                &["shop", "step"],
            )?,
            audited: plain(
                &registry,
                IntGauge::new(
                    "waybill_audit_timestamp_seconds",
                    "When books and counts of all orders were last looked through, in seconds since 1970; every ten minutes.",
                )?,
            )?,
            refunds: counters(&registry, "waybill_refunds_requested_total", "Refund requests that were sent, by currency.", &["currency"])?,
            refunds_money: amounts(
                &registry,
                "waybill_refunds_requested_money_total",
                "What these refund requests come to, by currency.",
                &["currency"],
            )?,
            restore_records: counter(&registry, "waybill_restore_records_total", "Records of the changelog read at the start.")?,
            restore_seconds: plain(&registry, Gauge::new("waybill_restore_seconds", "Time that the restore took.")?)?,
            ready: plain(&registry, IntGauge::new("waybill_ready", "1 while the instance works on records, else 0.")?)?,
            broker: plain(&registry, IntGauge::new("waybill_broker_reached", "1 while brokers answer, else 0.")?)?,
            registry,
        };
        // A series that is not there yet can't be seen to rise.
        for topic in Topic::ALL {
            metrics.events.with_label_values(&[topic.name()]);
        }
        for cause in CAUSES {
            metrics.epochs_not_committed.with_label_values(&[cause]);
        }
        for kind in EXCEPTIONS {
            metrics.exceptions_open.with_label_values(&[kind.kind]);
        }
        Ok(metrics)
    }

    /// The text that Prometheus scrapes.
    pub fn text(&self) -> Result<String, prometheus::Error> {
        TextEncoder::new().encode_to_string(&self.registry.gather())
    }

    /// Every metric there is, whether it has a value yet or not, by name.
    pub fn described(&self) -> Vec<MetricDescription> {
        self.registry.described()
    }

    /// Every series of a source that counts what becomes of its records is there from the start, at 0: one that begins with 5 can't be seen to rise.
    pub fn sources<'a>(&self, sources: impl IntoIterator<Item = &'a str>) {
        for source in sources {
            for outcome in RecordOutcome::ALL {
                self.records.with_label_values(&[source, outcome.name()]);
            }
            self.unknown_words.with_label_values(&[source]);
            self.passed_over.with_label_values(&[source]);
        }
    }

    /// Counts what a committed epoch held. `sources` are the configured names, in the engine's order; `now` is the moment after the commit.
    pub fn epoch(&self, report: &EpochReport, times: EpochTimes, sources: &[String], now: Moment) {
        for (i, source) in &report.sources {
            let Some(name) = sources.get(*i) else { continue };
            let count = |outcome: RecordOutcome, n: u64| self.records.with_label_values(&[name.as_str(), outcome.name()]).inc_by(n);
            count(RecordOutcome::Understood, source.understood);
            count(RecordOutcome::Housekeeping, source.housekeeping);
            count(RecordOutcome::UnknownTable, source.unknown_tables.values().sum());
            count(RecordOutcome::DecodeError, source.decode_errors);
            self.unknown_words.with_label_values(&[name]).inc_by(source.unknown_words);
            self.passed_over.with_label_values(&[name]).inc_by(source.passed_over);
            if let Some(oldest) = source.oldest_millis {
                self.end_to_end.with_label_values(&[name]).observe(now.0.saturating_sub(oldest).max(0) as f64 / 1_000.0);
            }
        }
        for (currency, asked) in &report.refunds {
            self.refunds.with_label_values(&[currency.as_str()]).inc_by(asked.number);
            self.refunds_money.with_label_values(&[currency.as_str()]).inc_by(float(asked.sum.decimal()).max(0.0));
        }
        for (outcome, n) in [("new", report.facts_new), ("stale", report.facts_stale)] {
            self.facts.with_label_values(&[outcome]).inc_by(n);
        }
        for (topic, n) in &report.events {
            self.events.with_label_values(&[topic.name()]).inc_by(*n);
        }
        self.events_too_large.inc_by(report.events_too_large);
        for (kind, n) in [
            ("alias", report.aliases_sealed),
            ("order", report.orders_sealed),
            ("sku", report.skus_sealed),
            ("customer", report.customers_sealed),
        ] {
            self.sealed.with_label_values(&[kind]).inc_by(n);
        }
        self.epochs.inc();
        self.state_records.inc_by(report.state_records);
        self.state_bytes.inc_by(report.state_bytes);
        self.epoch_records.observe(report.records as f64);
        for (stage, time) in [(EpochStage::Apply, times.apply), (EpochStage::Seal, times.seal), (EpochStage::Commit, times.commit)] {
            self.epoch_seconds.with_label_values(&[stage.name()]).observe(time.as_secs_f64());
        }
    }

    /// Derived events written so far, by topic; and epochs.
    pub fn written(&self) -> (Vec<(&'static str, u64)>, u64) {
        let events = Topic::ALL.into_iter().map(|topic| (topic.name(), self.events.with_label_values(&[topic.name()]).get()));
        (events.collect(), self.epochs.get())
    }

    /// Counts an epoch that was dropped.
    pub fn epoch_aborted(&self) {
        self.epochs_aborted.inc();
    }

    /// What could not be committed: for how long now, and how many epochs ever, by cause.
    pub fn uncommitted(&self, seconds: u64, not_committed: &[(&'static str, u64)]) {
        self.uncommitted_seconds.set(i64::try_from(seconds).unwrap_or(i64::MAX));
        for (cause, count) in not_committed {
            let counter = self.epochs_not_committed.with_label_values(&[*cause]);
            counter.inc_by(count.saturating_sub(counter.get()));
        }
    }

    /// How many partitions of a source wait for the end of a transaction of their writer.
    pub fn held(&self, source: &str, partitions: i64) {
        self.held_partitions.with_label_values(&[source]).set(partitions);
    }

    /// Records of a source that are there and not committed, and when its newest committed record was written. Asked again and again: so it grows while
    /// nothing is committed, and is 0 once nothing waits.
    pub fn lag(&self, source: &str, records: i64, newest: Option<Moment>, now: Moment) {
        self.lag_records.with_label_values(&[source]).set(records);
        let Some(newest) = newest else { return };
        let waited = if records > 0 { now.0.saturating_sub(newest.0).max(0) } else { 0 };
        self.lag_seconds.with_label_values(&[source]).set(waited as f64 / 1_000.0);
        self.last_record.with_label_values(&[source]).set(newest.0 as f64 / 1_000.0);
    }

    /// How many exceptions of a kind are open.
    pub fn exceptions_open(&self, kind: &str, open: i64) {
        self.exceptions_open.with_label_values(&[kind]).set(open);
    }

    /// How many dead letters of a source are outstanding.
    pub fn dead_letters(&self, source: &str, outstanding: u64) {
        self.dead_letters.with_label_values(&[source]).set(i64::try_from(outstanding).unwrap_or(i64::MAX));
    }

    /// How many requests are held, by why and topic. What is not named is 0.
    pub fn requests_held<'a>(&self, groups: impl Iterator<Item = (&'a str, &'a str, u64)>) {
        self.requests_held.reset();
        groups.for_each(|(why, topic, requests)| self.requests_held.with_label_values(&[why, topic]).set(requests as i64));
    }

    /// By how much an invariant of the books is off.
    pub fn books_off(&self, invariant: &str, currency: &str, off: Amount) {
        self.books_off.with_label_values(&[invariant, currency]).set(float(off.decimal()));
    }

    /// What came in against what is out, waits, or is asked of a person. What is not named is not there any more.
    pub fn counted(&self, counts: &Counts) {
        self.counts.reset();
        for ((shop, currency, step), count) in &counts.steps {
            let parts = [
                ("in", count.came_in),
                ("out", count.out),
                ("waiting", count.waiting),
                ("exceptions", count.exceptions),
                ("off", count.off),
            ];
            for (part, amount) in parts {
                let set = |unit, value| self.counts.with_label_values(&[shop.as_str(), currency, step, unit, part]).set(value);
                set("pieces", float(amount.pieces.decimal()));
                set("money", float(amount.money.decimal()));
            }
        }
        for topic in Topic::ALL.into_iter().filter(|topic| !topic.is_statement()) {
            let orders = counts.unsent.get(&topic).map_or(0, |unsent| unsent.orders);
            self.requests_unsent.with_label_values(&[topic.name()]).set(orders as i64);
        }
        self.waiting_since.reset();
        let mut since: BTreeMap<(&str, &str), Moment> = BTreeMap::new();
        for ((shop, _, step), count) in &counts.steps {
            if let Some(placed_at) = count.waiting_since {
                since.entry((shop.as_str(), step)).and_modify(|oldest| *oldest = placed_at.min(*oldest)).or_insert(placed_at);
            }
        }
        for ((shop, step), placed_at) in since {
            self.waiting_since.with_label_values(&[shop, step]).set(placed_at.0 as f64 / 1_000.0);
        }
    }

    /// Books and counts were looked through at this moment.
    pub fn audited(&self, now: Moment) {
        self.audited.set(now.0.div_euclid(1_000));
    }

    /// Do brokers answer?
    pub fn broker_reached(&self, reached: bool) {
        self.broker.set(i64::from(reached));
    }

    /// What the restore read, and how long it took.
    pub fn restored(&self, records: u64, time: Duration) {
        self.restore_records.inc_by(records);
        self.restore_seconds.set(time.as_secs_f64());
    }

    /// Does the instance work on records?
    pub fn ready(&self, ready: bool) {
        self.ready.set(i64::from(ready));
    }
}

/// A metric is a float: exact is only what is 0.
fn float(exact: rust_decimal::Decimal) -> f64 {
    exact.to_string().parse().unwrap_or(f64::NAN)
}

/// How log lines are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum LogFormat {
    /// Lines for people.
    #[default]
    Text,
    /// A JSON object a line.
    Json,
}

/// Sends log lines to standard error, filtered by `WAYBILL_LOG` (`info` by default). Once in a process; later calls change nothing.
pub fn log_to_stderr(format: LogFormat) {
    let filter = tracing_subscriber::EnvFilter::try_from_env("WAYBILL_LOG").unwrap_or_else(|_| "info".into());
    // https://no-color.org
    let unwanted = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let coloured = !unwanted && std::io::IsTerminal::is_terminal(&std::io::stderr());
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_target(false).with_ansi(coloured);
    // Refused only where a subscriber is there already, and then lines go to that one.
    let _ = match format {
        LogFormat::Text => lines.try_init(),
        LogFormat::Json => lines.json().try_init(),
    };
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{RefundsAsked, SourceReport};
    use crate::events::Topic;
    use crate::facts::{Currency, Moment};

    #[test]
    fn an_epoch_is_counted_by_source_outcome_and_topic() {
        let metrics = Metrics::new().expect("names differ");
        let mut report = EpochReport { records: 8, tick: Moment(10_000), ..EpochReport::default() };
        report.sources.insert(
            0,
            SourceReport { understood: 7, decode_errors: 1, oldest_millis: Some(7_000), newest_millis: 8_000, ..SourceReport::default() },
        );
        report.events.insert(Topic::StockUpdates, 3);
        let gbp = Currency::new("GBP").expect("a currency");
        report.refunds.insert(gbp, RefundsAsked { number: 2, sum: Amount::from_int(30) });
        let times = EpochTimes { commit: Duration::from_millis(60), ..EpochTimes::default() };
        let names = ["magento".to_owned()];
        metrics.sources(["magento", "crm"]);
        metrics.epoch(&report, times, &names, Moment(10_000));
        metrics.epoch(&report, times, &names, Moment(10_000));
        metrics.lag("magento", 12, Some(Moment(8_000)), Moment(10_000));
        metrics.lag("crm", 0, Some(Moment(8_000)), Moment(90_000));
        metrics.dead_letters("crm", 3);
        let text = metrics.text().expect("encodes");
        for line in [
            r#"waybill_records_total{outcome="understood",source="magento"} 14"#,
            r#"waybill_records_total{outcome="decode-error",source="magento"} 2"#,
            r#"waybill_events_total{topic="stock-updates"} 6"#,
            r#"waybill_epochs_total 2"#,
            r#"waybill_epoch_records_sum 16"#,
            r#"waybill_epoch_seconds_bucket{stage="commit",le="0.05"} 0"#,
            r#"waybill_epoch_seconds_bucket{stage="commit",le="0.1"} 2"#,
            r#"waybill_end_to_end_seconds_bucket{source="magento",le="2.5"} 0"#,
            r#"waybill_end_to_end_seconds_bucket{source="magento",le="5"} 2"#,
            r#"waybill_refunds_requested_total{currency="GBP"} 4"#,
            r#"waybill_refunds_requested_money_total{currency="GBP"} 60"#,
            r#"waybill_records_total{outcome="decode-error",source="crm"} 0"#,
            r#"waybill_lag_records{source="magento"} 12"#,
            r#"waybill_lag_seconds{source="magento"} 2"#,
            r#"waybill_lag_seconds{source="crm"} 0"#,
            r#"waybill_last_record_timestamp_seconds{source="crm"} 8"#,
            r#"waybill_dead_letters_outstanding{source="crm"} 3"#,
            r#"waybill_exceptions_open{kind="over-refunded"} 0"#,
            r#"waybill_events_total{topic="refund-requests"} 0"#,
        ] {
            assert!(text.lines().any(|found| found == line), "{line} is not in\n{text}");
        }
    }
}
