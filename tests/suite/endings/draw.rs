//! Endings from a seed: how an order may go, drawn with the odds of a shop that has a bad year.

use std::collections::BTreeMap;

use super::chance::Chance;
use super::changes::Change;
use super::shopkeeper::{self, Asked, Stand};
use super::truth::*;

/// The ending of this seed.
pub fn ending(seed: u64) -> Ending {
    let mut chance = Chance::new(seed);
    let (currency, digits) = *chance.pick(&[("GBP", 2), ("GBP", 2), ("EUR", 2), ("JPY", 0), ("KWD", 3)]);
    let house = *chance.pick(&[House::Whole, House::Whole, House::Whole, House::ShopAlone, House::ShopAndFinance]);
    let lines = (0..chance.between(1, 3)).map(|_| bought(&mut chance)).collect();
    let shipping = chance.percent(60).then(|| {
        let gross = chance.between(100, 1_500);
        (gross, worth(gross, 1, 6))
    });
    let terms = match chance.below(100) {
        0..6 if house == House::Whole => Terms::AtTheDoor,
        6..12 if house == House::Whole => Terms::OnAccount,
        _ => Terms::Prepaid,
    };
    let arrival = *chance.pick(&[Arrival::Daily, Arrival::Daily, Arrival::Daily, Arrival::AtOnce, Arrival::Late]);
    let shuffle = chance.next();
    let ending = Ending { seed, house, currency, digits, lines, shipping, terms, acts: Vec::new(), arrival, shuffle };
    let change = Change::drawn(Chance::new(seed ^ 0x00C4_A96E).below(100));
    let mut drawing = Drawing { chance, ending, change, day: 1, numbers: 0 };
    drawing.payment();
    drawing.change_after_payment();
    drawing.goods();
    drawing.afterwards();
    drawing.change_in_the_end();
    drawing.arrival();
    drawing.ending
}

fn bought(chance: &mut Chance) -> Bought {
    let pieces = *chance.pick(&[1, 1, 2, 2, 3, 4, 5, 7]);
    let gross = match chance.below(10) {
        0 => 0,
        1..4 => pieces * chance.between(200, 4_000),
        // A coupon leaves sums that no number of pieces divides.
        _ => pieces * chance.between(200, 4_000) - chance.between(0, 150),
    };
    let rate = *chance.pick(&[0, 5, 10, 19, 20, 20]);
    Bought { pieces, gross, tax: worth(gross, rate, 100 + rate) }
}

pub(super) struct Drawing {
    pub chance: Chance,
    pub ending: Ending,
    pub change: Change,
    pub day: i64,
    numbers: u32,
}

impl Drawing {
    pub fn act(&mut self, what: What) {
        self.ending.acts.push(Act { day: self.day, what });
    }

    pub fn next_day(&mut self) {
        self.day += self.chance.between(1, 3);
    }

    pub fn number(&mut self) -> u32 {
        self.numbers += 1;
        self.numbers
    }

    pub fn stand(&self) -> Stand {
        Stand::after(&self.ending, &self.ending.acts)
    }

    fn total(&self) -> Minor {
        self.stand().total(&self.ending)
    }

    /// What Waybill has asked for by now, if rows come when they are written.
    pub fn asked(&self) -> Asked {
        shopkeeper::asked(&self.ending, 1..=self.day)
    }

    fn payment(&mut self) {
        self.act(What::Ordered);
        self.change_before_payment();
        let total = self.total();
        if self.ending.terms != Terms::Prepaid || total == 0 {
            return;
        }
        let all_by = |means| vec![(means, total)];
        let parts = match self.chance.below(100) {
            0..50 => all_by(Means::Card),
            50..58 => {
                self.next_day();
                all_by(Means::Bank)
            }
            58..72 => self.split(Means::GiftCard, Means::Card),
            72..80 => self.split(Means::StoreCredit, Means::Card),
            80..84 => all_by(Means::GiftCard),
            84..88 => self.split(Means::GiftCard, Means::StoreCredit),
            _ => {
                self.act(What::Reserved { amount: total });
                return;
            }
        };
        for (means, amount) in parts {
            self.act(What::Paid { means, amount });
        }
        if self.chance.percent(2) {
            self.act(What::Paid { means: Means::Bank, amount: total });
        }
    }

