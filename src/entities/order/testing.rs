//! Makes orders for tests: a story, row by row, kept as versioned facts, so that a test can also store them in another order.
//!
//! ```ignore
//! let mut order = Story::new("GBP");
//! order.header("94.36").line("A", "TEE", 3, "63.44", "10.57").charge("5.00", "0.83").captured("94.36").recorded();
//! order.despatched("D1", "TEE", 2).delivered("D1");
//! let state = order.state();
//! let view = order.view(&state);
//! ```

use std::collections::BTreeMap;

use crate::entities::order::figures::LineView;
use crate::entities::order::view::OrderView;
use crate::entities::order::{OrderState, view};
use crate::entities::rules::{Channel, Durations, ErpWhen, Location, Pair, ReportsRefunds, Role, Rules, SourceRules};
use crate::entities::topics::Ledgers;
use crate::facts::ids::join_key;
use crate::facts::order::*;
use crate::facts::time::Span;
use crate::facts::{
    Amount, Cause, Currency, CustomerKey, Moment, OrderKey, OrderRow, Place, Quantity, RowKey, Sku, SourceId, TopicId, Version,
};

pub const SHOP: SourceId = SourceId::of("magento");
pub const ERP: SourceId = SourceId::of("nav");
pub const WMS: SourceId = SourceId::of("peoplevox");
pub const CARRIER: SourceId = SourceId::of("carrier");
pub const FINANCE: SourceId = SourceId::of("finance");
/// The one location, and the channel that sells from it.
pub const MAIN: &str = "MAIN";
pub const CHANNEL: &str = "web";
/// A second location, once a story has it.
pub const NORTH: &str = "NORTH";
/// 2026-03-02T10:00:00Z, when the order is placed.
pub const PLACED: Moment = Moment(1_772_445_600_000);

pub fn amount(text: &str) -> Amount {
    Amount::parse(text).expect("an amount")
}

pub fn pieces(n: i64) -> Quantity {
    Quantity::from_int(n)
}

pub fn sku(text: &str) -> Sku {
    Sku::new(text).expect("a SKU")
}

/// A shop (reports the refunds it makes), an ERP, a warehouse system at the one location, a carrier, finance (every refund reaches it).
pub fn rules() -> Rules {
    let source = |id: SourceId, name: &str, role: Role, reports_refunds| SourceRules {
        id,
        name: name.into(),
        roles: vec![role],
        reports_refunds,
        trust_header_count: false,
        quiet: None,
    };
    Rules {
        sources: vec![
            source(SHOP, "magento", Role::Shop, ReportsRefunds::Own),
            source(ERP, "nav", Role::Erp, ReportsRefunds::None),
            source(WMS, "peoplevox", Role::Wms, ReportsRefunds::None),
            source(CARRIER, "carrier", Role::Carrier, ReportsRefunds::None),
            source(FINANCE, "finance", Role::Finance, ReportsRefunds::All),
        ],
        channels: vec![Channel {
            name: CHANNEL.into(),
            brand: "acme".into(),
            shop: "magento".into(),
            pool: vec![MAIN.into()],
            safety_stock: pieces(1),
            safety_by_sku: Vec::new(),
            price_list: "WEB".into(),
            currency: Currency::new("GBP").expect("a currency"),
            zone: "Europe/London".into(),
            stores: Vec::new(),
            stock_id: Default::default(),
            takes_orders: true,
        }],
        locations: vec![Location {
            code: MAIN.into(),
            aliases: vec!["HAUPT".into()],
            wms: Some(WMS),
            counted_by: Some(WMS),
            sellable_buckets: Vec::new(),
            fixed_orders: false,
        }],
        durations: Durations::default(),
        erp_when: ErpWhen::Secured,
        refund_charges: true,
        books_kept: Pair::ALL.to_vec(),
        notifications: Vec::new(),
        assumed_completes: true,
        ..Rules::default()
    }
}

/// A fact of the story: `None` is a deletion.
pub type StoryFact = (RowKey, Option<OrderRow>, Version, Moment);

/// An order, row by row. Each fact is newer than all before it; `at` moves on by a minute.
#[derive(Clone)]
pub struct Story {
    pub key: OrderKey,
    pub rules: Rules,
    pub currency: Currency,
    pub facts: Vec<StoryFact>,
    pub ledgers: Ledgers,
    /// The moment of the next fact, and of the view.
    pub now: Moment,
    progress: BTreeMap<String, LineProgress>,
    payment: Option<Payment>,
}

