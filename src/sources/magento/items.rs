//! `sales_order_item`: what was ordered, and how far the shop's own books have got with it.

use rust_decimal::Decimal;
use serde::Deserialize;

use super::reader::{Magento, MagentoReader, MagentoTable, meaning};
use crate::envelope::{DecodeError, columns};
use crate::facts::order::{Line, LineKind, LineProgress, LineRole, Needs, ShippedSince};
use crate::facts::{Amount, EntityKind, OrderRow, Quantity, Subject, Text};
use crate::sources::facts_out::FactsOut;
use crate::sources::tables::{RowMove, RowsOf, TableRow};

/// Raise it when the meaning changes that this file gives to a record: records read again then count as newer.
pub(super) const REVISION: u16 = 2;

pub(super) static ITEM: MagentoTable = MagentoTable {
    name: "sales_order_item",
    rows: &[
        RowsOf::all(EntityKind::Orders, OrderRow::LINE),
        RowsOf::of_some(EntityKind::Orders, OrderRow::LINE_PROGRESS),
        RowsOf::of_some(EntityKind::Orders, OrderRow::SHIPPED_SINCE),
    ],
    meaning: meaning!(SalesOrderItem),
};

columns! {
    pub(super) struct SalesOrderItem {
        item_id, order_id, parent_item_id, product_type, sku, name, is_virtual, updated_at, product_options,
        price, price_incl_tax, original_price,
        qty_ordered, qty_shipped, qty_refunded, qty_canceled,
        row_total, tax_amount, discount_tax_compensation_amount, weee_tax_applied_row_amount, discount_amount,
    }
}

/// What is read of `product_options`: of a bundle which parts it has, of a part its price and how many are in one bundle. The column also
/// holds what the customer typed; a connector may leave it out, and old versions of Magento write it in PHP's format: then nothing is known.
#[derive(Default, Deserialize)]
struct Options {
    bundle_options: Option<serde_json::Value>,
    /// JSON within JSON.
    bundle_selection_attributes: Option<String>,
    /// 0: the parts carry the prices; 1: the bundle does. As a number, or as text.
    product_calculations: Option<serde_json::Value>,
}

/// Numbers, or numbers as text: versions and modules write either.
#[derive(Default, Deserialize)]
struct Selection {
    price: Option<serde_json::Value>,
    qty: Option<serde_json::Value>,
}

/// The digits of a number, or of a number as text.
fn digits(value: &serde_json::Value) -> Option<String> {
    match value {
        serde_json::Value::Number(number) => Some(number.to_string()),
        serde_json::Value::String(text) => Some(text.trim().to_owned()),
        _ => None,
    }
}

impl Options {
    fn parts(&self) -> Option<u32> {
        let options: Vec<&serde_json::Value> = match self.bundle_options.as_ref()? {
            serde_json::Value::Array(options) => options.iter().collect(),
            serde_json::Value::Object(options) => options.values().collect(),
            _ => return None,
        };
        let chosen = |option: &&serde_json::Value| option.get("value").and_then(|value| value.as_array()).map_or(0, Vec::len);
        u32::try_from(options.iter().map(chosen).sum::<usize>()).ok().filter(|parts| *parts > 0)
    }

    fn priced_by_parts(&self) -> bool {
        self.product_calculations.as_ref().is_some_and(|word| word == 0 || word == "0")
    }

    fn selection(&self) -> Selection {
        self.bundle_selection_attributes.as_deref().and_then(|json| serde_json::from_str(json).ok()).unwrap_or_default()
    }
}

impl Selection {
    fn each(&self) -> Option<Quantity> {
        self.qty.as_ref().and_then(|qty| Quantity::parse(&digits(qty)?)).filter(|qty| qty.is_positive())
    }

    /// The price of one piece: the selection's is that of all of it.
    fn price_of_one(&self) -> Option<Amount> {
        let price = Amount::parse(&digits(self.price.as_ref()?)?)?.decimal();
        let one = price.checked_div(self.each().map_or(Decimal::ONE, Quantity::decimal))?;
        Amount::new(one.round_dp(Amount::SCALE_MAX)).filter(|price| price.is_positive())
    }
}

