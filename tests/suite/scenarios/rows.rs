//! What the words of a story mean: canonical rows, as an adapter would tell them. Here the rows of the shop; `rows_systems.rs` has those of
//! ERP, warehouse, carrier, finance and the office, `rows_stock.rs` those of a SKU, `rows_people.rs` those of customers.
//!
//! ```text
//! shop order 1001 total 94.36 ship-to GB      the order's header, and its address
//! shop line A: 3 TEE gross 63.44 tax 10.57    a line; later lines change what they name
//! shop line A deleted                         its row is deleted
//! shop books A: cancelled 1 shipped 2         the shop's own books of the line (credited, received)
//! shop charge shipping 5.00 tax 0.83
//! shop paid card 94.36                        authorised, captured, voided, payment-failed
//! shop hold fraud / shop hold fraud lifted
//! shop cancels 1 of A                         a cancellation of its own row (also by erp, wms)
//! ```

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::language::{Clock, Cursor, Line as StoryLine, Wrong};
use super::rows_people;
use waybill::facts::ids::join_key;
use waybill::facts::order::*;
use waybill::facts::{
    Alias, Amount, Currency, CustomerKey, EntityKind, Link, Moment, OrderKey, OrderRow, OwnedRow, Place, Quantity, Row, RowKey, RowSet,
    SourceId, Subject, Text, Watermark,
};

/// A fact as the story's adapter puts it out; source, cause and the rest come from the record.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct StoryFact {
    pub subject: Subject,
    pub kind: u8,
    pub id: Text,
    pub place: Place,
    pub at: Moment,
    /// `None`: deleted.
    pub row: Option<Row>,
}

/// What is known of an order from the lines so far: a later line names only what it changes.
#[derive(Clone, Default)]
pub(super) struct Known {
    pub header: Option<Header>,
    pub lines: BTreeMap<String, Line>,
    books: BTreeMap<String, LineProgress>,
    charges: BTreeMap<ChargeKind, Charge>,
    payments: BTreeMap<Tender, Payment>,
}

/// Turns lines into facts, in the order of the story.
pub struct Teller {
    /// By order number: the system that it was placed in.
    placed_in: BTreeMap<String, String>,
    first: Option<String>,
    pub(super) known: BTreeMap<String, Known>,
    pub(super) documents: BTreeMap<String, ErpLine>,
    pub(super) warehouse_lines: BTreeMap<String, WarehouseLine>,
    pub(super) products: BTreeMap<String, waybill::facts::sku::Product>,
    /// When each line of a return was first approved.
    pub(super) approved: BTreeMap<String, Moment>,
    old_lines: u64,
}

/// One line being told.
pub(super) struct Telling<'l> {
    pub who: &'l str,
    /// The order that it is about.
    pub order: String,
    pub at: Moment,
    pub place: Place,
    pub facts: Vec<StoryFact>,
}

impl Telling<'_> {
    pub fn put(&mut self, subject: Subject, id: impl Into<Text>, row: Row) {
        let kind = match &row {
            Row::Order(row) => row.kind(),
            Row::Sku(row) => row.kind(),
            Row::Customer(row) => row.kind(),
            Row::Link(_) => Link::KIND,
            Row::Owned(_) | Row::Watermark(_) => unreachable!("told in their own ways"),
        };
        self.facts.push(StoryFact { subject, kind, id: id.into(), place: self.place, at: self.at, row: Some(row) });
    }

    /// A row that the source may give to another order later.
    pub fn put_owned(&mut self, subject: Subject, id: impl Into<Text>, row: Row) {
        let kind = match &row {
            Row::Order(row) => row.kind(),
            other => unreachable!("{other:?} is no row of an order"),
        };
        let id = id.into();
        // Whose source it is comes from the record.
        let owner = Subject::RowOwner(RowKey { kind, source: SourceId::WAYBILL, id: id.clone() });
        let row = Some(Row::Owned(Box::new(OwnedRow { subject, row })));
        self.facts.push(StoryFact { subject: owner, kind, id, place: self.place, at: self.at, row });
    }

    /// Of the rows of this kind whose ids begin so, only those of the same line stand; older ones are deleted.
    pub fn all_that_stand(&mut self, entity: EntityKind, kind: u8, prefix: Text) {
        let Place::Position([of, line, _]) = self.place else { unreachable!("a story's lines have positions") };
        let set = Subject::Set(RowSet { source: SourceId::WAYBILL, entity, kind, prefix });
        let row = Some(Row::Watermark(Watermark::Raised));
        let place = Place::Position([of, line, 0]);
        self.facts.push(StoryFact { subject: set, kind: Watermark::KIND, id: Text::default(), place, at: self.at, row });
    }

    /// A snapshot that reads all rows of this kind begins: the rows that it reads follow.
    pub fn reads_anew(&mut self, kind: u8) {
        let set = Subject::Set(RowSet { source: SourceId::WAYBILL, entity: EntityKind::Orders, kind, prefix: Text::default() });
        let row = Some(Row::Watermark(Watermark::Read));
        self.facts.push(StoryFact { subject: set, kind: Watermark::KIND, id: Text::default(), place: self.place, at: self.at, row });
    }

    pub fn delete(&mut self, subject: Subject, kind: u8, id: impl Into<Text>) {
        self.facts.push(StoryFact { subject, kind, id: id.into(), place: self.place, at: self.at, row: None });
    }

    pub fn link(&mut self, name: Alias, to: Link) {
        self.put(Subject::Alias(name), "", Row::Link(to));
    }

    pub fn clock(&self) -> Clock {
        Clock::of(self.at)
    }
}