impl Story {
    pub fn new(currency: &str) -> Self {
        Self {
            key: OrderKey::new("magento", "1001"),
            rules: rules(),
            currency: Currency::new(currency).expect("a currency"),
            facts: Vec::new(),
            ledgers: Ledgers::default(),
            now: PLACED,
            progress: BTreeMap::new(),
            payment: None,
        }
    }

    pub fn put(&mut self, source: SourceId, id: &str, row: OrderRow) -> &mut Self {
        let kind = row.kind();
        self.add(kind, source, id, Some(row))
    }

    pub fn delete(&mut self, kind: u8, source: SourceId, id: &str) -> &mut Self {
        self.add(kind, source, id, None)
    }

    fn add(&mut self, kind: u8, source: SourceId, id: &str, row: Option<OrderRow>) -> &mut Self {
        let place = Place::Position([1, self.facts.len() as u64 + 1, 0]);
        let version = Version { incarnation: 0, place, upsert: row.is_some(), adapter: 1 };
        self.facts.push((RowKey { kind, source, id: id.into() }, row, version, self.now));
        self.now = self.now + Span::minutes(1);
        self
    }

    /// The state after these facts, stored in this order.
    pub fn state_of(&self, facts: &[StoryFact]) -> OrderState {
        let mut state = OrderState { ledgers: self.ledgers.clone(), ..OrderState::default() };
        for (key, row, version, at) in facts {
            let offset = match version.place {
                Place::Position([_, offset, _]) => offset as i64,
                _ => 0,
            };
            let cause = Cause { topic: TopicId::of("test"), partition: 0, offset };
            state.rows.put(key.clone(), row.clone(), *version, cause, *at);
        }
        state
    }

    pub fn state(&self) -> OrderState {
        self.state_of(&self.facts)
    }

    pub fn view<'a>(&'a self, state: &'a OrderState) -> OrderView<'a> {
        view(&self.key, &state.rows, &state.ledgers, state.since, &self.rules, self.now)
    }

    /// Notes in the ledger of the ERP's record what a seal finds now.
    pub fn sealed(&mut self) -> &mut Self {
        let state = self.state();
        let differs = self.view(&state).findings.iter().any(|finding| finding.kind == "erp-differs");
        self.ledgers.sales_order.note_difference(differs, self.now);
        self
    }

    /// The header as it would be; `change` makes it another.
    pub fn header_with(&mut self, total: &str, change: impl FnOnce(&mut Header)) -> &mut Self {
        let mut header = Header {
            channel: CHANNEL.into(),
            brand: "acme".into(),
            prices_include_tax: true,
            payment_method: "card".into(),
            customer: Some(CustomerKey::account("magento", "7")),
            email: Some(Personal("anne@example.com".into())),
            shipping_method: "parcel".into(),
            raw_state: "processing".into(),
            ..Header::new("100000042".into(), PLACED, self.currency, amount(total))
        };
        change(&mut header);
        self.put(SHOP, "1001", OrderRow::Header(Box::new(header)))
    }

    /// The header, with an address to ship to.
    pub fn header(&mut self, total: &str) -> &mut Self {
        self.header_with(total, |_| {}).address()
    }

    pub fn address(&mut self) -> &mut Self {
        let address = Address { country: "GB".into(), city: Personal("Leeds".into()), ..Address::default() };
        self.put(SHOP, "shipping", OrderRow::ShipTo(Box::new(address)))
    }

    /// The line as it would be; `change` makes it another.
    pub fn line_with(&mut self, id: &str, of: &str, n: i64, gross: &str, tax: &str, change: impl FnOnce(&mut Line)) -> &mut Self {
        let mut line = Line {
            position: self.facts.len() as u32,
            sku_text: of.into(),
            description: of.into(),
            tax: amount(tax),
            ..Line::new(sku(of), pieces(n), amount(gross))
        };
        change(&mut line);
        self.put(SHOP, id, OrderRow::Line(Box::new(line)))
    }

    pub fn line(&mut self, id: &str, of: &str, n: i64, gross: &str, tax: &str) -> &mut Self {
        self.line_with(id, of, n, gross, tax, |_| {})
    }

