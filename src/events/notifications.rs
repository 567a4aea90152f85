//! `notifications`: mails to the customer. A once ledger: at most once for each order, parcel or return; kind; and what the kind counts by.
//!
//! | kind | once for each | its event | also waits for |
//! | --- | --- | --- | --- |
//! | `confirmed` | order | placed | secured |
//! | `part-cancelled`, `cancelled` | total cancelled | the newest row that cancels | |
//! | `despatched` | parcel | despatched | tracking number, or 60 minutes; and, while more of the order is to come, the parcel's rows have been the same for a minute |
//! | `tracking-changed` | parcel, number | the row with a number other than the one in the customer's last mail | |
//! | `out-for-delivery`, `attempted`, `ready-to-collect` | parcel | its newest scan | |
//! | `delivered` | parcel | scanned delivered (never assumed) | |
//! | `delayed` | promised date; without one, parcel and day | the carrier reports a delay, or the promised date passes undelivered | |
//! | `return-received` | return | first accepted receipt | authorisation |
//! | `refund-made` | total refunded | newest refund of success, none pending | |
//!
//! A mail is due from its event until its greatest age by the event's own time (`out-for-delivery` and `attempted` are of use only on the day). Then,
//! or when a later stage came first, it is entered as overtaken and never sent. All mails wait for a complete order that is no test, and for an
//! address to write to. Who asked to be forgotten gets none, once nothing of the order is to be sent any more.

use serde::{Deserialize, Serialize};

use super::body::{LineNames, OrderRef, RequestBody, RequestHead, digest};
use super::gate::RequestGate;
use super::outlet::Outlet;
use super::request::{Request, WhyTopic};
use crate::entities::held::{Held, HeldWhy};
use crate::entities::ledger::{Entered, SentMails};
use crate::entities::order::OrderView;
use crate::entities::order::back::{ReceiptView, ReturnView};
use crate::entities::order::figures::LineView;
use crate::entities::order::sent::ParcelView;
use crate::entities::order::worth;
use crate::entities::rules::{Role, Rules};
use crate::entities::topics::Topic;
use crate::facts::ids::join_key;
use crate::facts::order::{Condition, Header, Origin, Personal, ScanMeaning, Tender};
use crate::facts::time::Span;
use crate::facts::{Amount, Currency, Moment, Quantity, Text};

/// What a mail is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MailKind {
    /// The order is placed and paid for.
    Confirmed,
    /// Pieces of the order are cancelled.
    PartCancelled,
    /// Nothing of the order is wanted any more.
    Cancelled,
    /// A parcel has left.
    Despatched,
    /// A parcel has another tracking number than in the mail before.
    TrackingChanged,
    /// A parcel comes today.
    OutForDelivery,
    /// Nobody took the parcel.
    Attempted,
    /// A parcel waits to be collected.
    ReadyToCollect,
    /// A parcel was delivered.
    Delivered,
    /// The order comes later than promised.
    Delayed,
    /// What was sent back has arrived.
    ReturnReceived,
    /// Money was paid back.
    RefundMade,
}

impl MailKind {
    /// Every kind.
    pub const ALL: [Self; 12] = [
        Self::Confirmed,
        Self::PartCancelled,
        Self::Cancelled,
        Self::Despatched,
        Self::TrackingChanged,
        Self::OutForDelivery,
        Self::Attempted,
        Self::ReadyToCollect,
        Self::Delivered,
        Self::Delayed,
        Self::ReturnReceived,
        Self::RefundMade,
    ];

    /// Until what age the mail is of use.
    fn age(self, rules: &Rules) -> Span {
        match self {
            Self::OutForDelivery | Self::Attempted => rules.durations.mail_age_on_the_day,
            _ => rules.durations.mail_age,
        }
    }

