//! Numbers: whole ones and exact decimals, never floats. What a record says keeps its text: `1.10` stays `1.10`.

use std::cmp::Ordering;
use std::fmt;
use std::rc::Rc;

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

/// A number.
#[derive(Clone, Debug)]
pub enum Number {
    /// A whole number of up to 18 digits and more.
    Int(i64),
    /// An exact decimal of up to 28 digits.
    Decimal(Decimal),
    /// One with more digits: it is carried as it was written, and nothing can be calculated with it.
    Long(Rc<str>),
}

impl Number {
    /// Reads what JSON calls a number; leading zeros and a plus sign too. `None`: it is none.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let is_int = text.strip_prefix(['-', '+']).unwrap_or(text).bytes().all(|byte| byte.is_ascii_digit());
        if is_int && let Ok(int) = text.parse() {
            return Some(Self::Int(int));
        }
        let has_exponent = text.contains(['e', 'E']);
        let read = if has_exponent { Decimal::from_scientific(text) } else { Decimal::from_str_exact(text) };
        match read {
            Ok(decimal) => Some(Self::Decimal(decimal)),
            // Only to know that it is a number at all.
            Err(_) if text.starts_with(|first: char| first.is_ascii_digit() || first == '-') && text.parse::<f64>().is_ok() => {
                Some(Self::Long(text.into()))
            }
            Err(_) => None,
        }
    }

    pub fn decimal(&self) -> Option<Decimal> {
        match self {
            Self::Int(int) => Some(Decimal::from(*int)),
            Self::Decimal(decimal) => Some(*decimal),
            Self::Long(_) => None,
        }
    }

    /// A decimal as a number: whole ones in the short form, if `whole`.
    fn of(decimal: Decimal) -> Self {
        match decimal.to_i64() {
            Some(int) if decimal.scale() == 0 => Self::Int(int),
            _ => Self::Decimal(decimal),
        }
    }

    pub(super) fn is_int(&self) -> bool {
        match self {
            Self::Int(_) => true,
            Self::Decimal(decimal) => decimal.fract().is_zero(),
            Self::Long(text) => !text.contains(['.', 'e', 'E']),
        }
    }

    pub(super) fn as_i64(&self) -> Option<i64> {
        match self {
            Self::Int(int) => Some(*int),
            Self::Decimal(decimal) if decimal.fract().is_zero() => decimal.to_i64(),
            _ => None,
        }
    }

    /// For the functions of time alone, which count seconds so.
    pub(super) fn as_f64(&self) -> f64 {
        match self {
            Self::Int(int) => *int as f64,
            Self::Decimal(decimal) => decimal.to_f64().unwrap_or_default(),
            Self::Long(text) => text.parse().unwrap_or_default(),
        }
    }

    /// Of the functions of time alone. `None`: it is no number.
    pub(super) fn of_f64(float: f64) -> Option<Self> {
        Self::parse(&float.to_string()).filter(|_| float.is_finite()).map(|number| number.decimal().map_or(number, Self::of))
    }

    /// A calculation; `None` where the result has too many digits before the point, or there is none.
    pub(super) fn calculate(&self, other: &Self, calculate: impl FnOnce(Decimal, Decimal) -> Option<Decimal>) -> Option<Self> {
        calculate(self.decimal()?, other.decimal()?).map(Self::of)
    }

    /// Rounded by `round`.
    pub(super) fn rounded(&self, round: impl FnOnce(&Decimal) -> Decimal) -> Option<Self> {
        self.decimal().map(|decimal| Self::of(round(&decimal)))
    }
}

impl From<i64> for Number {
    fn from(int: i64) -> Self {
        Self::Int(int)
    }
}

impl PartialEq for Number {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Number {}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Number {
    fn cmp(&self, other: &Self) -> Ordering {
        if let (Self::Int(one), Self::Int(other)) = (self, other) {
            return one.cmp(other);
        }
        match (self.decimal(), other.decimal()) {
            (Some(one), Some(other)) => one.cmp(&other),
            // About how large they are; of those that are about equal, any fixed order.
            _ => self.as_f64().total_cmp(&other.as_f64()).then_with(|| self.to_string().cmp(&other.to_string())),
        }
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Int(int) => int.fmt(f),
            Self::Decimal(decimal) => decimal.fmt(f),
            Self::Long(text) => f.write_str(text),
        }
    }
}
