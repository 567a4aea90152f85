//! A request: the topic's body, what is due, its gate, and why it waits. Each request topic is one file that implements [`Request`].
//!
//! | part | what it says |
//! | --- | --- |
//! | what is due | from the view alone, compared with the ledger |
//! | [`RequestGate`] | the conditions, as data |
//! | [`Request::emit`] | due differs from requested, and all conditions hold: enter it in the ledger and send it |
//! | [`Request::why`] | the same for people |
//!
//! A topic that asks somebody to look at each order once, as soon as its rows are complete:
//!
//! ```
//! use waybill::entities::ledger::NoticeLedger;
//! use waybill::entities::order::{OrderState, OrderView, view};
//! use waybill::entities::rules::Rules;
//! use waybill::events::request::{Request, WhyTopic};
//! use waybill::events::{OrderRef, Outlet, RequestBody, RequestGate, RequestHead, SealContext, Topic};
//! use waybill::facts::{Moment, OrderKey};
//!
//! #[derive(serde::Serialize)]
//! struct Look {
//!     #[serde(flatten)]
//!     head: RequestHead,
//!     #[serde(flatten)]
//!     order: OrderRef,
//! }
//!
//! impl RequestBody for Look {
//!     const TOPIC: Topic = Topic::OrderReversals; // a new topic has an entry of its own in `entities::topics`
//!
//!     fn head(&mut self) -> &mut RequestHead {
//!         &mut self.head
//!     }
//! }
//!
//! impl Request for Look {
//!     type Ledger = NoticeLedger;
//!
//!     fn emit(view: &OrderView<'_>, ledger: &mut NoticeLedger, outlet: &mut Outlet<'_>) {
//!         let Some(header) = view.placed.header else { return };
//!         if ledger.step > 0 || !RequestGate::of_order(view).open() {
//!             return;
//!         }
//!         let head = RequestHead::new(view.key, &[], ledger.step + 1);
//!         if outlet.request(view.key, Look { head, order: OrderRef::new(view, header) }) {
//!             ledger.step += 1;
//!         }
//!     }
//!
//!     fn why(view: &OrderView<'_>, ledger: &NoticeLedger, _: &Rules, _: Moment) -> Vec<WhyTopic> {
//!         let requested = format!("{} looks", ledger.step);
//!         vec![WhyTopic::new(Self::TOPIC, "".into(), "1 look".into(), requested, RequestGate::of_order(view))]
//!     }
//! }
//!
//! // An order of which no row is there yet: nothing is sent, and `why` says what the gate waits for.
//! let (rules, tick, key) = (Rules::default(), Moment(0), OrderKey::new("shop", "1001"));
//! let (state, mut ledger) = (OrderState::default(), NoticeLedger::default());
//! let view = view(&key, &state.rows, &state.ledgers, state.since, &rules, tick);
//! let mut outlet = Outlet::new(SealContext { rules: &rules, tick, generation: 1, live: &|_| true }, 1, Vec::new());
//! Look::emit(&view, &mut ledger, &mut outlet);
//! assert!(outlet.emissions.is_empty() && ledger.step == 0);
//! let why = &Look::why(&view, &ledger, &rules, tick)[0];
//! let shut = why.conditions.iter().find(|gate| !gate.holds).expect("a shut gate");
//! assert_eq!((why.open, shut.name), (false, "complete"));
//! ```

use serde::Serialize;

use super::body::{Receiver, RequestBody};
use super::gate::RequestGate;
use super::outlet::Outlet;
use crate::entities::ledger::NoticeLedgers;
use crate::entities::order::OrderView;
use crate::entities::order::figures::LineView;
use crate::entities::order::gates::Gate;
use crate::entities::rules::{Role, Rules};
use crate::entities::topics::Topic;
use crate::facts::ids::split_key;
use crate::facts::order::{Header, LineRef};
use crate::facts::{Moment, Text};

/// A request topic of orders.
pub trait Request: RequestBody + Sized {
    /// What has been requested of an order: one ledger, or one for each part of the ledger key.
    type Ledger;

    /// Makes every request of this topic that is due and whose gate is open, and enters it in its ledger. A second call with the same view, ledger
    /// and tick makes none. Where the clock alone would open the gate, or end what is due, it sets a timer ([`Outlet::set_timer`]).
    fn emit(view: &OrderView<'_>, ledger: &mut Self::Ledger, outlet: &mut Outlet<'_>);

    /// What is due, what was requested, and each condition of the gate. `tick`: the moment to which conditions of time are measured.
    fn why(view: &OrderView<'_>, ledger: &Self::Ledger, rules: &Rules, tick: Moment) -> Vec<WhyTopic>;
}

/// One ledger of one request topic, for people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct WhyTopic {
    /// The request topic.
    pub topic: Topic,
    /// The part of the ledger key after the order: a receiver, a parcel, a kind of mail; empty where the order has one ledger.
    pub part: Text,
    /// What should have been requested by now, were every condition fulfilled.
    pub due: String,
    /// What has been requested.
    pub requested: String,
    /// More is due than was requested. Else the gate keeps nobody waiting, whatever it lacks.
    pub outstanding: bool,
    /// All conditions hold.
    pub open: bool,
    /// The conditions of the gate; one that is shut says what it waits for.
    pub conditions: Vec<Gate>,
    /// Rows that are not there yet and would raise what is due.
    pub waits: Vec<Gate>,
}

