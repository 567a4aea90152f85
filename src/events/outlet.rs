//! Where events leave the pure rooms: encodes bodies, gives ids, and does not emit a statement again that has not changed.

use xxhash_rust::xxh3::xxh3_64;

use super::body::{Receiver, RequestBody, Statement, json, with_id};
use crate::entities::held::{Held, HeldKey, HeldRequests, HeldWhy, Holds};
use crate::entities::last_emitted::LastEmitted;
use crate::entities::ledger::SumLedger;
use crate::entities::rules::Rules;
use crate::entities::topics::Topic;
use crate::facts::{Amount, Cause, Currency, Moment, OrderKey, Text};

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
    /// Of a tombstone: the customer that has by now what was stated here.
    pub moved_to: Option<Text>,
}

/// What becomes of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    /// It is entered in its ledger, and sent.
    Sent,
    /// It is entered and not sent.
    Entered,
    /// It is neither.
    Held,
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
    /// Only the rules or the program have changed, no row: what would be requested is held.
    pub restating: bool,
    /// Statements that are withdrawn are this customer's from now on.
    pub moved_to: Option<Text>,
    /// What people have said of held requests. `None`: nothing is held by a limit, and nobody has said anything.
    pub holds: Option<&'a Holds>,
    /// What is held of this order.
    pub held: HeldRequests,
    /// Money that moved at this seal.
    pub flow: Flow,
    /// A refund was due and waits for the limit, in this seal.
    waits_for_limit: bool,
    /// What a change of rules would request, in this seal.
    pub restated: Vec<HeldKey>,
    /// What a person has discarded, in this seal: all requests of one ledger key that are due now, of which only one is held (entries of the books).
    discarded: Vec<HeldKey>,
}

/// Money that moved at an order's seal: limits on refunds are measured by it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Flow {
    /// Captured more than at the seal before; below 0 where less is captured.
    pub captured: Amount,
    /// Refund requests that were sent.
    pub refunds: u32,
    /// Their sum.
    pub asked: Amount,
    /// Of both; `None`: nothing moved.
    pub currency: Option<Currency>,
    /// The order whose refund was requested, and its ledger before: if a limit is passed, it is put back.
    pub before: Option<Box<(OrderKey, SumLedger)>>,
}

impl<'a> Outlet<'a> {
    /// An outlet without events.
    pub fn new(context: SealContext<'a>, revision: u64, causes: Vec<Cause>) -> Self {
        Self {
            context,
            revision,
            emissions: Vec::new(),
            causes,
            changed: false,
            waits_for_skus: false,
            again: false,
            timer: None,
            restating: false,
            moved_to: None,
            holds: None,
            held: HeldRequests::default(),
            flow: Flow::default(),
            waits_for_limit: false,
            restated: Vec::new(),
            discarded: Vec::new(),
        }
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
        let Some(body) = body else {
            if last_emitted.withdraw(S::TOPIC, &key) {
                self.withdraw(S::TOPIC, key);
            }
            return;
        };
        if let Some(content) = self.emit_unless(last_emitted.digest(S::TOPIC, &key), || key.clone(), body) {
            last_emitted.note(S::TOPIC, key, content);
        }
    }

    /// Emits how a key stands now, unless its digest is `last`. Gives the digest of what it has emitted.
    pub fn emit_unless<S: Statement>(&mut self, last: Option<u64>, key: impl FnOnce() -> Text, body: S) -> Option<u64> {
        let of_a_part = body.content();
        if of_a_part.is_some() && of_a_part == last {
            return None;
        }
        let (content, key, id, bytes) = json(&body, |json| {
            let content = of_a_part.unwrap_or_else(|| xxh3_64(json));
            (last != Some(content)).then(|| {
                let key = key();
                let id = self.statement_id(S::TOPIC, &key);
                let bytes = with_id(json, &id);
                (content, key, id, bytes)
            })
        })?;
        self.push(S::TOPIC, key, id, None, Some(bytes));
        Some(content)
    }

