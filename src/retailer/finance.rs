//! Finance: pays refunds, and keeps the books that Waybill's journal entries make.
//!
//! A refund request is paid as its total less what was paid already, so that neither a repeat nor two requests that cross pay twice. Each payment is a
//! row, first pending, then a success.

use std::collections::BTreeMap;

use super::clock::{System, zoned};
use super::faults::{Mishap, TOO_MUCH, mishaps};
use super::feeds::Feed;
use super::json::object;
use super::order::Payout;
use super::task::Task;
use super::units::{pence, pounds};
use super::world::World;
use crate::events::journal_entries::JournalEntry;
use crate::events::refund_requests::RefundRequest;

#[derive(Default)]
pub struct Finance {
    next: u32,
    /// Debit and credit turnover by account, in hundredths.
    ledger: BTreeMap<String, (i64, i64)>,
    /// What a refund answers.
    requests: BTreeMap<(u32, usize), (String, String)>,
}

impl Finance {
    pub fn pay(&mut self, world: &mut World, index: u32, asked: &RefundRequest) {
        let order = &mut world.orders[index as usize];
        let mut amount = pence(asked.total) - order.refunded();
        if amount <= 0 {
            return;
        }
        let too_much = order.mishap == Some(Mishap::PaidTooMuch) && order.payouts.is_empty();
        if too_much {
            amount += TOO_MUCH;
        }
        if order.refunded() + amount > order.captured {
            let sentence = format!(
                "order {}: refund-requests step {} asks for {} in all, but only {} was captured",
                order.number,
                asked.head.step,
                pounds(pence(asked.total)),
                pounds(order.captured)
            );
            world.complain(sentence);
            return;
        }
        self.next += 1;
        order.payouts.push(Payout { id: format!("RF-{:06}", self.next), amount, settled: false, asked: true });
        let place = order.payouts.len() - 1;
        let tender = asked.by_tender.first().map_or("card", |part| match part.tender {
            crate::facts::order::Tender::Bank => "bank",
            _ => "card",
        });
        if too_much {
            mishaps::paid_too_much(world, index);
        }
        self.requests.insert((index, place), (asked.head.id.clone(), tender.to_owned()));
        self.row(world, index, place);
        let wait = world.dice.hours(1, 30);
        world.after(wait, Task::Settle(index, place));
    }

    /// A refund that the shop has paid by itself is on the account.
    pub fn sees(&mut self, world: &mut World, index: u32, place: usize) {
        if self.requests.contains_key(&(index, place)) {
            return;
        }
        self.requests.insert((index, place), (String::new(), "card".to_owned()));
        self.row(world, index, place);
    }

    pub fn forget(&mut self, order: u32) {
        let of: Vec<(u32, usize)> = self.requests.range((order, 0)..=(order, usize::MAX)).map(|(slot, _)| *slot).collect();
        of.iter().for_each(|slot| _ = self.requests.remove(slot));
    }

    /// The bank says yes.
    pub fn settle(&mut self, world: &mut World, index: u32, place: usize) {
        let Some(payout) = world.orders[index as usize].payouts.get_mut(place) else { return };
        payout.settled = true;
        self.row(world, index, place);
        let wait = world.dice.minutes(5, 90);
        world.queue(System::Magento, index, wait, Task::MirrorRefund(index));
    }

    fn row(&self, world: &mut World, index: u32, place: usize) {
        let order = &world.orders[index as usize];
        let Some(((request, tender), payout)) = self.requests.get(&(index, place)).zip(order.payouts.get(place)) else { return };
        let time = zoned(world.clock(System::Finance));
        let state = if payout.settled { "success" } else { "pending" };
        let amount = format!("{}.{:02}", payout.amount / 100, payout.amount % 100);
        let body = object(|body| {
            body.text("refund_id", &payout.id)
                .text("order_number", &order.number)
                .text("amount", &amount)
                .text("currency", order.currency());
            body.text("tender", tender).text("state", state).text("reference", &format!("psp-{}", payout.id)).text("request_id", request);
            body.text("updated_at", &time);
        });
        let (id, paid) = (payout.id.clone(), payout.amount);
        world.send(Feed::FinanceRefunds, Some(id.clone().into_bytes()), Some(body));
        world.say(index, "Finance", |_| format!("refund {id} over {}: {state}", pounds(paid)));
    }

    /// Books a journal entry.
    pub fn book(&mut self, entry: &JournalEntry) {
        for posting in &entry.postings {
            let (debit, credit) = self.ledger.entry(posting.account.name().to_owned()).or_default();
            *debit += pence(posting.debit);
            *credit += pence(posting.credit);
        }
    }

    /// Debit and credit turnover by account.
    pub fn trial_balance(&self) -> &BTreeMap<String, (i64, i64)> {
        &self.ledger
    }
}
