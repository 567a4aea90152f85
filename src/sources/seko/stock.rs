//! Stock: adjustments and movements between location types, which are deltas; overnight summaries and answers about stock, which are absolute.

use super::cells::{counted, filled, number, pieces, sku, text};
use super::context::{AVAILABLE, HEADER, LINE, Seko, digest, header, line, parts, place};
use super::message::{Lines, SekoMessage};
use crate::envelope::{DecodeError, Record, SpelledRow};
use crate::facts::ids::join_key;
use crate::facts::sku::{Basis, Count, Movement};
use crate::facts::{EntityKind, Moment, Place, Quantity, Sku, SkuRow, Text, Watermark};
use crate::sources::facts_out::FactsOut;

/// Raise it when the meaning changes that this file gives to a record: records read again then count as newer.
pub(super) const REVISION: u16 = 1;

/// A movement's row, but for its pieces.
struct Moved<'a> {
    sku: &'a Sku,
    location: &'a Text,
    place: Place,
    at: Moment,
    cause: &'a str,
}

impl Moved<'_> {
    fn put(&self, id: Text, bucket: Text, quantity: Quantity, out: &mut FactsOut<'_>) {
        let row = Movement { location: self.location.clone(), bucket, quantity, moved_at: self.at, cause: self.cause.into() };
        out.sku(self.sku.clone(), id, self.place, self.at, SkuRow::Movement(row));
    }
}

impl Seko {
    /// StockAdjustment: pieces more or less in a location type.
    pub(super) fn adjustment(&self, record: &Record<'_>, message: &SekoMessage<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
        let head = message.header(&HEADER)?;
        let read = || {
            let kind = head.cell(header::ADJUSTMENT);
            let is_less = match text(kind)?.to_ascii_lowercase().as_str() {
                "increase" => false,
                "decrease" => true,
                _ => return Err(kind.error("Increase or Decrease")),
            };
            let location = self.dc(head.cell(header::DC))?;
            let at = self.moment(head.cell(header::ADJUSTED), &location)?.unwrap_or(record.timestamp);
            let bucket = self.bucket(&text(head.cell(header::LOCATION_TYPE))?);
            let own = text(head.cell(header::INTERNAL))?;
            let own = if own.is_empty() { text(head.cell(header::SEQUENCE))? } else { own };
            let own = if own.is_empty() { digest(record, message.text()) } else { own };
            Ok((is_less, location, at, bucket, Text::from(&*own), place(&head, out)?))
        };
        let (is_less, location, at, bucket, own, place) = read().map_err(|error| message.within(error))?;
        for (i, row) in message.lines.rows(&LINE)?.iter().enumerate() {
            let read = || {
                let line = text(row.cell(line::INTERNAL))?;
                let line = if line.is_empty() { text(row.cell(line::LINE))? } else { line };
                let cause = format!("adjustment {}", text(row.cell(line::REASON))?);
                Ok((sku(row.cell(line::PRODUCT))?, pieces(row.cell(line::QUANTITY))?, line, cause))
            };
            let (sku, quantity, line, cause) = read().map_err(|error: DecodeError| message.lines.within(error, i))?;
            let Some(bucket) = bucket.clone() else { continue };
            let id = join_key(&["adjustment", &location, &own, &line, sku.as_str()]);
            let moved = Moved { sku: &sku, location: &location, place, at, cause: cause.trim_end() };
            moved.put(id, bucket, if is_less { -quantity } else { quantity }, out);
        }
        Ok(())
    }

