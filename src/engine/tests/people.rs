//! Who is one person, in whatever order it is told: merges, addresses, erasures, from orders to statements.

use std::collections::BTreeMap;

use serde_json::Value;

use super::super::memory::{CrashPoint, Tail};
use super::{Bench, PLACED, facts};
use crate::entities::order::testing::{SHOP, Story};
use crate::facts::customer::{Consent, ConsentState, CustomerAccount, Erasure, Merge, Purpose};
use crate::facts::order::{Decision, Personal};
use crate::facts::time::Span;
use crate::facts::{
    Cause, Change, CustomerKey, CustomerRow, Digest, Fact, Moment, OrderKey, OrderRow, Place, Row, RowKey, SourceId, Subject, Version,
};

const ANNA: Digest = Digest([1; 16]);
const BERT: Digest = Digest([2; 16]);
const CRM: SourceId = SourceId::of("crm");

fn account_key(id: &str) -> CustomerKey {
    CustomerKey::account("magento", id)
}

fn guest_key(address: &Digest) -> CustomerKey {
    CustomerKey::guest("day", address)
}

/// A row of a customer; `None`: its deletion. The later one of a row is the newer.
fn row(customer: &CustomerKey, source: SourceId, id: &str, kind: u8, place: u64, row: Option<CustomerRow>) -> Fact {
    let version =
        Version { incarnation: 0, place: Place::Stamp { millis: place as i64, rank: 0, tie: 0 }, upsert: row.is_some(), adapter: 0 };
    Fact {
        subject: Subject::Customer(customer.clone()),
        key: RowKey { kind, source, id: id.into() },
        change: row.map_or(Change::Delete, |row| Change::Upsert(Row::Customer(row))),
        version,
        cause: Cause::NONE,
        at: PLACED + Span::minutes(place as i64),
    }
}

fn account(id: &str, address: Option<Digest>, made: i64) -> Fact {
    let made = CustomerAccount { brand: "day".into(), email: address, created_at: Some(Moment(made)), collective: false };
    row(&account_key(id), SHOP, id, CustomerRow::ACCOUNT, 1, Some(CustomerRow::Account(made)))
}

fn collective(id: &str, address: Digest) -> Fact {
    let made = CustomerAccount { brand: "day".into(), email: Some(address), created_at: None, collective: true };
    row(&account_key(id), SHOP, id, CustomerRow::ACCOUNT, 1, Some(CustomerRow::Account(made)))
}

fn account_deleted(id: &str) -> Fact {
    row(&account_key(id), SHOP, id, CustomerRow::ACCOUNT, 5, None)
}

fn merge(left: &str, kept: &str) -> Fact {
    merge_by(SHOP, left, kept)
}

fn merge_by(source: SourceId, left: &str, kept: &str) -> Fact {
    let merge = Merge { kept: account_key(kept) };
    row(&account_key(left), source, kept, CustomerRow::MERGE, 2, Some(CustomerRow::Merge(merge)))
}

fn merge_withdrawn(left: &str, kept: &str) -> Fact {
    row(&account_key(left), SHOP, kept, CustomerRow::MERGE, 3, None)
}

fn dismissed(left: &str, kept: &str) -> Fact {
    let decision = Decision {
        kind: "identity-conflict".into(),
        number: account_key(kept).0,
        choice: "dismiss".into(),
        amount: None,
        lines: vec![],
        who: "kim".into(),
        why: "".into(),
        decided_at: PLACED,
    };
    row(&account_key(left), SourceId::WAYBILL, "d", CustomerRow::DECISION, 4, Some(CustomerRow::Decision(Box::new(decision))))
}

fn consent(customer: &CustomerKey, address: Digest, purpose: Purpose, state: ConsentState, at: Moment) -> Fact {
    let row_of = Consent { address, channel: "email".into(), brand: "day".into(), purpose, state, changed_at: Some(at) };
    let id = format!("{address}|{purpose:?}");
    row(customer, SHOP, &id, CustomerRow::CONSENT, 1, Some(CustomerRow::Consent(row_of)))
}

