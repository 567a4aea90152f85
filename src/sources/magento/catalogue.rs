//! The catalogue: `catalog_product_entity`, its values by attribute (EAV), and `cataloginventory_stock_item`. Read only where `[sources.NAME.attributes]`
//! says which attribute is which, since their ids differ from shop to shop (`eav_attribute`).
//!
//! Every table names the product by its id. So the values stand under the id, and the SKU gets its rows from there once its row is there. A value of a
//! single store view is not read: the one for all of them (`store_id` 0) counts.

use jiff::civil::DateTime;

use super::reader::{Magento, MagentoReader, MagentoTable, meaning, moment};
use crate::envelope::{Cell, DecodeError, columns};
use crate::facts::ids::join_key;
use crate::facts::sku::CatalogueValue;
use crate::facts::time::Span;
use crate::facts::{Moment, Sku, SkuRow, Subject, Text};
use crate::sources::facts_out::FactsOut;
use crate::sources::local_time;
use crate::sources::tables::TableRow;

/// Raise it when the meaning changes that this file gives to a record: records read again then count as newer.
pub(super) const REVISION: u16 = 2;

pub(super) static PRODUCT: MagentoTable =
    MagentoTable { name: "catalog_product_entity", rows: &[], meaning: meaning!(CatalogProductEntity) };

pub(super) static STOCK_ITEM: MagentoTable = MagentoTable { name: "cataloginventory_stock_item", rows: &[], meaning: meaning!(StockItem) };

macro_rules! of_values {
    ($($constant:ident $name:literal;)*) => {
        $(pub(super) static $constant: MagentoTable = MagentoTable {
            name: $name,
            rows: &[],
            meaning: meaning!(ProductValue),
        };)*
    };
}

of_values! {
    TEXT_VALUES "catalog_product_entity_varchar";
    DECIMAL_VALUES "catalog_product_entity_decimal";
    INT_VALUES "catalog_product_entity_int";
    MOMENT_VALUES "catalog_product_entity_datetime";
}

/// Tables that are read only with `attributes`.
pub(super) fn is_of_catalogue(table: &str) -> bool {
    table.starts_with("catalog")
}

columns! {
    /// `row_id` stands where staging versions products (Adobe Commerce): a product has a row for each of its versions, and loses some of them.
    pub(super) struct CatalogProductEntity { entity_id, row_id, sku }

    /// `entity_id` is absent where staging versions products (Adobe Commerce): there the rows are of versions, and are not read.
    pub(super) struct ProductValue { attribute_id, store_id, entity_id, value }

    /// Settings: a `use_config_...` of 1 says that the shop's configuration counts instead.
    pub(super) struct StockItem {
        product_id, min_qty, use_config_min_qty, backorders, use_config_backorders, manage_stock, use_config_manage_stock,
    }
}

impl MagentoReader<'_> {
    /// The entity of a product's id.
    fn product(&self, id: &Cell<'_>) -> Result<Option<Sku>, DecodeError> {
        Ok(id.opt_id()?.and_then(|id| Sku::new(&format!("{}#{id}", self.adapter.common.name))))
    }
}

impl CatalogProductEntity<'_> {
    /// Which of the rows that name the product's SKU: one for each of its versions.
    fn version(&self) -> Result<Text, DecodeError> {
        Ok(self.row_id.opt_id()?.map_or_else(|| "sku".into(), |row| join_key(&["sku", &row])))
    }
}

impl<'a> TableRow<'a, Magento> for CatalogProductEntity<'a> {
    fn upsert(&self, reader: &MagentoReader<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
        let (Some(product), Some(sku)) = (reader.product(&self.entity_id)?, self.sku.filled()?) else { return Ok(()) };
        let value = CatalogueValue::Sku(sku.trim().into());
        out.sku(product, self.version()?, reader.place, reader.committed_at, SkuRow::Catalogue(value));
        Ok(())
    }

    fn delete(&self, reader: &MagentoReader<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
        if let Some(product) = reader.product(&self.entity_id)? {
            out.deleted(Subject::Sku(product), SkuRow::CATALOGUE, self.version()?, reader.place, reader.committed_at);
        }
        Ok(())
    }
}

