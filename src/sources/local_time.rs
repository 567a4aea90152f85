//! Local times that a system writes without an offset: read in the zone of its source.
//!
//! When clocks go back, one hour of the day comes twice, so a time in it has two readings. Nothing in a record is later than the record's arrival:
//! the later reading is taken, unless it lies after the arrival. So changes that are written at once keep their order through that hour. A time
//! that clocks jump over is read by the offset before the jump.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use crate::facts::Moment;
use crate::facts::time::Span;

/// How far the clock of the system may be before that of Kafka.
const AHEAD_MAX: Span = Span::minutes(1);

/// The moment of a local time in a record that arrived at `arrival`. `None` outside the years 1 to 9999.
pub fn moment(local: DateTime, zone: &TimeZone, arrival: Moment) -> Option<Moment> {
    let read = zone.to_ambiguous_timestamp(local);
    if !read.is_ambiguous() {
        return Moment::checked(read.compatible().ok()?.as_millisecond());
    }
    if matches!(read.offset(), jiff::tz::AmbiguousOffset::Fold { .. }) {
        let later = Moment::checked(read.later().ok()?.as_millisecond())?;
        if later <= arrival + AHEAD_MAX {
            return Some(later);
        }
    }
    Moment::checked(read.compatible().ok()?.as_millisecond())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(local: &str, arrival: &str) -> String {
        let zone = TimeZone::get("Europe/London").expect("a zone");
        let arrival = Moment::parse_rfc3339(arrival).expect("a moment");
        moment(local.parse().expect("a local time"), &zone, arrival).expect("a moment").to_string()
    }

    #[test]
    fn changes_told_at_once_keep_their_order_when_clocks_go_back() {
        assert_eq!(read("2025-10-26T01:50:00", "2025-10-26T00:50:02Z"), "2025-10-26T00:50:00Z");
        assert_eq!(read("2025-10-26T01:10:00", "2025-10-26T01:10:02Z"), "2025-10-26T01:10:00Z");
    }

    #[test]
    fn summer_time_is_an_hour_ahead_and_the_hour_that_is_jumped_over_is_read_by_the_old_offset() {
        assert_eq!(read("2025-07-14T09:55:00", "2025-07-14T09:00:00Z"), "2025-07-14T08:55:00Z");
        assert_eq!(read("2025-03-30T01:30:00", "2025-03-30T02:00:00Z"), "2025-03-30T01:30:00Z");
    }
}