    /// As it is written in bodies, ledger keys and the configuration.
    pub fn name(self) -> &'static str {
        match self {
            Self::Confirmed => "confirmed",
            Self::PartCancelled => "part-cancelled",
            Self::Cancelled => "cancelled",
            Self::Despatched => "despatched",
            Self::TrackingChanged => "tracking-changed",
            Self::OutForDelivery => "out-for-delivery",
            Self::Attempted => "attempted",
            Self::ReadyToCollect => "ready-to-collect",
            Self::Delivered => "delivered",
            Self::Delayed => "delayed",
            Self::ReturnReceived => "return-received",
            Self::RefundMade => "refund-made",
        }
    }
}

/// A mail to the customer. At most once for each ledger key: the order, the kind, and what the kind counts by (a parcel, a return, a
/// total).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Notification {
    /// Which step of which ledger it is.
    #[serde(flatten)]
    pub head: RequestHead,
    /// What the mail is about.
    pub kind: MailKind,
    /// Which order it is about.
    #[serde(flatten)]
    pub order: OrderRef,
    /// The sales channel, as the configuration names it.
    pub channel: Text,
    /// The brand that the customer bought from, as the configuration names it.
    pub brand: Text,
    /// The part of the shop that it was placed in (a store view), as the shop names it: it tells the language. Empty: the shop has none.
    pub store: Text,
    /// When that happened which the mail tells of, by the clock of the system that tells it.
    pub occurred_at: Moment,
    /// The customer's key: `account|source|id`, or `guest|brand|digest of the email`; null: nobody known.
    pub customer: Option<Text>,
    /// Email address of the customer, by the shop.
    pub to: Personal,
    /// Given name, by the billing address, else where the goods go; empty: not told apart.
    pub first_name: Personal,
    /// Family name, likewise.
    pub last_name: Personal,
    /// Of every amount in this event: the currency that the customer was charged in.
    pub currency: Currency,
    /// What the customer owes for the whole order as placed, tax inside.
    pub total: Amount,
    /// Pieces that the mail speaks of; none for `refund-made`.
    pub lines: Vec<MailLine>,
    /// `confirmed`: the order's total; `cancelled`, `part-cancelled`: what will be refunded; `refund-made`: what was paid since the mail
    /// before; else null.
    pub amount: Option<Amount>,
    /// `refund-made`: refunded in all; else null.
    pub refunded: Option<Amount>,
    /// `refund-made`: refunded in all, by tender.
    pub by_tender: Vec<MailTender>,
    /// The warehouse's despatch number; null where no parcel is meant.
    pub parcel: Option<Text>,
    /// The parcel's carrier, in the warehouse's word.
    pub carrier: Option<Text>,
    /// The parcel's tracking number; null while unknown.
    pub tracking: Option<Text>,
    /// `despatched`: wanted pieces that have not left yet; else null.
    pub still_to_come: Option<Quantity>,
    /// The date that was promised; null where none was.
    pub promised_at: Option<Moment>,
}

impl RequestBody for Notification {
    const TOPIC: Topic = Topic::Notifications;

    fn head(&mut self) -> &mut RequestHead {
        &mut self.head
    }
}

/// Pieces that the mail speaks of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MailLine {
    /// The shop's id of the order line.
    pub line: Text,
    /// SKU of the goods: trimmed, Unicode NFC, upper case.
    pub sku: Text,
    /// How else the line is called.
    #[serde(flatten)]
    pub names: LineNames,
    /// The line's text, by the shop.
    pub description: Text,
    /// Ordered, cancelled, in the parcel or received back, as the kind has it.
    pub quantity: Quantity,
    /// What so many pieces of the line cost, tax inside.
    pub gross: Amount,
}

/// Refunded by one tender.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MailTender {
    /// How it was paid.
    pub tender: Tender,
    /// Refunded in all by this tender.
    pub amount: Amount,
}

impl Request for Notification {
    type Ledger = SentMails;

