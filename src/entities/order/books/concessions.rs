//! The pairs `allowance` and `fee`: what the customer is given for nothing that he gave back, and what is kept back of what he gave back.
//!
//! No row tells their tax. An allowance lowers the price of what the customer keeps: its tax is that of the kept pieces, over several rates in
//! proportion to their gross; what is more than they are worth, of the charges that stay. A fee is kept of what went back, at its rates.

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use super::parts::{TimedAmounts, parts_of};
use crate::entities::order::figures::{LineView, OrderFigures};
use crate::entities::order::worth::{Worth, worth};
use crate::entities::tax_code::TaxCode;
use crate::facts::{Amount, Currency, Moment, Quantity};

/// A part of an allowance or a fee: when it was given or kept, its tax code, its worth.
type Part = (Option<Moment>, TaxCode, Worth);

/// What the customer is given.
pub(super) fn allowance(figures: &OrderFigures<'_>, country: &str) -> Vec<Part> {
    let money = &figures.money;
    if !money.goodwill.is_positive() {
        return Vec::new();
    }
    Rates::kept(figures, country).cut(parts_of(money.goodwill, money.goodwill_parts.clone()), money.currency)
}

/// What is kept back of what became due at the earliest at `oldest`: a memo that keeps a fee may come before the goods that it is kept of.
pub(super) fn fee(figures: &OrderFigures<'_>, country: &str, oldest: Option<Moment>) -> Vec<Part> {
    let money = &figures.money;
    if !money.fees.is_positive() {
        return Vec::new();
    }
    let rows = money.fee_parts.iter().map(|(at, amount)| (oldest.map_or(*at, |oldest| oldest.max(*at)), *amount));
    let mut parts = parts_of(money.fees, rows.collect());
    parts.iter_mut().for_each(|(at, _)| *at = at.or(oldest));
    Rates::gone(figures, country).cut(parts, money.currency)
}

/// What goods and charges of each tax code are worth.
#[derive(Default)]
struct Rates {
    goods: BTreeMap<TaxCode, Worth>,
    /// Counts for what is more than the goods are worth.
    charges: BTreeMap<TaxCode, Worth>,
}

impl Rates {
    /// What the customer keeps.
    fn kept(figures: &OrderFigures<'_>, country: &str) -> Self {
        let mut rates = Self::goods(figures, country, |line| worth(line, line.kept.pieces));
        for charge in figures.money.charges.iter().filter(|charge| charge.stays) {
            let whole = Worth { gross: charge.charge.gross, tax: charge.charge.tax };
            let code = TaxCode::of(country, whole.net(), whole.tax, Quantity::from_int(1), figures.money.currency);
            let back = Worth { gross: charge.given_back, tax: whole.part(charge.given_back, figures.money.currency) };
            let there = rates.charges.entry(code).or_default();
            *there = there.plus(whole.less(back));
        }
        rates
    }

    /// What the customer does not keep.
    fn gone(figures: &OrderFigures<'_>, country: &str) -> Self {
        Self::goods(figures, country, |line| worth(line, line.ordered).less(worth(line, line.kept.pieces)))
    }

    fn goods(figures: &OrderFigures<'_>, country: &str, of: impl Fn(&LineView<'_>) -> Worth) -> Self {
        let mut rates = Self::default();
        for line in figures.lines.iter() {
            let part = of(line);
            if part.gross.is_positive() {
                let whole = Worth { gross: line.line.gross, tax: line.line.tax };
                let code = TaxCode::of(country, whole.net(), whole.tax, line.ordered, figures.money.currency);
                let there = rates.goods.entry(code).or_default();
                *there = there.plus(part);
            }
        }
        rates
    }

    /// TimedAmounts of a sum by tax code. Cumulative: the parts of each code add up to what the whole sum would give it.
    fn cut(&self, parts: TimedAmounts, currency: Currency) -> Vec<(Option<Moment>, TaxCode, Worth)> {
        let (mut so_far, mut cut) = (Amount::ZERO, Vec::new());
        for (at, amount) in parts {
            let before = self.of(so_far, currency);
            so_far += amount;
            for (code, after) in self.of(so_far, currency) {
                cut.push((at, code, after.less(before.get(&code).copied().unwrap_or_default())));
            }
        }
        cut
    }

    /// A sum by tax code.
    fn of(&self, sum: Amount, currency: Currency) -> BTreeMap<TaxCode, Worth> {
        let of_goods: Amount = self.goods.values().map(|worth| worth.gross).sum();
        let mut by_code = BTreeMap::new();
        let goods = sum.min(of_goods);
        spread(&self.goods, goods, currency, &mut by_code);
        let rest = spread(&self.charges, sum - goods, currency, &mut by_code);
        if rest.is_positive() {
            // Of nothing that is left: no tax is known.
            let none = TaxCode::of("", Amount::ZERO, Amount::ZERO, Quantity::from_int(1), currency);
            let there: &mut Worth = by_code.entry(none).or_default();
            there.gross += rest;
        }
        by_code
    }
}

/// Spreads a sum over the codes in proportion to what they are worth; gives what is left since nothing is worth anything.
fn spread(rates: &BTreeMap<TaxCode, Worth>, sum: Amount, currency: Currency, by_code: &mut BTreeMap<TaxCode, Worth>) -> Amount {
    let all: Decimal = rates.values().map(|worth| worth.gross.decimal()).sum();
    if all <= Decimal::ZERO || sum.is_zero() {
        return sum;
    }
    let (mut weight, mut spent) = (Decimal::ZERO, Amount::ZERO);
    for (code, worth) in rates {
        weight += worth.gross.decimal();
        let until = Amount::new((sum.decimal() * weight / all).round_dp(Amount::SCALE_MAX)).unwrap_or_default().rounded(currency);
        let gross = until - spent;
        spent = until;
        let there = by_code.entry(*code).or_default();
        *there = there.plus(Worth { gross, tax: worth.part(gross, currency) });
    }
    Amount::ZERO
}
