//! Times, and the places whose days they are of.

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;

use super::cells::text;
use super::context::Seko;
use crate::envelope::{Cell, DecodeError, Record};
use crate::facts::{Moment, Text};
use crate::sources::local_time;

/// What is expected of a moment.
pub(super) const MOMENT: &str = "a moment as in 2025-03-14T09:55:02.001Z";

impl Seko {
    /// The zone of a distribution centre's days.
    pub(super) fn zone(&self, dc: &str) -> &TimeZone {
        self.zones.iter().find(|(name, _)| name.eq_ignore_ascii_case(dc)).map_or(&self.common.zone, |(_, zone)| zone)
    }

    /// A moment of a push, which is in UTC; `None` where there is none. A day without a time (`2025-03-14`, or at midnight and a millisecond, as SEKO
    /// writes a date) is the moment at which it began there.
    pub(super) fn moment(&self, cell: Cell<'_>, dc: &str) -> Result<Option<Moment>, DecodeError> {
        let text = text(cell)?;
        if text.is_empty() {
            return Ok(None);
        }
        read_moment(&text, self.zone(dc)).ok_or_else(|| cell.error(MOMENT))
    }

    /// A day: what stands before the time, if one is there.
    pub(super) fn day(cell: Cell<'_>) -> Result<Option<Date>, DecodeError> {
        let text = text(cell)?;
        if text.is_empty() {
            return Ok(None);
        }
        let day = text.get(..10).and_then(|day| day.parse().ok()).filter(|_| matches!(text.as_bytes().get(10), None | Some(b'T' | b' ')));
        day.map(Some).ok_or_else(|| cell.error("a day as in 2025-03-14"))
    }

    /// The moment at which a day of this distribution centre begins.
    pub(super) fn begins(&self, day: Date, dc: &str) -> Option<Moment> {
        begins(day, self.zone(dc))
    }

    /// A local time of a carrier's event.
    pub(super) fn local(&self, cell: Cell<'_>, record: &Record<'_>) -> Result<Moment, DecodeError> {
        let text = text(cell)?;
        if let Some(moment) = Moment::parse_rfc3339(&text) {
            return Ok(moment);
        }
        let local = text.replacen(' ', "T", 1).parse::<DateTime>().ok();
        let moment = local.and_then(|local| local_time::moment(local, &self.common.zone, record.timestamp));
        moment.ok_or_else(|| cell.error("a local time as in 2025-03-28 11:20:05, of the event or of each of Events"))
    }

    /// The distribution centre that a message names, or the one that is set for messages that name none.
    pub(super) fn dc(&self, cell: Cell<'_>) -> Result<Text, DecodeError> {
        let text = text(cell)?;
        Ok(if text.is_empty() { self.settings.dc.as_str().into() } else { text.into() })
    }
}

/// `Some(None)`: .NET's first day, which stands for none.
fn read_moment(text: &str, zone: &TimeZone) -> Option<Option<Moment>> {
    if text.starts_with("0001-01-01") {
        return Some(None);
    }
    let time = text.get(10..).unwrap_or_default();
    if time.is_empty() || matches!(time, "T00:00:00.001Z" | "T00:00:00.001") {
        return begins(text.get(..10)?.parse().ok()?, zone).map(Some);
    }
    if let Some(moment) = Moment::parse_rfc3339(text) {
        return Some(Some(moment));
    }
    let utc: DateTime = text.replacen(' ', "T", 1).parse().ok()?;
    Moment::checked(TimeZone::UTC.to_ambiguous_timestamp(utc).compatible().ok()?.as_millisecond()).map(Some)
}

fn begins(day: Date, zone: &TimeZone) -> Option<Moment> {
    Moment::checked(zone.to_ambiguous_timestamp(day.at(0, 0, 0, 0)).compatible().ok()?.as_millisecond())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<String> {
        let zone = TimeZone::get("Europe/London").expect("a zone");
        read_moment(text, &zone).map(|moment| moment.map_or("none".to_owned(), |moment| moment.to_string()))
    }

    #[test]
    fn times_are_in_utc_and_days_those_of_the_distribution_centre() {
        assert_eq!(read("2025-07-14T09:55:02.001Z").as_deref(), Some("2025-07-14T09:55:02.001Z"));
        assert_eq!(read("2025-07-14T09:55:02").as_deref(), Some("2025-07-14T09:55:02Z"));
        assert_eq!(read("2025-07-14 09:55:02").as_deref(), Some("2025-07-14T09:55:02Z"));
        assert_eq!(read("2025-07-14").as_deref(), Some("2025-07-13T23:00:00Z"));
        assert_eq!(read("2025-07-14T00:00:00.001Z").as_deref(), Some("2025-07-13T23:00:00Z"));
        assert_eq!(read("2025-07-14T00:00:00Z").as_deref(), Some("2025-07-14T00:00:00Z"));
        assert_eq!(read("0001-01-01T00:00:00").as_deref(), Some("none"));
        assert_eq!(read("14/07/2025"), None);
        assert_eq!(read("2025-02-31"), None);
    }
}