    fn emit(view: &OrderView<'_>, sent: &mut SentMails, outlet: &mut Outlet<'_>) {
        let (rules, tick) = (outlet.context.rules, outlet.context.tick);
        let Some(header) = view.placed.header else { return };
        outlet.set_timer(header.promised_at.filter(|_| undelivered(view)));
        for mail in mails(view, header, sent, rules, tick) {
            let slot = mail.slot();
            if mail.pending || sent.get(&slot).is_some_and(is_made) {
                continue;
            }
            let lapses_at = mail.at + mail.kind.age(rules);
            if mail.overtaken || tick >= lapses_at {
                sent.insert(slot, Entered::Overtaken);
                outlet.changed = true;
                continue;
            }
            if let Some(content) = mail.settles(view)
                && !matches!(sent.get(&slot), Some(Entered::Settling { content: before, .. }) if *before == content)
            {
                if outlet.restating && !sent.contains_key(&slot) {
                    let key = (HeldWhy::Rules, Self::TOPIC, mail.head(view).ledger_key);
                    outlet.restated.push(key.clone());
                    outlet.hold(key, Held { since: tick, content, whole: true, corrects: false, money: None, discarded: false });
                }
                sent.insert(slot.clone(), Entered::Settling { content, since: tick });
                outlet.changed = true;
            }
            if gate(view, header, &mail, sent, rules, tick).open() {
                let body = notification(view, header, &mail, sent, rules);
                let live = outlet.is_live(Self::TOPIC);
                if !outlet.request(view.key, body) {
                    // It may lapse while it is held.
                    outlet.set_timer(Some(lapses_at));
                    continue;
                }
                sent.insert(slot, if live { Entered::Sent } else { Entered::BeforeLive });
                if let Some(covered) = mail.covers_number() {
                    sent.insert(covered, Entered::Overtaken);
                }
            } else {
                let without_tracking = mail.gives_up_tracking(rules).filter(|moment| *moment > tick);
                let settled = mail.settled_at(view, sent, rules).filter(|moment| *moment > tick);
                // It waits for both.
                outlet.set_timer(without_tracking.max(settled));
                outlet.set_timer(Some(lapses_at));
            }
        }
    }

    fn why(view: &OrderView<'_>, sent: &SentMails, rules: &Rules, tick: Moment) -> Vec<WhyTopic> {
        let Some(header) = view.placed.header else { return Vec::new() };
        let topic = |mail: Mail<'_, '_>| {
            let slot = mail.slot();
            let due = if mail.pending {
                "once it is paid".into()
            } else if mail.overtaken {
                "overtaken".into()
            } else {
                format!("until {}", mail.at + mail.kind.age(rules))
            };
            let requested = match sent.get(&slot) {
                None | Some(Entered::Settling { .. }) => "nothing",
                Some(Entered::Sent) => "sent",
                Some(Entered::BeforeLive) => "entered before going live",
                Some(Entered::Suspended) => "suspended",
                Some(Entered::Overtaken) => "lapsed",
            };
            WhyTopic::new(Self::TOPIC, slot, due, requested.into(), gate(view, header, &mail, sent, rules, tick))
        };
        mails(view, header, sent, rules, tick).into_iter().map(topic).collect()
    }
}

/// A mail whose event has happened.
struct Mail<'v, 'a> {
    kind: MailKind,
    /// What the kind counts by; empty for the order itself.
    part: Text,
    /// The event's own time.
    at: Moment,
    /// A later stage came first.
    overtaken: bool,
    /// Its event has not happened yet; it is named for the answer alone.
    pending: bool,
    parcel: Option<&'v ParcelView<'a>>,
    returned: Option<&'v ReturnView<'a>>,
}

impl Mail<'_, '_> {
    fn of(kind: MailKind, part: Text, at: Moment) -> Self {
        Self { kind, part, at, overtaken: false, pending: false, parcel: None, returned: None }
    }

    /// The part of the ledger key after the order.
    fn slot(&self) -> Text {
        if self.part.is_empty() { self.kind.name().into() } else { join_key(&[self.kind.name(), &self.part]) }
    }

