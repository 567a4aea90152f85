//! `sales-orders`: the order's record in the ERP. A document ledger: the whole image, whenever it differs from the one last asked.
//!
//! | action | due when | conditions |
//! | --- | --- | --- |
//! | `create` | nothing asked, no record, something is wanted | complete, sound, secured (or placed, by configuration), the order it replaces is cancelled |
//! | `change` | asked or recorded, and the image differs from the one last asked | complete, sound |
//! | `cancel` | asked or recorded, nothing wanted, nothing despatched | that it was asked |
//!
//! A record that the ERP made without a request is adopted: the image at that seal is entered in the ledger as requested, and nothing is sent. An
//! order of the ERP's own is never requested.

use serde::{Deserialize, Serialize};

use super::body::{LineNames, OrderRef, RequestBody, RequestHead, digest};
use super::gate::RequestGate;
use super::outlet::Outlet;
use super::request::{self, Request, WhyTopic};
use crate::entities::ledger::DocumentLedger;
use crate::entities::order::OrderView;
use crate::entities::order::figures::LineView;
use crate::entities::order::money::TenderView;
use crate::entities::order::paid::Capture;
use crate::entities::order::worth::{self, Worth, worth};
use crate::entities::rules::{ErpWhen, Role, Rules};
use crate::entities::tax_code::TaxCode;
use crate::entities::topics::Topic;
use crate::facts::order::{Address, Advice, Charge, ChargeKind, Header, LineKind, Needs, Origin, Personal, Tender, Terms};
use crate::facts::{Amount, Currency, Moment, Quantity, Text};

/// What is asked of the ERP.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SalesOrderAction {
    /// Once for each order.
    Create,
    /// The record differs from the image.
    Change,
    /// Nothing is wanted any more.
    Cancel,
}

/// Request to the ERP: the order's record as it shall stand. The whole image; a further step replaces the one before. Each order has one
/// ledger.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SalesOrder {
    /// Which step of which ledger it is.
    #[serde(flatten)]
    pub head: RequestHead,
    /// What is asked of the ERP.
    pub action: SalesOrderAction,
    /// Which order it is about.
    #[serde(flatten)]
    pub order: OrderRef,
    /// The sales channel, as the configuration names it.
    pub channel: Text,
    /// The brand that the customer bought from, as the configuration names it.
    pub brand: Text,
    /// The part of the shop that it was placed in (a store view), as the shop names it; empty: the shop has none.
    pub store: Text,
    /// Where the order was placed.
    pub origin: Origin,
    /// When the customer placed the order, by the shop's clock.
    pub placed_at: Moment,
    /// When that happened which made the request due: the business time of the order's newest row, by its source's clock.
    pub occurred_at: Moment,
    /// When the customer was promised the goods; null: nothing was promised.
    pub promised_at: Option<Moment>,
    /// Of every amount in this event: the currency that the customer was charged in.
    pub currency: Currency,
    /// The shop shows prices with tax inside. Amounts here have tax inside either way.
    pub prices_include_tax: bool,
    /// Sum of the wanted lines and the charges, tax inside.
    pub total: Amount,
    /// The customer's key: `account|source|id`, or `guest|brand|digest of the email`; null: nobody known.
    pub customer: Option<Text>,
    /// The customer's email address, as the shop has it; null: not told.
    pub email: Option<Personal>,
    /// Codes of coupons that were used, with commas between them; empty: none, or not told.
    pub coupon: Text,
    /// What the customer wrote to the shop; empty: nothing.
    pub note: Personal,
    /// Shipping method, in the shop's word.
    pub shipping_method: Text,
    /// May the order be sent in parts?
    pub advice: Advice,
    /// Payment method, in the shop's word.
    pub payment_method: Text,
    /// When the customer pays.
    pub terms: Terms,
    /// All lines, also those of which nothing is wanted any more.
    pub lines: Vec<ImageLine>,
    /// Charges that the customer is to pay.
    pub charges: Vec<ImageCharge>,
    /// Payments by tender, from the shop.
    pub payments: Vec<ImagePayment>,
    /// Each capture of these payments, the earliest first.
    pub captures: Vec<ImageCapture>,
    /// Authorised and not captured yet, over all tenders; neither expired nor voided.
    pub authorised_open: Amount,
    /// Where the goods go; null while unknown or where nothing is shipped.
    pub ship_to: Option<Address>,
    /// Whom the invoice names; null while unknown.
    pub bill_to: Option<Address>,
    /// Reasons of the holds in force, in the words of who set them.
    pub holds: Vec<Text>,
    /// Sold and taken away at a counter: nothing is to be sent.
    pub taken: bool,
}

