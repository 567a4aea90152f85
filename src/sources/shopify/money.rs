//! Money of a body: a plain member in the shop's currency, and beside it a `_set` with what the buyer saw.

use super::context::{amount, each, opt_amount};
use crate::envelope::{Cell, DecodeError, columns};
use crate::facts::{Amount, Currency};

columns! {
    struct MoneySet { presentment_money }
    struct Money { amount }
    struct Allocation { amount, amount_set }
    struct TaxLine { price, price_set }
}

/// In which currency an order's money is read.
#[derive(Clone, Copy)]
pub(super) struct Purse {
    pub currency: Currency,
    /// The shop's currency is the buyer's: plain members hold the same amounts as the sets.
    pub same: bool,
}

impl Purse {
    /// `presentment` is absent in old bodies of shops with one currency.
    pub(super) fn new(shop: &Cell<'_>, presentment: &Cell<'_>) -> Result<Self, DecodeError> {
        let shop = shop.currency()?;
        let currency = if presentment.is_null() { shop } else { presentment.currency()? };
        Ok(Self { currency, same: currency == shop })
    }

    /// Money that must be there.
    pub(super) fn money(self, plain: &Cell<'_>, set: &Cell<'_>) -> Result<Amount, DecodeError> {
        if self.same && !plain.is_null() { amount(plain) } else { in_set(set)?.ok_or_else(|| set.error("money as the buyer saw it")) }
    }

    /// Money of a member that comes as a set alone; absent is zero.
    pub(super) fn set(self, set: &Cell<'_>) -> Result<Amount, DecodeError> {
        Ok(in_set(set)?.unwrap_or_default())
    }

    /// Money that is zero where it is absent; zero is the same in every currency.
    pub(super) fn optional(self, plain: &Cell<'_>, set: &Cell<'_>) -> Result<Amount, DecodeError> {
        let amount = opt_amount(plain)?.unwrap_or_default();
        if amount.is_zero() && set.is_null() { Ok(Amount::ZERO) } else { self.money(plain, set) }
    }

    /// What discounts take off: the allocations; `total_discount` of a line leaves some out.
    pub(super) fn allocated(self, allocations: &Cell<'_>) -> Result<Amount, DecodeError> {
        let mut sum = Amount::ZERO;
        each(allocations, |item: Allocation<'_>| self.money(&item.amount, &item.amount_set).map(|amount| sum += amount))?;
        Ok(sum)
    }

    pub(super) fn taxes(self, lines: &Cell<'_>) -> Result<Amount, DecodeError> {
        let mut sum = Amount::ZERO;
        each(lines, |item: TaxLine<'_>| self.money(&item.price, &item.price_set).map(|amount| sum += amount))?;
        Ok(sum)
    }
}

fn in_set(set: &Cell<'_>) -> Result<Option<Amount>, DecodeError> {
    let Some(both) = set.object::<MoneySet<'_>>()? else { return Ok(None) };
    let Some(money) = both.presentment_money.object::<Money<'_>>().map_err(|r| r.within(set.name()))? else { return Ok(None) };
    opt_amount(&money.amount).map_err(|r| r.within("presentment_money").within(set.name()))
}