impl SalesOrderItem<'_> {
    fn options(&self) -> Options {
        self.product_options.opt_text().ok().flatten().and_then(|json| serde_json::from_str(&json).ok()).unwrap_or_default()
    }

    /// A row with a parent is goods; of the others, a composite has its goods in rows of their own.
    fn role(&self, product_type: &str) -> LineRole {
        match product_type {
            _ if !self.parent_item_id.is_null() => LineRole::Leaf,
            "configurable" | "bundle" => LineRole::Sale,
            _ => LineRole::Both,
        }
    }

    fn line(&self, reader: &MagentoReader<'_>, position: u32, role: LineRole, product_type: &str) -> Result<Line, DecodeError> {
        let tax = reader.money(&self.tax_amount)?;
        let gross = reader.required_money(&self.row_total)?
            + tax
            + reader.money(&self.discount_tax_compensation_amount)?
            + reader.money(&self.weee_tax_applied_row_amount)?
            - reader.money(&self.discount_amount)?;
        let (options, part) = (self.options(), role == LineRole::Leaf);
        let selection = options.selection();
        let catalogue = Some(reader.money(&self.original_price)?).filter(|price| price.is_positive());
        let shown = if reader.adapter.settings.prices_include_tax { &self.price_incl_tax } else { &self.price };
        let digital = self.is_virtual.opt_flag()?.unwrap_or(matches!(product_type, "virtual" | "downloadable"));
        let (sku, ordered) = (self.sku.sku()?, reader.required_pieces(&self.qty_ordered)?);
        // A part that costs something before the discount has a price of its own.
        let own_price = || Ok::<_, DecodeError>(reader.money(&self.row_total)?.is_positive() || reader.money(&self.price)?.is_positive());
        let priced_by_parts = if part { own_price()? } else { options.priced_by_parts() };
        Ok(Line {
            priced_by_parts,
            position,
            parent: self.parent_item_id.opt_id()?.map(|id| id.as_ref().into()),
            role,
            sku_text: self.sku.text()?.as_ref().into(),
            description: self.name.text_or_empty()?.as_ref().into(),
            tax,
            kind: if product_type == "giftcard" { LineKind::GiftCard } else { LineKind::Goods },
            needs: if digital { Needs::Digital } else { Needs::Ship },
            per_parent: selection.each().filter(|_| part).unwrap_or(Quantity::from_int(1)),
            list_price: selection.price_of_one().or(catalogue).filter(|_| part),
            parts: options.parts().filter(|_| !part),
            unit_price: Some(reader.money(shown)?).filter(|_| !part && !shown.is_null()),
            ..Line::new(sku, ordered, gross)
        })
    }

    fn progress(&self, reader: &MagentoReader<'_>) -> Result<LineProgress, DecodeError> {
        Ok(LineProgress {
            cancelled: reader.pieces(&self.qty_canceled)?,
            credited: reader.pieces(&self.qty_refunded)?,
            shipped: reader.pieces(&self.qty_shipped)?,
            received: None,
        })
    }
}

impl<'a> TableRow<'a, Magento> for SalesOrderItem<'a> {
    fn moves(&self) -> bool {
        true
    }

    fn moved(&self, before: &Self, _: &MagentoReader<'_>) -> Result<RowMove, DecodeError> {
        Ok(RowMove::by_owner([&self.order_id], [&before.order_id]))
    }

    fn upsert(&self, reader: &MagentoReader<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
        let order = reader.order(&self.order_id)?;
        let id: Text = self.item_id.id()?.as_ref().into();
        // Items are numbered in the order of the cart.
        let position = u32::try_from(self.item_id.int()?).map_err(|_| self.item_id.error("a whole number of 32 bits"))?;
        let product_type = self.product_type.text_or_empty()?;
        let role = self.role(&product_type);
        let at = reader.at(&self.updated_at)?;
        let line = self.line(reader, position, role, &product_type)?;
        // Parts of a bundle that are sent one by one have books of their own; those of most others stay empty.
        let progress = self.progress(reader)?;
        if role != LineRole::Leaf || progress != LineProgress::default() {
            out.order(order.clone(), id.clone(), reader.place, at, OrderRow::LineProgress(progress));
        }
        out.order(order, id, reader.place, at, OrderRow::Line(Box::new(line)));
        Ok(())
    }

    /// Since when the shipped total is what it is: of a row that is saved again with the same total nothing follows.
    fn changed(&self, before: Option<&Self>, reader: &MagentoReader<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
        let shipped = reader.pieces(&self.qty_shipped)?;
        let same = |before: &Self| {
            Ok::<_, DecodeError>(reader.pieces(&before.qty_shipped)? == shipped && before.order_id.json() == self.order_id.json())
        };
        if shipped.is_positive() && !before.map(same).transpose()?.unwrap_or(false) {
            let (order, at) = (reader.order(&self.order_id)?, reader.at(&self.updated_at)?);
            out.order(order, self.item_id.id()?.as_ref(), reader.place, at, OrderRow::ShippedSince(ShippedSince { shipped }));
        }
        Ok(())
    }

    fn delete(&self, reader: &MagentoReader<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
        let subject = Subject::Order(reader.order(&self.order_id)?);
        let id: Text = self.item_id.id()?.as_ref().into();
        if reader.pieces(&self.qty_shipped)?.is_positive() {
            out.deleted(subject.clone(), OrderRow::SHIPPED_SINCE, id.clone(), reader.place, reader.committed_at);
        }
        if self.parent_item_id.is_null() || self.progress(reader)? != LineProgress::default() {
            out.deleted(subject.clone(), OrderRow::LINE_PROGRESS, id.clone(), reader.place, reader.committed_at);
        }
        out.deleted(subject, OrderRow::LINE, id, reader.place, reader.committed_at);
        Ok(())
    }
}