impl RequestBody for SalesOrder {
    const TOPIC: Topic = Topic::SalesOrders;

    fn head(&mut self) -> &mut RequestHead {
        &mut self.head
    }

    fn corrects(&self) -> bool {
        self.action != SalesOrderAction::Create
    }

    fn content(&self) -> u64 {
        let mut wanted = self.clone();
        wanted.occurred_at = wanted.placed_at;
        wanted.captures.clear();
        (wanted.order.erp_number, wanted.order.erp_id) = Default::default();
        for line in &mut wanted.lines {
            (line.names.erp_line, line.names.erp_item) = Default::default();
        }
        digest(&wanted)
    }
}

impl SalesOrder {
    /// Adds to an image what changes while the order does not: when rows came, and what the ERP calls order and lines.
    fn complete(&mut self, view: &OrderView<'_>, header: &Header) {
        self.occurred_at = request::occurred_at(view, header);
        // Their sums stand in `payments`: a payment's row that is written again moves no money.
        self.captures = view.paid.captures.iter().filter(|capture| capture.amount.is_positive()).map(image_capture).collect();
        self.order = OrderRef::new(view, header);
        for (line, of) in self.lines.iter_mut().zip(&view.lines) {
            (line.names.erp_line, line.names.erp_item) = (of.erp.line_id.clone(), of.erp.item.clone());
        }
    }
}

/// An order line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ImageLine {
    /// The shop's id of the order line.
    pub line: Text,
    /// SKU of the goods: trimmed, Unicode NFC, upper case.
    pub sku: Text,
    /// How else the line is called.
    #[serde(flatten)]
    pub names: LineNames,
    /// The line's text, by the shop.
    pub description: Text,
    /// What kind of thing is sold.
    pub kind: LineKind,
    /// How it reaches the customer.
    pub needs: Needs,
    /// The shop's id of the bundle that the line is a part of; null: of none.
    pub part_of: Option<Text>,
    /// Where the order wants it sent from, by the code of the system that counts there: the shop's word, else the only shipping location of the
    /// channel; null: left to the ERP.
    pub location: Option<Text>,
    /// Pieces ordered; cancellations do not lower it.
    pub ordered: Quantity,
    /// Ordered less cancelled.
    pub wanted: Quantity,
    /// The price of one piece that the shop showed, tax as in `prices_include_tax`; null: not told.
    pub unit_price: Option<Amount>,
    /// What discounts take off the ordered pieces, tax as in `prices_include_tax`; null where no unit price is told.
    pub discount: Option<Amount>,
    /// Value of the wanted pieces after discounts, tax inside.
    pub gross: Amount,
    /// The part of `gross` that is tax.
    pub tax: Amount,
    /// The country in which tax is owed and its rate in percent, as in `DE-19`.
    pub tax_code: Text,
}

/// A charge of the order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ImageCharge {
    /// What it is for.
    pub kind: ChargeKind,
    /// Tax inside.
    pub gross: Amount,
    /// The part of `gross` that is tax.
    pub tax: Amount,
    /// The country in which tax is owed and its rate in percent, as in `DE-19`.
    pub tax_code: Text,
}

/// Money that was taken at once.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ImageCapture {
    /// How it was paid.
    pub tender: Tender,
    /// The system's id of the capture: of its transaction, else of the payment.
    pub capture: Text,
    /// The gateway's reference of the capture; empty: not told.
    pub reference: Text,
    /// What was taken.
    pub amount: Amount,
    /// When, by the clock of the system that tells of it.
    pub captured_at: Moment,
}

/// What was paid by one tender.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ImagePayment {
    /// How it was paid.
    pub tender: Tender,
    /// Captured less voided, in all.
    pub captured: Amount,
    /// The gateway's reference of the capture.
    pub reference: Text,
}

impl Request for SalesOrder {
    type Ledger = DocumentLedger;

    fn emit(view: &OrderView<'_>, ledger: &mut DocumentLedger, outlet: &mut Outlet<'_>) {
        ask(view, ledger, outlet);
        let differs = view.findings.iter().any(|finding| finding.kind == "erp-differs");
        outlet.changed |= ledger.note_difference(differs, outlet.context.tick);
    }

