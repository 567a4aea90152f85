//! Goods that a mirror alone tells of: the shop or the ERP books them as sent, and whoever is to tell of despatches there does not.
//!
//! The mirror counts for nothing by itself. Only goods that a warehouse was asked for are looked at: of what left before Waybill was there, the
//! warehouse's feed may never tell.

use super::erp::{record_lines, targets};
use super::findings::Findings;
use super::view::LineView;
use crate::entities::Rows;
use crate::entities::rules::{Role, Rules};
use crate::entities::topics::Ledgers;
use crate::facts::order::PostedKind;
use crate::facts::{Cause, Moment, OrderRow, Quantity, Sku};

pub(super) struct Mirrors<'a, 's> {
    pub rows: &'a Rows<OrderRow>,
    pub rules: &'a Rules,
    pub ledgers: &'s Ledgers,
    pub lines: &'s [LineView<'a>],
}

impl<'a> Mirrors<'a, '_> {
    pub fn find(&self, findings: &mut Findings) {
        for (name, own) in [("shop", (|line| line.shop_shipped) as fn(&LineView<'_>) -> Quantity), ("erp", |line| line.erp_shipped)] {
            let ahead = |line: &&LineView<'_>| line.ships && !line.set && own(line) > line.d && self.asked(line);
            // Of one that was told to lower its total, `despatch-corrected` asks whether it does.
            if !self.lines.iter().any(|line| ahead(&line)) || self.ledgers.despatch_corrected_at(name).is_some() {
                continue;
            }
            let mut looked_at: Vec<&Sku> = Vec::new();
            for line in self.lines.iter().filter(ahead) {
                // Pieces of one SKU may be put to its lines one way here and another way there.
                let sum = |of: fn(&LineView<'_>) -> Quantity| -> Quantity { self.of_sku(line.sku).map(of).sum() };
                let (booked, left) = (sum(own), sum(|line| line.d));
                if looked_at.contains(&line.sku) || booked <= left {
                    continue;
                }
                looked_at.push(line.sku);
                let told = if name == "shop" { self.of_shop(line.sku) } else { self.of_erp(line.sku) };
                let Some(newest) = told.iter().map(|(at, _)| *at).max() else { continue };
                let sentence = format!("{name} books {booked} of {} as sent, whoever is to tell of it has told of {left}", line.sku);
                findings.add("mirror-only", &format!("{name} {}", line.sku), sentence, None, None);
                findings.of_pieces(booked - left);
                told.iter().for_each(|(_, cause)| findings.also(*cause));
                findings.after(newest + self.rules.durations.mirror_only);
            }
        }
    }

    fn of_sku(&self, sku: &Sku) -> impl Iterator<Item = &LineView<'a>> {
        self.lines.iter().filter(move |line| line.sku == sku && line.ships && !line.set)
    }

    fn asked(&self, line: &LineView<'_>) -> bool {
        self.ledgers.fulfilment.values().any(|asked| asked.totals.get(line.id).is_some_and(|total| total.is_positive()))
    }

    fn of_shop(&self, sku: &Sku) -> Vec<(Moment, Cause)> {
        let rows = self.rows.of_kind(OrderRow::LINE_PROGRESS).filter(|(key, stored)| match &stored.row {
            Some(OrderRow::LineProgress(row)) => {
                !stored.deleted && row.shipped.is_positive() && self.of_sku(sku).any(|line| line.pieces_of(&key.id).is_some())
            }
            _ => false,
        });
        rows.map(|(_, stored)| (stored.at, stored.cause)).collect()
    }

    fn of_erp(&self, sku: &Sku) -> Vec<(Moment, Cause)> {
        let posted = self.rows.of_kind(OrderRow::ERP_POSTED).filter(|(key, stored)| match &stored.row {
            Some(OrderRow::ErpPosted(row)) => {
                !stored.deleted && row.kind == PostedKind::Shipment && row.sku == *sku && self.rules.plays(key.source, Role::Erp)
            }
            _ => false,
        });
        let lines = record_lines(self.rows, self.rules)
            .filter(|(_, _, row)| row.shipped.is_positive() && targets(self.lines, row).iter().any(|&line| self.lines[line].sku == sku));
        let lines = lines.map(|(_, stored, _)| (stored.at, stored.cause));
        posted.map(|(_, stored)| (stored.at, stored.cause)).chain(lines).collect()
    }
}
