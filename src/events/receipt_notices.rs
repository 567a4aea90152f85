//! `receipt-notices`: what came back, for the ERP that authorised it and the shop. A notice ledger by return.
//!
//! Due is what was received under an authorisation, by line, condition and place. What the receiver's own received total has already is put
//! to the first returns and entered as told, without a notice. Goods whose condition changes after they were told are not told again: of one
//! article never more is told than came back. Less than was told is corrected: the notice has the lower totals.

use serde::{Deserialize, Serialize};

use super::body::{NoticeAction, OrderRef, Receiver, RequestBody, RequestHead};
use super::gates::Gates;
use super::outlet::Outlet;
use super::request::{self, Request, WhyTopic};
use super::totals::{self, Totals};
use crate::entities::ledger::NoticeLedger;
use crate::entities::order::OrderView;
use crate::entities::order::back::ReturnView;
use crate::entities::order::figures::LineView;
use crate::entities::rules::{Role, Rules};
use crate::entities::small_map::SmallMap;
use crate::entities::topics::Topic;
use crate::facts::ids::{join_key, split_key};
use crate::facts::order::{Condition, Header, Word};
use crate::facts::{Moment, Quantity, Text};

/// Notice to the ERP that authorised a return, and to the shop: what came back. Each order, receiver and return has one ledger.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReceiptNotice {
    /// Which step of which ledger it is.
    #[serde(flatten)]
    pub head: RequestHead,
    /// Who is to act. Each has a ledger of its own. The same as the header `receiver`.
    pub receiver: Receiver,
    /// Does it add, or take back?
    pub action: NoticeAction,
    /// Which order it is about.
    #[serde(flatten)]
    pub order: OrderRef,
    /// Number of the authorisation, by the system that authorised it.
    pub rma: Text,
    /// What came back under this authorisation.
    pub lines: Vec<ReceiptLine>,
}

impl RequestBody for ReceiptNotice {
    const TOPIC: Topic = Topic::ReceiptNotices;

    fn head(&mut self) -> &mut RequestHead {
        &mut self.head
    }

    fn receiver(&self) -> Option<Receiver> {
        Some(self.receiver)
    }
}

/// Received pieces of an order line in one condition.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReceiptLine {
    /// The shop's id of the order line.
    pub line: Text,
    /// SKU of the goods: trimmed, Unicode NFC, upper case.
    pub sku: Text,
    /// This step's difference: what the receiver is to book.
    pub quantity: Quantity,
    /// Received under this authorisation in this condition after this step, what the receiver knew by itself included.
    pub total: Quantity,
    /// `sellable`, `damaged`, `unspoken`, `rejected`, `other-item`, or the warehouse's own word.
    pub condition: Text,
    /// Where it was received, in the warehouse's word.
    pub location: Text,
    /// The bucket that it was put in, in the warehouse's word.
    pub bucket: Text,
}

type Ledgers = SmallMap<Text, NoticeLedger>;

impl Request for ReceiptNotice {
    type Ledger = Ledgers;

    fn emit(view: &OrderView<'_>, ledgers: &mut Ledgers, outlet: &mut Outlet<'_>) {
        let rules = outlet.context.rules;
        let Some(header) = view.placed.header else { return };
        for receiver in request::receivers(view, rules) {
            let mut own: SmallMap<&str, Quantity> = view.lines.iter().map(|line| (line.id, received(line, receiver))).collect();
            let heard: Vec<&ReturnView<'_>> = view.back.returns.iter().filter(|returned| hears(returned, receiver, rules)).collect();
            let back: Vec<Totals> = heard.iter().map(|returned| came_back(view, returned)).collect();
            for (rma, slot) in request::told_before(receiver, ledgers) {
                let known = heard.iter().position(|returned| returned.rma == rma);
                let back = known.and_then(|place| back.get(place)).cloned().unwrap_or_default();
                let ledger = ledgers.entry(slot).or_default();
                if let Some(totals) = totals::lowered(&ledger.totals, &back, &articles(view, &ledger.totals, &back))
                    && Gates::of_lowering().consistent(view).open()
                {
                    Told { receiver, rma: &rma, back: &back }.send(view, header, NoticeAction::Correct, totals, ledger, outlet);
                }
            }
            for (returned, back) in heard.iter().zip(&back) {
                let slot = join_key(&[receiver.name(), returned.rma]);
                enter_covered(view, back, &mut own, ledgers, &slot, outlet);
                let known = totals::told(ledgers, &slot);
                let totals = raised(view, back, &known, |line| of_line(back, line));
                if totals != known && gates(view, returned, rules).open() {
                    let ledger = ledgers.entry(slot).or_default();
                    Told { receiver, rma: returned.rma, back }.send(view, header, NoticeAction::Notify, totals, ledger, outlet);
                }
            }
        }
    }