pub(super) fn number(order: &str) -> Alias {
    Alias::new(Alias::ORDER_NUMBER, order)
}

impl Teller {
    /// `lines`: the whole story, to know which order was placed where.
    pub fn new(lines: &[StoryLine]) -> Self {
        let mut placed_in = BTreeMap::new();
        let mut first = None;
        for line in lines {
            let mut words = Cursor::new(&line.says, line.number);
            if let (true, Some(order)) = (words.is("order"), words.take()) {
                placed_in.entry(order.to_owned()).or_insert_with(|| line.who.clone());
                first.get_or_insert_with(|| order.to_owned());
            }
        }
        Self {
            placed_in,
            first,
            known: BTreeMap::new(),
            documents: BTreeMap::new(),
            warehouse_lines: BTreeMap::new(),
            products: BTreeMap::new(),
            approved: BTreeMap::new(),
            old_lines: 0,
        }
    }

    /// The facts of a line.
    pub fn tell(&mut self, line: &StoryLine) -> Result<Vec<StoryFact>, Wrong> {
        let mut words = Cursor::new(&line.says, line.number);
        let place = if line.marks.old {
            self.old_lines += 1;
            Place::Position([0, self.old_lines, 0])
        } else {
            Place::Position([1, line.number as u64, 0])
        };
        let order = line.marks.order.clone().or_else(|| self.first.clone()).unwrap_or_default();
        let at = line.marks.own_time.unwrap_or(line.at);
        let mut telling = Telling { who: &line.who, order, at, place, facts: Vec::new() };
        let verb = words.word("what it says")?;
        match verb {
            "passes" if line.who == "time" => {}
            "order" => self.order(&mut words, &mut telling)?,
            "line" => self.line(&mut words, &mut telling)?,
            "books" => self.books(&mut words, &mut telling)?,
            "charge" => self.charge(&mut words, &mut telling)?,
            "paid" | "authorised" | "captured" | "voided" | "payment-failed" => self.payment(verb, &mut words, &mut telling)?,
            "hold" => self.hold(&mut words, &mut telling)?,
            "cancels" => self.cancels(&mut words, &mut telling)?,
            _ => {
                let known = self.systems(verb, &mut words, &mut telling)?
                    || self.stock(verb, &mut words, &mut telling)?
                    || self.people(verb, &mut words, &mut telling)?;
                if !known {
                    return Err(words.wrong(format!("unknown word \"{verb}\"")));
                }
            }
        }
        words.end()?;
        Ok(telling.facts)
    }

    /// The order itself where its own system tells of it, else the name by which others refer to it.
    pub(super) fn subject(&self, telling: &Telling<'_>) -> Subject {
        match self.placed_in.get(&telling.order) {
            Some(shop) if shop == telling.who => Subject::Order(OrderKey::new(shop, &telling.order)),
            _ => Subject::Alias(number(&telling.order)),
        }
    }

    pub(super) fn key(&self, order: &str) -> OrderKey {
        OrderKey::new(self.placed_in.get(order).map_or("shop", String::as_str), order)
    }