    fn why(view: &OrderView<'_>, ledger: &DocumentLedger, rules: &Rules, _: Moment) -> Vec<WhyTopic> {
        let Some(header) = to_record(view, rules) else { return Vec::new() };
        let image = image(view, header, rules);
        let action = if unasked_record(view, ledger) { None } else { due(view, ledger, || digest(&image)) };
        let due = match action {
            Some(SalesOrderAction::Create) => format!("create with {} lines, {}", image.lines.len(), image.total.display(image.currency)),
            Some(SalesOrderAction::Change) => format!("change to {} lines, {}", image.lines.len(), image.total.display(image.currency)),
            Some(SalesOrderAction::Cancel) => "cancel".into(),
            None => "as requested".into(),
        };
        let requested = match (ledger.step, ledger.adopted) {
            (0, false) => "nothing".into(),
            (0, true) => "adopted: the ERP recorded it without our asking".into(),
            (step, _) if ledger.cancelled => format!("step {step}: cancelled"),
            (step, _) => format!("step {step}"),
        };
        let gate = gate(view, ledger, rules, action.unwrap_or(SalesOrderAction::Change));
        vec![WhyTopic::new(Self::TOPIC, Text::default(), due, requested, gate)]
    }
}

/// Makes the request that is due, if any.
fn ask(view: &OrderView<'_>, ledger: &mut DocumentLedger, outlet: &mut Outlet<'_>) {
    let rules = outlet.context.rules;
    let Some(header) = to_record(view, rules) else { return };
    if unasked_record(view, ledger) && gate(view, ledger, rules, SalesOrderAction::Change).open() {
        enter(view, ledger, digest(&image(view, header, rules)));
        ledger.adopted = true;
        ledger.asked_at = Some(outlet.context.tick);
        outlet.changed = true;
        if !worth::all_cancelled(view, ledger.totals.keys()) {
            return;
        }
    }
    let Some(action) = due(view, ledger, || digest(&image(view, header, rules))) else { return };
    if !gate(view, ledger, rules, action).open() {
        return;
    }
    let mut image = image(view, header, rules);
    let content = digest(&image);
    image.complete(view, header);
    image.head.step = ledger.step + 1;
    image.action = action;
    if !outlet.request(view.key, image) {
        return;
    }
    enter(view, ledger, content);
    ledger.step += 1;
    ledger.cancelled = action == SalesOrderAction::Cancel;
    ledger.asked_at = Some(outlet.context.tick);
    ledger.first_asked_at = ledger.first_asked_at.or(ledger.asked_at);
}

/// The ERP has a record, and nothing was ever asked of it.
fn unasked_record(view: &OrderView<'_>, ledger: &DocumentLedger) -> bool {
    view.gates.recorded.holds && ledger.step == 0 && !ledger.adopted
}

/// What is to be asked of the ERP. `content`: the digest of the image that is wanted now, where it matters.
fn due(view: &OrderView<'_>, ledger: &DocumentLedger, content: impl FnOnce() -> u64) -> Option<SalesOrderAction> {
    let made = ledger.step > 0 || ledger.adopted || view.gates.recorded.holds;
    if !made {
        return (worth::wanted(view) && !view.erp.exists).then_some(SalesOrderAction::Create);
    }
    if worth::all_cancelled(view, ledger.totals.keys()) {
        return (!ledger.cancelled).then_some(SalesOrderAction::Cancel);
    }
    (content() != ledger.asked).then_some(SalesOrderAction::Change)
}

fn gate(view: &OrderView<'_>, ledger: &DocumentLedger, rules: &Rules, action: SalesOrderAction) -> RequestGate {
    match action {
        SalesOrderAction::Create => {
            let gate = RequestGate::of_money(view).and(&view.gates.not_replaced).and(&view.gates.in_place);
            if rules.erp_when == ErpWhen::Placed { gate } else { gate.and(&view.gates.secured) }
        }
        SalesOrderAction::Cancel if ledger.step > 0 || ledger.adopted => RequestGate::of_lowering(),
        SalesOrderAction::Change | SalesOrderAction::Cancel => RequestGate::of_money(view),
    }
}

fn enter(view: &OrderView<'_>, ledger: &mut DocumentLedger, content: u64) {
    ledger.asked = content;
    ledger.totals = view.lines.iter().map(|line| (line.id.into(), line.sent.wanted)).collect();
}

/// What was asked was asked with the person in it.
pub(super) fn forget_person(before: &OrderView<'_>, after: &OrderView<'_>, ledger: &mut DocumentLedger, rules: &Rules) {
    if let (Some(had), Some(has)) = (to_record(before, rules), to_record(after, rules))
        && ledger.asked == digest(&image(before, had, rules))
    {
        ledger.asked = digest(&image(after, has, rules));
    }
}

