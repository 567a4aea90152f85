//! A rebalance in every state of a commit. The threads' steps on the shared state are played in every order that can happen, on a broker of a few
//! lines. Each record must be committed once, and nobody may stand still.

use std::sync::Arc;
use std::time::Duration;

use super::health::KafkaHealth;
use super::settings::{KafkaSettings, KafkaTimeouts};
use super::shared::{Partition, Shared};
use crate::engine::log::Limits;
use crate::envelope::Batch;
use crate::facts::Moment;

const ORDERS: Partition = Partition { topic: 0, number: 0 };
/// Records that are there at the beginning, and at the end.
const AT_FIRST: i64 = 3;
const AT_LAST: i64 = 5;
/// Steps of one commit, see [`Play::step`].
const STEPS: usize = 7;
/// Places before, between and behind the steps of two commits.
const GAPS: usize = 2 * STEPS + 1;

/// The broker, the client's position, and the threads' places.
struct Play {
    shared: Shared,
    records: i64,
    committed: i64,
    output: Vec<i64>,
    /// The group's generation, and the one that the client knows.
    group: u64,
    /// `None`: the partition is not assigned.
    position: Option<i64>,
    sought: Option<(u64, i64)>,
    // The commit under way.
    batch: Vec<i64>,
    generation: u64,
    may: bool,
    member: u64,
    accepted: bool,
}

impl Play {
    fn new() -> Self {
        let settings = KafkaSettings {
            bootstrap: "broker:9092".to_owned(),
            application_id: "app".to_owned(),
            slot: "0".to_owned(),
            client: Default::default(),
            source_topics: Arc::from([Arc::from("orders")]),
            exchange_topic: "exchange".into(),
            changelog_topic: "changelog".into(),
            clock_topic: Arc::from("clock"),
            own_topics: Arc::from([]),
            gate: None,
            encoder: None,
            timeouts: KafkaTimeouts::default(),
        };
        let topics = settings.source_topics.clone();
        let shared = Shared::new(settings, topics, Arc::new(KafkaHealth::default()));
        {
            let mut state = shared.lock();
            state.limits = Some(Limits {
                records_max: 100,
                bytes_max: 1 << 20,
                linger: Duration::ZERO,
                timer_at: None,
                tick: crate::facts::Moment::MIN,
            });
            state.base.set(ORDERS, 0);
            state.next.set(ORDERS, 0);
            state.assign(ORDERS);
            state.started = true;
        }
        let position = Some(0);
        let (output, batch) = (Vec::new(), Vec::new());
        let (may, accepted) = (false, false);
        Self {
            shared,
            records: AT_FIRST,
            committed: 0,
            output,
            group: 1,
            position,
            sought: None,
            batch,
            generation: 0,
            may,
            member: 1,
            accepted,
        }
    }

    /// One step of a commit; the engine's and the writer's, one after the other.
    fn step(&mut self, step: usize) {
        let mut state = self.shared.lock();
        match step {
            // The engine takes the batch, if `next_batch` would give it one.
            0 if state.go_back || !state.is_whole() => self.batch.clear(),
            0 => {
                self.batch = state.filling.iter().map(|record| record.offset).collect();
                state.filling.clear(Moment::default());
                state.handed = state.generation;
            }
            _ if self.batch.is_empty() => {}
            1 => self.generation = state.handed,
            2 => self.may = state.may_commit(self.generation, [&ORDERS]),
            3 => self.member = self.group,
            // The offsets go into the transaction only with the group's generation of now.
            4 => self.accepted = self.may && self.member == self.group,
            5 if self.accepted => {
                self.output.append(&mut self.batch.clone());
                self.committed = self.batch.last().map_or(0, |last| last + 1);
            }
            6 if self.accepted => state.committed(self.generation, [(ORDERS, self.committed)]),
            6 => state.read_again(),
            _ => {}
        }
    }

    /// The group takes the partition away: the callback.
    fn revoke(&mut self) {
        self.shared.lock().revoke([ORDERS]);
        self.position = None;
    }

    /// The group has a new generation, and gives the partition back: the callback.
    fn assign(&mut self) {
        self.group += 1;
        self.position = Some(self.shared.lock().assign(ORDERS).unwrap_or(0));
    }

    /// The reader asks where to go back to.
    fn targets(&mut self) {
        let state = self.shared.lock();
        let (generation, targets) = state.targets();
        self.sought = state.go_back.then(|| (generation, targets.first().and_then(|(_, offset)| *offset).unwrap_or(-1)));
    }

    /// The reader is back there.
    fn seek(&mut self) {
        let Some((generation, target)) = self.sought.take() else { return };
        if let Some(position) = self.position.as_mut().filter(|_| target >= 0) {
            *position = target;
        }
        self.shared.lock().is_back(generation);
    }

    /// The reader takes what is there.
    fn read(&mut self) {
        let mut state = self.shared.lock();
        if state.go_back || self.sought.is_some() {
            return;
        }
        while let Some(offset) = self.position.filter(|position| *position < self.records) {
            if state.next.get(ORDERS).is_none_or(|next| offset >= next) {
                push(&mut state.filling, offset);
                state.next.set(ORDERS, offset + 1);
            }
            self.position = Some(offset + 1);
        }
    }

    /// Everybody goes on until all is committed.
    fn play_on(&mut self) {
        for _ in 0..5 {
            self.targets();
            self.seek();
            self.read();
            (0..STEPS).for_each(|step| self.step(step));
        }
    }
}

fn push(batch: &mut Batch, offset: i64) {
    batch.push(0, 0, offset, Moment::default(), None, None, std::iter::empty());
}

#[test]
fn a_rebalance_in_every_state_of_a_commit_loses_nothing_and_doubles_nothing() {
    let mut played = 0;
    for revoked in 0..GAPS {
        for assigned in revoked..GAPS {
            for asked in 0..GAPS {
                for back in asked..GAPS {
                    // The reader takes records at each place, or only before this one.
                    for reads_until in [1, STEPS, GAPS] {
                        let mut play = Play::new();
                        for gap in 0..GAPS {
                            if gap < reads_until {
                                play.read();
                            }
                            if gap == revoked {
                                play.revoke();
                            }
                            if gap == assigned {
                                play.assign();
                            }
                            if gap == asked {
                                play.targets();
                            }
                            if gap == back {
                                play.seek();
                            }
                            if gap < GAPS - 1 {
                                play.step(gap % STEPS);
                            }
                        }
                        play.records = AT_LAST;
                        play.play_on();
                        let place =
                            format!("revoked {revoked}, assigned {assigned}, asked {asked}, back {back}, reads until {reads_until}");
                        assert!(play.output.iter().copied().eq(0..AT_LAST), "{place}: {:?}", play.output);
                        played += 1;
                    }
                }
            }
        }
    }
    assert!(played > 40_000, "{played}");
}
