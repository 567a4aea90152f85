//! The shopkeeper: what is right, said from what truly happened and from nothing that a system wrote.
//!
//! > What the customer paid, less what the things that he keeps are worth, less a fee that we told him of, and with what we promised him on top:
//! > that is his. What he has got of it already, I do not give him again. I never give back what he never paid. What went out by card goes back
//! > to the card before I hand out vouchers. Who waits for money for days, and whatever does not add up, I want to hear of; of nothing else.
//!
//! Written before the program's own formulas were looked at.

mod told;

use std::collections::{BTreeMap, BTreeSet};

use super::truth::*;
pub use told::told;

const MEANS: [Means; 6] = [Means::Card, Means::Bank, Means::CashOnDelivery, Means::Cash, Means::StoreCredit, Means::GiftCard];

/// How things stand after what has happened.
#[derive(Clone, Debug, Default)]
pub struct Stand {
    lines: Vec<Pieces>,
    parcels: BTreeMap<u32, Vec<(usize, i64)>>,
    agreed: BTreeMap<u32, (usize, i64, Agreed)>,
    backs: Vec<(Option<u32>, u32, usize, i64, Shape)>,
    lost: BTreeSet<u32>,
    lost_refunded: BTreeSet<u32>,
    proof_seen: BTreeSet<u32>,
    rejected_refunded: BTreeSet<u32>,
    pub given: Vec<Given>,
    paid: BTreeMap<Means, Minor>,
    reserved: Minor,
    taken: Minor,
    dispute: Option<(Minor, Dispute)>,
    /// Of what was paid above the order's worth, what a person has promised to give back.
    surplus_promised: Minor,
    /// Returns whose new goods are on this order.
    exchanged_here: BTreeSet<u32>,
    exchange_is_told: bool,
    exchange_refunded: bool,
    /// Goods that a till took back without a word of what it paid.
    till_is_silent: bool,
    pub delivered: bool,
    at_the_warehouse: bool,
}

#[derive(Clone, Debug, Default)]
struct Pieces {
    ordered: i64,
    gross: Minor,
    cancelled: i64,
    /// ... which nobody can send any more.
    stopped: i64,
    sent: i64,
}

impl Stand {
    /// Before anything has happened.
    pub fn new(ending: &Ending) -> Self {
        let lines = ending.lines.iter().map(|line| Pieces { ordered: line.pieces, gross: line.gross, ..Pieces::default() }).collect();
        Self { lines, ..Self::default() }
    }

