//! Rows of reports.

use super::cells::{filled, flag, number, pieces, sku, text};
use super::context::{ORDER_NUMBER, Peoplevox};
use super::events;
use crate::envelope::{DecodeError, Record, SpelledRow, spelled};
use crate::facts::ids::{ListedRow, join_key};
use crate::facts::order::{Condition, Despatch, LineRef, Receipt, WarehouseTotal, Word};
use crate::facts::sku::{Basis, Count, Despatched};
use crate::facts::{Alias, EntityKind, Moment, OrderRow, Place, SkuRow, Subject, Text, Watermark};
use crate::sources::facts_out::FactsOut;

/// Raise it when the meaning changes that this file gives to a record: records read again then count as newer.
pub(super) const REVISION: u16 = 2;

spelled! {
    pub(super) mod despatch {
        ORDER = "Salesorder number|Sales order number",
        DESPATCH = "Despatch number",
        ITEM = "Item code",
        PARENT = "Parent",
        QUANTITY = "No of items",
        DESPATCHED = "Despatch date",
        SITE = "Site reference",
        CARRIER = "Carrier",
        SERVICE = "Service",
        TRACKING = "Tracking number",
    }
}

spelled! {
    pub(super) mod inventory {
        ITEM = "Item code",
        SITE = "Site reference",
        ON_HAND = "On hand",
        AVAILABLE = "Available",
    }
}

spelled! {
    pub(super) mod returned {
        RETURN = "Return code",
        RETURNED = "Return date",
        ORDER = "Sales order number|Salesorder number",
        ITEM = "Item code",
        QUANTITY = "Quantity",
        CONDITION = "Return condition",
        REUSABLE = "Is Reusable",
        SITE = "Site reference",
        RMA = "RMA number",
        RMA_LINE = "RMA item line number",
    }
}

spelled! {
    pub(super) mod sales_order {
        ORDER = "Sales order no.|Sales order number|Salesorder number",
        ITEMS = "Number of items",
        SITE = "Site reference",
    }
}

/// Conditions that need no entry in the configuration.
pub(super) const CONDITIONS: &[(&str, Condition)] = &[
    ("new", Condition::Sellable),
    ("good", Condition::Sellable),
    ("resalable", Condition::Sellable),
    ("resaleable", Condition::Sellable),
    ("damaged", Condition::Damaged),
    ("faulty", Condition::Damaged),
    ("used", Condition::Damaged),
    ("worn", Condition::Damaged),
    ("rejected", Condition::Rejected),
    ("reject", Condition::Rejected),
];

const LIST: &str = "list";
const LIST_ROW: &str = "list-row";
const LIST_ROWS: &str = "list-rows";
const LIST_SITE: &str = "list-site";

/// A report that was read whole, from the headers of one of its rows.
struct List<'r> {
    began_at: Moment,
    /// From 1.
    row: u32,
    rows: u32,
    /// The report was asked for this site alone.
    site: Option<&'r str>,
}

/// `None` where the row stands by itself.
fn list<'r>(record: &Record<'r>) -> Result<Option<List<'r>>, DecodeError> {
    let Some(text) = record.header(LIST) else { return Ok(None) };
    let began_at = Moment::parse_rfc3339(text).ok_or_else(|| DecodeError::new(LIST, "a moment as in 2026-03-02T10:15:00Z", text))?;
    let number = |name: &'static str| {
        let text = record.header(name).unwrap_or_default();
        let number = text.parse().ok().filter(|number| (1..=Watermark::ROWS_MAX).contains(number));
        number.ok_or_else(|| DecodeError::new(name, "a whole number from 1", text))
    };
    let (row, rows) = (number(LIST_ROW)?, number(LIST_ROWS)?);
    if row > rows {
        return Err(DecodeError::new(LIST_ROW, "a number up to that of list-rows", row.to_string()));
    }
    Ok(Some(List { began_at, row, rows, site: record.header(LIST_SITE) }))
}

/// Id and place of a row of goods. In a report that was read whole each row is a row of its own, `despatch | SKU | #3`, as new as its reading: two rows
/// of equal text are so many pieces, and the same row read again is not. A row that stands by itself is known by what it says.
fn row_of_goods(record: &Record<'_>, base: Text, out: &FactsOut<'_>) -> Result<(Text, Place), DecodeError> {
    Ok(match list(record)? {
        Some(list) => {
            let place = Place::Stamp { millis: list.began_at.0, rank: 1, tie: record.offset.unsigned_abs() };
            (ListedRow::id(&base, list.row), place)
        }
        None => (base, out.arrival()),
    })
}

