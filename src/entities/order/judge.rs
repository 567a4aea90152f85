//! What a person must look at about the order as a whole and its money.

use super::findings::Findings;
use super::lines::{Lines, Placed};
use super::view::{ChargeView, Conditions, LineView, Money};
use crate::entities::Rows;
use crate::entities::rules::Rules;
use crate::entities::topics::Ledgers;
use crate::facts::order::{LineRole, ShopState, Terms, Word};
use crate::facts::{Amount, Moment, OrderRow, Quantity};

pub(super) struct Judge<'a, 's> {
    pub rows: &'a Rows<OrderRow>,
    pub rules: &'a Rules,
    pub ledgers: &'s Ledgers,
    pub placed: &'s Placed<'a>,
    pub read: &'s Lines<'a>,
    pub charges: &'s [ChargeView<'a>],
    pub money: &'s Money,
    pub conditions: &'s Conditions,
    /// Lines and charges are proven to be all there, and do not make the total.
    pub totals_differ: bool,
    /// When an order that is not complete has waited for too long.
    pub late: Option<Moment>,
}

impl Judge<'_, '_> {
    pub fn find(&self, findings: &mut Findings) {
        let Some(header) = self.placed.header else { return };
        let (placed, money) = (self.placed, self.money);
        let show = |amount: Amount| amount.display(money.currency);
        if !self.conditions.complete.holds && header.state != Word::Known(ShopState::Cancelled) {
            let sentence = format!("the order waits for {}", self.conditions.complete.waits_for);
            findings.add("order-incomplete", "", sentence, Some(header.total), placed.cause);
            if let Some(late) = self.late {
                findings.after(late);
            }
        }
        if self.totals_differ {
            let of_charges = self.charges.iter().map(|charge| charge.charge.gross).sum();
            let of_lines = show(money.value - of_charges);
            let sentence = format!(
                "lines of {of_lines} and charges of {} do not make the total of {} {}",
                show(of_charges),
                show(header.total),
                money.currency
            );
            findings.add("totals-differ", "", sentence, Some((header.total - money.value).abs()), placed.cause);
        }
        self.lines(findings);
        if self.conditions.complete.holds {
            self.unpaid(header.placed_at, header.terms, findings);
            if !self.conditions.pays_later {
                self.despatched_unpaid(header.placed_at, findings);
            }
            self.refunds(findings);
        }
    }

    /// Lines that rows contradict each other about.
    fn lines(&self, findings: &mut Findings) {
        let row = |id: &str| self.placed.shop.and_then(|shop| self.rows.of(OrderRow::LINE, shop).find(|(key, _)| key.id == id));
        for line in self.read.lines.iter().filter(|line| line.gone && line.d.is_positive() && !line.set) {
            let by = line.despatched.first().map_or("a despatch", |part| part.row);
            let sentence = format!("line {} was deleted in the shop, but {} of {} left the house ({by})", line.id, line.d, line.sku);
            findings.add("rows-contradict", &format!("gone {}", line.id), sentence, None, line.despatched_by);
            if let Some((_, stored)) = row(line.id) {
                findings.also(stored.cause);
            }
        }
        for line in self.read.lines.iter().filter(|line| line.line.role == LineRole::Sale && !line.has_goods() && !line.gone) {
            if let Some(late) = self.late {
                let sentence = format!("line {} ({}) is made of parts, and has none", line.id, line.sku);
                findings.add(
                    "rows-contradict",
                    &format!("parts {}", line.id),
                    sentence,
                    None,
                    row(line.id).map(|(_, stored)| stored.cause),
                );
                findings.after(late);
            }
        }
    }

    /// What was paid or authorised does not cover what is owed, for days, and something is still wanted.
    fn unpaid(&self, placed_at: Moment, terms: Terms, findings: &mut Findings) {
        let (money, secured) = (self.money, &self.conditions.secured);
        let paid = money.captured + money.authorised_open;
        let wanted = self.read.lines.iter().any(|line| line.w.is_positive());
        if secured.holds || !wanted || paid >= money.owed || terms != Terms::Prepaid {
            return;
        }
        let missing = money.owed - paid;
        let show = |amount: Amount| amount.display(money.currency);
        let sentence = format!("{} of {} {} are not paid", show(missing), show(money.owed), money.currency);
        findings.add("unpaid", "", sentence, Some(missing), self.placed.cause);
        findings.after(placed_at + self.rules.durations.unpaid);
    }

    /// What left is worth more than is captured: the oldest despatch that is not covered has been gone for days.
    fn despatched_unpaid(&self, placed_at: Moment, findings: &mut Findings) {
        let money = self.money;
        let lines = || self.read.lines.iter().filter(|line| !line.set);
        let kept = |line: &LineView<'_>| (line.d.min(line.n) - line.r).floor_zero();
        let worth: Amount = lines().map(|line| line.g(kept(line))).sum();
        let charges: Amount = self.charges.iter().filter(|charge| charge.stays).map(|charge| charge.charge.gross).sum();
        let supplied = if lines().any(|line| kept(line).is_positive()) { worth + charges } else { Amount::ZERO };
        if supplied <= money.captured {
            return;
        }
        // What needs no parcel is supplied with the order.
        let mut left: Vec<(Moment, Amount)> = Vec::new();
        for line in lines() {
            let mut before = Quantity::ZERO;
            let parts = line.despatched.iter().map(|part| (part.despatched_at, part.quantity));
            let mut parts: Vec<(Moment, Quantity)> = parts.chain(line.despatched.is_empty().then_some((placed_at, line.d))).collect();
            parts.sort_unstable();
            for (at, quantity) in parts {
                let after = (before + quantity).min(kept(line));
                left.push((at, line.g(after) - line.g(before)));
                before = after;
            }
        }
        left.sort_unstable();
        let mut sum = charges;
        let uncovered = left.iter().find(|(_, worth)| {
            sum += *worth;
            sum > money.captured
        });
        let Some((since, _)) = uncovered else { return };
        let missing = supplied - money.captured;
        let show = |amount: Amount| amount.display(money.currency);
        let sentence =
            format!("goods and charges of {} {} have left, {} are captured", show(supplied), money.currency, show(money.captured));
        let cause = lines().filter_map(|line| line.despatched_by).max();
        findings.add("despatched-unpaid", "", sentence, Some(missing), cause.or(self.placed.cause));
        findings.after(*since + self.rules.durations.despatched_unpaid);
    }

    fn refunds(&self, findings: &mut Findings) {
        let money = self.money;
        let show = |amount: Amount| amount.display(money.currency);
        let tolerance = tolerance(&self.read.lines, money);
        let over = money.refunded - money.due;
        if over > tolerance {
            let sentence = format!("{} {} is refunded, {} was due", show(money.refunded), money.currency, show(money.due));
            findings.add("over-refunded", "", sentence, Some(over), None);
        }
        let asked = self.ledgers.refund.total;
        let over = asked - money.due.max(money.refunded);
        if over > tolerance {
            let sentence = format!(
                "a refund of {} {} was requested in all, {} is due and {} is refunded",
                show(asked),
                money.currency,
                show(money.due),
                show(money.refunded)
            );
            findings.add("refund-overasked", "", sentence, Some(over), None);
        }
    }
}

/// One minor unit a piece while a line is partly back; nothing when it is wholly back or cancelled.
fn tolerance(lines: &[LineView<'_>], money: &Money) -> Amount {
    let partly = lines.iter().filter(|line| line.r.is_positive() && line.k.is_positive());
    partly.map(|line| money.currency.minor_unit().times(line.r)).sum()
}