    pub(super) fn of(&mut self, telling: &Telling<'_>) -> &mut Known {
        self.known.entry(telling.order.clone()).or_default()
    }

    /// A line of the order by its id, else goods by their SKU.
    pub(super) fn reference(&mut self, words: &mut Cursor<'_>, telling: &Telling<'_>) -> Result<LineRef, Wrong> {
        if let Some(word) = words.peek()
            && self.of(telling).lines.contains_key(word)
        {
            words.take();
            return Ok(LineRef::Line(word.into()));
        }
        Ok(LineRef::Sku(words.sku()?))
    }

    pub(super) fn currency(&mut self, telling: &Telling<'_>) -> Currency {
        let told = self.of(telling).header.as_ref().map(|header| header.currency);
        told.unwrap_or_else(|| Currency::new("GBP").expect("a currency"))
    }

    fn order(&mut self, words: &mut Cursor<'_>, telling: &mut Telling<'_>) -> Result<(), Wrong> {
        telling.order = words.word("an order's number")?.to_owned();
        let order = telling.order.clone();
        let subject = self.subject(telling);
        if words.is("deleted") {
            telling.delete(subject, OrderRow::HEADER, order.as_str());
            return Ok(());
        }
        let mut header = self.of(telling).header.clone().unwrap_or_else(|| fresh(&order, telling));
        let mut ship_to = None;
        while let Some(word) = words.take() {
            match word {
                "total" => header.total = words.amount()?,
                "currency" => header.currency = currency(words)?,
                "ship-to" => ship_to = Some(words.word("a country")?),
                "lines" => header.lines_expected = Some(words.count()?),
                "pieces" => header.quantity_expected = Some(words.pieces()?),
                "whole" => header.whole = true,
                "test" => header.test = true,
                "cod" => header.terms = Terms::CashOnDelivery,
                "on-account" => header.terms = Terms::OnAccount,
                "tax-added" => header.prices_include_tax = false,
                "nothing-to-ship" => header.ships = false,
                "in-one-go" => header.advice = Advice::Whole,
                "guest" => header.customer = None,
                "customer" => header.customer = Some(rows_people::account(words.word("an account")?)),
                "address" => {
                    let digest = rows_people::address(words)?;
                    header.email_digest = Some(digest);
                    header.brand = rows_people::BRAND.into();
                    header.customer = header.customer.take().or_else(|| Some(CustomerKey::guest(rows_people::BRAND, &digest)));
                }
                "numbered" => header.number = words.word("a public number")?.into(),
                "without-email" => header.email = None,
                "channel" => header.channel = words.word("a channel")?.into(),
                "origin" => {
                    header.origin =
                        words.one_of(&[("web", Origin::Web), ("pos", Origin::Pos), ("erp", Origin::Erp), ("market", Origin::Market)])?;
                }
                "placed" => header.placed_at = words.moment(&telling.clock())?,
                "promised" => header.promised_at = Some(words.moment(&telling.clock())?),
                "replaces" => header.replaces = Some(self.key(words.word("an order's number")?)),
                "replaced-by" => header.replaced_by = Some(self.key(words.word("an order's number")?)),
                "cancelled" => header.state = Word::Known(ShopState::Cancelled),
                "closed" => header.state = Word::Known(ShopState::Closed),
                "state" => header.state = Word::Unknown(words.word("a state")?.into()),
                other => return Err(words.wrong(format!("unknown word \"{other}\" of an order"))),
            }
        }
        self.of(telling).header = Some(header.clone());
        let public = header.number.clone();
        if let (Subject::Order(old), Some(next)) = (&subject, &header.replaced_by) {
            let cancelled = header.state == Word::Known(ShopState::Cancelled);
            let row = OrderRow::Predecessor(Predecessor { order: old.clone(), cancelled });
            telling.put(Subject::Order(next.clone()), old.0.as_str(), Row::Order(row));
        }
        telling.put(subject.clone(), order.as_str(), Row::Order(OrderRow::Header(Box::new(header))));
        if let Some(country) = ship_to {
            let address = Address { country: country.into(), city: Personal("Leeds".into()), ..Address::default() };
            telling.put(subject.clone(), "shipping", Row::Order(OrderRow::ShipTo(Box::new(address))));
        }
        if let Subject::Order(key) = subject {
            telling.link(number(&public), Link::Order(key));
        }
        Ok(())
    }