fn profiling(customer: &CustomerKey, address: Digest) -> Fact {
    consent(customer, address, Purpose::Profiling, ConsentState::Yes, PLACED)
}

fn erasure(customer: &CustomerKey, asked_at: Moment) -> Fact {
    let row_of = Erasure { asked_at, by: "shop".into(), email: None };
    row(customer, SHOP, "", CustomerRow::ERASURE, 6, Some(CustomerRow::Erasure(row_of)))
}

/// An order of 68.44, paid.
fn story(number: &str, customer: &CustomerKey, address: Digest, placed_at: Moment) -> Story {
    let mut story = Story::new("GBP");
    story.key = OrderKey::new("magento", number);
    story.header_with("68.44", |header| {
        (header.number, header.brand, header.placed_at) = (number.into(), "day".into(), placed_at);
        (header.customer, header.email_digest) = (Some(customer.clone()), Some(address));
        header.email = Some(Personal("anna@example.com".into()));
    });
    story.line("A", "TEE", 3, "63.44", "10.57").charge("5.00", "0.83").address().captured("68.44");
    story
}

fn order(number: &str, customer: &CustomerKey, address: Digest) -> Vec<Fact> {
    facts(&story(number, customer, address, PLACED))
}

/// A running application, and what it has stated.
struct People {
    bench: Bench,
    tail: Tail,
    /// By topic and key, what stands.
    stated: BTreeMap<String, Value>,
    /// Tombstones: the key, and the customer that they name.
    moved: BTreeMap<String, String>,
    mails: Vec<Value>,
}

impl People {
    fn new() -> Self {
        let mut bench = Bench::new();
        let topics = ["t.marketing-profiles", "t.customer-history", "t.exceptions", "t.notifications"];
        let tail = bench.broker.tail(&topics.map(Into::into));
        bench.rules.sources.push(crate::entities::rules::SourceRules {
            id: CRM,
            name: "crm".into(),
            roles: vec![crate::facts::Role::Crm],
            reports_refunds: Default::default(),
            trust_header_count: false,
            quiet: None,
        });
        bench.rules.notifications = vec!["confirmed".into(), "despatched".into(), "delivered".into()];
        bench.start().expect("a fresh application starts");
        Self { bench, tail, stated: BTreeMap::new(), moved: BTreeMap::new(), mails: Vec::new() }
    }

    /// What these say, an epoch each.
    fn told(groups: &[Vec<Fact>]) -> Self {
        let mut people = Self::new();
        groups.iter().for_each(|group| people.tell(group.clone()));
        people
    }

    fn tell(&mut self, facts: Vec<Fact>) {
        self.bench.send(facts);
        self.look();
    }

    fn at(&mut self, moment: Moment) {
        self.bench.broker.set_now(moment);
        self.bench.now = moment;
        self.look();
    }

    fn look(&mut self) {
        self.bench.rest();
        for record in self.tail.poll() {
            let topic = record.topic.trim_start_matches("t.").to_owned();
            let key = String::from_utf8(record.key.clone().expect("a key")).expect("UTF-8");
            let slot = format!("{topic} {key}");
            let moved_to = record.header("moved-to").map(str::to_owned);
            let Some(value) = record.value else {
                self.stated.remove(&slot);
                self.moved.insert(slot, moved_to.unwrap_or_default());
                continue;
            };
            let mut body: Value = serde_json::from_slice(&value).expect("JSON");
            if topic == "notifications" {
                self.mails.push(body);
                continue;
            }
            // Which record was which depends on the order.
            body.as_object_mut().expect("an object").retain(|member, _| member != "id" && member != "causes");
            self.moved.remove(&slot);
            self.stated.insert(slot, body);
        }
    }

