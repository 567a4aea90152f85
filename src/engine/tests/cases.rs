//! Notes and owners of exceptions, and what `audit` has of people.

use serde_json::Value;

use super::{Bench, Tail, facts};
use crate::engine::{Cases, OutRecord};
use crate::entities::order::testing::{PLACED, placed_example};
use crate::facts::Moment;
use crate::facts::time::Span;
use crate::sources::acts::{Act, ActRecord};

const KEY: &str = "over-refunded|magento%7C1001|";

struct Desk {
    bench: Bench,
    audit: Tail,
}

impl Desk {
    fn new() -> Self {
        let mut bench = Bench::new();
        let audit = bench.broker.tail(&["t.audit".into()]);
        bench.start().expect("a fresh application starts");
        Self { bench, audit }
    }

    fn say(&mut self, topic: &str, body: Vec<u8>) {
        self.bench.now = self.bench.now + Span::minutes(1);
        self.bench.broker.set_now(self.bench.now);
        let record = OutRecord { topic: topic.into(), partition: None, key: None, value: Some(body), headers: Vec::new() };
        self.bench.broker.produce(record, self.bench.now);
        self.bench.rest();
    }

    fn act(&mut self, act: Act) -> Value {
        let act = ActRecord { who: "kim".into(), at: Moment(7), why: String::new(), act };
        self.say("t.acts", serde_json::to_vec(&act).expect("JSON"));
        self.said().pop().expect("it is told")
    }

    fn said(&mut self) -> Vec<Value> {
        self.audit.poll().into_iter().map(|record| serde_json::from_slice(&record.value.expect("a body")).expect("JSON")).collect()
    }

    fn cases(&self) -> Cases {
        self.bench.engine.as_ref().expect("the application runs").core().published().exception_cases()
    }
}

#[test]
fn an_open_exception_has_notes_and_an_owner_until_it_closes() {
    let mut desk = Desk::new();
    let note = |text: &str| Act::Note { exception: KEY.into(), note: text.into() };
    let own = |owner: &str| Act::Own { exception: KEY.into(), owner: owner.into() };
    assert!(desk.act(note("too early"))["after"]["nothing"].is_string());

    let mut story = placed_example();
    story.refunded("R1", "50.00");
    desk.bench.send(facts(&story));
    desk.bench.rest();
    desk.act(note("asked finance"));
    desk.act(own("kim"));
    let handed = desk.act(own("lee"));
    assert_eq!((&handed["before"]["owner"], &handed["after"]["owner"], &handed["who"]), (&"kim".into(), &"lee".into(), &"kim".into()));
    desk.bench.start().expect("starts again");
    let case = desk.cases().0.get(KEY).cloned().expect("a case");
    assert_eq!((case.owner.as_str(), case.notes.len(), case.notes[0].text.as_str()), ("lee", 1, "asked finance"));

    // A person accepts it: the exception closes, and what was noted stays in the topic alone.
    let decision = r#"{"kind":"over-refunded","order":"magento|1001","choice":"accept","amount":"50.00","who":"lee","decided_at":"2026-03-02T10:10:00Z",
        "settles":{"sentence":"50.00 GBP is refunded, 0.00 was due","at_risk":"50.00"}}"#;
    desk.say("t.decisions", decision.as_bytes().to_vec());
    let decided = desk.said().pop().expect("it is told");
    assert_eq!((&decided["act"], &decided["about"], &decided["after"]["took_effect"]), (&"decide".into(), &KEY.into(), &true.into()));
    assert_eq!(decided["before"]["at_risk"], "50");
    assert!(desk.cases().0.is_empty(), "{:?}", desk.cases());
    assert!(desk.act(own("kim"))["after"]["nothing"].is_string());
    // Sent once more, it changes nothing.
    desk.say("t.decisions", decision.as_bytes().to_vec());
    assert_eq!(desk.said().pop().expect("it is told")["after"]["took_effect"], false);
    desk.bench.start().expect("starts again");
    assert!(desk.cases().0.is_empty());
    assert!(desk.bench.now > PLACED);
}
