//! Magento 2 / Adobe Commerce: the tables of its MariaDB or MySQL, as Debezium writes their changes.
//!
//! Each file lists its tables, and [`TABLES`] all of them:
//!
//! | Table | Rows |
//! |---|---|
//! | `sales_order` | header, charges (shipping, gift wrapping, those of modules by the setting `charges`), hold, stored-value payments; link of the order number |
//! | `sales_order_item` | line; progress of what is sold |
//! | `sales_order_address` | ship-to, bill-to |
//! | `sales_order_payment` | payment |
//! | `sales_payment_transaction`, `sales_invoice` | transaction |
//! | `sales_creditmemo` | credit; refunds, one for each means of payment |
//! | `sales_creditmemo_item` | credit line |
//! | `sales_shipment` | shipment; link of its id |
//! | `sales_shipment_item` | line of a shipment |
//! | `sales_shipment_track` | tracking; link of the tracking number |
//! | `inventory_shipment_source` | place of a shipment |
//! | `inventory_reservation` | what the shop holds back: one row each, summed; a deletion is tidying and changes nothing |
//! | `inventory_source_item` | the shop's figure: 0 of what is set out of stock |
//! | `customer_entity` | account |
//! | `newsletter_subscriber` | consent to mail |
//! | `catalog_product_entity`, its values, `cataloginventory_stock_item` | product, price, offer, what is never sold: only with `attributes` |
//!
//! If a table is emptied, all of its rows are deleted. From a complete snapshot orders learn which of their rows it left out. Other tables are skipped
//! and counted by name. The table's name is read from the change's source, never from the topic, which may have been renamed.
//!
//! **Versions** are the binlog's position: `updated_at` has whole seconds, and one transaction writes an order several times.
//!
//! **Stores**: a store view that `[channels.NAME]` names under `stores` is a channel of its own; orders, guests and subscribers of it are of its brand.
//! Order numbers are unique only within a store: the number leads to an order as long as one alone has it. The shop takes the store from the orders
//! of a store view that it deletes: they stay in the only channel of their currency, else they are of the channel of all other stores.
//!
//! **Money** is the order's currency (columns without `base_`). A line owes `row_total + tax_amount + discount_tax_compensation_amount +
//! weee_tax_applied_row_amount - discount_amount`; its tax is `tax_amount` (the compensation is the tax inside the discount: it makes up the
//! gross and is no tax). The shipping charge owes `shipping_amount + shipping_tax_amount + shipping_discount_tax_compensation_amount -
//! shipping_discount_amount`. The order owes `grand_total` and what stored value (gift cards, store credit, reward points) has paid of it.
//!
//! **Composites**: of a configurable product the parent row is the sale and the child row the goods. Only the sale's progress is read: Magento
//! keeps the child's quantities unreliably.

mod catalogue;
mod charges;
mod customers;
mod items;
mod modules;
mod orders;
mod payments;
mod reader;
mod refunds;
mod shipments;
mod stock;

use std::sync::Arc;

use self::modules::ModuleCharge;
use self::reader::{Magento, MagentoMeaning, MagentoReader, MagentoSettings, MagentoTable, SCALE, TENDERS};
use super::adapter::{Adapter, Common, Reading, SystemKind};
use super::decimals::ColumnDecimals;
use super::facts_out::FactsOut;
use super::settings;
use super::tables::{self, Tables};
use super::words::Words;
use crate::envelope::debezium::{self, ChangeEvent};
use crate::envelope::{DecodeError, Record};
use crate::facts::Role;

pub const KIND: SystemKind = SystemKind {
    name: "magento",
    label: "Magento 2 / Adobe Commerce (MariaDB or MySQL, Debezium)",
    fixtures: "magento",
    roles: &[Role::Shop],
    build,
};

