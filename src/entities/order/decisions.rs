//! What people have decided about an order's exceptions, and what follows from it.
//!
//! A decision settles the exception of its kind and number while what is found is no worse than what it was made for: no more money at risk
//! than its `amount` says, no more pieces than its lines do (a decision that names neither settles whatever is found). Then the exception is
//! closed; if the facts change for the worse, it opens again. A choice that the kind does not know settles nothing.
//!
//! | exception | choice | follows |
//! | --- | --- | --- |
//! | `erp-record-gone` | `cancelled` | the document's lines are cancelled by the ERP |
//! | | `restored` | nothing: the document counts as it last stood |
//! | `parcel-lost`, `returned-to-sender` | `resend` | a parcel given up as lost is not taken for delivered by time |
//! | | `refund` | the parcel is a return for money: at once where it is lost, with its receipt where it came back |
//! | `over-despatched`, `other-item-despatched`, `price-differs` ... | `accept` | nothing beyond the closing |

use crate::entities::exceptions::{self, About};
use crate::entities::{RowOf, Rows};
use crate::facts::order::Decision;
use crate::facts::{Moment, OrderRow, SourceId};

/// The decisions that rows tell: of several about one exception the newest.
pub(super) struct Decisions<'a>(Vec<(Moment, SourceId, &'a Decision)>);

impl<'a> Decisions<'a> {
    pub fn read(rows: &'a Rows<OrderRow>) -> Self {
        let mut all: Vec<(Moment, SourceId, &'a Decision)> = Vec::new();
        for RowOf { key, row: decision, .. } in rows.live::<Decision>() {
            let of_order = exceptions::kind(About::Order, &decision.kind);
            let kind = of_order.or_else(|| exceptions::kind(About::Alias, &decision.kind));
            if kind.is_some_and(|kind| kind.decisions.contains(&decision.choice.as_str())) {
                all.push((decision.decided_at, key.source, decision));
            }
        }
        all.sort_by_key(|(at, source, _)| std::cmp::Reverse((*at, *source)));
        Self(all)
    }

    /// What was chosen about the exception of this kind and number.
    pub fn about(&self, kind: &str, number: &str) -> Option<&'a Decision> {
        self.0.iter().map(|(_, _, decision)| *decision).find(|decision| decision.kind == kind && decision.number == number)
    }

    pub fn chose(&self, kind: &str, number: &str, choice: &str) -> bool {
        self.about(kind, number).is_some_and(|decision| decision.choice == choice)
    }
}
