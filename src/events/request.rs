//! What all requests have in common: keys, receivers, conditions, the value of pieces.
//!
//! Each request topic is one file of the same shape:
//!
//! | part | what it says |
//! | --- | --- |
//! | what is due | from the view alone, compared with the ledger |
//! | [`Gates`] | the conditions, as data: `emit` asks whether all hold, `why` shows them. One list, two uses |
//! | `emit` | due differs from requested, and all conditions hold: enter it in the ledger and send it |
//! | `why` | the same for people |

use super::{Receiver, why::WhyTopic};
use crate::entities::ledger::NoticeLedger;
use crate::entities::order::OrderView;
use crate::entities::order::view::{Gate, LineView};
use crate::entities::rules::{Role, Rules};
use crate::entities::small_map::SmallMap;
use crate::facts::ids::{join_key, split_key};
use crate::facts::{Amount, OrderKey, Quantity, Text};

/// The conditions of one request, in the order in which people read them.
#[derive(Clone, Debug, Default)]
pub struct Gates(Vec<Gate>);

impl Gates {
    /// What every request asks for: the order is complete, no test, and its rows do not contradict each other.
    pub fn of_order(view: &OrderView<'_>) -> Self {
        Self::default().and(&view.conditions.complete).and(&view.conditions.not_test).consistent(view)
    }

    /// ... and a request of money: its figures add up, in one currency.
    pub fn of_money(view: &OrderView<'_>) -> Self {
        Self::of_order(view)
            .when("sound", view.money.sound, || ("lines and charges that add up to the total, in one currency".into(), "the shop".into()))
    }

    /// Taking back what was asked for needs nothing else than that it was asked for.
    pub fn of_lowering() -> Self {
        Self::default().when("requested", true, Default::default)
    }

    pub fn consistent(self, view: &OrderView<'_>) -> Self {
        let contradiction = view.findings.iter().find(|finding| finding.shuts);
        self.when("consistent", contradiction.is_none(), || {
            (contradiction.map(|finding| finding.sentence.clone()).unwrap_or_default(), "a correction at the source".into())
        })
    }

    /// A condition that the view has computed.
    pub fn and(mut self, gate: &Gate) -> Self {
        self.0.push(gate.clone());
        self
    }

    /// A condition of this request. `waits`: which row it waits for, and who brings it; asked only while it is shut.
    pub fn when(mut self, name: &'static str, holds: bool, waits: impl FnOnce() -> (String, String)) -> Self {
        let (waits_for, brings) = if holds { Default::default() } else { waits() };
        self.0.push(Gate { name, holds, waits_for, brings, since: None });
        self
    }

    pub fn open(&self) -> bool {
        self.0.iter().all(|gate| gate.holds)
    }

    pub fn into_list(self) -> Vec<Gate> {
        self.0
    }
}

/// The first source that plays the role, by name: who is to bring a row.
pub fn bringer(rules: &Rules, role: Role) -> String {
    rules.sources.iter().find(|source| source.roles.contains(&role)).map_or_else(String::new, |source| source.name.to_string())
}

/// The whole key of a ledger: the order's key, and what else tells its ledgers apart.
pub fn ledger_key(order: &OrderKey, rest: &[&str]) -> Text {
    let mut key = order.0.clone();
    if !rest.is_empty() {
        key.push('|');
        key.push_str(&join_key(rest));
    }
    key
}

/// The shop's own id of the order: the part of its key after the source.
pub fn native_id(order: &OrderKey) -> Text {
    let id = order.0.split_once('|').map_or(order.0.as_str(), |(_, id)| id);
    id.replace("%7C", "|").replace("%25", "%").into()
}

/// Who hears of parcels, returns and completions: the shop that the order was placed in, and the ERP; whichever is there.
pub fn receivers(view: &OrderView<'_>, rules: &Rules) -> impl Iterator<Item = Receiver> {
    let shop = view.shop.is_some_and(|shop| rules.plays(shop, Role::Shop));
    let erp = rules.has(Role::Erp);
    [(Receiver::Shop, shop), (Receiver::Erp, erp)].into_iter().filter_map(|(receiver, there)| there.then_some(receiver))
}

