//! Committed views as HTTP answers: computed from published rows when somebody asks, with what each gate waits for.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use serde_json::{Value, json};

use super::service::{CaseStanding, EpochStamp, Views};
use super::standing::standing;
use crate::engine::{Audit, Cases, LetterIndex, Published};
use crate::entities::Stored;
use crate::entities::customer::Person;
use crate::entities::exceptions::About;
use crate::entities::order::in_words::in_words;
use crate::entities::order::{OrderState, answer, view};
use crate::entities::sku::{explain, offer, stock};
use crate::events::desk::HeldGroup;
use crate::events::exceptions::ExceptionNotice;
use crate::events::{Topic, audit, why};
use crate::facts::order::Header;
use crate::facts::{CustomerKey, OrderKey, OrderRow, RowKey, Sku, Text};
use crate::sources::decisions::DecisionRecord;

/// So many of a customer's orders are listed; one who buys for many people has a million.
const ORDERS_MAX: usize = 200;

/// Answers from what the engine has published; before its restore has ended there is nothing to find.
#[derive(Clone, Default)]
pub struct CommittedViews(Arc<OnceLock<Arc<Published>>>);

impl CommittedViews {
    /// The engine has restored its state: from now on queries see it.
    pub fn open(&self, published: Arc<Published>) {
        // Opened once in a process; a second engine would be a second process.
        let _ = self.0.set(published);
    }

    /// How many exceptions wait for a person, by kind.
    pub fn exceptions_open(&self) -> BTreeMap<Text, i64> {
        self.0.get().map(|published| published.exceptions_open()).unwrap_or_default()
    }

    /// What waits for a person, and which request topics are live.
    pub fn groups_held(&self) -> (Vec<HeldGroup>, Vec<Topic>) {
        self.0.get().map(|published| published.held()).unwrap_or_default()
    }

    /// What must be zero. Computes every order.
    pub fn audit(&self) -> Audit {
        self.0.get().map(|published| Audit::of(published)).unwrap_or_default()
    }

    fn answer(published: &Published, key: &OrderKey, state: &OrderState) -> Value {
        let (rules, tick) = (&*published.rules, published.tick());
        let view = view(key, &state.rows, &state.ledgers, state.since, rules, tick);
        let mut answer = json!(answer::summary(&view, rules, tick));
        let mut topics = why::why(&view, &state.ledgers, rules, tick);
        why::with_held(&mut topics, &view, &state.held, &published.held().1);
        answer["why"] = json!(topics);
        answer["rows"] = state.rows.iter().map(|(row_key, stored)| row(published, row_key, stored)).collect();
        answer
    }
}

/// A row that the view is made from: its kind, its source, and the record that it came from.
fn row(published: &Published, key: &RowKey, stored: &Stored<OrderRow>) -> Value {
    let mut record = String::new();
    published.source_topics.show(&stored.cause, &mut record);
    let said = stored.row.as_ref().and_then(in_words);
    json!({
        "says": said.as_ref().map(|(says, _)| says),
        "happened_at": said.as_ref().and_then(|(_, at)| *at).unwrap_or(stored.at),
        "row": OrderRow::kind_name(key.kind),
        "source": published.rules.name_of(key.source),
        "id": key.id,
        "at": stored.at,
        "deleted": stored.deleted,
        "record": record,
    })
}

impl Views for CommittedViews {
    fn order(&self, id: &str, store: Option<&str>) -> Option<Value> {
        let published = self.0.get()?;
        let mut found = published.find_orders(id);
        if let Some(store) = store {
            found.retain(|(_, state)| state.rows.live::<Header>().any(|header| header.row.store == store));
        }
        match found.len() {
            0 => None,
            1 => found.pop().map(|(key, state)| Self::answer(published, &key, &state)),
            _ => Some(json!({ "several": found.iter().map(|(key, state)| Self::answer(published, key, state)).collect::<Vec<_>>() })),
        }
    }

    fn stock(&self, sku: &str) -> Option<Value> {
        let published = self.0.get()?;
        let sku = Sku::new(sku)?;
        let state = published.sku_by_key(&sku)?;
        let product = offer::product(&state, &published.rules).map(|(product, _)| product);
        Some(json!({ "sku": sku.as_str(), "product": product, "channels": stock::stock(&sku, &state, &published.rules) }))
    }

