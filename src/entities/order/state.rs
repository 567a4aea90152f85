//! What an order keeps: rows, ledgers, what it emitted last. One record of the changelog, whole.

use serde::{Deserialize, Serialize};

use crate::entities::Rows;
use crate::entities::last_emitted::LastEmitted;
use crate::entities::small_map::SmallMap;
use crate::entities::topics::Ledgers;
use crate::facts::{Moment, OrderRow, Text};

/// An order.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct OrderState {
    pub rows: Rows<OrderRow>,
    /// The tick at which its first row was kept: whoever waits for the others waits from here, however old the order is.
    pub since: Moment,
    pub ledgers: Ledgers,
    /// The statements last emitted.
    pub last_emitted: LastEmitted,
    /// Digests of the derived facts last emitted to SKUs and the customer, by subject and row id: what is no longer derived is withdrawn.
    pub derived: SmallMap<Text, u64>,
    /// Exceptions open now: kind (and number), and since when.
    pub exceptions: SmallMap<Text, Moment>,
    /// Raised at each seal that changed the view or a ledger.
    pub revision: u64,
    /// When its view next changes by the clock alone, as of its last seal: a restore need not look at every order.
    pub timer_at: Option<Moment>,
}
