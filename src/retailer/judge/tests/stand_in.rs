//! A stand-in for Waybill that knows the truth and emits the right events: the judge must find nothing wrong with them.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::events::{Receiver, Topic, request_id};
use crate::facts::Moment;
use crate::retailer::books::{Balances, post_order};
use crate::retailer::order::{Order, Pay};
use crate::retailer::{HeardEvent, Outside, Retailer};

/// An event as it stands in its topic.
#[derive(Clone, Debug)]
pub struct Emitted {
    pub topic: Topic,
    pub key: String,
    pub id: String,
    pub body: Option<Vec<u8>>,
}

impl Emitted {
    pub fn heard(&self) -> HeardEvent<'_> {
        HeardEvent { topic: self.topic, key: &self.key, id: &self.id, body: self.body.as_deref() }
    }

    pub fn value(&self) -> Value {
        serde_json::from_slice(self.body.as_deref().unwrap_or(b"null")).unwrap_or(Value::Null)
    }
}

#[derive(Default)]
pub struct StandIn {
    steps: BTreeMap<(Topic, String), u32>,
    /// The last content by topic and key: the same is not emitted twice.
    last: BTreeMap<(Topic, String), Value>,
    refunded: BTreeMap<u32, i64>,
    revenue: BTreeMap<u32, i64>,
    sold: BTreeMap<String, (i64, i64)>,
    books: BTreeMap<u32, Balances>,
    pub said: Vec<Emitted>,
    /// A body of each topic.
    shapes: BTreeMap<Topic, Value>,
}

fn shape(topic: Topic) -> Value {
    let samples = crate::events::samples::samples();
    samples.into_iter().find(|sample| sample.topic == topic).map(|sample| sample.json).unwrap_or_default()
}

/// Gives a body the members that the judge and the retailer do not look at: lists are empty.
fn complete(body: &mut Value, shape: &Value) {
    let lines = |value: &Value| value["lines"].as_array().cloned().unwrap_or_default();
    let mut of_lines = lines(body);
    for (line, like) in of_lines.iter_mut().zip(lines(shape).iter().cycle()) {
        complete(line, like);
    }
    for (name, value) in shape.as_object().into_iter().flatten() {
        if body.get(name).is_none() {
            body[name] = if value.is_array() { json!([]) } else { value.clone() };
        }
    }
    if !of_lines.is_empty() {
        body["lines"] = json!(of_lines);
    }
}

fn money(pence: i64) -> String {
    format!("{}{}.{:02}", if pence < 0 { "-" } else { "" }, pence.abs() / 100, pence.abs() % 100)
}

fn at(moment: Moment) -> Value {
    json!(moment)
}

const BOTH: [Receiver; 2] = [Receiver::Shop, Receiver::Erp];

impl StandIn {
    /// Runs the retailer to its end.
    pub fn run(retailer: &mut Retailer) -> (Vec<Emitted>, Vec<crate::retailer::SourceRecord>) {
        let mut records = Vec::new();
        let said = Self::run_to(retailer, &mut records);
        (said, records)
    }

    /// The same, with the records sent as they come.
    pub fn run_to(retailer: &mut Retailer, outside: &mut impl Outside) -> Vec<Emitted> {
        let mut stand_in = Self::default();
        while let Some(next) = retailer.next_at() {
            let now = next + crate::facts::time::Span::seconds(30);
            retailer.step_to(now, &[], outside);
            let from = stand_in.said.len();
            stand_in.look(retailer);
            let heard: Vec<HeardEvent<'_>> = stand_in.said[from..].iter().map(Emitted::heard).collect();
            retailer.step_to(now, &heard, outside);
        }
        stand_in.said
    }

    fn statement(&mut self, topic: Topic, key: &str, body: Value) {
        let slot = (topic, key.to_owned());
        if self.last.get(&slot) == Some(&body) {
            return;
        }
        self.last.insert(slot.clone(), body.clone());
        let revision = self.steps.entry(slot).or_default();
        *revision += 1;
        let id = format!("{}|{key}|1|{revision}", topic.name());
        self.push(topic, key, id, body);
    }