/// Of what the receiver was told something, a parcel or a return, and the keys of their ledgers (receiver | what).
pub fn told_before(receiver: Receiver, ledgers: &SmallMap<Text, NoticeLedger>) -> Vec<(Text, Text)> {
    let own = |slot: &Text| {
        let mut parts = split_key(slot);
        parts.next().filter(|name| name == receiver.name())?;
        parts.next()
    };
    let told = ledgers.iter().filter(|(_, ledger)| ledger.step > 0);
    told.filter_map(|(slot, _)| Some((own(slot)?, slot.clone()))).collect()
}

/// The receiver's own number of the order: the shop's id of it, the ERP's document.
pub fn receiver_number(view: &OrderView<'_>, receiver: Receiver) -> Text {
    match receiver {
        Receiver::Shop => native_id(view.key),
        Receiver::Erp => view.erp.document.unwrap_or_default().into(),
    }
}

/// The line of this id.
pub fn line<'v, 'a>(view: &'v OrderView<'a>, id: &str) -> Option<&'v LineView<'a>> {
    view.lines.iter().find(|line| line.id == id)
}

/// What is sold by the line of this id; empty where the order has none.
pub fn sku_of(view: &OrderView<'_>, id: &str) -> Text {
    line(view, id).map(|line| line.sku.as_str().into()).unwrap_or_default()
}

/// What pieces are worth to the customer.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Value {
    /// Tax inside.
    pub gross: Amount,
    pub tax: Amount,
}

impl Value {
    pub fn net(self) -> Amount {
        self.gross - self.tax
    }

    pub fn plus(self, other: Self) -> Self {
        Self { gross: self.gross + other.gross, tax: self.tax + other.tax }
    }

    pub fn less(self, other: Self) -> Self {
        Self { gross: self.gross - other.gross, tax: self.tax - other.tax }
    }
}

/// g(j) and t(j): the value of `j` pieces of a line, at most all of them; cumulative, so that parts add up to the whole.
pub fn value(line: &LineView<'_>, j: Quantity) -> Value {
    let j = j.min(line.n).floor_zero();
    Value { gross: line.gross.share(j, line.n, line.currency), tax: line.tax.share(j, line.n, line.currency) }
}

/// Is anything of the order wanted?
pub fn wanted(view: &OrderView<'_>) -> bool {
    view.lines.iter().any(|line| line.w.is_positive())
}

/// Nothing is wanted any more and nothing was sent. Says no while a line that was asked for once has lost its row: a missing row cancels nothing.
pub fn all_cancelled<'k>(view: &OrderView<'_>, mut asked: impl Iterator<Item = &'k Text>) -> bool {
    !view.lines.is_empty()
        && view.lines.iter().all(|line| line.w.is_zero() && line.d.is_zero())
        && asked.all(|id| view.lines.iter().any(|line| line.id == id.as_str()))
}

/// The charges that the customer is to pay for what is wanted (returns are not asked: what comes back was wanted).
pub fn expected_charges<'v>(view: &'v OrderView<'_>, rules: &Rules) -> impl Iterator<Item = &'v crate::facts::order::Charge> {
    let counts = wanted(view) || !rules.refund_charges;
    view.charges.iter().map(|charge| charge.charge).filter(move |charge| counts && !charge.removed)
}

/// What the order is expected to bring: the wanted pieces and the charges.
pub fn expected_value(view: &OrderView<'_>, rules: &Rules) -> Value {
    let lines = view.lines.iter().map(|line| value(line, line.w));
    let charges = expected_charges(view, rules).map(|charge| Value { gross: charge.gross, tax: charge.tax });
    lines.chain(charges).fold(Value::default(), Value::plus)
}

/// What `why` says of a topic.
pub fn why_topic(topic: super::Topic, part: Text, due: String, requested: String, gates: Gates) -> WhyTopic {
    WhyTopic { topic, part, due, requested, open: gates.open(), conditions: gates.into_list(), waits: Vec::new() }
}