    fn profile(&self, customer: &CustomerKey) -> Option<&Value> {
        self.stated.get(&format!("marketing-profiles {}|day", customer.0))
    }

    /// Orders and spend of the profile.
    fn bought(&self, customer: &CustomerKey) -> Option<(u64, String)> {
        let purchases = &self.profile(customer)?["purchases"];
        Some((purchases["orders"].as_u64()?, purchases["spend"][0][1].as_str()?.to_owned()))
    }

    /// The purchases in the history: order, for business, for the customer.
    fn history(&self, customer: &CustomerKey) -> Vec<(String, bool, bool)> {
        let prefix = format!("customer-history {}|", customer.0);
        let lines = self.stated.iter().filter(|(slot, line)| slot.starts_with(&prefix) && line["kind"] == "purchase");
        let line = |(_, line): (&String, &Value)| {
            (line["number"].as_str().unwrap_or_default().to_owned(), line["for_business"] == true, line["for_customer"] == true)
        };
        lines.map(line).collect()
    }

    fn open(&self) -> Vec<&str> {
        self.stated.keys().filter_map(|slot| slot.strip_prefix("exceptions ")).collect()
    }
}

/// Every order of these.
fn permutations<T: Clone>(items: &[T]) -> Vec<Vec<T>> {
    if items.len() < 2 {
        return vec![items.to_vec()];
    }
    let with = |place: usize| {
        let mut rest = items.to_vec();
        let first = rest.remove(place);
        permutations(&rest).into_iter().map(move |mut rest| {
            rest.insert(0, first.clone());
            rest
        })
    };
    (0..items.len()).flat_map(with).collect()
}

/// The statements are the same in whatever order the groups come; gives the last one.
fn in_any_order(groups: &[Vec<Fact>]) -> People {
    let mut all = permutations(groups).into_iter();
    let first = People::told(&all.next().expect("one order"));
    for (number, order) in all.enumerate() {
        let other = People::told(&order);
        assert_eq!(other.stated, first.stated, "order {number}");
    }
    first
}

fn shown(number: &str, for_business: bool, for_customer: bool) -> (String, bool, bool) {
    (number.to_owned(), for_business, for_customer)
}

#[test]
fn of_two_merged_accounts_the_one_that_is_left_has_both() {
    let (kept, left) = (account_key("820"), account_key("821"));
    let people = in_any_order(&[
        vec![account("820", Some(ANNA), 1), account("821", None, 2), profiling(&kept, ANNA)],
        order("1", &kept, ANNA),
        order("2", &left, ANNA),
        vec![merge("821", "820")],
    ]);
    assert_eq!(people.bought(&kept), Some((2, "136.88".to_owned())));
    assert_eq!(people.history(&kept), [shown("1", true, true), shown("2", true, true)]);
    assert_eq!((people.profile(&left), people.history(&left)), (None, vec![]));
    assert_eq!(people.open(), [""; 0]);
}

#[test]
fn the_tombstones_of_a_merged_account_name_the_one_that_is_left() {
    let (kept, left) = (account_key("820"), account_key("821"));
    let groups = [vec![account("820", Some(ANNA), 1), account("821", Some(BERT), 2)], order("2", &left, BERT), vec![merge("821", "820")]];
    let people = People::told(&groups);
    assert_eq!(people.moved[&format!("marketing-profiles {}|day", left.0)], kept.0);
    assert_eq!(people.moved[&format!("customer-history {}|magento|2|purchase|", left.0)], kept.0);
}