    fn request(&mut self, topic: Topic, order: &Order, ledger: &str, mut body: Value) {
        let step = self.steps.entry((topic, ledger.to_owned())).or_default();
        *step += 1;
        let common = json!({"ledger_key": ledger, "step": *step, "order": order.key(), "number": order.number, "channel": "web-uk",
            "brand": "example", "currency": "GBP", "receiver_number": ""});
        for (name, value) in common.as_object().into_iter().flatten() {
            body[name] = value.clone();
        }
        self.shapes.entry(topic).or_insert_with(|| shape(topic));
        complete(&mut body, &self.shapes[&topic]);
        let id = request_id(topic, ledger, 1, *step);
        self.push(topic, &order.key(), id, body);
    }

    fn push(&mut self, topic: Topic, key: &str, id: String, mut body: Value) {
        body["id"] = json!(id);
        self.said.push(Emitted { topic, key: key.to_owned(), id, body: serde_json::to_vec(&body).ok() });
    }

    fn changed(&mut self, topic: Topic, key: &str, content: Value) -> bool {
        self.last.insert((topic, key.to_owned()), content.clone()) != Some(content)
    }

    fn look(&mut self, retailer: &Retailer) {
        let truth = retailer.truth();
        for order in &truth.orders {
            self.erp(order);
            self.warehouse(order);
            self.parcels(order);
            self.returns(order);
            self.sold(order);
            self.money(order);
            self.status(order);
        }
        for (article, sku) in truth.articles.iter().enumerate() {
            let lines = truth.orders.iter().flat_map(|order| &order.lines).filter(|line| line.article == article);
            let claims: i64 = lines.map(|line| (line.wanted() - line.despatched).max(0)).sum();
            let free = truth.on_hand[article] - claims;
            let held = truth.shops[0].figures[article] - truth.shops[0].salable[article];
            let body = json!({"channel": "web-uk", "sku": sku, "sku_text": sku, "counts": [], "moved": "0", "claims_open": claims.to_string(), "unresolved": "0",
                "free": free.to_string(), "safety_stock": "0", "shown": free.max(0).to_string(), "held_by_shop": held.to_string(),
                "to_write": (free.max(0) + held).to_string(), "shop_figure": truth.shops[0].figures[article].to_string(), "backorder_allowed": false,
                "kit": false, "next_expected_at": null, "next_expected": null});
            self.statement(Topic::StockUpdates, &format!("web-uk|{sku}"), body);
            let body = json!({"channel": "web-uk", "sku": sku, "sku_text": sku, "name": "", "parent": null, "options": [], "blocked": false,
                "category": "", "currency": "GBP", "regular_price": money(truth.prices[article]), "tax_inside": false,
                "offer_price": null, "offer_from": null, "offer_until": null, "parts": []});
            self.statement(Topic::ProductUpdates, &format!("web-uk|{sku}"), body);
        }
    }

    fn erp(&mut self, order: &Order) {
        let key = order.key();
        let lines: Vec<Value> = order
            .lines
            .iter()
            .map(|line| {
                json!({"line": line.item.to_string(), "sku": "X", "description": "", "wanted": line.wanted().to_string(),
                    "gross": money(line.gross_of(line.wanted())), "tax": money(line.tax_of(line.wanted()))})
            })
            .collect();
        let created = self.steps.contains_key(&(Topic::SalesOrders, key.clone()));
        let secured = order.pay == Pay::Account || order.captured + (order.authorised - order.captured).max(0) >= order.owed();
        let due = created || (secured && order.wants_any());
        if !due || !self.changed(Topic::SalesOrders, &key, json!(lines)) {
            return;
        }
        let action = if !created {
            "create"
        } else if order.wants_any() {
            "change"
        } else {
            "cancel"
        };
        let body = json!({"action": action, "placed_at": at(order.placed_at), "prices_include_tax": false, "total": money(order.total()),
            "customer": null, "shipping_method": "", "payment_method": "", "lines": lines, "charges": [], "payments": [], "authorised_open": "0", "ship_to": null,
            "bill_to": null, "holds": [], "taken": false});
        self.request(Topic::SalesOrders, order, &key, body);
        if !created {
            self.mail(order, "confirmed", "");
        }
    }

