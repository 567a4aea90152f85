//! Reference model, the goods of an order: what is ordered, despatched, cancelled and wanted of each line; parcels and what is delivered (rows.md, "Derived quantities").

use std::collections::{BTreeMap, BTreeSet};

use rust_decimal::Decimal;
use waybill::facts::order::{Despatch, ErpState, Line, LineProgress, LineRef, Needs, Scan, ScanMeaning, WarehouseLine, Word};
use waybill::facts::time::Span;
use waybill::facts::{Moment, OrderRow, Quantity, Sku};

use crate::fold::Kept;
use crate::world::{ERP, SEKO, WMS};

/// A line and what became of it.
#[derive(Clone, Debug)]
pub struct Goods {
    pub id: String,
    pub line: Line,
    pub ordered: Decimal,
    pub despatched: Decimal,
    pub cancelled: Decimal,
    pub wanted: Decimal,
    pub delivered: Decimal,
}

#[derive(Clone, Debug)]
pub struct Parcel {
    pub number: String,
    pub tracking: Option<String>,
    pub despatched_at: Moment,
    /// By line.
    pub pieces: BTreeMap<String, Decimal>,
    /// The newest scan, and when it was made.
    pub scan: Option<ScanMeaning>,
    pub scanned_at: Option<Moment>,
    pub delivered: bool,
    pub assumed: bool,
}

/// All goods of an order.
#[derive(Clone, Debug, Default)]
pub struct OrderGoods {
    pub lines: Vec<Goods>,
    pub parcels: Vec<Parcel>,
    /// Goods that left and are not on the order.
    pub others: BTreeSet<Sku>,
    /// A despatch names a line that is not there (yet).
    pub unknown_line: bool,
    /// Which line a row means is left open by the rows: several lines have its SKU. Lines are then not compared one by one.
    pub pooled: bool,
    /// More left than was ordered of a line: rows that contradict each other.
    pub over: bool,
    /// A closed line of a warehouse whose despatch rows do not agree with it, and that names no cancelled quantity.
    pub short_unproved: bool,
}

pub fn rows<'k, T: 'k>(kept: &'k [Kept<OrderRow>], pick: impl Fn(&'k OrderRow) -> Option<T>) -> Vec<(&'k Kept<OrderRow>, T)> {
    kept.iter().filter_map(|kept| Some((kept, pick(&kept.row)?))).collect()
}

/// The lines of the order, by position.
pub fn lines(kept: &[Kept<OrderRow>]) -> Vec<(String, Line)> {
    let pick = |row: &OrderRow| match row {
        OrderRow::Line(line) => Some((**line).clone()),
        _ => None,
    };
    // A line whose row was deleted is still a line.
    let mut lines: Vec<(String, Line)> = rows(kept, pick).into_iter().map(|(kept, line)| (kept.id.clone(), line)).collect();
    lines.sort_by_key(|(id, line)| (line.position, id.clone()));
    lines
}

fn decimal(quantity: Quantity) -> Decimal {
    quantity.decimal()
}

/// Spreads pieces that name a line or only a SKU: the named line; else the SKU's lines, earlier ones first, up to what was ordered; what is
/// too much goes to the last of them.
fn spread(lines: &[(String, Line)], taken: &BTreeMap<String, Decimal>, which: &LineRef, count: Decimal) -> (Vec<(String, Decimal)>, bool) {
    match which {
        LineRef::Line(id) => {
            let known = lines.iter().any(|(line, _)| line == id.as_str());
            (if known { vec![(id.to_string(), count)] } else { Vec::new() }, false)
        }
        LineRef::Sku(sku) => {
            let of_sku: Vec<&(String, Line)> = lines.iter().filter(|(_, line)| line.sku == *sku).collect();
            let mut left = count;
            let mut found = Vec::new();
            for (place, (id, line)) in of_sku.iter().enumerate() {
                let room = (decimal(line.ordered) - taken.get(id).copied().unwrap_or_default()).max(Decimal::ZERO);
                let part = if place + 1 == of_sku.len() { left } else { left.min(room) };
                left -= part;
                found.push((id.clone(), part));
            }
            (found, of_sku.len() > 1)
        }
    }
}

fn is_taken(line: &Line) -> bool {
    line.needs == Needs::Taken
}

pub fn is_digital(line: &Line) -> bool {
    line.needs == Needs::Digital
}

