//! The answer to `GET /orders/{id}`.
//!
//! It has the conditions of the order itself ([`super::gates::OrderGates`]). The conditions of each request are in the request's own file.

use serde::Serialize;

use super::back::ReturnView;
use super::figures::LineView;
use super::findings::{self, Finding};
use super::gates::Gate;
use super::paid::RefundView;
use super::sent::{ParcelView, WarehouseView};
use super::standing::{OrderStage, PaymentWord, ReturnStage};
use super::view::OrderView;
use crate::entities::rules::Rules;
use crate::facts::order::{ScanMeaning, Tender};
use crate::facts::{Amount, Currency, Moment, Quantity};

/// An order for people. Quantities in base units, amounts in `currency`. Without personal data.
#[derive(Clone, Debug, Serialize)]
pub struct OrderAnswer {
    /// The order's key.
    pub order: String,
    /// The shop's public number; this and the next three are empty until the shop's header is there.
    pub number: Option<String>,
    /// The channel that sold it.
    pub channel: Option<String>,
    /// The shop's store view that it was placed in, where the shop has such.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub store: Option<String>,
    /// When it was placed.
    pub placed_at: Option<Moment>,
    /// The shop's state, as the shop writes it.
    pub shop_state: Option<String>,
    /// The number of the ERP's record.
    pub erp_document: Option<String>,
    /// States of the ERP's documents.
    pub erp_states: Vec<&'static str>,
    /// How far the order is.
    pub stage: OrderStage,
    /// How far it is paid.
    pub payment: PaymentWord,
    /// How far its returns are.
    pub return_stage: ReturnStage,
    /// `held`, `delayed`, `backordered` ...
    pub flags: Vec<&'static str>,
    /// Totals and tenders.
    pub money: MoneyAnswer,
    /// Lines as ordered, with their quantities.
    pub lines: Vec<LineAnswer>,
    /// Warehouse orders.
    pub warehouse: Vec<WarehouseAnswer>,
    /// Parcels.
    pub parcels: Vec<ParcelAnswer>,
    /// Return authorisations with their receipts.
    pub returns: Vec<ReturnAnswer>,
    /// Refunds of all systems.
    pub refunds: Vec<RefundAnswer>,
    /// The conditions of requests.
    pub conditions: Vec<Gate>,
    /// What a person has to look at.
    pub findings: Vec<FindingAnswer>,
    /// When this answer changes next because time passes; `None`: never.
    pub next_change: Option<Moment>,
}

/// The order's money.
#[derive(Clone, Debug, Serialize)]
pub struct MoneyAnswer {
    /// The order's currency.
    pub currency: Currency,
    /// The header's total.
    pub total: Amount,
    /// Captured in all.
    pub captured: Amount,
    /// Authorised and not yet captured, neither expired nor voided.
    pub authorised_open: Amount,
    /// What the customer owes for kept pieces and charges that stay.
    pub owed: Amount,
    /// What the customer has to get back in all.
    pub due: Amount,
    /// What the customer has got back.
    pub refunded: Amount,
    /// Given to the customer for nothing that he gave back.
    pub goodwill: Amount,
    /// Kept back of what he gave back.
    pub fees: Amount,
    /// Captured, due and refunded by tender.
    pub tenders: Vec<TenderAnswer>,
}

/// The money of one tender.
#[derive(Clone, Debug, Serialize)]
pub struct TenderAnswer {
    /// The tender.
    pub tender: Tender,
    /// Captured by it.
    pub captured: Amount,
    /// Due back by it.
    pub due: Amount,
    /// Refunded by it.
    pub refunded: Amount,
}

/// A line with its quantities.
#[derive(Clone, Debug, Serialize)]
pub struct LineAnswer {
    /// The shop's line id.
    pub line: String,
    /// The SKU that is picked.
    pub sku: String,
    /// What the shop calls it.
    pub description: String,
    /// The location that sends it.
    pub location: Option<String>,
    /// The price of all ordered pieces, tax included.
    pub gross: Amount,
    /// Pieces ordered.
    pub ordered: Quantity,
    /// Ordered, less what is cancelled and not despatched.
    pub wanted: Quantity,
    /// The largest total of shop, ERP and warehouse.
    pub cancelled: Quantity,
    /// Cancelled pieces that can't be sent any more.
    pub stopped: Quantity,
    /// Despatched pieces.
    pub despatched: Quantity,
    /// Delivered pieces.
    pub delivered: Quantity,
    /// Authorised to come back, for money.
    pub authorised: Quantity,
    /// Received back, in any condition.
    pub received: Quantity,
    /// Returned for money.
    pub returned: Quantity,
    /// Ordered - stopped - returned.
    pub kept: Quantity,
    /// Cancelled or returned pieces whose refund is paid.
    pub refunded: Quantity,
}

