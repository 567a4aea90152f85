//! Amounts and quantities: exact decimals, never floats.
//!
//! Written as text in JSON (`"64.95"`), as (mantissa, scale) in state. An [`Amount`] has no currency of its own: an order has one currency,
//! the one that the customer was charged in, and a row in another is told apart before it becomes an amount of the order.

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign, Neg, Sub, SubAssign};

use rust_decimal::{Decimal, RoundingStrategy};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// ISO 4217 alphabetic code.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Currency([u8; 3]);

impl Currency {
    /// Three ASCII letters, in any case.
    pub fn new(code: &str) -> Option<Self> {
        let bytes: [u8; 3] = code.trim().as_bytes().try_into().ok()?;
        bytes.iter().all(u8::is_ascii_alphabetic).then(|| Self(bytes.map(|b| b.to_ascii_uppercase())))
    }

    /// The code.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or("???")
    }

    /// Digits of the minor unit (ISO 4217): 0, 2 or 3.
    pub fn minor_digits(&self) -> u32 {
        match &self.0 {
            b"BIF" | b"CLP" | b"DJF" | b"GNF" | b"ISK" | b"JPY" | b"KMF" | b"KRW" | b"PYG" | b"RWF" | b"UGX" | b"VND" | b"VUV" | b"XAF"
            | b"XOF" | b"XPF" => 0,
            b"BHD" | b"IQD" | b"JOD" | b"KWD" | b"LYD" | b"OMR" | b"TND" => 3,
            _ => 2,
        }
    }

    /// One minor unit: 0.01 for GBP, 1 for JPY.
    pub fn minor_unit(&self) -> Amount {
        Amount(Decimal::new(1, self.minor_digits()))
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Currency {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Currency {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let code = <std::borrow::Cow<'_, str>>::deserialize(deserializer)?;
        Self::new(&code).ok_or_else(|| serde::de::Error::custom(format!("expected a currency of three letters, found {code:?}")))
    }
}

/// Bounds that keep every sum and product far from the 96 bits of a decimal: a value outside is refused where it is read.
const UNITS_MAX: i64 = 1_000_000_000_000;

macro_rules! decimal {
    ($(#[$doc:meta])* $name:ident, $scale_max:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Decimal);

        impl $name {
            /// Nothing.
            pub const ZERO: Self = Self(Decimal::ZERO);
            /// Most digits after the point that are carried.
            pub const SCALE_MAX: u32 = $scale_max;

            /// `None` when the value has more digits than are carried exactly, or is beyond a million million.
            pub fn new(value: Decimal) -> Option<Self> {
                let value = value.normalize();
                (value.scale() <= Self::SCALE_MAX && value.abs() <= Decimal::from(UNITS_MAX)).then_some(Self(value))
            }

            /// Reads a plain decimal, as in `-12.50`.
            pub fn parse(text: &str) -> Option<Self> {
                let text = text.trim();
                Self::new(Decimal::from_str_exact(text).ok().or_else(|| Decimal::from_scientific(text).ok())?)
            }

            /// A whole number.
            pub const fn from_int(n: i64) -> Self {
                Self(Decimal::from_parts(n.unsigned_abs() as u32, (n.unsigned_abs() >> 32) as u32, 0, n < 0, 0))
            }

            /// As a decimal.
            pub fn decimal(self) -> Decimal {
                self.0
            }
            /// Is it nothing?
            pub fn is_zero(self) -> bool {
                self.0.is_zero()
            }
            /// Is it below zero?
            pub fn is_negative(self) -> bool {
                self.0.is_sign_negative() && !self.0.is_zero()
            }
            /// Is it above zero?
            pub fn is_positive(self) -> bool {
                self.0.is_sign_positive() && !self.0.is_zero()
            }
            /// Not below zero.
            pub fn floor_zero(self) -> Self {
                if self.is_negative() { Self::ZERO } else { self }
            }
            /// Without its sign.
            pub fn abs(self) -> Self {
                Self(self.0.abs())
            }
        }

        impl Add for $name {
            type Output = Self;
            fn add(self, other: Self) -> Self {
                Self(self.0 + other.0)
            }
        }
        impl Sub for $name {
            type Output = Self;
            fn sub(self, other: Self) -> Self {
                Self(self.0 - other.0)
            }
        }
        impl Neg for $name {
            type Output = Self;
            fn neg(self) -> Self {
                Self(-self.0)
            }
        }
        impl AddAssign for $name {
            fn add_assign(&mut self, other: Self) {
                self.0 += other.0;
            }
        }
        impl SubAssign for $name {
            fn sub_assign(&mut self, other: Self) {
                self.0 -= other.0;
            }
        }
        impl Sum for $name {
            fn sum<I: Iterator<Item = Self>>(values: I) -> Self {
                values.fold(Self::ZERO, |sum, value| sum + value)
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0.normalize(), f)
            }
        }
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{self}")
            }
        }
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                // Equal values are written alike, whatever sums they came from: what is restored must emit what was emitted before.
                let value = self.0.normalize();
                if serializer.is_human_readable() {
                    return serializer.serialize_str(plain(&value, &mut [0; TEXT_BYTES]));
                }
                // A number of state has the same bytes whichever of the two types it is of.
                match i64::try_from(value.mantissa()) {
                    Ok(mantissa) => (mantissa, value.scale() as u8).serialize(serializer),
                    Err(_) => (value.mantissa(), value.scale() as u8).serialize(serializer),
                }
            }
        }
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                if deserializer.is_human_readable() {
                    let text = <std::borrow::Cow<'_, str>>::deserialize(deserializer)?;
                    Self::parse(&text).ok_or_else(|| serde::de::Error::custom(format!("expected a decimal as text, found {text:?}")))
                } else {
                    let (mantissa, scale) = <(i128, u8)>::deserialize(deserializer)?;
                    Decimal::try_from_i128_with_scale(mantissa, scale.into()).map(Self).map_err(serde::de::Error::custom)
                }
            }
        }
    };
}