    /// Shipping.
    pub fn charge(&mut self, gross: &str, tax: &str) -> &mut Self {
        let charge = Charge { kind: ChargeKind::Shipping, gross: amount(gross), tax: amount(tax), removed: false };
        self.put(SHOP, "shipping|1", OrderRow::Charge(charge))
    }

    pub fn paid_by(&mut self, id: &str, tender: Tender, authorised: &str, captured: &str) -> &mut Self {
        let payment = Payment {
            authorised: amount(authorised),
            captured: amount(captured),
            reference: format!("ref-{id}").into(),
            ..Payment::new(tender, self.currency)
        };
        self.payment = Some(payment.clone());
        self.put(SHOP, id, OrderRow::Payment(payment))
    }

    /// The card is charged with so much in all.
    pub fn captured(&mut self, total: &str) -> &mut Self {
        self.paid_by("card", Tender::Card, total, total)
    }

    /// The ERP has approved its record of the order.
    pub fn recorded(&mut self) -> &mut Self {
        self.erp_record(ErpState::Approved)
    }

    pub fn erp_record(&mut self, state: ErpState) -> &mut Self {
        let record = ErpRecord { document: "SO-7".into(), state: Word::Known(state), created_at: Some(self.now) };
        self.put(ERP, "1|SO-7", OrderRow::ErpRecord(record))
    }

    pub fn erp_line(&mut self, number: &str, of: &str, n: i64, cost: Option<&str>) -> &mut Self {
        let line =
            ErpLine { location: Some("HAUPT".into()), unit_cost: cost.map(amount), ..ErpLine::new("SO-7".into(), sku(of), pieces(n)) };
        self.put(ERP, &format!("1|SO-7|{number}"), OrderRow::ErpLine(Box::new(line)))
    }

    /// Enters a go-ahead for these totals by line in the ledger, as `fulfilment-requests` does.
    pub fn released(&mut self, totals: &[(&str, i64)]) -> &mut Self {
        let asked = self.ledgers.fulfilment.entry(MAIN.into()).or_default();
        asked.step += 1;
        asked.enter_totals(totals.iter().map(|(line, total)| ((*line).into(), pieces(*total))).collect());
        self
    }

    pub fn warehouse_order(&mut self, state: WarehouseState) -> &mut Self {
        self.put(WMS, "100000042", OrderRow::WarehouseOrder(WarehouseOrder { location: MAIN.into(), state: Word::Known(state) }))
    }

    pub fn warehouse_total(&mut self, n: i64) -> &mut Self {
        self.put(WMS, "100000042", OrderRow::WarehouseTotal(WarehouseTotal { location: MAIN.into(), pieces: pieces(n) }))
    }

    /// Pieces of a SKU leave in a parcel `T-<despatch>`.
    pub fn despatched(&mut self, despatch: &str, of: &str, n: i64) -> &mut Self {
        self.despatched_lot(despatch, of, "", n)
    }

    /// ... pieces of a lot, which have a row of their own.
    pub fn despatched_lot(&mut self, despatch: &str, of: &str, lot: &str, n: i64) -> &mut Self {
        let row = Despatch {
            location: MAIN.into(),
            carrier: "DPD".into(),
            service: "next day".into(),
            tracking: Some(format!("T-{despatch}").into()),
            ..Despatch::new(despatch.into(), LineRef::Sku(sku(of)), pieces(n), self.now)
        };
        let id = if lot.is_empty() { format!("{despatch}|{of}") } else { format!("{despatch}|{of}|{lot}") };
        self.put(WMS, &id, OrderRow::Despatch(Box::new(row)))
    }

    pub fn scanned(&mut self, despatch: &str, meaning: ScanMeaning) -> &mut Self {
        let scanned_at = self.now;
        let scan = Scan { tracking: format!("T-{despatch}").into(), meaning: Word::Known(meaning), scanned_at };
        self.put(CARRIER, &format!("T-{despatch}|{}", scanned_at.0), OrderRow::Scan(scan))
    }

    pub fn delivered(&mut self, despatch: &str) -> &mut Self {
        self.scanned(despatch, ScanMeaning::Delivered)
    }