#[test]
fn a_merge_that_is_taken_back_splits_the_two_exactly() {
    let (kept, left) = (account_key("820"), account_key("821"));
    let accounts = vec![account("820", Some(ANNA), 1), account("821", Some(BERT), 2), profiling(&kept, ANNA), profiling(&left, BERT)];
    let groups = [accounts, order("1", &kept, ANNA), order("2", &left, BERT)];
    let apart = People::told(&groups);
    let mut people = People::told(&groups);
    people.tell(vec![merge("821", "820")]);
    assert_eq!(people.bought(&kept), Some((2, "136.88".to_owned())));
    people.tell(vec![merge_withdrawn("821", "820")]);
    assert_eq!(people.stated, apart.stated);
    assert_eq!(people.bought(&left), Some((1, "68.44".to_owned())));
    // ... and what comes now goes to its own.
    people.tell(order("3", &left, BERT));
    assert_eq!((people.bought(&kept).map(|bought| bought.0), people.bought(&left).map(|bought| bought.0)), (Some(1), Some(2)));
}

#[test]
fn a_chain_of_merges_ends_at_its_end() {
    let end = account_key("3");
    let people = in_any_order(&[
        vec![merge("1", "2")],
        vec![merge("2", "3")],
        vec![account("3", Some(ANNA), 1), profiling(&end, ANNA)],
        [order("10", &account_key("1"), ANNA), order("20", &account_key("2"), ANNA)].concat(),
    ]);
    assert_eq!(people.bought(&end), Some((2, "136.88".to_owned())));
    assert_eq!(people.history(&end).len(), 2);
    let mut people = People::told(&[order("10", &account_key("1"), ANNA), vec![merge("2", "3")], vec![merge("1", "2")]]);
    assert_eq!(people.moved[&format!("customer-history {}|magento|10|purchase|", account_key("1").0)], end.0, "not the one between");
    people.tell(vec![merge_withdrawn("2", "3")]);
    assert_eq!(people.history(&account_key("2")), [shown("10", true, true)], "the rest of the chain stays");
}

#[test]
fn a_circle_of_merges_joins_nobody_until_one_answer_settles_it() {
    let keys = ["1", "2", "3"].map(account_key);
    let circle = [vec![merge("1", "2")], vec![merge("2", "3")], vec![merge("3", "1")], order("10", &keys[0], ANNA)];
    let mut people = in_any_order(&circle);
    assert_eq!(people.history(&keys[0]), [shown("10", true, true)]);
    let conflict = |left: &str, kept: &str| format!("identity-conflict|account%7Cmagento%7C{left}|account%7Cmagento%7C{kept}");
    assert_eq!(people.open(), [conflict("1", "2"), conflict("2", "3"), conflict("3", "1")]);
    people.tell(vec![dismissed("3", "1")]);
    assert_eq!(people.open(), [""; 0]);
    assert_eq!(people.history(&keys[2]), [shown("10", true, true)]);
    // Who leads into a circle goes as far as to it.
    let mut people = People::told(&circle);
    people.tell(vec![merge("4", "1")]);
    people.tell(order("40", &account_key("4"), ANNA));
    assert_eq!(people.history(&keys[0]), [shown("10", true, true), shown("40", true, true)]);
}

#[test]
fn an_account_that_two_claim_is_nobodys_until_one_claim_is_dismissed() {
    let mut people = in_any_order(&[vec![merge("1", "2")], vec![merge_by(CRM, "1", "3")], order("10", &account_key("1"), ANNA)]);
    assert_eq!((people.open().len(), people.history(&account_key("1")).len()), (2, 1));
    people.tell(vec![dismissed("1", "3")]);
    assert_eq!(people.open(), [""; 0]);
    assert_eq!(people.history(&account_key("2")), [shown("10", true, true)]);
    // Two systems that say the same agree.
    let agreed = People::told(&[vec![merge("1", "2")], vec![merge_by(CRM, "1", "2")], order("10", &account_key("1"), ANNA)]);
    assert_eq!((agreed.open().len(), agreed.history(&account_key("2")).len()), (0, 1));
}

