//! A line as an order's body tells it.

use super::context::opt_shopify_id;
use crate::envelope::{DecodeError, columns};
use crate::facts::{Sku, Text};

columns! {
    pub(super) struct LineItem {
        id, variant_id, sku, name, title, quantity, current_quantity, fulfillable_quantity, requires_shipping, gift_card,
        variant_inventory_management, price, price_set, discount_allocations, tax_lines, duties, tip, tip_payment_gateway,
    }

    struct Tip { payment_gateway }
}

impl LineItem<'_> {
    /// `tip` since 2023; before, `tip_payment_gateway`.
    pub(super) fn is_tip(&self) -> Result<bool, DecodeError> {
        let tip: Option<Tip<'_>> = self.tip.object()?;
        Ok(tip.is_some() || self.tip_payment_gateway.filled()?.is_some())
    }

    /// `variant_inventory_management` is null for what Shopify keeps no stock of.
    pub(super) fn is_tracked(&self) -> Result<bool, DecodeError> {
        let cell = &self.variant_inventory_management;
        Ok(cell.json().is_empty() || cell.filled()?.is_some())
    }

    /// Its SKU, and as it is spelt. Shopify knows lines without: they go by the variant's id, or their own.
    pub(super) fn sku(&self, id: &str) -> Result<(Sku, Text), DecodeError> {
        if let Some(text) = self.sku.filled()? {
            return Ok((self.sku.sku()?, text.as_ref().into()));
        }
        let stand_in = match opt_shopify_id(&self.variant_id)? {
            Some(variant) => format!("VARIANT-{variant}"),
            None => format!("LINE-{id}"),
        };
        Ok((Sku::new(&stand_in).ok_or_else(|| self.variant_id.error("an id"))?, Text::default()))
    }
}
