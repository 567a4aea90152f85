//! Oracle NetSuite: user events of a script send each record whole when it is saved, with values as texts and times in the account's format, cut to the
//! minute. Documents name each other by internal ids. Nothing disappears when it is done: an order is billed, a return is refunded. What changes by the
//! saving of another record fires no event of its own, so the script loads the order and sends it too.

mod items;
mod records;

use std::collections::BTreeMap;

use super::clock::{LocalTime, System};
use super::erp::{Change, Document, Kind, Office, Pieces};
use super::feeds::Feed;
use super::json::object;
use super::world::World;
use crate::facts::Moment;
use crate::facts::time::Span;
use records::{Goods, Head, Made};

/// NetSuite's counters, and what its documents are called.
pub struct NetSuite {
    local: LocalTime,
    next_id: i64,
    next_number: BTreeMap<&'static str, i64>,
    /// Sales orders by the order's index: id and number.
    orders: BTreeMap<u32, Made>,
    /// Credit memos that nobody has paid yet.
    memos: BTreeMap<u32, Made>,
    /// When each item was last changed.
    items: BTreeMap<usize, Moment>,
}

/// The account's zone.
pub const ZONE: &str = "Europe/Berlin";

impl NetSuite {
    pub fn new() -> Self {
        Self {
            local: LocalTime::of(ZONE),
            next_id: 48_213,
            next_number: BTreeMap::new(),
            orders: BTreeMap::new(),
            memos: BTreeMap::new(),
            items: BTreeMap::new(),
        }
    }

    /// The next record's id, and a number of this series. All transactions share one row of ids.
    fn next(&mut self, series: &'static str) -> Made {
        self.next_id += 1;
        let number = self.next_number.entry(series).or_insert(10_455);
        *number += 1;
        Made { id: self.next_id, number: format!("{series}{number}") }
    }

    /// What a script sends of a record that was saved: `late` after now, for what is saved several times in one go.
    fn send(&self, world: &mut World, feed: Feed, event: &str, record: &[u8], key: i64, late: Span) {
        let sent_at = world.clock(System::NetSuite) + late;
        let body = object(|body| {
            body.text("event", event).text("context", "RESTLET").text("sentAt", &sent_at.to_string()).raw("record", record);
        });
        world.send(feed, Some(key.to_string().into_bytes()), Some(body));
    }

    fn stamp(&self, world: &World) -> Moment {
        world.clock(System::NetSuite)
    }

    /// The order or return as it stands.
    fn tell(&self, world: &mut World, document: &Document, event: &str, state: (&str, &str), late: Span) {
        let (feed, from) = match document.kind {
            Kind::Order => (Feed::NetSuiteSalesOrder, None),
            Kind::Return => (Feed::NetSuiteReturn, self.orders.get(&document.index)),
        };
        let record = records::document(world, &self.local, document, from, state);
        self.send(world, feed, event, &record, document.id, late);
    }

    fn tell_state(&self, world: &mut World, document: &Document, late: Span) {
        self.tell(world, document, "edit", state(document), late);
    }

    /// Of an order its id and one field, and nothing else.
    fn tell_fields(&self, world: &mut World, order: &Document, event: &str, (name, value): (&str, &str)) {
        let id = order.id.to_string();
        let record = object(|record| {
            let fields = object(|fields| {
                fields.text("id", &id).text(name, value);
            });
            record.text("id", &id).text("type", "salesorder").raw("isDynamic", b"false").raw("fields", &fields);
        });
        self.send(world, Feed::NetSuiteSalesOrder, event, &record, order.id, Span(0));
    }

    /// A document that was made from another one: fulfilment, invoice, receipt, memo.
    fn make(&self, world: &mut World, feed: Feed, (event, late): (&str, Span), head: &Head<'_>, goods: &Goods<'_>) {
        let at = self.stamp(world) + late;
        let record = records::made(&self.local, head, goods, at);
        self.send(world, feed, event, &record, head.own.id, late);
    }
}