    fn line(&mut self, words: &mut Cursor<'_>, telling: &mut Telling<'_>) -> Result<(), Wrong> {
        let id = words.word("a line's id")?.to_owned();
        let subject = self.subject(telling);
        if words.is("deleted") {
            telling.delete(subject, OrderRow::LINE, id.as_str());
            return Ok(());
        }
        words.is(":");
        let (ordered, sku) = (words.pieces()?, words.sku()?);
        let known = self.of(telling);
        let position = known.lines.len() as u32 + 1;
        let mut line = known.lines.get(&id).cloned().unwrap_or_else(|| fresh_line(position, &sku));
        (line.ordered, line.sku, line.sku_text) = (ordered, sku.clone(), sku.as_str().into());
        while let Some(word) = words.take() {
            match word {
                "gross" => line.gross = words.amount()?,
                "tax" => line.tax = words.amount()?,
                "sale" => line.role = LineRole::Sale,
                "leaf-of" => (line.role, line.parent) = (LineRole::Leaf, Some(words.word("a line's id")?.into())),
                "text" => line.role = LineRole::Text,
                "kind" => line.kind = words.one_of(&KINDS)?,
                "needs" => line.needs = words.one_of(&NEEDS)?,
                "untracked" => line.tracked = false,
                "from" => line.location = Some(words.word("a location")?.into()),
                "cost" => line.unit_cost = Some(words.amount()?),
                "each" => line.per_parent = words.pieces()?,
                "parts" => line.parts = Some(words.count()?),
                "list" => line.list_price = Some(words.amount()?),
                "shown" => line.unit_price = Some(words.amount()?),
                other => return Err(words.wrong(format!("unknown word \"{other}\" of a line"))),
            }
        }
        known.lines.insert(id.clone(), line.clone());
        telling.put(subject, id.as_str(), Row::Order(OrderRow::Line(Box::new(line))));
        Ok(())
    }

    fn books(&mut self, words: &mut Cursor<'_>, telling: &mut Telling<'_>) -> Result<(), Wrong> {
        let id = words.word("a line's id")?.to_owned();
        words.is(":");
        let subject = self.subject(telling);
        let books = self.of(telling).books.entry(id.clone()).or_default();
        let shipped_before = books.shipped;
        while let Some(word) = words.take() {
            match word {
                "cancelled" => books.cancelled = words.pieces()?,
                "credited" => books.credited = words.pieces()?,
                "shipped" => books.shipped = words.pieces()?,
                "received" => books.received = Some(words.pieces()?),
                other => return Err(words.wrong(format!("unknown word \"{other}\" of books"))),
            }
        }
        let books = *books;
        if books.shipped != shipped_before {
            let since = ShippedSince { shipped: books.shipped };
            telling.put(subject.clone(), id.as_str(), Row::Order(OrderRow::ShippedSince(since)));
        }
        telling.put(subject, id.as_str(), Row::Order(OrderRow::LineProgress(books)));
        Ok(())
    }

    fn charge(&mut self, words: &mut Cursor<'_>, telling: &mut Telling<'_>) -> Result<(), Wrong> {
        let name = words.peek().unwrap_or_default().to_owned();
        let kind = words.one_of(&[
            ("shipping", ChargeKind::Shipping),
            ("wrapping", ChargeKind::Wrapping),
            ("duty", ChargeKind::Duty),
            ("handling", ChargeKind::Handling),
            ("tip", ChargeKind::Tip),
            ("rounding", ChargeKind::Rounding),
        ])?;
        let subject = self.subject(telling);
        let fresh = Charge { kind, gross: Amount::ZERO, tax: Amount::ZERO, removed: false };
        let charge = self.of(telling).charges.entry(kind).or_insert(fresh);
        if words.is("removed") {
            charge.removed = true;
        } else {
            charge.gross = words.amount()?;
            if words.is("tax") {
                charge.tax = words.amount()?;
            }
        }
        let charge = charge.clone();
        telling.put(subject, join_key(&[&name, "1"]), Row::Order(OrderRow::Charge(charge)));
        Ok(())
    }

