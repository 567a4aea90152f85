//! Magento 2 / Adobe Commerce: its MariaDB or MySQL tables as Debezium tells of them.
//!
//! | Table | Rows |
//! |---|---|
//! | `sales_order` | header, shipping charge, hold, stored-value payments; link of the order number |
//! | `sales_order_item` | line; progress of what is sold |
//! | `sales_order_address` | ship-to, bill-to |
//! | `sales_order_payment` | payment |
//! | `sales_creditmemo` | refund |
//! | `inventory_reservation` | what the shop holds back: one row each, summed; a deletion is tidying and says nothing |
//! | `inventory_source_item` | the shop's figure |
//! | `customer_entity` | account |
//! | `newsletter_subscriber` | consent to mail |
//!
//! A table that is emptied leaves none of its rows. A snapshot that has read a table to its end says which of the orders' rows it left out.
//! All else is passed over by name. The table is read from the change's source, never from the topic, which may have been renamed.
//!
//! **Versions** are the binlog's position: `updated_at` has whole seconds, and one transaction writes an order several times.
//!
//! **Money** is the order's currency (columns without `base_`). A line owes `row_total + tax_amount + discount_tax_compensation_amount +
//! weee_tax_applied_row_amount - discount_amount`; its tax is `tax_amount` (the compensation is the tax inside the discount: it makes up the
//! gross and is no tax). The shipping charge owes `shipping_amount + shipping_tax_amount + shipping_discount_tax_compensation_amount -
//! shipping_discount_amount`. The order owes `grand_total` and what stored value (gift cards, store credit, reward points) has paid of it.
//!
//! **Composites**: of a configurable product the parent row is the sale and the child row the goods. Only the sale tells progress: Magento
//! keeps the child's quantities unreliably.

mod customers;
mod items;
mod orders;
mod payments;
mod stock;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Deserialize;

use super::words::Words;
use super::{Adapter, Common, FactsOut, Kind, Reading, Skip, settings};
use crate::envelope::debezium::{self, Change, Message, Op};
use crate::envelope::{Cell, Columns, Decimals, DecodeError, Record};
use crate::facts::order::Tender;
use crate::facts::{Amount, Currency, CustomerKey, CustomerRow, Floor, Keeper, Moment, OrderKey, OrderRow, Place, Quantity, Role, SkuRow};

pub const KIND: Kind = Kind {
    name: "magento",
    label: "Magento 2 / Adobe Commerce (MariaDB or MySQL, Debezium)",
    fixtures: "magento",
    roles: &[Role::Shop],
    build,
};

/// The keys of `[sources.NAME]` for `kind = "magento"`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    /// The connector's `topic.prefix`.
    #[serde(default = "magento")]
    topic_prefix: String,
    #[serde(default = "magento")]
    database: String,
    /// `db/table_prefix` of `app/etc/env.php`.
    #[serde(default)]
    table_prefix: String,
    /// The tables to read, without prefix. Default: all that have a meaning here. (Debezium makes a table's topic with its first row.)
    #[serde(default)]
    tables: Option<Vec<String>>,
    /// The connector's `decimal.handling.mode`: `text` for `string`, `base64` for `precise`.
    #[serde(default)]
    decimals: Decimals,
    /// The currency that customers are charged in: a payment's row names none.
    currency: Currency,
    /// Prices are shown with tax (`tax/calculation/price_includes_tax`).
    #[serde(default)]
    prices_include_tax: bool,
    /// What a credit memo without a transaction of the gateway is.
    #[serde(default)]
    offline_credit_memos: OfflineCreditMemos,
    /// Payment method -> tender. Default: the offline methods of the core; any other method is a card.
    #[serde(default)]
    tenders: BTreeMap<String, String>,
}

