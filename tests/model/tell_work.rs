//! What ERP, warehouses and the carrier do with an order.

use waybill::facts::order::{
    Despatch, ErpLine, ErpPosted, ErpRecord, ErpState, LineProgress, LineRef, Needs, PostedKind, Scan, ScanMeaning, Tracking,
    WarehouseLine, WarehouseOrder, WarehouseState, WarehouseTotal, Word,
};
use waybill::facts::sku::Despatched;
use waybill::facts::time::Span;
use waybill::facts::{Alias, Link, Moment, OrderRow, Quantity, SkuRow};

use crate::history::{By, Teller, pieces, sku};
use crate::tell_order::{Story, StoryLine};
use crate::world::{CARRIER, ERP, SEKO, WEB, WMS};

pub fn warehouse_of(location: &str) -> usize {
    if location == "NORTH" { WMS } else { SEKO }
}

pub fn tell(teller: &mut Teller, story: &mut Story) {
    if teller.chance.percent(80) {
        record(teller, story, "SO");
    }
    if teller.chance.percent(3) {
        record(teller, story, "SX");
    }
    for location in ["NORTH", "SOUTH"] {
        let here: Vec<StoryLine> = story.lines.iter().filter(|line| line.needs == Needs::Ship && line.from == location).cloned().collect();
        if here.is_empty() || teller.chance.percent(25) {
            continue;
        }
        warehouse(teller, story, location, &here);
    }
    if teller.chance.percent(10) {
        fulfilled_in_the_shop(teller, story);
    }
}

fn record(teller: &mut Teller, story: &mut Story, prefix: &str) {
    let document = format!("{prefix}-{}", story.number);
    let name = Alias::new("erp.document", &document);
    let mut at = teller.later(story.placed, 60);
    let row = |state| {
        OrderRow::ErpRecord(ErpRecord { document: document.as_str().into(), state: Word::Known(state), created_at: Some(story.placed) })
    };
    let told = |at, state| Teller::named_row(&name, document.as_str(), at, row(state));
    let link = Teller::link_row(&name, Link::Alias(story.name.clone()), at);
    let first = if teller.chance.percent(50) { ErpState::Pending } else { ErpState::Approved };
    teller.tell(ERP, By::Position, at, vec![told(at, first), link]);
    if teller.chance.percent(60) {
        for line in story.lines.clone() {
            let row = erp_line(teller, &document, &line);
            teller.tell(ERP, By::Position, at, vec![Teller::named_row(&name, format!("{document}/{}", line.id), at, row)]);
        }
    }
    let approved = first == ErpState::Approved || teller.chance.percent(80);
    if first == ErpState::Pending && approved {
        at = teller.later(at, 60);
        teller.tell(ERP, By::Position, at, vec![told(at, ErpState::Approved)]);
    }
    at = teller.later(at, 60 * 48);
    match teller.chance.below(10) {
        0 => {
            teller.tell(ERP, By::Position, at, vec![told(at, ErpState::Cancelled)]);
            story.cancels = true;
        }
        1 | 2 if approved => {
            teller.tell(ERP, By::Position, at, vec![Teller::deleted(&told(at, first), at)]);
            if teller.chance.percent(60) {
                posted(teller, story, &document, at);
            }
        }
        _ => {}
    }
}

fn erp_line(teller: &mut Teller, document: &str, line: &StoryLine) -> OrderRow {
    OrderRow::ErpLine(Box::new(ErpLine {
        order_line: teller.chance.percent(60).then(|| line.id.as_str().into()),
        location: teller.chance.percent(40).then(|| line.from.into()),
        ..ErpLine::new(document.into(), line.sku.clone(), pieces(line.ordered))
    }))
}

fn posted(teller: &mut Teller, story: &Story, document: &str, at: Moment) {
    let own = format!("PS-{document}");
    let name = Alias::new("erp.posted", &own);
    let at = teller.later(at, 90);
    let mut rows = vec![Teller::link_row(&name, Link::Alias(Alias::new("erp.document", document)), at)];
    for line in &story.lines {
        let row = ErpPosted {
            kind: PostedKind::Shipment,
            document: own.as_str().into(),
            from: document.into(),
            sku: line.sku.clone(),
            quantity: pieces(line.ordered),
            gross: None,
        };
        rows.push(Teller::named_row(&name, format!("{own}/{}", line.id), at, OrderRow::ErpPosted(row)));
    }
    teller.tell(ERP, By::Position, at, rows);
}

