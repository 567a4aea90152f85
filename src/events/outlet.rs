//! Where events leave the pure rooms: encodes bodies, gives ids, keeps silent what was said already.

use super::body::{Receiver, RequestBody, Statement, json};
use crate::entities::order::state::Said;
use crate::entities::rules::Rules;
use crate::entities::topics::Topic;
use crate::facts::{Cause, Moment, OrderKey, Text};

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
    /// The earliest timer: when the clock alone would next change something.
    pub timer: Option<Moment>,
}

impl<'a> Outlet<'a> {
    pub fn new(context: SealContext<'a>, revision: u64, causes: Vec<Cause>) -> Self {
        Self { context, revision, emissions: Vec::new(), causes, changed: false, unheard: false, again: false, timer: None }
    }

    /// The clock alone would change something at this moment: the entity is computed again then. A moment that has passed sets no timer.
    pub fn set_timer(&mut self, at: Option<Moment>) {
        self.timer = Moment::earlier(self.timer, at.filter(|at| *at > self.context.tick));
    }

    /// May goods be asked for? Not before the SKUs have heard of the lines: then the order is computed once more in the same epoch.
    pub fn may_ask(&mut self) -> bool {
        self.again |= self.unheard;
        !self.unheard
    }

    /// Says how `key` stands now; silent when that has been said. `None` withdraws it.
    pub fn statement<S: Statement>(&mut self, said: &mut Said, key: Text, body: Option<S>) {
        let slot = (S::TOPIC as u8, key);
        let before = said.0.get(&slot).copied();
        match body {
            None => {
                if before.is_some() {
                    said.0.remove(&slot);
                    let id = self.statement_id(S::TOPIC, &slot.1);
                    self.push(S::TOPIC, slot.1, id, None, None);
                }
            }
            Some(mut body) => {
                let content = body.content();
                if before == Some(content) {
                    return;
                }
                let id = self.statement_id(S::TOPIC, &slot.1);
                body.set_id(id.clone());
                let bytes = json(&body, <[u8]>::to_vec);
                self.push(S::TOPIC, slot.1.clone(), id, None, Some(bytes));
                said.0.insert(slot, content);
            }
        }
    }

    /// Says all statements of one topic that an entity makes: each by its key; what was said under another key is withdrawn.
    pub fn statements<S: Statement>(&mut self, said: &mut Said, bodies: Vec<(Text, S)>) {
        let of_topic = (S::TOPIC as u8, Text::default())..(S::TOPIC as u8 + 1, Text::default());
        let over = said.0.range(of_topic).map(|((_, key), _)| key).filter(|key| !bodies.iter().any(|(other, _)| other == *key));
        let over: Vec<Text> = over.cloned().collect();
        for key in over {
            self.statement::<S>(said, key, None);
        }
        for (key, body) in bodies {
            self.statement(said, key, Some(body));
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