    /// Withdraws what was emitted for a key.
    pub fn withdraw(&mut self, topic: Topic, key: Text) {
        let id = self.statement_id(topic, &key);
        self.push(topic, key, id, None, None);
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

    /// Makes a request of the order. `true`: the caller enters it in its ledger, for it is sent, or its topic is not live yet. `false`: it is held
    /// until a person settles it, and nothing is entered.
    #[must_use]
    pub fn request<R: RequestBody>(&mut self, order: &OrderKey, mut body: R) -> bool {
        let live = self.is_live(R::TOPIC);
        let fate = if live { self.fate(&mut body) } else { Fate::Entered };
        if fate == Fate::Held {
            return false;
        }
        self.changed = true;
        if fate == Fate::Sent {
            let head = body.head();
            let id = request_id(R::TOPIC, &head.ledger_key, self.context.generation, head.step);
            head.id.clone_from(&id);
            let bytes = json(&body, <[u8]>::to_vec);
            self.push(R::TOPIC, order.0.clone(), id, body.receiver(), Some(bytes));
        }
        true
    }

    /// Is the topic live?
    pub fn is_live(&self, topic: Topic) -> bool {
        (self.context.live)(topic)
    }

    /// Is a request sent, entered only, or held?
    fn fate<R: RequestBody>(&mut self, body: &mut R) -> Fate {
        if R::TOPIC == Topic::RefundRequests {
            return self.fate_of_refund((HeldWhy::Limit, R::TOPIC, body.head().ledger_key.clone()), body.money());
        }
        if !self.restating && self.held.is_empty() && self.discarded.is_empty() {
            return Fate::Sent;
        }
        let key = (HeldWhy::Rules, R::TOPIC, body.head().ledger_key.clone());
        if self.discarded.contains(&key) {
            return Fate::Entered;
        }
        let content = body.content();
        let before = self.held.get(&key);
        match before.and_then(|before| if before.discarded { Some(false) } else { self.said(&key) }) {
            Some(accepted) => {
                self.held.remove(&key);
                if !accepted {
                    self.discarded.push(key);
                    return Fate::Entered;
                }
                Fate::Sent
            }
            None if self.restating => {
                let whole = body.waits_whole();
                let (corrects, money, since) = (body.corrects(), body.money(), self.context.tick);
                let same = before.is_some_and(|before| before.content == content);
                self.restated.push(key.clone());
                if !same {
                    self.hold(key, Held { since, content, whole, corrects, money, discarded: false });
                }
                Fate::Held
            }
            None => match before {
                None => Fate::Sent,
                Some(before) if before.whole || before.content == content => Fate::Held,
                Some(_) => {
                    self.held.remove(&key);
                    Fate::Sent
                }
            },
        }
    }

    /// A refund's amount that a change of rules makes due is withheld by its own rule; here is only the limit.
    fn fate_of_refund(&mut self, key: HeldKey, money: Option<(Amount, Currency)>) -> Fate {
        let limited = self.holds.is_some_and(|holds| holds.refunds_held.is_some());
        let said = self.said(&key);
        if limited && said.is_none() {
            self.waits_for_limit = true;
            let since = self.context.tick;
            if self.held.get(&key).is_none_or(|before| before.money != money) {
                self.hold(key, Held { since, content: 0, whole: true, corrects: false, money, discarded: false });
            }
            return Fate::Held;
        }
        let waited = self.held.remove(&key).is_some();
        if let (Some((amount, currency)), false) = (money, waited) {
            self.flow.refunds += 1;
            self.flow.asked += amount;
            self.flow.currency = Some(currency);
        }
        Fate::Sent
    }

    /// Holds a request until a person settles it.
    pub fn hold(&mut self, key: HeldKey, held: Held) {
        self.changed = true;
        self.held.insert(key, held);
    }

    /// What a person has said of a held request; `None`: nothing, or it is not held.
    pub fn said(&self, key: &HeldKey) -> Option<bool> {
        self.holds?.said(key.0, key.1, self.held.get(key)?)
    }

    /// After all requests of a seal. What a person has let go and what is not due now goes when it is due; what he has discarded is then entered, and
    /// not sent. What is not due any more waits for nothing.
    pub fn settle_held(&mut self) {
        if self.held.is_empty() {
            return;
        }
        let said: Vec<(HeldKey, bool)> = self.held.keys().filter_map(|key| Some((key.clone(), self.said(key)?))).collect();
        for (key, accepted) in said {
            self.changed = true;
            match self.held.get_mut(&key) {
                Some(held) if !accepted && key.0 == HeldWhy::Rules && key.1 != Topic::RefundRequests => held.discarded = true,
                _ => _ = self.held.remove(&key),
            }
        }
        let over = |key: &&HeldKey| match key.0 {
            HeldWhy::Limit => !self.waits_for_limit,
            // The rules of now would not request it.
            HeldWhy::Rules => self.restating && key.1 != Topic::RefundRequests && !self.restated.contains(key),
            HeldWhy::BeforeLive => false,
        };
        let over: Vec<HeldKey> = self.held.keys().filter(over).cloned().collect();
        for key in over {
            self.changed = true;
            self.held.remove(&key);
        }
    }

    fn statement_id(&self, topic: Topic, key: &str) -> String {
        event_id(topic, key, self.context.generation, self.revision)
    }

    fn push(&mut self, topic: Topic, key: Text, id: String, receiver: Option<Receiver>, body: Option<Vec<u8>>) {
        self.changed = true;
        let moved_to = self.moved_to.clone().filter(|_| body.is_none());
        self.emissions.push(Emission { topic, key, id, receiver, body, moved_to });
    }
}

/// A request's id: topic, ledger key, generation, step. Never a digest of the content.
pub fn request_id(topic: Topic, ledger_key: &str, generation: u32, step: u32) -> String {
    event_id(topic, ledger_key, generation, step.into())
}

fn event_id(topic: Topic, key: &str, generation: u32, number: u64) -> String {
    let (mut first, mut second) = (itoa::Buffer::new(), itoa::Buffer::new());
    [topic.name(), key, first.format(generation), second.format(number)].join("|")
}

#[cfg(test)]
mod tests {
    use serde::Serialize;

