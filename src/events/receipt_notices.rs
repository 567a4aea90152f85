//! `receipt-notices`: what came back, for the ERP that authorised it and the shop. A notice ledger by return.
//!
//! Due is what was received under an authorisation, by line, condition and place. What the receiver's own received total has already is put
//! to the first returns and entered as told, without a notice. Goods whose condition changes after they were told are not told again: of one
//! article never more is told than came back. Less than was told is corrected: the notice has the lower totals.

use serde::{Deserialize, Serialize};

use super::request::{self, Gates};
use super::why::WhyTopic;
use super::{NoticeAction, Outlet, Receiver, Topic};
use crate::entities::ledger::NoticeLedger;
use crate::entities::order::OrderView;
use crate::entities::order::view::{LineView, ReturnView};
use crate::entities::rules::{Role, Rules};
use crate::entities::small_map::SmallMap;
use crate::facts::ids::{join_key, split_key};
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

/// By part: line, condition, place.
type Totals = SmallMap<Text, Quantity>;

/// Makes the notices that are due: what is to be taken back first.
pub fn emit(view: &OrderView<'_>, ledgers: &mut Ledgers, outlet: &mut Outlet<'_>) {
    let rules = outlet.context.rules;
    let Some(header) = view.header else { return };
    for receiver in request::receivers(view, rules) {
        let mut own: SmallMap<&str, Quantity> = view.lines.iter().map(|line| (line.id, received(line, receiver))).collect();
        let heard: Vec<&ReturnView<'_>> = view.returns.iter().filter(|returned| hears(returned, receiver, rules)).collect();
        let parts: Vec<Parts<'_>> = heard.iter().map(|returned| parts(view, returned)).collect();
        for (rma, slot) in request::told_before(receiver, ledgers) {
            let known = heard.iter().position(|returned| returned.rma == rma);
            let nothing = Parts::new();
            let parts = known.and_then(|place| parts.get(place)).unwrap_or(&nothing);
            if let Some(totals) = lowered(view, parts, ledgers.get(&slot))
                && Gates::of_lowering().consistent(view).open()
            {
                let ledger = ledgers.entry(slot).or_default();
                send(view, header, receiver, &rma, parts, NoticeAction::Correct, totals, ledger, outlet);
            }
        }
        for (returned, parts) in heard.iter().zip(&parts) {
            let slot = join_key(&[receiver.name(), returned.rma]);
            enter_covered(view, parts, &mut own, ledgers, &slot, outlet);
            let totals = raised(view, parts, ledgers.get(&slot), |line| of_line(parts, line));
            let rises = totals.iter().any(|(part, total)| *total > total_of(ledgers.get(&slot), part));
            if rises && gates(view, returned, rules).open() {
                let ledger = ledgers.entry(slot).or_default();
                send(view, header, receiver, returned.rma, parts, NoticeAction::Notify, totals, ledger, outlet);
            }
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
    quantity: Quantity,
}

/// By the key that the ledger keeps them under.
type Parts<'a> = SmallMap<Text, Part<'a>>;

fn parts<'a>(view: &'a OrderView<'_>, returned: &'a ReturnView<'_>) -> Parts<'a> {
    let mut parts = Parts::new();
    for receipt in &returned.receipts {
        let condition = word(receipt.condition);
        for (index, quantity) in &receipt.lines {
            let Some(line) = view.lines.get(*index) else { continue };
            let key = join_key(&[line.id, &condition, receipt.location, receipt.bucket]);
            parts.entry(key).or_insert_with(|| Part { line: line.id, quantity: Quantity::ZERO }).quantity += *quantity;
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

/// The line of which the ledger's part is.
fn line_of(part: &str) -> Text {
    split_key(part).next().unwrap_or_default()
}

/// What was told of a line, in whatever condition.
fn told_of_line(totals: &Totals, line: &str) -> Quantity {
    totals.iter().filter(|(part, _)| line_of(part) == line).map(|(_, total)| *total).sum()
}

/// The lines of one article: a receipt that names only the article may be put to one of them now and to another later.
fn alike<'v>(view: &'v OrderView<'_>, line: &str) -> Vec<&'v str> {
    let Some(of) = view.lines.iter().find(|known| known.id == line) else { return Vec::new() };
    view.lines.iter().filter(|known| !known.set && known.sku == of.sku).map(|known| known.id).collect()
}

/// What came back of a line under this return, in whatever condition.
fn of_line(parts: &Parts<'_>, line: &str) -> Quantity {
    parts.values().filter(|part| part.line == line).map(|part| part.quantity).sum()
}

/// The parts' totals after what was told of each line, and of its article, is raised to `target`, and no further.
fn raised(view: &OrderView<'_>, parts: &Parts<'_>, ledger: Option<&NoticeLedger>, target: impl Fn(&str) -> Quantity) -> Totals {
    let known = ledger.map(|ledger| ledger.totals.clone()).unwrap_or_default();
    let mut totals = known.clone();
    for (key, part) in parts {
        let room = |lines: &[&str]| -> Quantity {
            let target: Quantity = lines.iter().map(|line| target(line)).sum();
            target - lines.iter().map(|line| told_of_line(&totals, line)).sum()
        };
        let room = room(&[part.line]).min(room(&alike(view, part.line))).floor_zero();
        let before = known.get(key).copied().unwrap_or_default();
        let rise = (part.quantity - before).floor_zero().min(room);
        totals.insert(key.clone(), before + rise);
    }
    totals
}

/// The totals with less than was told of an article, where less came back; `None`: nothing is to be taken back.
fn lowered(view: &OrderView<'_>, parts: &Parts<'_>, ledger: Option<&NoticeLedger>) -> Option<Totals> {
    let mut totals = ledger?.totals.clone();
    let mut lowered = false;
    let mut lines: Vec<Text> = totals.keys().map(|part| line_of(part)).collect();
    lines.dedup();
    for line in lines {
        let alike = alike(view, &line);
        let back: Quantity = alike.iter().map(|line| of_line(parts, line)).sum();
        let mut over = alike.iter().map(|line| told_of_line(&totals, line)).sum::<Quantity>() - back;
        lowered |= over.is_positive();
        // First what was told of parts of which less is there, the later first.
        let told: Vec<Text> = totals.keys().filter(|key| alike.contains(&&*line_of(key))).cloned().collect();
        for there in [true, false] {
            for key in told.iter().rev() {
                let Some(total) = totals.get_mut(key) else { continue };
                let least = parts.get(key).filter(|_| there).map_or(Quantity::ZERO, |part| part.quantity);
                let less = (*total - least).floor_zero().min(over.floor_zero());
                *total -= less;
                over -= less;
            }
        }
    }
    lowered.then_some(totals)
}

/// Lays the receiver's own totals (`own`, by line; less by what earlier returns took) over the return, and enters what they cover as told.
fn enter_covered(
    view: &OrderView<'_>,
    parts: &Parts<'_>,
    own: &mut SmallMap<&str, Quantity>,
    ledgers: &mut Ledgers,
    slot: &Text,
    outlet: &mut Outlet<'_>,
) {
    let covered: SmallMap<&str, Quantity> = own.iter().map(|(line, own)| (*line, (*own).min(of_line(parts, line)))).collect();
    let totals = raised(view, parts, ledgers.get(slot), |line| covered.get(line).copied().unwrap_or_default());
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

/// Tells the new totals, and enters them.
#[allow(clippy::too_many_arguments)]
fn send(
    view: &OrderView<'_>,
    header: &Header,
    receiver: Receiver,
    rma: &str,
    parts: &Parts<'_>,
    action: NoticeAction,
    totals: Totals,
    ledger: &mut NoticeLedger,
    outlet: &mut Outlet<'_>,
) {
    let line = |(key, total): (&Text, &Quantity)| {
        let quantity = *total - ledger.totals.get(key).copied().unwrap_or_default();
        // Of a part that is there no more only its key says what it was.
        let (mut of, there) = (split_key(key), parts.get(key));
        let line = of.next().unwrap_or_default();
        let sku = view.lines.iter().find(|known| known.id == line).map(|known| known.sku.as_str().into());
        let mut next = || of.next().unwrap_or_default();
        let told = ReceiptLine {
            sku: sku.unwrap_or_default(),
            line,
            quantity,
            total: *total,
            condition: next(),
            location: next(),
            bucket: next(),
        };
        (there.is_some() || !quantity.is_zero()).then_some(told)
    };
    let body = ReceiptNotice {
        id: String::new(),
        ledger_key: request::ledger_key(view.key, &[receiver.name(), rma]),
        step: ledger.step + 1,
        receiver,
        action,
        order: view.key.0.clone(),
        number: header.number.clone(),
        rma: rma.into(),
        lines: totals.iter().filter_map(line).collect(),
    };
    ledger.step = body.step;
    ledger.totals = totals;
    let key = body.ledger_key.clone();
    outlet.request(&view.key.0, &key, body.step, Some(receiver), body);
}