#[test]
fn a_guest_of_an_accounts_address_is_joined_for_marketing_and_the_crm_alone() {
    let (own, guest) = (account_key("820"), guest_key(&ANNA));
    let groups = [vec![account("820", Some(ANNA), 1)], vec![profiling(&guest, ANNA)], order("1", &own, ANNA), order("2", &guest, ANNA)];
    let people = in_any_order(&groups);
    assert_eq!(people.bought(&own), Some((2, "136.88".to_owned())));
    assert_eq!(people.history(&own), [shown("1", true, true), shown("2", true, false)], "nobody has proven that he placed it");
    assert_eq!((people.profile(&guest), people.history(&guest)), (None, vec![]));
    let people = People::told(&[order("2", &guest, ANNA), vec![account("820", Some(ANNA), 1)]]);
    assert_eq!(people.moved[&format!("customer-history {}|magento|2|purchase|", guest.0)], own.0);
}

#[test]
fn a_guest_of_another_address_or_of_a_collective_account_stands_alone() {
    let guest = guest_key(&ANNA);
    for of_account in [account("820", Some(BERT), 1), collective("820", ANNA)] {
        let people = People::told(&[vec![of_account], order("2", &guest, ANNA)]);
        assert_eq!(people.history(&guest), [shown("2", true, false)]);
    }
    let masked = Digest([0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1]);
    let people = People::told(&[vec![account("820", Some(masked), 1)], order("2", &guest_key(&masked), masked)]);
    assert_eq!(people.history(&guest_key(&masked)), [shown("2", true, false)], "a marketplace's address");
    let many: Vec<Fact> = (0..11).map(|id| account(&id.to_string(), Some(ANNA), id)).collect();
    let people = People::told(&[many, order("2", &guest, ANNA)]);
    assert_eq!(people.history(&guest), [shown("2", true, false)], "an address of eleven accounts is nobody's own");
}

#[test]
fn of_two_accounts_with_one_address_the_newest_has_the_profile_and_each_shows_its_own_orders() {
    let (old, new, guest) = (account_key("1"), account_key("2"), guest_key(&ANNA));
    let people = in_any_order(&[
        vec![account("1", Some(ANNA), 1), account("2", Some(ANNA), 2), profiling(&old, ANNA)],
        order("10", &old, ANNA),
        order("20", &new, ANNA),
        order("30", &guest, ANNA),
    ]);
    assert_eq!(people.bought(&new), Some((3, "205.32".to_owned())));
    assert_eq!(people.profile(&old), None);
    assert_eq!(people.history(&old), [shown("10", false, true)]);
    assert_eq!(people.history(&new), [shown("10", true, false), shown("20", true, true), shown("30", true, false)]);
    // The newest is deleted: the other one is written to.
    let mut people = people;
    people.tell(vec![account_deleted("2")]);
    assert_eq!(people.history(&old), [shown("10", true, true), shown("30", true, false)]);
    assert_eq!((people.profile(&new), people.history(&new)), (None, vec![]));
}

#[test]
fn a_deleted_account_has_no_statements_and_a_merged_one_loses_nothing_by_its_deletion() {
    let own = account_key("820");
    let people = in_any_order(&[vec![account("820", Some(ANNA), 1)], order("1", &own, ANNA), vec![account_deleted("820")]]);
    assert_eq!(people.stated, BTreeMap::new());
    let people = in_any_order(&[order("2", &account_key("821"), ANNA), vec![merge("821", "820")], vec![account_deleted("821")]]);
    assert_eq!(people.history(&own), [shown("2", true, true)]);
}

