//! The state of an order: rows, ledgers, statements last emitted. It is written to the changelog as one record.

use serde::{Deserialize, Serialize};

use crate::entities::Rows;
use crate::entities::last_emitted::LastEmitted;
use crate::entities::small_map::SmallMap;
use crate::entities::topics::Ledgers;
use crate::facts::{Moment, OrderRow, Text};

/// The state of an order.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct OrderState {
    /// The newest version of each row.
    pub rows: Rows<OrderRow>,
    /// The tick at which its first row was stored. Time limits for the other rows run from here, however old the order is.
    pub since: Moment,
    /// What was requested and reported so far, by topic.
    pub ledgers: Ledgers,
    /// The statements last emitted.
    pub last_emitted: LastEmitted,
    /// Digests of the derived facts last emitted to SKUs and the customer, by subject and row id. A fact that is no longer derived is withdrawn.
    pub derived: SmallMap<Text, u64>,
    /// Open exceptions by kind and number, and since when each is open.
    pub exceptions: SmallMap<Text, Moment>,
    /// Counts the seals that changed the view or a ledger.
    pub revision: u64,
    /// When time alone changes its view next, as of its last seal. Stored so that a restore need not compute every order.
    pub timer_at: Option<Moment>,
}