    fn split(&mut self, first: Means, second: Means) -> Vec<(Means, Minor)> {
        let total = self.total();
        let part = self.chance.between(1, total.max(2) - 1);
        vec![(first, part), (second, total - part)].into_iter().filter(|(_, amount)| *amount > 0).collect()
    }

    /// Before the goods leave, and on their way.
    fn goods(&mut self) {
        if self.chance.percent(15) {
            self.cancel();
        }
        if self.ending.house != House::Whole {
            return self.sent_by_the_shop();
        }
        self.next_day();
        if self.wanted() == 0 {
            return;
        }
        self.act(What::Approved);
        self.next_day();
        self.act(What::AtTheWarehouse);
        let mut answers = true;
        if self.chance.percent(20) {
            self.next_day();
            self.cancel();
            answers = self.chance.percent(75);
            if answers {
                self.next_day();
                self.act(What::Stopped);
            }
        }
        let crossed = !answers && self.chance.percent(50);
        for parcel in 1..=self.chance.between(1, 2) as u32 {
            self.next_day();
            self.parcel(parcel, crossed);
        }
    }

    fn wanted(&self) -> i64 {
        let stand = self.stand();
        (0..stand.count()).map(|line| stand.bought(line).0 - stand.cancelled(line)).sum()
    }

    /// Takes the money for what leaves, where it was only reserved.
    fn take(&mut self, pieces: &[(usize, i64)]) {
        let reserved = self.ending.acts.iter().any(|act| matches!(act.what, What::Reserved { .. }));
        if !reserved || self.chance.percent(5) {
            return;
        }
        let first = !self.ending.acts.iter().any(|act| matches!(act.what, What::Taken { .. }));
        let stand = self.stand();
        let mut amount = if first { self.ending.shipping.map_or(0, |(gross, _)| gross) } else { 0 };
        for (line, count) in pieces {
            let (pieces, gross) = stand.bought(*line);
            // By what has been sent in all, so that the parts add up.
            let sent = stand.sent(*line);
            amount += worth(gross, sent, pieces) - worth(gross, sent - count, pieces);
        }
        if amount > 0 {
            let id = self.number();
            self.act(What::Taken { id, amount });
        }
    }

    fn parcel(&mut self, parcel: u32, crossed: bool) {
        let stand = self.stand();
        let mut pieces = Vec::new();
        for line in 0..stand.count() {
            // What was cancelled before the warehouse heard of it, it was never asked to send.
            let stays = if crossed { stand.stopped_before(line) } else { stand.cancelled(line) };
            let open = stand.bought(line).0 - stays - stand.sent(line);
            let now = if parcel == 1 { open - self.chance.below(3).min(open.max(0) as u64) as i64 } else { open };
            if now > 0 {
                pieces.push((line, now));
            }
        }
        if pieces.is_empty() {
            return;
        }
        self.act(What::Sent { parcel, pieces: pieces.clone() });
        self.take(&pieces);
        self.next_day();
        if self.ending.terms == Terms::Prepaid && self.chance.percent(6) {
            self.act(What::Lost { parcel });
            if self.chance.percent(70) {
                self.next_day();
                self.act(What::LostIsRefunded { parcel });
            }
        } else {
            self.act(What::Delivered { parcel });
        }
    }

    fn sent_by_the_shop(&mut self) {
        self.next_day();
        let stand = self.stand();
        let pieces: Vec<_> =
            (0..stand.count()).map(|line| (line, stand.bought(line).0 - stand.cancelled(line))).filter(|(_, pieces)| *pieces > 0).collect();
        if pieces.is_empty() || self.chance.percent(10) {
            return;
        }
        self.act(What::Sent { parcel: 1, pieces: pieces.clone() });
        self.take(&pieces);
    }