    /// StockStatusMovement: pieces from one location type to another. It has no id but the number of its push.
    pub(super) fn status_movement(
        &self,
        record: &Record<'_>,
        message: &SekoMessage<'_>,
        out: &mut FactsOut<'_>,
    ) -> Result<(), DecodeError> {
        let head = message.header(&HEADER)?;
        let read = |out: &mut FactsOut<'_>| {
            let location = self.dc(head.cell(header::DC))?;
            let at = self.moment(head.cell(header::MOVED), &location)?.unwrap_or(record.timestamp);
            let sku = sku(head.cell(header::PRODUCT))?;
            let quantity = pieces(head.cell(header::QUANTITY))?;
            let from = filled(head.cell(header::FROM), "a location type")?;
            let to = filled(head.cell(header::TO), "a location type")?;
            let (sequence, own) = (text(head.cell(header::SEQUENCE))?, text(head.cell(header::MOVEMENT))?);
            let own = [own, sequence].into_iter().find(|id| !id.is_empty()).unwrap_or_else(|| digest(record, message.text()));
            let moved = Moved { sku: &sku, location: &location, place: place(&head, out)?, at, cause: "status" };
            let id = |way: &str| join_key(&["status", &location, &own, way]);
            if let Some(bucket) = self.bucket(&from) {
                moved.put(id("from"), bucket, -quantity, out);
            }
            if let Some(bucket) = self.bucket(&to) {
                moved.put(id("to"), bucket, quantity, out);
            }
            Ok(())
        };
        read(out).map_err(|error: DecodeError| message.within(error))
    }

    /// StockOvernightSummary: all stock of a distribution centre at the end of a day, in parts. Only once all parts are there is what they leave out zero.
    pub(super) fn overnight(&self, record: &Record<'_>, message: &SekoMessage<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
        let head = message.header(&HEADER)?;
        let read = || {
            let dc = head.cell(header::DC);
            let location = self.dc(dc)?;
            if location.is_empty() {
                return Err(dc.error("a distribution centre"));
            }
            let day = Self::day(head.cell(header::DAY))?.or_else(|| self.last_day(&location, record.timestamp));
            let counted_at = day.and_then(|day| self.begins(day.tomorrow().ok()?, &location));
            let counted_at = counted_at.ok_or_else(|| head.cell(header::DAY).error("a day as in 2025-03-14"))?;
            let summary = head.cell(header::SUMMARY);
            let rank = number(summary).ok().flatten().and_then(|id| u32::try_from(id).ok()).unwrap_or_default();
            let sequence = number(head.cell(header::SEQUENCE))?.unwrap_or_else(|| record.offset.unsigned_abs());
            // Rows of a file have no part: what they leave out is not known.
            let part = if message.name.is_empty() { None } else { parts(&head)? };
            Ok((location, counted_at, rank, sequence, part))
        };
        let (location, counted_at, rank, sequence, part) = read().map_err(|error| message.within(error))?;
        // A row stands above its list's watermark.
        let place = Place::Stamp { millis: counted_at.0, rank, tie: sequence.saturating_add(1) };
        for (i, row) in message.lines.rows(&LINE)?.iter().enumerate() {
            self.summary_line(row, &location, counted_at, place, out).map_err(|error| message.lines.within(error, i))?;
        }
        if let Some((part, parts)) = part {
            let watermark = Place::Stamp { millis: counted_at.0, rank, tie: 0 };
            let listed = Watermark::Listed { row: part, rows: parts };
            out.watermark(EntityKind::Skus, SkuRow::COUNT, join_key(&[&location, ""]), watermark, counted_at, listed);
        }
        Ok(())
    }

    /// The day whose end was the last midnight there.
    fn last_day(&self, dc: &str, now: Moment) -> Option<jiff::civil::Date> {
        let now = jiff::Timestamp::from_millisecond(now.0).ok()?;
        self.zone(dc).to_datetime(now).date().yesterday().ok()
    }

    fn summary_line(
        &self,
        row: &SpelledRow<'_>,
        location: &Text,
        counted_at: Moment,
        place: Place,
        out: &mut FactsOut<'_>,
    ) -> Result<(), DecodeError> {
        let sku = sku(row.cell(line::PRODUCT))?;
        let on_hand = row.cell(line::ON_HAND);
        if text(on_hand)?.is_empty() {
            return Err(on_hand.error("a number of pieces"));
        }
        let on_hand = counted(on_hand)?;
        let column = |place: usize| counted(row.cell(place));
        let allocated = if self.settings.on_hand_includes_allocated { Quantity::ZERO } else { column(line::ALLOCATED)? };
        let not_gone = on_hand + allocated + column(line::PICK)? + column(line::TO_DISPATCH)?;
        let basis = self.common.counts.unwrap_or(Basis::OnHand);
        for bucket in &self.settings.buckets {
            let (quantity, basis) = match bucket.to_ascii_lowercase().as_str() {
                "available stock" if basis == Basis::Free => (on_hand, basis),
                "available stock" => (not_gone, basis),
                "quarantine" => (column(line::QUARANTINE)?, Basis::OnHand),
                "returns" => (column(line::RETURNS)?, Basis::OnHand),
                "putaway" | "put away" => (column(line::PUT_AWAY)?, Basis::OnHand),
                "crossdock" | "cross dock" => (column(line::CROSS_DOCK)?, Basis::OnHand),
                _ => continue,
            };
            let bucket: Text = bucket.as_str().into();
            let id = join_key(&[location, &bucket]);
            out.sku(
                sku.clone(),
                id,
                place,
                counted_at,
                SkuRow::Count(Count { location: location.clone(), bucket, quantity, basis, counted_at }),
            );
        }
        Ok(())
    }

    /// The answer to a question for stock: what is free of some products now.
    pub(super) fn free(&self, record: &Record<'_>, lines: &Lines<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
        for (i, row) in lines.rows(&LINE)?.iter().enumerate() {
            let read = |out: &mut FactsOut<'_>| {
                let sku = sku(row.cell(line::PRODUCT))?;
                let location = self.dc(row.cell(line::DC))?;
                let free = row.cell(line::FREE);
                let quantity = row.cell(line::QUANTITY);
                let cell = if text(quantity)?.is_empty() { free } else { quantity };
                let quantity = Quantity::parse(&text(cell)?).ok_or_else(|| cell.error("a number of pieces"))?;
                let Some(bucket) = self.bucket(&text(row.cell(line::LOCATION_TYPE))?) else { return Ok(()) };
                let basis = if bucket.eq_ignore_ascii_case(AVAILABLE) { Basis::Free } else { Basis::OnHand };
                let counted_at = record.timestamp;
                let place = Place::Stamp { millis: counted_at.0, rank: 0, tie: record.offset.unsigned_abs().saturating_add(1) };
                let id = join_key(&[&location, &bucket]);
                out.sku(sku, id, place, counted_at, SkuRow::Count(Count { location, bucket, quantity, basis, counted_at }));
                Ok(())
            };
            read(out).map_err(|error: DecodeError| lines.within(error, i))?;
        }
        Ok(())
    }
}
