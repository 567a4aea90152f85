//! Charges of an order beside shipping: gift wrapping (Adobe Commerce), and what a module asks in columns of its own, such as a fee for cash on
//! delivery. An order's row has them, and a credit memo's row has what is given back of them, under the same names.

use super::modules::WithText;
use super::reader::MagentoReader;
use crate::envelope::{Cell, DecodeError};
use crate::facts::Amount;
use crate::facts::order::{Charge, ChargeKind};

/// What modules ask, by the names of their columns. Columns that the row lacks ask nothing.
pub(super) fn of_modules<R>(row: &WithText<'_, R>, reader: &MagentoReader<'_>) -> Result<Vec<(&'static str, Charge)>, DecodeError> {
    let mut charges = Vec::new();
    for module in &reader.adapter.module_charges {
        let tax = module.tax.map_or(Ok(Amount::ZERO), |column| reader.money(&row.cell(column)?))?;
        let gross = reader.money(&row.cell(module.amount)?)? + tax;
        if !gross.is_zero() {
            charges.push((module.amount, Charge { kind: module.kind, gross, tax, removed: false }));
        }
    }
    Ok(charges)
}

/// Gift wrapping of the order, of its items, and the printed card: the amounts and their taxes.
pub(super) fn wrapping(reader: &MagentoReader<'_>, amounts: [&Cell<'_>; 3], taxes: [&Cell<'_>; 3]) -> Result<Charge, DecodeError> {
    let sum = |cells: [&Cell<'_>; 3]| -> Result<Amount, DecodeError> {
        cells.into_iter().try_fold(Amount::ZERO, |sum, cell| Ok(sum + reader.money(cell)?))
    };
    let tax = sum(taxes)?;
    Ok(Charge { kind: ChargeKind::Wrapping, gross: sum(amounts)? + tax, tax, removed: false })
}