    fn mail(&mut self, order: &Order, kind: &str, part: &str) {
        let ledger = format!("{}|{kind}|{part}", order.key());
        if self.steps.contains_key(&(Topic::Notifications, ledger.clone())) {
            return;
        }
        let body = json!({"kind": kind, "to": "", "lines": [], "amount": null, "by_tender": [], "parcel": null, "carrier": null, "tracking": null,
            "still_to_come": null, "promised_at": null});
        self.request(Topic::Notifications, order, &ledger, body);
    }

    fn warehouse(&mut self, order: &Order) {
        let ledger = format!("{}|MAIN", order.key());
        let lines: Vec<Value> = order
            .lines
            .iter()
            .map(|line| json!({"line": line.item.to_string(), "sku": "X", "total": line.wanted().to_string(), "difference": "0"}))
            .collect();
        let released = self.steps.contains_key(&(Topic::FulfilmentRequests, ledger.clone()));
        if (!released && (order.erp_document.is_none() || !order.wants_any()))
            || !self.changed(Topic::FulfilmentRequests, &ledger, json!(lines))
        {
            return;
        }
        let action = if !released {
            "release"
        } else if order.wants_any() {
            "change"
        } else {
            "cancel"
        };
        let body = json!({"action": action, "location": "PrimarySite", "shipping_method": "", "advice": "partial", "ship_to": null, "lines": lines});
        self.request(Topic::FulfilmentRequests, order, &ledger, body);
    }

    fn parcels(&mut self, order: &Order) {
        for parcel in &order.parcels {
            for receiver in BOTH {
                let ledger = format!("{}|{}|{}", order.key(), parcel.number, receiver.name());
                if self.steps.contains_key(&(Topic::DespatchNotices, ledger.clone())) {
                    continue;
                }
                let lines: Vec<Value> = parcel
                    .pieces
                    .iter()
                    .map(|(line, count)| json!({"line": order.lines[*line].item.to_string(), "sku": "X", "quantity": count.to_string(), "total": count.to_string()}))
                    .collect();
                let body = json!({"receiver": receiver.name(), "action": "notify", "parcel": parcel.number, "location": "PrimarySite", "carrier": "RM",
                    "service": "", "tracking": parcel.tracking, "despatched_at": at(parcel.despatched_at), "lines": lines});
                self.request(Topic::DespatchNotices, order, &ledger, body);
            }
            self.mail(order, "despatched", &parcel.number);
            if parcel.delivered_at.is_some() {
                self.mail(order, "delivered", &parcel.number);
            }
        }
        let delivered_at = order.parcels.iter().filter_map(|parcel| parcel.delivered_at).max();
        for receiver in BOTH {
            let ledger = format!("{}|{}", order.key(), receiver.name());
            if !order.delivered_all() || self.steps.contains_key(&(Topic::OrderCompletions, ledger.clone())) {
                continue;
            }
            let body = json!({"receiver": receiver.name(), "delivered_at": delivered_at, "assumed": false, "lines": []});
            self.request(Topic::OrderCompletions, order, &ledger, body);
        }
    }

    fn returns(&mut self, order: &Order) {
        for receipt in &order.receipts {
            let line = &order.lines[receipt.line];
            let ledger = format!("{}|MAIN|{}", order.key(), receipt.code);
            if !self.steps.contains_key(&(Topic::ReturnAnnouncements, ledger.clone())) {
                let (item, count) = (line.item.to_string(), receipt.pieces.to_string());
                let lines = json!([{"line": item, "sku": "X", "quantity": count, "total": count, "received": "0"}]);
                let body = json!({"action": "announce", "location": "PrimarySite", "rma": "R", "lines": lines});
                self.request(Topic::ReturnAnnouncements, order, &ledger, body);
            }
            for receiver in BOTH {
                let ledger = format!("{}|{}|{}", order.key(), receipt.code, receiver.name());
                if self.steps.contains_key(&(Topic::ReceiptNotices, ledger.clone())) {
                    continue;
                }
                let (item, count) = (line.item.to_string(), receipt.pieces.to_string());
                let told = json!([{"line": item, "sku": "X", "quantity": count, "total": count, "condition": "sellable", "location": "PrimarySite", "bucket": ""}]);
                self.request(
                    Topic::ReceiptNotices,
                    order,
                    &ledger,
                    json!({"receiver": receiver.name(), "action": "notify", "rma": "R", "lines": told}),
                );
                let told = json!([{"line": item, "sku": "X", "quantity": count, "total": count, "to_stock": line.back_good.to_string(),
                    "written_off": line.back_damaged.to_string()}]);
                let body = json!({"receiver": receiver.name(), "action": "notify", "whole": !order.keeps_any(), "lines": told});
                self.request(Topic::OrderReversals, order, &ledger, body);
            }
        }
    }

