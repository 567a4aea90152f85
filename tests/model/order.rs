//! Reference model, the order: complete, secured, recorded, approved, held; what was stopped; its stage and flags (rows.md, gates.md).

use std::collections::{BTreeMap, BTreeSet};

use rust_decimal::{Decimal, RoundingStrategy};
use waybill::facts::order::{
    ChargeKind, ErpLine, ErpState, Header, LineRole, Needs, Origin, PostedKind, ScanMeaning, Tender, Terms, WarehouseState, Word,
};
use waybill::facts::{Amount, Moment, OrderRow, Quantity, Sku};

use crate::fold::Kept;
use crate::goods::{Goods, OrderGoods, goods, rows};

/// An order as the specification sees it.
pub struct Order<'k> {
    pub kept: &'k [Kept<OrderRow>],
    pub header: Option<&'k Header>,
    pub goods: OrderGoods,
    pub complete: bool,
    pub secured: bool,
    pub recorded: bool,
    pub approved: bool,
    /// The ERP has, or has had, any record of it, a cancelled one too.
    pub any_record: bool,
    pub duplicate: bool,
    pub held: bool,
    pub ship_to: bool,
    /// One record of the ERP is deleted, another is there: a person has removed a duplicate, or both are one.
    pub replaced_record: bool,
    /// Lines + charges differ from the total beyond rounding.
    pub totals_differ: bool,
    /// Pieces that were cancelled are stopped whether or not a go-ahead was made: every warehouse has reported that nothing is left to send.
    pub settled: bool,
    /// Where each line is to be sent from, once known.
    pub locations: BTreeMap<String, String>,
    /// Lines whose SKU the warehouse there does not know.
    pub lacking: BTreeSet<String>,
}

/// What so many of the ordered pieces are worth, rounded half up to the penny.
pub fn share(gross: Decimal, pieces: Decimal, ordered: Decimal) -> Decimal {
    if ordered.is_zero() {
        Decimal::ZERO
    } else {
        (gross * pieces / ordered).round_dp_with_strategy(2, RoundingStrategy::MidpointAwayFromZero)
    }
}

pub fn order<'k>(kept: &'k [Kept<OrderRow>], lacks: &dyn Fn(&str, &Sku) -> bool, tick: Moment) -> Order<'k> {
    let header = rows(kept, |row| match row {
        OrderRow::Header(header) => Some(&**header),
        _ => None,
    })
    .first()
    .map(|(_, header)| *header);
    let (any_record, recorded, approved, duplicate) = records(kept);
    let ship_to = kept.iter().any(|kept| matches!(kept.row, OrderRow::ShipTo(_)));
    let held = kept.iter().any(|kept| matches!(&kept.row, OrderRow::Hold(hold) if hold.active));
    let lines = crate::goods::lines(kept);
    let charges: Vec<(ChargeKind, Decimal)> = rows(kept, |row| match row {
        OrderRow::Charge(charge) if !charge.removed => Some((charge.kind, charge.gross.decimal())),
        _ => None,
    })
    .into_iter()
    .map(|(_, charge)| charge)
    .collect();
    let charged: Decimal = charges.iter().map(|(_, gross)| *gross).sum();
    let sum: Decimal = lines.iter().map(|(_, line)| line.gross.decimal()).sum::<Decimal>() + charged;
    // A rounding rest: a minor unit a line at most.
    let rounding = Decimal::new(lines.len() as i64, 2);
    let adds_up = header.is_some_and(|header| (header.total.decimal() - sum).abs() <= rounding);
    let whole = header.is_some_and(|header| header.whole || adds_up);
    let needs_address = header.is_some_and(|header| header.ships) || lines.iter().any(|(_, line)| line.needs == Needs::Ship);
    let on_account = header.is_some_and(|header| header.terms != Terms::Prepaid);
    let payments = kept.iter().any(|kept| matches!(&kept.row, OrderRow::Payment(_)));
    let complete = whole && (!needs_address || ship_to) && (payments || on_account);

    let rest = header.filter(|_| adds_up).map_or(Decimal::ZERO, |header| header.total.decimal() - sum);
    let locations = locations(kept, header, &lines);
    let lacking = lines.iter().filter(|(id, line)| locations.get(id).is_some_and(|location| lacks(location, &line.sku)));
    let mut order = Order {
        kept,
        header,
        goods: goods(kept, false, tick),
        complete,
        secured: false,
        recorded,
        approved,
        any_record,
        duplicate,
        held,
        replaced_record: replaced_record(kept),
        ship_to,
        totals_differ: header.is_some() && !lines.is_empty() && whole && !adds_up,
        settled: true,
        lacking: lacking.map(|(id, _)| id.clone()).collect(),
        locations,
    };
    give_rest(&mut order.goods, rest);
    // Digital lines are never cancelled here: what is owed does not depend on whether they are supplied.
    order.secured = on_account || covered(kept, tick) >= owed(&order.goods, charged);
    // Of an order that is not complete nobody knows what is owed.
    if order.complete && order.secured && order.recorded {
        order.goods = goods(kept, true, tick);
        give_rest(&mut order.goods, rest);
    }
    order.settled = order.goods.lines.iter().all(|line| line.wanted == line.ordered) || answered(kept);
    order
}