    fn cancel(&mut self) {
        let whole = self.chance.percent(40);
        let stand = self.stand();
        for line in 0..self.stand().count() {
            let open = stand.bought(line).0 - stand.cancelled(line) - stand.sent(line);
            let pieces = if whole { open } else { self.chance.below(open.max(0) as u64 + 1) as i64 };
            if pieces > 0 {
                self.act(What::Cancelled { line, pieces });
            }
        }
    }

    /// What comes when the goods have left or will not leave.
    fn afterwards(&mut self) {
        self.next_day();
        if self.ending.terms != Terms::Prepaid && self.chance.percent(70) {
            let means = if self.ending.terms == Terms::AtTheDoor { Means::CashOnDelivery } else { Means::Bank };
            let stand = self.stand();
            let amount = self.total() - stand.due_if_paid(&self.ending);
            if amount > 0 && stand.delivered {
                self.act(What::Paid { means, amount });
            }
        }
        self.settle();
        for _ in 0..self.chance.below(4) {
            self.next_day();
            match self.chance.below(10) {
                0 if self.ending.house == House::Whole => self.gift(),
                1 if self.ending.terms == Terms::Prepaid => self.dispute(),
                _ if self.ending.house == House::Whole => self.returns(),
                _ => self.shop_takes_back(),
            }
        }
    }

    /// A line's row shows what is cancelled by now, not what was when the warehouse was asked. Who hears of it all at once can't know which pieces
    /// the warehouse may still send.
    fn arrival(&mut self) {
        let stand = self.stand();
        let stopped_before = (0..self.stand().count()).any(|line| stand.stopped_before(line) > 0);
        if stopped_before && stand.unanswered() {
            self.ending.arrival = Arrival::Daily;
        }
        // An order without the row of a line that costs nothing adds up as well.
        if self.ending.arrival == Arrival::Late && self.ending.lines.iter().any(|line| line.gross == 0) {
            self.ending.arrival = Arrival::AtOnce;
        }
    }

    /// Somebody pays what was asked for, or not.
    pub fn settle(&mut self) {
        let stand = self.stand();
        let due = stand.due(&self.ending) - stand.back();
        if due <= 0 || stand.waits(&self.ending) {
            return;
        }
        self.next_day();
        let asked = self.asked();
        let to_pay: BTreeMap<Means, Minor> =
            asked.by_means.iter().map(|(means, total)| (*means, total - stand.back_by(*means))).filter(|(_, amount)| *amount > 0).collect();
        let payer = if self.ending.house == House::ShopAlone { Payer::Shop } else { Payer::Finance };
        match self.chance.below(20) {
            0 => {}
            1 => self.pay(&to_pay, payer, State::UnderWay, 1),
            2 => self.pay(&to_pay, payer, State::Failed, 1),
            3 => {
                self.pay(&to_pay, payer, State::Done, 1);
                self.next_day();
                self.turn(State::Failed);
            }
            4 => {
                self.pay(&to_pay, payer, State::UnderWay, 1);
                self.next_day();
                self.turn(State::Done);
            }
            5 => self.pay(&to_pay, payer, State::Done, 2),
            6 => {
                self.pay(&to_pay, payer, State::Failed, 1);
                self.next_day();
                let sum = to_pay.values().sum();
                self.pay(&BTreeMap::from([(Means::Bank, sum)]), payer, State::Done, 1);
            }
            _ => self.pay(&to_pay, payer, State::Done, 1),
        }
    }

    /// One part of so many of each sum.
    fn pay(&mut self, to_pay: &BTreeMap<Means, Minor>, by: Payer, state: State, part: i64) {
        for (means, amount) in to_pay {
            let amount = amount / part;
            if amount > 0 {
                let id = self.number();
                let given = Given {
                    id,
                    by,
                    means: *means,
                    amount,
                    state,
                    meant: For::WhatIsDue,
                    finance_sees: true,
                    credited: Vec::new(),
                    of_return: None,
                };
                self.act(What::Given(given));
            }
        }
    }

