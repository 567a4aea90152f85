//! What findings are computed from.

use crate::entities::Rows;
use crate::entities::order::cancelled::Cancelled;
use crate::entities::order::clock::Clock;
use crate::entities::order::decisions::Decisions;
use crate::entities::order::figures::OrderFigures;
use crate::entities::rules::Rules;
use crate::entities::topics::Ledgers;
use crate::facts::OrderRow;

/// What findings are computed from.
pub(super) struct Evidence<'a, 's> {
    pub rows: &'a Rows<OrderRow>,
    pub rules: &'a Rules,
    pub clock: &'s Clock,
    pub ledgers: &'s Ledgers,
    pub decisions: &'s Decisions<'a>,
    pub cancelled: &'s Cancelled,
    pub figures: &'s OrderFigures<'a>,
}
