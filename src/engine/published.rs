//! What queries see: committed rows, published after each commit. A view is computed from them when a query asks for it.
//!
//! The maps share each entity with its shard by an `Arc`: publishing costs a pointer, and a query never holds up the engine.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use dashmap::DashMap;
use foldhash::fast::RandomState;
use smallvec::SmallVec;

use super::cases::Cases;
use super::desk::DeskState;
use super::letters::LetterIndex;
use super::packed::MaybePacked;
use super::topics::SourceTopics;
use crate::entities::alias::AliasState;
use crate::entities::customer::{CustomerState, Person};
use crate::entities::exceptions::About;
use crate::entities::last_emitted::LastEmitted;
use crate::entities::order::{OrderState, view};
use crate::entities::rules::Rules;
use crate::entities::sku::SkuState;
use crate::events::desk::HeldGroup;
use crate::events::exceptions::ExceptionNotice;
use crate::events::{Topic, alias, customer_exceptions, desk, exceptions, sku_exceptions};
use crate::facts::{Alias, CustomerKey, Link, Moment, OrderKey, Sku, Text};

/// How many links a chain of aliases has at most. An ERP's longest: a refund, its credit memo, the return, the invoice, the ERP's order, the shop's number,
/// the order.
pub const LINKS_MAX: usize = 8;

type Map<K, V> = DashMap<K, V, RandomState>;

/// So many of each are found at most.
const SEARCH_MAX: usize = 50;
/// So many orders are looked through for a part of an id: half a second.
const SCANNED_MAX: usize = 200_000;
/// A shorter text is part of too many ids.
const SCANNED_MIN: usize = 3;

/// What a text may mean.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Search {
    /// Orders, by key.
    pub orders: Vec<OrderKey>,
    /// SKUs that begin so.
    pub skus: Vec<Sku>,
    /// Everything was looked through. Else there may be more.
    pub complete: bool,
}

impl Search {
    fn add(&mut self, key: OrderKey) {
        if !self.orders.contains(&key) {
            self.orders.push(key);
        }
    }
}

/// Committed entities, for queries.
pub struct Published {
    /// What views are computed by, beside rows.
    pub rules: Arc<Rules>,
    /// Names of the source topics, to show where a row came from.
    pub source_topics: SourceTopics,
    orders: Map<OrderKey, MaybePacked<OrderState>>,
    links: Map<Alias, SmallVec<[Link; 1]>>,
    /// Aliases by their bare id and by their number, whatever their scope: people type numbers.
    by_id: Map<Text, SmallVec<[Alias; 1]>>,
    skus: Map<Sku, Arc<SkuState>>,
    customers: Map<CustomerKey, Arc<CustomerState>>,
    /// Aliases with an exception open: an alias that leads nowhere is in no other map.
    aliases_open: Map<Alias, AliasState>,
    /// Orders with an exception open.
    orders_open: Map<OrderKey, ()>,
    /// Customers with an exception open.
    customers_open: Map<CustomerKey, ()>,
    /// What is held.
    desk: Mutex<Vec<HeldGroup>>,
    /// Request topics that are live.
    live: Mutex<Vec<Topic>>,
    /// What people have said of what is held, and the exceptions of the whole application.
    desk_state: Mutex<DeskState>,
    /// Exceptions that are open, by kind.
    exceptions_open: Mutex<BTreeMap<Text, i64>>,
    letters: Mutex<LetterIndex>,
    cases: Mutex<Cases>,
    tick: AtomicI64,
    epochs: AtomicU64,
}

impl Published {
    /// Nothing is published yet.
    pub fn new(rules: Arc<Rules>, source_topics: SourceTopics) -> Self {
        Self {
            rules,
            source_topics,
            orders: Map::default(),
            links: Map::default(),
            by_id: Map::default(),
            skus: Map::default(),
            customers: Map::default(),
            aliases_open: Map::default(),
            orders_open: Map::default(),
            customers_open: Map::default(),
            desk: Mutex::default(),
            live: Mutex::default(),
            desk_state: Mutex::default(),
            exceptions_open: Mutex::default(),
            letters: Mutex::default(),
            cases: Mutex::default(),
            tick: AtomicI64::new(0),
            epochs: AtomicU64::new(0),
        }
    }

    /// The order as it is now, whole or packed. Its exceptions are counted apart.
    pub(super) fn order(&self, key: &OrderKey, state: &MaybePacked<OrderState>) {
        self.orders.insert(key.clone(), state.clone());
    }

