//! `revenue-notices`: expected revenue for finance, never a posting. A running total: each notice has the signed difference.
//!
//! Due is the value of the wanted pieces and of the charges, once the ERP has recorded the order. A cancellation is a difference below zero. It does
//! not wait for the record: an ERP may delete its record before the shop cancels the pieces.

use serde::{Deserialize, Serialize};

use super::body::{OrderRef, RequestBody, RequestHead};
use super::gate::RequestGate;
use super::outlet::Outlet;
use super::request::{self, Request, WhyTopic};
use crate::entities::ledger::RevenueLedger;
use crate::entities::order::OrderView;
use crate::entities::order::worth::{Worth, expected_worth};
use crate::entities::rules::{Role, Rules};
use crate::entities::topics::Topic;
use crate::facts::{Amount, Currency, Moment, Text};

/// Notice to finance: the revenue to expect of an order. Expected, not a posting. Each order has one ledger.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RevenueNotice {
    /// Which step of which ledger it is.
    #[serde(flatten)]
    pub head: RequestHead,
    /// Which order it is about.
    #[serde(flatten)]
    pub order: OrderRef,
    /// The sales channel, as the configuration names it.
    pub channel: Text,
    /// When that happened which made the notice due: the business time of the order's newest row, by its source's clock.
    pub occurred_at: Moment,
    /// Of every amount in this event: the currency that the customer was charged in.
    pub currency: Currency,
    /// Expected after this step: the wanted pieces and the charges that stay.
    pub total: Revenue,
    /// This step's difference to the one before, of either sign.
    pub amount: Revenue,
}

impl RequestBody for RevenueNotice {
    const TOPIC: Topic = Topic::RevenueNotices;

    fn head(&mut self) -> &mut RequestHead {
        &mut self.head
    }
}

/// An amount in three parts: gross = net + tax.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Revenue {
    /// Without tax.
    pub net: Amount,
    /// The part that is tax.
    pub tax: Amount,
    /// Tax inside.
    pub gross: Amount,
}

impl Request for RevenueNotice {
    type Ledger = RevenueLedger;

    fn emit(view: &OrderView<'_>, ledger: &mut RevenueLedger, outlet: &mut Outlet<'_>) {
        let rules = outlet.context.rules;
        let (Some(header), true) = (view.placed.header, rules.has(Role::Finance)) else { return };
        let (due, noted) = (expected_worth(view, rules), noted(ledger));
        if due == noted || !gate(view, ledger).open() {
            return;
        }
        let body = Self {
            head: RequestHead::new(view.key, &[], ledger.step + 1),
            order: OrderRef::new(view, header),
            channel: header.channel.clone(),
            occurred_at: request::occurred_at(view, header),
            currency: view.money.currency,
            total: due.into(),
            amount: due.less(noted).into(),
        };
        if outlet.request(view.key, body) {
            ledger.step += 1;
            (ledger.net, ledger.tax) = (due.net(), due.tax);
        }
    }

    fn why(view: &OrderView<'_>, ledger: &RevenueLedger, rules: &Rules, _: Moment) -> Vec<WhyTopic> {
        if view.placed.header.is_none() || !rules.has(Role::Finance) {
            return Vec::new();
        }
        let show = |value: Worth| view.money.show(value.gross);
        let (due, noted) = (expected_worth(view, rules), noted(ledger));
        vec![WhyTopic::new(Self::TOPIC, Text::default(), show(due), show(noted), gate(view, ledger))]
    }
}

fn gate(view: &OrderView<'_>, ledger: &RevenueLedger) -> RequestGate {
    let gate = RequestGate::of_money(view);
    if ledger.step > 0 { gate } else { gate.and(&view.gates.recorded) }
}

/// What finance was notified of last.
fn noted(ledger: &RevenueLedger) -> Worth {
    Worth { gross: ledger.net + ledger.tax, tax: ledger.tax }
}

impl From<Worth> for Revenue {
    fn from(value: Worth) -> Self {
        Self { net: value.net(), tax: value.tax, gross: value.gross }
    }
}