    /// There is one mail of a slot.
    fn head(&self, view: &OrderView<'_>) -> RequestHead {
        let parts = [self.kind.name(), &self.part];
        RequestHead::new(view.key, if self.part.is_empty() { &parts[..1] } else { &parts }, 1)
    }

    /// When the mail `despatched` goes without a tracking number.
    fn gives_up_tracking(&self, rules: &Rules) -> Option<Moment> {
        let parcel = self.parcel.filter(|parcel| self.kind == MailKind::Despatched && parcel.tracking.is_none())?;
        Some(parcel.despatched_at + rules.durations.tracking_for_mail)
    }

    /// A digest of what the mail `despatched` would say of the parcel, while more of the order is to come: some of it may be in this parcel, its row
    /// not there yet.
    fn settles(&self, view: &OrderView<'_>) -> Option<u64> {
        let parcel = self.parcel.filter(|_| self.kind == MailKind::Despatched && to_come(view).is_positive())?;
        let content: Vec<(&str, Quantity)> = parcel.lines.iter().map(|(line, quantity)| (view.lines[*line].id, *quantity)).collect();
        Some(digest(&content))
    }

    /// When its content has been the same for long enough; `None`: it need not wait.
    fn settled_at(&self, view: &OrderView<'_>, sent: &SentMails, rules: &Rules) -> Option<Moment> {
        self.settles(view)?;
        match sent.get(&self.slot()) {
            Some(Entered::Settling { since, .. }) => Some(*since + rules.durations.parcel_settles),
            _ => None,
        }
    }

    /// The slot of `tracking-changed` that needs no mail: the mail `despatched` has this number.
    fn covers_number(&self) -> Option<Text> {
        let parcel = self.parcel.filter(|_| self.kind == MailKind::Despatched)?;
        Some(join_key(&[MailKind::TrackingChanged.name(), &numbered(parcel, parcel.tracking?)]))
    }
}

/// The mail was sent, or never will be.
fn is_made(entered: &Entered) -> bool {
    !matches!(entered, Entered::Settling { .. })
}

/// Pieces that are wanted and have not left.
fn to_come(view: &OrderView<'_>) -> Quantity {
    view.lines.iter().filter(|line| line.erp.ships).map(|line| (line.sent.wanted - line.sent.despatched).floor_zero()).sum()
}

/// A parcel under a number.
fn numbered(parcel: &ParcelView<'_>, number: &str) -> Text {
    Text::from_iter([parcel.key, " ", number])
}

/// Something that is wanted is on its way or still to be sent.
fn undelivered(view: &OrderView<'_>) -> bool {
    view.lines.iter().any(|line| line.sent.wanted > line.sent.delivered)
}

/// When the order was secured: with its placing, or with the last capture that came later.
fn secured_at(view: &OrderView<'_>, header: &Header) -> Moment {
    let paid = view.paid.captures.iter().filter(|capture| capture.amount.is_positive()).map(|capture| capture.at).max();
    let later = paid.filter(|_| !view.gates.pays_later);
    later.map_or(header.placed_at, |paid| paid.max(header.placed_at))
}