    /// `before`: as it was shown last. Most facts of an alias repeat where it leads.
    pub(super) fn alias(&self, alias: &Alias, before: Option<&AliasState>, state: &AliasState) {
        if before.is_some_and(|before| before.last_emitted == state.last_emitted && before.meant(alias) == state.meant(alias)) {
            return;
        }
        let before = self.aliases_open.remove(alias).map(|(_, before)| before.last_emitted);
        self.exceptions(before.as_ref(), &state.last_emitted);
        if exceptions_of(&state.last_emitted).next().is_some() {
            self.aliases_open.insert(alias.clone(), state.clone());
        }
        let targets: SmallVec<[Link; 1]> = state.meant(alias).into_iter().cloned().collect();
        if targets.is_empty() {
            self.links.remove(alias);
            return;
        }
        if self.links.insert(alias.clone(), targets).is_none() {
            for id in [alias.id.as_str(), alias.number()] {
                let mut aliases = self.by_id.entry(id.into()).or_default();
                if !aliases.contains(alias) {
                    aliases.push(alias.clone());
                }
            }
        }
    }

    /// What is held now.
    pub(super) fn desk(&self, groups: Vec<HeldGroup>) {
        *self.desk.lock().unwrap_or_else(PoisonError::into_inner) = groups;
    }

    /// Which request topics are live now: a topic that is stays it.
    pub(super) fn live(&self, topics: &[(Topic, u64)]) {
        let mut live = self.live.lock().unwrap_or_else(PoisonError::into_inner);
        if live.len() != topics.len() {
            *live = topics.iter().map(|(topic, _)| *topic).collect();
        }
    }

    /// Which exceptions of the whole application are open.
    pub(super) fn desk_exceptions(&self, desk: &DeskState) {
        let mut before = self.desk_state.lock().unwrap_or_else(PoisonError::into_inner);
        if before.last_emitted != desk.last_emitted {
            self.exceptions(Some(&before.last_emitted), &desk.last_emitted);
            before.clone_from(desk);
        }
    }

    /// Dead letters that nobody has dealt with.
    pub(super) fn letters(&self, letters: Option<LetterIndex>) {
        if let Some(letters) = letters {
            *self.letters.lock().unwrap_or_else(PoisonError::into_inner) = letters;
        }
    }

    /// Notes to open exceptions, and their owners.
    pub(super) fn cases(&self, cases: Option<Cases>) {
        if let Some(cases) = cases {
            *self.cases.lock().unwrap_or_else(PoisonError::into_inner) = cases;
        }
    }

