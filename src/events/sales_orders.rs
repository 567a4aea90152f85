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

use super::body::{OrderRef, RequestBody, RequestHead, digest};
use super::gate::RequestGate;
use super::outlet::Outlet;
use super::request::{Request, WhyTopic};
use crate::entities::ledger::DocumentLedger;
use crate::entities::order::OrderView;
use crate::entities::order::figures::LineView;
use crate::entities::order::money::TenderView;
use crate::entities::order::worth::{self, worth};
use crate::entities::rules::{ErpWhen, Role, Rules};
use crate::entities::topics::Topic;
use crate::facts::order::{Address, ChargeKind, Header, Needs, Origin, Tender};
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
    /// When the customer placed the order, by the shop's clock.
    pub placed_at: Moment,
    /// Of every amount in this event: the currency that the customer was charged in.
    pub currency: Currency,
    /// The shop shows prices with tax inside. Amounts here have tax inside either way.
    pub prices_include_tax: bool,
    /// Sum of the wanted lines and the charges, tax inside.
    pub total: Amount,
    /// The customer's key: `account|source|id`, or `guest|brand|digest of the email`; null: nobody known.
    pub customer: Option<Text>,
    /// Shipping method, in the shop's word.
    pub shipping_method: Text,
    /// Payment method, in the shop's word.
    pub payment_method: Text,
    /// All lines, also those of which nothing is wanted any more.
    pub lines: Vec<ImageLine>,
    /// Charges that the customer is to pay.
    pub charges: Vec<ImageCharge>,
    /// Payments by tender, from the shop.
    pub payments: Vec<ImagePayment>,
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
}

/// An order line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ImageLine {
    /// The shop's id of the order line.
    pub line: Text,
    /// SKU of the goods: trimmed, Unicode NFC, upper case.
    pub sku: Text,
    /// The line's text, by the shop.
    pub description: Text,
    /// Ordered less cancelled.
    pub wanted: Quantity,
    /// Value of the wanted pieces after discounts, tax inside.
    pub gross: Amount,
    /// The part of `gross` that is tax.
    pub tax: Amount,
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
        let Some(image) = image(view, rules) else { return Vec::new() };
        let action = if unasked_record(view, ledger) { None } else { due(view, ledger, digest(&image)) };
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
    let Some(mut image) = image(view, rules) else { return };
    if unasked_record(view, ledger) && gate(view, ledger, rules, SalesOrderAction::Change).open() {
        enter(view, ledger, digest(&image));
        ledger.adopted = true;
        ledger.asked_at = Some(outlet.context.tick);
        outlet.changed = true;
    }
    let content = digest(&image);
    let Some(action) = due(view, ledger, content) else { return };
    if !gate(view, ledger, rules, action).open() {
        return;
    }
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

fn due(view: &OrderView<'_>, ledger: &DocumentLedger, content: u64) -> Option<SalesOrderAction> {
    let made = ledger.step > 0 || ledger.adopted || view.gates.recorded.holds;
    if !made {
        return (worth::wanted(view) && !view.erp.exists).then_some(SalesOrderAction::Create);
    }
    if worth::all_cancelled(view, ledger.totals.keys()) {
        return (!ledger.cancelled).then_some(SalesOrderAction::Cancel);
    }
    (content != ledger.asked).then_some(SalesOrderAction::Change)
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

/// The image wanted now, as step 0; its digest shows whether it differs from the last. `None`: there is no order, no ERP, or the ERP wrote it itself.
fn image(view: &OrderView<'_>, rules: &Rules) -> Option<SalesOrder> {
    let header = view.placed.header?;
    if !rules.has(Role::Erp) || header.origin == Origin::Erp {
        return None;
    }
    let mut holds: Vec<Text> = view.gates.holds.iter().map(|hold| hold.reason.into()).collect();
    holds.sort();
    holds.dedup();
    Some(SalesOrder {
        head: RequestHead::new(view.key, &[], 0),
        action: SalesOrderAction::Create,
        order: OrderRef::new(view, header),
        channel: header.channel.clone(),
        brand: header.brand.clone(),
        placed_at: header.placed_at,
        currency: view.money.currency,
        prices_include_tax: header.prices_include_tax,
        total: worth::expected_worth(view, rules).gross,
        customer: customer(header),
        shipping_method: header.shipping_method.clone(),
        payment_method: header.payment_method.clone(),
        lines: image_lines(view),
        charges: worth::expected_charges(view, rules)
            .map(|charge| ImageCharge { kind: charge.kind, gross: charge.gross, tax: charge.tax })
            .collect(),
        payments: image_payments(view),
        authorised_open: view.money.authorised_open,
        ship_to: view.placed.ship_to.cloned(),
        bill_to: view.placed.bill_to.cloned(),
        holds,
        taken: view.lines.iter().any(|line| line.goods.needs == Needs::Taken),
    })
}

fn customer(header: &Header) -> Option<Text> {
    header.customer.as_ref().map(|customer| customer.0.clone())
}

fn image_lines(view: &OrderView<'_>) -> Vec<ImageLine> {
    let image = |line: &LineView<'_>| {
        let worth = worth(line, line.sent.wanted);
        ImageLine {
            line: line.id.into(),
            sku: line.sku.as_str().into(),
            description: line.line.description.clone(),
            wanted: line.sent.wanted,
            gross: worth.gross,
            tax: worth.tax,
        }
    };
    view.lines.iter().map(image).collect()
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
