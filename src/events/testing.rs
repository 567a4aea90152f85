//! Runs the requests of a story's order, as the engine does at its seal, and checks what must hold of every ledger.

use serde_json::Value as Json;

use super::notifications::MailKind;
use super::order::make_requests;
use super::{Outlet, SealContext, Topic};
use crate::entities::order::testing::{Story, amount};
use crate::facts::time::Span;
use crate::facts::{Amount, Moment};

/// An event as its reader sees it.
#[derive(Clone, Debug)]
pub struct Sent {
    pub topic: Topic,
    pub key: String,
    pub id: String,
    pub body: Json,
}

impl Sent {
    pub fn text(&self, field: &str) -> &str {
        self.body.pointer(&format!("/{}", field.replace('.', "/"))).and_then(Json::as_str).unwrap_or("")
    }

    pub fn amount(&self, field: &str) -> Amount {
        amount(self.text(field))
    }

    pub fn step(&self) -> u64 {
        self.body["step"].as_u64().expect("a step")
    }
}

/// A story's order whose seals are run; keeps all that was sent.
pub struct Run {
    pub story: Story,
    pub sent: Vec<Sent>,
    pub live: bool,
    pub next: Option<Moment>,
}

impl Run {
    pub fn new(mut story: Story) -> Self {
        story.rules.notifications = MailKind::ALL.iter().map(|kind| kind.name().into()).collect();
        Self { story, sent: Vec::new(), live: true, next: None }
    }

    /// Seals the order. Neither the same view nor one computed anew with the ledgers of this seal (a go-ahead was made) asks for more.
    pub fn seal(&mut self) -> Vec<Sent> {
        let sent = self.seal_once();
        let again = self.seal_once();
        assert!(again.is_empty(), "without a new row more is asked: {again:#?}");
        sent
    }

    /// Seals once: [`Self::next`] is then what the engine would wake by.
    pub fn seal_once(&mut self) -> Vec<Sent> {
        let state = self.story.state();
        let mut ledgers = self.story.ledgers.clone();
        let live = self.live;
        let is_live = move |_: Topic| live;
        let context = SealContext { rules: &self.story.rules, tick: self.story.now, generation: 1, live: &is_live };
        let view = self.story.view(&state);
        let mut outlet = Outlet::new(context, 1, Vec::new());
        self.next = make_requests(&view, &mut ledgers, &mut outlet);
        let mut again = Outlet::new(context, 2, Vec::new());
        let entered = ledgers.clone();
        make_requests(&view, &mut ledgers, &mut again);
        assert!(again.emissions.is_empty() && !again.changed, "the same view asks twice: {:?}", again.emissions);
        assert_eq!(ledgers, entered, "the same view changes a ledger twice");
        let sent: Vec<Sent> = outlet
            .emissions
            .into_iter()
            .map(|event| Sent {
                topic: event.topic,
                key: event.key.to_string(),
                id: event.id,
                body: serde_json::from_slice(&event.body.expect("a request has a body")).expect("a body is JSON"),
            })
            .collect();
        self.story.ledgers = ledgers;
        self.sent.extend(sent.iter().cloned());
        self.check();
        sent
    }

    /// Tells more of the order, and seals it.
    pub fn then(&mut self, tell: impl FnOnce(&mut Story) -> &mut Story) -> Vec<Sent> {
        tell(&mut self.story);
        self.seal()
    }

    /// So much time passes.
    pub fn wait(&mut self, span: Span) -> Vec<Sent> {
        self.then(|story| story.wait(span))
    }

    /// What was sent of a topic, of all seals.
    pub fn of(&self, topic: Topic) -> Vec<&Sent> {
        self.sent.iter().filter(|sent| sent.topic == topic).collect()
    }

    /// Steps of each ledger count from 1 without gap or repeat; no id comes twice; every Kafka key is the order's; every entry balances.
    fn check(&self) {
        let mut steps = std::collections::BTreeMap::new();
        let mut ids = std::collections::BTreeSet::new();
        for sent in &self.sent {
            let step = steps.entry((sent.topic, sent.text("ledger_key"))).or_insert(0);
            *step += 1;
            assert_eq!(sent.step(), *step, "steps of {}", sent.id);
            assert!(ids.insert(&sent.id), "{} comes twice", sent.id);
            assert_eq!(sent.text("id"), sent.id);
            assert_eq!(sent.key, self.story.key.0);
            if sent.topic == Topic::JournalEntries {
                let sum = |side: &str| -> Amount { postings(sent).map(|posting| amount(posting[side].as_str().expect("an amount"))).sum() };
                assert_eq!(sum("debit"), sum("credit"), "{} does not balance", sent.id);
                assert_eq!(sum("debit"), sent.amount("total"));
            }
        }
    }
}

pub fn postings(sent: &Sent) -> impl Iterator<Item = &Json> {
    sent.body["postings"].as_array().expect("postings").iter()
}

/// Those of one topic.
pub fn of(sent: &[Sent], topic: Topic) -> Vec<&Sent> {
    sent.iter().filter(|sent| sent.topic == topic).collect()
}

/// `topic action` of each, where there is an action or kind, in the order sent.
pub fn words(sent: &[Sent]) -> Vec<String> {
    let word = |sent: &Sent| {
        let action = [sent.text("action"), sent.text("kind")].concat();
        let receiver = sent.text("receiver");
        [sent.topic.name(), &action, receiver].iter().filter(|part| !part.is_empty()).copied().collect::<Vec<_>>().join(" ")
    };
    sent.iter().map(word).collect()
}
