//! `receipt-notices`: what came back, for the ERP that authorised it and the shop. A notice ledger by return.
//!
//! Due is what was received under an authorisation, by line, condition and place. What the receiver's own received total has already is put
//! to the first returns and entered as told, without a notice. Goods whose condition changes after they were told are not told again: by
//! line never more is told than came back. A lower total asks nothing.

use serde::{Deserialize, Serialize};

use super::request::{self, Gates};
use super::why::WhyTopic;
use super::{NoticeAction, Outlet, Receiver, Topic};
use crate::entities::ledger::NoticeLedger;
use crate::entities::order::OrderView;
use crate::entities::order::view::{LineView, ReturnView};
use crate::entities::rules::{Role, Rules};
use crate::entities::small_map::SmallMap;
use crate::facts::ids::join_key;
use crate::facts::order::{Condition, Header, Word};
use crate::facts::{Quantity, Text};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReceiptNotice {
    pub id: String,
    pub ledger_key: Text,
    pub step: u32,
    pub receiver: Receiver,
    pub action: NoticeAction,
    pub order: Text,
    pub number: Text,
    /// The authorisation.
    pub rma: Text,
    pub lines: Vec<ReceiptLine>,
}
super::body!(ReceiptNotice, ReceiptNotices);

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReceiptLine {
    pub line: Text,
    pub sku: Text,
    /// This step's difference.
    pub quantity: Quantity,
    /// Received under this authorisation after this step.
    pub total: Quantity,
    /// `sellable`, `damaged`, `unspoken` ... or the warehouse's own word.
    pub condition: Text,
    pub location: Text,
    pub bucket: Text,
}

type Ledgers = SmallMap<Text, NoticeLedger>;

/// Makes the notices that are due.
pub fn emit(view: &OrderView<'_>, ledgers: &mut Ledgers, outlet: &mut Outlet<'_>) {
    let rules = outlet.context.rules;
    let Some(header) = view.header else { return };
    for receiver in request::receivers(view, rules) {
        let mut own: SmallMap<&str, Quantity> = view.lines.iter().map(|line| (line.id, received(line, receiver))).collect();
        for returned in view.returns.iter().filter(|returned| hears(returned, receiver, rules)) {
            let parts = parts(view, returned);
            let slot = join_key(&[receiver.name(), returned.rma]);
            enter_covered(&parts, &mut own, ledgers, &slot, outlet);
            let totals = raised(&parts, ledgers.get(&slot), |line| of_line(&parts, line));
            let rises = totals.iter().any(|(part, total)| *total > total_of(ledgers.get(&slot), part));
            if !rises || !gates(view, returned, rules).open() {
                continue;
            }
            let ledger = ledgers.entry(slot).or_default();
            let body = notice(view, header, receiver, returned, &parts, ledger);
            ledger.step += 1;
            ledger.totals.extend(totals);
            let key = body.ledger_key.clone();
            outlet.request(&view.key.0, &key, body.step, Some(receiver), body);
        }
    }
}

pub fn why(view: &OrderView<'_>, ledgers: &Ledgers, rules: &Rules) -> Vec<WhyTopic> {
    let mut topics = Vec::new();
    for receiver in request::receivers(view, rules).filter(|_| view.header.is_some()) {
        for returned in view.returns.iter().filter(|returned| hears(returned, receiver, rules)) {
            let slot = join_key(&[receiver.name(), returned.rma]);
            let due: Quantity = parts(view, returned).values().map(|part| part.quantity).sum();
            let told: Quantity = ledgers.get(&slot).map(|ledger| ledger.totals.values().copied().sum()).unwrap_or_default();
            let gates = gates(view, returned, rules);
            let mut topic = request::why_topic(Topic::ReceiptNotices, slot, format!("{due} pieces"), format!("{told} pieces"), gates);
            let expected: Quantity = returned.lines.iter().filter(|line| line.goods_expected).map(|line| line.quantity).sum();
            let receipt = Gates::default()
                .when("received", due >= expected, || (format!("the receipt of {}", expected - due), request::bringer(rules, Role::Wms)));
            topic.waits = receipt.into_list();
            topics.push(topic);
        }
    }
    topics
}

/// The shop hears of every return, the ERP of those that it authorised.
fn hears(returned: &ReturnView<'_>, receiver: Receiver, rules: &Rules) -> bool {
    receiver == Receiver::Shop || rules.plays(returned.source, Role::Erp)
}

fn gates(view: &OrderView<'_>, returned: &ReturnView<'_>, rules: &Rules) -> Gates {
    let authorised = returned.lines.iter().any(|line| line.authorised);
    Gates::of_order(view)
        .when("authorised", authorised, || (format!("the approval of {}", returned.rma), rules.name_of(returned.source).to_string()))
}

/// What came back of one line in one condition to one place.
struct Part<'a> {
    line: &'a str,
    sku: &'a str,
    condition: Text,
    location: &'a str,
    bucket: &'a str,
    quantity: Quantity,
}