    /// The shop's books of a line, changed.
    pub fn progress(&mut self, line: &str, change: impl FnOnce(&mut LineProgress)) -> &mut Self {
        let mut row = self.progress.get(line).copied().unwrap_or_default();
        change(&mut row);
        self.progress.insert(line.to_owned(), row);
        self.put(SHOP, line, OrderRow::LineProgress(row))
    }

    /// The shop cancels so many pieces of a line in all.
    pub fn cancelled(&mut self, line: &str, n: i64) -> &mut Self {
        self.progress(line, |row| row.cancelled = pieces(n))
    }

    /// The shop credits so many pieces of a line in all.
    pub fn credited(&mut self, line: &str, n: i64) -> &mut Self {
        self.progress(line, |row| row.credited = pieces(n))
    }

    pub fn return_line(&mut self, rma: &str, of: &str, n: i64, state: ReturnState) -> &mut Self {
        let row = ReturnLine {
            state: Word::Known(state),
            reason: "too small".into(),
            approved_at: Some(self.now),
            ..ReturnLine::new(rma.into(), LineRef::Sku(sku(of)), pieces(n))
        };
        self.put(ERP, &format!("{rma}|{of}"), OrderRow::ReturnLine(Box::new(row)))
    }

    pub fn authorised(&mut self, rma: &str, of: &str, n: i64) -> &mut Self {
        self.return_line(rma, of, n, ReturnState::Approved)
    }

    /// ... and, if it can be sold again, held by the next count.
    pub fn received(&mut self, receipt: &str, of: &str, n: i64, condition: Condition) -> &mut Self {
        let at = self.now;
        self.uncounted(receipt, of, n, condition).counted(receipt, of, at)
    }

    /// A count of the location holds what came back.
    pub fn counted(&mut self, receipt: &str, of: &str, received_at: Moment) -> &mut Self {
        let row = OrderRow::Counted(Counted { received_at });
        self.put(SourceId::WAYBILL, &join_key(&[of, &format!("{receipt}|{of}")]), row)
    }

    pub fn uncounted(&mut self, receipt: &str, of: &str, n: i64, condition: Condition) -> &mut Self {
        let row = Receipt {
            condition: Word::Known(condition),
            location: MAIN.into(),
            bucket: "RETURNS".into(),
            ..Receipt::new(receipt.into(), LineRef::Sku(sku(of)), pieces(n), self.now)
        };
        self.put(WMS, &format!("{receipt}|{of}"), OrderRow::Receipt(Box::new(row)))
    }

    /// A refund that a system reports; `id` is its reference too.
    pub fn refunded_by(&mut self, source: SourceId, id: &str, tender: Tender, amount_text: &str) -> &mut Self {
        let row = Refund { reference: id.into(), ..Refund::new(tender, self.currency, amount(amount_text), self.now) };
        self.put(source, id, OrderRow::Refund(Box::new(row)))
    }

    /// Finance has paid so much back to the card.
    pub fn refunded(&mut self, id: &str, amount_text: &str) -> &mut Self {
        self.refunded_by(FINANCE, id, Tender::Card, amount_text)
    }

    /// Time passes.
    pub fn wait(&mut self, span: Span) -> &mut Self {
        self.now = self.now + span;
        self
    }
}

/// The view's line with this id.
pub fn line<'v, 'a>(view: &'v OrderView<'a>, id: &str) -> &'v LineView<'a> {
    view.lines.iter().find(|line| line.id == id).expect("a line")
}

/// "One example, whole" of the specification, as placed and paid: A: 3 x 19.99, B: 1 x 24.50, coupon 10.00, shipping, tax 20 % added.
pub fn placed_example() -> Story {
    let mut order = Story::new("GBP");
    order.header("94.36").line("A", "TEE", 3, "63.44", "10.57").line("B", "CAP", 1, "25.92", "4.32").charge("5.00", "0.83");
    order.captured("94.36");
    order
}

/// The same, recorded in the ERP with costs, and released to the warehouse.
pub fn released_example() -> Story {
    let mut order = placed_example();
    order.recorded().erp_line("10000", "TEE", 3, Some("6.20")).erp_line("20000", "CAP", 1, Some("9.10"));
    order.released(&[("A", 3), ("B", 1)]).warehouse_order(WarehouseState::New).warehouse_total(4);
    order
}