    fn turn(&mut self, state: State) {
        let last = self.ending.acts.iter().rev().find_map(|act| if let What::Given(given) = &act.what { Some(given.id) } else { None });
        if let Some(id) = last {
            self.act(What::Turned { id, state });
        }
    }

    /// Pieces of a line that the customer has.
    pub fn with_the_customer(&mut self) -> Option<(usize, i64)> {
        let stand = self.stand();
        let promised = |line: usize| -> i64 {
            let agreed = self.ending.acts.iter().filter_map(|act| match &act.what {
                What::Agreed { line: of, pieces, .. } if *of == line => Some(*pieces),
                What::AtTheTill { line: of, pieces, .. } if *of == line => Some(*pieces),
                What::Lost { parcel } => Some(stand.in_parcel(*parcel, line)),
                What::Given(given) => Some(given.credited.iter().filter(|(of, _)| *of == line).map(|(_, pieces)| pieces).sum()),
                _ => None,
            });
            agreed.sum()
        };
        let lines: Vec<(usize, i64)> =
            (0..self.stand().count()).map(|line| (line, stand.sent(line) - promised(line))).filter(|(_, pieces)| *pieces > 0).collect();
        if lines.is_empty() {
            return None;
        }
        let (line, has) = *self.chance.pick(&lines);
        Some((line, if self.chance.percent(50) { has } else { self.chance.between(1, has) }))
    }

    fn returns(&mut self) {
        let Some((line, pieces)) = self.with_the_customer() else { return };
        let rma = self.number();
        let what = match self.chance.below(20) {
            0 => Agreed::StoreCredit,
            1 => Agreed::KeepIt,
            2 => Agreed::Proof,
            3 => Agreed::Nothing,
            4 => Agreed::Refused,
            _ => Agreed::Money,
        };
        self.act(What::Agreed { rma, line, pieces, what });
        if what == Agreed::KeepIt {
            return self.settle();
        }
        if what == Agreed::Proof {
            if self.chance.percent(60) {
                self.next_day();
                self.act(What::ProofSeen { rma });
                self.settle();
            }
            return;
        }
        let by_hand = what == Agreed::Money && self.chance.percent(30);
        if by_hand && self.chance.percent(30) {
            // The money goes before the goods are here.
            self.next_day();
            self.by_hand(Some(rma), line, pieces, false);
            if self.chance.percent(80) {
                self.next_day();
                self.comes_back(Some(rma), line, pieces, Shape::Damaged);
            }
            return;
        }
        self.next_day();
        match self.chance.below(20) {
            0 => return,
            1 if what == Agreed::Money => {
                self.comes_back(Some(rma), line, pieces, Shape::Rejected);
                if self.chance.percent(50) {
                    self.next_day();
                    let number = self.numbers;
                    self.act(What::RejectedIsRefunded { number });
                    self.settle();
                }
                return;
            }
            2..5 if pieces > 1 => {
                let first = self.chance.between(1, pieces - 1);
                self.comes_back(Some(rma), line, first, Shape::Good);
                self.settle();
                if self.chance.percent(70) {
                    self.next_day();
                    self.comes_back(Some(rma), line, pieces - first, Shape::Damaged);
                    self.settle();
                }
                return;
            }
            _ => {}
        }
        let shape = if self.chance.percent(50) { Shape::Good } else { Shape::Damaged };
        self.comes_back(Some(rma), line, pieces, shape);
        if by_hand {
            self.by_hand(Some(rma), line, pieces, true);
        } else {
            self.settle();
        }
    }

    pub fn comes_back(&mut self, rma: Option<u32>, line: usize, pieces: i64, shape: Shape) {
        let number = self.number();
        self.act(What::Back { rma, number, line, pieces, shape });
    }

