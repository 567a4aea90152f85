//! `receipt-notices`: what came back, for the ERP that authorised it and the shop. A notice ledger by return.
//!
//! Due is what was received under an authorisation, by line, condition and place. Pieces that the receiver's own received total has already are put
//! to the first returns and entered without a notice. When the condition of goods changes after their notice, no further notice is made: of one
//! article no more pieces are notified than came back. When less came back than was notified, a `correct` notice has the lower totals.

use serde::{Deserialize, Serialize};

use super::body::{LineNames, NoticeAction, OrderRef, Receiver, RequestBody, RequestHead};
use super::gate::RequestGate;
use super::outlet::Outlet;
use super::request::{self, Request, WhyTopic};
use super::totals::{self, NoticeTotals};
use crate::entities::ledger::{NoticeLedger, NoticeLedgers};
use crate::entities::order::OrderView;
use crate::entities::order::back::ReturnView;
use crate::entities::order::figures::LineView;
use crate::entities::rules::{Role, Rules};
use crate::entities::small_map::SmallMap;
use crate::entities::topics::Topic;
use crate::facts::ids::{join_key, own_part, split_key};
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
    /// The receiver's own number of the order: the shop's order id, the ERP's document number (empty while it has none).
    pub receiver_number: Text,
    /// The id under which the receiver's interface has the order; its number where it has no other id; empty while it has none.
    pub receiver_id: Text,
    /// Number of the authorisation, by the system that authorised it.
    pub rma: Text,
    /// The id under which that system's interface has the authorisation; its number where it has no other id.
    pub rma_id: Text,
    /// When the newest of these goods was received, by the receiver's clock; of goods that nothing is told of any more: when the order's newest row
    /// was written.
    pub occurred_at: Moment,
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

    fn corrects(&self) -> bool {
        self.action == NoticeAction::Correct
    }
}

/// Received pieces of an order line in one condition.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReceiptLine {
    /// The shop's id of the order line.
    pub line: Text,
    /// SKU of the goods: trimmed, Unicode NFC, upper case.
    pub sku: Text,
    /// How else the line is called.
    #[serde(flatten)]
    pub names: LineNames,
    /// The authorising system's own id of its line; empty where no line of the authorisation is about these goods.
    pub rma_line: Text,
    /// Why they come back, in the words of who authorised it; empty: not told.
    pub reasons: Vec<Text>,
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

impl Request for ReceiptNotice {
    type Ledger = NoticeLedgers;

    fn emit(view: &OrderView<'_>, ledgers: &mut NoticeLedgers, outlet: &mut Outlet<'_>) {
        let rules = outlet.context.rules;
        let Some(header) = view.placed.header else { return };
        for receiver in request::receivers(view, rules) {
            let mut own: SmallMap<&str, Quantity> = view.lines.iter().map(|line| (line.id, received(line, receiver))).collect();
            let returns: Vec<&ReturnView<'_>> =
                view.back.returns.iter().filter(|returned| is_notified_of(returned, receiver, rules)).collect();
            let back: Vec<NoticeTotals> = returns.iter().map(|returned| came_back(view, returned, receiver, rules)).collect();
            for (rma, slot) in request::notified_before(receiver, ledgers) {
                let known = returns.iter().position(|returned| returned.rma == rma);
                let back = known.and_then(|place| back.get(place)).cloned().unwrap_or_default();
                let ledger = ledgers.entry(slot).or_default();
                if let Some(totals) = totals::lowered(&ledger.totals, &back, &articles(view, &ledger.totals, &back))
                    && RequestGate::of_lowering().consistent(view).open()
                {
                    ReturnNotice { receiver, rma: &rma, returned: known.map(|place| returns[place]), back: &back }.send(
                        view,
                        header,
                        NoticeAction::Correct,
                        totals,
                        ledger,
                        outlet,
                    );
                }
            }
            for (returned, back) in returns.iter().zip(&back) {
                let slot = join_key(&[receiver.name(), returned.rma]);
                enter_covered(view, back, &mut own, ledgers, &slot, outlet);
                let known = totals::notified(ledgers, &slot);
                let totals = raised(view, back, &known, |line| of_line(back, line));
                if totals != known && gate(view, returned, rules).open() {
                    let ledger = ledgers.entry(slot).or_default();
                    ReturnNotice { receiver, rma: returned.rma, returned: Some(returned), back }.send(
                        view,
                        header,
                        NoticeAction::Notify,
                        totals,
                        ledger,
                        outlet,
                    );
                }
            }
        }
    }

