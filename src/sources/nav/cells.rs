//! How NAV writes values.

use std::borrow::Cow;

use jiff::civil::Time;
use rust_decimal::Decimal;

use super::reader::NavReader;
use crate::envelope::{Cell, DecodeError, SpelledRow, TimeUnit};
use crate::facts::{Amount, Moment, Quantity, Sku, Text};
use crate::sources::local_time;

/// A decimal column's digits after the point as NAV makes its tables: decimal(38,20).
pub(super) const SCALE: u32 = 20;

/// Where a table names its goods: the places of these columns.
pub(super) struct ItemColumns {
    pub(super) item: usize,
    pub(super) variant: Option<usize>,
}

/// Text that has to be there.
pub(super) fn filled<'a>(cell: Cell<'a>, expected: &str) -> Result<Cow<'a, str>, DecodeError> {
    cell.filled()?.ok_or_else(|| cell.error(expected))
}

/// A document's number.
pub(super) fn number<'a>(row: &SpelledRow<'a>, place: usize) -> Result<Cow<'a, str>, DecodeError> {
    filled(row.cell(place), "a document's number")
}

/// A truth value: 0 or 1; a column that is not there is 0.
pub(super) fn flag(row: &SpelledRow<'_>, place: usize) -> Result<bool, DecodeError> {
    Ok(row.cell(place).opt_flag()?.unwrap_or(false))
}

/// A line's `Type` is that of an item: 2. Texts, accounts, charges and resources are no goods.
pub(super) fn is_item(row: &SpelledRow<'_>, line_type: usize, goods: &ItemColumns) -> Result<bool, DecodeError> {
    const ITEM: i64 = 2;
    Ok(row.cell(line_type).int()? == ITEM && row.cell(goods.item).filled()?.is_some())
}

impl NavReader<'_> {
    /// The SKU as NAV's numbers spell it.
    pub(super) fn sku_text(&self, row: &SpelledRow<'_>, goods: &ItemColumns) -> Result<Text, DecodeError> {
        let item = filled(row.cell(goods.item), "an item's number")?;
        let mut sku = Text::from(&*item);
        if let Some(place) = goods.variant
            && let Some(variant) = row.cell(place).filled()?
        {
            sku.push_str(&self.adapter.settings.variant_separator);
            sku.push_str(&variant);
        }
        Ok(sku)
    }

    pub(super) fn sku(&self, row: &SpelledRow<'_>, goods: &ItemColumns) -> Result<Sku, DecodeError> {
        let text = self.sku_text(row, goods)?;
        Sku::new(&text).ok_or_else(|| row.cell(goods.item).error(format!("a SKU of 1 to {} bytes", Sku::BYTES_MAX)))
    }

    pub(super) fn quantity(&self, cell: Cell<'_>) -> Result<Quantity, DecodeError> {
        let (form, scale) = self.decimals(&cell)?;
        cell.quantity(form, scale)
    }

    pub(super) fn amount(&self, cell: Cell<'_>) -> Result<Amount, DecodeError> {
        let (form, scale) = self.decimals(&cell)?;
        cell.amount(form, scale)
    }

    /// Any decimal: it may have more digits than an amount.
    pub(super) fn decimal(&self, cell: Cell<'_>) -> Result<Decimal, DecodeError> {
        let (form, scale) = self.decimals(&cell)?;
        cell.decimal(form, scale)
    }

    /// The quantity in base units, or in the line's own unit where the table is captured without them.
    pub(super) fn base(&self, row: &SpelledRow<'_>, base: usize, own: usize) -> Result<Quantity, DecodeError> {
        let base = row.cell(base);
        self.quantity(if base.is_null() { row.cell(own) } else { base })
    }

    /// A line's value with VAT, in the document's currency; NAV leaves it at zero until it has calculated the document.
    pub(super) fn gross(&self, cell: Cell<'_>) -> Result<Option<Amount>, DecodeError> {
        if cell.is_null() {
            return Ok(None);
        }
        let gross = Amount::new(self.decimal(cell)?.round_dp(Amount::SCALE_MAX));
        let gross = gross.ok_or_else(|| cell.error("an amount below 10^12"))?;
        Ok(Some(gross).filter(|gross| !gross.is_zero()))
    }

    /// When the row was written: Business Central keeps it (UTC), for NAV it is the commit.
    pub(super) fn written_at(&self, cell: Cell<'_>) -> Result<Moment, DecodeError> {
        Ok(cell.opt_moment(TimeUnit::Millis)?.unwrap_or(self.committed_at))
    }

    /// The midnight after a date without a zone; blank is none.
    pub(super) fn next_midnight(&self, cell: Cell<'_>) -> Result<Option<Moment>, DecodeError> {
        let Some(date) = cell.opt_date(TimeUnit::Millis)? else { return Ok(None) };
        let wrong = || cell.error("a date of the years 1 to 9999");
        let next = date.tomorrow().map_err(|_| wrong())?.to_datetime(Time::midnight());
        local_time::moment(next, &self.adapter.common.zone, Moment::MIN).map(Some).ok_or_else(wrong)
    }

    /// A date without a zone, as its midnight in the zone of the source; blank is none.
    pub(super) fn midnight(&self, cell: Cell<'_>) -> Result<Option<Moment>, DecodeError> {
        let Some(date) = cell.opt_date(TimeUnit::Millis)? else { return Ok(None) };
        let midnight = local_time::moment(date.to_datetime(Time::midnight()), &self.adapter.common.zone, Moment::MIN);
        midnight.map(Some).ok_or_else(|| cell.error("a date of the years 1 to 9999"))
    }
}