fn magento() -> String {
    "magento".to_owned()
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum OfflineCreditMemos {
    /// Money that the shop has given back: nothing is paid twice.
    #[default]
    Paid,
    /// Paper: finance pays when it is asked to.
    Unpaid,
}

const TENDERS: &[(&str, Tender)] = &[
    ("banktransfer", Tender::Bank),
    ("cashondelivery", Tender::CashOnDelivery),
    ("checkmo", Tender::Bank),
    ("purchaseorder", Tender::OnAccount),
];

const TABLES: &[&str] = &[
    "sales_order",
    "sales_order_item",
    "sales_order_address",
    "sales_order_payment",
    "sales_creditmemo",
    "inventory_reservation",
    "inventory_source_item",
    "customer_entity",
    "newsletter_subscriber",
];

struct Magento {
    common: Common,
    settings: Settings,
    tables: Vec<String>,
    tenders: Words<Tender>,
}

fn build(common: &Common, table: &toml::Table) -> Result<Arc<dyn Adapter>, Vec<String>> {
    let settings: Settings = settings::read(table)?;
    let mut errors = Vec::new();
    let tables = settings.tables.clone().unwrap_or_else(|| TABLES.iter().map(|&name| name.to_owned()).collect());
    for name in tables.iter().filter(|name| !TABLES.contains(&name.as_str())) {
        errors.push(format!("tables: unknown table \"{name}\"{}", settings::suggestion(name, TABLES)));
    }
    let tenders = Words::new("tenders", TENDERS, &settings.tenders);
    match tenders {
        Ok(tenders) if errors.is_empty() => Ok(Arc::new(Magento { common: common.clone(), settings, tables, tenders })),
        Ok(_) => Err(errors),
        Err(wrong) => Err([errors, wrong].concat()),
    }
}

impl Adapter for Magento {
    fn revision(&self) -> u16 {
        2
    }

    fn topics(&self) -> Vec<String> {
        let Settings { topic_prefix, database, table_prefix, .. } = &self.settings;
        self.tables.iter().map(|table| format!("{topic_prefix}.{database}.{table_prefix}{table}")).collect()
    }

    fn translate(&self, record: &Record<'_>, out: &mut FactsOut<'_>) -> Result<Reading, DecodeError> {
        match debezium::decode(record.value)? {
            Message::Housekeeping => Ok(Reading::Skipped(Skip::Housekeeping)),
            Message::Change(change) => {
                let before = out.len();
                self.change(&change, record.timestamp, out).inspect_err(|_| out.truncate(before))
            }
        }
    }
}

impl Magento {
    fn change(&self, change: &Change<'_>, taken_at: Moment, out: &mut FactsOut<'_>) -> Result<Reading, DecodeError> {
        let name = &*change.source.table;
        let table = name.strip_prefix(self.settings.table_prefix.as_str()).unwrap_or(name);
        let apply = match table {
            "sales_order" => apply::<orders::SalesOrder<'_>>,
            "sales_order_item" => apply::<items::SalesOrderItem<'_>>,
            "sales_order_address" => apply::<orders::SalesOrderAddress<'_>>,
            "sales_order_payment" => apply::<payments::SalesOrderPayment<'_>>,
            "sales_creditmemo" => apply::<payments::SalesCreditmemo<'_>>,
            "inventory_reservation" => apply::<stock::InventoryReservation<'_>>,
            "inventory_source_item" => apply::<stock::InventorySourceItem<'_>>,
            "customer_entity" => apply::<customers::CustomerEntity<'_>>,
            "newsletter_subscriber" => apply::<customers::NewsletterSubscriber<'_>>,
            _ => return Ok(Reading::Skipped(Skip::UnknownTable(table.into()))),
        };
        let at = change.source.committed_at.unwrap_or(taken_at);
        let cx = Context { magento: self, place: change.source.place()?, committed_at: at, op: change.op };
        out.stands_at(cx.place, change.source.committed_at, change.source.in_order);
        if change.op == Op::Truncate {
            floors(table, &cx, Floor::Laid, out);
            return Ok(Reading::Understood);
        }
        apply(change, &cx, out)?;
        if change.source.ends_snapshot {
            floors(table, &cx, Floor::Read, out);
        }
        Ok(Reading::Understood)
    }

    fn customer(&self, id: &str) -> CustomerKey {
        CustomerKey::account(&self.common.name, id)
    }
}

/// Any id; the ids of a table's own, where rows of the same kind come from another table too: those begin with a letter.
const ALL: &[&str] = &[""];
const NUMBERS: &[&str] = &["1", "2", "3", "4", "5", "6", "7", "8", "9"];

/// The canonical rows that stand for a table's rows: kind, and how their ids begin.
fn rows_of(table: &str) -> &'static [(Keeper, u8, &'static [&'static str])] {
    match table {
        "sales_order" => &[(Keeper::Orders, OrderRow::HEADER, ALL)],
        "sales_order_item" => &[(Keeper::Orders, OrderRow::LINE, ALL), (Keeper::Orders, OrderRow::LINE_PROGRESS, ALL)],
        "sales_order_address" => &[(Keeper::Orders, OrderRow::SHIP_TO, ALL), (Keeper::Orders, OrderRow::BILL_TO, ALL)],
        // What was paid with stored value stands in the order's own row, under words.
        "sales_order_payment" => &[(Keeper::Orders, OrderRow::PAYMENT, NUMBERS)],
        "sales_creditmemo" => &[(Keeper::Orders, OrderRow::REFUND, ALL)],
        "inventory_reservation" => &[(Keeper::Skus, SkuRow::HOLDING, ALL)],
        "inventory_source_item" => &[(Keeper::Skus, SkuRow::SHOP_FIGURE, ALL)],
        "customer_entity" => &[(Keeper::Customers, CustomerRow::ACCOUNT, ALL)],
        "newsletter_subscriber" => &[(Keeper::Customers, CustomerRow::CONSENT, ALL)],
        _ => &[],
    }
}

/// Says something of all rows of a table at once: it was emptied; a snapshot has read it whole.
fn floors(table: &str, cx: &Context<'_>, floor: Floor, out: &mut FactsOut<'_>) {
    for (keeper, kind, beginnings) in rows_of(table) {
        // What only some of the table's rows tell can't be missed; and a person is asked about orders alone.
        if floor == Floor::Read && (*keeper != Keeper::Orders || *kind == OrderRow::LINE_PROGRESS) {
            continue;
        }
        beginnings.iter().for_each(|id| out.floor(*keeper, *kind, *id, cx.place, cx.committed_at, floor));
    }
}

/// One record's change, beside its row.
struct Context<'c> {
    magento: &'c Magento,
    place: Place,
    committed_at: Moment,
    op: Op,
}

