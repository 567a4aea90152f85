//! Payments, from the source that counts.

use super::tender::{Foreign, TenderPaid};
use crate::entities::order::authority::payments_count_from;
use crate::entities::order::clock::Clock;
use crate::entities::order::input::Input;
use crate::entities::order::placed::Placed;
use crate::facts::Amount;
use crate::facts::order::{Payment, Tender};

/// What was paid, by tender.
#[derive(Default)]
pub(super) struct Payments {
    pub tenders: Vec<TenderPaid>,
    /// The largest single capture of each tender: its reference is used for the tender.
    largest: Vec<Amount>,
    pub authorised_open: Amount,
    /// There is a payment row, in any currency.
    pub any: bool,
    /// The tender of some payment is on account or cash on delivery. Shops without terms in the header show it this way.
    pub later: bool,
}

impl Payments {
    fn tender(&mut self, tender: Tender) -> usize {
        if let Some(place) = self.tenders.iter().position(|there| there.tender == tender) {
            return place;
        }
        self.tenders.push(TenderPaid { tender, captured: Amount::ZERO, refunded: Amount::ZERO, reference: String::new() });
        self.largest.push(Amount::ZERO);
        self.tenders.len() - 1
    }

    fn add(&mut self, payment: &Payment, clock: &Clock) {
        let place = self.tender(payment.tender);
        self.tenders[place].captured += payment.captured;
        if payment.captured > self.largest[place] || self.tenders[place].reference.is_empty() {
            self.largest[place] = payment.captured;
            self.tenders[place].reference = payment.reference.to_string();
        }
        let expired = payment.expires_at.is_some_and(|at| clock.reached(at));
        if !payment.failed && !expired {
            self.authorised_open += (payment.authorised - payment.captured).floor_zero();
        }
    }
}

/// Sums the payments in the order's currency. Rows with the same reference are one payment: the one that captured most counts.
pub(super) fn read(input: &Input<'_>, placed: &Placed<'_>, foreign: &mut Vec<Foreign>) -> Payments {
    let mut paid = Payments::default();
    let mut payments: Vec<&Payment> = Vec::new();
    for each in input.rows.live::<Payment>().filter(|each| payments_count_from(input.rules, each.key.source, placed.shop)) {
        let (id, payment) = (&each.key.id, each.row);
        paid.any = true;
        paid.later |= !payment.failed && matches!(payment.tender, Tender::OnAccount | Tender::CashOnDelivery);
        if let Some(currency) = payment.currency.filter(|currency| *currency != placed.currency) {
            let sentence = format!("payment {id} is in {currency}");
            foreign.push(Foreign { id: id.clone(), sentence, cause: each.stored.cause });
            continue;
        }
        let same = |there: &&&mut &Payment| {
            !payment.reference.is_empty() && there.reference == payment.reference && there.tender == payment.tender
        };
        match payments.iter_mut().find(|there| same(&there)) {
            Some(there) => {
                if (payment.captured, payment.authorised) > (there.captured, there.authorised) {
                    *there = payment;
                }
            }
            None => payments.push(payment),
        }
    }
    for payment in payments {
        paid.add(payment, &input.clock);
    }
    paid
}
