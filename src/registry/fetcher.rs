//! Fetches the schemas that records name, on a thread of its own. A record whose schema is not there yet is not handed over: its partition waits, and
//! the others go on.

use std::collections::BTreeMap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::client::{Failure, RegistryClient};
use crate::envelope::Record;
use crate::envelope::avro::{SchemaId, Schemas};
use crate::kafka::RecordGate;
use crate::sources::acts;
use crate::telemetry::say;

/// How long until a registry that was away is asked again; doubled each time.
const AGAIN_FIRST: Duration = Duration::from_millis(250);
const AGAIN_MAX: Duration = Duration::from_secs(10);
/// How long the registry's word that it knows no such schema is believed. It may be registered, or restored, later.
const REFUSED_FOR: Duration = Duration::from_secs(60);

/// The gate of records in Avro.
pub struct SchemaFetcher(Arc<Inner>);

struct Inner {
    client: RegistryClient,
    /// By the topic's place among those that are read.
    topics: BTreeMap<u16, Arc<Schemas>>,
    acts: CarriedRecords,
    state: Mutex<State>,
    wake: Condvar,
    /// Tells the reader that a schema has come.
    bell: OnceLock<Box<dyn Fn() + Send + Sync>>,
}

/// Acts carry records of other topics.
#[derive(Default)]
pub struct CarriedRecords {
    /// The place of the topic of acts among those that are read.
    pub acts: Option<u16>,
    /// The topics in Avro, by name.
    pub topics: BTreeMap<Arc<str>, Arc<Schemas>>,
}

impl CarriedRecords {
    /// What the record needs that an act carries: its topic, whose schemas, and which of them are not there.
    fn wanted(&self, record: &Record<'_>) -> Option<(&Arc<str>, &Arc<Schemas>, Vec<SchemaId>)> {
        if self.acts != Some(record.topic_index) || self.topics.is_empty() {
            return None;
        }
        let act = acts::read(record.value).ok()?;
        let (place, carried) = act.act.record()?;
        let (topic, schemas) = self.topics.get_key_value(place.topic.as_str())?;
        let wanted = schemas.wanted(&carried.standing(topic, 0, place.partition, place.offset));
        Some((topic, schemas, wanted.into_vec()))
    }
}

#[derive(Default)]
struct State {
    /// In the order in which they were asked for.
    wanted: Vec<(Arc<Schemas>, SchemaId, Arc<str>)>,
    /// Why the registry is away, and since when.
    away: Option<(String, Instant)>,
    ending: bool,
}

impl std::fmt::Debug for SchemaFetcher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SchemaFetcher").finish_non_exhaustive()
    }
}

impl SchemaFetcher {
    /// Starts the thread. `topics` are those in Avro, by their places among the topics that are read.
    ///
    /// # Errors
    /// The system starts no more threads.
    pub fn start(client: RegistryClient, topics: BTreeMap<u16, Arc<Schemas>>, acts: CarriedRecords) -> std::io::Result<Self> {
        let inner = Inner { client, topics, acts, state: Mutex::default(), wake: Condvar::new(), bell: OnceLock::new() };
        let fetcher = Self(Arc::new(inner));
        let inner = Arc::clone(&fetcher.0);
        thread::Builder::new().name("waybill-schemas".into()).spawn(move || inner.run())?;
        Ok(fetcher)
    }
}

impl Drop for SchemaFetcher {
    fn drop(&mut self) {
        self.0.lock().ending = true;
        self.0.wake.notify_all();
    }
}

impl RecordGate for SchemaFetcher {
    fn may_pass(&self, record: &Record<'_>) -> bool {
        let of_its_own = || {
            let schemas = self.0.topics.get(&record.topic_index)?;
            Some((record.topic, schemas, schemas.wanted(record).into_vec()))
        };
        let Some((topic, schemas, wanted)) = of_its_own().or_else(|| self.0.acts.wanted(record)) else { return true };
        if wanted.is_empty() {
            return true;
        }
        let mut state = self.0.lock();
        for id in wanted {
            if !state.wanted.iter().any(|(of, known, _)| *known == id && Arc::ptr_eq(of, schemas)) {
                state.wanted.push((Arc::clone(schemas), id, Arc::clone(topic)));
                self.0.wake.notify_all();
            }
        }
        false
    }

    fn on_opened(&self, ring: Box<dyn Fn() + Send + Sync>) {
        // There is one reader, and it says so once.
        let _ = self.0.bell.set(ring);
    }

    fn waits_for(&self) -> Option<String> {
        let state = self.0.lock();
        let (why, since) = state.away.as_ref()?;
        let (_, id, topic) = state.wanted.first()?;
        let more = if state.wanted.len() > 1 { format!(" and {} more", state.wanted.len() - 1) } else { String::new() };
        let seconds = since.elapsed().as_secs();
        Some(format!("records of {topic} wait for schema {id}{more}, for {seconds} s: the schema registry is away ({why})"))
    }
}

impl Inner {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn run(&self) {
        let (mut again, mut forgotten) = (AGAIN_FIRST, Instant::now());
        while let Some((schemas, id)) = self.next() {
            if forgotten.elapsed() >= REFUSED_FOR {
                self.topics.values().for_each(|schemas| schemas.forget_refused());
                forgotten = Instant::now();
            }
            match self.client.schema(id) {
                Ok(fetched) => schemas.learn(id, &fetched.schema, &fetched.references),
                Err(Failure::Refused(expected)) => schemas.refuse(id, &expected),
                Err(Failure::Away(why)) => {
                    self.away(why);
                    self.pause(again);
                    again = (again * 2).min(AGAIN_MAX);
                    continue;
                }
            }
            again = AGAIN_FIRST;
            self.came(&schemas, id);
        }
    }

    /// The schema that is asked for next; `None`: the gate is gone.
    fn next(&self) -> Option<(Arc<Schemas>, SchemaId)> {
        let state = self.lock();
        let state = self.wake.wait_while(state, |state| state.wanted.is_empty() && !state.ending).unwrap_or_else(PoisonError::into_inner);
        state.wanted.first().filter(|_| !state.ending).map(|(schemas, id, _)| (Arc::clone(schemas), *id))
    }

    fn away(&self, why: String) {
        let mut state = self.lock();
        match &mut state.away {
            Some((known, _)) => *known = why,
            None => {
                say::registry_away(&why);
                state.away = Some((why, Instant::now()));
            }
        }
    }

    fn pause(&self, time: Duration) {
        let waited = self.wake.wait_timeout_while(self.lock(), time, |state| !state.ending);
        drop(waited.unwrap_or_else(PoisonError::into_inner));
    }

    fn came(&self, schemas: &Arc<Schemas>, id: SchemaId) {
        let mut state = self.lock();
        state.wanted.retain(|(of, known, _)| *known != id || !Arc::ptr_eq(of, schemas));
        if let Some((_, since)) = state.away.take() {
            say::registry_answers(since.elapsed());
        }
        drop(state);
        if let Some(ring) = self.bell.get() {
            ring();
        }
    }
}
