//! The lines that an order adds to its customer's history.

use crate::entities::order::figures::LineView;
use crate::entities::order::standing::OrderStage;
use crate::entities::order::view::OrderView;
use crate::entities::rules::Rules;
use crate::facts::customer::{HistoryKind, HistoryLine};
use crate::facts::ids::join_key;
use crate::facts::order::Header;
use crate::facts::{Amount, Quantity, Sku, Text};

pub(super) fn of(view: &OrderView<'_>, header: &Header, rules: &Rules) -> Vec<HistoryLine> {
    let mut history = vec![purchase(view, header)];
    for parcel in &view.sent.parcels {
        let lines = pieces(view, &parcel.lines);
        let amount = parcel.lines.iter().map(|(i, quantity)| view.lines[*i].value_of((*quantity).min(view.lines[*i].ordered))).sum();
        let state = if parcel.delivered_at.is_some() { "delivered" } else { "despatched" };
        let line =
            |kind, date, state: &str, lines| HistoryLine { kind, number: parcel.key.into(), date, lines, amount, state: state.into() };
        history.push(line(HistoryKind::Despatch, parcel.despatched_at, state, lines.clone()));
        if let Some(at) = parcel.delivered_at {
            let state = if parcel.assumed { "assumed" } else { "delivered" };
            history.push(line(HistoryKind::Delivery, at, state, lines));
        }
    }
    history.extend(cancellation(view, header));
    history.extend(returns(view));
    for refund in view.money.refunds.iter().filter(|refund| refund.counts) {
        history.push(HistoryLine {
            kind: HistoryKind::Refund,
            number: join_key(&[rules.name_of(refund.source), refund.id]),
            date: refund.at,
            lines: Vec::new(),
            amount: refund.amount,
            state: if refund.success { "paid".into() } else { "pending".into() },
        });
    }
    history
}

fn pieces(view: &OrderView<'_>, lines: &[(usize, Quantity)]) -> Vec<(Sku, Quantity)> {
    lines.iter().map(|(i, quantity)| (view.lines[*i].sku.clone(), *quantity)).collect()
}

fn purchase(view: &OrderView<'_>, header: &Header) -> HistoryLine {
    let state = match view.standing.stage {
        OrderStage::Cancelled => "cancelled",
        OrderStage::Delivered => "delivered",
        _ if view.standing.flags.contains(&"part-cancelled") => "part-cancelled",
        _ => "placed",
    };
    HistoryLine {
        kind: HistoryKind::Purchase,
        number: Text::default(),
        date: header.placed_at,
        lines: view.lines.iter().map(|line| (line.sku.clone(), line.ordered)).collect(),
        amount: header.total,
        state: state.into(),
    }
}

fn cancellation(view: &OrderView<'_>, header: &Header) -> Option<HistoryLine> {
    let cancelled = view.lines.iter().filter(|line| line.unwanted().is_positive());
    let lines: Vec<(Sku, Quantity)> = cancelled.map(|line| (line.sku.clone(), line.unwanted())).collect();
    if lines.is_empty() {
        return None;
    }
    let whole = view.standing.stage == OrderStage::Cancelled;
    Some(HistoryLine {
        kind: HistoryKind::Cancellation,
        number: Text::default(),
        date: view.sent.cancelled_at.unwrap_or(header.placed_at),
        lines,
        amount: view.lines.iter().map(|line| line.value_of(line.ordered) - line.value_of(line.sent.wanted)).sum(),
        state: if whole { "cancelled".into() } else { "part-cancelled".into() },
    })
}

/// One line for each authorisation: the pieces received under it, else the pieces authorised.
fn returns(view: &OrderView<'_>) -> impl Iterator<Item = HistoryLine> {
    view.back.returns.iter().filter_map(|returned| {
        let received: Vec<(usize, Quantity)> = returned.receipts.iter().flat_map(|receipt| receipt.lines.iter().copied()).collect();
        let authorised = returned.lines.iter().filter(|line| line.authorised);
        let logged = authorised.clone().filter_map(|line| Some((line.line?, line.quantity)));
        let date = returned.receipts.iter().map(|receipt| receipt.received_at).max();
        let date = date.or_else(|| authorised.clone().filter_map(|line| line.approved_at).max());
        let date = date.or(view.placed.header.map(|header| header.placed_at))?;
        let (state, lines) = if received.is_empty() { ("logged", logged.collect()) } else { ("received", received) };
        let amount: Amount = lines.iter().map(|(i, quantity): &(usize, Quantity)| worth(&view.lines[*i], *quantity)).sum();
        let line = HistoryLine {
            kind: HistoryKind::Return,
            number: returned.rma.into(),
            date,
            lines: pieces(view, &lines),
            amount,
            state: state.into(),
        };
        (!line.lines.is_empty()).then_some(line)
    })
}

/// The value of returned pieces: value of the despatched - value of the despatched without them, as for the refund.
fn worth(line: &LineView<'_>, quantity: Quantity) -> Amount {
    let sent = line.sent.despatched.min(line.ordered);
    line.value_of(sent) - line.value_of((sent - quantity).floor_zero())
}
