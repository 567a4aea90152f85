//! Where events leave the pure rooms: encodes bodies, gives ids, keeps silent what was said already.

use std::cell::RefCell;

use serde::Serialize;
use xxhash_rust::xxh3::xxh3_64;

use super::{Body, Receiver, Topic};
use crate::entities::order::state::Said;
use crate::entities::rules::Rules;
use crate::facts::{Cause, Moment, Text};

/// What every computation at a seal may know beside the entity's rows.
#[derive(Clone, Copy)]
pub struct SealContext<'a> {
    pub rules: &'a Rules,
    /// The epoch's one moment, for all its shards.
    pub tick: Moment,
    pub generation: u32,
    /// Is this request topic live (going live is an epoch)? Before, requests are entered in the ledgers and not sent.
    pub live: &'a dyn Fn(Topic) -> bool,
}

/// An event on its way out.
#[derive(Clone, Debug, PartialEq)]
pub struct Emission {
    pub topic: Topic,
    /// Kafka key: of a request the entity alone, of a statement the whole key.
    pub key: Text,
    /// Statement: `topic|key|generation|revision`; request: `topic|ledger key|generation|step`.
    pub id: String,
    pub receiver: Option<Receiver>,
    /// JSON; `None` is a tombstone (a statement withdrawn).
    pub body: Option<Vec<u8>>,
}

/// Collects the events of one entity's seal.
pub struct Outlet<'a> {
    pub context: SealContext<'a>,
    /// The revision that the entity will have if this seal changes it.
    pub revision: u64,
    pub emissions: Vec<Emission>,
    /// Records that touched the entity in this epoch: the causes of all that it emits.
    pub causes: Vec<Cause>,
    /// Something went out or was entered: the revision is raised.
    pub changed: bool,
    /// A SKU hears of one of the order's lines for the first time, and has not answered.
    pub unheard: bool,
    /// The entity is to be computed once more, when those that it told of something have answered.
    pub again: bool,
}

/// A stable digest of a serialisable content: xxh3 of its JSON. Part of the state's format.
pub fn digest<C: Serialize + ?Sized>(content: &C) -> u64 {
    json(content, xxh3_64)
}

thread_local! {
    /// Memory to encode in: it stays as large as the largest body was, so that none grows by doubling.
    static SCRATCH: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// Gives the content's JSON to `read`.
fn json<T>(content: &(impl Serialize + ?Sized), read: impl FnOnce(&[u8]) -> T) -> T {
    SCRATCH.with_borrow_mut(|scratch| {
        scratch.clear();
        // A body is made of maps with text keys and plain values: it always has a JSON form.
        let _ = serde_json::to_writer(&mut *scratch, content);
        read(scratch)
    })
}

impl<'a> Outlet<'a> {
    pub fn new(context: SealContext<'a>, revision: u64, causes: Vec<Cause>) -> Self {
        Self { context, revision, emissions: Vec::new(), causes, changed: false, unheard: false, again: false }
    }

    /// May goods be asked for? Not before the SKUs have heard of the lines: then the order is computed once more in the same epoch.
    pub fn may_ask(&mut self) -> bool {
        self.again |= self.unheard;
        !self.unheard
    }

    /// Says how `key` stands now; silent when that has been said. `None` withdraws it.
    pub fn statement<B: Body>(&mut self, said: &mut Said, key: Text, body: Option<B>) {
        let slot = (B::TOPIC as u8, key);
        let before = said.0.get(&slot).copied();
        match body {
            None => {
                if before.is_some() {
                    said.0.remove(&slot);
                    let id = self.statement_id(B::TOPIC, &slot.1);
                    self.push(B::TOPIC, slot.1, id, None, None);
                }
            }
            Some(mut body) => {
                let content = body.content();
                if before == Some(content) {
                    return;
                }
                let id = self.statement_id(B::TOPIC, &slot.1);
                body.set_id(id.clone());
                let bytes = json(&body, <[u8]>::to_vec);
                self.push(B::TOPIC, slot.1.clone(), id, None, Some(bytes));
                said.0.insert(slot, content);
            }
        }
    }

    /// Says all statements of one topic that an entity makes: each by its key; what was said under another key is withdrawn.
    pub fn statements<B: Body>(&mut self, said: &mut Said, bodies: Vec<(Text, B)>) {
        let of_topic = (B::TOPIC as u8, Text::default())..(B::TOPIC as u8 + 1, Text::default());
        let over = said.0.range(of_topic).map(|((_, key), _)| key).filter(|key| !bodies.iter().any(|(other, _)| other == *key));
        let over: Vec<Text> = over.cloned().collect();
        for key in over {
            self.statement::<B>(said, key, None);
        }
        for (key, body) in bodies {
            self.statement(said, key, Some(body));
        }
    }

    /// Makes a request: `step` counts from 1 in its ledger. Not live yet: nothing is sent, the caller has entered it in the ledger.
    /// `entity` is the Kafka key; `ledger_key` the whole key of the ledger.
    pub fn request<B: Body>(&mut self, entity: &Text, ledger_key: &str, step: u32, receiver: Option<Receiver>, mut body: B) {
        self.changed = true;
        if !(self.context.live)(B::TOPIC) {
            return;
        }
        let id = request_id(B::TOPIC, ledger_key, self.context.generation, step);
        body.set_id(id.clone());
        let bytes = json(&body, <[u8]>::to_vec);
        self.push(B::TOPIC, entity.clone(), id, receiver, Some(bytes));
    }

    fn statement_id(&self, topic: Topic, key: &str) -> String {
        format!("{}|{}|{}|{}", topic.name(), key, self.context.generation, self.revision)
    }

    fn push(&mut self, topic: Topic, key: Text, id: String, receiver: Option<Receiver>, body: Option<Vec<u8>>) {
        self.changed = true;
        self.emissions.push(Emission { topic, key, id, receiver, body });
    }
}

/// A request's id: topic, ledger key, generation, step. Never a digest of the content.
pub fn request_id(topic: Topic, ledger_key: &str, generation: u32, step: u32) -> String {
    format!("{}|{}|{}|{}", topic.name(), ledger_key, generation, step)
}
