//! What an order keeps: rows, ledgers, what was said and told. One record of the changelog, whole.

use serde::{Deserialize, Serialize};

use crate::entities::Rows;
use crate::entities::small_map::SmallMap;
use crate::entities::topics::Ledgers;
use crate::facts::{Moment, OrderRow, Text};

/// Digests of the statements last said, by topic and key: a statement whose content has the same digest is silent.
/// Digests, not contents, so that a change of rules finds what differs at restore.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Said(pub SmallMap<(u8, Text), u64>);

/// An order.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct OrderState {
    pub rows: Rows<OrderRow>,
    /// The tick at which its first row was kept: whoever waits for the others waits from here, however old the order is.
    pub since: Moment,
    pub ledgers: Ledgers,
    pub said: Said,
    /// Digests of the derived facts last told to SKUs and the customer, by subject and row id: what is no longer yielded is withdrawn.
    pub told: SmallMap<Text, u64>,
    /// Exceptions open now: kind (and number), and since when.
    pub exceptions: SmallMap<Text, Moment>,
    /// Raised at each seal that changed the view or a ledger.
    pub revision: u64,
    /// When its view next changes by the clock alone, as of its last seal: a restore need not look at every order.
    pub wakes_at: Option<Moment>,
}