    /// After these acts.
    pub fn after<'a>(ending: &Ending, acts: impl IntoIterator<Item = &'a Act>) -> Self {
        let mut stand = Self::new(ending);
        acts.into_iter().for_each(|act| stand.happens(ending, &act.what));
        stand
    }

    pub fn happens(&mut self, ending: &Ending, what: &What) {
        match what {
            What::Ordered | What::Approved => {}
            What::AtTheWarehouse => self.at_the_warehouse = true,
            What::Paid { means, amount } => *self.paid.entry(*means).or_default() += amount,
            What::Reserved { amount } => self.reserved += amount,
            What::Taken { amount, .. } => {
                self.taken += amount;
                *self.paid.entry(Means::Card).or_default() += amount;
            }
            What::Cancelled { line, pieces } => {
                let line = &mut self.lines[*line];
                line.cancelled += pieces;
                // Nobody was asked to send it: it is simply not sent.
                if !self.at_the_warehouse && ending.house == House::Whole || ending.house != House::Whole {
                    line.stopped += pieces;
                }
            }
            What::Stopped => self.lines.iter_mut().for_each(|line| line.stopped = line.cancelled),
            What::Sent { parcel, pieces } => {
                pieces.iter().for_each(|(line, pieces)| self.lines[*line].sent += pieces);
                self.parcels.insert(*parcel, pieces.clone());
            }
            What::Delivered { .. } => self.delivered = true,
            What::Lost { parcel } => drop(self.lost.insert(*parcel)),
            What::LostIsRefunded { parcel } => drop(self.lost_refunded.insert(*parcel)),
            What::Agreed { rma, line, pieces, what } => drop(self.agreed.insert(*rma, (*line, *pieces, *what))),
            What::ProofSeen { rma } => drop(self.proof_seen.insert(*rma)),
            What::Back { rma, number, line, pieces, shape } => self.backs.push((*rma, *number, *line, *pieces, *shape)),
            What::RejectedIsRefunded { number } => drop(self.rejected_refunded.insert(*number)),
            What::Given(given) => self.given.push(given.clone()),
            What::Edited { lines, exchange } => {
                self.lines.resize(lines.len(), Pieces::default());
                for (line, now) in self.lines.iter_mut().zip(lines) {
                    (line.ordered, line.gross) = (now.pieces, now.gross);
                }
                self.exchanged_here.extend(exchange);
            }
            What::SurplusIsRefunded => self.surplus_promised = (self.paid() - self.total(ending)).max(0),
            What::AtTheTill { number, line, pieces, paid } => {
                self.agreed.insert(*number, (*line, *pieces, Agreed::Money));
                self.backs.push((Some(*number), *number, *line, *pieces, Shape::Damaged));
                self.given.extend(paid.clone());
                self.till_is_silent |= paid.is_none();
            }
            What::ExchangedElsewhere { told, .. } => self.exchange_is_told |= told,
            What::ExchangeIsRefunded => self.exchange_refunded = true,
            What::Turned { id, state } => {
                self.given.iter_mut().filter(|given| given.id == *id).for_each(|given| given.state = *state);
            }
            What::Disputed { amount, state } => self.dispute = Some((*amount, *state)),
        }
    }

    /// Pieces of a line that came back as agreed, or that the customer need not send back, or that the carrier lost and we answer for.
    pub fn returned(&self, ending: &Ending, line: usize) -> i64 {
        // A piece is a piece: under which of his agreements the customer sends it is all the same.
        let (mut allowed, mut unseen) = (0, 0);
        for (rma, (of, pieces, what)) in &self.agreed {
            match what {
                _ if *of != line => {}
                Agreed::Money | Agreed::StoreCredit | Agreed::Exchange => allowed += pieces,
                Agreed::KeepIt => unseen += pieces,
                Agreed::Proof if self.proof_seen.contains(rma) => unseen += pieces,
                Agreed::Proof => allowed += pieces,
                Agreed::Nothing | Agreed::Refused => {}
            }
        }
        let there: i64 = self.backs.iter().filter(|back| back.2 == line && self.taken_in(back)).map(|back| back.3).sum();
        let mut returned = allowed.min(there) + unseen;
        for parcel in &self.lost_refunded {
            returned += self.parcels[parcel].iter().filter(|(of, _)| *of == line).map(|(_, pieces)| pieces).sum::<i64>();
        }
        if ending.house != House::Whole {
            // Who runs the shop alone has the goods in his hands when he writes the credit.
            returned += self.credited(line).min(self.lines[line].sent);
        }
        returned.min(self.lines[line].sent)
    }

    fn taken_in(&self, back: &(Option<u32>, u32, usize, i64, Shape)) -> bool {
        back.4 != Shape::Rejected || self.rejected_refunded.contains(&back.1)
    }

    fn credited(&self, line: usize) -> i64 {
        let credited = self.given.iter().filter(|given| given.by == Payer::Shop && given.state != State::Failed);
        credited.flat_map(|given| &given.credited).filter(|(of, _)| *of == line).map(|(_, pieces)| pieces).sum()
    }

    /// Pieces that the customer keeps or is still to get.
    pub fn kept(&self, ending: &Ending, line: usize) -> i64 {
        self.lines[line].ordered - self.stopped(ending, line) - self.returned(ending, line)
    }

    fn stopped(&self, _: &Ending, line: usize) -> i64 {
        let line = &self.lines[line];
        line.stopped.min(line.ordered - line.sent)
    }

    pub fn sent(&self, line: usize) -> i64 {
        self.lines[line].sent
    }

    /// Cancelled pieces that nobody can send any more.
    pub fn stopped_before(&self, line: usize) -> i64 {
        self.lines[line].stopped
    }

    pub fn cancelled(&self, line: usize) -> i64 {
        self.lines[line].cancelled
    }

    /// Cancelled, and the warehouse has not said that it will not send it.
    pub fn unanswered(&self) -> bool {
        (0..self.lines.len()).any(|line| self.unanswered_of(line) > 0)
    }

    /// Cancelled, and sent all the same, and still with the customer.
    fn crossed(&self, ending: &Ending) -> bool {
        (0..self.lines.len()).any(|at| {
            let line = &self.lines[at];
            let here: i64 = self.backs.iter().filter(|back| back.2 == at).map(|back| back.3).sum();
            line.sent - self.returned(ending, at).max(here) > line.ordered - line.cancelled
        })
    }

    /// What the order is worth as it stands.
    pub fn total(&self, ending: &Ending) -> Minor {
        self.lines.iter().map(|line| line.gross).sum::<Minor>() + ending.shipping.map_or(0, |(gross, _)| gross)
    }

    /// The worth of goods that came back for others, which another order sends: no money of this order.
    pub fn exchanged(&self, ending: &Ending) -> Minor {
        if self.exchange_refunded {
            return 0;
        }
        let wanted = |rma: &u32, what: &Agreed| *what == Agreed::Exchange && !self.exchanged_here.contains(rma);
        let goods: Minor =
            (0..self.lines.len()).map(|line| self.less_by(ending, line, self.not_for_money(line).min(self.agreed_for(line, wanted)))).sum();
        // Who has all his money back gets nothing for it.
        goods.min((self.paid() - self.back()).max(0))
    }

    /// By how much what he keeps of a line is worth less without these pieces.
    fn less_by(&self, ending: &Ending, line: usize, pieces: i64) -> Minor {
        let (gross, of, kept) = (self.lines[line].gross, self.lines[line].ordered, self.kept(ending, line));
        worth(gross, kept + pieces, of) - worth(gross, kept, of)
    }

    /// The line as it is ordered by now.
    pub fn bought(&self, line: usize) -> (i64, Minor) {
        (self.lines[line].ordered, self.lines[line].gross)
    }

    pub fn count(&self) -> usize {
        self.lines.len()
    }

    pub fn paid(&self) -> Minor {
        self.paid.values().sum()
    }

    pub fn paid_by(&self, means: Means) -> Minor {
        self.paid.get(&means).copied().unwrap_or_default()
    }

    fn live(&self) -> impl Iterator<Item = &Given> {
        self.given.iter().filter(|given| given.state != State::Failed)
    }

    /// Gifts, as they were given.
    pub fn gifts(&self) -> Minor {
        self.live()
            .map(|given| match &given.meant {
                For::WhatIsDue => 0,
                For::Told { gift, .. } => *gift,
            })
            .sum()
    }

    /// Fees that he owes by now: who has the goods still owes no fee for their return. Of other returns he may have goods, they have no part in it.
    pub fn fees(&self, ending: &Ending) -> Minor {
        let here = |given: &&Given| {
            let (Some(rma), For::Told { pieces, .. }) = (given.of_return, &given.meant) else { return true };
            let came: i64 = self.backs.iter().filter(|back| back.0 == Some(rma) && self.taken_in(back)).map(|back| back.3).sum();
            ending.house != House::Whole || came >= pieces.iter().map(|(_, count, _)| count).sum()
        };
        let told = self.live().filter(here);
        told.map(|given| if let For::Told { fee, .. } = given.meant { fee } else { 0 }).sum()
    }

    /// Pieces of a line of which it was agreed that they come back, or need not.
    fn promised(&self, line: usize) -> i64 {
        let agreed = self.agreed.values().filter(|(of, _, what)| *of == line && !matches!(what, Agreed::Nothing | Agreed::Refused));
        agreed.map(|(_, pieces, _)| pieces).sum()
    }

    fn lost_of(&self, line: usize) -> i64 {
        self.lost_refunded.iter().map(|parcel| self.in_parcel(*parcel, line)).sum()
    }

    /// Cancelled pieces of a line that the warehouse might still send, for all that it has said.
    pub fn unanswered_of(&self, line: usize) -> i64 {
        let line = &self.lines[line];
        if line.cancelled <= line.stopped { 0 } else { (line.ordered - line.sent - line.stopped).clamp(0, line.cancelled - line.stopped) }
    }

    pub fn shipping_given(&self) -> Minor {
        self.live().map(|given| if let For::Told { shipping, .. } = given.meant { shipping } else { 0 }).sum()
    }

    /// Shipping that stays with us: it was earned by sending something that is kept, and nobody has given it back.
    pub fn shipping(&self, ending: &Ending) -> Minor {
        let keeps = (0..self.lines.len()).any(|line| self.kept(ending, line) > 0);
        let whole = ending.shipping.map_or(0, |(gross, _)| gross);
        if keeps { (whole - self.shipping_given()).max(0) } else { 0 }
    }

    /// What the things that he keeps are worth.
    pub fn keeps(&self, ending: &Ending) -> Minor {
        (0..self.lines.len()).map(|at| worth(self.lines[at].gross, self.kept(ending, at), self.lines[at].ordered)).sum()
    }

    /// What the customer is to have back in all, what he has got included.
    pub fn due(&self, ending: &Ending) -> Minor {
        let his_bill = (self.keeps(ending) + self.shipping(ending) + self.fees(ending) - self.gifts()).max(0);
        let never_sent: Minor = (0..self.lines.len())
            .map(|at| {
                let (gross, of) = (self.lines[at].gross, self.lines[at].ordered);
                gross - worth(gross, of - self.stopped(ending, at), of)
            })
            .sum();
        let still_to_take = (self.reserved - self.taken).max(0);
        let to_come = if still_to_take > 0 { (still_to_take - never_sent).max(0) } else { 0 };
        (self.total(ending) - his_bill + self.surplus_promised).min(self.paid()).min(self.paid() + to_come - his_bill).max(0)
    }

    /// What he has got or what is on its way; what his bank has taken back by itself too.
    pub fn back(&self) -> Minor {
        self.live().map(|given| given.amount).sum::<Minor>() + self.disputed()
    }

    /// ... and what he gets in other goods.
    pub fn even(&self, ending: &Ending) -> Minor {
        self.back() + self.exchanged(ending)
    }

    pub fn disputed(&self) -> Minor {
        self.dispute.filter(|(_, state)| *state != Dispute::Won).map_or(0, |(amount, _)| amount)
    }

    pub fn back_by(&self, means: Means) -> Minor {
        let disputed = if means == Means::Card { self.disputed() } else { 0 };
        self.live().filter(|given| given.means == means).map(|given| given.amount).sum::<Minor>() + disputed
    }

    fn done(&self) -> Minor {
        self.given.iter().filter(|given| given.state == State::Done).map(|given| given.amount).sum::<Minor>() + self.disputed()
    }

    /// Finance, which is to see every refund, has not seen one.
    fn unseen(&self, ending: &Ending) -> bool {
        ending.house != House::ShopAlone && self.live().any(|given| given.by != Payer::Finance && !given.finance_sees)
    }

    fn in_dispute(&self) -> bool {
        self.dispute.is_some_and(|(_, state)| state == Dispute::Open)
    }

    /// A thing that must be cleared before more money may leave.
    pub fn waits(&self, ending: &Ending) -> bool {
        self.in_dispute() || self.unseen(ending) || self.till_is_silent
    }
}