    use super::super::body::RequestHead;
    use super::*;

    /// An entry of the books: an order has several of one ledger key at a time, one for each cause and book.
    #[derive(Serialize)]
    struct Entry {
        #[serde(flatten)]
        head: RequestHead,
    }

    impl RequestBody for Entry {
        const TOPIC: Topic = Topic::JournalEntries;

        fn head(&mut self) -> &mut RequestHead {
            &mut self.head
        }
    }

    #[test]
    fn what_is_discarded_is_entered_with_all_that_is_due_under_its_ledger_key_and_accepted_all_of_it_is_sent() {
        let order = OrderKey::new("magento", "7");
        let key = (HeldWhy::Rules, Topic::JournalEntries, RequestHead::new(&order, &["GBP"], 1).ledger_key);
        for accept in [false, true] {
            let mut holds = Holds::default();
            holds.settle(HeldWhy::Rules, Topic::JournalEntries, accept, Moment(20));
            let rules = Rules::default();
            let mut outlet = Outlet::new(SealContext { rules: &rules, tick: Moment(20), generation: 1, live: &|_| true }, 1, Vec::new());
            outlet.holds = Some(&holds);
            let held = Held { since: Moment(10), content: 0, whole: true, corrects: false, money: None, discarded: false };
            outlet.held.insert(key.clone(), held);
            for step in 1..=2 {
                assert!(outlet.request(&order, Entry { head: RequestHead::new(&order, &["GBP"], step) }), "it is entered");
            }
            assert_eq!(outlet.emissions.len(), if accept { 2 } else { 0 });
        }
    }
}
