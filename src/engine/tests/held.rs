//! What waits for a person: requests of a change of rules alone, refunds from before going live, refunds beyond a limit. Each is kept over a restart,
//! said in one exception, and settled by a decision.

use serde_json::Value;

use super::{Bench, CrashPoint, PLACED, facts};
use crate::entities::order::testing::{Story, released_example};
use crate::entities::rules::RefundLimits;
use crate::events::Topic;
use crate::facts::order::{Condition, Decision};
use crate::facts::{Cause, Change, Fact, Moment, OrderKey, OrderRow, Place, Row, RowKey, SourceId, Subject, Version};

/// The bench, what was requested, and which exceptions stand.
struct House {
    bench: Bench,
    requests: super::Tail,
    said: super::Tail,
    open: std::collections::BTreeMap<String, String>,
    stories: Vec<Story>,
    decisions: i64,
}

impl House {
    fn new(change: impl FnOnce(&mut Bench)) -> Self {
        let mut bench = Bench::new();
        change(&mut bench);
        let requests: Vec<std::sync::Arc<str>> =
            Topic::ALL.into_iter().filter(|topic| !topic.is_statement()).map(|topic| format!("t.{}", topic.name()).into()).collect();
        let (requests, said) = (bench.broker.tail(&requests), bench.broker.tail(&["t.exceptions".into()]));
        bench.start().expect("a fresh application starts");
        Self { bench, requests, said, open: Default::default(), stories: Vec::new(), decisions: 0 }
    }

    /// Whole orders of 94.36 with 5.00 of shipping: all was sent, all came back, and finance has paid `refunded`.
    fn returned(&mut self, numbers: std::ops::Range<usize>, refunded: Option<&str>) -> &mut Self {
        for number in numbers {
            let mut story = released_example();
            story.key = OrderKey::new("magento", &number.to_string());
            story.despatched("D1", "TEE", 3).despatched("D2", "CAP", 1).delivered("D1").delivered("D2");
            story.authorised("R1", "TEE", 3).authorised("R1", "CAP", 1);
            story.received("RC1", "TEE", 3, Condition::Sellable).received("RC2", "CAP", 1, Condition::Sellable);
            if let Some(amount) = refunded {
                story.refunded("F1", amount);
            }
            self.bench.send(facts(&story));
            self.stories.push(story);
        }
        self.bench.rest();
        self
    }

    fn decide(&mut self, kind: &str, number: &str, choice: &str) -> &mut Self {
        self.decisions += 1;
        let decision =
            Decision { kind: kind.into(), number: number.into(), choice: choice.into(), who: "kim".into(), ..Decision::default() };
        let fact = Fact {
            subject: Subject::Desk,
            key: RowKey { kind: OrderRow::DECISION, source: SourceId::WAYBILL, id: format!("{kind}|{number}").into() },
            change: Change::Upsert(Row::Order(OrderRow::Decision(Box::new(decision)))),
            version: Version { incarnation: 0, place: Place::Stamp { millis: self.decisions, rank: 0, tie: 0 }, upsert: true, adapter: 0 },
            cause: Cause::NONE,
            at: PLACED,
        };
        self.bench.send(vec![fact]);
        self.bench.rest();
        self
    }

    fn restart(&mut self) -> super::Restored {
        let restored = self.bench.start().expect("starts again");
        self.bench.rest();
        restored
    }

    fn restart_with(&mut self, charges_back: bool) -> super::Restored {
        self.bench.rules.refund_charges = charges_back;
        self.bench.fingerprint += 1;
        self.restart()
    }

    /// What was requested since last asked: `refund-requests magento|1 total 94.36, amount 5`.
    fn requested(&mut self) -> Vec<String> {
        let line = |record: crate::engine::memory::Delivered| {
            let body: Value = serde_json::from_slice(&record.value.expect("a body")).expect("JSON");
            let of = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
            format!("{} {} total {}, amount {}", record.topic.trim_start_matches("t."), of("order"), of("total"), of("amount"))
        };
        let mut lines: Vec<String> = self.requests.poll().into_iter().map(line).collect();
        lines.sort();
        lines
    }

    fn refunds(&mut self) -> Vec<String> {
        let lines = self.requested().into_iter();
        lines.filter_map(|line| line.strip_prefix("refund-requests magento|").map(str::to_owned)).collect()
    }

