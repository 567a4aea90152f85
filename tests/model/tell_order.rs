//! The shop's side of an order, and the counter's.

use waybill::facts::order::{
    Address, Cancellation, Charge, ChargeKind, Header, Hold, Line, LineProgress, Needs, Origin, Payment, Personal, Tender, Terms,
};
use waybill::facts::time::Span;
use waybill::facts::{Alias, Currency, Link, Moment, OrderKey, OrderRow, Quantity, Sku};

use crate::history::{By, Teller, cents, pieces, sku};
use crate::tell_work::{line_ref, warehouse_of};
use crate::world::{BEGIN, ERP, POS, SOURCES, SourceRow, WEB};

/// A line as the story goes on with it.
#[derive(Clone)]
pub struct StoryLine {
    pub id: String,
    pub sku: Sku,
    pub ordered: i64,
    pub gross: i64,
    pub needs: Needs,
    pub location: Option<&'static str>,
    /// Where the story sends it from.
    pub from: &'static str,
    pub position: u32,
}

/// An order as the story goes on with it.
pub struct Story {
    pub key: OrderKey,
    pub number: String,
    pub name: Alias,
    pub placed: Moment,
    pub channel: &'static str,
    pub lines: Vec<StoryLine>,
    /// The shop's header of it.
    pub head: Option<Header>,
    /// Something of it was or will be cancelled.
    pub cancels: bool,
}

pub fn gbp() -> Currency {
    Currency::new("GBP").expect("a currency")
}

/// The rows of one order.
pub fn tell(teller: &mut Teller, number: i64) {
    let placed = BEGIN + Span::minutes(teller.chance.between(0, 60 * 24 * 2));
    if teller.chance.percent(15) {
        counter_sale(teller, number, placed);
        return;
    }
    let key = OrderKey::new(SOURCES[WEB], &format!("{number}"));
    let text = format!("W{number}");
    let name = Alias::new(Alias::ORDER_NUMBER, &text);
    let channel = if teller.chance.percent(25) { "outlet" } else { "web" };
    let lines = lines(teller, channel);
    let mut story = Story { key, number: text, name, placed, channel, lines, head: None, cancels: false };
    placed_in_the_shop(teller, &mut story);
    changes_of_the_shop(teller, &mut story);
    crate::tell_work::tell(teller, &mut story);
    if teller.answered && story.cancels {
        crate::tell_work::answer(teller, &story);
    }
}

fn lines(teller: &mut Teller, channel: &str) -> Vec<StoryLine> {
    let count = teller.chance.between(1, 4);
    let mut lines = Vec::new();
    for position in 1..=count {
        let digital = teller.chance.percent(8);
        let sku = if digital { sku("EBOOK") } else { teller.chance.pick(&teller.skus.clone()).clone() };
        let ordered = teller.chance.between(1, 4);
        let from = if channel == "outlet" { "NORTH" } else { *teller.chance.pick(&["NORTH", "NORTH", "SOUTH"]) };
        let location = teller.chance.percent(50).then_some(from);
        lines.push(StoryLine {
            id: format!("{position}"),
            sku,
            ordered,
            gross: ordered * teller.chance.between(100, 3_000),
            needs: if digital { Needs::Digital } else { Needs::Ship },
            location,
            from,
            position: position as u32,
        });
    }
    lines
}

pub fn line_row(line: &StoryLine, ordered: i64, gross: i64) -> OrderRow {
    OrderRow::Line(Box::new(Line {
        position: line.position,
        sku_text: line.sku.as_str().into(),
        description: "goods".into(),
        tax: cents(gross / 6),
        needs: line.needs,
        location: line.location.map(Into::into),
        tracked: line.needs != Needs::Digital,
        // Mostly another price than was shown, where one was.
        unit_price: (ordered > 0).then(|| cents(gross / ordered)),
        ..Line::new(line.sku.clone(), pieces(ordered), cents(gross))
    }))
}