/// The mails whose events have happened, of the kinds that are on.
fn mails<'v, 'a>(view: &'v OrderView<'a>, header: &Header, sent: &SentMails, rules: &Rules, tick: Moment) -> Vec<Mail<'v, 'a>> {
    let cancelled: Quantity = view.lines.iter().filter(|line| !line.is_bundle).map(|line| line.ordered - line.sent.wanted).sum();
    let all = worth::all_cancelled(view, std::iter::empty());
    let mut mails = Vec::new();
    // What is sold at a counter is confirmed there.
    if header.origin != Origin::Pos {
        let (at, pending) = (secured_at(view, header), !all && !view.gates.secured.holds);
        // Goods that left first say it too, once the order is old.
        let left = view.sent.parcels.iter().map(|parcel| parcel.despatched_at).min();
        let late = left.is_some_and(|left| left < at) && at > header.placed_at + MailKind::Confirmed.age(rules);
        mails.push(Mail { overtaken: all || late, pending, ..Mail::of(MailKind::Confirmed, Text::default(), at) });
    }
    if cancelled.is_positive() && header.replaced_by.is_none() {
        let kind = if all { MailKind::Cancelled } else { MailKind::PartCancelled };
        let at = view.sent.cancelled_at.unwrap_or(header.placed_at);
        mails.push(Mail::of(kind, Text::from(cancelled.to_string()), at));
    }
    for parcel in view.sent.parcels.iter().filter(|parcel| !parcel.handed_over) {
        of_parcel(parcel, sent, rules, &mut mails);
    }
    mails.extend(delayed(view, header, tick));
    for returned in &view.back.returns {
        let first = accepted(returned).map(|receipt| receipt.received_at).min();
        mails.extend(first.map(|at| Mail { returned: Some(returned), ..Mail::of(MailKind::ReturnReceived, returned.rma.into(), at) }));
    }
    mails.extend(refund_made(view, sent));
    mails.retain(|mail| rules.notifications.iter().any(|on| on == mail.kind.name()));
    mails
}

fn of_parcel<'v, 'a>(parcel: &'v ParcelView<'a>, sent: &SentMails, rules: &Rules, mails: &mut Vec<Mail<'v, 'a>>) {
    let of = |kind, part: Text, at, overtaken| Mail { overtaken, parcel: Some(parcel), ..Mail::of(kind, part, at) };
    let delivered = parcel.delivered_at.is_some();
    mails.push(of(MailKind::Despatched, parcel.key.into(), parcel.despatched_at, delivered));
    if let Some(number) = parcel.tracking
        && has_another_number(parcel, sent, rules)
    {
        let at = parcel.tracking_at.unwrap_or(parcel.despatched_at);
        mails.push(of(MailKind::TrackingChanged, numbered(parcel, number), at, delivered));
    }
    let by_scan = match parcel.newest_scan {
        Some((ScanMeaning::OutForDelivery, at)) => Some((MailKind::OutForDelivery, at)),
        Some((ScanMeaning::Attempted, at)) => Some((MailKind::Attempted, at)),
        Some((ScanMeaning::Collect, at)) => Some((MailKind::ReadyToCollect, at)),
        _ => None,
    };
    mails.extend(by_scan.map(|(kind, at)| of(kind, parcel.key.into(), at, delivered)));
    let delivered_at = parcel.delivered_at.filter(|_| !parcel.assumed);
    mails.extend(delivered_at.map(|at| of(MailKind::Delivered, parcel.key.into(), at, false)));
}

/// The customer has a number of this parcel: from our mail `despatched`, or from whoever sends that mail, if we don't.
fn has_another_number(parcel: &ParcelView<'_>, sent: &SentMails, rules: &Rules) -> bool {
    let by_others = !rules.notifications.iter().any(|on| on == MailKind::Despatched.name());
    let prefix = join_key(&[MailKind::TrackingChanged.name(), &numbered(parcel, "")]);
    let mut known = sent.range(prefix.clone()..).take_while(|(slot, _)| slot.starts_with(prefix.as_str()));
    known.next().is_some() || (by_others && !parcel.former.is_empty())
}

/// Once for each promised date; where nothing was promised, for each parcel and day.
fn delayed<'v, 'a>(view: &'v OrderView<'a>, header: &Header, tick: Moment) -> Vec<Mail<'v, 'a>> {
    if !undelivered(view) {
        return Vec::new();
    }
    let late = view.sent.parcels.iter().filter_map(|parcel| match parcel.newest_scan {
        Some((ScanMeaning::Delayed, at)) if parcel.delivered_at.is_none() => Some((parcel, at)),
        _ => None,
    });
    match header.promised_at {
        Some(promised) => {
            let part = Text::from(promised.to_string());
            let first = late.min_by_key(|(_, at)| *at);
            match first {
                Some((parcel, at)) => vec![Mail { parcel: Some(parcel), ..Mail::of(MailKind::Delayed, part, at.min(promised)) }],
                None if promised <= tick => vec![Mail::of(MailKind::Delayed, part, promised)],
                None => Vec::new(),
            }
        }
        None => late
            .map(|(parcel, at)| {
                let day = at.to_string();
                let part = numbered(parcel, day.split('T').next().unwrap_or_default());
                Mail { parcel: Some(parcel), ..Mail::of(MailKind::Delayed, part, at) }
            })
            .collect(),
    }
}

