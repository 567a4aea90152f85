//! `return-announcements`: goods that are to come back, for the warehouse, before they are there. A notice ledger by location and return.
//!
//! Due is what is authorised to come back under a return, by line, at the location that sent the goods, where a warehouse system works. What was never
//! announced and is there already needs no announcement. A return that is closed is not awaited any more: its total falls to what came. One that is
//! refused or taken back falls to nothing. A deletion alone lowers nothing: an ERP deletes what it has posted.

use serde::{Deserialize, Serialize};

use super::body::{LineNames, OrderRef, RequestBody, RequestHead};
use super::gate::RequestGate;
use super::outlet::Outlet;
use super::request::{self, Request, WhyTopic};
use super::totals::{self, NoticeTotals};
use crate::entities::ledger::{NoticeLedger, NoticeLedgers};
use crate::entities::order::OrderView;
use crate::entities::order::back::{ReturnLineView, ReturnView};
use crate::entities::order::figures::LineView;
use crate::entities::rules::{Role, Rules};
use crate::entities::small_map::SmallMap;
use crate::entities::topics::Topic;
use crate::facts::ids::{join_key, own_part, split_key};
use crate::facts::order::{Address, Header, ReturnState, Word};
use crate::facts::{Moment, Quantity, SourceId, Text};

/// What is asked of the warehouse.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AnnouncementAction {
    /// Goods are to come that it does not know of.
    Announce,
    /// Other totals.
    Change,
    /// Nothing is to come any more.
    Withdraw,
}

/// Announcement to a warehouse: goods that are to come back to a location. A further step replaces the one before. Each order, location and return has one
/// ledger.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReturnAnnouncement {
    /// Which step of which ledger it is.
    #[serde(flatten)]
    pub head: RequestHead,
    /// What is asked of the warehouse.
    pub action: AnnouncementAction,
    /// Which order it is about.
    #[serde(flatten)]
    pub order: OrderRef,
    /// The sales channel, as the configuration names it.
    pub channel: Text,
    /// The location that the goods come back to, by the code of the system that counts there.
    pub location: Text,
    /// Number of the authorisation, by the system that authorised it.
    pub rma: Text,
    /// The id under which that system's interface has the authorisation; its number where it has no other id.
    pub rma_id: Text,
    /// When it was approved, by the authorising system's clock; where that is not told: when the order's newest row was written.
    pub occurred_at: Moment,
    /// Who sends the goods: the address that they went to; null where none is known.
    pub from: Option<Address>,
    /// All lines ever announced under this return.
    pub lines: Vec<AnnouncedLine>,
}

impl RequestBody for ReturnAnnouncement {
    const TOPIC: Topic = Topic::ReturnAnnouncements;

    fn head(&mut self) -> &mut RequestHead {
        &mut self.head
    }

    fn corrects(&self) -> bool {
        self.action != AnnouncementAction::Announce
    }
}

/// What is to come back of an order line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AnnouncedLine {
    /// The shop's id of the order line.
    pub line: Text,
    /// SKU of the goods: trimmed, Unicode NFC, upper case.
    pub sku: Text,
    /// How else the line is called.
    #[serde(flatten)]
    pub names: LineNames,
    /// The authorising system's own id of its line; empty where no line of the authorisation is about these goods any more.
    pub rma_line: Text,
    /// Why they come back, in the words of who authorised it; empty: not told.
    pub reasons: Vec<Text>,
    /// Difference to the total of the step before, of either sign.
    pub quantity: Quantity,
    /// To come back under this return in all.
    pub total: Quantity,
    /// Of the total, what is there already.
    pub received: Quantity,
}

impl Request for ReturnAnnouncement {
    type Ledger = NoticeLedgers;

    fn emit(view: &OrderView<'_>, ledgers: &mut NoticeLedgers, outlet: &mut Outlet<'_>) {
        let rules = outlet.context.rules;
        let Some(header) = view.placed.header else { return };
        for notice in notices(view, ledgers, rules) {
            let known = totals::notified(ledgers, &notice.slot);
            let Some(totals) = notice.to_tell(view, &known) else { continue };
            let ledger = ledgers.entry(notice.slot.clone()).or_default();
            if outlet.request(view.key, notice.body(view, header, &totals, ledger)) {
                ledger.step += 1;
                ledger.totals = totals;
            }
        }
        ledgers.retain(|_, ledger| ledger.step > 0 || !ledger.totals.is_empty());
    }

    fn why(view: &OrderView<'_>, ledgers: &NoticeLedgers, rules: &Rules, _: Moment) -> Vec<WhyTopic> {
        if view.placed.header.is_none() {
            return Vec::new();
        }
        let topic = |notice: Notice<'_, '_>| {
            let known: Quantity = totals::notified(ledgers, &notice.slot).into_values().sum();
            let due: Quantity = notice.due.values().copied().sum();
            WhyTopic::new(Self::TOPIC, notice.slot, format!("{due} pieces"), format!("{known} pieces"), RequestGate::of_order(view))
        };
        notices(view, ledgers, rules).into_iter().map(topic).collect()
    }
}

/// What a location is to know of a return.
struct Notice<'v, 'a> {
    /// location | return.
    slot: Text,
    location: Text,
    rma: Text,
    /// `None`: it was announced, and is not there any more.
    returned: Option<&'v ReturnView<'a>>,
    /// By line.
    due: NoticeTotals,
}