#[test]
fn who_asks_to_be_forgotten_has_no_statements_but_the_address_that_is_not_to_be_written_to() {
    let (kept, left, guest) = (account_key("820"), account_key("821"), guest_key(&ANNA));
    let asked_at = PLACED + Span::minutes(30);
    let told = [
        vec![account("820", Some(ANNA), 1), profiling(&kept, ANNA), merge("821", "820")],
        [order("1", &kept, ANNA), order("3", &guest, ANNA)].concat(),
        order("2", &left, BERT),
        vec![erasure(&kept, asked_at)],
    ];
    let mut people = in_any_order(&told);
    let entry = format!("marketing-profiles forgotten|day|{ANNA}");
    assert_eq!(people.stated.keys().collect::<Vec<_>>(), [&entry]);
    assert_eq!((&people.stated[&entry]["consent"][0]["state"], people.stated[&entry]["forgotten_at"].is_string()), (&"no".into(), true));
    // What is placed later is a new relation.
    people.tell(facts(&story("4", &kept, ANNA, asked_at + Span::days(1))));
    assert_eq!(people.history(&kept), [shown("4", true, true)]);
    assert_eq!(people.profile(&kept).expect("known again")["consent"], serde_json::json!([]), "no consent from before");
    people.tell(order("2", &left, BERT));
    assert_eq!(people.history(&kept).len(), 1);
}

/// The order's rows as they are kept.
fn rows_of(people: &People, number: &str) -> Vec<OrderRow> {
    let published = people.bench.engine.as_ref().expect("it runs").core().published();
    let state = published.order_by_key(&OrderKey::new("magento", number)).expect("an order");
    state.rows.iter().filter_map(|(_, stored)| stored.row.clone()).collect()
}

#[test]
fn an_order_under_way_keeps_its_address_until_despatch_and_then_loses_the_person() {
    let own = account_key("820");
    let asked_at = PLACED + Span::minutes(30);
    let mut story = story("1", &own, ANNA, PLACED);
    let mut people = People::told(&[vec![account("820", Some(ANNA), 1)], facts(&story), vec![erasure(&own, asked_at)]]);
    assert!(rows_of(&people, "1").iter().any(OrderRow::has_person), "it is still to be sent");
    let mails = people.mails.len();
    story.despatched("D1", "TEE", 3);
    people.tell(facts(&story));
    assert!(!rows_of(&people, "1").iter().any(OrderRow::has_person));
    story.delivered("D1");
    people.tell(facts(&story));
    people.at(PLACED + Span::hours(3));
    assert_eq!(people.mails.len(), mails, "no mail goes out any more");
    // The shop sends the order once more, address and all, in a newer state.
    story.address();
    people.tell(facts(&story));
    assert!(!rows_of(&people, "1").iter().any(OrderRow::has_person));
}

#[test]
fn of_one_epoch_the_erasure_counts_before_the_mail() {
    let own = account_key("820");
    let mut story = story("1", &own, ANNA, PLACED);
    story.despatched("D1", "TEE", 3);
    let mut people = People::told(&[vec![account("820", Some(ANNA), 1)], facts(&story)]);
    story.delivered("D1");
    let told = People::told(&[vec![account("820", Some(ANNA), 1)], facts(&story)]);
    let delivered = |people: &People| people.mails.iter().filter(|mail| mail["kind"] == "delivered").count();
    assert_eq!(delivered(&told), 1, "without the erasure the mail goes out");
    people.tell([facts(&story), vec![erasure(&own, PLACED + Span::minutes(30))]].concat());
    assert_eq!(delivered(&people), 0);
}

#[test]
fn a_source_that_writes_a_forgotten_person_again_is_named_two_days_later() {
    let own = account_key("820");
    let mut people = People::told(&[vec![account("820", Some(ANNA), 1)], vec![erasure(&own, PLACED + Span::minutes(3))]]);
    people.at(PLACED + Span::days(3));
    assert_eq!(people.open(), [""; 0], "it was not written since");
    let again = CustomerAccount { brand: "day".into(), email: Some(ANNA), created_at: Some(Moment(1)), collective: false };
    let mut people = People::told(&[vec![account("820", Some(ANNA), 1)], vec![erasure(&own, PLACED + Span::minutes(3))]]);
    people.tell(vec![row(&own, CRM, "820", CustomerRow::ACCOUNT, 10, Some(CustomerRow::Account(again)))]);
    assert_eq!(people.open(), [""; 0], "it has two days to follow");
    people.at(PLACED + Span::minutes(3) + Span::days(2));
    assert_eq!(people.open(), ["erasure-incomplete|account%7Cmagento%7C820|crm"]);
    people.tell(vec![row(&own, CRM, "820", CustomerRow::ACCOUNT, 11, None)]);
    assert_eq!(people.open(), [""; 0]);
}