    fn payment(&mut self, verb: &str, words: &mut Cursor<'_>, telling: &mut Telling<'_>) -> Result<(), Wrong> {
        let name = words.peek().unwrap_or_default().to_owned();
        let tender = words.one_of(&TENDERS)?;
        let subject = self.subject(telling);
        let fresh = Payment { reference: join_key(&[&telling.order, &name]), ..Payment::new(tender, self.currency(telling)) };
        let payment = self.of(telling).payments.entry(tender).or_insert(fresh);
        match verb {
            "paid" => {
                payment.captured = words.amount()?;
                payment.authorised = payment.captured;
            }
            "authorised" => payment.authorised = words.amount()?,
            "captured" => payment.captured = words.amount()?,
            "voided" => payment.authorised = payment.captured,
            _ => payment.failed = true,
        }
        while let Some(word) = words.take() {
            match word {
                "until" => payment.expires_at = Some(words.moment(&telling.clock())?),
                "currency" => payment.currency = Some(currency(words)?),
                "reference" => payment.reference = words.word("a reference")?.into(),
                other => return Err(words.wrong(format!("unknown word \"{other}\" of a payment"))),
            }
        }
        let payment = payment.clone();
        telling.put(subject, name.as_str(), Row::Order(OrderRow::Payment(payment)));
        Ok(())
    }

    fn hold(&mut self, words: &mut Cursor<'_>, telling: &mut Telling<'_>) -> Result<(), Wrong> {
        let reason = words.word("a reason")?;
        let active = !words.is("lifted");
        let subject = self.subject(telling);
        telling.put(subject, reason, Row::Order(OrderRow::Hold(Hold { reason: reason.into(), active })));
        Ok(())
    }

    fn cancels(&mut self, words: &mut Cursor<'_>, telling: &mut Telling<'_>) -> Result<(), Wrong> {
        let total = words.pieces()?;
        if !words.is("of") {
            return Err(words.wrong("expected \"of\" and a line or SKU"));
        }
        let line = self.reference(words, telling)?;
        let stopped = words.is("stopped");
        let reason: Text = if words.is("because") { words.word("a reason")?.into() } else { Text::default() };
        let id = match &line {
            LineRef::Line(line) => line.clone(),
            LineRef::Sku(sku) => sku.as_str().into(),
        };
        let subject = self.subject(telling);
        telling.put(subject, id, Row::Order(OrderRow::Cancellation(Cancellation { line, total, stopped, reason })));
        Ok(())
    }
}

pub(super) const TENDERS: [(&str, Tender); 8] = [
    ("card", Tender::Card),
    ("bank", Tender::Bank),
    ("cash", Tender::Cash),
    ("cash-on-delivery", Tender::CashOnDelivery),
    ("on-account", Tender::OnAccount),
    ("store-credit", Tender::StoreCredit),
    ("gift-card", Tender::GiftCard),
    ("exchange", Tender::Exchange),
];

const KINDS: [(&str, LineKind); 4] =
    [("goods", LineKind::Goods), ("gift-card", LineKind::GiftCard), ("service", LineKind::Service), ("tip", LineKind::Tip)];

const NEEDS: [(&str, Needs); 5] = [
    ("shipping", Needs::Ship),
    ("collection", Needs::Collect),
    ("nothing", Needs::Digital),
    ("counter", Needs::Taken),
    ("supplier", Needs::DropShip),
];

pub(super) fn currency(words: &mut Cursor<'_>) -> Result<Currency, Wrong> {
    let word = words.word("a currency")?;
    Currency::new(word).ok_or_else(|| words.wrong(format!("\"{word}\" is no currency")))
}

/// The header of an order before its first line.
fn fresh(order: &str, telling: &Telling<'_>) -> Header {
    Header {
        channel: "web".into(),
        brand: "acme".into(),
        prices_include_tax: true,
        payment_method: "card".into(),
        customer: Some(CustomerKey::account(telling.who, "7")),
        email: Some(Personal("anne@example.com".into())),
        shipping_method: "parcel".into(),
        ..Header::new(order.into(), telling.at, Currency::new("GBP").expect("a currency"), Amount::ZERO)
    }
}

fn fresh_line(position: u32, sku: &waybill::facts::Sku) -> Line {
    Line {
        position,
        sku_text: sku.as_str().into(),
        description: sku.as_str().into(),
        ..Line::new(sku.clone(), Quantity::ZERO, Amount::ZERO)
    }
}