/// A rounding rest goes to the largest line.
fn give_rest(goods: &mut OrderGoods, rest: Decimal) {
    let gross = |line: &Goods| line.line.gross.decimal();
    let largest = goods.lines.iter().map(gross).max();
    if let Some(line) = goods.lines.iter_mut().rev().find(|line| Some(gross(line)) == largest) {
        line.line.gross = Amount::new(gross(line) + rest).expect("a small amount");
    }
}

fn replaced_record(kept: &[Kept<OrderRow>]) -> bool {
    let record = |gone: bool| kept.iter().any(|kept| matches!(kept.row, OrderRow::ErpRecord(_)) && kept.gone.is_some() == gone);
    record(true) && record(false)
}

/// captured + (authorised - captured, if neither expired nor voided); nothing is refunded in these histories.
fn covered(kept: &[Kept<OrderRow>], tick: Moment) -> Decimal {
    let mut sum = Decimal::ZERO;
    for (_, payment) in rows(kept, |row| match row {
        OrderRow::Payment(payment) => Some(payment),
        _ => None,
    }) {
        if payment.failed || payment.tender == Tender::OnAccount {
            continue;
        }
        let captured = payment.captured.decimal();
        let open = (payment.authorised.decimal() - captured).max(Decimal::ZERO);
        let expired = payment.expires_at.is_some_and(|at| at <= tick);
        sum += captured + if expired { Decimal::ZERO } else { open };
    }
    sum
}

/// The value of what is kept, and charges while anything is kept. All that is cancelled counts as stopped: see `settled`.
fn owed(goods: &OrderGoods, charged: Decimal) -> Decimal {
    let kept: Decimal = goods.lines.iter().map(|line| share(line.line.gross.decimal(), line.wanted, line.ordered)).sum();
    let nothing = goods.lines.iter().all(|line| line.wanted.is_zero());
    kept + if nothing { Decimal::ZERO } else { charged }
}

/// (any record, recorded, approved, duplicate)
fn records(kept: &[Kept<OrderRow>]) -> (bool, bool, bool, bool) {
    let (mut any, mut recorded, mut approved) = (false, false, false);
    let mut open: BTreeSet<String> = BTreeSet::new();
    for row in kept {
        match &row.row {
            OrderRow::ErpRecord(record) => {
                any = true;
                let Word::Known(state) = &record.state else { continue };
                if *state == ErpState::Cancelled {
                    continue;
                }
                recorded = true;
                // Deleted, it counts as it last stood: a deletion opens no gate.
                approved |= *state != ErpState::Pending;
                if row.gone.is_none() {
                    open.insert(record.document.to_string());
                }
            }
            OrderRow::ErpPosted(posted) if matches!(posted.kind, PostedKind::Shipment | PostedKind::Invoice) => {
                (any, recorded, approved) = (true, true, true);
                // An open document and what was posted from it are one record.
                open.insert(posted.from.to_string());
            }
            _ => {}
        }
    }
    (any, recorded, approved, open.len() > 1)
}