/// Room for a decimal as text: sign, point and 29 digits, with zeros before them.
const TEXT_BYTES: usize = 64;

/// As a decimal displays itself, by the shortest way: every event carries dozens.
fn plain<'t>(value: &Decimal, text: &'t mut [u8; TEXT_BYTES]) -> &'t str {
    let (mut digits, scale) = (itoa::Buffer::new(), value.scale() as usize);
    let mantissa = value.mantissa().unsigned_abs();
    // Division by ten of 128 bits takes long.
    let digits = match u64::try_from(mantissa) {
        Ok(small) => digits.format(small),
        Err(_) => digits.format(mantissa),
    };
    let mut length = 0;
    let mut push = |bytes: &[u8]| {
        text[length..length + bytes.len()].copy_from_slice(bytes);
        length += bytes.len();
    };
    if value.mantissa() < 0 {
        push(b"-");
    }
    let (whole, fraction) = digits.split_at(digits.len().saturating_sub(scale));
    push(if whole.is_empty() { b"0" } else { whole.as_bytes() });
    if scale > 0 {
        push(b".");
        (fraction.len()..scale).for_each(|_| push(b"0"));
        push(fraction.as_bytes());
    }
    std::str::from_utf8(&text[..length]).unwrap_or_default()
}

decimal! {
    /// An amount of money.
    Amount, 8
}
decimal! {
    /// A number of pieces, in base units.
    Quantity, 12
}

impl Quantity {
    /// `self x other`: pieces of a part in so many kits. What is beyond all bounds stays at the bound.
    pub fn times(self, other: Self) -> Self {
        if other.0 == Decimal::ONE {
            return self;
        }
        let product = self.0.checked_mul(other.0).unwrap_or_else(|| Decimal::from(UNITS_MAX));
        let bound = Decimal::from(UNITS_MAX);
        Self(product.round_dp(Self::SCALE_MAX).clamp(-bound, bound))
    }

    /// How many times `pieces` are whole in `self`, rounded down; zero where there are no pieces.
    pub fn whole_times(self, pieces: Self) -> Self {
        self.0.checked_div(pieces.0).map_or(Self::ZERO, |times| Self(times.floor()))
    }
}

