//! The adapter as its reports and events see it.

use crate::envelope::SpelledColumns;
use crate::facts::Alias;
use crate::facts::ids::RequestNumber;
use crate::facts::order::{Condition, WarehouseState};
use crate::sources::adapter::Common;
use crate::sources::words::Words;

/// What the rows of a topic are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Landed {
    DespatchSummary,
    ItemInventorySummary,
    ReturnSummary,
    SalesOrderSummary,
    SalesOrderStatus,
    Tracking,
}

pub(super) struct LandedTopic {
    pub(super) name: String,
    pub(super) landed: Landed,
    pub(super) columns: SpelledColumns,
}

/// The adapter.
pub(super) struct Peoplevox {
    pub(super) common: Common,
    pub(super) site: String,
    pub(super) topics: Vec<LandedTopic>,
    pub(super) statuses: Words<WarehouseState>,
    pub(super) conditions: Words<Condition>,
}

impl Peoplevox {
    /// The name of the order with this number.
    pub(super) fn order(&self, number: &str) -> Alias {
        Alias::new(&self.common.number_scope, RequestNumber::order_number(number))
    }
}

/// What an error expects where an order's number is missing.
pub(super) const ORDER_NUMBER: &str = "an order number";