/// What was asked for so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Asked {
    pub total: Minor,
    pub by_means: BTreeMap<Means, Minor>,
    pub times: usize,
}

impl Asked {
    /// A look at how things stand: what is missing is asked for, once.
    pub fn look(&mut self, ending: &Ending, stand: &Stand) {
        let before = self.total.max(stand.even(ending));
        let due = stand.due(ending);
        if due <= before || stand.waits(ending) {
            return;
        }
        // What he has got already he has got by the means by which he got it; the rest as he paid.
        self.by_means = MEANS.into_iter().map(|means| (means, stand.back_by(means))).collect();
        let mut rest = due - stand.even(ending);
        let mut give = |means: Means, most: Minor| {
            let part = rest.min(most.max(0));
            *self.by_means.entry(means).or_default() += part;
            rest -= part;
        };
        // A return for store credit is paid in store credit, whatever was paid with.
        give(Means::StoreCredit, stand.store_credit(ending) - stand.back_by(Means::StoreCredit));
        for means in MEANS {
            let agreed = if means == Means::StoreCredit { stand.store_credit(ending) } else { 0 };
            give(means, stand.paid_by(means) - stand.back_by(means).max(agreed));
        }
        self.by_means.retain(|_, total| *total != 0);
        (self.total, self.times) = (due, self.times + 1);
    }
}

