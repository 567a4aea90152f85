//! The times of the newest rows that move money or goods. Entries are dated, and the age of mails is measured, by the sources' times.

use crate::entities::Rows;
use crate::facts::order::{TransactionKind, WarehouseState, Word};
use crate::facts::{Moment, OrderRow};

/// Business time (`at`) of the newest row of each kind; `None` while there is none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OrderTimes {
    /// Payments that captured something.
    pub captured: Option<Moment>,
    /// Warehouse orders that are cancelled or closed, and totals of their pieces: they confirm that cancelled pieces are stopped.
    pub stopped: Option<Moment>,
    /// Dispositions of returned goods.
    pub disposed: Option<Moment>,
}

impl OrderTimes {
    /// Reads the times from the rows that are not deleted.
    pub fn of(rows: &Rows<OrderRow>) -> Self {
        let mut times = Self::default();
        for (_, stored) in rows.iter().filter(|(_, stored)| !stored.deleted) {
            let slot = match &stored.row {
                Some(OrderRow::Payment(payment)) if payment.captured.is_positive() => &mut times.captured,
                Some(OrderRow::PaymentTransaction(row)) if !row.failed && row.kind == TransactionKind::Capture => &mut times.captured,
                Some(OrderRow::WarehouseTotal(_)) => &mut times.stopped,
                Some(OrderRow::WarehouseOrder(order)) if ended(&order.state) => &mut times.stopped,
                Some(OrderRow::Disposition(_)) => &mut times.disposed,
                _ => continue,
            };
            *slot = (*slot).max(Some(stored.at));
        }
        times
    }
}

fn ended(state: &Word<WarehouseState>) -> bool {
    matches!(state.known(), Some(WarehouseState::Cancelled | WarehouseState::Closed))
}