fn accepted<'v, 'a>(returned: &'v ReturnView<'a>) -> impl Iterator<Item = &'v ReceiptView<'a>> {
    let counts = |receipt: &&ReceiptView<'_>| {
        matches!(receipt.condition.known(), Some(Condition::Sellable | Condition::Damaged | Condition::Unspoken))
    };
    returned.receipts.iter().filter(counts)
}

/// Once none of the refunds that count is pending, and they come to more than in the mail before.
fn refund_made<'v, 'a>(view: &'v OrderView<'a>, sent: &SentMails) -> Option<Mail<'v, 'a>> {
    let counting = || view.money.refunds.iter().filter(|refund| refund.counts);
    let at = counting().filter(|refund| refund.success).map(|refund| refund.at).max()?;
    let total = view.money.refunded;
    let settled = counting().all(|refund| refund.success);
    let part = Text::from(total.to_string());
    let known = sent.contains_key(&join_key(&[MailKind::RefundMade.name(), &part]));
    (settled && (total > refund_mailed(sent) || known)).then(|| Mail::of(MailKind::RefundMade, part, at))
}

/// The highest total of refunds that a mail was made or entered for.
fn refund_mailed(sent: &SentMails) -> Amount {
    let total = |slot: &Text| slot.strip_prefix(MailKind::RefundMade.name())?.strip_prefix('|').and_then(Amount::parse);
    sent.keys().filter_map(total).max().unwrap_or_default()
}

fn gate(view: &OrderView<'_>, header: &Header, mail: &Mail<'_, '_>, sent: &SentMails, rules: &Rules, tick: Moment) -> RequestGate {
    let address = header.email.as_ref().is_some_and(|email| !email.0.trim().is_empty());
    let gate = RequestGate::of_order(view)
        .when("not-forgotten", !view.forgotten.gone, || ("nothing: the person asked to be forgotten".into(), String::new()))
        .when("address", address, || ("an address to write to".into(), rules.bringer(Role::Shop)));
    match mail.kind {
        MailKind::Confirmed => gate.and(&view.gates.secured),
        MailKind::Despatched => {
            let tracked = mail.gives_up_tracking(rules).is_none_or(|moment| moment <= tick);
            let settled = mail.settled_at(view, sent, rules).is_none_or(|moment| moment <= tick);
            let wms = || rules.bringer(Role::Wms);
            gate.when("tracking", tracked, || ("the parcel's tracking number".into(), wms()))
                .when("settled", settled, || ("a minute without a change of the parcel's rows".into(), wms()))
        }
        MailKind::ReturnReceived => {
            let authorised = mail.returned.is_some_and(|returned| returned.lines.iter().any(|line| line.authorised));
            gate.when("authorised", authorised, || (format!("the approval of {}", mail.part), rules.bringer(Role::Erp)))
        }
        _ => gate,
    }
}