impl Stand {
    /// Of what is due, the part that was agreed as store credit.
    fn store_credit(&self, ending: &Ending) -> Minor {
        // Who has both to come gets the other goods first.
        let here = |line: usize| {
            let others = self.agreed_for(line, |_, what| *what == Agreed::Exchange);
            (self.not_for_money(line) - others).max(0).min(self.agreed_for(line, |_, what| *what == Agreed::StoreCredit))
        };
        (0..self.lines.len()).map(|line| self.less_by(ending, line, here(line))).sum()
    }

    fn agreed_for(&self, line: usize, wanted: impl Fn(&u32, &Agreed) -> bool) -> i64 {
        let agreed = self.agreed.iter().filter(|(rma, (of, _, what))| *of == line && wanted(rma, what));
        agreed.map(|(_, (_, pieces, _))| pieces).sum()
    }

    /// What came under a number for which money was promised is paid in money; what came under none takes what was agreed at all.
    fn not_for_money(&self, line: usize) -> i64 {
        let number = |rma: &Option<u32>| rma.and_then(|rma| self.agreed.get(&rma)).map(|(.., what)| *what);
        let under_money = |back: &&(Option<u32>, u32, usize, i64, Shape)| matches!(number(&back.0), Some(Agreed::Money | Agreed::Proof));
        let taken = || self.backs.iter().filter(|back| back.2 == line && self.taken_in(back));
        let all: i64 = taken().map(|back| back.3).sum();
        let money: i64 = taken().filter(under_money).map(|back| back.3).sum();
        all - money.min(self.agreed_for(line, |_, what| matches!(what, Agreed::Money | Agreed::Proof)))
    }
}