impl Amount {
    /// Rounded half up (away from zero) to the currency's minor unit.
    pub fn rounded(self, currency: Currency) -> Self {
        Self(self.0.round_dp_with_strategy(currency.minor_digits(), RoundingStrategy::MidpointAwayFromZero))
    }

    /// Rounded towards zero to the currency's minor unit.
    pub fn rounded_down(self, currency: Currency) -> Self {
        Self(self.0.round_dp_with_strategy(currency.minor_digits(), RoundingStrategy::ToZero))
    }

    /// With all digits of the currency's minor unit, as people write it: `5.00`.
    pub fn display(self, currency: Currency) -> String {
        format!("{:.*}", currency.minor_digits() as usize, self.0)
    }

    /// `self x pieces`, unrounded: a cost.
    pub fn times(self, pieces: Quantity) -> Self {
        Self((self.0 * pieces.0).round_dp(Self::SCALE_MAX))
    }

    /// The value of some `pieces` of `all` pieces of a line worth `self`: `round_half_up(gross x pieces / all)` (journey, Money). Zero of zero is
    /// zero. Cumulative: the values of parts in any order and size add up to the whole.
    pub fn share(self, pieces: Quantity, all: Quantity, currency: Currency) -> Self {
        if all.is_zero() {
            return Self::ZERO;
        }
        if pieces == all {
            return self.rounded(currency);
        }
        Self(self.0 * pieces.0 / all.0).rounded(currency)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn amount(text: &str) -> Amount {
        Amount::parse(text).expect("a decimal")
    }

    proptest::proptest! {
        /// The short way writes what the library does.
        #[test]
        fn a_decimal_is_written_as_it_displays_itself(mantissa in -1_000_000_000_000_i64..1_000_000_000_000, scale in 0u32..20) {
            let value = Decimal::new(mantissa, scale).normalize();
            let mut text = [0; TEXT_BYTES];
            proptest::prop_assert_eq!(plain(&value, &mut text), value.to_string());
        }
    }

    #[test]
    fn parts_of_a_line_add_up_to_the_whole() {
        let gbp = Currency::new("gbp").expect("a currency");
        let value = |pieces| amount("63.44").share(Quantity::from_int(pieces), Quantity::from_int(3), gbp);
        assert_eq!([value(0), value(1), value(2), value(3)], [amount("0"), amount("21.15"), amount("42.29"), amount("63.44")]);
        let jpy = Currency::new("JPY").expect("a currency");
        let value = |pieces| amount("2500").share(Quantity::from_int(pieces), Quantity::from_int(3), jpy);
        assert_eq!([value(1), value(2), value(3)], [amount("833"), amount("1667"), amount("2500")]);
    }

    #[test]
    fn equal_values_have_one_text() {
        let sum = Amount(Decimal::new(10710, 2));
        assert_eq!((sum.to_string(), serde_json::to_string(&sum).expect("encodes")), ("107.1".to_owned(), "\"107.1\"".to_owned()));
        assert_eq!((-Amount::ZERO).to_string(), "0");
        assert_eq!(sum.display(Currency::new("GBP").expect("a currency")), "107.10");
    }

    #[test]
    fn what_cannot_be_carried_exactly_is_refused() {
        assert!(Quantity::parse("0.123456789012").is_some());
        assert!(Quantity::parse("0.1234567890123").is_none());
        assert!(Amount::parse("1000000000001").is_none());
        assert!(Amount::parse("twelve").is_none());
        assert_eq!(Amount::parse("12.5000"), Amount::parse("12.5"));
    }

    #[test]
    fn state_and_json_give_the_same_value_back() {
        for text in ["0", "-0.01", "64.95", "999999999999.99"] {
            let value = amount(text);
            let bytes = postcard::to_stdvec(&value).expect("encodes");
            assert_eq!(postcard::from_bytes::<Amount>(&bytes).expect("decodes"), value);
            let json = serde_json::to_string(&value).expect("encodes");
            assert_eq!(serde_json::from_str::<Amount>(&json).expect("decodes"), value);
        }
    }
}
