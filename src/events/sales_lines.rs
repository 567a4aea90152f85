//! `sales-lines`: each line as it is sold, cancelled and returned, once, in pieces and in money: for marketing and reporting. Running totals of either
//! sign.
//!
//! | kind | its total | conditions |
//! | --- | --- | --- |
//! | `sale` | what is ordered of the line, and its value | complete, sound, secured; something of the order is wanted |
//! | `cancel` | below zero: what is not wanted any more, and its value | its sale was told |
//! | `return` | below zero: what came back and was accepted, and its value | its sale was told |
//!
//! A step has the difference to the step before, so the steps of all kinds add up to what the customer keeps. What is cancelled late is worth what the
//! order loses by it; a value that alone is rounded otherwise is told with the next pieces.

use serde::{Deserialize, Serialize};

use super::body::{LineNames, OrderRef, RequestBody, RequestHead};
use super::gate::RequestGate;
use super::outlet::Outlet;
use super::request::{self, Request, WhyTopic};
use crate::entities::ledger::{SoldLedger, SoldLedgers};
use crate::entities::order::OrderView;
use crate::entities::order::figures::LineView;
use crate::entities::order::worth::{self, Worth, worth};
use crate::entities::rules::{Role, Rules};
use crate::entities::topics::Topic;
use crate::facts::ids::join_key;
use crate::facts::order::{Header, Personal};
use crate::facts::{Amount, Currency, Moment, Quantity, Text};

/// What happened to pieces of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SoldKind {
    /// They were sold.
    Sale,
    /// They were cancelled.
    Cancel,
    /// They came back.
    Return,
}

impl SoldKind {
    /// Every kind, in the order in which they are told.
    pub const ALL: [Self; 3] = [Self::Sale, Self::Cancel, Self::Return];

    /// As it is written in bodies and ledger keys.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sale => "sale",
            Self::Cancel => "cancel",
            Self::Return => "return",
        }
    }
}

/// For marketing and reporting: what was sold, cancelled or returned of an order line since the step before. Each order, kind and line has one ledger.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SalesLine {
    /// Which step of which ledger it is.
    #[serde(flatten)]
    pub head: RequestHead,
    /// What happened.
    pub kind: SoldKind,
    /// Which order it is about.
    #[serde(flatten)]
    pub order: OrderRef,
    /// The sales channel, as the configuration names it.
    pub channel: Text,
    /// The brand that the customer bought from, as the configuration names it.
    pub brand: Text,
    /// The part of the shop that it was placed in (a store view), as the shop names it; empty: the shop has none.
    pub store: Text,
    /// The customer's key: `account|source|id`, or `guest|brand|digest of the email`; null: nobody known.
    pub customer: Option<Text>,
    /// The customer's email address, where the configuration lets this topic have it (`[personal_data]`); else null.
    pub email: Option<Personal>,
    /// When it happened: when the order was placed, when the newest row cancelled something, when the goods were received; by the source's clock.
    pub occurred_at: Moment,
    /// Of every amount in this event: the currency that the customer was charged in.
    pub currency: Currency,
    /// The shop's id of the order line.
    pub line: Text,
    /// SKU of the goods: trimmed, Unicode NFC, upper case.
    pub sku: Text,
    /// How else the line is called.
    #[serde(flatten)]
    pub names: LineNames,
    /// The line's text, by the shop.
    pub description: Text,
    /// Why pieces are cancelled or come back, in the words of the systems that say so; empty: not told.
    pub reasons: Vec<Text>,
    /// This step's difference in pieces: sold above zero, cancelled and returned below.
    pub quantity: Quantity,
    /// This step's difference in value without tax.
    pub net: Amount,
    /// The tax on it.
    pub tax: Amount,
    /// This step's difference in value, tax inside.
    pub gross: Amount,
    /// Pieces of this kind after this step.
    pub total_quantity: Quantity,
    /// Their value, tax inside.
    pub total_gross: Amount,
}

impl RequestBody for SalesLine {
    const TOPIC: Topic = Topic::SalesLines;

    fn head(&mut self) -> &mut RequestHead {
        &mut self.head
    }

    fn corrects(&self) -> bool {
        self.kind != SoldKind::Sale
    }

    /// The next step would hold the difference too.
    fn waits_whole(&mut self) -> bool {
        true
    }
}

impl Request for SalesLine {
    type Ledger = SoldLedgers;

    fn emit(view: &OrderView<'_>, ledgers: &mut SoldLedgers, outlet: &mut Outlet<'_>) {
        let rules = outlet.context.rules;
        let (Some(header), true) = (view.placed.header, has_reader(rules)) else { return };
        if ledgers.is_empty() && !gate(view, ledgers, SoldKind::Sale, "").open() {
            return;
        }
        for (index, line) in view.lines.iter().enumerate() {
            for kind in SoldKind::ALL {
                let slot = slot(kind, line.id);
                let told = ledgers.get(&slot).copied().unwrap_or_default();
                if !differs(line, kind, &told) || !gate(view, ledgers, kind, line.id).open() {
                    continue;
                }
                let due = (pieces(line, kind), value(line, kind));
                let body = body(view, header, rules, (index, kind), &told, due);
                if outlet.request(view.key, body) {
                    let (quantity, Worth { gross, tax }) = due;
                    ledgers.insert(slot, SoldLedger { step: told.step + 1, quantity, gross, tax });
                }
            }
        }
    }

