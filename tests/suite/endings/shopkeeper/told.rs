//! What the shopkeeper wants to hear of.

use std::collections::BTreeSet;

use super::super::truth::*;
use super::{Asked, Stand};

/// What a person must be told of, two months after the last thing has happened.
#[derive(Debug, Default)]
pub struct Told {
    pub must: BTreeSet<&'static str>,
    /// He may be told of it beside.
    pub may: BTreeSet<&'static str>,
    /// Of one of each of these he must.
    pub one_of: Vec<[&'static str; 2]>,
}

pub fn told(ending: &Ending, asked: &Asked) -> Told {
    let stand = Stand::after(ending, &ending.acts);
    let mut told = Told::default();
    let due = stand.due(ending);
    let open = due - stand.done() - stand.exchanged(ending);
    let failed = stand.given.iter().any(|given| given.state == State::Failed);
    if stand.in_dispute() {
        told.must.insert("dispute-open");
    }
    if open > 0 {
        let pending = stand.given.iter().any(|given| given.state == State::UnderWay);
        if failed && due > stand.even(ending) {
            told.must.insert("refund-failed");
            told.may.insert("refund-unpaid");
        } else if pending || asked.total > stand.done() + stand.exchanged(ending) {
            told.must.insert("refund-unpaid");
        }
        let silent = stand.unseen(ending) || stand.till_is_silent;
        if silent && due > stand.even(ending).max(asked.total) + stand.pennies(ending) {
            told.must.insert("mirror-only");
        } else if silent {
            told.may.insert("mirror-only");
        }
    }
    if stand.given.iter().any(|given| given.state == State::UnderWay) {
        told.may.insert("refund-unpaid");
    }
    let above = stand.even(ending) - due;
    let awaited = stand.awaited(ending);
    let shipping = ending.shipping.map_or(0, |(gross, _)| gross);
    if above > awaited.map_or(0, |worth| worth + shipping) + stand.pennies(ending) {
        told.must.insert("over-refunded");
    } else if above > 0 && (stand.unanswered() || awaited.is_none_or(|worth| above > worth)) {
        told.may.insert("over-refunded");
    }
    let surplus = stand.paid() - stand.total(ending) - stand.surplus_promised;
    if surplus > 1 {
        told.must.insert("overpaid");
    } else if surplus > 0 {
        // A penny.
        told.may.insert("overpaid");
    }
    if stand.exchanged(ending) > 0 && !stand.exchange_is_told {
        told.must.insert("exchange-open");
    }
    if ending.house == House::Whole {
        told.of_goods(ending, &stand);
    }
    told.of_payment(ending, &stand);
    told
}

impl Stand {
    /// Nobody runs after what rounding may come to: a penny for each piece that is gone, of lines of which others are kept.
    fn pennies(&self, ending: &Ending) -> Minor {
        let pieces = |line: usize| {
            let (kept, of) = (self.kept(ending, line), self.lines[line].ordered);
            if kept > 0 { of - kept } else { 0 }
        };
        (0..self.lines.len()).map(pieces).sum()
    }

    /// A clerk has credited pieces at their worth, of a line of which others came back and these not: which of them is dearer by a penny he alone knows.
    pub fn pennies_ahead(&self) -> Minor {
        let ahead = |given: &&Given| {
            let came: i64 =
                self.backs.iter().filter(|back| given.of_return.is_some() && back.0 == given.of_return).map(|back| back.3).sum();
            let told = given.credited.iter().map(|(_, pieces)| pieces).sum::<i64>();
            if given.of_return.is_some() && came < told { told } else { 0 }
        };
        self.live().map(|given| ahead(&given)).sum()
    }

    /// What finance has not seen though it has seen another refund of the same sum: on paper the two are one, until somebody has looked.
    pub fn seen_as_one(&self, ending: &Ending) -> Minor {
        if ending.house == House::ShopAlone {
            return 0;
        }
        let seen = |given: &Given| given.by == Payer::Finance || given.finance_sees;
        let unseen = self.live().filter(|given| !seen(given));
        unseen.filter(|given| self.live().any(|other| seen(other) && other.amount == given.amount)).map(|given| given.amount).sum()
    }

    /// Whatever was agreed of the line is here. What the carrier has lost nobody awaits.
    fn all_here(&self, ending: &Ending, line: usize) -> bool {
        self.returned(ending, line) - self.lost_of(line) >= self.promised(line)
    }

    /// More of some line is here than was agreed.
    fn unagreed(&self) -> bool {
        (0..self.lines.len()).any(|at| {
            let here: i64 = self.backs.iter().filter(|back| back.2 == at && self.taken_in(back)).map(|back| back.3).sum();
            let agreed = self.agreed.values().filter(|(of, _, what)| *of == at && !matches!(what, Agreed::Nothing | Agreed::Refused));
            here > agreed.map(|(_, pieces, _)| pieces).sum()
        })
    }

