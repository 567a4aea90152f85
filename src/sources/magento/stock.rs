//! `inventory_reservation` and `inventory_source_item`: what the shop holds back, and the figure that it has.

use super::reader::{Magento, MagentoReader, MagentoTable, meaning};
use crate::envelope::{DecodeError, columns};
use crate::facts::sku::{Basis, Holding, ShopFigure};
use crate::facts::{EntityKind, Quantity, SkuRow, Subject};
use crate::sources::facts_out::FactsOut;
use crate::sources::tables::{RowMove, RowsOf, TableRow};

/// Raise it when the meaning changes that this file gives to a record: records read again then count as newer.
pub(super) const REVISION: u16 = 3;

pub(super) static RESERVATION: MagentoTable = MagentoTable {
    name: "inventory_reservation",
    rows: &[RowsOf::all(EntityKind::Skus, SkuRow::HOLDING)],
    meaning: meaning!(InventoryReservation),
};

pub(super) static SOURCE_ITEM: MagentoTable = MagentoTable {
    name: "inventory_source_item",
    rows: &[RowsOf::all(EntityKind::Skus, SkuRow::SHOP_FIGURE)],
    meaning: meaning!(InventorySourceItem),
};

columns! {
    /// A reservation of -3 holds back 3 in its stock; one of +3 gives them free again. Never updated.
    pub(super) struct InventoryReservation { reservation_id, stock_id, sku, quantity }

    /// What a source (a location of the shop's) has on hand; a clerk may say that nothing of it is for sale (`status` 0).
    pub(super) struct InventorySourceItem { source_code, sku, quantity, status }
}

impl<'a> TableRow<'a, Magento> for InventoryReservation<'a> {
    fn upsert(&self, reader: &MagentoReader<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
        let quantity = -reader.required_pieces(&self.quantity)?;
        let stock = self.stock_id.opt_id()?.unwrap_or_default().as_ref().into();
        let holding = Holding { shop: reader.adapter.common.name.clone(), stock, quantity };
        out.sku(self.sku.sku()?, self.reservation_id.id()?.as_ref(), reader.place, reader.committed_at, SkuRow::Holding(holding));
        Ok(())
    }

    /// A job tidies away the rows of an order that add up to nothing: nobody holds more or less for it.
    fn delete(&self, _: &MagentoReader<'_>, _: &mut FactsOut<'_>) -> Result<(), DecodeError> {
        Ok(())
    }
}

impl<'a> TableRow<'a, Magento> for InventorySourceItem<'a> {
    fn moves(&self) -> bool {
        true
    }

    fn moved(&self, before: &Self, _: &MagentoReader<'_>) -> Result<RowMove, DecodeError> {
        Ok(RowMove::by_owner([&self.sku, &self.source_code], [&before.sku, &before.source_code]))
    }

    fn upsert(&self, reader: &MagentoReader<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
        let location = self.source_code.text()?;
        let on_hand = reader.required_pieces(&self.quantity)?;
        // Magento's own sums leave such pieces out, whatever lies there; what it owes (below zero) it still owes.
        let quantity = if self.status.opt_id()?.as_deref() == Some("0") { on_hand.min(Quantity::ZERO) } else { on_hand };
        let common = &reader.adapter.common;
        let basis = common.counts.unwrap_or(Basis::OnHand);
        let figure = ShopFigure { shop: common.name.clone(), location: location.as_ref().into(), quantity, basis };
        out.sku(self.sku.sku()?, location.as_ref(), reader.place, reader.committed_at, SkuRow::ShopFigure(figure));
        Ok(())
    }

    fn delete(&self, reader: &MagentoReader<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
        let subject = Subject::Sku(self.sku.sku()?);
        out.deleted(subject, SkuRow::SHOP_FIGURE, self.source_code.text()?.as_ref(), reader.place, reader.committed_at);
        Ok(())
    }
}
