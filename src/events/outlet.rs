//! Where events leave the pure rooms: encodes bodies, gives ids, and does not emit a statement again that has not changed.

use super::body::{Receiver, RequestBody, Statement, json};
use crate::entities::last_emitted::LastEmitted;
use crate::entities::rules::Rules;
use crate::entities::topics::Topic;
use crate::facts::{Cause, Moment, OrderKey, Text};

/// What every computation at a seal may know beside the entity's rows.
#[derive(Clone, Copy)]
pub struct SealContext<'a> {
    /// The configured rules.
    pub rules: &'a Rules,
    /// The epoch's one moment, for all its shards.
    pub tick: Moment,
    /// Part of every id: raised when the state is set up anew.
    pub generation: u32,
    /// Is this request topic live (going live is an epoch)? Before, requests are entered in the ledgers and not sent.
    pub live: &'a dyn Fn(Topic) -> bool,
}

/// An event on its way out.
#[derive(Clone, Debug, PartialEq)]
pub struct Emission {
    /// Where it goes.
    pub topic: Topic,
    /// The Kafka key: of a request the order's key, of a statement the whole key.
    pub key: Text,
    /// Statement: `topic|key|generation|revision`; request: `topic|ledger key|generation|step`.
    pub id: String,
    /// Who is to act, where the topic has more than one reader.
    pub receiver: Option<Receiver>,
    /// JSON; `None` is a tombstone (a statement withdrawn).
    pub body: Option<Vec<u8>>,
}

/// Collects the events of one entity's seal.
pub struct Outlet<'a> {
    /// What the computation may know beside the rows.
    pub context: SealContext<'a>,
    /// The revision that the entity will have if this seal changes it.
    pub revision: u64,
    /// The events so far, in the order in which they were made.
    pub emissions: Vec<Emission>,
    /// Records that touched the entity in this epoch: the causes of all that it emits.
    pub causes: Vec<Cause>,
    /// Something went out or was entered: the revision is raised.
    pub changed: bool,
    /// A SKU gets one of the order's lines for the first time in this round, and has not answered yet.
    pub waits_for_skus: bool,
    /// The entity is to be computed once more in this epoch, when those that it sent facts to have answered.
    pub again: bool,
    /// The earliest timer: when the clock alone would next change something.
    pub timer: Option<Moment>,
}

impl<'a> Outlet<'a> {
    /// An outlet without events.
    pub fn new(context: SealContext<'a>, revision: u64, causes: Vec<Cause>) -> Self {
        Self { context, revision, emissions: Vec::new(), causes, changed: false, waits_for_skus: false, again: false, timer: None }
    }

    /// The clock alone would change something at this moment: the entity is computed again then. A moment that has passed sets no timer.
    pub fn set_timer(&mut self, at: Option<Moment>) {
        self.timer = Moment::earlier(self.timer, at.filter(|at| *at > self.context.tick));
    }

    /// May goods be asked for? Not before the SKUs have answered: then the order is computed once more in the same epoch.
    pub fn may_ask(&mut self) -> bool {
        self.again |= self.waits_for_skus;
        !self.waits_for_skus
    }

    /// Emits how `key` stands now, unless the same was emitted last. `None` withdraws it.
    pub fn emit_if_changed<S: Statement>(&mut self, last_emitted: &mut LastEmitted, key: Text, body: Option<S>) {
        let Some(mut body) = body else {
            if last_emitted.withdraw(S::TOPIC, &key) {
                let id = self.statement_id(S::TOPIC, &key);
                self.push(S::TOPIC, key, id, None, None);
            }
            return;
        };
        let content = body.content();
        if last_emitted.digest(S::TOPIC, &key) == Some(content) {
            return;
        }
        let id = self.statement_id(S::TOPIC, &key);
        body.set_id(id.clone());
        let bytes = json(&body, <[u8]>::to_vec);
        self.push(S::TOPIC, key.clone(), id, None, Some(bytes));
        last_emitted.note(S::TOPIC, key, content);
    }

    /// Emits all statements of one topic that an entity makes, each by its key, as far as they have changed. What was emitted last under another key
    /// is withdrawn.
    pub fn emit_all<S: Statement>(&mut self, last_emitted: &mut LastEmitted, bodies: Vec<(Text, S)>) {
        let over = last_emitted.keys(S::TOPIC).filter(|key| !bodies.iter().any(|(other, _)| other == *key));
        let over: Vec<Text> = over.cloned().collect();
        for key in over {
            self.emit_if_changed::<S>(last_emitted, key, None);
        }
        for (key, body) in bodies {
            self.emit_if_changed(last_emitted, key, Some(body));
        }
    }

    /// Makes a request of the order, which the caller has entered in its ledger. Not live yet: nothing is sent.
    pub fn request<R: RequestBody>(&mut self, order: &OrderKey, mut body: R) {
        self.changed = true;
        if !(self.context.live)(R::TOPIC) {
            return;
        }
        let head = body.head();
        let id = request_id(R::TOPIC, &head.ledger_key, self.context.generation, head.step);
        head.id.clone_from(&id);
        let bytes = json(&body, <[u8]>::to_vec);
        self.push(R::TOPIC, order.0.clone(), id, body.receiver(), Some(bytes));
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