    fn stock_why(&self, sku: &str) -> Option<Value> {
        let published = self.0.get()?;
        let sku = Sku::new(sku)?;
        let state = published.sku_by_key(&sku)?;
        let product = offer::product(&state, &published.rules).map(|(product, _)| product);
        Some(json!({ "product": product, "why": explain::explain(&sku, &state, &published.rules) }))
    }

    fn customer(&self, id: &str) -> Option<Value> {
        let published = self.0.get()?;
        let key = CustomerKey(id.into());
        let state = published.customer_by_key(&key)?;
        let person = Person::of(&key, &state);
        let orders: Vec<_> = state.orders().filter(|order| person.shows(order)).take(ORDERS_MAX).collect();
        Some(json!({
            "customer": key.0,
            "collective": state.is_collective(),
            "merged_into": person.joins.merged_into,
            "written_to": person.joins.written_to,
            "deleted": person.closed,
            "forgotten_at": person.erased_at,
            "brands": person.brands(&state),
            "orders": orders,
        }))
    }

    fn is_open(&self) -> bool {
        self.0.get().is_some()
    }

    fn standing(&self, decision: &DecisionRecord) -> CaseStanding {
        self.0.get().map_or(CaseStanding::Unknown("order"), |published| standing(published, decision))
    }

    fn search(&self, text: &str) -> Value {
        let Some(published) = self.0.get() else { return Value::Null };
        let found = published.search(text);
        let order = |key: &OrderKey| {
            let state = published.order_by_key(key)?;
            let view = view(key, &state.rows, &state.ledgers, state.since, &published.rules, published.tick());
            let header = view.placed.header;
            Some(json!({
                "order": key.0,
                "number": header.map(|header| header.number.as_str()),
                "channel": header.map(|header| header.channel.as_str()),
                "placed_at": header.map(|header| header.placed_at),
                "stage": view.standing.stage,
                "exceptions": state.exceptions.len(),
            }))
        };
        let orders: Vec<Value> = found.orders.iter().filter_map(order).collect();
        json!({ "orders": orders, "skus": found.skus.iter().map(Sku::as_str).collect::<Vec<_>>(), "complete": found.complete })
    }

    fn exceptions(&self) -> Vec<(About, ExceptionNotice)> {
        self.0.get().map(|published| published.standing_exceptions()).unwrap_or_default()
    }

    fn letters(&self) -> LetterIndex {
        self.0.get().map(|published| published.letter_index()).unwrap_or_default()
    }

    fn cases(&self) -> Cases {
        self.0.get().map(|published| published.exception_cases()).unwrap_or_default()
    }

    fn books(&self, id: &str) -> Option<Value> {
        let published = self.0.get()?;
        let books = |(key, state): (OrderKey, Arc<OrderState>)| {
            let (rules, tick) = (&*published.rules, published.tick());
            let view = view(&key, &state.rows, &state.ledgers, state.since, rules, tick);
            let mut books = json!(audit::order_books(&view, &state.ledgers.journal, rules));
            books["order"] = json!(key.0);
            books
        };
        let mut found: Vec<Value> = published.find_orders(id).into_iter().map(books).collect();
        match found.len() {
            0 => None,
            1 => found.pop(),
            _ => Some(json!({ "several": found })),
        }
    }

    fn counts(&self) -> Value {
        json!(self.audit().counts)
    }

    fn held(&self) -> Value {
        let (groups, live) = self.groups_held();
        let not_live: Vec<Topic> = Topic::ALL.into_iter().filter(|topic| !topic.is_statement() && !live.contains(topic)).collect();
        json!({ "held": groups, "live": live, "not_live": not_live })
    }

    fn scopes(&self) -> Vec<String> {
        self.0.get().map(|published| published.scopes()).unwrap_or_default()
    }

    fn epoch(&self) -> EpochStamp {
        self.0.get().map_or_else(EpochStamp::default, |published| EpochStamp { epoch: published.epochs(), tick: published.tick() })
    }
}