    /// The sentence of the exception of this kind about the whole application, if it is open.
    fn open(&mut self, kind: &str) -> Option<String> {
        for record in self.said.poll() {
            let key = String::from_utf8(record.key.expect("a key")).expect("text");
            match record.value {
                None => _ = self.open.remove(&key),
                Some(body) => {
                    let body: Value = serde_json::from_slice(&body).expect("JSON");
                    self.open.insert(key, body["sentence"].as_str().expect("a sentence").to_owned());
                }
            }
        }
        self.open.get(&format!("{kind}|waybill|")).cloned()
    }
}

const NOTHING: [&str; 0] = [];

fn three_without_shipping() -> House {
    let mut house = House::new(|bench| bench.rules.refund_charges = false);
    house.returned(1..4, Some("89.36"));
    assert_eq!(house.refunds().len(), 0, "refunded by hand already");
    house
}

#[test]
fn a_change_of_rules_sends_nothing_by_itself_and_a_person_lets_it_go() {
    let mut house = three_without_shipping();
    house.requested();
    let restored = house.restart_with(true);
    assert!(restored.rules_changed.contains(&"refund_charges: false -> true".to_owned()), "{:?}", restored.rules_changed);
    assert_eq!(house.requested(), NOTHING);
    let sentence = house.open("requests-suspended").expect("one exception");
    assert!(sentence.contains("3 refund-requests (15.00 GBP)"), "{sentence}");
    let (groups, _) = house.bench.engine.as_ref().expect("runs").core().published().held();
    let refunds = groups.iter().find(|group| group.topic == Topic::RefundRequests).expect("held");
    assert_eq!((refunds.requests, refunds.orders.len()), (3, 3));

    assert!(!house.restart().fingerprint_changed);
    assert_eq!(house.requested(), NOTHING, "held over a restart");
    let words = ["requests-suspended", "", "accept"];
    house.decide(words[0], words[1], words[2]);
    assert_eq!(house.refunds(), ["1 total 94.36, amount 5", "2 total 94.36, amount 5", "3 total 94.36, amount 5"]);
    assert_eq!(house.open("requests-suspended"), None);
    house.restart();
    assert_eq!(house.requested(), NOTHING);
}

#[test]
fn what_is_discarded_is_never_sent_and_a_later_row_asks_for_its_own_part_only() {
    let mut house = three_without_shipping();
    house.restart_with(true);
    house.requested();
    // Finance takes its refund of the first order back: that part is due again by a row. The shipping is not.
    let mut story = house.stories[0].clone();
    story.delete(OrderRow::REFUND, crate::entities::order::testing::FINANCE, "F1");
    house.bench.send(facts(&story));
    house.bench.rest();
    assert_eq!(house.refunds(), ["1 total 89.36, amount 89.36"]);
    house.decide("requests-suspended", "refund-requests", "discard");
    assert_eq!(house.refunds(), NOTHING);
    let open = house.open("requests-suspended").unwrap_or_default();
    assert!(!open.contains("refund-requests"), "entries of the books may still wait: {open}");
    house.decide("requests-suspended", "", "discard");
    assert_eq!(house.open("requests-suspended"), None);
    house.restart_with(false);
    house.restart_with(true);
    let again = house.refunds();
    assert_eq!(again, NOTHING, "held again, not sent");
}

#[test]
fn rules_that_are_put_back_leave_nothing_to_decide() {
    let mut house = three_without_shipping();
    house.restart_with(true);
    assert!(house.open("requests-suspended").is_some());
    house.restart_with(false);
    assert_eq!((house.open("requests-suspended"), house.refunds().len()), (None, 0));
}

#[test]
fn a_process_that_ends_while_it_computes_by_new_rules_begins_again() {
    for point in [CrashPoint::AfterProduce, CrashPoint::Aborted, CrashPoint::AfterCommit] {
        let mut house = three_without_shipping();
        house.requested();
        (house.bench.rules.refund_charges, house.bench.fingerprint) = (true, 2);
        house.bench.start().expect("starts");
        house.bench.crash_next(point);
        house.bench.turn();
        assert!(house.bench.start().expect("starts").fingerprint_changed, "{point:?}");
        house.bench.rest();
        assert_eq!(house.requested(), NOTHING);
        assert!(house.open("requests-suspended").expect("open").contains("3 refund-requests (15.00 GBP)"));
        assert!(!house.restart().fingerprint_changed);
    }
}