    fn why(view: &OrderView<'_>, ledgers: &NoticeLedgers, rules: &Rules, _: Moment) -> Vec<WhyTopic> {
        let mut topics = Vec::new();
        for receiver in request::receivers(view, rules).filter(|_| view.placed.header.is_some()) {
            for returned in view.back.returns.iter().filter(|returned| is_notified_of(returned, receiver, rules)) {
                let slot = join_key(&[receiver.name(), returned.rma]);
                let due: Quantity = came_back(view, returned, receiver, rules).into_values().sum();
                let notified: Quantity = ledgers.get(&slot).map(|ledger| ledger.totals.values().copied().sum()).unwrap_or_default();
                let gate = gate(view, returned, rules);
                let topic = WhyTopic::new(Self::TOPIC, slot, format!("{due} pieces"), format!("{notified} pieces"), gate);
                let expected: Quantity = returned.lines.iter().filter(|line| line.goods_expected).map(|line| line.quantity).sum();
                let receipt = || (format!("the receipt of {} pieces", expected - due), rules.bringer(Role::Wms));
                topics.push(topic.waiting_for(RequestGate::default().when("received", due >= expected, receipt)));
            }
        }
        topics
    }
}

/// The shop is notified of every return, the ERP of those that it authorised.
fn is_notified_of(returned: &ReturnView<'_>, receiver: Receiver, rules: &Rules) -> bool {
    receiver == Receiver::Shop || rules.plays(returned.source, Role::Erp)
}

fn gate(view: &OrderView<'_>, returned: &ReturnView<'_>, rules: &Rules) -> RequestGate {
    let authorised = returned.lines.iter().any(|line| line.authorised);
    RequestGate::of_order(view)
        .when("authorised", authorised, || (format!("the approval of {}", returned.rma), rules.name_of(returned.source).to_string()))
}

