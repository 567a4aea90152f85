//! `revenue-notices`: expected revenue for finance, never a posting. A book ledger: signed differences.
//!
//! Due is the value of the wanted pieces and of the charges, from the moment the ERP has recorded the order. A cancellation is a difference
//! below zero, and needs the record no more: the ERP that cancels its record may do so before the pieces are seen as cancelled.

use serde::{Deserialize, Serialize};

use super::request::{self, Gates, Value};
use super::why::WhyTopic;
use super::{Outlet, Topic};
use crate::entities::ledger::BookLedger;
use crate::entities::order::OrderView;
use crate::entities::rules::{Role, Rules};
use crate::facts::{Amount, Currency, Text};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RevenueNotice {
    pub id: String,
    pub ledger_key: Text,
    pub step: u32,
    pub order: Text,
    pub number: Text,
    pub channel: Text,
    pub currency: Currency,
    /// Expected revenue after this step: sum of g(w) over the lines, and the charges that stay.
    pub total: Revenue,
    /// This step's difference, of either sign.
    pub amount: Revenue,
}
super::body!(RevenueNotice, RevenueNotices);

#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Revenue {
    pub net: Amount,
    pub tax: Amount,
    pub gross: Amount,
}

/// The ledger's running totals.
const NET: &str = "net";
const TAX: &str = "tax";

/// Makes the notice that is due, if any.
pub fn emit(view: &OrderView<'_>, ledger: &mut BookLedger, outlet: &mut Outlet<'_>) {
    let rules = outlet.context.rules;
    let (Some(header), true) = (view.header, rules.has(Role::Finance)) else { return };
    let (due, noted) = (request::expected_value(view, rules), noted(ledger));
    if due == noted || !gates(view, ledger).open() {
        return;
    }
    ledger.step += 1;
    ledger.totals.insert(NET.into(), due.net());
    ledger.totals.insert(TAX.into(), due.tax);
    let key = request::ledger_key(view.key, &[]);
    let body = RevenueNotice {
        id: String::new(),
        ledger_key: key.clone(),
        step: ledger.step,
        order: view.key.0.clone(),
        number: header.number.clone(),
        channel: header.channel.clone(),
        currency: view.money.currency,
        total: due.into(),
        amount: due.less(noted).into(),
    };
    outlet.request(&view.key.0, &key, ledger.step, None, body);
}

pub fn why(view: &OrderView<'_>, ledger: &BookLedger, rules: &Rules) -> Option<WhyTopic> {
    if view.header.is_none() || !rules.has(Role::Finance) {
        return None;
    }
    let show = |value: Value| format!("{} {}", value.gross.display(view.money.currency), view.money.currency);
    let (due, noted) = (request::expected_value(view, rules), noted(ledger));
    Some(request::why_topic(Topic::RevenueNotices, Text::default(), show(due), show(noted), gates(view, ledger)))
}

fn gates(view: &OrderView<'_>, ledger: &BookLedger) -> Gates {
    let gates = Gates::of_money(view);
    if ledger.step > 0 { gates } else { gates.and(&view.conditions.recorded) }
}

fn noted(ledger: &BookLedger) -> Value {
    let total = |of: &str| ledger.totals.get(of).copied().unwrap_or_default();
    Value { gross: total(NET) + total(TAX), tax: total(TAX) }
}

impl From<Value> for Revenue {
    fn from(value: Value) -> Self {
        Self { net: value.net(), tax: value.tax, gross: value.gross }
    }
}