/// Letter and text of how far an order or a return is, as far as nobody has cancelled it.
fn state(document: &Document) -> (&'static str, &'static str) {
    let (any, all) = (document.lines.iter().any(|line| line.done > 0), document.is_done_with(&[]));
    match (document.kind, document.approved, any, all) {
        (_, false, ..) => ("A", "Pending Approval"),
        (Kind::Order, true, true, true) => ("G", "Billed"),
        (Kind::Order, true, true, false) => ("D", "Partially Fulfilled"),
        (Kind::Order, true, false, _) => ("B", "Pending Fulfillment"),
        (Kind::Return, true, true, true) => ("G", "Refunded"),
        (Kind::Return, true, true, false) => ("D", "Partially Received"),
        (Kind::Return, true, false, _) => ("B", "Pending Receipt"),
    }
}

/// Saved again so soon.
const AT_ONCE: Span = Span(740);

impl Office for NetSuite {
    fn system(&self) -> System {
        System::NetSuite
    }

    fn number(&mut self, kind: Kind) -> (i64, String) {
        let made = self.next(match kind {
            Kind::Order => "SO",
            Kind::Return => "RMA",
        });
        (made.id, made.number)
    }

    /// By its id: a number may change, and need not be the only one of its kind.
    fn known_as(&self, document: &Document) -> String {
        document.id.to_string()
    }

    fn open(&mut self, world: &mut World, document: &Document) {
        if document.kind == Kind::Order {
            self.orders.insert(document.index, Made { id: document.id, number: document.number.clone() });
        }
        self.tell(world, document, "create", state(document), Span(0));
    }

    /// On the form, or in a list: an inline edit tells only what it changed. Of a return the script loads the record then: its number would be missing.
    fn approve(&mut self, world: &mut World, document: &mut Document) {
        document.approved = true;
        document.modified_at = self.stamp(world);
        if document.kind == Kind::Return || document.id % 3 != 0 {
            self.tell(world, document, "approve", state(document), Span(0));
            return;
        }
        self.tell_fields(world, document, "xedit", ("orderstatus", "B"));
    }

    fn edit(&mut self, world: &mut World, document: &mut Document, changes: &[Change]) {
        for Change { line, quantity, gross, tax } in changes {
            let row = &mut document.lines[*line];
            (row.quantity, row.gross, row.tax) = (*quantity, *gross, *tax);
        }
        document.modified_at = self.stamp(world);
        self.tell_state(world, document, Span(0));
    }

    /// Cancelled, closed by hand, or deleted.
    fn withdraw(&mut self, world: &mut World, document: &mut Document) {
        document.modified_at = self.stamp(world);
        match document.id % 4 {
            0 => {
                self.tell_fields(world, document, "delete", ("sys_id", "1415619771339351"));
            }
            1 => {
                document.lines.iter_mut().for_each(|line| line.quantity = 0);
                self.tell(world, document, "edit", ("H", "Closed"), Span(0));
            }
            _ => self.tell(world, document, "cancel", ("C", "Cancelled"), Span(0)),
        }
    }

    /// A fulfilment, whose goods leave at once or after they were picked and packed in NetSuite too, and an invoice.
    fn ship(&mut self, world: &mut World, document: &mut Document, pieces: &Pieces, tracking: Option<&str>) -> String {
        document.approved = true;
        document.modified_at = self.stamp(world);
        let from = Made { id: document.id, number: document.number.clone() };
        let (fulfilment, invoice) = (self.next("IF"), self.next("INV"));
        let goods = Goods { lines: &document.lines, pieces };
        let saves: &[(&str, &str, &str)] = if fulfilment.id % 2 == 0 {
            &[("create", "C", "Shipped")]
        } else {
            &[("create", "A", "Picked"), ("pack", "B", "Packed"), ("ship", "C", "Shipped")]
        };
        let mut late = Span(0);
        for (event, letter, text) in saves {
            let head = Head::new("itemfulfillment", &fulfilment, ("Sales Order", &from), text).shipping(letter, tracking);
            self.make(world, Feed::NetSuiteFulfilment, (event, late), &head, &goods);
            late = Span(late.0 + AT_ONCE.0);
        }
        let head = Head::new("invoice", &invoice, ("Sales Order", &from), "Open").of_order(&document.external);
        self.make(world, Feed::NetSuiteInvoice, ("create", late), &head, &goods);
        document.count(pieces);
        self.tell_state(world, document, late);
        world.say(document.index, "NetSuite", |_| format!("fulfilment {} shipped, invoice {}", fulfilment.number, invoice.number));
        fulfilment.number
    }

