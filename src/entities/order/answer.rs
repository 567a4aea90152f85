//! An order as a person asks for it.
//!
//! The conditions of the order itself are in [`super::gates::OrderGates`]; those of each request stand beside the request's own rule.

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

/// An order for people: what `GET /orders/{id}` answers. Quantities in base units, amounts in `currency`. No person's data.
#[derive(Clone, Debug, Serialize)]
pub struct OrderAnswer {
    pub order: String,
    /// The shop's public number; the rest of the header is empty until the shop has told of the order.
    pub number: Option<String>,
    pub channel: Option<String>,
    pub placed_at: Option<Moment>,
    pub shop_state: Option<String>,
    pub erp_document: Option<String>,
    pub erp_states: Vec<&'static str>,
    pub stage: OrderStage,
    pub payment: PaymentWord,
    pub return_stage: ReturnStage,
    pub flags: Vec<&'static str>,
    pub money: MoneyAnswer,
    pub lines: Vec<LineAnswer>,
    pub warehouse: Vec<WarehouseAnswer>,
    pub parcels: Vec<ParcelAnswer>,
    pub returns: Vec<ReturnAnswer>,
    pub refunds: Vec<RefundAnswer>,
    pub conditions: Vec<Gate>,
    pub findings: Vec<FindingAnswer>,
    /// When this answer would next change by the clock alone.
    pub next_change: Option<Moment>,
}

#[derive(Clone, Debug, Serialize)]
pub struct MoneyAnswer {
    pub currency: Currency,
    pub total: Amount,
    pub captured: Amount,
    pub authorised_open: Amount,
    pub owed: Amount,
    /// What the customer is to get back in all.
    pub due: Amount,
    /// What he has got back.
    pub refunded: Amount,
    pub tenders: Vec<TenderAnswer>,
}

#[derive(Clone, Debug, Serialize)]
pub struct TenderAnswer {
    pub tender: Tender,
    pub captured: Amount,
    pub due: Amount,
    pub refunded: Amount,
}

#[derive(Clone, Debug, Serialize)]
pub struct LineAnswer {
    pub line: String,
    pub sku: String,
    pub description: String,
    pub location: Option<String>,
    pub gross: Amount,
    pub ordered: Quantity,
    pub wanted: Quantity,
    pub cancelled: Quantity,
    pub stopped: Quantity,
    pub despatched: Quantity,
    pub delivered: Quantity,
    pub authorised: Quantity,
    pub received: Quantity,
    pub returned: Quantity,
    pub kept: Quantity,
    pub refunded: Quantity,
}

#[derive(Clone, Debug, Serialize)]
pub struct WarehouseAnswer {
    pub source: String,
    pub number: String,
    pub location: String,
    pub state: String,
    pub pieces: Option<Quantity>,
}

#[derive(Clone, Debug, Serialize)]
pub struct ParcelAnswer {
    pub parcel: String,
    pub location: String,
    pub carrier: String,
    pub tracking: Option<String>,
    pub despatched_at: Moment,
    pub newest_scan: Option<ScanMeaning>,
    pub scanned_at: Option<Moment>,
    pub delivered_at: Option<Moment>,
    pub assumed: bool,
    /// SKU and quantity.
    pub lines: Vec<(String, Quantity)>,
}

#[derive(Clone, Debug, Serialize)]
pub struct ReturnAnswer {
    pub rma: String,
    pub authorised: Vec<(String, Quantity)>,
    /// Receipt, SKU, quantity.
    pub received: Vec<(String, String, Quantity)>,
}

#[derive(Clone, Debug, Serialize)]
pub struct RefundAnswer {
    pub source: String,
    pub id: String,
    pub tender: Tender,
    pub amount: Amount,
    pub state: &'static str,
    /// It is part of what is refunded; a mirror of another source's is not.
    pub counts: bool,
    pub at: Moment,
}

#[derive(Clone, Debug, Serialize)]
pub struct FindingAnswer {
    pub kind: &'static str,
    pub number: String,
    pub sentence: String,
    pub opens_at: Option<Moment>,
    /// A person has decided about it.
    pub decided: bool,
}

/// The order as a person asks for it.
pub fn summary(view: &OrderView<'_>, rules: &Rules) -> OrderAnswer {
    let header = view.placed.header;
    OrderAnswer {
        order: view.key.0.to_string(),
        number: header.map(|header| header.number.to_string()),
        channel: header.map(|header| header.channel.to_string()),
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
        findings: view.findings.iter().map(finding).collect(),
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

fn finding(finding: &Finding) -> FindingAnswer {
    FindingAnswer {
        kind: finding.kind,
        number: finding.number.clone(),
        sentence: finding.sentence.clone(),
        opens_at: finding.opens_at,
        decided: finding.decided,
    }
}