#[test]
fn a_restart_knows_who_is_one_person() {
    let (kept, left) = (account_key("820"), account_key("821"));
    let told = [vec![account("820", Some(ANNA), 1), profiling(&kept, ANNA)], order("2", &left, ANNA), vec![merge("821", "820")]];
    let mut people = People::told(&told);
    let before = people.stated.clone();
    people.bench.start().expect("a restart");
    people.look();
    assert_eq!(people.stated, before);
    people.tell(order("3", &left, ANNA));
    assert_eq!(people.bought(&kept), Some((2, "136.88".to_owned())));
}

/// Everything that may be told of six customers and four orders, with seeds: the end does not depend on how it arrives, how it is cut into
/// epochs, and on restarts and epochs that are dropped in between.
#[test]
fn whatever_is_told_of_people_ends_the_same_in_any_order() {
    use rand::seq::SliceRandom;
    use rand::{RngExt, SeedableRng};
    for seed in 0..60 {
        let mut random = rand_chacha::ChaCha8Rng::seed_from_u64(seed);
        let ids = ["1", "2", "3", "4"];
        let id = |random: &mut rand_chacha::ChaCha8Rng| ids[random.random_range(0..ids.len())];
        let address = |random: &mut rand_chacha::ChaCha8Rng| [ANNA, BERT][random.random_range(0..2)];
        let mut told: Vec<Vec<Fact>> = Vec::new();
        for (made, account_id) in ids.iter().enumerate() {
            let address = random.random_bool(0.8).then(|| address(&mut random));
            told.push(vec![if random.random_bool(0.1) { collective(account_id, ANNA) } else { account(account_id, address, made as i64) }]);
            if random.random_bool(0.15) {
                told.push(vec![account_deleted(account_id)]);
            }
        }
        for _ in 0..random.random_range(0..6) {
            let (left, kept) = (id(&mut random), id(&mut random));
            told.push(vec![merge_by([SHOP, CRM][random.random_range(0..2)], left, kept)]);
            if random.random_bool(0.3) {
                told.push(vec![merge_withdrawn(left, kept)]);
            }
            if random.random_bool(0.1) {
                told.push(vec![dismissed(left, kept)]);
            }
        }
        for number in ["10", "20", "30", "40"] {
            let address = address(&mut random);
            let customer = if random.random_bool(0.7) { account_key(id(&mut random)) } else { guest_key(&address) };
            told.push(order(number, &customer, address));
            if random.random_bool(0.5) {
                told.push(vec![profiling(&customer, address)]);
            }
        }
        if random.random_bool(0.4) {
            let asked_at = PLACED + Span::minutes(random.random_range(-5..5));
            let customer = if random.random_bool(0.6) { account_key(id(&mut random)) } else { guest_key(&address(&mut random)) };
            told.push(vec![erasure(&customer, asked_at)]);
        }
        let first = People::told(&[told.concat()]);
        for _ in 0..3 {
            told.shuffle(&mut random);
            let cuts = random.random_range(1..4);
            let epochs: Vec<Vec<Fact>> = told.chunks(cuts).map(<[Vec<Fact>]>::concat).collect();
            let mut other = People::new();
            for epoch in epochs {
                match random.random_range(0..6) {
                    // The epoch is read again.
                    0 => other.bench.crash_next(CrashPoint::Aborted),
                    1 => _ = other.bench.start().expect("a restart"),
                    _ => {}
                }
                other.tell(epoch);
            }
            assert_eq!(other.stated, first.stated, "seed {seed}");
        }
    }
}
