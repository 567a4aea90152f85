//! The code under which tax is declared: the country that it is owed in, and its rate. A VAT or an OSS return is made of the postings by it.

use std::fmt;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize, Serializer};

use crate::facts::{Amount, Currency, Quantity};

/// Country and rate, as in `DE-19` or `FR-5.5`; `--` where no country is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
pub struct TaxCode {
    country: [u8; 2],
    /// In hundredths of a percent.
    rate: u16,
}

/// Rates are whole percents, halves, tenths, or what is left: the first of these steps that the rounded amounts allow is the rate.
const STEPS: [i128; 4] = [100, 50, 10, 1];

/// Of a whole.
const PARTS: i128 = 10_000;

impl TaxCode {
    /// Of what is sold to a country (ISO 3166-1 alpha-2): the rate that gives this tax, where every piece may have been rounded for itself.
    pub fn of(country: &str, net: Amount, tax: Amount, pieces: Quantity, currency: Currency) -> Self {
        let country = match country.as_bytes() {
            [first, second] => [first.to_ascii_uppercase(), second.to_ascii_uppercase()],
            _ => *b"--",
        };
        let rounded = currency.minor_unit().decimal() * pieces.decimal().max(Decimal::ONE);
        Self { country, rate: rate(net.decimal(), tax.decimal(), rounded) }
    }
}

/// The rate in hundredths of a percent. `rounded`: by so much all roundings together may have moved net or tax, twice over. In whole numbers, for a
/// decimal division takes a hundred times as long, and each line of each order comes here.
fn rate(net: Decimal, tax: Decimal, rounded: Decimal) -> u16 {
    let scale = net.scale().max(tax.scale()).max(rounded.scale());
    // Amounts are below 10^12 and have 8 digits at most: twice of it is far from 128 bits, also ten thousand times.
    let whole = |value: Decimal| value.mantissa().abs() * 10_i128.pow(scale - value.scale());
    let (net, tax, error) = (2 * whole(net), 2 * whole(tax), whole(rounded));
    if tax == 0 || net == 0 {
        return 0;
    }
    if tax * PARTS / net > 2 * i128::from(u16::MAX) {
        return u16::MAX;
    }
    let may_be = |rate: i128| {
        let low = (tax - error).max(0) * PARTS <= rate * (net + error);
        low && (if net > error { rate * (net - error) <= (tax + error) * PARTS } else { rate <= i128::from(u16::MAX) })
    };
    let nearest = |step: i128| round_half_even(tax * PARTS, net * step) * step;
    let found = STEPS.into_iter().map(nearest).find(|rate| *rate != 0 && may_be(*rate)).unwrap_or_else(|| nearest(1));
    u16::try_from(found).unwrap_or(u16::MAX)
}

/// `number / by`, to the nearest whole number; of two equally near the even one.
fn round_half_even(number: i128, by: i128) -> i128 {
    let (whole, twice) = (number / by, number % by * 2);
    whole + i128::from(twice > by || (twice == by && whole % 2 != 0))
}

impl fmt::Display for TaxCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let percent = Decimal::new(i64::from(self.rate), 2).normalize();
        write!(f, "{}-{percent}", String::from_utf8_lossy(&self.country))
    }
}

impl Serialize for TaxCode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            return serializer.collect_str(self);
        }
        (self.country, self.rate).serialize(serializer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(country: &str, net: &str, tax: &str, pieces: i64, currency: &str) -> String {
        let amount = |text: &str| Amount::parse(text).expect("an amount");
        let currency = Currency::new(currency).expect("a currency");
        TaxCode::of(country, amount(net), amount(tax), Quantity::from_int(pieces), currency).to_string()
    }

    #[test]
    fn the_rate_is_the_roundest_that_gives_the_rounded_tax() {
        assert_eq!(code("GB", "52.87", "10.57", 3, "GBP"), "GB-20");
        assert_eq!(code("gb", "4.17", "0.83", 1, "GBP"), "GB-20");
        assert_eq!(code("DE", "100.00", "19.00", 1, "EUR"), "DE-19");
        assert_eq!(code("FR", "100.00", "5.50", 1, "EUR"), "FR-5.5");
        assert_eq!(code("CH", "1000.00", "81.00", 1, "CHF"), "CH-8.1");
        assert_eq!(code("JP", "2273", "227", 3, "JPY"), "JP-10");
        assert_eq!(code("US", "1000.00", "88.75", 1, "USD"), "US-8.88", "to a hundredth of a percent");
        assert_eq!(code("IE", "10.00", "0", 1, "EUR"), "IE-0");
        assert_eq!(code("", "10.00", "2.00", 1, "EUR"), "---20");
        assert_eq!(code("DE", "-100.00", "-7.00", 1, "EUR"), "DE-7");
    }
}