/// The ERP record's line (of one that is not cancelled), else the order line's, else the only location of the pool.
pub fn locations(
    kept: &[Kept<OrderRow>],
    header: Option<&Header>,
    lines: &[(String, waybill::facts::order::Line)],
) -> BTreeMap<String, String> {
    let cancelled = |document: &str| {
        kept.iter().any(|kept| {
            matches!(&kept.row, OrderRow::ErpRecord(record) if record.document == document && record.state == Word::Known(ErpState::Cancelled))
        })
    };
    let mut found = BTreeMap::new();
    for (id, line) in lines {
        let rows_of_erp = rows(kept, |row| match row {
            OrderRow::ErpLine(line) => Some(&**line),
            _ => None,
        });
        let told: Vec<&ErpLine> = rows_of_erp.into_iter().map(|(_, erp)| erp).filter(|erp| !cancelled(&erp.document)).collect();
        // A line that the order does not have is an id of the ERP's own: then the SKU says which it is, where no other row speaks of the line.
        let known = |erp: &ErpLine| erp.order_line.as_ref().is_some_and(|named| lines.iter().any(|(line, _)| line == named.as_str()));
        let alone = lines.iter().filter(|(_, other)| other.sku == line.sku).count() == 1;
        let of_sku = |erp: &&ErpLine| alone && erp.sku == line.sku;
        let mut of_line: Vec<&ErpLine> = told.iter().copied().filter(|erp| erp.order_line.as_deref() == Some(id.as_str())).collect();
        if of_line.is_empty() {
            of_line = told.iter().copied().filter(of_sku).filter(|erp| erp.order_line.is_none()).collect();
        }
        if of_line.is_empty() {
            of_line = told.into_iter().filter(of_sku).filter(|erp| !known(erp)).collect();
        }
        let by_erp = of_line.into_iter().find_map(|erp| erp.location.clone());
        let by_pool = header.filter(|header| header.channel == "outlet").map(|_| "NORTH".into());
        if let Some(location) = by_erp.or_else(|| line.location.clone()).or(by_pool) {
            found.insert(id.clone(), location.to_string());
        }
    }
    found
}

/// Both warehouses report that they have the order and nothing is left to send.
fn answered(kept: &[Kept<OrderRow>]) -> bool {
    ["NORTH", "SOUTH"].iter().all(|location| {
        let total = kept.iter().any(
            |kept| matches!(&kept.row, OrderRow::WarehouseTotal(total) if total.location == *location && total.pieces == Quantity::ZERO),
        );
        let order = kept.iter().any(|kept| matches!(&kept.row, OrderRow::WarehouseOrder(order) if order.location == *location));
        total && order
    })
}