/// By the line's id; or by its SKU, which is seldom done where that leaves open which line is meant.
pub fn line_ref(teller: &mut Teller, lines: &[StoryLine], line: &StoryLine) -> LineRef {
    let alone = lines.iter().filter(|other| other.sku == line.sku).count() == 1;
    if teller.chance.percent(if alone { 50 } else { 92 }) { LineRef::Line(line.id.as_str().into()) } else { LineRef::Sku(line.sku.clone()) }
}

fn order_row(location: &str, state: WarehouseState) -> OrderRow {
    OrderRow::WarehouseOrder(WarehouseOrder { location: location.into(), state: Word::Known(state) })
}

fn warehouse(teller: &mut Teller, story: &mut Story, location: &'static str, lines: &[StoryLine]) {
    let source = warehouse_of(location);
    let number = format!("{location}-{}", story.number);
    let mut at = teller.later(story.placed, 60 * 12);
    let states = [WarehouseState::New, WarehouseState::Allocated, WarehouseState::Picking, WarehouseState::Packed, WarehouseState::Held];
    let mut how = teller.chance.below(3);
    for state in states {
        if teller.chance.percent(40) {
            let row = Teller::named_row(&story.name, number.as_str(), at, order_row(location, state));
            teller.tell(source, By::Stamp, at, vec![row]);
            at = teller.later(at, 60 * 6);
        }
    }
    let mut left: Vec<i64> = lines.iter().map(|line| line.ordered).collect();
    for parcel in 1..=how {
        at = teller.later(at, 60 * 24);
        despatch(teller, story, location, lines, &mut left, parcel as i64, at);
    }
    if teller.chance.percent(25) {
        how += 10;
        for (line, left) in lines.iter().zip(&left) {
            warehouse_line(teller, story, location, line, line.ordered - left, at);
        }
    }
    if how >= 10 && teller.chance.percent(20) {
        let row = Teller::named_row(&story.name, number.as_str(), at, order_row(location, WarehouseState::Closed));
        teller.tell(source, By::Stamp, at, vec![row]);
    }
}

/// The warehouse's own line: allocated, and perhaps closed short.
fn warehouse_line(teller: &mut Teller, story: &mut Story, location: &str, line: &StoryLine, sent: i64, at: Moment) {
    let source = warehouse_of(location);
    let at = teller.later(at, 60 * 12);
    let closed = teller.chance.percent(30);
    let told = teller.chance.percent(60);
    let row = WarehouseLine {
        order: format!("{location}-{}", story.number).into(),
        location: location.into(),
        line: line_ref(teller, &story.lines, line),
        quantity: Some(pieces(line.ordered)),
        allocated: pieces(teller.chance.between(0, line.ordered)),
        allocated_at: Some(at),
        despatched: told.then(|| pieces(sent)),
        cancelled: (closed && teller.chance.percent(40)).then(|| pieces((line.ordered - sent).max(0))),
        closed,
    };
    story.cancels |= closed;
    let id = format!("{location}-{}/{}", story.number, line.id);
    teller.tell(source, By::Stamp, at, vec![Teller::named_row(&story.name, id, at, OrderRow::WarehouseLine(Box::new(row)))]);
}

