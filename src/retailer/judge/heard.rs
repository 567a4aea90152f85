//! The derived events so far, folded by order, SKU and ledger.

use std::collections::{BTreeMap, HashMap, HashSet};

use serde::de::DeserializeOwned;
use xxhash_rust::xxh3::xxh3_64;

use crate::events::notifications::MailKind;
use crate::events::{Receiver, RequestHead, Topic};
use crate::events::{
    despatch_notices::DespatchNotice, exceptions::ExceptionNotice, fulfilment_requests::FulfilmentRequest, journal_entries::JournalEntry,
    marketing_profiles::MarketingProfile, notifications::Notification, order_completions::OrderCompletion, order_reversals::OrderReversal,
    order_status::OrderStatus, product_updates::ProductUpdate, receipt_notices::ReceiptNotice, refund_requests::RefundRequest,
    return_announcements::ReturnAnnouncement, revenue_notices::RevenueNotice, sales_lines::SalesLine, sales_orders,
    sales_orders::SalesOrder, stock_updates::StockUpdate,
};
use crate::facts::customer::ConsentState;
use crate::facts::{Moment, Quantity};
use crate::retailer::ids::SECOND_STORE;
use crate::retailer::record::HeardEvent;
use crate::retailer::units::{pence, pounds, whole};

/// All events so far.
#[derive(Default)]
pub struct Heard {
    pub counts: BTreeMap<Topic, u64>,
    /// By the order's key.
    pub orders: BTreeMap<String, OrderHeard>,
    /// By channel and SKU.
    pub stock: BTreeMap<(String, String), StockHeard>,
    pub prices: BTreeMap<String, Option<i64>>,
    /// By the key of the statement: each address's answer to mail, by its digest.
    pub consents: BTreeMap<String, BTreeMap<String, ConsentState>>,
    /// Exceptions by key.
    pub exceptions: BTreeMap<String, Vec<ExceptionHeard>>,
    /// Events that are wrong whatever the truth is: an id twice, a step missing.
    pub wrong: Vec<String>,
    ids: HashSet<u64>,
    steps: HashMap<u64, u32>,
    /// Digests of the keys of orders that were forgotten.
    forgotten: HashSet<u64>,
}

/// An exception, from its opening to its end.
pub struct ExceptionHeard {
    pub opened: Moment,
    pub closed: Option<Moment>,
    pub sentence: String,
}

/// The events of one order. Lines are named by the shop's id.
#[derive(Default)]
pub struct OrderHeard {
    pub status: Option<OrderStatus>,
    pub creates: u32,
    /// The last image: the action, wanted pieces by line.
    pub image: Option<(sales_orders::SalesOrderAction, BTreeMap<String, i64>)>,
    /// The last go-ahead: pieces by line; the sum of the differences must give the same.
    pub released: BTreeMap<String, i64>,
    pub was_released: bool,
    /// Sums of differences by receiver, parcel and line.
    pub despatched: BTreeMap<(Receiver, String, String), i64>,
    /// By receiver and line; and how many notices.
    pub completed: BTreeMap<(Receiver, String), i64>,
    pub completions: BTreeMap<Receiver, u32>,
    pub received: BTreeMap<(Receiver, String), i64>,
    /// Pieces reversed, to stock, written off, by receiver and line.
    pub reversed: BTreeMap<(Receiver, String), (i64, i64, i64)>,
    /// Announced to come back, by line.
    pub announced: BTreeMap<String, i64>,
    /// Sold less cancelled and returned, pieces and pence, by line.
    pub sold: BTreeMap<String, (i64, i64)>,
    /// Sum of the amounts, the last total, the number of requests.
    pub refund_sum: i64,
    pub refund_total: i64,
    pub refund_steps: u32,
    pub revenue: i64,
    pub revenue_heard: bool,
    /// Debit less credit by account.
    pub balances: BTreeMap<String, i64>,
    pub mails: BTreeMap<MailKind, u32>,
}

/// The last statement of a SKU.
pub struct StockHeard {
    pub free: Option<i64>,
    pub shown: Option<i64>,
    pub to_write: Option<i64>,
    pub counted: Option<i64>,
    pub claims: Option<i64>,
}

fn pieces(quantity: Quantity) -> i64 {
    whole(quantity.decimal()).unwrap_or(i64::MIN)
}

