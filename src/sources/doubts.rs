//! Does what was read look like a shop? `waybill check` asks it of some real records.
//!
//! Nothing in a decimal of bytes says where its point stands. Read with a scale that is too small every amount and every quantity is a multiple of a
//! hundred; with one that is too large hardly anything is a whole piece. One such record proves nothing: a wholesaler sells by the hundred. All of
//! many do.

use rust_decimal::Decimal;

use crate::facts::{Change, Fact, OrderRow, Row};

/// What rows say of goods.
#[derive(Clone, Debug, Default)]
pub struct Amounts {
    quantities: Vec<Decimal>,
    prices: Vec<Decimal>,
}

/// How sure it is that amounts are read wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Doubt {
    /// Quantities alone look wrong, or there are few of them: a person should look.
    Look(String),
    /// Quantities and prices look wrong, all of them.
    Wrong(String),
}

/// From so many rows on it is no accident.
const ROWS_SURE: usize = 5;
/// Fewer rows say nothing.
const ROWS_MIN: usize = 2;

impl Amounts {
    /// Takes what the facts say of lines.
    pub fn take(&mut self, facts: &[Fact]) {
        for fact in facts {
            let Change::Upsert(row) = &fact.change else { continue };
            let row = match row {
                Row::Owned(owned) => &owned.row,
                row => row,
            };
            match row {
                Row::Order(OrderRow::Line(line)) => self.add(line.ordered.decimal(), Some(line.gross.decimal())),
                Row::Order(OrderRow::ErpLine(line)) => self.add(line.quantity.decimal(), line.gross.map(|gross| gross.decimal())),
                _ => {}
            }
        }
    }

    fn add(&mut self, quantity: Decimal, price: Option<Decimal>) {
        self.quantities.extend(Some(quantity).filter(|quantity| !quantity.is_zero()));
        self.prices.extend(price.filter(|price| !price.is_zero()));
    }

    /// What is doubtful about them.
    pub fn doubt(&self) -> Option<Doubt> {
        let hundred = Decimal::ONE_HUNDRED;
        let all = |values: &[Decimal], is: &dyn Fn(&Decimal) -> bool| values.len() >= ROWS_MIN && values.iter().all(is);
        let in_hundreds = |value: &Decimal| (value % hundred).is_zero();
        let (wrong, prices_too) = if all(&self.quantities, &in_hundreds) {
            ("is a multiple of 100", all(&self.prices, &in_hundreds))
        } else if all(&self.quantities, &|quantity| quantity.abs() < Decimal::ONE) {
            ("is less than one piece", all(&self.prices, &|price| price.abs() < Decimal::TEN))
        } else {
            return None;
        };
        let lines = self.quantities.len();
        let prices = if prices_too { " and every amount is like it" } else { "" };
        let sentence = format!(
            "of {lines} lines that were looked at, each quantity {wrong}{prices}: the columns seem to have another number of digits after the point than \
             they are read with. Compare with the tables, and set decimal_scale and decimal_scales"
        );
        Some(if prices_too && lines >= ROWS_SURE { Doubt::Wrong(sentence) } else { Doubt::Look(sentence) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn doubt(lines: &[(&str, &str)]) -> Option<Doubt> {
        let mut amounts = Amounts::default();
        let decimal = |text: &str| text.parse().expect("a decimal");
        lines.iter().for_each(|(quantity, price)| amounts.add(decimal(quantity), Some(decimal(price))));
        amounts.doubt()
    }

    #[test]
    fn a_scale_that_makes_a_shop_absurd_is_doubted() {
        let shop = [("1", "19.99"), ("2", "40.00"), ("1", "7.50"), ("3", "60.00"), ("1", "20.00")];
        assert_eq!(doubt(&shop), None);
        let too_small = shop.map(|(quantity, price)| (quantity.to_owned() + "00", price.replace('.', "")));
        let too_small: Vec<(&str, &str)> = too_small.iter().map(|(quantity, price)| (quantity.as_str(), price.as_str())).collect();
        assert!(matches!(doubt(&too_small), Some(Doubt::Look(_))), "19.99 has become 1999, which is no multiple of 100");
        let even = [("100", "2000"), ("200", "4000"), ("100", "2000"), ("100", "600"), ("300", "6000")];
        assert!(
            matches!(doubt(&even), Some(Doubt::Wrong(sentence)) if sentence.contains("of 5 lines") && sentence.contains("decimal_scale"))
        );
        let too_large = [("0.01", "0.1999"), ("0.02", "0.4"), ("0.01", "0.075"), ("0.03", "0.6"), ("0.01", "0.2")];
        assert!(matches!(doubt(&too_large), Some(Doubt::Wrong(_))));
        assert!(matches!(doubt(&too_large[..2]), Some(Doubt::Look(_))), "two lines are few");
    }

    #[test]
    fn who_sells_by_the_hundred_or_by_the_metre_is_believed() {
        assert!(matches!(doubt(&[("100", "45.30"), ("500", "200.10"), ("200", "90")]), Some(Doubt::Look(_))));
        assert_eq!(doubt(&[("0.75", "12.00"), ("2.5", "40.00")]), None);
        assert_eq!(doubt(&[("100", "2000")]), None, "one line says nothing");
    }
}