/// What is asked for over all, if somebody looks at the end of each of these days.
pub fn asked(ending: &Ending, days: impl IntoIterator<Item = i64>) -> Asked {
    let mut asked = Asked::default();
    for day in days {
        asked.look(ending, &Stand::after(ending, ending.acts.iter().filter(|act| act.day <= day)));
    }
    asked
}

/// What the books must say at the end, as balances of the order: debit above zero.
#[derive(Debug, PartialEq, Eq, Clone, Copy, Default)]
pub struct Balances {
    /// Money that is there: taken less given back, gift cards and store credit included.
    pub money: Minor,
    /// Due and not paid back: below zero.
    pub payable: Minor,
    /// Income of all kinds with its tax: below zero.
    pub income: Minor,
    /// With the customer: what he still owes, or has paid for what he is still to get (below zero).
    pub customer: Minor,
}

pub fn balances(ending: &Ending) -> Balances {
    let stand = Stand::after(ending, &ending.acts);
    let mut supplied = 0;
    let mut anything = false;
    for (at, line) in stand.lines.iter().enumerate() {
        supplied += worth(line.gross, stand.sent(at) - stand.returned(ending, at), line.ordered);
        anything |= stand.sent(at) > 0;
    }
    if anything {
        supplied += stand.shipping(ending);
    }
    // A gift is a gift off a bill: what is above the bill he has got as his own money.
    let bill = stand.keeps(ending) + stand.shipping(ending) + stand.fees(ending);
    let income = supplied + stand.fees(ending) - stand.gifts().min(bill);
    let money = stand.paid() - stand.even(ending);
    let payable = stand.even(ending) - stand.due(ending);
    Balances { money, payable, income: -income, customer: -(money + payable - income) }
}

impl Stand {
    /// What would not have to be paid of the order's bill.
    pub fn due_if_paid(&self, ending: &Ending) -> Minor {
        self.total(ending) - (self.keeps(ending) + self.shipping(ending))
    }

    pub fn in_parcel(&self, parcel: u32, line: usize) -> i64 {
        self.parcels.get(&parcel).into_iter().flatten().filter(|(of, _)| *of == line).map(|(_, pieces)| pieces).sum()
    }
}
