//! `sales_order_item`: what was ordered, and how far the shop's own books have got with it.

use super::{Context, Table};
use crate::envelope::{Refusal, columns};
use crate::facts::order::{Line, LineKind, LineProgress, LineRole, Needs};
use crate::facts::{OrderRow, Quantity, Subject, Text};
use crate::sources::FactsOut;

columns! {
    pub(super) struct SalesOrderItem {
        item_id, order_id, parent_item_id, product_type, sku, name, is_virtual, updated_at,
        qty_ordered, qty_shipped, qty_refunded, qty_canceled,
        row_total, tax_amount, discount_tax_compensation_amount, weee_tax_applied_row_amount, discount_amount,
    }
}

impl SalesOrderItem<'_> {
    /// A row with a parent is goods; of the others, a composite has its goods in rows of their own.
    fn role(&self, product_type: &str) -> LineRole {
        match product_type {
            _ if !self.parent_item_id.is_null() => LineRole::Leaf,
            "configurable" | "bundle" => LineRole::Sale,
            _ => LineRole::Both,
        }
    }

    fn line(&self, cx: &Context<'_>, position: u32, role: LineRole, product_type: &str) -> Result<Line, Refusal> {
        let tax = cx.money(&self.tax_amount)?;
        let gross = cx.required_money(&self.row_total)?
            + tax
            + cx.money(&self.discount_tax_compensation_amount)?
            + cx.money(&self.weee_tax_applied_row_amount)?
            - cx.money(&self.discount_amount)?;
        let digital = self.is_virtual.opt_flag()?.unwrap_or(matches!(product_type, "virtual" | "downloadable"));
        Ok(Line {
            position,
            parent: self.parent_item_id.opt_id()?.map(|id| id.as_ref().into()),
            role,
            sku: self.sku.sku()?,
            sku_text: self.sku.text()?.as_ref().into(),
            description: self.name.text_or_empty()?.as_ref().into(),
            ordered: cx.required_pieces(&self.qty_ordered)?,
            gross,
            tax,
            kind: if product_type == "giftcard" { LineKind::GiftCard } else { LineKind::Goods },
            needs: if digital { Needs::Digital } else { Needs::Ship },
            location: None,
            unit_cost: None,
            tracked: true,
            per_parent: Quantity::from_int(1),
            list_price: None,
            parts: None,
            unit_price: None,
        })
    }

    fn progress(&self, cx: &Context<'_>) -> Result<LineProgress, Refusal> {
        Ok(LineProgress {
            cancelled: cx.pieces(&self.qty_canceled)?,
            credited: cx.pieces(&self.qty_refunded)?,
            shipped: cx.pieces(&self.qty_shipped)?,
            received: None,
        })
    }
}

impl<'a> Table<'a> for SalesOrderItem<'a> {
    fn owner(&self) -> Option<[&'a str; 2]> {
        Some([self.order_id.json(), ""])
    }

    fn upsert(&self, cx: &Context<'_>, out: &mut FactsOut<'_>) -> Result<(), Refusal> {
        let order = cx.order(&self.order_id)?;
        let id: Text = self.item_id.id()?.as_ref().into();
        // Items are numbered in the order of the cart.
        let position = u32::try_from(self.item_id.int()?).map_err(|_| self.item_id.refuse("a whole number of 32 bits"))?;
        let product_type = self.product_type.text_or_empty()?;
        let role = self.role(&product_type);
        let at = cx.at(&self.updated_at)?;
        let line = self.line(cx, position, role, &product_type)?;
        if role != LineRole::Leaf {
            out.order(order.clone(), id.clone(), cx.place, at, OrderRow::LineProgress(self.progress(cx)?));
        }
        out.order(order, id, cx.place, at, OrderRow::Line(Box::new(line)));
        Ok(())
    }

    fn delete(&self, cx: &Context<'_>, out: &mut FactsOut<'_>) -> Result<(), Refusal> {
        let subject = Subject::Order(cx.order(&self.order_id)?);
        let id: Text = self.item_id.id()?.as_ref().into();
        if self.parent_item_id.is_null() {
            out.deleted(subject.clone(), OrderRow::LINE_PROGRESS, id.clone(), cx.place, cx.committed_at);
        }
        out.deleted(subject, OrderRow::LINE, id, cx.place, cx.committed_at);
        Ok(())
    }
}
