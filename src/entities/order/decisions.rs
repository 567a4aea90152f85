//! The decisions of people about an order's exceptions, and what follows from them.
//!
//! A decision closes the exception of its kind and number. It covers at most the money in its `amount` and the pieces in its lines: if more is
//! at risk later, the exception opens again, and the gate that it opened shuts again. A decision without amount and lines covers what was there when
//! it was made, where rows tell when. A choice that the kind does not offer has no effect; nor has an amount alone where the choice goes
//! by pieces.
//!
//! | exception | choice | follows |
//! | --- | --- | --- |
//! | `erp-record-gone` | `cancelled` | the document's lines are cancelled by the ERP |
//! | | `restored` | nothing: the document counts as it was before its deletion |
//! | `release-unanswered` | `stopped` | the order that the warehouse was asked to cancel is cancelled there: what is wanted is asked for anew. So it is by `cancel-unanswered` |
//! | `goods-not-settled` | `restocked`, `written-off` | so many pieces of the line are in stock again, or written off; without pieces, those that are open |
//! | `parcel-lost`, `returned-to-sender` | `resend` | a parcel given up as lost is not assumed to be delivered |
//! | | `refund` | the parcel counts as a return for money: at once if it is lost, after its receipt if it came back |
//! | `cancel-unanswered` | `stopped` | the cancelled pieces can't be sent any more, as if the warehouse had said so; those that leave all the same have left |
//! | `over-despatched`, `other-item-despatched`, `price-differs` ... | `accept` | nothing: the exception is closed |

use crate::entities::exceptions::{self, About};
use crate::entities::{RowOf, Rows};
use crate::facts::order::Decision;
use crate::facts::{Amount, Moment, OrderRow, SourceId};

/// The decisions in the rows, newest first.
pub(super) struct Decisions<'a>(Vec<(Moment, SourceId, &'a Decision)>);

impl<'a> Decisions<'a> {
    /// Reads the decisions whose kind exists and offers their choice.
    pub fn read(rows: &'a Rows<OrderRow>) -> Self {
        let mut all: Vec<(Moment, SourceId, &'a Decision)> = Vec::new();
        for RowOf { key, row: decision, .. } in rows.live::<Decision>() {
            let of_order = exceptions::kind(About::Order, &decision.kind);
            let kind = of_order.or_else(|| exceptions::kind(About::Alias, &decision.kind));
            let offered = |kind: &exceptions::ExceptionKind| {
                let takes = kind.takes_amount(&decision.choice) || decision.amount.is_none() || !decision.lines.is_empty();
                takes && kind.decisions.contains(&decision.choice.as_str())
            };
            if kind.is_some_and(offered) {
                all.push((decision.decided_at, key.source, decision));
            }
        }
        all.sort_by_key(|(at, source, _)| std::cmp::Reverse((*at, *source)));
        Self(all)
    }

    /// The newest decision about the exception of this kind and number.
    pub fn about(&self, kind: &str, number: &str) -> Option<&'a Decision> {
        self.0.iter().map(|(_, _, decision)| *decision).find(|decision| decision.kind == kind && decision.number == number)
    }

    /// Has a person accepted what the exception of this kind and number speaks of, and at least so much money?
    pub fn accepted(&self, kind: &str, number: &str, at_risk: Amount) -> bool {
        let accepted = self.about(kind, number).filter(|decision| decision.choice == "accept");
        accepted.is_some_and(|decision| decision.amount.is_none_or(|amount| at_risk <= amount))
    }

    /// Of a sum that is open, the part that this choice was made about: at most its amount; without one, what was there by then.
    pub fn covered(&self, kind: &str, number: &str, choice: &str, open: Amount, then: impl FnOnce(Moment) -> Amount) -> Amount {
        let decision = self.about(kind, number).filter(|decision| decision.choice == choice);
        let covers = decision.map(|decision| decision.amount.unwrap_or_else(|| then(decision.decided_at)));
        covers.map_or(Amount::ZERO, |amount| amount.min(open).floor_zero())
    }

    /// Locations of which a person has said that they have stopped what they were asked to cancel, and when; an empty text stands for all of them.
    pub fn stopped(&self) -> impl Iterator<Item = (&'a str, Moment)> + '_ {
        self.0.iter().filter(|(.., decision)| decision.choice == "stopped").filter_map(|(at, _, decision)| match &*decision.kind {
            "cancel-unanswered" => Some(("", *at)),
            "release-unanswered" => Some((decision.number.as_str(), *at)),
            _ => None,
        })
    }

    /// Was this choice made about the exception of this kind and number?
    pub fn chose(&self, kind: &str, number: &str, choice: &str) -> bool {
        self.about(kind, number).is_some_and(|decision| decision.choice == choice)
    }
}