fn notification(view: &OrderView<'_>, header: &Header, mail: &Mail<'_, '_>, sent: &SentMails, rules: &Rules) -> Notification {
    let parcel = mail.parcel;
    let address = view.placed.bill_to.or(view.placed.ship_to);
    let refund = mail.kind == MailKind::RefundMade;
    Notification {
        head: mail.head(view),
        kind: mail.kind,
        order: OrderRef::new(view, header),
        channel: header.channel.clone(),
        brand: header.brand.clone(),
        store: header.store.clone(),
        occurred_at: mail.at,
        customer: header.customer.as_ref().map(|customer| customer.0.clone()),
        first_name: address.map(|address| address.first_name.clone()).unwrap_or_default(),
        last_name: address.map(|address| address.last_name.clone()).unwrap_or_default(),
        total: view.money.total,
        to: header.email.clone().unwrap_or_default(),
        currency: view.money.currency,
        lines: lines(view, mail),
        amount: amount(view, mail, sent, rules),
        refunded: refund.then_some(view.money.refunded),
        by_tender: if refund { by_tender(view) } else { Vec::new() },
        parcel: parcel.map(|parcel| parcel.key.into()),
        carrier: parcel.map(|parcel| parcel.carrier.into()),
        tracking: parcel.and_then(|parcel| parcel.tracking).map(Text::from),
        still_to_come: parcel.filter(|_| mail.kind == MailKind::Despatched).map(|_| to_come(view)),
        promised_at: header.promised_at,
    }
}

fn by_tender(view: &OrderView<'_>) -> Vec<MailTender> {
    let refunded = view.money.tenders.iter().filter(|tender| tender.refunded.is_positive());
    refunded.map(|tender| MailTender { tender: tender.tender, amount: tender.refunded }).collect()
}

/// By line, in the order of the lines, what the mail speaks of.
fn lines(view: &OrderView<'_>, mail: &Mail<'_, '_>) -> Vec<MailLine> {
    let mut pieces = vec![Quantity::ZERO; view.lines.len()];
    match mail.kind {
        MailKind::Confirmed => pieces.iter_mut().zip(&view.lines).for_each(|(pieces, line)| *pieces = line.sent.wanted),
        MailKind::PartCancelled | MailKind::Cancelled => {
            pieces.iter_mut().zip(&view.lines).for_each(|(pieces, line)| *pieces = line.ordered - line.sent.wanted);
        }
        MailKind::Delayed if mail.parcel.is_none() => {
            pieces.iter_mut().zip(&view.lines).for_each(|(pieces, line)| *pieces = (line.sent.wanted - line.sent.delivered).floor_zero());
        }
        MailKind::Despatched
        | MailKind::TrackingChanged
        | MailKind::OutForDelivery
        | MailKind::Attempted
        | MailKind::ReadyToCollect
        | MailKind::Delivered
        | MailKind::Delayed => add(&mut pieces, mail.parcel.into_iter().flat_map(|parcel| &parcel.lines)),
        MailKind::ReturnReceived => {
            add(&mut pieces, mail.returned.into_iter().flat_map(accepted).flat_map(|receipt| &receipt.lines));
        }
        MailKind::RefundMade => {}
    }
    let line = |(line, quantity): (&LineView<'_>, Quantity)| MailLine {
        line: line.id.into(),
        names: LineNames::new(view, line.id),
        gross: line.value_of(quantity.min(line.ordered)),
        sku: line.sku.as_str().into(),
        description: line.line.description.clone(),
        quantity,
    };
    view.lines.iter().zip(pieces).filter(|(_, pieces)| pieces.is_positive()).map(line).collect()
}

fn add<'q>(pieces: &mut [Quantity], parts: impl Iterator<Item = &'q (usize, Quantity)>) {
    for (index, quantity) in parts {
        if let Some(pieces) = pieces.get_mut(*index) {
            *pieces += *quantity;
        }
    }
}

fn amount(view: &OrderView<'_>, mail: &Mail<'_, '_>, sent: &SentMails, rules: &Rules) -> Option<Amount> {
    match mail.kind {
        MailKind::Confirmed => Some(view.money.total),
        // Also before the warehouse has answered: what will be refunded once the pieces can't be sent any more.
        MailKind::PartCancelled | MailKind::Cancelled => {
            Some((view.money.captured.min(view.money.total) - worth::expected_worth(view, rules).gross).floor_zero())
        }
        MailKind::RefundMade => Some(view.money.refunded - refund_mailed(sent)),
        _ => None,
    }
}