/// What came back, by line, condition and place; without what the receiver itself has received, whether or not its totals say so yet.
fn came_back(view: &OrderView<'_>, returned: &ReturnView<'_>, receiver: Receiver, rules: &Rules) -> NoticeTotals {
    let mut back = NoticeTotals::new();
    let its_own = |source| match receiver {
        Receiver::Shop => view.placed.shop == Some(source),
        Receiver::Erp => rules.plays(source, Role::Erp),
    };
    for receipt in returned.receipts.iter().filter(|receipt| !its_own(receipt.source)) {
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
fn of_line(totals: &NoticeTotals, line: &str) -> Quantity {
    totals.iter().filter(|(part, _)| line_of(part) == line).map(|(_, total)| *total).sum()
}

/// The parts that were notified or came back, by article. Lines that the order has no more are left out: nothing of them is taken back.
fn articles(view: &OrderView<'_>, notified: &NoticeTotals, back: &NoticeTotals) -> Vec<Vec<Text>> {
    let mut articles: SmallMap<&str, Vec<Text>> = SmallMap::new();
    for part in notified.keys().chain(back.keys().filter(|part| !notified.contains_key(*part))) {
        if let Some(first) = totals::of_article(view, &line_of(part)).first() {
            articles.entry(first).or_default().push(part.clone());
        }
    }
    articles.into_values().collect()
}

/// The notified totals, raised to `target` (pieces of a line) for each line and its article, and no further.
fn raised(view: &OrderView<'_>, back: &NoticeTotals, notified: &NoticeTotals, target: impl Fn(&str) -> Quantity) -> NoticeTotals {
    let mut lines: SmallMap<Text, Vec<Text>> = SmallMap::new();
    for part in back.keys() {
        lines.entry(line_of(part)).or_default().push(part.clone());
    }
    let lines: Vec<Vec<Text>> = lines.into_values().collect();
    totals::raised_within(notified, back, &lines, |totals, parts: &[Text]| {
        let room = |lines: &[&str]| lines.iter().map(|line| target(line) - of_line(totals, line)).sum::<Quantity>();
        let line = parts.first().map(|part| line_of(part)).unwrap_or_default();
        room(&[&line]).min(room(&totals::of_article(view, &line)))
    })
}

/// Enters, without a notice, the pieces of the return that the receiver's own totals cover. `own`: those totals by line, less what earlier returns
/// took.
fn enter_covered(
    view: &OrderView<'_>,
    back: &NoticeTotals,
    own: &mut SmallMap<&str, Quantity>,
    ledgers: &mut NoticeLedgers,
    slot: &Text,
    outlet: &mut Outlet<'_>,
) {
    let covered: SmallMap<&str, Quantity> = own.iter().map(|(line, own)| (*line, (*own).min(of_line(back, line)))).collect();
    let entered = raised(view, back, &totals::notified(ledgers, slot), |line| covered.get(line).copied().unwrap_or_default());
    totals::enter(ledgers, slot, entered, outlet);
    for (line, covered) in covered {
        own.entry(line).and_modify(|own| *own -= covered);
    }
}

/// A return, and who is notified of it.
struct ReturnNotice<'v, 'a> {
    receiver: Receiver,
    rma: &'v str,
    /// `None`: it is not there any more.
    returned: Option<&'v ReturnView<'a>>,
    back: &'v NoticeTotals,
}

impl ReturnNotice<'_, '_> {
    /// Makes a notice of the new totals, and enters them.
    fn send(
        &self,
        view: &OrderView<'_>,
        header: &Header,
        action: NoticeAction,
        totals: NoticeTotals,
        ledger: &mut NoticeLedger,
        outlet: &mut Outlet<'_>,
    ) {
        let line = |(part, total): (&Text, &Quantity)| {
            let quantity = *total - totals::of(&ledger.totals, part);
            // A part may not be there any more: then only its key says what it was.
            let mut of = split_key(part);
            let mut next = || of.next().unwrap_or_default();
            let line = next();
            let index = view.lines.iter().position(|known| known.id == line);
            let of_return = self.returned.into_iter().flat_map(|returned| &returned.lines).find(|of| of.line.is_some() && of.line == index);
            let received = ReceiptLine {
                sku: request::sku_of(view, &line),
                names: LineNames::new(view, &line),
                rma_line: of_return.map(|of| own_part(of.id)).unwrap_or_default(),
                reasons: index.map(|index| request::returned_because(view, index)).unwrap_or_default(),
                line,
                quantity,
                total: *total,
                condition: next(),
                location: next(),
                bucket: next(),
            };
            (self.back.contains_key(part) || !quantity.is_zero()).then_some(received)
        };
        let newest = self.returned.into_iter().flat_map(|returned| &returned.receipts).map(|receipt| receipt.received_at).max();
        let body = ReceiptNotice {
            head: RequestHead::new(view.key, &[self.receiver.name(), self.rma], ledger.step + 1),
            receiver: self.receiver,
            action,
            order: OrderRef::new(view, header),
            receiver_number: request::receiver_number(view, self.receiver),
            receiver_id: request::receiver_id(view, self.receiver),
            rma: self.rma.into(),
            rma_id: self.returned.and_then(|returned| returned.reference).map_or_else(|| self.rma.into(), |names| names.id.clone()),
            occurred_at: newest.unwrap_or_else(|| request::occurred_at(view, header)),
            lines: totals.iter().filter_map(line).collect(),
        };
        if outlet.request(view.key, body) {
            ledger.step += 1;
            ledger.totals = totals;
        }
    }
}