/// Everything of the goods. `supplied`: digital lines count as supplied (secured and recorded).
pub fn goods(kept: &[Kept<OrderRow>], supplied: bool, tick: Moment) -> OrderGoods {
    let lines = lines(kept);
    let mut order = OrderGoods::default();
    let despatches = rows(kept, |row| match row {
        OrderRow::Despatch(despatch) => Some(&**despatch),
        _ => None,
    });
    let mut left: BTreeMap<String, Decimal> = BTreeMap::new();
    let mut parcels: BTreeMap<String, Parcel> = BTreeMap::new();
    // Rows that name a line first: what names only a SKU goes where there is room.
    let by_line = |row: &Despatch| matches!(row.line, LineRef::Line(_));
    let mut sorted: Vec<&Despatch> = despatches.iter().map(|(_, despatch)| *despatch).collect();
    sorted.sort_by_key(|despatch| (!by_line(despatch), despatch.despatched_at, despatch.despatch.clone()));
    for despatch in sorted {
        let (parts, open) = spread(&lines, &left, &despatch.line, decimal(despatch.quantity));
        order.pooled |= open;
        order.unknown_line |= parts.is_empty() && matches!(despatch.line, LineRef::Line(_));
        if parts.is_empty()
            && let LineRef::Sku(sku) = &despatch.line
            && !despatch.quantity.is_zero()
        {
            order.others.insert(sku.clone());
        }
        let parcel = parcels.entry(despatch.despatch.to_string()).or_insert_with(|| Parcel {
            number: despatch.despatch.to_string(),
            tracking: None,
            despatched_at: despatch.despatched_at,
            pieces: BTreeMap::new(),
            scan: None,
            scanned_at: None,
            delivered: false,
            assumed: false,
        });
        parcel.tracking = parcel.tracking.take().or(despatch.tracking.as_ref().map(ToString::to_string));
        for (id, count) in parts {
            *left.entry(id.clone()).or_default() += count;
            *parcel.pieces.entry(id).or_default() += count;
        }
    }
    for parcel in parcels.values_mut() {
        follow_parcel(kept, parcel, tick);
    }
    order.parcels = parcels.into_values().collect();
    for (id, line) in &lines {
        let (cancelled, unproved) = cancelled(kept, &lines, id, line, &mut order.pooled);
        order.short_unproved |= unproved;
        order.pooled |= record_leaves_open(kept, &lines);
        let ordered = decimal(line.ordered);
        let mut despatched = left.get(id).copied().unwrap_or_default();
        let mut delivered: Decimal =
            order.parcels.iter().filter(|parcel| parcel.delivered).filter_map(|parcel| parcel.pieces.get(id)).sum();
        if is_taken(line) {
            (despatched, delivered) = (ordered, ordered);
        }
        if is_digital(line) {
            let by_shop = progress(kept, id).map_or(Decimal::ZERO, |progress| decimal(progress.shipped));
            despatched = if supplied { ordered - cancelled } else { by_shop };
            delivered = despatched;
        }
        order.over |= despatched > ordered;
        let wanted = ordered - cancelled.min((ordered - despatched).max(Decimal::ZERO));
        order.lines.push(Goods { id: id.clone(), line: line.clone(), ordered, despatched, cancelled, wanted, delivered });
    }
    order
}

pub fn progress(kept: &[Kept<OrderRow>], id: &str) -> Option<LineProgress> {
    rows(kept, |row| match row {
        OrderRow::LineProgress(progress) => Some(*progress),
        _ => None,
    })
    .into_iter()
    .find(|(kept, _)| kept.id == id)
    .map(|(_, progress)| progress)
}

/// The largest of the totals that shop, ERP and warehouse cancelled; and: was a line closed, and nothing proves by how much?
fn cancelled(kept: &[Kept<OrderRow>], lines: &[(String, Line)], id: &str, line: &Line, pooled: &mut bool) -> (Decimal, bool) {
    let shop = progress(kept, id).map_or(Decimal::ZERO, |progress| decimal(progress.cancelled + progress.credited));
    let (mut erp, mut wms) = (Decimal::ZERO, Decimal::ZERO);
    let means = |which: &LineRef, pooled: &mut bool| match which {
        LineRef::Line(other) => other.as_str() == id,
        LineRef::Sku(sku) => {
            let several = lines.iter().filter(|(_, line)| line.sku == *sku).count() > 1;
            *pooled |= several;
            line.sku == *sku
        }
    };
    for kept_row in kept {
        match (&kept_row.row, kept_row.source) {
            (OrderRow::Cancellation(cancellation), ERP) if means(&cancellation.line, pooled) => erp += decimal(cancellation.total),
            (OrderRow::Cancellation(cancellation), WMS | SEKO) if means(&cancellation.line, pooled) => wms += decimal(cancellation.total),
            _ => {}
        }
    }
    erp = erp.max(record_cancelled(kept, lines, id));
    // What the warehouses' lines will not send, and what they still take upon themselves.
    let (mut closed, mut held) = (Decimal::ZERO, Decimal::ZERO);
    let header = rows(kept, |row| match row {
        OrderRow::Header(header) => Some(&**header),
        _ => None,
    });
    let place = crate::order::locations(kept, header.first().map(|(_, header)| *header), lines).remove(id);
    let mut unproved = false;
    for (row, warehouse) in rows(kept, |row| match row {
        OrderRow::WarehouseLine(line) => Some(&**line),
        _ => None,
    }) {
        // A warehouse that the line is not sent from says nothing of it.
        let away = !warehouse.location.is_empty() && place.as_ref().is_some_and(|place| *place != warehouse.location.as_str());
        if means(&warehouse.line, pooled) && !away {
            // A line that was lowered meanwhile: whether what is cancelled is of the pieces still ordered is left open.
            *pooled |= warehouse.quantity.is_some_and(|asked| asked > line.ordered) && warehouse.cancelled.is_some();
            let (short, open) = closed_short(kept, lines, row.source, warehouse, id);
            closed += short;
            held += warehouse.quantity.map_or(Decimal::ZERO, decimal) - short;
            unproved |= open;
        }
    }
    let closed = closed.min(decimal(line.ordered) - held).max(Decimal::ZERO);
    (shop.max(erp).max(wms.max(closed)), unproved)
}