/// A table's row and its meaning.
trait Table<'a>: Columns<'a> {
    /// Whose row it is, as JSON text. Where an update changes it, the row has left the one for the other.
    fn owner(&self) -> Option<[&'a str; 2]> {
        None
    }
    /// The row stands so.
    fn upsert(&self, cx: &Context<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError>;
    /// The row stood so and is gone.
    fn delete(&self, cx: &Context<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError>;
}

fn apply<'a, T: Table<'a>>(change: &Change<'a>, cx: &Context<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
    let Some(row) = change.row::<T>()? else { return Ok(()) };
    if change.is_delete() {
        return row.delete(cx, out).map_err(|error| error.within("before"));
    }
    if let Some(owner) = row.owner()
        && let Some(old) = change.before_update::<T>()?
        && old.owner() != Some(owner)
    {
        out.moved_away(|out| old.delete(cx, out)).map_err(|error| error.within("before"))?;
    }
    row.upsert(cx, out).map_err(|error| error.within("after"))
}

/// Digits after the point of every amount and quantity that is read here.
const SCALE: u32 = 4;

impl Context<'_> {
    /// An amount; NULL is zero, as it stands in all totals right after placement.
    fn money(&self, cell: &Cell<'_>) -> Result<Amount, DecodeError> {
        Ok(cell.opt_amount(self.magento.settings.decimals, SCALE)?.unwrap_or_default())
    }

    fn pieces(&self, cell: &Cell<'_>) -> Result<Quantity, DecodeError> {
        Ok(cell.opt_quantity(self.magento.settings.decimals, SCALE)?.unwrap_or_default())
    }

    fn required_money(&self, cell: &Cell<'_>) -> Result<Amount, DecodeError> {
        cell.amount(self.magento.settings.decimals, SCALE)
    }

    fn required_pieces(&self, cell: &Cell<'_>) -> Result<Quantity, DecodeError> {
        cell.quantity(self.magento.settings.decimals, SCALE)
    }

    fn order(&self, cell: &Cell<'_>) -> Result<OrderKey, DecodeError> {
        Ok(OrderKey::new(&self.magento.common.name, &cell.id()?))
    }

    /// The row's own time, else the commit's.
    fn at(&self, cell: &Cell<'_>) -> Result<Moment, DecodeError> {
        Ok(moment(cell)?.unwrap_or(self.committed_at))
    }
}

/// TIMESTAMP columns come as text in UTC; DATETIME would come as milliseconds.
fn moment(cell: &Cell<'_>) -> Result<Option<Moment>, DecodeError> {
    cell.opt_moment(crate::envelope::TimeUnit::Millis)
}

#[cfg(test)]
mod tests;
