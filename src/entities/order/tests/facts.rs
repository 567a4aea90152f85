//! More that a story can tell: warehouse lines, cancellations, documents of the ERP, labels, decisions, holds.

use super::super::testing::*;
use crate::facts::order::*;
use crate::facts::{Moment, OrderRow, Quantity, SourceId};

impl Story {
    /// The channel sells from a second location too.
    pub fn with_north(&mut self) -> &mut Self {
        let mut north = self.rules.locations[0].clone();
        (north.code, north.aliases) = (NORTH.into(), Vec::new());
        self.rules.locations.push(north);
        self.rules.channels[0].pool.push(NORTH.into());
        self
    }

    /// A line of the warehouse's order at the main location; `change` makes it another.
    pub fn warehouse_line(&mut self, of: &str, n: i64, change: impl FnOnce(&mut WarehouseLine)) -> &mut Self {
        let mut row = WarehouseLine {
            order: "100000042".into(),
            location: MAIN.into(),
            line: LineRef::Sku(sku(of)),
            quantity: Some(pieces(n)),
            allocated: Quantity::ZERO,
            allocated_at: None,
            despatched: None,
            cancelled: None,
            closed: false,
        };
        change(&mut row);
        let id = format!("{}|{of}", row.order);
        self.put(WMS, &id, OrderRow::WarehouseLine(Box::new(row)))
    }

    /// A line of the ERP's record that is closed, with what was shipped of it.
    pub fn erp_line_with(&mut self, number: &str, of: &str, n: i64, change: impl FnOnce(&mut ErpLine)) -> &mut Self {
        let mut line = ErpLine::new("SO-7".into(), sku(of), pieces(n));
        change(&mut line);
        let id = format!("1|{}|{number}", line.document);
        self.put(ERP, &id, OrderRow::ErpLine(Box::new(line)))
    }

    pub fn document(&mut self, number: &str, state: ErpState) -> &mut Self {
        let record = ErpRecord { document: number.into(), state: Word::Known(state), created_at: Some(self.now) };
        self.put(ERP, &format!("1|{number}"), OrderRow::ErpRecord(record))
    }

    pub fn document_deleted(&mut self, number: &str) -> &mut Self {
        self.delete(OrderRow::ERP_RECORD, ERP, &format!("1|{number}"))
    }

    /// The ERP posts a shipment.
    pub fn posted(&mut self, id: &str, from: &str, of: &str, n: i64) -> &mut Self {
        let row = ErpPosted {
            kind: PostedKind::Shipment,
            document: id.into(),
            from: from.into(),
            sku: sku(of),
            quantity: pieces(n),
            gross: None,
        };
        self.put(ERP, id, OrderRow::ErpPosted(row))
    }

    /// Who says that so many pieces of a SKU are cancelled in all.
    pub fn cancellation(&mut self, who: SourceId, of: &str, n: i64, stopped: bool) -> &mut Self {
        let row = Cancellation { line: LineRef::Sku(sku(of)), total: pieces(n), stopped, reason: "out of stock".into() };
        self.put(who, of, OrderRow::Cancellation(row))
    }

    pub fn decided(&mut self, kind: &str, number: &str, choice: &str) -> &mut Self {
        self.decided_for(kind, number, choice, None, &[])
    }

    /// A decision, and the money and pieces that it was made for.
    pub fn decided_for(&mut self, kind: &str, number: &str, choice: &str, money: Option<&str>, lines: &[(&str, i64)]) -> &mut Self {
        let row = Decision {
            kind: kind.into(),
            number: number.into(),
            choice: choice.into(),
            amount: money.map(amount),
            lines: lines.iter().map(|(of, n)| (LineRef::Sku(sku(of)), pieces(*n))).collect(),
            who: "ops".into(),
            why: "reported by the customer".into(),
            decided_at: self.now,
        };
        self.put(SourceId::WAYBILL, &format!("{kind}|{number}"), OrderRow::Decision(Box::new(row)))
    }

    pub fn held(&mut self, active: bool) -> &mut Self {
        self.put(SHOP, "fraud", OrderRow::Hold(Hold { reason: "fraud check".into(), active }))
    }

    /// The parcel of a despatch gets this number; `replaces` names the label before.
    pub fn label(&mut self, despatch: &str, number: &str, replaces: Option<&str>) -> &mut Self {
        let row = Tracking {
            despatch: despatch.into(),
            carrier: "DPD".into(),
            number: number.into(),
            replaces: replaces.map(Into::into),
            beside: false,
        };
        self.put(WMS, despatch, OrderRow::Tracking(row))
    }

    /// A scan of a number at a moment.
    pub fn scan_of(&mut self, number: &str, meaning: ScanMeaning, at: Moment) -> &mut Self {
        self.scan_key(&format!("{number}|{}", at.0), number, meaning, at)
    }

    pub fn scan_key(&mut self, key: &str, number: &str, meaning: ScanMeaning, at: Moment) -> &mut Self {
        let scan = Scan { tracking: number.into(), meaning: Word::Known(meaning), scanned_at: at };
        self.put(CARRIER, key, OrderRow::Scan(scan))
    }

    /// Pieces of a SKU leave a location in a parcel with this number.
    pub fn sent_from(&mut self, location: &str, despatch: &str, of: &str, n: i64) -> &mut Self {
        let row = Despatch {
            despatch: despatch.into(),
            line: LineRef::Sku(sku(of)),
            quantity: pieces(n),
            location: location.into(),
            despatched_at: self.now,
            carrier: "DPD".into(),
            service: "next day".into(),
            tracking: Some(format!("T-{despatch}").into()),
        };
        self.put(WMS, &format!("{despatch}|{of}"), OrderRow::Despatch(Box::new(row)))
    }

    /// What a person must look at now: `kind number`, of those whose time has come and that nobody has decided about.
    pub fn exceptions(&self) -> Vec<String> {
        let state = self.state();
        let view = self.view(&state);
        let open = view.findings.iter().filter(|finding| finding.is_open(self.now));
        open.map(|finding| format!("{} {}", finding.kind, finding.number).trim_end().to_owned()).collect()
    }

    /// A line of the view: ordered, cancelled, wanted, despatched, stopped.
    pub fn quantities(&self, id: &str) -> [i64; 5] {
        let state = self.state();
        let view = self.view(&state);
        let line = line(&view, id);
        let whole = |quantity: Quantity| quantity.to_string().parse().expect("whole pieces");
        [whole(line.ordered), whole(line.sent.cancelled), whole(line.sent.wanted), whole(line.sent.despatched), whole(line.kept.stopped)]
    }
}
