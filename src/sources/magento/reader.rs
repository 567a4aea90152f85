//! The adapter as its tables see it: settings, and how Magento writes values.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::modules::{ModuleCharge, ModuleColumns};
use crate::envelope::debezium::ChangeEvent;
use crate::envelope::{Cell, Columns, Decimals, DecodeError, TimeUnit};
use crate::facts::order::Tender;
use crate::facts::{Amount, Currency, CustomerKey, Moment, OrderKey, Quantity, Text};
use crate::sources::adapter::Common;
use crate::sources::decimals::ColumnDecimals;
use crate::sources::facts_out::FactsOut;
use crate::sources::tables::{self, TableRow};
use crate::sources::words::Words;

/// The keys of `[sources.NAME]` for `kind = "magento"`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct MagentoSettings {
    /// The connector's `topic.prefix`.
    #[serde(default = "magento")]
    pub(super) topic_prefix: String,
    #[serde(default = "magento")]
    pub(super) database: String,
    /// `db/table_prefix` of `app/etc/env.php`.
    #[serde(default)]
    pub(super) table_prefix: String,
    /// The tables to read, without prefix. Default: all that have a meaning here.
    #[serde(default)]
    pub(super) tables: Option<Vec<String>>,
    /// The connector's `decimal.handling.mode`: `text` for `string`, `base64` for `precise`.
    #[serde(default)]
    pub(super) decimals: Decimals,
    /// Digits after the point of its decimal columns, where `base64` records don't bring their schema.
    #[serde(default)]
    pub(super) decimal_scale: Option<u32>,
    /// ... of columns that differ: `column` or `table.column`.
    #[serde(default)]
    pub(super) decimal_scales: BTreeMap<String, u32>,
    /// The currency of the catalogue: the shop's base currency. Orders and payments are in the order's own.
    #[serde(default)]
    pub(super) currency: Option<Currency>,
    /// Which attribute of a product is which; absent: the catalogue is not read.
    #[serde(default)]
    pub(super) attributes: Option<Attributes>,
    /// Prices are shown with tax (`tax/calculation/price_includes_tax`).
    #[serde(default)]
    pub(super) prices_include_tax: bool,
    /// What a credit memo without a transaction of the gateway is.
    #[serde(default)]
    pub(super) offline_credit_memos: OfflineCreditMemos,
    /// Payment method -> tender. Default: the offline methods of the core; any other method is a card.
    #[serde(default)]
    pub(super) tenders: BTreeMap<String, String>,
    /// Charges that modules add to the total, by the column of `sales_order` that has the amount.
    #[serde(default)]
    pub(super) charges: BTreeMap<String, ModuleColumns>,
}

/// The ids of the attributes in this shop: `SELECT attribute_id, attribute_code FROM eav_attribute` for the entity type `catalog_product`.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Attributes {
    pub(super) name: Option<i64>,
    pub(super) price: Option<i64>,
    pub(super) special_price: Option<i64>,
    pub(super) special_from_date: Option<i64>,
    pub(super) special_to_date: Option<i64>,
    pub(super) status: Option<i64>,
}

fn magento() -> String {
    "magento".to_owned()
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum OfflineCreditMemos {
    /// Money that the shop has given back: nothing is paid twice.
    #[default]
    Paid,
    /// Paper: finance pays when it is asked to.
    Unpaid,
}

pub(super) const TENDERS: &[(&str, Tender)] = &[
    ("banktransfer", Tender::Bank),
    ("cashondelivery", Tender::CashOnDelivery),
    ("checkmo", Tender::Bank),
    ("purchaseorder", Tender::OnAccount),
];

/// The adapter.
pub(super) struct Magento {
    pub(super) common: Common,
    pub(super) settings: MagentoSettings,
    /// The tables to read, without prefix.
    pub(super) tables: Vec<String>,
    pub(super) tenders: Words<Tender>,
    pub(super) decimals: ColumnDecimals,
    pub(super) module_charges: Vec<ModuleCharge>,
}

impl Magento {
    pub(super) fn customer(&self, id: &str) -> CustomerKey {
        CustomerKey::account(&self.common.name, id)
    }
}

/// How a row is read and what it means: made by [`meaning!`].
pub(super) struct MagentoMeaning {
    /// The columns that are read.
    pub(super) columns: &'static [&'static str],
    /// [`row`] of the row's type.
    pub(super) change: for<'a> fn(&ChangeEvent<'a>, &MagentoReader<'_>, &mut FactsOut<'_>) -> Result<(), DecodeError>,
}

/// The meaning of rows of this type.
macro_rules! meaning {
    ($row:ident) => {
        $crate::sources::magento::reader::MagentoMeaning {
            columns: $row::NAMES,
            change: |change, reader, out| $crate::sources::magento::reader::row::<$row<'_>>(change, reader, out),
        }
    };
    // Columns that only the configuration names are read beside its own.
    ($row:ident, with its text) => {
        $crate::sources::magento::reader::MagentoMeaning {
            columns: $row::NAMES,
            change: |change, reader, out| {
                $crate::sources::magento::reader::row::<$crate::sources::magento::modules::WithText<'_, $row<'_>>>(change, reader, out)
            },
        }
    };
}

pub(super) use meaning;

pub(super) type MagentoTable = tables::SourceTable<Magento>;
pub(super) type MagentoReader<'r> = tables::RowReader<'r, Magento>;

/// Puts out what a change of a row of this type means.
pub(super) fn row<'a, R>(change: &ChangeEvent<'a>, reader: &MagentoReader<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError>
where
    R: Columns<'a> + TableRow<'a, Magento>,
{
    tables::apply(change, reader, out, R::of)
}

/// Digits after the point of every amount and quantity that is read here, as Magento is installed.
pub(super) const SCALE: u32 = 4;

impl MagentoReader<'_> {
    /// An amount; NULL is zero, as it stands in all totals right after placement.
    pub(super) fn money(&self, cell: &Cell<'_>) -> Result<Amount, DecodeError> {
        if cell.is_null() { Ok(Amount::default()) } else { self.required_money(cell) }
    }

    pub(super) fn pieces(&self, cell: &Cell<'_>) -> Result<Quantity, DecodeError> {
        if cell.is_null() { Ok(Quantity::default()) } else { self.required_pieces(cell) }
    }

    pub(super) fn required_money(&self, cell: &Cell<'_>) -> Result<Amount, DecodeError> {
        let (form, scale) = self.decimals(cell)?;
        cell.amount(form, scale)
    }

    pub(super) fn required_pieces(&self, cell: &Cell<'_>) -> Result<Quantity, DecodeError> {
        let (form, scale) = self.decimals(cell)?;
        cell.quantity(form, scale)
    }

    pub(super) fn order(&self, cell: &Cell<'_>) -> Result<OrderKey, DecodeError> {
        Ok(OrderKey::new(&self.adapter.common.name, &cell.id()?))
    }

    /// The brand of what belongs to this store.
    pub(super) fn brand(&self, store: &Cell<'_>) -> Result<&Text, DecodeError> {
        let common = &self.adapter.common;
        Ok(common.brand_of(store.opt_id()?.and_then(|store| common.store(&store))))
    }

    /// The row's own time, else the commit's.
    pub(super) fn at(&self, cell: &Cell<'_>) -> Result<Moment, DecodeError> {
        Ok(moment(cell)?.unwrap_or(self.committed_at))
    }
}

/// TIMESTAMP columns come as text in UTC; DATETIME would come as milliseconds.
pub(super) fn moment(cell: &Cell<'_>) -> Result<Option<Moment>, DecodeError> {
    cell.opt_moment(TimeUnit::Millis)
}