impl Heard {
    /// Folds one event in.
    pub fn event(&mut self, event: &HeardEvent<'_>, now: Moment) {
        *self.counts.entry(event.topic).or_default() += 1;
        if !self.ids.insert(xxh3_64(event.id.as_bytes())) {
            self.wrong.push(format!("{}: the id {} came twice", event.topic.name(), event.id));
        }
        let Some(body) = event.body else {
            self.withdrawn(event, now);
            return;
        };
        if !event.topic.is_statement() && !self.step_follows(event, body) {
            return;
        }
        match event.topic {
            Topic::OrderStatus => self.fold(event, body, |own, said: OrderStatus| own.status = Some(said)),
            Topic::SalesOrders => self.fold(event, body, OrderHeard::sales_order),
            Topic::FulfilmentRequests => self.fold(event, body, OrderHeard::go_ahead),
            Topic::DespatchNotices => self.fold(event, body, OrderHeard::despatch),
            Topic::OrderCompletions => self.fold(event, body, OrderHeard::completion),
            Topic::ReceiptNotices => self.fold(event, body, OrderHeard::receipt),
            Topic::OrderReversals => self.fold(event, body, OrderHeard::reversal),
            Topic::ReturnAnnouncements => self.fold(event, body, |own, said: ReturnAnnouncement| {
                for line in said.lines {
                    *own.announced.entry(line.line.to_string()).or_default() += pieces(line.quantity);
                }
            }),
            Topic::SalesLines => self.fold(event, body, |own, said: SalesLine| {
                let sold = own.sold.entry(said.line.to_string()).or_default();
                *sold = (sold.0 + pieces(said.quantity), sold.1 + pence(said.gross));
            }),
            Topic::RefundRequests => self.refund(event, body),
            Topic::RevenueNotices => self.fold(event, body, |own, said: RevenueNotice| {
                own.revenue += pence(said.amount.gross);
                own.revenue_heard = true;
            }),
            Topic::JournalEntries => self.entry(event, body),
            Topic::Notifications => self.fold(event, body, |own, said: Notification| {
                *own.mails.entry(said.kind).or_default() += 1;
            }),
            Topic::StockUpdates => self.stock(event, body),
            Topic::ProductUpdates => {
                // The list is the first store's: it has no prices in the second one's currency.
                if let Some(said) = self.read::<ProductUpdate>(event, body).filter(|said| said.channel != SECOND_STORE) {
                    self.prices.insert(said.sku.to_string(), said.regular_price.map(pence));
                }
            }
            Topic::MarketingProfiles => {
                if let Some(said) = self.read::<MarketingProfile>(event, body) {
                    let answers = said.consent.into_iter().map(|part| (part.address.to_string(), part.state)).collect();
                    self.consents.insert(event.key.to_owned(), answers);
                }
            }
            Topic::Exceptions => {
                if let Some(said) = self.read::<ExceptionNotice>(event, body) {
                    let order = said.order_number.map_or(String::new(), |number| format!("order {number}: "));
                    let causes = said.causes.iter().map(|cause| cause.as_str()).collect::<Vec<_>>().join(", ");
                    let causes = if causes.is_empty() { causes } else { format!(" ({causes})") };
                    let sentence = format!("{order}{}{causes}", said.sentence);
                    let all = self.exceptions.entry(event.key.to_owned()).or_default();
                    match all.last_mut().filter(|last| last.closed.is_none()) {
                        Some(open) => open.sentence = sentence,
                        None => all.push(ExceptionHeard { opened: now, closed: None, sentence }),
                    }
                }
            }
            // Of what no truth is known, the id and the step of the ledger count.
            _ => {}
        }
    }

    /// A statement's tombstone.
    fn withdrawn(&mut self, event: &HeardEvent<'_>, now: Moment) {
        match event.topic {
            Topic::Exceptions => {
                let open = self.exceptions.get_mut(event.key).and_then(|all| all.last_mut()).filter(|last| last.closed.is_none());
                match open {
                    Some(open) => open.closed = Some(now),
                    None => self.wrong.push(format!("exceptions: {} was closed and never opened", event.key)),
                }
            }
            Topic::MarketingProfiles => _ = self.consents.remove(event.key),
            topic if topic.is_statement() => {}
            topic => self.wrong.push(format!("{}: a request can't be withdrawn, but {} came without a body", topic.name(), event.id)),
        }
    }

    fn read<B: DeserializeOwned>(&mut self, event: &HeardEvent<'_>, body: &[u8]) -> Option<B> {
        serde_json::from_slice(body)
            .map_err(|error| self.wrong.push(format!("{}: the body of {} can't be read: {error}", event.topic.name(), event.id)))
            .ok()
    }

    fn fold<B: DeserializeOwned>(&mut self, event: &HeardEvent<'_>, body: &[u8], fold: impl FnOnce(&mut OrderHeard, B)) {
        if let Some(said) = self.read(event, body) {
            self.fold_in(event, |own| fold(own, said));
        }
    }