#[test]
fn a_new_version_that_would_ask_the_same_says_nothing() {
    let mut house = three_without_shipping();
    house.requested();
    let restored = house.restart_with(false);
    assert!(restored.fingerprint_changed && restored.rules_changed.is_empty());
    assert_eq!((house.requested().len(), house.open("requests-suspended")), (0, None));
}

#[test]
fn beyond_a_limit_all_refunds_wait_until_a_person_lets_them_go() {
    let limits = RefundLimits { per_hour: 2, sum_per_hour: 0, share_of_day: 0 };
    let mut house = House::new(|bench| bench.rules.refund_limits = Some(limits));
    house.returned(1..3, None);
    assert_eq!(house.refunds().len(), 2);
    house.returned(3..5, None);
    assert_eq!(house.refunds(), NOTHING, "the third passes the limit");
    let sentence = house.open("refund-limit").expect("open");
    assert!(sentence.contains("in one hour; the limit is 2"), "{sentence}");
    assert!(sentence.contains("2 refund-requests (188.72 GBP)"), "{sentence}");
    house.restart();
    house.returned(5..6, None);
    assert_eq!(house.refunds(), NOTHING, "held over a restart, and the next hours");
    assert!(house.open("refund-limit").expect("open").contains("3 refund-requests (283.08 GBP)"));

    house.decide("refund-limit", "", "release");
    let all = ["3 total 94.36, amount 94.36", "4 total 94.36, amount 94.36", "5 total 94.36, amount 94.36"];
    assert_eq!(house.refunds(), all, "each once, though three pass the limit again");
    assert_eq!(house.open("refund-limit"), None);
    house.returned(6..7, None);
    assert_eq!(house.refunds(), ["6 total 94.36, amount 94.36"], "the count begins anew");
    house.restart();
    assert_eq!(house.refunds(), NOTHING);
}

#[test]
fn a_refund_that_is_not_due_any_more_waits_for_no_limit() {
    let mut house = House::new(|bench| bench.rules.refund_limits = Some(RefundLimits { per_hour: 0, sum_per_hour: 1, share_of_day: 0 }));
    house.returned(1..2, None);
    assert!(house.open("refund-limit").expect("open").contains("1 refund-requests (94.36 GBP)"));
    let mut story = house.stories[0].clone();
    story.refunded("F1", "94.36");
    house.bench.send(facts(&story));
    house.bench.rest();
    assert!(!house.open("refund-limit").expect("still held").contains("wait"), "paid by hand");
    house.decide("refund-limit", "", "release");
    assert_eq!((house.refunds().len(), house.open("refund-limit")), (0, None));
}

#[test]
fn what_was_due_before_going_live_is_listed_and_a_person_adopts_or_settles_it() {
    for (choice, sent) in [("adopt", &["1 total 94.36, amount 94.36"][..]), ("settle", &[])] {
        let mut house = House::new(|bench| bench.live_at_start = Vec::new());
        house.returned(1..2, None).returned(2..3, Some("94.36"));
        assert_eq!((house.requested().len(), house.open("in-flight")), (0, None));
        let (held, live) = house.bench.engine.as_ref().expect("runs").core().published().held();
        assert!(live.is_empty() && held.len() == 1 && held[0].orders == ["magento|1"], "paid is done: {held:?}");
        house.decide("go-live", "refund-requests", "now");
        assert_eq!(house.requested(), NOTHING, "going live sends nothing by itself");
        assert!(house.open("in-flight").expect("open").contains("1 refund-requests (94.36 GBP)"));
        house.restart();
        house.returned(3..4, None);
        assert_eq!(house.refunds(), ["3 total 94.36, amount 94.36"], "live over a restart");
        house.decide("in-flight", "", choice);
        assert_eq!(house.refunds(), sent, "{choice}");
        assert_eq!(house.open("in-flight"), None);
        house.restart();
        assert_eq!(house.refunds(), NOTHING);
    }
}

/// The tick of a decision is not the tick of what is held after it.
#[test]
fn an_old_word_settles_nothing_that_is_held_later() {
    let mut house = three_without_shipping();
    house.decide("requests-suspended", "", "accept");
    house.requested();
    house.bench.now = Moment(house.bench.now.0);
    house.restart_with(true);
    assert_eq!(house.requested(), NOTHING);
    assert!(house.open("requests-suspended").is_some());
}