impl ProductValue<'_> {
    /// The field that the value is of, where it is one that is read, and for all store views.
    fn field(&self, reader: &MagentoReader<'_>) -> Result<Option<&'static str>, DecodeError> {
        let Some(attributes) = reader.adapter.settings.attributes else { return Ok(None) };
        if self.store_id.opt_int()?.unwrap_or(0) != 0 {
            return Ok(None);
        }
        let id = self.attribute_id.opt_int()?;
        let known = [
            (attributes.name, "name"),
            (attributes.price, "price"),
            (attributes.special_price, "special-price"),
            (attributes.special_from_date, "special-from"),
            (attributes.special_to_date, "special-to"),
            (attributes.status, "status"),
        ];
        Ok(known.into_iter().find(|(attribute, _)| attribute.is_some() && *attribute == id).map(|(_, field)| field))
    }

    /// The day of a date in the shop's zone: it is stored as if it were UTC.
    fn day(&self, reader: &MagentoReader<'_>) -> Result<Option<Moment>, DecodeError> {
        let Some(stored) = moment(&self.value)? else { return Ok(None) };
        let Ok(local) = jiff::Timestamp::from_millisecond(stored.0) else { return Ok(None) };
        let local: DateTime = jiff::tz::TimeZone::UTC.to_datetime(local);
        Ok(local_time::moment(local, &reader.adapter.common.zone, reader.committed_at))
    }

    fn content(&self, field: &str, reader: &MagentoReader<'_>) -> Result<Option<CatalogueValue>, DecodeError> {
        let settings = &reader.adapter.settings;
        let amount = || if self.value.is_null() { Ok(None) } else { reader.required_money(&self.value).map(Some) };
        Ok(match field {
            "name" => self.value.filled()?.map(|name| CatalogueValue::Name(name.as_ref().into())),
            "price" => amount()?.zip(settings.currency).map(|(amount, currency)| CatalogueValue::Price {
                amount,
                currency,
                tax_inside: settings.prices_include_tax,
            }),
            "special-price" => amount()?.map(CatalogueValue::SpecialPrice),
            "special-from" => self.day(reader)?.map(CatalogueValue::SpecialFrom),
            // The last day is a whole one.
            "special-to" => self.day(reader)?.map(|day| CatalogueValue::SpecialUntil(day + Span::days(1))),
            _ => self.value.opt_int()?.map(|status| CatalogueValue::Disabled(status != 1)),
        })
    }
}

impl<'a> TableRow<'a, Magento> for ProductValue<'a> {
    fn upsert(&self, reader: &MagentoReader<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
        let (Some(field), Some(product)) = (self.field(reader)?, reader.product(&self.entity_id)?) else { return Ok(()) };
        match self.content(field, reader)? {
            Some(value) => out.sku(product, field, reader.place, reader.committed_at, SkuRow::Catalogue(value)),
            None => out.deleted(Subject::Sku(product), SkuRow::CATALOGUE, field, reader.place, reader.committed_at),
        }
        Ok(())
    }

    fn delete(&self, reader: &MagentoReader<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
        if let (Some(field), Some(product)) = (self.field(reader)?, reader.product(&self.entity_id)?) {
            out.deleted(Subject::Sku(product), SkuRow::CATALOGUE, field, reader.place, reader.committed_at);
        }
        Ok(())
    }
}

impl<'a> TableRow<'a, Magento> for StockItem<'a> {
    fn upsert(&self, reader: &MagentoReader<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
        let Some(product) = reader.product(&self.product_id)? else { return Ok(()) };
        let own = |configured: &Cell<'_>| Ok::<bool, DecodeError>(!configured.opt_flag()?.unwrap_or(true));
        let backorders = self.backorders.opt_int()?;
        let value = CatalogueValue::Stock {
            shop: reader.adapter.common.name.clone(),
            backorder_allowed: if own(&self.use_config_backorders)? { backorders.map(|way| way != 0) } else { None },
            untracked: if own(&self.use_config_manage_stock)? { self.manage_stock.opt_flag()?.map(|managed| !managed) } else { None },
            kept_back: if own(&self.use_config_min_qty)? { Some(reader.pieces(&self.min_qty)?) } else { None },
        };
        out.sku(product, "stock", reader.place, reader.committed_at, SkuRow::Catalogue(value));
        Ok(())
    }

    fn delete(&self, reader: &MagentoReader<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
        if let Some(product) = reader.product(&self.product_id)? {
            out.deleted(Subject::Sku(product), SkuRow::CATALOGUE, "stock", reader.place, reader.committed_at);
        }
        Ok(())
    }
}
