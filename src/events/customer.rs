//! The seal of a customer: the history of the orders that changed, the profiles, the exceptions.

use super::outlet::Outlet;
use super::sealed::Sealed;
use super::{customer_exceptions, customer_history, marketing_profiles};
use crate::entities::customer::{CustomerState, Person};
use crate::facts::{CustomerKey, Moment};

/// Emits what changed.
pub fn seal_customer(customer: &CustomerKey, state: &mut CustomerState, outlet: &mut Outlet<'_>) -> Sealed {
    state.tidy(outlet.context.rules, outlet.context.tick);
    let person = Person::of(customer, state);
    outlet.moved_to = person.joins.merged_into.clone().or_else(|| person.joins.written_to.clone()).map(|to| to.0);
    for order in state.take_unsealed() {
        customer_history::emit(customer, &order, &person, state, outlet);
    }
    outlet.moved_to = person.joins.written_to.clone().map(|to| to.0);
    let lapses = marketing_profiles::emit(customer, &person, state, outlet);
    outlet.moved_to = None;
    let opens = customer_exceptions::emit(customer, &person, state, outlet);
    Sealed { changed: outlet.changed, next: Moment::earlier(lapses, opens) }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::entities::Put;
    use crate::entities::rules::Rules;
    use crate::events::{SealContext, Topic};
    use crate::facts::customer::{Consent, ConsentState, CustomerAccount, HistoryKind, HistoryLine, OrderSummary, Purpose};
    use crate::facts::time::Span;
    use crate::facts::{
        Amount, Cause, Change, Currency, CustomerRow, Digest, Moment, OrderKey, Place, Quantity, Row, RowKey, SourceId, TopicId, Version,
    };

    const CRM: SourceId = SourceId(5);
    const SHOP: SourceId = SourceId(6);
    const MAIL: Digest = Digest([1; 16]);

    #[derive(Default)]
    struct Bench {
        state: CustomerState,
        version: u64,
        /// When rows are told.
        told_at: i64,
    }

    impl Bench {
        fn change(&mut self, source: SourceId, kind: u8, id: &str, row: Option<CustomerRow>) -> Put {
            self.version += 1;
            let cause = Cause { topic: TopicId(1), partition: 0, offset: 0 };
            let version = Version { incarnation: 0, place: Place::Position([self.version, 0, 0]), upsert: row.is_some(), adapter: 0 };
            let change = row.map_or(Change::Delete, |row| Change::Upsert(Row::Customer(row)));
            self.state.put(RowKey { kind, source, id: id.into() }, change, version, cause, Moment(self.told_at))
        }

        fn put(&mut self, source: SourceId, id: &str, row: CustomerRow) {
            self.change(source, row.kind(), id, Some(row));
        }

        /// Seals, and gives what was emitted: topic, key, body.
        fn seal(&mut self) -> Vec<(Topic, String, Option<Value>)> {
            self.seal_at(Moment(1)).0
        }

        /// ... at this tick, and when the clock alone would change something.
        fn seal_at(&mut self, tick: Moment) -> (Vec<(Topic, String, Option<Value>)>, Option<Moment>) {
            let rules = Rules::default();
            let context = SealContext { rules: &rules, tick, generation: 1, live: &|_| true };
            let mut outlet = Outlet::new(context, self.state.revision + 1, vec![]);
            let sealed = seal_customer(&CustomerKey::account("magento", "7"), &mut self.state, &mut outlet);
            self.state.revision += u64::from(sealed.changed);
            let body = |bytes: Vec<u8>| serde_json::from_slice(&bytes).expect("JSON");
            let emitted = outlet.emissions.into_iter().map(|emitted| (emitted.topic, emitted.key.to_string(), emitted.body.map(body)));
            (emitted.collect(), sealed.next)
        }

        fn profile(&mut self) -> Value {
            let emitted = self.seal();
            emitted.into_iter().find(|(topic, ..)| *topic == Topic::MarketingProfiles).and_then(|(_, _, body)| body).unwrap_or_default()
        }
    }

    fn consent(purpose: Purpose, state: ConsentState, changed_at: Option<i64>) -> CustomerRow {
        let (channel, brand) = ("email".into(), "day".into());
        CustomerRow::Consent(Consent { address: MAIL, channel, brand, purpose, state, changed_at: changed_at.map(Moment) })
    }

    fn line(kind: HistoryKind, number: &str, amount: i64) -> HistoryLine {
        let (date, amount) = (Moment(0), Amount::from_int(amount));
        HistoryLine { kind, number: number.into(), date, lines: vec![], amount, state: "placed".into() }
    }

    fn order(id: &str, placed_at: i64, spend: i64, history: Vec<HistoryLine>) -> CustomerRow {
        CustomerRow::Order(Box::new(OrderSummary {
            order: OrderKey::new("magento", id),
            number: id.into(),
            brand: "day".into(),
            placed_at: Moment(placed_at),
            currency: Currency::new("GBP").expect("a currency"),
            counts: true,
            spend: Amount::from_int(spend),
            returned: Quantity::ZERO,
            proven: true,
            forgotten: false,
            email: Some(MAIL),
            address: None,
            history,
        }))
    }

    fn state_of(rows: &[(SourceId, ConsentState, Option<i64>)]) -> Value {
        let mut bench = Bench { told_at: 9, ..Bench::default() };
        for (source, state, changed_at) in rows {
            bench.put(*source, "mail", consent(Purpose::Mail, *state, *changed_at));
        }
        bench.profile()["consent"][0]["state"].clone()
    }

    #[test]
    fn the_newest_explicit_answer_wins_and_without_times_the_refusal() {
        use ConsentState::{No, Pending, Unset, Yes};
        assert_eq!(state_of(&[(SHOP, Yes, Some(2)), (CRM, No, Some(1))]), "yes");
        assert_eq!(state_of(&[(CRM, No, Some(3)), (SHOP, Yes, Some(2))]), "no");
        assert_eq!(state_of(&[(SHOP, Yes, Some(2)), (CRM, No, Some(2))]), "no", "at one time the refusal");
        assert_eq!(state_of(&[(SHOP, Yes, Some(2)), (CRM, No, None)]), "no", "a refusal without a time may be the newer");
        assert_eq!(state_of(&[(SHOP, Yes, None), (CRM, No, Some(1))]), "no");
        assert_eq!(state_of(&[(SHOP, No, Some(1)), (CRM, Unset, Some(9))]), "no", "never asked overwrites nothing");
        assert_eq!(state_of(&[(SHOP, Pending, None), (CRM, Yes, None)]), "pending");
        assert_eq!(state_of(&[(SHOP, Unset, None)]), Value::Null);
    }

    #[test]
    fn what_was_given_after_an_answer_without_a_time_was_told_outweighs_it() {
        use ConsentState::{No, Yes};
        assert_eq!(state_of(&[(CRM, No, None), (SHOP, Yes, Some(10))]), "yes", "given since");
        assert_eq!(state_of(&[(CRM, No, None), (SHOP, Yes, Some(9))]), "no", "at the same moment");
        assert_eq!(state_of(&[(CRM, Yes, None), (SHOP, No, Some(1))]), "no", "it shows what it has not heard of");
        assert_eq!(state_of(&[(CRM, Yes, None), (SHOP, No, Some(10))]), "no");
        assert_eq!(state_of(&[(CRM, No, None), (SHOP, Yes, None)]), "no");
    }

    #[test]
    fn a_deleted_consent_keeps_a_refusal_and_nothing_else() {
        for (state, left) in [(ConsentState::Yes, Value::Null), (ConsentState::No, "no".into())] {
            let mut bench = Bench::default();
            bench.put(SHOP, "mail", consent(Purpose::Mail, state, Some(1)));
            bench.change(SHOP, CustomerRow::CONSENT, "mail", None);
            assert_eq!(bench.profile()["consent"][0]["state"], left);
        }
    }

    #[test]
    fn purchases_are_emitted_only_with_consent_to_profiling() {
        let mut bench = Bench::default();
        bench.put(SourceId::WAYBILL, "magento|1", order("1", 10, 40, vec![]));
        bench.put(SHOP, "mail", consent(Purpose::Mail, ConsentState::Yes, Some(1)));
        assert_eq!(bench.profile()["purchases"], Value::Null);
        bench.put(CRM, "profiling", consent(Purpose::Profiling, ConsentState::Yes, Some(1)));
        let purchases = bench.profile()["purchases"].clone();
        assert_eq!((&purchases["orders"], &purchases["segment"]), (&Value::from(1), &Value::from("first")));
        bench.put(SourceId::WAYBILL, "magento|2", order("2", 5, 2, vec![]));
        bench.put(SourceId::WAYBILL, "magento|1", order("1", 10, 30, vec![]));
        let purchases = bench.profile()["purchases"].clone();
        assert_eq!(purchases["spend"], serde_json::json!([["GBP", "32"]]), "net of what was refunded since");
        assert_eq!(purchases["first_order_at"], "1970-01-01T00:00:00.005Z");
        assert_eq!(purchases["segment"], "returning");
        bench.put(CRM, "profiling", consent(Purpose::Profiling, ConsentState::No, Some(2)));
        assert_eq!(bench.profile()["purchases"], Value::Null);
    }

    #[test]
    fn who_orders_no_more_lapses_by_the_clock() {
        let (placed, days) = (Moment(10), |n| Moment(10) + Span::days(n));
        let mut bench = Bench::default();
        bench.put(CRM, "profiling", consent(Purpose::Profiling, ConsentState::Yes, Some(1)));
        assert_eq!(bench.seal_at(placed).1, None, "nothing was bought");
        bench.put(SourceId::WAYBILL, "magento|1", order("1", placed.0, 40, vec![]));
        let mut segment = |tick: Moment| {
            let (emitted, next) = bench.seal_at(tick);
            (emitted.into_iter().find_map(|(_, _, body)| body?["purchases"]["segment"].as_str().map(str::to_owned)), next)
        };
        let is = |word: &str| Some(word.to_owned());
        assert_eq!(segment(placed), (is("first"), Some(days(180))));
        assert_eq!(segment(Moment(days(180).0 - 1)), (None, Some(days(180))));
        assert_eq!(segment(days(180)), (is("lapsing"), Some(days(365))));
        assert_eq!(segment(days(365)), (is("lapsed"), None));
        bench.put(SourceId::WAYBILL, "magento|2", order("2", days(400).0, 40, vec![]));
        assert_eq!(bench.seal_at(days(400)).1, Some(days(580)));
    }

    #[test]
    fn a_collective_account_has_no_profile() {
        let mut bench = Bench::default();
        let account = |collective| CustomerRow::Account(CustomerAccount { brand: "day".into(), email: None, created_at: None, collective });
        bench.put(SHOP, "7", account(false));
        assert_eq!(bench.seal().len(), 1);
        bench.put(SHOP, "7", account(true));
        assert_eq!(bench.seal(), [(Topic::MarketingProfiles, "account|magento|7|day".into(), None)]);
    }

    fn history(emitted: Vec<(Topic, String, Option<Value>)>) -> Vec<(String, bool)> {
        let lines = emitted.into_iter().filter(|(topic, ..)| *topic == Topic::CustomerHistory);
        lines.map(|(_, key, body)| (key, body.is_some())).collect()
    }

    #[test]
    fn history_says_what_changed_and_withdraws_what_the_order_has_no_more() {
        let mut bench = Bench::default();
        let purchase = line(HistoryKind::Purchase, "", 40);
        bench.put(SourceId::WAYBILL, "magento|1", order("1", 10, 40, vec![purchase.clone(), line(HistoryKind::Despatch, "D1", 40)]));
        let key = |rest: &str| format!("account|magento|7|magento|1|{rest}");
        assert_eq!(history(bench.seal()), [(key("purchase|"), true), (key("despatch|D1"), true)]);
        assert_eq!(history(bench.seal()), [], "only orders that changed are looked at");
        // A despatch that was of another order after all, and a refund.
        bench.put(SourceId::WAYBILL, "magento|1", order("1", 10, 30, vec![purchase, line(HistoryKind::Refund, "1", 10)]));
        bench.state.take_touched();
        assert_eq!(history(bench.seal()), [(key("despatch|D1"), false), (key("refund|1"), true)]);
        let touched = bench.state.take_touched();
        assert_eq!(touched.iter().map(|key| key.kind).collect::<Vec<_>>(), [CustomerState::EMITTED]);
        // A restore knows what was emitted of the order from the row beside it.
        let mut restored = Bench { version: bench.version, ..Bench::default() };
        for key in touched.into_iter().chain(bench.state.of_kind(CustomerRow::ORDER).map(|(key, _)| key.clone())) {
            restored.state.load_row(key.clone(), &bench.state.row_bytes(&key).expect("it is there")).expect("decodes");
        }
        // The order becomes somebody else's.
        restored.change(SourceId::WAYBILL, CustomerRow::ORDER, "magento|1", None);
        assert_eq!(history(restored.seal()), [(key("purchase|"), false), (key("refund|1"), false)]);
        let gone: Vec<bool> = restored.state.take_touched().iter().map(|key| restored.state.row_bytes(key).is_none()).collect();
        assert_eq!(gone, [false, true], "the order leaves a mark, what was emitted of it a tombstone");
    }
}