/// Of every return at every location: those that are there, and those that were announced.
fn notices<'v, 'a>(view: &'v OrderView<'a>, ledgers: &NoticeLedgers, rules: &Rules) -> Vec<Notice<'v, 'a>> {
    let mut notices: SmallMap<Text, Notice<'v, 'a>> = SmallMap::new();
    for returned in view.back.returns.iter().filter(|returned| is_announced(view, returned.source, rules)) {
        for of in returned.lines.iter().filter(|of| of.goods_expected) {
            let Some((index, line)) = of.line.and_then(|index| Some((index, view.lines.get(index)?))) else { continue };
            let Some(location) = comes_back_to(line, rules) else { continue };
            let slot = join_key(&[&location, returned.rma]);
            let notice = notices.entry(slot.clone()).or_insert_with(|| Notice {
                slot,
                location,
                rma: returned.rma.into(),
                returned: Some(returned),
                due: NoticeTotals::new(),
            });
            *notice.due.entry(line.id.into()).or_default() += awaited(of, received(returned, index));
        }
    }
    for slot in ledgers.keys() {
        let mut parts = split_key(slot);
        let (location, rma) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        let gone = || Notice { slot: slot.clone(), location, rma, returned: None, due: NoticeTotals::new() };
        notices.entry(slot.clone()).or_insert_with(gone);
    }
    notices.into_values().collect()
}

/// Returns of a counter are over when they are told, and what comes back undelivered was announced by nobody.
fn is_announced(view: &OrderView<'_>, source: SourceId, rules: &Rules) -> bool {
    source != SourceId::WAYBILL && view.placed.till() != Some(source) && !rules.plays(source, Role::Pos)
}

/// Where the line's goods left from, else where it is sent from; `None`: no warehouse system works there.
fn comes_back_to(line: &LineView<'_>, rules: &Rules) -> Option<Text> {
    let left_from = line.sent.parts.iter().map(|part| part.location).rfind(|place| !place.is_empty());
    let location = rules.location(left_from.or(line.erp.location)?)?;
    location.wms.is_some().then(|| location.code.clone())
}

/// Pieces of an authorisation's line that are to come, or have come.
fn awaited(of: &ReturnLineView<'_>, received: Quantity) -> Quantity {
    match of.state {
        _ if !of.authorised => Quantity::ZERO,
        Word::Known(ReturnState::Closed) => of.quantity.min(received),
        _ => of.quantity,
    }
}

/// Pieces of a line that came under the return.
fn received(returned: &ReturnView<'_>, line: usize) -> Quantity {
    returned.receipts.iter().flat_map(|receipt| &receipt.lines).filter(|(of, _)| *of == line).map(|(_, pieces)| *pieces).sum()
}

impl Notice<'_, '_> {
    fn received(&self, view: &OrderView<'_>, id: &str) -> Quantity {
        let index = view.lines.iter().position(|line| line.id == id);
        self.returned.zip(index).map_or(Quantity::ZERO, |(returned, index)| received(returned, index))
    }

    /// The totals after the next step; `None`: there is none to make. Lower totals need no condition.
    fn to_tell(&self, view: &OrderView<'_>, known: &NoticeTotals) -> Option<NoticeTotals> {
        let mut due = self.due.clone();
        for line in known.keys() {
            due.entry(line.clone()).or_default();
        }
        let total = |of: &NoticeTotals| of.values().copied().sum::<Quantity>();
        let there: Quantity = due.keys().map(|line| self.received(view, line)).sum();
        if due == *known || (known.is_empty() && total(&due) <= there) {
            return None;
        }
        if !RequestGate::of_order(view).open() {
            let lowered = |(line, due): (Text, Quantity)| {
                let due = due.min(totals::of(known, &line));
                (line, due)
            };
            due = due.into_iter().map(lowered).collect();
            due.retain(|line, due| due.is_positive() || known.contains_key(line));
        }
        (due != *known).then_some(due)
    }

    fn body(&self, view: &OrderView<'_>, header: &Header, totals: &NoticeTotals, ledger: &NoticeLedger) -> ReturnAnnouncement {
        let of_line = |id: &str| {
            let index = view.lines.iter().position(|line| line.id == id)?;
            self.returned?.lines.iter().find(|of| of.line == Some(index))
        };
        let line = |(id, total): (&Text, &Quantity)| AnnouncedLine {
            line: id.clone(),
            sku: request::sku_of(view, id),
            names: LineNames::new(view, id),
            rma_line: of_line(id).map(|of| own_part(of.id)).unwrap_or_default(),
            reasons: of_line(id).map(|of| Text::from(of.reason)).into_iter().filter(|reason| !reason.is_empty()).collect(),
            quantity: *total - totals::of(&ledger.totals, id),
            total: *total,
            received: self.received(view, id).min(*total),
        };
        let none = |totals: &NoticeTotals| totals.values().all(|total| total.is_zero());
        let approved_at = self.returned.into_iter().flat_map(|returned| &returned.lines).filter_map(|of| of.approved_at).max();
        ReturnAnnouncement {
            head: RequestHead::new(view.key, &[&self.location, &self.rma], ledger.step + 1),
            action: match (none(&ledger.totals), none(totals)) {
                (_, true) => AnnouncementAction::Withdraw,
                (true, false) => AnnouncementAction::Announce,
                (false, false) => AnnouncementAction::Change,
            },
            order: OrderRef::new(view, header),
            channel: header.channel.clone(),
            location: self.location.clone(),
            rma: self.rma.clone(),
            rma_id: self.returned.and_then(|returned| returned.reference).map_or_else(|| self.rma.clone(), |names| names.id.clone()),
            occurred_at: approved_at.unwrap_or_else(|| request::occurred_at(view, header)),
            from: view.placed.ship_to.cloned(),
            lines: totals.iter().map(line).collect(),
        }
    }
}
