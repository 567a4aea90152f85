//! Endings in which the order itself changes, or goods change hands elsewhere: edits before and after payment, tills, exchanges.

use super::draw::Drawing;
use super::truth::*;

/// What is special about an ending. Drawn apart, so that the others stay what they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    No,
    EditBeforePayment,
    EditAfterPayment,
    /// Goods are brought to a till in the end.
    Till,
    /// Goods are exchanged in the end.
    Exchange,
}

impl Change {
    pub fn drawn(below_100: u64) -> Self {
        match below_100 {
            0..4 => Self::EditBeforePayment,
            4..10 => Self::EditAfterPayment,
            10..16 => Self::Till,
            16..24 => Self::Exchange,
            _ => Self::No,
        }
    }
}

impl Drawing {
    pub fn change_before_payment(&mut self) {
        if self.change == Change::EditBeforePayment {
            self.next_day();
            self.edit();
        }
    }

    /// The order is changed when it is paid already, and nobody has begun with it.
    pub fn change_after_payment(&mut self) {
        let before = self.stand();
        if self.change != Change::EditAfterPayment || self.ending.terms != Terms::Prepaid || before.paid() == 0 {
            return;
        }
        self.next_day();
        self.edit();
        let stand = self.stand();
        let missing = stand.total(&self.ending) - stand.paid();
        if missing > 0 && self.chance.percent(80) {
            self.act(What::Paid { means: Means::Card, amount: missing });
        }
        if missing < 0 && self.chance.percent(60) {
            self.next_day();
            self.act(What::SurplusIsRefunded);
            self.settle();
        }
    }

    /// Fewer pieces, a lower price, more pieces, or something beside.
    fn edit(&mut self) {
        let mut lines = self.ending.lines.clone();
        let at = self.chance.below(lines.len() as u64) as usize;
        let old = lines[at].clone();
        let by_pieces =
            |pieces: i64| Bought { pieces, gross: worth(old.gross, pieces, old.pieces), tax: worth(old.tax, pieces, old.pieces) };
        match self.chance.below(4) {
            0 if old.pieces > 1 => lines[at] = by_pieces(self.chance.between(1, old.pieces - 1)),
            1 if old.gross > 1 => {
                let gross = self.chance.between(old.gross / 2, old.gross - 1);
                lines[at] = Bought { gross, tax: worth(old.tax, gross, old.gross), ..old };
            }
            2 if lines.len() < 3 => {
                let gross = self.chance.between(200, 4_000);
                lines.push(Bought { pieces: self.chance.between(1, 3), gross, tax: worth(gross, 20, 120) });
            }
            _ => lines[at] = by_pieces(old.pieces + self.chance.between(1, 2)),
        }
        self.act(What::Edited { lines, exchange: None });
    }

    /// What the order itself comes to in the end, after all else.
    pub fn change_in_the_end(&mut self) {
        if self.ending.house != House::Whole || self.ending.terms != Terms::Prepaid {
            return;
        }
        self.next_day();
        match self.change {
            Change::Till => self.till(),
            Change::Exchange => self.exchange(),
            Change::No | Change::EditBeforePayment | Change::EditAfterPayment => {}
        }
    }

    fn till(&mut self) {
        let Some((line, pieces)) = self.with_the_customer() else { return };
        let number = self.number();
        let stand = self.stand();
        let (of, gross) = stand.bought(line);
        let kept = stand.kept(&self.ending, line);
        let value = worth(gross, kept, of) - worth(gross, kept - pieces, of);
        let mut after = stand.clone();
        after.happens(&self.ending, &What::AtTheTill { number, line, pieces, paid: None });
        // A clerk at a counter looks what was paid, too.
        let may = (after.due(&self.ending) - stand.due(&self.ending)).min(stand.paid() - stand.even(&self.ending));
        if value == 0 || may < value {
            return;
        }
        let asked = self.asked().by_means.get(&Means::Card).copied().unwrap_or_default();
        let by_card = stand.paid_by(Means::Card) - stand.back_by(Means::Card).max(asked) >= value && self.chance.percent(40);
        let id = self.number();
        let given = Given {
            id,
            by: Payer::Till,
            means: if by_card { Means::Card } else { Means::Cash },
            amount: value,
            state: State::Done,
            meant: For::WhatIsDue,
            finance_sees: self.chance.percent(90),
            credited: Vec::new(),
            of_return: None,
        };
        let silent = self.chance.percent(12);
        self.act(What::AtTheTill { number, line, pieces, paid: Some(given).filter(|_| !silent) });
        self.settle();
    }

    fn exchange(&mut self) {
        let stand = self.stand();
        let reserved = self.ending.acts.iter().any(|act| matches!(act.what, What::Reserved { .. }));
        if reserved || stand.paid() != stand.total(&self.ending) || stand.waits(&self.ending) {
            return;
        }
        let Some((line, pieces)) = self.with_the_customer() else { return };
        let (of, gross) = stand.bought(line);
        let kept = stand.kept(&self.ending, line);
        let value = worth(gross, kept, of) - worth(gross, kept - pieces, of);
        if value < 2 {
            return;
        }
        let rma = self.number();
        self.act(What::Agreed { rma, line, pieces, what: Agreed::Exchange });
        self.next_day();
        if self.chance.percent(10) {
            return;
        }
        if stand.count() < 3 && self.chance.percent(45) {
            return self.exchange_here(rma, line, pieces, value);
        }
        self.comes_back(Some(rma), line, pieces, Shape::Damaged);
        self.next_day();
        match self.chance.below(10) {
            0..6 => {
                let (id, amount, told) = (self.number(), self.stand().exchanged(&self.ending), self.chance.percent(70));
                if amount > 0 {
                    self.act(What::ExchangedElsewhere { id, amount, told });
                }
            }
            6..8 => {
                self.day += 6;
                self.act(What::ExchangeIsRefunded);
                self.settle();
            }
            _ => {}
        }
    }

    /// The new goods are put on the order itself.
    fn exchange_here(&mut self, rma: u32, line: usize, pieces: i64, value: Minor) {
        let gross = match self.chance.below(10) {
            0..6 => value,
            6..8 => self.chance.between(value / 2, value - 1),
            _ => value + self.chance.between(1, value),
        };
        let mut lines = self.lines_now();
        lines.push(Bought { pieces, gross, tax: worth(gross, 20, 120) });
        let new = lines.len() - 1;
        self.act(What::Edited { lines, exchange: Some(rma) });
        if gross > value && self.chance.percent(70) {
            self.act(What::Paid { means: Means::Card, amount: gross - value });
        }
        self.next_day();
        self.comes_back(Some(rma), line, pieces, Shape::Damaged);
        self.settle();
        self.next_day();
        if self.stand().unanswered() {
            // Its new total says it too.
            self.act(What::Stopped);
        }
        let parcel = 3;
        self.act(What::Sent { parcel, pieces: vec![(new, pieces)] });
        self.next_day();
        self.act(What::Delivered { parcel });
    }

    /// The lines as they stand; the last edit says them.
    fn lines_now(&self) -> Vec<Bought> {
        let edited =
            self.ending.acts.iter().rev().find_map(|act| if let What::Edited { lines, .. } = &act.what { Some(lines) } else { None });
        edited.unwrap_or(&self.ending.lines).clone()
    }
}