impl Order<'_> {
    pub fn lines(&self) -> &[Goods] {
        &self.goods.lines
    }

    pub fn is_test(&self) -> bool {
        self.header.is_some_and(|header| header.test)
    }

    pub fn is_pos(&self) -> bool {
        self.header.is_some_and(|header| header.origin == Origin::Pos)
    }

    pub fn nothing_wanted(&self) -> bool {
        self.lines().iter().all(|line| line.wanted.is_zero())
    }

    pub fn nothing_left(&self) -> bool {
        self.lines().iter().all(|line| line.despatched.is_zero())
    }

    /// Every wanted piece is in a delivered parcel (or digital, or taken away).
    pub fn delivered(&self, assumed_counts: bool) -> bool {
        let assumed = |id: &str| -> Decimal {
            let parcels = self.goods.parcels.iter().filter(|parcel| parcel.assumed);
            parcels.filter_map(|parcel| parcel.pieces.get(id)).sum()
        };
        let sure = |line: &Goods| if assumed_counts { line.delivered } else { line.delivered - assumed(&line.id) };
        !self.nothing_wanted() && self.lines().iter().all(|line| sure(line) >= line.wanted)
    }

    /// Rows that contradict each other: no request from them.
    pub fn contradicts(&self) -> bool {
        self.goods.over || self.lines().iter().any(|line| !matches!(line.line.role, LineRole::Both))
    }

    /// Every condition of the go-ahead, the line's own location apart.
    pub fn released(&self) -> bool {
        self.complete && self.secured && self.recorded && self.approved && !self.held && self.ship_to && !self.duplicate && !self.is_test()
    }

    /// The line may be asked for, as far as it is for the line to say: its location is known, and the warehouse there knows its SKU.
    fn placed(&self, line: &Goods) -> bool {
        self.locations.contains_key(&line.id) && !self.lacking.contains(&line.id)
    }

    /// Some lines that ship have a location, others have none yet: what "every condition of the go-ahead" means then is left open.
    pub fn half_placed(&self) -> bool {
        let mut ships = self.lines().iter().filter(|line| line.line.needs == Needs::Ship && !line.wanted.is_zero());
        let placed = ships.clone().any(|line| self.placed(line));
        placed && ships.any(|line| !self.placed(line))
    }

    /// The stage, the first that holds.
    pub fn stage(&self) -> &'static str {
        let shipped_all = self.lines().iter().all(|line| line.despatched >= line.wanted);
        let some_shipped = !self.nothing_left();
        let warehouse = |states: &[WarehouseState]| {
            self.kept.iter().any(|kept| {
                matches!(&kept.row, OrderRow::WarehouseOrder(order) if order.state.known().is_some_and(|state| states.contains(state)))
            })
        };
        let out = self.goods.parcels.iter().any(|parcel| parcel.scan == Some(ScanMeaning::OutForDelivery));
        let ships = self.lines().iter().any(|line| line.line.needs == Needs::Ship && !line.wanted.is_zero());
        let to_release = self.lines().iter().any(|line| line.line.needs == Needs::Ship && !line.wanted.is_zero() && self.placed(line));
        match () {
            () if self.nothing_wanted() && self.nothing_left() => "cancelled",
            () if self.delivered(true) => "delivered",
            () if self.lines().iter().any(|line| !line.delivered.is_zero()) => "part-delivered",
            () if shipped_all && some_shipped && out => "out-for-delivery",
            () if shipped_all && some_shipped => "despatched",
            () if some_shipped => "part-despatched",
            () if warehouse(&[WarehouseState::Packed]) => "packed",
            () if warehouse(&[WarehouseState::Picking, WarehouseState::Picked]) => "picking",
            () if self
                .kept
                .iter()
                .any(|kept| matches!(kept.row, OrderRow::WarehouseOrder(_) | OrderRow::WarehouseLine(_) | OrderRow::WarehouseTotal(_))) =>
            {
                "released"
            }
            () if self.released() && ships && to_release => "released",
            () if self.recorded => "recorded",
            () => "placed",
        }
    }

    /// `held`, `part-cancelled`, `assumed`, `returning`, `lost`.
    pub fn flags(&self) -> BTreeSet<&'static str> {
        let mut flags = BTreeSet::new();
        let mut set = |flag, holds: bool| {
            if holds {
                flags.insert(flag);
            }
        };
        set("held", self.held);
        set("part-cancelled", !self.nothing_wanted() && self.lines().iter().any(|line| line.wanted < line.ordered));
        set("assumed", self.goods.parcels.iter().any(|parcel| parcel.assumed));
        set("returning", self.goods.parcels.iter().any(|parcel| parcel.scan == Some(ScanMeaning::Returning)));
        set("lost", self.goods.parcels.iter().any(|parcel| parcel.scan == Some(ScanMeaning::Lost)));
        flags
    }
}
