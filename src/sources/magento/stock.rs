//! `inventory_reservation` and `inventory_source_item`: what the shop holds back, and the figure that it has.

use super::{Context, Table};
use crate::envelope::{DecodeError, columns};
use crate::facts::sku::{Basis, Holding, ShopFigure};
use crate::facts::{SkuRow, Subject};
use crate::sources::FactsOut;

columns! {
    /// A reservation of -3 holds back 3; one of +3 gives them free again. Never updated.
    pub(super) struct InventoryReservation { reservation_id, sku, quantity }

    /// What a source (a location of the shop's) has on hand.
    pub(super) struct InventorySourceItem { source_code, sku, quantity }
}

impl<'a> Table<'a> for InventoryReservation<'a> {
    fn upsert(&self, cx: &Context<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
        let quantity = -cx.required_pieces(&self.quantity)?;
        let holding = Holding { shop: cx.magento.common.name.clone(), quantity };
        out.sku(self.sku.sku()?, self.reservation_id.id()?.as_ref(), cx.place, cx.committed_at, SkuRow::Holding(holding));
        Ok(())
    }

    /// A job tidies away the rows of an order that add up to nothing: nobody holds more or less for it.
    fn delete(&self, _: &Context<'_>, _: &mut FactsOut<'_>) -> Result<(), DecodeError> {
        Ok(())
    }
}

impl<'a> Table<'a> for InventorySourceItem<'a> {
    fn owner(&self) -> Option<[&'a str; 2]> {
        Some([self.sku.json(), self.source_code.json()])
    }

    fn upsert(&self, cx: &Context<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
        let location = self.source_code.text()?;
        let quantity = cx.required_pieces(&self.quantity)?;
        let common = &cx.magento.common;
        let basis = common.counts.unwrap_or(Basis::OnHand);
        let figure = ShopFigure { shop: common.name.clone(), location: location.as_ref().into(), quantity, basis };
        out.sku(self.sku.sku()?, location.as_ref(), cx.place, cx.committed_at, SkuRow::ShopFigure(figure));
        Ok(())
    }

    fn delete(&self, cx: &Context<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
        let subject = Subject::Sku(self.sku.sku()?);
        out.deleted(subject, SkuRow::SHOP_FIGURE, self.source_code.text()?.as_ref(), cx.place, cx.committed_at);
        Ok(())
    }
}