fn despatch(teller: &mut Teller, story: &Story, location: &'static str, lines: &[StoryLine], left: &mut [i64], parcel: i64, at: Moment) {
    let source = warehouse_of(location);
    let number = format!("D-{location}-{}-{parcel}", story.number);
    let tracking = format!("TR-{location}-{}-{parcel}", story.number);
    let inside = teller.chance.percent(40);
    for (line, left) in lines.iter().zip(left.iter_mut()) {
        let most = if teller.chance.percent(4) { *left + 1 } else { *left };
        let count = teller.chance.between(0, most.max(0));
        if count == 0 {
            continue;
        }
        *left -= count;
        let other = teller.chance.percent(2);
        let goods = if other { sku("OTHER") } else { line.sku.clone() };
        let which = if other { LineRef::Sku(goods.clone()) } else { line_ref(teller, &story.lines, line) };
        let id = format!("{number}/{}", line.id);
        let row = |count| {
            OrderRow::Despatch(Box::new(Despatch {
                despatch: number.as_str().into(),
                line: which.clone(),
                quantity: pieces(count),
                location: location.into(),
                despatched_at: at,
                carrier: "fast".into(),
                service: "day".into(),
                tracking: inside.then(|| tracking.as_str().into()),
            }))
        };
        let left_house = |count| SkuRow::Despatched(Despatched { location: location.into(), quantity: pieces(count), despatched_at: at });
        let rows = |at, count| {
            let of_sku = Teller::sku_row(&goods, id.as_str(), at, left_house(count));
            let of_order = Teller::named_row(&story.name, id.as_str(), at, row(count));
            let link = inside.then(|| Teller::link_row(&Alias::new(Alias::TRACKING, &tracking), Link::Alias(story.name.clone()), at));
            [of_sku, of_order].into_iter().chain(link).collect::<Vec<_>>()
        };
        teller.tell(source, By::Stamp, at, rows(at, count));
        if teller.chance.percent(6) {
            let at = teller.later(at, 60 * 24);
            teller.tell(source, By::Stamp, at, rows(at, count - 1));
        }
    }
    if teller.chance.percent(85) {
        let told = if teller.chance.percent(70) { at } else { teller.later(at, 60 * 24) };
        let link = Teller::link_row(&Alias::new(Alias::TRACKING, &tracking), Link::Alias(story.name.clone()), told);
        let row = Tracking {
            despatch: number.as_str().into(),
            carrier: "fast".into(),
            number: tracking.as_str().into(),
            replaces: None,
            beside: false,
        };
        teller.tell(source, By::Stamp, told, vec![link, Teller::named_row(&story.name, number.as_str(), told, OrderRow::Tracking(row))]);
    }
    scans(teller, &tracking, at);
}

/// In order, late, or taken back.
fn scans(teller: &mut Teller, tracking: &str, despatched: Moment) {
    let name = Alias::new(Alias::TRACKING, tracking);
    let mut at = despatched;
    let way = [ScanMeaning::Label, ScanMeaning::Transit, ScanMeaning::OutForDelivery, ScanMeaning::Attempted, ScanMeaning::Delivered];
    let mut meanings: Vec<ScanMeaning> = way.into_iter().filter(|_| teller.chance.percent(45)).collect();
    if teller.chance.percent(6) {
        meanings.push(*teller.chance.pick(&[ScanMeaning::Returning, ScanMeaning::Lost, ScanMeaning::Delayed, ScanMeaning::Collect]));
    }
    for meaning in meanings {
        at = teller.later(at, 60 * 18);
        let row = |meaning| OrderRow::Scan(Scan { tracking: tracking.into(), meaning: Word::Known(meaning), scanned_at: at });
        let id = format!("{tracking}/{at}");
        let told = if teller.chance.percent(15) { at + Span::days(teller.chance.between(1, 2)) } else { at };
        teller.tell(CARRIER, By::Stamp, told, vec![Teller::named_row(&name, id.as_str(), told, row(meaning))]);
        if teller.chance.percent(5) {
            let at = teller.later(told, 60 * 24);
            let withdrawn = Teller::named_row(&name, id.as_str(), at, row(ScanMeaning::Withdrawn));
            teller.tell(CARRIER, By::Stamp, at, vec![withdrawn]);
        }
    }
}

fn fulfilled_in_the_shop(teller: &mut Teller, story: &Story) {
    for line in &story.lines {
        if line.needs == Needs::Digital {
            let progress = LineProgress { shipped: pieces(line.ordered), ..LineProgress::default() };
            let at = teller.later(story.placed, 60 * 24);
            let row = Teller::order_row(&story.key, line.id.as_str(), at, OrderRow::LineProgress(progress));
            teller.tell(WEB, By::Position, at, vec![row]);
        }
    }
}

/// The last word of each warehouse: it has the order, and nothing is left to send.
pub fn answer(teller: &mut Teller, story: &Story) {
    for location in ["NORTH", "SOUTH"] {
        let number = format!("{location}-{}", story.number);
        let at = story.placed + Span::days(4);
        let total = OrderRow::WarehouseTotal(WarehouseTotal { location: location.into(), pieces: Quantity::ZERO });
        let rows = vec![
            Teller::named_row(&story.name, number.as_str(), at, order_row(location, WarehouseState::Packed)),
            Teller::named_row(&story.name, number.as_str(), at, total),
        ];
        teller.tell_for_sure(warehouse_of(location), By::Stamp, at, rows);
    }
}