/// A warehouse order.
#[derive(Clone, Debug, Serialize)]
pub struct WarehouseAnswer {
    /// The warehouse system.
    pub source: String,
    /// Its number there.
    pub number: String,
    /// The location that sends it.
    pub location: String,
    /// Its state, or the warehouse's own word if that has no meaning.
    pub state: String,
    /// The pieces on it now, if reported.
    pub pieces: Option<Quantity>,
}

/// A parcel.
#[derive(Clone, Debug, Serialize)]
pub struct ParcelAnswer {
    /// The despatch's number.
    pub parcel: String,
    /// The location that sent it.
    pub location: String,
    /// The carrier, as reported.
    pub carrier: String,
    /// The number on its label.
    pub tracking: Option<String>,
    /// The numbers of further parcels of the despatch, which have no content of their own here.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub also_tracked: Vec<String>,
    /// When it was despatched.
    pub despatched_at: Moment,
    /// The meaning of its newest scan.
    pub newest_scan: Option<ScanMeaning>,
    /// The time of that scan.
    pub scanned_at: Option<Moment>,
    /// When it was delivered, or is assumed to have been.
    pub delivered_at: Option<Moment>,
    /// Assumed to be delivered, without a scan.
    pub assumed: bool,
    /// SKU and quantity.
    pub lines: Vec<(String, Quantity)>,
}

/// A return authorisation.
#[derive(Clone, Debug, Serialize)]
pub struct ReturnAnswer {
    /// Its number.
    pub rma: String,
    /// SKU and quantity.
    pub authorised: Vec<(String, Quantity)>,
    /// Receipt, SKU, quantity.
    pub received: Vec<(String, String, Quantity)>,
}

/// A refund.
#[derive(Clone, Debug, Serialize)]
pub struct RefundAnswer {
    /// The system that reports it.
    pub source: String,
    /// Its id there.
    pub id: String,
    /// The tender by which it is paid.
    pub tender: Tender,
    /// The amount paid back.
    pub amount: Amount,
    /// `success`, `pending`, `failed or unknown`.
    pub state: &'static str,
    /// It is part of what is refunded. A repetition of another source's refund is not.
    pub counts: bool,
    /// When it was made.
    pub at: Moment,
}

/// What a person has to look at.
#[derive(Clone, Debug, Serialize)]
pub struct FindingAnswer {
    /// The kind of exception.
    pub kind: &'static str,
    /// Distinguishes several of one kind; empty if there can be only one.
    pub number: String,
    /// What is wrong.
    pub sentence: String,
    /// When the exception opens; `None`: at once.
    pub opens_at: Option<Moment>,
    /// It waits for a person now: its time has come, and no decision covers it.
    pub open: bool,
    /// A person's decision covers it.
    pub decided: bool,
}

/// The answer for an order. `tick`: now.
pub fn summary(view: &OrderView<'_>, rules: &Rules, tick: Moment) -> OrderAnswer {
    let header = view.placed.header;
    OrderAnswer {
        order: view.key.0.to_string(),
        number: header.map(|header| header.number.to_string()),
        channel: header.map(|header| header.channel.to_string()),
        store: header.map(|header| header.store.to_string()).filter(|store| !store.is_empty()),
        placed_at: header.map(|header| header.placed_at),
        shop_state: header.map(|header| header.raw_state.to_string()),
        erp_document: view.erp.document.map(str::to_owned),
        erp_states: view.erp.states.clone(),
        stage: view.standing.stage,
        payment: view.standing.payment,
        return_stage: view.standing.return_stage,
        flags: view.standing.flags.clone(),
        money: money(view),
        lines: view.lines.iter().map(line).collect(),
        warehouse: warehouse(view, rules),
        parcels: view.sent.parcels.iter().map(|each| parcel(view, each)).collect(),
        returns: returns(view),
        refunds: refunds(view, rules),
        conditions: view.gates.all().into_iter().cloned().collect(),
        findings: view.findings.iter().map(|found| finding(found, tick)).collect(),
        next_change: view.next_change,
    }
}