    fn why(view: &OrderView<'_>, ledgers: &Ledgers, rules: &Rules, _: Moment) -> Vec<WhyTopic> {
        let mut topics = Vec::new();
        for receiver in request::receivers(view, rules).filter(|_| view.placed.header.is_some()) {
            for returned in view.back.returns.iter().filter(|returned| hears(returned, receiver, rules)) {
                let slot = join_key(&[receiver.name(), returned.rma]);
                let due: Quantity = came_back(view, returned).into_values().sum();
                let told: Quantity = ledgers.get(&slot).map(|ledger| ledger.totals.values().copied().sum()).unwrap_or_default();
                let gates = gates(view, returned, rules);
                let topic = WhyTopic::new(Self::TOPIC, slot, format!("{due} pieces"), format!("{told} pieces"), gates);
                let expected: Quantity = returned.lines.iter().filter(|line| line.goods_expected).map(|line| line.quantity).sum();
                let receipt = || (format!("the receipt of {}", expected - due), request::bringer(rules, Role::Wms));
                topics.push(topic.waiting_for(Gates::default().when("received", due >= expected, receipt)));
            }
        }
        topics
    }
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

/// What came back, by line, condition and place.
fn came_back(view: &OrderView<'_>, returned: &ReturnView<'_>) -> Totals {
    let mut back = Totals::new();
    for receipt in &returned.receipts {
        let condition = word(receipt.condition);
        for (index, quantity) in &receipt.lines {
            let Some(line) = view.lines.get(*index) else { continue };
            let part = join_key(&[line.id, &condition, receipt.location, receipt.bucket]);
            *back.entry(part).or_default() += *quantity;
        }
    }
    back
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
        Receiver::Shop => line.sent.shop_received,
        Receiver::Erp => line.erp.received,
    }
}

/// The line of which a part is.
fn line_of(part: &str) -> Text {
    split_key(part).next().unwrap_or_default()
}

/// Pieces of a line, in whatever condition.
fn of_line(totals: &Totals, line: &str) -> Quantity {
    totals.iter().filter(|(part, _)| line_of(part) == line).map(|(_, total)| *total).sum()
}

/// The parts that were told or came back, by article; without those of lines that the order has no more, of which nothing is taken back.
fn articles(view: &OrderView<'_>, told: &Totals, back: &Totals) -> Vec<Vec<Text>> {
    let mut articles: SmallMap<&str, Vec<Text>> = SmallMap::new();
    for part in told.keys().chain(back.keys().filter(|part| !told.contains_key(*part))) {
        if let Some(first) = totals::of_article(view, &line_of(part)).first() {
            articles.entry(first).or_default().push(part.clone());
        }
    }
    articles.into_values().collect()
}

/// The totals after what was told of each line, and of its article, is raised to `target` (pieces of a line), and no further.
fn raised(view: &OrderView<'_>, back: &Totals, told: &Totals, target: impl Fn(&str) -> Quantity) -> Totals {
    let mut lines: SmallMap<Text, Vec<Text>> = SmallMap::new();
    for part in back.keys() {
        lines.entry(line_of(part)).or_default().push(part.clone());
    }
    let lines: Vec<Vec<Text>> = lines.into_values().collect();
    totals::raised_within(told, back, &lines, |totals, parts: &[Text]| {
        let room = |lines: &[&str]| lines.iter().map(|line| target(line) - of_line(totals, line)).sum::<Quantity>();
        let line = parts.first().map(|part| line_of(part)).unwrap_or_default();
        room(&[&line]).min(room(&totals::of_article(view, &line)))
    })
}

/// Lays the receiver's own totals (`own`, by line; less by what earlier returns took) over the return, and enters what they cover as told.
fn enter_covered(
    view: &OrderView<'_>,
    back: &Totals,
    own: &mut SmallMap<&str, Quantity>,
    ledgers: &mut Ledgers,
    slot: &Text,
    outlet: &mut Outlet<'_>,
) {
    let covered: SmallMap<&str, Quantity> = own.iter().map(|(line, own)| (*line, (*own).min(of_line(back, line)))).collect();
    let entered = raised(view, back, &totals::told(ledgers, slot), |line| covered.get(line).copied().unwrap_or_default());
    totals::enter(ledgers, slot, entered, outlet);
    for (line, covered) in covered {
        own.entry(line).and_modify(|own| *own -= covered);
    }
}

/// A return, and who is told of it.
struct Told<'v> {
    receiver: Receiver,
    rma: &'v str,
    back: &'v Totals,
}

impl Told<'_> {
    /// Tells the new totals, and enters them.
    fn send(
        &self,
        view: &OrderView<'_>,
        header: &Header,
        action: NoticeAction,
        totals: Totals,
        ledger: &mut NoticeLedger,
        outlet: &mut Outlet<'_>,
    ) {
        let line = |(part, total): (&Text, &Quantity)| {
            let quantity = *total - totals::of(&ledger.totals, part);
            // Of a part that is there no more only its key says what it was.
            let mut of = split_key(part);
            let mut next = || of.next().unwrap_or_default();
            let line = next();
            let told = ReceiptLine {
                sku: request::sku_of(view, &line),
                line,
                quantity,
                total: *total,
                condition: next(),
                location: next(),
                bucket: next(),
            };
            (self.back.contains_key(part) || !quantity.is_zero()).then_some(told)
        };
        let body = ReceiptNotice {
            head: RequestHead::new(view.key, &[self.receiver.name(), self.rma], ledger.step + 1),
            receiver: self.receiver,
            action,
            order: OrderRef::new(view, header),
            rma: self.rma.into(),
            lines: totals.iter().filter_map(line).collect(),
        };
        ledger.step = body.head.step;
        ledger.totals = totals;
        outlet.request(view.key, body);
    }
}
