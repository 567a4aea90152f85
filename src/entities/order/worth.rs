//! What pieces and charges of an order are worth to the customer.

use rust_decimal::Decimal;

use super::figures::{LineView, OrderFigures};
use crate::entities::rules::Rules;
use crate::facts::order::Charge;
use crate::facts::{Amount, Currency, Quantity, Text};

/// What pieces are worth to the customer.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Worth {
    /// Tax inside.
    pub gross: Amount,
    /// The part of it that is tax.
    pub tax: Amount,
}

impl Worth {
    /// Without tax.
    pub fn net(self) -> Amount {
        self.gross - self.tax
    }

    /// The sum of both.
    pub fn plus(self, other: Self) -> Self {
        Self { gross: self.gross + other.gross, tax: self.tax + other.tax }
    }

    /// The tax in a part of it.
    pub fn part(self, gross: Amount, currency: Currency) -> Amount {
        let tax = if self.gross.is_zero() { Decimal::ZERO } else { gross.decimal() * self.tax.decimal() / self.gross.decimal() };
        Amount::new(tax.round_dp(Amount::SCALE_MAX)).unwrap_or_default().rounded(currency)
    }

    /// The difference, of either sign.
    pub fn less(self, other: Self) -> Self {
        Self { gross: self.gross - other.gross, tax: self.tax - other.tax }
    }
}

/// The worth of so many pieces of a line, at most all of them. Cumulative: the worths of parts add up to the whole.
pub fn worth(line: &LineView<'_>, pieces: Quantity) -> Worth {
    let pieces = pieces.min(line.ordered).floor_zero();
    Worth { gross: line.value_of(pieces), tax: line.tax_of(pieces) }
}

/// Is anything of the order wanted?
pub fn wanted(view: &OrderFigures<'_>) -> bool {
    view.lines.iter().any(|line| line.sent.wanted.is_positive())
}

/// Nothing is wanted any more and nothing was sent. False while a line that was asked for once has lost its row: a missing row cancels nothing.
pub fn all_cancelled<'k>(view: &OrderFigures<'_>, mut asked: impl Iterator<Item = &'k Text>) -> bool {
    !view.lines.is_empty()
        && view.lines.iter().all(|line| line.sent.wanted.is_zero() && line.sent.despatched.is_zero())
        && asked.all(|id| view.lines.iter().any(|line| line.id == id.as_str()))
}

/// The charges that the customer is to pay for what is wanted (returns are not asked: what comes back was wanted).
pub fn expected_charges<'v>(view: &'v OrderFigures<'_>, rules: &Rules) -> impl Iterator<Item = &'v Charge> {
    let left = || view.lines.iter().any(|line| line.sent.despatched.is_positive());
    let counts = wanted(view) || (!rules.refund_charges && left());
    view.money.charges.iter().map(|charge| charge.charge).filter(move |charge| counts && !charge.removed)
}

/// What the order is expected to bring: the wanted pieces and the charges.
pub fn expected_worth(view: &OrderFigures<'_>, rules: &Rules) -> Worth {
    let lines = view.lines.iter().map(|line| worth(line, line.sent.wanted));
    let charges = expected_charges(view, rules).map(|charge| Worth { gross: charge.gross, tax: charge.tax });
    lines.chain(charges).fold(Worth::default(), Worth::plus)
}