/// The ERP cancelled its record of the order, and has no other: its lines are the ERP's cancelled total.
fn record_cancelled(kept: &[Kept<OrderRow>], lines: &[(String, Line)], id: &str) -> Decimal {
    let records = rows(kept, |row| match row {
        OrderRow::ErpRecord(record) => Some(record),
        _ => None,
    });
    let posted = kept.iter().any(|kept| matches!(kept.row, OrderRow::ErpPosted(_)));
    if posted || records.iter().any(|(_, record)| record.state != Word::Known(ErpState::Cancelled)) {
        return Decimal::ZERO;
    }
    let of_record = |document: &str| -> Decimal {
        rows(kept, |row| match row {
            OrderRow::ErpLine(line) if line.document == document => Some(&**line),
            _ => None,
        })
        .into_iter()
        .filter(|(_, erp)| match &erp.order_line {
            Some(named) if lines.iter().any(|(line, _)| line == named.as_str()) => named.as_str() == id,
            _ => lines.iter().any(|(line_id, line)| line_id == id && line.sku == erp.sku),
        })
        .map(|(_, erp)| decimal(erp.quantity))
        .sum()
    };
    records.iter().map(|(_, record)| of_record(&record.document)).max().unwrap_or_default()
}

/// A line of the ERP's names only a SKU that several lines have.
fn record_leaves_open(kept: &[Kept<OrderRow>], lines: &[(String, Line)]) -> bool {
    rows(kept, |row| match row {
        OrderRow::ErpLine(line) => Some(&**line),
        _ => None,
    })
    .into_iter()
    .any(|(_, erp)| {
        let named = erp.order_line.as_ref().is_some_and(|named| lines.iter().any(|(id, _)| id == named.as_str()));
        !named && lines.iter().filter(|(_, line)| line.sku == erp.sku).count() > 1
    })
}

/// Closed short: the line's quantity less the despatched total of the same row, once the despatch rows add up to that; where it has
/// none, what it names as cancelled.
fn closed_short(kept: &[Kept<OrderRow>], lines: &[(String, Line)], source: usize, row: &WarehouseLine, id: &str) -> (Decimal, bool) {
    let named = row.cancelled.map(decimal);
    if !row.closed {
        return (named.unwrap_or_default(), false);
    }
    let seen: Decimal = rows(kept, |row| match row {
        OrderRow::Despatch(despatch) => Some(&**despatch),
        _ => None,
    })
    .into_iter()
    .filter(|(kept, _)| kept.source == source)
    .filter(|(_, despatch)| match &despatch.line {
        LineRef::Line(line) => line.as_str() == id,
        LineRef::Sku(sku) => lines.iter().any(|(line_id, line)| line_id == id && line.sku == *sku),
    })
    .map(|(_, despatch)| decimal(despatch.quantity))
    .sum();
    let told = row.despatched.map(decimal);
    let proved = told.filter(|told| *told == seen).map(|told| row.quantity.map_or(Decimal::ZERO, decimal) - told);
    (proved.unwrap_or_default().max(named.unwrap_or_default()), proved.is_none() && named.is_none())
}

/// Newest scan: by its own time, then by rank; one withdrawn counts no more. Without a final scan a parcel is delivered after 21 days.
fn follow_parcel(kept: &[Kept<OrderRow>], parcel: &mut Parcel, tick: Moment) {
    for (_, tracking) in rows(kept, |row| match row {
        OrderRow::Tracking(tracking) => Some(tracking),
        _ => None,
    }) {
        if tracking.despatch.as_str() == parcel.number {
            parcel.tracking = Some(tracking.number.to_string());
        }
    }
    let scans: Vec<(&Scan, ScanMeaning)> = rows(kept, |row| match row {
        OrderRow::Scan(scan) => Some(scan),
        _ => None,
    })
    .into_iter()
    .filter(|(_, scan)| Some(scan.tracking.as_str()) == parcel.tracking.as_deref())
    .filter_map(|(_, scan)| Some((scan, *scan.meaning.known()?)))
    .filter(|(_, meaning)| *meaning != ScanMeaning::Withdrawn)
    .collect();
    let newest = scans.iter().max_by_key(|(scan, meaning)| (scan.scanned_at, *meaning));
    (parcel.scan, parcel.scanned_at) = (newest.map(|(_, meaning)| *meaning), newest.map(|(scan, _)| scan.scanned_at));
    parcel.delivered = parcel.scan == Some(ScanMeaning::Delivered);
    let silent = !matches!(parcel.scan, Some(ScanMeaning::Delivered | ScanMeaning::Lost | ScanMeaning::Returning));
    if silent && parcel.despatched_at + Span::days(21) <= tick {
        (parcel.delivered, parcel.assumed) = (true, true);
    }
}