fn header(story: &Story, origin: Origin, total: i64, terms: Terms, whole: bool) -> Header {
    Header {
        channel: story.channel.into(),
        brand: story.channel.into(),
        origin,
        prices_include_tax: true,
        whole,
        payment_method: "card".into(),
        terms,
        email: Some(Personal("a@example.com".into())),
        ships: story.lines.iter().any(|line| line.needs == Needs::Ship),
        shipping_method: "standard".into(),
        raw_state: "processing".into(),
        ..Header::new(story.number.as_str().into(), story.placed, gbp(), cents(total))
    }
}

fn payment(authorised: i64, captured: i64, expires_at: Option<Moment>) -> OrderRow {
    OrderRow::Payment(Payment {
        authorised: cents(authorised),
        captured: cents(captured),
        expires_at,
        reference: "ref".into(),
        ..Payment::new(Tender::Card, gbp())
    })
}

fn placed_in_the_shop(teller: &mut Teller, story: &mut Story) {
    let at = story.placed;
    let shipping = if teller.chance.percent(50) { 395 } else { 0 };
    let sum = story.lines.iter().map(|line| line.gross).sum::<i64>() + shipping;
    let total = match teller.chance.below(20) {
        0 => sum + 100,
        1 => sum + 1,
        _ => sum,
    };
    let terms = if teller.chance.percent(10) { Terms::OnAccount } else { Terms::Prepaid };
    let whole = teller.chance.percent(30);
    let mut head = header(story, Origin::Web, total, terms, whole);
    head.test = teller.chance.percent(2);
    story.head = Some(head.clone());
    let own = |id: &str, at, row| Teller::order_row(&story.key, id, at, row);
    let mut groups: Vec<Vec<SourceRow>> = Vec::new();
    let link = Teller::link_row(&story.name, Link::Order(story.key.clone()), at);
    groups.push(vec![own("order", at, OrderRow::Header(Box::new(head))), link]);
    let address = Address { country: "GB".into(), city: Personal("Leeds".into()), ..Address::default() };
    if !teller.chance.percent(5) {
        groups.push(vec![own("ship", at, OrderRow::ShipTo(Box::new(address)))]);
    }
    for line in &story.lines {
        groups.push(vec![own(&line.id, at, line_row(line, line.ordered, line.gross))]);
    }
    if shipping > 0 {
        let charge = Charge { kind: ChargeKind::Shipping, gross: cents(shipping), tax: cents(shipping / 6), removed: false };
        groups.push(vec![own("shipping", at, OrderRow::Charge(charge))]);
    }
    if whole || teller.chance.percent(50) {
        teller.tell(WEB, By::Position, at, groups.into_iter().flatten().collect());
    } else {
        for group in groups {
            teller.tell(WEB, By::Position, at, group);
        }
    }
    pays(teller, story, total);
}

fn pays(teller: &mut Teller, story: &Story, total: i64) {
    let at = teller.later(story.placed, 30);
    let row = |at, row| vec![Teller::order_row(&story.key, "pay", at, row)];
    match teller.chance.below(10) {
        0 => {}
        1 => teller.tell(WEB, By::Position, at, row(at, payment(0, total / 2, None))),
        2..=4 => {
            let expires = teller.chance.percent(20).then(|| at + Span::days(2));
            teller.tell(WEB, By::Position, at, row(at, payment(total, 0, expires)));
            if teller.chance.percent(60) {
                let at = teller.later(at, 60 * 24);
                teller.tell(WEB, By::Position, at, row(at, payment(total, total, None)));
            }
        }
        _ => teller.tell(WEB, By::Position, at, row(at, payment(total, total, None))),
    }
}