/// The header of an order that the ERP is to have. `None`: there is no order, no ERP, or the ERP wrote it itself.
fn to_record<'a>(view: &OrderView<'a>, rules: &Rules) -> Option<&'a Header> {
    view.placed.header.filter(|header| rules.has(Role::Erp) && header.origin != Origin::Erp)
}

/// The image wanted now, as step 0; its digest shows whether it differs from the last. What changes while the order does not is left out, until
/// [`SalesOrder::complete`] adds it.
fn image(view: &OrderView<'_>, header: &Header, rules: &Rules) -> SalesOrder {
    let mut holds: Vec<Text> = view.gates.holds.iter().map(|hold| hold.reason.into()).collect();
    holds.sort();
    holds.dedup();
    SalesOrder {
        head: RequestHead::new(view.key, &[], 0),
        action: SalesOrderAction::Create,
        order: OrderRef::of_shop(view, header),
        channel: header.channel.clone(),
        brand: header.brand.clone(),
        store: header.store.clone(),
        origin: header.origin,
        placed_at: header.placed_at,
        occurred_at: header.placed_at,
        promised_at: header.promised_at,
        currency: view.money.currency,
        prices_include_tax: header.prices_include_tax,
        total: worth::expected_worth(view, rules).gross,
        customer: customer(header),
        email: header.email.clone(),
        coupon: header.coupon.clone(),
        note: header.note.clone(),
        shipping_method: header.shipping_method.clone(),
        advice: header.advice,
        payment_method: header.payment_method.clone(),
        terms: header.terms,
        lines: image_lines(view, header),
        charges: worth::expected_charges(view, rules).map(|charge| image_charge(view, charge)).collect(),
        payments: image_payments(view),
        captures: Vec::new(),
        authorised_open: view.money.authorised_open,
        ship_to: view.placed.ship_to.cloned(),
        bill_to: view.placed.bill_to.cloned(),
        holds,
        taken: view.lines.iter().any(|line| line.goods.needs == Needs::Taken),
    }
}

fn customer(header: &Header) -> Option<Text> {
    header.customer.as_ref().map(|customer| customer.0.clone())
}

fn image_lines(view: &OrderView<'_>, header: &Header) -> Vec<ImageLine> {
    let image = |(at, line): (usize, &LineView<'_>)| {
        let (worth, whole) = (worth(line, line.sent.wanted), worth(line, line.ordered));
        // The shown price is of the sale; a part of a bundle has a share of it.
        let unit_price = line.line.unit_price.filter(|_| line.part_of.is_none());
        let owed = if header.prices_include_tax { whole.gross } else { whole.net() };
        ImageLine {
            line: line.id.into(),
            sku: line.sku.as_str().into(),
            names: LineNames::of_shop(at, line),
            description: line.line.description.clone(),
            kind: line.goods.kind,
            needs: line.goods.needs,
            part_of: line.part_of.map(|bundle| bundle.sale.into()),
            location: line.erp.wanted_location.map(Text::from),
            ordered: line.ordered,
            wanted: line.sent.wanted,
            unit_price,
            discount: unit_price.map(|price| price.times(line.ordered) - owed),
            gross: worth.gross,
            tax: worth.tax,
            tax_code: tax_code(view, whole, line.ordered),
        }
    };
    view.lines.iter().enumerate().map(image).collect()
}

/// The code of the tax in this worth of so many pieces: owed where the goods go, else where the customer lives.
fn tax_code(view: &OrderView<'_>, whole: Worth, pieces: Quantity) -> Text {
    let country = view.placed.ship_to.or(view.placed.bill_to).map(|address| address.country.as_str()).unwrap_or_default();
    TaxCode::of(country, whole.net(), whole.tax, pieces, view.money.currency).to_string().into()
}

fn image_charge(view: &OrderView<'_>, charge: &Charge) -> ImageCharge {
    let worth = Worth { gross: charge.gross, tax: charge.tax };
    let tax_code = tax_code(view, worth, Quantity::from_int(1));
    ImageCharge { kind: charge.kind, gross: charge.gross, tax: charge.tax, tax_code }
}

fn image_capture(capture: &Capture) -> ImageCapture {
    ImageCapture {
        tender: capture.tender,
        capture: capture.id.clone(),
        reference: capture.reference.clone(),
        amount: capture.amount,
        captured_at: capture.at,
    }
}

fn image_payments(view: &OrderView<'_>) -> Vec<ImagePayment> {
    let image = |tender: &TenderView| ImagePayment {
        tender: tender.tender,
        captured: tender.captured,
        reference: tender.reference.as_str().into(),
    };
    // A tender with refunds alone is no payment.
    view.money.tenders.iter().filter(|tender| tender.captured.is_positive()).map(image).collect()
}