    /// A clerk refunds in the shop, on the day on which the goods are there or before.
    fn by_hand(&mut self, rma: Option<u32>, line: usize, pieces: i64, there: bool) {
        let stand = self.stand();
        let (of, gross) = stand.bought(line);
        let kept = stand.kept(&self.ending, line) + if there { pieces } else { 0 };
        let value = worth(gross, kept, of) - worth(gross, kept - pieces, of);
        if value == 0 {
            return;
        }
        let means = Means::Card;
        let most = stand.paid_by(means) - stand.back_by(means).max(self.asked().by_means.get(&means).copied().unwrap_or_default());
        // Of a line of which some are still to be sent, or might be though they were cancelled, a credit alone does not say which pieces it is for.
        if stand.sent(line) + stand.cancelled(line) < of || stand.unanswered_of(line) > 0 {
            return self.settle();
        }
        let nothing_else = stand.due(&self.ending) == stand.back() + if there { value } else { 0 };
        if most < value || !nothing_else {
            return self.settle();
        }
        let told = self.chance.percent(60);
        let (fee, gift) = match self.chance.below(4) {
            0 if told => (self.chance.between(1, value), 0),
            1 if told => (0, self.chance.between(1, (most - value).max(1)).min(most - value)),
            _ => (0, 0),
        };
        let shipping =
            ending_shipping_to_give(&stand, &self.ending, most - value - gift).filter(|_| told && self.chance.percent(25)).unwrap_or(0);
        let amount = value + gift + shipping - fee;
        if amount <= 0 {
            return self.settle();
        }
        let meant = if told { For::Told { pieces: vec![(line, pieces, value)], shipping, gift, fee } } else { For::WhatIsDue };
        let id = self.number();
        let finance_sees = self.chance.percent(90);
        self.act(What::Given(Given {
            id,
            by: Payer::Shop,
            means,
            amount,
            state: State::Done,
            meant,
            finance_sees,
            credited: vec![(line, pieces)],
            of_return: rma,
        }));
    }

    /// The shop alone: who credits has the goods.
    fn shop_takes_back(&mut self) {
        let Some((line, pieces)) = self.with_the_customer() else { return };
        self.by_hand(None, line, pieces, false);
    }

    fn gift(&mut self) {
        let stand = self.stand();
        let most = stand.paid_by(Means::Card)
            - stand.back_by(Means::Card).max(self.asked().by_means.get(&Means::Card).copied().unwrap_or_default());
        let bill = stand.keeps(&self.ending) + stand.shipping(&self.ending) + stand.fees(&self.ending) - stand.gifts();
        if stand.due(&self.ending) != stand.back() {
            return;
        }
        let most = most.min(bill).min(self.total() / 3);
        if most < 2 {
            return;
        }
        let amount = self.chance.between(1, most);
        let meant = For::Told { pieces: Vec::new(), shipping: 0, gift: amount, fee: 0 };
        let id = self.number();
        self.act(What::Given(Given {
            id,
            by: Payer::Shop,
            means: Means::Card,
            amount,
            state: State::Done,
            meant,
            finance_sees: true,
            credited: Vec::new(),
            of_return: None,
        }));
    }

    fn dispute(&mut self) {
        let stand = self.stand();
        let amount = stand.paid_by(Means::Card) - stand.back_by(Means::Card);
        if amount <= 0 || stand.disputed() > 0 || stand.due(&self.ending) > stand.back() {
            return;
        }
        self.act(What::Disputed { amount, state: Dispute::Open });
        if self.chance.percent(80) {
            self.next_day();
            let state = if self.chance.percent(50) { Dispute::Won } else { Dispute::Lost };
            self.act(What::Disputed { amount, state });
        }
    }
}

fn ending_shipping_to_give(stand: &Stand, ending: &Ending, most: Minor) -> Option<Minor> {
    Some(stand.shipping(ending)).filter(|shipping| *shipping > 0 && *shipping <= most)
}
