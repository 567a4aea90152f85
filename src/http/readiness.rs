//! How each part of the process stands: written by engine and log, read by `/readyz`.
//!
//! Ready means: the broker is reached, the state is restored, the clock is believed, no topic of a source that is required is missing, and what is read is committed. (A table
//! that nobody has written to has no topic yet: it is named under its source, and read once it appears.) A dead letter, an open exception or a lag is
//! shown, and does not make an instance unready: taking it out of service would mend none of them.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use serde::Serialize;
use serde_json::{Value, json};

use crate::facts::Moment;

/// Is the broker there?
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "state")]
pub enum BrokerState {
    /// It was not reached yet.
    #[default]
    Connecting,
    /// It answers.
    Reached,
    /// No broker answers.
    Unreachable {
        /// The client's last error.
        error: String,
        /// When it was last reached.
        since: Moment,
    },
}

/// How far the restore is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct RestoreState {
    /// Shards that are this instance's.
    pub shards_total: u32,
    /// Those of them that are restored.
    pub shards_done: u32,
    /// Records of state read back.
    pub records: u64,
    /// All shards that are this instance's are there.
    pub done: bool,
}

/// Is a source read?
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum SourceState {
    /// None of its topics is there, or they have not been looked for yet.
    #[default]
    Waiting,
    /// The source is required, and one of its topics is not there.
    TopicsMissing,
    /// Its topics are read, as far as they are there.
    Reading,
}

/// How one source stands.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct SourceStatus {
    /// Is it read?
    pub state: SourceState,
    /// Its topics that are not there. Each is read once it appears.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub topics_missing: Vec<String>,
    /// Records read since the process began.
    pub records: u64,
    /// Records that are not read yet.
    pub lag_records: i64,
    /// Records that could not be decoded.
    pub dead_letters: u64,
    /// Rows that were older than what is kept and said something else: earlier states told again, or changes whose place cannot be known.
    pub passed_over: u64,
    /// Status words without a meaning.
    pub unknown_words: u64,
    /// The time of its newest record.
    pub last_record_at: Option<Moment>,
    /// Partitions in which a transaction of their writer has been open for long: what comes behind it can't be read.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub held_by_transactions: Vec<String>,
}

/// How each part of the process stands.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Readiness {
    /// The broker.
    pub broker: BrokerState,
    /// The restore of the state.
    pub restore: RestoreState,
    /// By configured name.
    pub sources: BTreeMap<String, SourceStatus>,
    /// What the log waits for, or why nothing can be committed, in a sentence.
    pub stalled: Option<String>,
    /// Why the clock is not believed: nothing is committed meanwhile.
    pub clock: Option<String>,
    /// Asked to end: no more work is begun.
    pub ending: bool,
}

impl Readiness {
    /// Does it work on records?
    pub fn ready(&self) -> bool {
        self.waits_for().is_none()
    }

    /// The first thing that stands in the way, in a sentence.
    pub fn waits_for(&self) -> Option<String> {
        let missing = |(name, source): (&String, &SourceStatus)| {
            (source.state == SourceState::TopicsMissing)
                .then(|| format!("{name} waits for its topics {}", source.topics_missing.join(", ")))
        };
        match &self.broker {
            _ if self.ending => Some("the process is ending".to_owned()),
            BrokerState::Unreachable { error, .. } => Some(format!("the broker cannot be reached: {error}")),
            // Before the restore nobody needs the clock, and the broker may not have been asked for its time yet.
            _ if self.stalled.is_some() && !self.restore.done => self.stalled.clone(),
            _ if self.clock.is_some() => self.clock.clone(),
            _ if self.stalled.is_some() => self.stalled.clone(),
            BrokerState::Connecting => Some("the broker has not been reached yet".to_owned()),
            BrokerState::Reached => match self.sources.iter().find_map(missing) {
                Some(missing) => Some(missing),
                None if !self.restore.done => {
                    let RestoreState { shards_done, shards_total, .. } = self.restore;
                    Some(format!("restoring: {shards_done} of {shards_total} shards"))
                }
                None => None,
            },
        }
    }

    pub(super) fn body(&self) -> Value {
        let dead_letters: u64 = self.sources.values().map(|source| source.dead_letters).sum();
        json!({
            "ready": self.ready(),
            "waits_for": self.waits_for(),
            "broker": self.broker,
            "restore": self.restore,
            "dead_letters": dead_letters,
            "sources": self.sources,
        })
    }
}

/// The one readiness of a process.
#[derive(Default)]
pub struct Status(Mutex<Readiness>);

impl Status {
    /// With every source that is configured, so that one that never comes is seen too.
    pub fn new<'s>(sources: impl IntoIterator<Item = &'s str>) -> Self {
        let sources = sources.into_iter().map(|name| (name.to_owned(), SourceStatus::default())).collect();
        Self(Mutex::new(Readiness { sources, ..Readiness::default() }))
    }

    /// Changes it. Short: the HTTP server waits meanwhile.
    pub fn update(&self, change: impl FnOnce(&mut Readiness)) {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// How all stands at this moment.
    pub fn now(&self) -> Readiness {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