    fn sold(&mut self, order: &Order) {
        if !self.steps.contains_key(&(Topic::SalesOrders, order.key())) {
            return;
        }
        for line in &order.lines {
            let ledger = format!("{}|sale|{}", order.key(), line.item);
            let (kept, gross) = (line.kept(), line.gross_of(line.kept()));
            let before = self.sold.insert(ledger.clone(), (kept, gross)).unwrap_or_default();
            if before != (kept, gross) {
                let body = json!({"kind": "sale", "line": line.item.to_string(), "sku": "X", "quantity": (kept - before.0).to_string(),
                    "gross": money(gross - before.1)});
                self.request(Topic::SalesLines, order, &ledger, body);
            }
        }
    }

    fn money(&mut self, order: &Order) {
        let due = order.due();
        let asked = self.refunded.entry(order.index).or_default();
        if due > *asked {
            let amount = due - *asked;
            *asked = due;
            let body = json!({"total": money(due), "amount": money(amount), "by_tender": [], "by_capture": [], "by_reason": [], "by_line": [], "rmas": []});
            self.request(Topic::RefundRequests, order, &order.key(), body);
        }
        let goods: i64 = order.lines.iter().map(|line| line.gross_of(line.wanted())).sum();
        let expected = if order.erp_document.is_some() { goods + if order.wants_any() { order.shipping_gross() } else { 0 } } else { 0 };
        let said = self.revenue.insert(order.index, expected).unwrap_or(0);
        if said != expected {
            let part = |gross: i64| json!({"net": "0", "tax": "0", "gross": money(gross)});
            self.request(Topic::RevenueNotices, order, &order.key(), json!({"total": part(expected), "amount": part(expected - said)}));
        }
        self.entry(order);
    }

    fn entry(&mut self, order: &Order) {
        let mut now = Balances::new();
        post_order(&mut now, order);
        let before = self.books.insert(order.index, now.clone()).unwrap_or_default();
        let mut postings = Vec::new();
        let mut total = 0;
        for (account, balance) in now {
            let difference = balance - before.get(account).copied().unwrap_or(0);
            if difference != 0 {
                total += difference.max(0);
                postings.push(
                    json!({"pair": "captured", "account": account, "name": account, "tax_code": null, "debit": money(difference.max(0)), "credit": money((-difference).max(0))}),
                );
            }
        }
        if !postings.is_empty() {
            let body = json!({"date": "2026-03-02", "own_date": null, "postings": postings, "total": money(total)});
            self.request(Topic::JournalEntries, order, &format!("{}|GBP", order.key()), body);
        }
    }

    fn status(&mut self, order: &Order) {
        let stage = match (order.wants_any(), order.delivered_all(), order.despatched_any()) {
            (false, _, false) => "cancelled",
            (_, true, _) => "delivered",
            (_, _, true) => "despatched",
            _ => "placed",
        };
        let lines: Vec<Value> = order
            .lines
            .iter()
            .map(|line| {
                json!({"line": line.item.to_string(), "sku": "X", "ordered": line.ordered.to_string(), "wanted": line.wanted().to_string(),
                    "despatched": line.despatched.to_string(), "delivered": line.delivered.to_string(), "returned": line.back().to_string(), "refunded": "0"})
            })
            .collect();
        let body = json!({"order": order.key(), "number": order.number, "channel": "web-uk", "stage": stage, "payment": "paid",
            "return_stage": if order.receipts.is_empty() { "none" } else { "reversed" }, "flags": [], "lines": lines, "parcels": [], "promised_at": null,
            "text": format!("Your order is {stage}.")});
        self.statement(Topic::OrderStatus, &order.key(), body);
    }
}
