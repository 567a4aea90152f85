//! When the newest rows speak that move money or goods: business dates of entries, and the age of mails, are measured by the sources' times.

use crate::entities::Rows;
use crate::facts::order::{WarehouseState, Word};
use crate::facts::{Moment, OrderRow};

/// Business times (`at`) of the newest rows of a kind; `None` while there is none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OrderTimes {
    /// A payment that captured something.
    pub captured: Option<Moment>,
    /// A warehouse's order that is cancelled or closed, or tells how many pieces it has: what stops a cancelled piece.
    pub stopped: Option<Moment>,
    /// A disposition of returned goods.
    pub disposed: Option<Moment>,
}

impl OrderTimes {
    pub fn of(rows: &Rows<OrderRow>) -> Self {
        let mut times = Self::default();
        for (_, stored) in rows.iter().filter(|(_, stored)| !stored.deleted) {
            let slot = match &stored.row {
                Some(OrderRow::Payment(payment)) if payment.captured.is_positive() => &mut times.captured,
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