    fn why(view: &OrderView<'_>, ledgers: &SoldLedgers, rules: &Rules, _: Moment) -> Vec<WhyTopic> {
        if view.placed.header.is_none() || !has_reader(rules) {
            return Vec::new();
        }
        let of_kind = |line: &LineView<'_>, kind: SoldKind| {
            let (slot, due) = (slot(kind, line.id), pieces(line, kind));
            let told = ledgers.get(&slot).copied().unwrap_or_default();
            let gate = gate(view, ledgers, kind, line.id);
            let any = !due.is_zero() || told.step > 0;
            any.then(|| WhyTopic::new(Self::TOPIC, slot, format!("{due} pieces"), format!("{} pieces", told.quantity), gate))
        };
        view.lines.iter().flat_map(|line| SoldKind::ALL.map(|kind| of_kind(line, kind))).flatten().collect()
    }
}

/// Somebody reads it: marketing, or the CRM.
fn has_reader(rules: &Rules) -> bool {
    rules.has(Role::Marketing) || rules.has(Role::Crm)
}

/// The part of the ledger key after the order.
fn slot(kind: SoldKind, line: &str) -> Text {
    join_key(&[kind.name(), line])
}

/// Pieces of the line without those of the kind, and with them.
fn steps(line: &LineView<'_>, kind: SoldKind) -> (Quantity, Quantity) {
    let (ordered, wanted) = (line.ordered, line.sent.wanted);
    match kind {
        SoldKind::Sale => (Quantity::ZERO, ordered),
        SoldKind::Cancel => (ordered, wanted),
        SoldKind::Return => (wanted, (wanted - line.back.returned).floor_zero()),
    }
}

/// Pieces of the kind in all.
fn pieces(line: &LineView<'_>, kind: SoldKind) -> Quantity {
    let (from, to) = steps(line, kind);
    to - from
}

/// Their value.
fn value(line: &LineView<'_>, kind: SoldKind) -> Worth {
    let (from, to) = steps(line, kind);
    if from.is_zero() { worth(line, to) } else { worth(line, to).less(worth(line, from)) }
}

fn differs(line: &LineView<'_>, kind: SoldKind, told: &SoldLedger) -> bool {
    let is_worth = |Worth { gross, tax }: Worth| (gross, tax) == (told.gross, told.tax);
    pieces(line, kind) != told.quantity || (kind == SoldKind::Sale && !is_worth(value(line, kind)))
}

fn gate(view: &OrderView<'_>, ledgers: &SoldLedgers, kind: SoldKind, line: &str) -> RequestGate {
    let gate = RequestGate::of_money(view);
    let told = ledgers.contains_key(&slot(SoldKind::Sale, line));
    match kind {
        SoldKind::Sale if told => gate,
        SoldKind::Sale => {
            let wanted = worth::wanted(view) || view.lines.iter().any(|line| line.sent.despatched.is_positive());
            gate.and(&view.gates.secured).when("wanted", wanted, || ("something that is wanted of the order".into(), String::new()))
        }
        SoldKind::Cancel | SoldKind::Return => gate.when("sold", told, || ("the line's sale".into(), String::new())),
    }
}

fn body(
    view: &OrderView<'_>,
    header: &Header,
    rules: &Rules,
    (index, kind): (usize, SoldKind),
    told: &SoldLedger,
    (quantity, value): (Quantity, Worth),
) -> SalesLine {
    let line = &view.lines[index];
    let difference = value.less(Worth { gross: told.gross, tax: told.tax });
    let newest = || request::occurred_at(view, header);
    let received = || {
        let receipts = view.back.returns.iter().flat_map(|returned| &returned.receipts);
        receipts.filter(|receipt| receipt.lines.iter().any(|(of, _)| *of == index)).map(|receipt| receipt.received_at).max()
    };
    SalesLine {
        head: RequestHead::new(view.key, &[kind.name(), line.id], told.step + 1),
        kind,
        order: OrderRef::new(view, header),
        channel: header.channel.clone(),
        brand: header.brand.clone(),
        store: header.store.clone(),
        customer: header.customer.as_ref().map(|customer| customer.0.clone()),
        email: header.email.clone().filter(|_| rules.tells_email_on(Topic::SalesLines.name())),
        occurred_at: match kind {
            SoldKind::Sale if told.step == 0 => header.placed_at,
            SoldKind::Sale => newest(),
            SoldKind::Cancel => view.sent.cancelled_at.unwrap_or_else(newest),
            SoldKind::Return => received().unwrap_or_else(newest),
        },
        currency: view.money.currency,
        line: line.id.into(),
        sku: line.sku.as_str().into(),
        names: LineNames::at(view, index),
        description: line.line.description.clone(),
        reasons: match kind {
            SoldKind::Sale => Vec::new(),
            SoldKind::Cancel => request::cancelled_because(view, line),
            SoldKind::Return => request::returned_because(view, index),
        },
        quantity: quantity - told.quantity,
        net: difference.net(),
        tax: difference.tax,
        gross: difference.gross,
        total_quantity: quantity,
        total_gross: value.gross,
    }
}