impl Peoplevox {
    /// Despatch summary: an item of a despatch.
    pub(super) fn despatch(&self, record: &Record<'_>, row: &SpelledRow<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
        use despatch as column;
        if !text(row.cell(column::PARENT))?.is_empty() {
            return Ok(());
        }
        let order = filled(row.cell(column::ORDER), ORDER_NUMBER)?;
        let despatch = filled(row.cell(column::DESPATCH), "a despatch number")?;
        let sku = sku(row.cell(column::ITEM))?;
        let quantity = pieces(row.cell(column::QUANTITY))?;
        let date = row.cell(column::DESPATCHED);
        let despatched_at = self.time(date, record)?.ok_or_else(|| date.error("a local time as in '14/03/2025 09:55'"))?;
        let location = self.site(row.cell(column::SITE))?;
        let carrier: Text = text(row.cell(column::CARRIER))?.into();
        let service = text(row.cell(column::SERVICE))?.into();
        let tracking: Option<Text> = Some(text(row.cell(column::TRACKING))?).filter(|number| !number.is_empty()).map(Into::into);

        let (id, place) = row_of_goods(record, join_key(&[&despatch, sku.as_str()]), out)?;
        let left = Despatched { location: location.clone(), quantity, despatched_at };
        out.sku(sku.clone(), id.clone(), place, despatched_at, SkuRow::Despatched(left));
        if let Some(number) = &tracking {
            let parcel = events::Parcel { despatch: &despatch, carrier: &carrier, number };
            self.parcel(&parcel, &[&order], events::place_in_report(record), despatched_at, out);
        }
        let line = LineRef::Sku(sku);
        let row = Despatch { location, carrier, service, tracking, ..Despatch::new(despatch.into(), line, quantity, despatched_at) };
        out.order_by_alias(self.order(&order), id, place, despatched_at, OrderRow::Despatch(Box::new(row)));
        Ok(())
    }

    /// Item inventory summary: an item at a site.
    pub(super) fn inventory(&self, record: &Record<'_>, row: &SpelledRow<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
        use inventory as column;
        let sku = sku(row.cell(column::ITEM))?;
        let basis = self.common.counts.unwrap_or(Basis::OnHand);
        let quantity = number(row.cell(if basis == Basis::Free { column::AVAILABLE } else { column::ON_HAND }))?;
        let location = self.site(row.cell(column::SITE))?;
        let id = join_key(&[&location, ""]);
        let counted_at = record.timestamp;
        let count = Count { location, bucket: Text::default(), quantity, basis, counted_at };
        let list = list(record)?;
        let told_at = list.as_ref().map_or(counted_at, |list| list.began_at);
        // A row of a list is above the list's watermark. Of an item that stands twice in one list the later record counts.
        let place = Place::Stamp { millis: told_at.0, rank: 1, tie: record.offset.unsigned_abs() };
        out.sku(sku, id, place, counted_at, SkuRow::Count(count));
        if let Some(List { began_at, row, rows, site }) = list {
            let prefix = site.map_or_else(Text::default, |site| join_key(&[site, ""]));
            let watermark = Place::Stamp { millis: began_at.0, rank: 0, tie: 0 };
            out.watermark(EntityKind::Skus, SkuRow::COUNT, prefix, watermark, began_at, Watermark::Listed { row, rows });
        }
        Ok(())
    }

    /// Return summary: an item of a return.
    pub(super) fn returned(&self, record: &Record<'_>, row: &SpelledRow<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
        use returned as column;
        let receipt = filled(row.cell(column::RETURN), "a return code")?;
        // Goods whose order nobody knows come without one.
        let order = text(row.cell(column::ORDER))?;
        let order = match order.is_empty() {
            true => Alias::blind_return(&self.common.name, &receipt),
            false => self.order(&order),
        };
        let sku = sku(row.cell(column::ITEM))?;
        let quantity = pieces(row.cell(column::QUANTITY))?;
        let word = text(row.cell(column::CONDITION))?;
        let condition = self.condition(&word, flag(row.cell(column::REUSABLE))?);
        let location = self.site(row.cell(column::SITE))?;
        let received_at = self.time(row.cell(column::RETURNED), record)?.unwrap_or(record.timestamp);
        let rma = Some(text(row.cell(column::RMA))?).filter(|rma| !rma.is_empty()).map(Into::into);
        let rma_line = text(row.cell(column::RMA_LINE))?;

        let id = join_key(&[&receipt, &rma_line, sku.as_str(), &word.to_uppercase()]);
        let (id, place) = row_of_goods(record, id, out)?;
        let line = LineRef::Sku(sku);
        let bucket = Text::default();
        let row = Receipt { rma, condition, location, bucket, ..Receipt::new(receipt.into(), line, quantity, received_at) };
        // The number of the order is corrected where a label was misread.
        out.owned(Subject::Alias(order), id, place, received_at, OrderRow::Receipt(Box::new(row)));
        Ok(())
    }

    /// The word's meaning; what is not reusable is never sellable, and without a word `Is Reusable` alone decides.
    fn condition(&self, word: &str, reusable: Option<bool>) -> Word<Condition> {
        let condition = match (word, reusable) {
            ("", None) => Word::Known(Condition::Unspoken),
            ("", Some(_)) => Word::Known(Condition::Sellable),
            _ => self.conditions.read(word),
        };
        match (condition, reusable) {
            (Word::Known(Condition::Sellable), Some(false)) => Word::Known(Condition::Damaged),
            (condition, _) => condition,
        }
    }

    /// Sales order summary: how many pieces an order has now.
    pub(super) fn sales_order(&self, record: &Record<'_>, row: &SpelledRow<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
        use sales_order as column;
        let order = filled(row.cell(column::ORDER), ORDER_NUMBER)?;
        let pieces = pieces(row.cell(column::ITEMS))?;
        let location = self.site(row.cell(column::SITE))?;
        let row = OrderRow::WarehouseTotal(WarehouseTotal { location, pieces });
        out.order_by_alias(self.order(&order), &*order, out.arrival(), record.timestamp, row);
        Ok(())
    }
}