    /// Dead letters that nobody has dealt with. A copy costs nothing.
    pub fn letter_index(&self) -> LetterIndex {
        self.letters.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What people have noted about open exceptions, and who has taken them up. A copy costs nothing.
    pub fn exception_cases(&self) -> Cases {
        self.cases.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What is held, and which request topics are live.
    pub fn held(&self) -> (Vec<HeldGroup>, Vec<Topic>) {
        let live = self.live.lock().unwrap_or_else(PoisonError::into_inner).clone();
        (self.desk.lock().unwrap_or_else(PoisonError::into_inner).clone(), live)
    }

    pub(super) fn sku(&self, sku: &Sku, state: &Arc<SkuState>) {
        let before = self.skus.insert(sku.clone(), state.clone());
        self.exceptions(before.as_ref().map(|before| &before.last_emitted), &state.last_emitted);
    }

    pub(super) fn customer(&self, key: &CustomerKey, state: &Arc<CustomerState>) {
        let before = self.customers.insert(key.clone(), state.clone());
        self.exceptions(before.as_ref().map(|before| &before.last_emitted), &state.last_emitted);
        let was_open = before.is_some_and(|before| exceptions_of(&before.last_emitted).next().is_some());
        if exceptions_of(&state.last_emitted).next().is_some() {
            self.customers_open.insert(key.clone(), ());
        } else if was_open {
            self.customers_open.remove(key);
        }
    }

    pub(super) fn epoch(&self, tick: Moment) {
        self.tick.store(tick.0, Ordering::Release);
        self.epochs.fetch_add(1, Ordering::AcqRel);
    }

    /// Counts what an order has open now instead of what it had before.
    pub(super) fn order_exceptions(&self, key: &OrderKey, before: Option<&LastEmitted>, after: &LastEmitted) {
        self.exceptions(before, after);
        if exceptions_of(after).next().is_some() {
            self.orders_open.insert(key.clone(), ());
        } else if before.is_some_and(|before| exceptions_of(before).next().is_some()) {
            self.orders_open.remove(key);
        }
    }

    /// Counts what an entity has open now instead of what it had before.
    fn exceptions(&self, before: Option<&LastEmitted>, after: &LastEmitted) {
        let mut closed = before.map(|before| exceptions_of(before).peekable());
        let mut opened = exceptions_of(after).peekable();
        if closed.as_mut().is_none_or(|closed| closed.peek().is_none()) && opened.peek().is_none() {
            return;
        }
        let mut open = self.exceptions_open.lock().unwrap_or_else(PoisonError::into_inner);
        closed.into_iter().flatten().for_each(|kind| *open.entry(kind.into()).or_default() -= 1);
        opened.for_each(|kind| *open.entry(kind.into()).or_default() += 1);
    }

    /// Every exception that is open, in no order. Computes each entity that has one.
    pub fn standing_exceptions(&self) -> Vec<(About, ExceptionNotice)> {
        let (rules, tick) = (&*self.rules, self.tick());
        let mut found: Vec<(About, ExceptionNotice)> = Vec::new();
        let mut all = |about: About, notices: Vec<ExceptionNotice>| found.extend(notices.into_iter().map(|notice| (about, notice)));
        // Not while a map is walked: it would be held until all are computed.
        let orders: Vec<OrderKey> = self.orders_open.iter().map(|entry| entry.key().clone()).collect();
        for (key, state) in orders.into_iter().filter_map(|key| Some((key.clone(), self.order_by_key(&key)?))) {
            let view = view(&key, &state.rows, &state.ledgers, state.since, rules, tick);
            all(About::Order, exceptions::standing(&view, &state.exceptions, tick));
        }
        let is_open = |state: &SkuState| exceptions_of(&state.last_emitted).next().is_some();
        let skus = self.skus.iter().filter(|entry| is_open(entry.value())).map(|entry| (entry.key().clone(), entry.value().clone()));
        for (sku, state) in skus.collect::<Vec<_>>() {
            all(About::Sku, sku_exceptions::standing(&sku, &state, rules, tick));
        }
        all(About::Alias, self.alias_exceptions());
        let customers: Vec<CustomerKey> = self.customers_open.iter().map(|entry| entry.key().clone()).collect();
        for (key, state) in customers.into_iter().filter_map(|key| Some((key.clone(), self.customer_by_key(&key)?))) {
            all(About::Customer, customer_exceptions::standing(&key, &Person::of(&key, &state), &state, rules, tick));
        }
        let (groups, live) = self.held();
        let desk_state = self.desk_state.lock().unwrap_or_else(PoisonError::into_inner);
        let refunds_live = live.contains(&Topic::RefundRequests);
        all(About::Application, desk::standing(&groups, &desk_state.holds, refunds_live, &desk_state.open));
        found
    }

    /// Every exception of an alias that is open.
    pub fn alias_exceptions(&self) -> Vec<ExceptionNotice> {
        let standing = |alias: &Alias, state: &AliasState| alias::standing(alias, state, &self.rules, self.tick());
        self.aliases_open.iter().flat_map(|entry| standing(entry.key(), entry.value())).collect()
    }

    /// How many exceptions wait for a person, by kind. A kind that was open once stays, with 0.
    pub fn exceptions_open(&self) -> BTreeMap<Text, i64> {
        self.exceptions_open.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The tick of the newest committed epoch: the moment that views stand for.
    pub fn tick(&self) -> Moment {
        Moment(self.tick.load(Ordering::Acquire))
    }

    /// Epochs committed by this process.
    pub fn epochs(&self) -> u64 {
        self.epochs.load(Ordering::Acquire)
    }

    /// The order by its key.
    pub fn order_by_key(&self, key: &OrderKey) -> Option<Arc<OrderState>> {
        let order = self.orders.get(key).map(|state| state.clone());
        order.map(|order| order.whole())
    }

    /// The orders that `id` may mean: a key (`source|native id`), or any alias that leads to an order: the shop's number, the ERP's document,
    /// the warehouse's order, a tracking number. Usually one; several where systems number alike.
    pub fn find_orders(&self, id: &str) -> Vec<(OrderKey, Arc<OrderState>)> {
        let key = OrderKey(id.into());
        if let Some(state) = self.order_by_key(&key) {
            return vec![(key, state)];
        }
        let mut found: Vec<(OrderKey, Arc<OrderState>)> = Vec::new();
        let aliases = self.by_id.get(id).map(|aliases| aliases.clone()).unwrap_or_default();
        for alias in aliases {
            self.follow(alias, LINKS_MAX, &mut found);
        }
        found
    }

    /// What a person may mean by a text: orders under any name, in any case, with or without `#`; then orders of which a row has it as a part of its id
    /// (a parcel, a receipt, a refund, a credit memo), for which at most so many are looked through; and SKUs that begin so.
    pub fn search(&self, text: &str) -> Search {
        let text = text.trim();
        let spellings = [text.to_owned(), text.trim_start_matches('#').to_owned(), text.to_uppercase(), text.to_lowercase()];
        let mut search = Search { complete: true, ..Search::default() };
        for spelling in spellings.iter().filter(|spelling| !spelling.is_empty()) {
            for (key, _) in self.find_orders(spelling) {
                search.add(key);
            }
        }
        let begins = text.to_uppercase();
        let skus = self.skus.iter().filter(|entry| !begins.is_empty() && entry.key().as_str().starts_with(&begins));
        search.skus = skus.map(|entry| entry.key().clone()).take(SEARCH_MAX).collect();
        search.skus.sort();
        if search.orders.is_empty() && text.len() >= SCANNED_MIN {
            for (looked_at, (key, state)) in self.orders().enumerate() {
                if looked_at >= SCANNED_MAX || search.orders.len() >= SEARCH_MAX {
                    search.complete = false;
                    break;
                }
                let names = |id: &str| id.split(['|', ':']).any(|part| part.eq_ignore_ascii_case(text));
                if state.rows.iter().any(|(row, _)| names(&row.id)) {
                    search.add(key);
                }
            }
        }
        search
    }

    /// Adds the orders that the alias leads to over at most so many links.
    fn follow(&self, alias: Alias, links_max: usize, found: &mut Vec<(OrderKey, Arc<OrderState>)>) {
        let targets = self.links.get(&alias).map(|targets| targets.clone()).unwrap_or_default();
        for target in targets {
            match target {
                Link::Alias(next) if links_max > 1 => self.follow(next, links_max - 1, found),
                Link::Alias(_) => {}
                Link::Order(key) if found.iter().any(|(known, _)| *known == key) => {}
                Link::Order(key) => found.extend(self.order_by_key(&key).map(|state| (key, state))),
            }
        }
    }

    /// The SKU by its key.
    pub fn sku_by_key(&self, sku: &Sku) -> Option<Arc<SkuState>> {
        self.skus.get(sku).map(|state| state.clone())
    }

    /// The customer by its key.
    pub fn customer_by_key(&self, key: &CustomerKey) -> Option<Arc<CustomerState>> {
        self.customers.get(key).map(|state| state.clone())
    }

    /// The scopes of the aliases that lead somewhere, sorted.
    pub fn scopes(&self) -> Vec<String> {
        let scopes: std::collections::BTreeSet<String> = self.links.iter().map(|link| link.key().scope.to_string()).collect();
        scopes.into_iter().collect()
    }

    /// How many orders, SKUs and customers are kept.
    pub fn counts(&self) -> (usize, usize, usize) {
        (self.orders.len(), self.skus.len(), self.customers.len())
    }

    /// Every order, in no order: for audits. One after the other: a packed one is unpacked only as long as it is looked at.
    pub fn orders(&self) -> impl Iterator<Item = (OrderKey, Arc<OrderState>)> {
        self.orders.iter().map(|entry| (entry.key().clone(), entry.value().whole()))
    }
}

/// The kinds of the exceptions that are open, by the statements that were last emitted: one for each.
fn exceptions_of(last_emitted: &LastEmitted) -> impl Iterator<Item = &str> {
    last_emitted.keys(Topic::Exceptions).map(|key| key.split_once('|').map_or(key.as_str(), |(kind, _)| kind))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(open: &[&str]) -> Arc<OrderState> {
        let mut state = OrderState::default();
        state.last_emitted.note(Topic::OrderStatus, "magento%7C1".into(), 1);
        open.iter().for_each(|kind| state.last_emitted.note(Topic::Exceptions, format!("{kind}|magento%7C1|").into(), 1));
        Arc::new(state)
    }

    #[test]
    fn exceptions_are_counted_by_kind_while_they_stand_open() {
        let published = Published::new(Arc::default(), SourceTopics::default());
        let two = order(&["totals-differ", "unknown-word"]);
        let one = order(&["totals-differ"]);
        published.exceptions(None, &two.last_emitted);
        published.exceptions(None, &one.last_emitted);
        published.exceptions(Some(&two.last_emitted), &one.last_emitted);
        let open = published.exceptions_open();
        assert_eq!((open["totals-differ"], open["unknown-word"]), (2, 0));
        published.exceptions(Some(&one.last_emitted), &order(&[]).last_emitted);
        assert_eq!(published.exceptions_open()["totals-differ"], 1);
    }
}