static TABLES: &[&MagentoTable] = &[
    &orders::ORDER,
    &items::ITEM,
    &orders::ADDRESS,
    &payments::PAYMENT,
    &payments::TRANSACTION,
    &payments::INVOICE,
    &refunds::CREDIT_MEMO,
    &refunds::CREDIT_MEMO_ITEM,
    &shipments::SHIPMENT,
    &shipments::SHIPMENT_ITEM,
    &shipments::SHIPMENT_TRACK,
    &shipments::SHIPMENT_SOURCE,
    &stock::RESERVATION,
    &stock::SOURCE_ITEM,
    &customers::CUSTOMER,
    &customers::SUBSCRIBER,
    &catalogue::PRODUCT,
    &catalogue::TEXT_VALUES,
    &catalogue::DECIMAL_VALUES,
    &catalogue::INT_VALUES,
    &catalogue::MOMENT_VALUES,
    &catalogue::STOCK_ITEM,
];

fn build(common: &Common, table: &toml::Table) -> Result<Arc<dyn Adapter>, Vec<String>> {
    let settings: MagentoSettings = settings::read(table)?;
    let mut errors = Vec::new();
    let mut or_say = |wrong: Vec<String>| errors.extend(wrong);
    let usual = |table: &str| settings.attributes.is_some() || !catalogue::is_of_catalogue(table);
    let tables = tables::named(TABLES, settings.tables.as_deref(), usual).map_err(&mut or_say);
    let tenders = Words::new("tenders", TENDERS, &settings.tenders).map_err(&mut or_say);
    let decimals = ColumnDecimals::new(settings.decimals, settings.decimal_scale, &settings.decimal_scales, SCALE).map_err(&mut or_say);
    match (tables, tenders, decimals) {
        (Ok(tables), Ok(tenders), Ok(decimals)) => {
            let module_charges = settings.charges.iter().map(ModuleCharge::of_setting).collect();
            Ok(Arc::new(Magento { common: common.clone(), settings, tables, tenders, decimals, module_charges }))
        }
        _ => Err(errors),
    }
}

impl Adapter for Magento {
    fn revision(&self) -> u16 {
        orders::REVISION
            + items::REVISION
            + payments::REVISION
            + refunds::REVISION
            + shipments::REVISION
            + stock::REVISION
            + customers::REVISION
            + catalogue::REVISION
    }

    fn topics(&self) -> Vec<String> {
        let MagentoSettings { topic_prefix, database, table_prefix, .. } = &self.settings;
        self.tables.iter().map(|table| format!("{topic_prefix}.{database}.{table_prefix}{table}")).collect()
    }

    fn tells_products(&self) -> bool {
        self.tables.iter().any(|table| table == catalogue::PRODUCT.name)
    }

    fn assumes(&self) -> Vec<String> {
        vec![self.decimals.assumed()]
    }

    fn reads_some(&self) -> bool {
        true
    }

    fn reads(&self, member: &str) -> bool {
        debezium::reads(member)
            || TABLES.iter().any(|table| table.meaning.columns.contains(&member))
            || self.module_charges.iter().any(|module| module.reads(member))
    }

    fn translate(&self, record: &Record<'_>, out: &mut FactsOut<'_>) -> Result<Reading, DecodeError> {
        tables::translate(self, record, out)
    }
}

impl Tables for Magento {
    type Meaning = MagentoMeaning;

    fn table<'n>(&self, name: &'n str) -> Result<&'static MagentoTable, &'n str> {
        let name = name.strip_prefix(self.settings.table_prefix.as_str()).unwrap_or(name);
        TABLES.iter().find(|table| table.name == name).copied().ok_or(name)
    }

    fn decimals(&self) -> &ColumnDecimals {
        &self.decimals
    }

    fn change(
        table: &'static MagentoTable,
        change: &ChangeEvent<'_>,
        reader: &MagentoReader<'_>,
        out: &mut FactsOut<'_>,
    ) -> Result<(), DecodeError> {
        (table.meaning.change)(change, reader, out)
    }
}

#[cfg(test)]
mod tests;