/// By the key that the ledger keeps them under.
fn parts<'a>(view: &'a OrderView<'_>, returned: &'a ReturnView<'_>) -> SmallMap<Text, Part<'a>> {
    let mut parts: SmallMap<Text, Part<'a>> = SmallMap::new();
    for receipt in &returned.receipts {
        let condition = word(receipt.condition);
        for (index, quantity) in &receipt.lines {
            let Some(line) = view.lines.get(*index) else { continue };
            let key = join_key(&[line.id, &condition, receipt.location, receipt.bucket]);
            let part = parts.entry(key).or_insert_with(|| Part {
                line: line.id,
                sku: line.sku.as_str(),
                condition: condition.clone(),
                location: receipt.location,
                bucket: receipt.bucket,
                quantity: Quantity::ZERO,
            });
            part.quantity += *quantity;
        }
    }
    parts
}

/// The condition's name, or the warehouse's own word.
fn word(condition: &Word<Condition>) -> Text {
    match condition {
        Word::Known(Condition::Sellable) => "sellable".into(),
        Word::Known(Condition::Damaged) => "damaged".into(),
        Word::Known(Condition::Unspoken) => "unspoken".into(),
        Word::Known(Condition::Rejected) => "rejected".into(),
        Word::Known(Condition::OtherItem) => "other-item".into(),
        Word::Unknown(word) => word.clone(),
    }
}

/// The receiver's own received-back total of a line.
fn received(line: &LineView<'_>, receiver: Receiver) -> Quantity {
    match receiver {
        Receiver::Shop => line.shop_received,
        Receiver::Erp => line.erp_received,
    }
}

fn total_of(ledger: Option<&NoticeLedger>, part: &str) -> Quantity {
    ledger.and_then(|ledger| ledger.totals.get(part)).copied().unwrap_or_default()
}

/// What was told of a line, in whatever condition. A part's key begins with its line.
fn told_of_line(ledger: Option<&NoticeLedger>, line: &str) -> Quantity {
    let begin = join_key(&[line]);
    let of_line = |part: &Text| part.strip_prefix(begin.as_str()).is_some_and(|rest| rest.starts_with('|'));
    ledger.into_iter().flat_map(|ledger| &ledger.totals).filter(|(part, _)| of_line(part)).map(|(_, total)| *total).sum()
}

/// What came back of a line under this return, in whatever condition.
fn of_line(parts: &SmallMap<Text, Part<'_>>, line: &str) -> Quantity {
    parts.values().filter(|part| part.line == line).map(|part| part.quantity).sum()
}

/// The parts' totals after what was told of each line is raised to `target`, and no further.
fn raised(parts: &SmallMap<Text, Part<'_>>, ledger: Option<&NoticeLedger>, target: impl Fn(&str) -> Quantity) -> SmallMap<Text, Quantity> {
    let mut rises: SmallMap<&str, Quantity> = SmallMap::new();
    let mut totals = SmallMap::new();
    for (key, part) in parts {
        let risen = rises.entry(part.line).or_default();
        let room = (target(part.line) - told_of_line(ledger, part.line) - *risen).floor_zero();
        let known = total_of(ledger, key);
        let rise = (part.quantity - known).floor_zero().min(room);
        *risen += rise;
        totals.insert(key.clone(), known + rise);
    }
    totals
}

/// Lays the receiver's own totals (`own`, by line; less by what earlier returns took) over the return, and enters what they cover as told.
fn enter_covered(
    parts: &SmallMap<Text, Part<'_>>,
    own: &mut SmallMap<&str, Quantity>,
    ledgers: &mut Ledgers,
    slot: &Text,
    outlet: &mut Outlet<'_>,
) {
    let covered: SmallMap<&str, Quantity> = own.iter().map(|(line, own)| (*line, (*own).min(of_line(parts, line)))).collect();
    let totals = raised(parts, ledgers.get(slot), |line| covered.get(line).copied().unwrap_or_default());
    for (part, total) in totals {
        if total > total_of(ledgers.get(slot), &part) {
            ledgers.entry(slot.clone()).or_default().totals.insert(part, total);
            outlet.changed = true;
        }
    }
    for (line, covered) in covered {
        own.entry(line).and_modify(|own| *own -= covered);
    }
}

fn notice(
    view: &OrderView<'_>,
    header: &Header,
    receiver: Receiver,
    returned: &ReturnView<'_>,
    parts: &SmallMap<Text, Part<'_>>,
    ledger: &NoticeLedger,
) -> ReceiptNotice {
    let totals = raised(parts, Some(ledger), |line| of_line(parts, line));
    let line = |(key, part): (&Text, &Part<'_>)| {
        let (before, total) = (total_of(Some(ledger), key), totals.get(key).copied().unwrap_or_default());
        ReceiptLine {
            line: part.line.into(),
            sku: part.sku.into(),
            quantity: total - before,
            total,
            condition: part.condition.clone(),
            location: part.location.into(),
            bucket: part.bucket.into(),
        }
    };
    ReceiptNotice {
        id: String::new(),
        ledger_key: request::ledger_key(view.key, &[receiver.name(), returned.rma]),
        step: ledger.step + 1,
        receiver,
        action: NoticeAction::Notify,
        order: view.key.0.clone(),
        number: header.number.clone(),
        rma: returned.rma.into(),
        lines: parts.iter().map(line).collect(),
    }
}
