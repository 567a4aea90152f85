//! A retailer in a hurry does in a second what takes an hour: every wait is shorter, day and night are alike, and the systems' clocks are less far
//! off. The time itself is the wall clock's.

use crate::facts::time::Span;

/// How many times faster than in reality.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hurry(u32);

/// Clocks stay off by at least this, so that there is a difference to cope with.
const OFF_AT_LEAST: Span = Span::seconds(3);

impl Hurry {
    /// Everything takes its time.
    pub const NONE: Self = Self(1);

    /// `times` below 1 is [`Self::NONE`].
    pub fn new(times: u32) -> Self {
        Self(times.max(1))
    }

    pub fn times(self) -> u32 {
        self.0
    }

    pub fn is_on(self) -> bool {
        self.0 > 1
    }

    /// The shortened span: at least 1 ms, so that the order of events stays.
    pub fn span(self, span: Span) -> Span {
        if !self.is_on() || span.0 <= 0 { span } else { Span((span.0 / i64::from(self.0)).max(1)) }
    }

    /// How far a clock is off that is `off` without hurry.
    pub fn off(self, off: Span) -> Span {
        let size = self.span(Span(off.0.abs())).0.max(OFF_AT_LEAST.0.min(off.0.abs()));
        Span(size * off.0.signum())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_hour_takes_a_second_and_without_hurry_an_hour() {
        let hurry = Hurry::new(3_600);
        assert_eq!(hurry.span(Span::hours(5)), Span::seconds(5));
        assert_eq!(hurry.span(Span(2)), Span(1), "what follows still comes after");
        assert_eq!(hurry.off(Span::seconds(-200)), Span::seconds(-3));
        assert_eq!(Hurry::new(2).off(Span::seconds(-200)), Span::seconds(-100));
        assert_eq!((Hurry::NONE.span(Span::hours(5)), Hurry::NONE.off(Span::seconds(200))), (Span::hours(5), Span::seconds(200)));
    }
}