    fn take_back(&mut self, world: &mut World, document: &mut Document, pieces: &Pieces) {
        document.modified_at = self.stamp(world);
        let from = Made { id: document.id, number: document.number.clone() };
        let (receipt, memo) = (self.next("IR"), self.next("CM"));
        let goods = Goods { lines: &document.lines, pieces };
        let head = Head::new("itemreceipt", &receipt, ("Return Authorization", &from), "").of_type("RtnAuth");
        self.make(world, Feed::NetSuiteReceipt, ("create", Span(0)), &head, &goods);
        let head = Head::new("creditmemo", &memo, ("Return Authorization", &from), "Open").of_order(&document.external);
        self.make(world, Feed::NetSuiteMemo, ("create", AT_ONCE), &head, &goods);
        document.count(pieces);
        self.tell_state(world, document, AT_ONCE);
        world.say(document.index, "NetSuite", |_| format!("item receipt {} and credit memo {}", receipt.number, memo.number));
        self.memos.insert(document.index, memo);
    }

    fn catalogue(&mut self, world: &mut World, prices: &[i64]) -> usize {
        let changed = &mut self.items;
        let now = world.clock(System::NetSuite);
        let articles = world.articles.clone();
        let mut records = 0;
        for (place, article) in articles.iter().enumerate() {
            if article.variant.is_some() && (place == 0 || articles[place - 1].item != article.item) {
                records += 1;
                let at = *changed.entry(place + items::PARENTS).or_insert(now);
                world.send(Feed::NetSuiteItem, Some(items::key(place + items::PARENTS)), Some(items::parent(place, article, at)));
            }
            records += 1;
            let (at, price) = (*changed.entry(place).or_insert(now), prices.get(place).copied().unwrap_or(article.price));
            let parent = articles.iter().position(|other| other.item == article.item).unwrap_or(place);
            world.send(Feed::NetSuiteItem, Some(items::key(place)), Some(items::item((place, parent), article, price, at)));
        }
        records
    }

    fn price(&mut self, world: &mut World, article: usize, (_, price): (i64, i64)) {
        let at = world.clock(System::NetSuite);
        self.items.insert(article, at);
        let Some(of) = world.articles.get(article).cloned() else { return };
        let parent = world.articles.iter().position(|other| other.item == of.item).unwrap_or(article);
        world.send(Feed::NetSuiteItem, Some(items::key(article)), Some(items::item((article, parent), &of, price, at)));
    }

    /// What scripts fail to send is not sent again: a job loads what is open and sends it, as their events do.
    fn read_again(&mut self, world: &mut World, documents: &[&Document]) -> usize {
        documents.iter().for_each(|document| self.tell(world, document, "reconcile", state(document), Span(0)));
        documents.len()
    }

    /// Finance's payment is entered as a refund of the memo.
    fn paid_back(&mut self, world: &mut World, index: u32, amount: i64) {
        let Some(memo) = self.memos.remove(&index) else { return };
        let refund = self.next("REF");
        let record = records::refund(&self.local, &refund, &memo, amount, self.stamp(world));
        self.send(world, Feed::NetSuiteRefund, "create", &record, refund.id, Span(0));
        world.say(index, "NetSuite", |_| format!("refund {} of {}", refund.number, memo.number));
    }

    fn forget(&mut self, index: u32) {
        self.orders.remove(&index);
        self.memos.remove(&index);
    }
}