/// Cancellations by all three, credits, an edit, a hold.
fn changes_of_the_shop(teller: &mut Teller, story: &mut Story) {
    for line in story.lines.clone().into_iter().filter(|line| line.needs == Needs::Ship) {
        if teller.chance.percent(20) {
            let mut progress = LineProgress::default();
            for _ in 0..teller.chance.between(1, 2) {
                if teller.chance.percent(70) {
                    progress.cancelled += some(teller, line.ordered);
                } else {
                    progress.credited += some(teller, line.ordered);
                }
                let sum = progress.cancelled + progress.credited;
                if sum > pieces(line.ordered) {
                    progress.credited = Quantity::ZERO;
                    progress.cancelled = pieces(line.ordered);
                }
                let at = teller.later(story.placed, 60 * 24 * 3);
                let row = Teller::order_row(&story.key, line.id.as_str(), at, OrderRow::LineProgress(progress));
                teller.tell(WEB, By::Position, at, vec![row]);
            }
            story.cancels = true;
        }
        if teller.chance.percent(8) {
            let source = if teller.chance.percent(40) { ERP } else { warehouse_of(line.from) };
            let line_ref = line_ref(teller, &story.lines, &line);
            let (total, stopped) = (some(teller, line.ordered), teller.chance.percent(50));
            let row = Cancellation { line: line_ref, total, stopped, reason: "word".into() };
            let at = teller.later(story.placed, 60 * 24 * 3);
            let row = Teller::named_row(&story.name, line.id.as_str(), at, OrderRow::Cancellation(row));
            teller.tell(source, By::Position, at, vec![row]);
            story.cancels = true;
        }
    }
    if teller.chance.percent(8) {
        edit(teller, story);
    }
    if teller.chance.percent(15) {
        let source = *teller.chance.pick(&[WEB, ERP]);
        let at = teller.later(story.placed, 60 * 24);
        let hold = |active| OrderRow::Hold(Hold { reason: "fraud".into(), active });
        teller.tell(source, By::Position, at, vec![Teller::order_row(&story.key, "fraud", at, hold(true))]);
        if teller.chance.percent(60) {
            let at = teller.later(at, 60 * 24);
            let lifted = Teller::order_row(&story.key, "fraud", at, hold(false));
            let told = if teller.chance.percent(30) { Teller::deleted(&lifted, at) } else { lifted };
            teller.tell(source, By::Position, at, vec![told]);
        }
    }
}

/// The shop lowers a line in place; the header's total follows.
fn edit(teller: &mut Teller, story: &mut Story) {
    let Some(line) = story.lines.last().cloned().filter(|line| line.needs == Needs::Ship) else { return };
    let fewer = teller.chance.between(0, line.ordered - 1);
    let gross = line.gross * fewer / line.ordered;
    let at = teller.later(story.placed, 60 * 24);
    let row = Teller::order_row(&story.key, line.id.as_str(), at, line_row(&line, fewer, gross));
    let mut rows = vec![row];
    if let Some(head) = &mut story.head {
        head.total -= cents(line.gross - gross);
        rows.push(Teller::order_row(&story.key, "order", at, OrderRow::Header(Box::new(head.clone()))));
        if head.whole {
            // A body that says all lists every line: one that it leaves out is removed.
            let others = story.lines.iter().filter(|other| other.id != line.id);
            rows.extend(
                others.map(|other| Teller::order_row(&story.key, other.id.as_str(), at, line_row(other, other.ordered, other.gross))),
            );
        }
    }
    teller.tell(WEB, By::Position, at, rows);
    story.cancels = true;
}

fn some(teller: &mut Teller, of: i64) -> Quantity {
    pieces(teller.chance.between(1, of))
}

/// Paid, taken away and complete at once.
fn counter_sale(teller: &mut Teller, number: i64, placed: Moment) {
    let key = OrderKey::new(SOURCES[POS], &format!("{number}"));
    let text = format!("P{number}");
    let mut sold = lines(teller, "till");
    for line in &mut sold {
        line.sku = teller.chance.pick(&teller.skus.clone()).clone();
        (line.needs, line.location, line.from) = (Needs::Taken, Some("SOUTH"), "SOUTH");
    }
    let total = sold.iter().map(|line| line.gross).sum();
    let name = Alias::new(Alias::ORDER_NUMBER, &text);
    let story = Story { key, number: text, name, placed, channel: "till", lines: sold, head: None, cancels: false };
    let mut head = header(&story, Origin::Pos, total, Terms::Prepaid, true);
    head.email = None;
    let own = |id: &str, row| Teller::order_row(&story.key, id, placed, row);
    let mut rows =
        vec![own("order", OrderRow::Header(Box::new(head))), Teller::link_row(&story.name, Link::Order(story.key.clone()), placed)];
    for line in &story.lines {
        rows.push(own(&line.id, line_row(line, line.ordered, line.gross)));
    }
    rows.push(own("pay", payment(0, total, None)));
    teller.tell(POS, By::Stamp, placed, rows);
}