    /// An order that was found right and forgotten must have no further events.
    fn fold_in(&mut self, event: &HeardEvent<'_>, fold: impl FnOnce(&mut OrderHeard)) {
        if self.forgotten.contains(&xxh3_64(event.key.as_bytes())) {
            self.wrong.push(format!("{} {}: order {} was over and done", event.topic.name(), event.id, event.key));
            return;
        }
        fold(self.orders.entry(event.key.to_owned()).or_default());
    }

    pub fn forget(&mut self, key: &str) {
        self.orders.remove(key);
        self.forgotten.insert(xxh3_64(key.as_bytes()));
    }

    /// Whatever the request: its step must follow the last of its ledger. Says whether the body begins as a request does.
    fn step_follows(&mut self, event: &HeardEvent<'_>, body: &[u8]) -> bool {
        let Some(RequestHead { ledger_key, step, .. }) = self.read(event, body) else { return false };
        let last = self.steps.entry(xxh3_64(format!("{}|{ledger_key}", event.topic.name()).as_bytes())).or_default();
        if step != *last + 1 {
            self.wrong.push(format!("{} {}: ledger {ledger_key} has step {step} after step {last}", event.topic.name(), event.id));
        }
        *last = (*last).max(step);
        true
    }

    fn refund(&mut self, event: &HeardEvent<'_>, body: &[u8]) {
        let mut differs = None;
        self.fold(event, body, |own, said: RefundRequest| {
            own.refund_sum += pence(said.amount);
            own.refund_total = pence(said.total);
            own.refund_steps += 1;
            if pence(said.amount) <= 0 {
                differs = Some(format!(
                    "order {}: refund-requests step {} asks for {}",
                    said.order.number,
                    said.head.step,
                    pounds(pence(said.amount))
                ));
            }
        });
        self.wrong.extend(differs);
    }

    fn entry(&mut self, event: &HeardEvent<'_>, body: &[u8]) {
        let mut wrong = None;
        self.fold(event, body, |own, said: JournalEntry| {
            let (mut debit, mut credit) = (0, 0);
            for posting in &said.postings {
                debit += pence(posting.debit);
                credit += pence(posting.credit);
                *own.balances.entry(posting.account.name().to_owned()).or_default() += pence(posting.debit) - pence(posting.credit);
            }
            if debit != credit || debit != pence(said.total) {
                wrong = Some(format!(
                    "order {}: journal-entries step {} is out of balance: debit {}, credit {}, total {}",
                    said.order.number,
                    said.head.step,
                    pounds(debit),
                    pounds(credit),
                    pounds(pence(said.total))
                ));
            }
        });
        self.wrong.extend(wrong);
    }

    fn stock(&mut self, event: &HeardEvent<'_>, body: &[u8]) {
        let Some(said) = self.read::<StockUpdate>(event, body) else { return };
        let heard = StockHeard {
            free: whole(said.free.decimal()),
            shown: whole(said.shown.decimal()),
            to_write: whole(said.to_write.decimal()),
            counted: said.counts.iter().map(|count| whole(count.quantity.decimal())).sum(),
            claims: whole(said.claims_open.decimal()),
        };
        self.stock.insert((said.channel.to_string(), said.sku.to_string()), heard);
    }
}

impl OrderHeard {
    fn sales_order(&mut self, said: SalesOrder) {
        self.creates += u32::from(said.action == sales_orders::SalesOrderAction::Create);
        let wanted = said.lines.iter().map(|line| (line.line.to_string(), pieces(line.wanted))).collect();
        self.image = Some((said.action, wanted));
    }

    fn go_ahead(&mut self, said: FulfilmentRequest) {
        self.was_released = true;
        for line in said.lines {
            self.released.insert(line.line.to_string(), pieces(line.total));
        }
    }

    fn despatch(&mut self, said: DespatchNotice) {
        for line in said.lines {
            *self.despatched.entry((said.receiver, said.parcel.to_string(), line.line.to_string())).or_default() += pieces(line.quantity);
        }
    }

    fn completion(&mut self, said: OrderCompletion) {
        *self.completions.entry(said.receiver).or_default() += 1;
        for line in said.lines {
            self.completed.insert((said.receiver, line.line.to_string()), pieces(line.delivered));
        }
    }

    fn receipt(&mut self, said: ReceiptNotice) {
        for line in said.lines {
            *self.received.entry((said.receiver, line.line.to_string())).or_default() += pieces(line.quantity);
        }
    }

    fn reversal(&mut self, said: OrderReversal) {
        for line in said.lines {
            let entry = self.reversed.entry((said.receiver, line.line.to_string())).or_default();
            *entry = (entry.0 + pieces(line.quantity), pieces(line.to_stock), pieces(line.written_off));
        }
    }
}