fn money(view: &OrderView<'_>) -> MoneyAnswer {
    let money = &view.money;
    let tenders = money.tenders.iter().map(|tender| TenderAnswer {
        tender: tender.tender,
        captured: tender.captured,
        due: tender.due,
        refunded: tender.refunded,
    });
    MoneyAnswer {
        currency: money.currency,
        total: money.total,
        captured: money.captured,
        authorised_open: money.authorised_open,
        owed: money.owed,
        due: money.due,
        refunded: money.refunded,
        goodwill: money.goodwill,
        fees: money.fees,
        tenders: tenders.collect(),
    }
}

fn line(line: &LineView<'_>) -> LineAnswer {
    LineAnswer {
        line: line.id.to_owned(),
        sku: line.sku.to_string(),
        description: line.line.description.to_string(),
        location: line.erp.location.map(str::to_owned),
        gross: line.gross,
        ordered: line.ordered,
        wanted: line.sent.wanted,
        cancelled: line.sent.cancelled,
        stopped: line.kept.stopped,
        despatched: line.sent.despatched,
        delivered: line.sent.delivered,
        authorised: line.back.authorised,
        received: line.back.received,
        returned: line.back.returned,
        kept: line.kept.pieces,
        refunded: line.refunded,
    }
}

fn warehouse(view: &OrderView<'_>, rules: &Rules) -> Vec<WarehouseAnswer> {
    let answer = |order: &WarehouseView<'_>| WarehouseAnswer {
        source: rules.name_of(order.source).to_owned(),
        number: order.number.to_owned(),
        location: order.location.to_owned(),
        state: findings::text(order.state),
        pieces: order.pieces,
    };
    view.sent.warehouse.iter().map(answer).collect()
}

fn sku(view: &OrderView<'_>, line: usize) -> String {
    view.lines.get(line).map(|line| line.sku.to_string()).unwrap_or_default()
}

fn parcel(view: &OrderView<'_>, parcel: &ParcelView<'_>) -> ParcelAnswer {
    ParcelAnswer {
        parcel: parcel.key.to_owned(),
        location: parcel.location.to_owned(),
        carrier: parcel.carrier.to_owned(),
        tracking: parcel.tracking.map(str::to_owned),
        also_tracked: parcel.beside.iter().map(|number| (*number).to_owned()).collect(),
        despatched_at: parcel.despatched_at,
        newest_scan: parcel.newest_scan.map(|(meaning, _)| meaning),
        scanned_at: parcel.newest_scan.map(|(_, at)| at),
        delivered_at: parcel.delivered_at,
        assumed: parcel.assumed,
        lines: parcel.lines.iter().map(|(line, quantity)| (sku(view, *line), *quantity)).collect(),
    }
}

fn returns(view: &OrderView<'_>) -> Vec<ReturnAnswer> {
    let answer = |returned: &ReturnView<'_>| ReturnAnswer {
        rma: returned.rma.to_owned(),
        authorised: returned
            .lines
            .iter()
            .filter(|line| line.authorised)
            .filter_map(|line| Some((sku(view, line.line?), line.quantity)))
            .collect(),
        received: returned
            .receipts
            .iter()
            .flat_map(|receipt| receipt.lines.iter().map(|(line, quantity)| (receipt.receipt.to_owned(), sku(view, *line), *quantity)))
            .collect(),
    };
    view.back.returns.iter().map(answer).collect()
}

fn refunds(view: &OrderView<'_>, rules: &Rules) -> Vec<RefundAnswer> {
    let answer = |refund: &RefundView<'_>| RefundAnswer {
        source: rules.name_of(refund.source).to_owned(),
        id: refund.id.to_owned(),
        tender: refund.tender,
        amount: refund.amount,
        state: match (refund.success, refund.pending) {
            (true, _) => "success",
            (_, true) => "pending",
            _ => "failed or unknown",
        },
        counts: refund.counts,
        at: refund.at,
    };
    view.money.refunds.iter().map(answer).collect()
}

fn finding(finding: &Finding, tick: Moment) -> FindingAnswer {
    FindingAnswer {
        kind: finding.kind,
        number: finding.number.clone(),
        sentence: finding.sentence.clone(),
        opens_at: finding.opens_at,
        open: finding.is_open(tick),
        decided: finding.decided,
    }
}