impl WhyTopic {
    /// A ledger of the topic, and its gate.
    pub fn new(topic: Topic, part: Text, due: String, requested: String, gate: RequestGate) -> Self {
        let outstanding = is_outstanding(&due, &requested);
        Self { topic, part, due, requested, outstanding, open: gate.open(), conditions: gate.into_list(), waits: Vec::new() }
    }

    /// ... and the rows that would raise what is due: those of them that are not there.
    pub fn waiting_for(mut self, waits: RequestGate) -> Self {
        self.waits = waits.into_list().into_iter().filter(|gate| !gate.holds).collect();
        self
    }
}

/// Both are texts for people, and begin alike where all is requested: `3 pieces`, `3 pieces in 1 steps`.
fn is_outstanding(due: &str, requested: &str) -> bool {
    let is_all = requested.strip_prefix(due).is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', ',', ';']));
    !is_all && !due.starts_with("as ") && due != "overtaken" && requested != "sent"
}

/// Who is notified of parcels, returns and completions: the shop that the order was placed in, and the ERP; whichever is there.
pub fn receivers(view: &OrderView<'_>, rules: &Rules) -> impl Iterator<Item = Receiver> {
    let shop = view.placed.shop.is_some_and(|shop| rules.plays(shop, Role::Shop));
    let erp = rules.has(Role::Erp);
    [(Receiver::Shop, shop), (Receiver::Erp, erp)].into_iter().filter_map(|(receiver, there)| there.then_some(receiver))
}

/// What the receiver was notified of before, a parcel or a return, and the keys of their ledgers (receiver | what).
pub fn notified_before(receiver: Receiver, ledgers: &NoticeLedgers) -> Vec<(Text, Text)> {
    let own = |slot: &Text| {
        let mut parts = split_key(slot);
        parts.next().filter(|name| name == receiver.name())?;
        parts.next()
    };
    let own_ledgers = ledgers.iter().filter(|(_, ledger)| ledger.step > 0);
    own_ledgers.filter_map(|(slot, _)| Some((own(slot)?, slot.clone()))).collect()
}

/// The receiver's own number of the order: the shop's id of it, the ERP's document.
pub fn receiver_number(view: &OrderView<'_>, receiver: Receiver) -> Text {
    match receiver {
        Receiver::Shop => view.key.native(),
        Receiver::Erp => match view.erp.reference {
            Some(names) => names.number.clone(),
            None => view.erp.document.unwrap_or_default().into(),
        },
    }
}

/// The id under which the receiver's interface has the order: the shop's id of it, the ERP's id of its document.
pub fn receiver_id(view: &OrderView<'_>, receiver: Receiver) -> Text {
    match receiver {
        Receiver::Shop => view.key.native(),
        Receiver::Erp => view.erp.reference.map_or_else(|| receiver_number(view, receiver), |names| names.id.clone()),
    }
}

/// When that happened which made a request due: the business time of the newest row of the order, by its source's clock.
pub fn occurred_at(view: &OrderView<'_>, header: &Header) -> Moment {
    view.touched.newest_told().map_or(header.placed_at, |at| at.max(header.placed_at))
}

/// Why pieces of the line were cancelled, in the words of the systems that did; sorted, each once.
pub fn cancelled_because(view: &OrderView<'_>, line: &LineView<'_>) -> Vec<Text> {
    let about = |of: &LineRef| match of {
        LineRef::Line(id) => line.id == id.as_str() || line.leaf == Some(id.as_str()),
        LineRef::Sku(sku) => line.sku == sku,
    };
    let mut reasons: Vec<Text> = view.touched.cancelled_because().filter(|(of, _)| about(of)).map(|(_, reason)| reason.clone()).collect();
    reasons.sort();
    reasons.dedup();
    reasons
}

/// Why pieces of the line with this index come back, in the words of who authorised it; sorted, each once.
pub fn returned_because(view: &OrderView<'_>, line: usize) -> Vec<Text> {
    let of_returns = view.back.returns.iter().flat_map(|returned| &returned.lines).filter(|of| of.line == Some(line) && of.authorised);
    let mut reasons: Vec<Text> = of_returns.map(|of| of.reason.into()).filter(|reason: &Text| !reason.is_empty()).collect();
    reasons.sort();
    reasons.dedup();
    reasons
}

/// The line of this id.
pub fn line<'v, 'a>(view: &'v OrderView<'a>, id: &str) -> Option<&'v LineView<'a>> {
    view.lines.iter().find(|line| line.id == id)
}

/// What is sold by the line of this id; empty where the order has none.
pub fn sku_of(view: &OrderView<'_>, id: &str) -> Text {
    line(view, id).map(|line| line.sku.as_str().into()).unwrap_or_default()
}
