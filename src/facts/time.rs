//! Moments: milliseconds since 1970-01-01T00:00:00Z. The pure rooms get them as values and never read a clock.

use std::fmt;
use std::ops::{Add, Sub};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A moment in milliseconds since the epoch, UTC. Written as RFC 3339 in JSON, as an integer in state.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Moment(pub i64);

/// A length of time in milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Span(pub i64);

impl Span {
    /// So many seconds.
    pub const fn seconds(n: i64) -> Self {
        Self(n * 1_000)
    }
    /// So many minutes.
    pub const fn minutes(n: i64) -> Self {
        Self::seconds(n * 60)
    }
    /// So many hours.
    pub const fn hours(n: i64) -> Self {
        Self::minutes(n * 60)
    }
    /// So many days.
    pub const fn days(n: i64) -> Self {
        Self::hours(n * 24)
    }
}

/// As configuration writes it, in its largest whole unit: `15m`, `3d`, `250ms`.
impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let units = [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)];
        let whole = |(_, millis): &(&str, i64)| self.0 % millis == 0 && self.0 / millis != 0;
        let (unit, millis) = units.into_iter().find(whole).unwrap_or(("s", 1_000));
        write!(f, "{}{unit}", self.0 / millis)
    }
}

impl Moment {
    /// The earlier of two moments, either of which may be missing.
    pub fn earlier(a: Option<Self>, b: Option<Self>) -> Option<Self> {
        match (a, b) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        }
    }

    /// Before all others.
    pub const MIN: Self = Self(i64::MIN);
    /// After all others.
    pub const MAX: Self = Self(i64::MAX);
    /// 0001-01-01 and 9999-12-31: what lies outside is not a date of any system.
    const SAYABLE: std::ops::RangeInclusive<i64> = -62_135_596_800_000..=253_402_300_799_999;

    /// `None` outside the years 1 to 9999.
    pub fn checked(millis: i64) -> Option<Self> {
        Self::SAYABLE.contains(&millis).then_some(Self(millis))
    }

    /// Reads RFC 3339 (`2026-03-02T10:15:04Z`, with an offset or `Z`).
    pub fn parse_rfc3339(text: &str) -> Option<Self> {
        let parsed: jiff::Timestamp = text.parse().ok()?;
        Self::checked(parsed.as_millisecond())
    }
}

/// Room for a moment to the millisecond.
const TEXT_BYTES: usize = "2026-03-02T10:15:04.512Z".len();

impl Moment {
    /// As it displays itself, by the shortest way: every event carries several. `None` outside the years 0 to 9999.
    fn text(self, text: &mut [u8; TEXT_BYTES]) -> Option<&str> {
        let moment = jiff::tz::Offset::UTC.to_datetime(jiff::Timestamp::from_millisecond(self.0).ok()?);
        let year = u32::try_from(moment.year()).ok()?;
        *text = *b"0000-00-00T00:00:00.000Z";
        let mut put = |mut at: usize, mut number: u32| {
            while number > 0 {
                (text[at], number, at) = (b'0' + (number % 10) as u8, number / 10, at.wrapping_sub(1));
            }
        };
        put(3, year);
        for (at, number) in [(6, moment.month()), (9, moment.day()), (12, moment.hour()), (15, moment.minute()), (18, moment.second())] {
            put(at, number.unsigned_abs().into());
        }
        let mut millis = self.0.rem_euclid(1_000) as u32;
        put(22, millis);
        // Without zeros at its end, as the library writes it.
        let mut end = text.len() - 1;
        while end > 20 && millis.is_multiple_of(10) {
            (millis, end) = (millis / 10, end - 1);
        }
        let end = if end == 20 { 19 } else { end };
        text[end] = b'Z';
        std::str::from_utf8(&text[..=end]).ok()
    }
}

impl Add for Span {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl Add<Span> for Moment {
    type Output = Self;
    fn add(self, span: Span) -> Self {
        Self(self.0.saturating_add(span.0))
    }
}

impl Sub for Moment {
    type Output = Span;
    fn sub(self, earlier: Self) -> Span {
        Span(self.0.saturating_sub(earlier.0))
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_millisecond(self.0) {
            Ok(moment) => write!(f, "{moment}"),
            Err(_) => write!(f, "{} ms", self.0),
        }
    }
}

impl fmt::Debug for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl Serialize for Moment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if !serializer.is_human_readable() {
            return serializer.serialize_i64(self.0);
        }
        match self.text(&mut [0; TEXT_BYTES]) {
            Some(text) => serializer.serialize_str(text),
            None => serializer.collect_str(self),
        }
    }
}

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            let text = std::borrow::Cow::<'_, str>::deserialize(deserializer)?;
            Self::parse_rfc3339(&text).ok_or_else(|| serde::de::Error::custom("expected a moment as in 2026-03-02T10:15:04Z"))
        } else {
            i64::deserialize(deserializer).map(Self)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        /// The short way writes what the library does.
        #[test]
        fn a_moment_is_written_as_it_displays_itself(seconds in -62_135_596_800_i64..253_402_300_800, millis in 0_i64..1_000) {
            for millis in [millis, millis / 10 * 10, millis / 100 * 100, 0] {
                let (moment, mut text) = (Moment(seconds * 1_000 + millis), [0; TEXT_BYTES]);
                proptest::prop_assert_eq!(moment.text(&mut text).map(str::to_owned), Some(moment.to_string()));
            }
        }
    }
}