    /// The worth of goods that are to come back, and are not here or not taken; and of those that were cancelled, and nobody knows whether they leave.
    /// Nothing where there are none.
    fn awaited(&self, ending: &Ending) -> Option<Minor> {
        let pieces = |line: usize| {
            let coming = (self.promised(line) - self.returned(ending, line) + self.lost_of(line)).max(0);
            coming + self.unanswered_of(line)
        };
        let worth_of = |line: usize| {
            let (gross, of, kept) = (self.lines[line].gross, self.lines[line].ordered, self.kept(ending, line));
            worth(gross, kept, of) - worth(gross, (kept - pieces(line)).max(0), of)
        };
        let lines = 0..self.lines.len();
        lines.clone().any(|line| pieces(line) > 0).then(|| lines.map(worth_of).sum())
    }
}

impl Told {
    fn of_goods(&mut self, ending: &Ending, stand: &Stand) {
        if stand.crossed(ending) {
            self.must.insert("cancelled-but-despatched");
            // The ERP was told of the cancellation, and has to hear that it is sent after all.
            self.may.extend(["cancel-unanswered", "erp-differs"]);
        } else if (0..stand.lines.len()).any(|at| stand.unanswered_of(at) > 0 && stand.lines[at].gross > 0)
            && stand.paid() > stand.due(ending)
        {
            self.must.insert("cancel-unanswered");
        } else if stand.unanswered() {
            self.may.insert("cancel-unanswered");
        }
        if (0..stand.lines.len()).any(|at| stand.sent(at) > stand.lines[at].ordered - stand.cancelled(at)) {
            // ... though it came back since.
            self.may.insert("erp-differs");
        }
        let here = |line: usize| -> i64 { stand.backs.iter().filter(|back| back.2 == line).map(|back| back.3).sum() };
        if (0..stand.lines.len()).any(|line| here(line) > stand.promised(line)) {
            // What was not taken in came back as well.
            self.may.insert("return-over");
        }
        if stand.lost.iter().any(|parcel| !stand.lost_refunded.contains(parcel)) {
            self.must.insert("parcel-lost");
        }
        for (rma, (line, pieces, what)) in &stand.agreed {
            let there: i64 = stand.backs.iter().filter(|back| back.0 == Some(*rma)).map(|back| back.3).sum();
            match what {
                Agreed::Money | Agreed::StoreCredit | Agreed::Exchange if there < *pieces && !stand.all_here(ending, *line) => {
                    self.must.insert("return-not-received");
                }
                Agreed::Proof if there < *pieces && !stand.proof_seen.contains(rma) && !stand.all_here(ending, *line) => {
                    self.must.insert("return-not-received");
                }
                // Goods under an agreement that was never given.
                Agreed::Nothing | Agreed::Refused if there > 0 && stand.unagreed() => self.one_of.push(["return-unlogged", "return-over"]),
                _ => {}
            }
        }
        for (rma, number, _, _, shape) in &stand.backs {
            if rma.is_none() {
                self.must.insert("return-unlogged");
            }
            if *shape == Shape::Rejected && !stand.rejected_refunded.contains(number) {
                self.must.insert("return-condition");
            }
            if *shape == Shape::Rejected {
                self.may.insert("goods-not-settled");
            }
        }
    }

    fn of_payment(&mut self, ending: &Ending, stand: &Stand) {
        let has = stand.paid() - stand.even(ending);
        // What went back though he was not to have it is told as such.
        let rightly = stand.paid() - stand.even(ending).min(stand.due(ending));
        let sent: Minor = (0..stand.lines.len())
            .map(|at| worth(stand.lines[at].gross, stand.sent(at) - stand.returned(ending, at), stand.lines[at].ordered))
            .sum();
        let wants = (0..stand.lines.len()).any(|at| stand.lines[at].ordered > stand.cancelled(at));
        let all_sent = (0..stand.lines.len()).all(|at| stand.sent(at) >= stand.lines[at].ordered - stand.cancelled(at));
        let adjust = stand.fees(ending) - stand.gifts();
        if stand.disputed() > 0 {
            self.may.extend(["despatched-unpaid", "unpaid", "customer-account-open"]);
            return;
        }
        match ending.terms {
            Terms::Prepaid if sent > 0 && rightly < sent + adjust => {
                self.must.insert("despatched-unpaid");
                // He may have heard of it before it was sent.
                self.may.insert("unpaid");
            }
            Terms::Prepaid if sent > 0 && rightly < sent + stand.shipping(ending) + adjust && stand.reserved == 0 => {
                self.one_of.push(["despatched-unpaid", "unpaid"]);
            }
            Terms::Prepaid if has < sent + stand.shipping(ending) + adjust => self.may.extend(["despatched-unpaid", "unpaid"]),
            Terms::Prepaid if wants && stand.reserved == 0 && rightly < stand.keeps(ending) + adjust => drop(self.must.insert("unpaid")),
            Terms::Prepaid if wants && stand.reserved == 0 && has < stand.keeps(ending) + adjust => drop(self.may.insert("unpaid")),
            Terms::OnAccount | Terms::AtTheDoor if stand.delivered && all_sent && has < sent + stand.shipping(ending) + adjust => {
                self.must.insert("customer-account-open");
            }
            _ => {}
        }
    }
}
