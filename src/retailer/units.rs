//! Amounts in hundredths and pieces as whole numbers, and how people read them.

use rust_decimal::prelude::ToPrimitive;

use crate::facts::Amount;

/// An amount in hundredths; what has more digits is rounded, so that a comparison with the truth shows it.
pub fn pence(amount: Amount) -> i64 {
    (amount.decimal() * rust_decimal::Decimal::ONE_HUNDRED).round().to_i64().unwrap_or(i64::MAX)
}

/// A whole number of pieces.
pub fn whole(value: rust_decimal::Decimal) -> Option<i64> {
    value.fract().is_zero().then(|| value.to_i64()).flatten()
}

/// Hundredths as people read them: `£1,094.36`.
pub fn pounds(hundredths: i64) -> String {
    let (whole, rest) = (hundredths.unsigned_abs() / 100, hundredths.unsigned_abs() % 100);
    format!("{}£{}.{rest:02}", if hundredths < 0 { "-" } else { "" }, grouped(whole))
}

/// `12,345`.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// `1 row`, `12 rows`.
pub fn counted(number: usize, word: &str) -> String {
    format!("{number} {word}{}", if number == 1 { "" } else { "s" })
}
