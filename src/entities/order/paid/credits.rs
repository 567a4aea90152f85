//! What refunds are for, as the rows say that belong to them: pieces of lines, shipping, duties, goodwill, less a fee.
//!
//! Several systems may tell of one credit. Those of the shop and of the tills count; without any, those of the source that tells most.

use super::refunds::RefundView;
use crate::entities::RowOf;
use crate::entities::order::input::{Contradiction, Input};
use crate::entities::order::placed::Placed;
use crate::entities::order::pooling;
use crate::entities::rules::Role;
use crate::facts::order::{Credit, CreditLine, ErpPosted, LineRef, PostedKind};
use crate::facts::{Amount, Moment, Quantity, SourceId};

/// What the credits that count say.
#[derive(Clone, Debug, Default)]
pub struct Credits {
    /// Of each line, in the order of the lines as placed.
    pub lines: Vec<CreditedLine>,
    /// For goods that no row assigns to a line.
    pub goods: Amount,
    /// For shipping and the like.
    pub shipping: Amount,
    /// For duties.
    pub duty: Amount,
    /// For nothing that was sold.
    pub goodwill: Amount,
    /// Its parts, each with the moment of its credit.
    pub goodwill_parts: Vec<(Moment, Amount)>,
    /// Kept back.
    pub fee: Amount,
    /// Each credit that names pieces.
    pub naming: Vec<NamingCredit>,
    /// Its parts, each with the moment of its credit.
    pub fee_parts: Vec<(Moment, Amount)>,
    /// They are the ERP's credit notes, which name no refund: at most what the goods are worth counts.
    pub by_erp: bool,
    /// Refunds that these credits name, by their places among [`RefundView`]s.
    pub paid_by: Vec<usize>,
    /// What those pay.
    pub money: Amount,
    /// When the newest was made.
    pub newest: Option<Moment>,
}

/// A credit that names pieces.
#[derive(Clone, Debug)]
pub struct NamingCredit {
    /// When it was made.
    pub at: Moment,
    /// Kept back.
    pub fee: Amount,
    /// By line.
    pub pieces: Vec<Quantity>,
}

/// Pieces of a line in credits.
#[derive(Clone, Copy, Debug, Default)]
pub struct CreditedLine {
    /// Pieces.
    pub pieces: Quantity,
    /// Credited for them; of pieces for which it is not told, what they are worth.
    pub gross: Amount,
}

pub(super) fn read(input: &Input<'_>, placed: &Placed<'_>, refunds: &[RefundView<'_>], contradictions: &mut Vec<Contradiction>) -> Credits {
    let none = Credits { lines: vec![CreditedLine::default(); placed.lines.len()], ..Credits::default() };
    if input.rows.live::<Credit>().next().is_none() {
        return by_erp(input, placed, none);
    }
    let mut counting: Vec<RowOf<'_, Credit>> = Vec::new();
    for each in input.rows.live::<Credit>() {
        let RowOf { key, stored, row } = each;
        if row.currency != placed.currency {
            continue;
        }
        let parts = [row.goods.unwrap_or_default(), row.shipping, row.duty, row.goodwill, row.fee];
        if let Some(below) = parts.iter().find(|part| part.is_negative()) {
            let sentence = format!("credit {} has a part below zero ({below})", key.id);
            contradictions.push(Contradiction::new(&format!("credit {}", key.id), sentence, stored.cause));
            continue;
        }
        counting.push(each);
    }
    let at_shop = |source: SourceId| Some(source) == placed.shop || input.rules.plays(source, Role::Pos);
    if counting.iter().any(|each| at_shop(each.key.source)) {
        counting.retain(|each| at_shop(each.key.source));
    } else if let Some(most) = counting.iter().map(|each| each.key.source).max_by_key(|source| money_of(refunds, &counting, *source)) {
        counting.retain(|each| each.key.source == most);
    }
    let mut all = none;
    for each in counting {
        all.add(input, placed, &each, contradictions);
        for (place, refund) in refunds.iter().enumerate() {
            if refund.source == each.key.source && each.row.refunds.iter().any(|id| id == refund.id) && !all.paid_by.contains(&place) {
                all.paid_by.push(place);
                all.money += if refund.success || refund.pending { refund.amount.floor_zero() } else { Amount::ZERO };
            }
        }
    }
    all
}

/// Where no other credit is told, the ERP's posted credit notes are one: what they credit below the worth of the goods wins.
fn by_erp(input: &Input<'_>, placed: &Placed<'_>, mut all: Credits) -> Credits {
    let ordered: Vec<Quantity> = placed.lines.iter().map(|line| line.ordered).collect();
    let mut taken = vec![Quantity::ZERO; placed.lines.len()];
    let notes = input.rows.live::<ErpPosted>().filter(|each| each.row.kind == PostedKind::CreditNote && each.row.quantity.is_positive());
    for RowOf { row, .. } in notes.filter(|each| input.rules.plays(each.key.source, Role::Erp)) {
        let Some(gross) = row.gross.filter(|gross| gross.is_positive()) else { continue };
        let targets = pooling::targets(&placed.lines, &LineRef::Sku(row.sku.clone()));
        for (i, pieces) in pooling::spread(row.quantity, &targets, &[&ordered], &mut taken) {
            let line = &placed.lines[i];
            let worth = line.worth_of(pieces.min(line.ordered));
            all.lines[i].pieces += pieces;
            all.lines[i].gross += gross.share(pieces, row.quantity, placed.currency).min(worth);
            all.by_erp = true;
        }
    }
    all
}

fn money_of(refunds: &[RefundView<'_>], credits: &[RowOf<'_, Credit>], source: SourceId) -> Amount {
    let named = |id: &str| credits.iter().any(|each| each.key.source == source && each.row.refunds.iter().any(|refund| refund == id));
    refunds.iter().filter(|refund| refund.source == source && named(refund.id)).map(|refund| refund.amount).sum()
}

impl Credits {
    /// The part of the fees that is not kept yet: of pieces that a credit names and that are not back, as `gone` tells by line. Earlier credits come
    /// first.
    pub fn fee_to_come(&self, gone: &[Quantity]) -> Amount {
        let mut naming: Vec<&NamingCredit> = self.naming.iter().collect();
        naming.sort_by_key(|credit| credit.at);
        let (mut named, mut to_come) = (vec![Quantity::ZERO; gone.len()], Amount::ZERO);
        for credit in naming {
            named.iter_mut().zip(&credit.pieces).for_each(|(named, pieces)| *named += *pieces);
            let waits = (0..gone.len()).any(|i| credit.pieces[i].is_positive() && named[i] > gone[i]);
            to_come += if waits { credit.fee } else { Amount::ZERO };
        }
        to_come
    }

    fn add(&mut self, input: &Input<'_>, placed: &Placed<'_>, each: &RowOf<'_, Credit>, contradictions: &mut Vec<Contradiction>) {
        let RowOf { key, row, .. } = each;
        let (mut of_lines, mut lines_tell) = (Amount::ZERO, true);
        let mut named: Vec<CreditedLine> = vec![CreditedLine::default(); placed.lines.len()];
        let ordered: Vec<Quantity> = placed.lines.iter().map(|line| line.ordered).collect();
        let mut taken: Vec<Quantity> = self.lines.iter().map(|line| line.pieces).collect();
        for part in input.rows.live::<CreditLine>().filter(|part| part.key.source == key.source && part.row.credit == key.id) {
            let wrong = |what: String| {
                Contradiction::new(&format!("credit line {}", part.key.id), format!("credit {}: {what}", key.id), part.stored.cause)
            };
            if part.row.quantity.is_negative() || part.row.gross.is_some_and(Amount::is_negative) {
                contradictions.push(wrong(format!("{} is credited below zero", pooling::name(&part.row.line))));
                continue;
            }
            lines_tell &= part.row.gross.is_some();
            let targets = pooling::targets(&placed.lines, &part.row.line);
            if targets.is_empty() {
                // A bundle that was taken apart: its parts are lines of their own.
                let mut known = false;
                for (line, named) in placed.lines.iter().zip(&mut named) {
                    let Some(each) = line.pieces_of(pooling::name(&part.row.line)) else { continue };
                    let pieces = part.row.quantity.times(each).min(line.ordered);
                    let gross = line.worth_of(pieces);
                    (named.pieces, named.gross, known) = (named.pieces + pieces, named.gross + gross, true);
                    of_lines += gross;
                }
                if !known && placed.whole.holds {
                    contradictions.push(wrong(format!("{} is not on the order", pooling::name(&part.row.line))));
                }
                continue;
            }
            let parts = pooling::spread(part.row.quantity, &targets, &[&ordered], &mut taken);
            let (mut left, mut rest) = (part.row.quantity, part.row.gross);
            for (line, pieces) in parts {
                let placed = &placed.lines[line];
                let gross = match &mut rest {
                    Some(rest) => {
                        let gross = rest.share(pieces, left, placed.currency);
                        *rest -= gross;
                        gross
                    }
                    None => placed.worth_of(pieces.min(placed.ordered)),
                };
                left -= pieces;
                of_lines += gross;
                named[line].pieces += pieces;
                named[line].gross += gross;
            }
        }
        let shipping = row.shipping - off_shipping(row, of_lines, &named, placed);
        // What the head says of goods stands above its lines: it takes the rest of rounding.
        if let Some(goods) = row.goods.map(|goods| goods + row.shipping - shipping) {
            match (0..named.len()).filter(|&i| named[i].pieces.is_positive()).max_by_key(|&i| named[i].gross) {
                // Each of its lines says what it is for: the rest is of lines that are not read yet.
                Some(_) if lines_tell && goods - of_lines > placed.currency.minor_unit().times(pieces_of(&named)) => {
                    self.goods += goods - of_lines;
                }
                Some(largest) => named[largest].gross = (named[largest].gross + goods - of_lines).floor_zero(),
                None => self.goods += goods,
            }
        }
        // An adjustment of no more than a minor unit a piece is the shop's rounding of the same sum, and nobody's gift. Of a credit whose lines are not read yet, the pieces may be any of the order.
        let (mut goodwill, mut fee) = (row.goodwill, row.fee);
        let pieces = pieces_of(&named);
        let of_head = pieces.is_zero() && row.goods.is_some_and(Amount::is_positive);
        let most = if of_head { ordered.iter().copied().sum() } else { pieces };
        if goodwill + fee <= placed.currency.minor_unit().times(most) {
            match (0..named.len()).filter(|&i| named[i].pieces.is_positive()).max_by_key(|&i| named[i].gross) {
                Some(largest) => named[largest].gross = (named[largest].gross + goodwill - fee).floor_zero(),
                None if of_head => self.goods += goodwill - fee,
                None => {}
            }
            (goodwill, fee) = (Amount::ZERO, Amount::ZERO);
        }
        if pieces.is_positive() {
            let pieces = named.iter().map(|named| named.pieces).collect();
            self.naming.push(NamingCredit { at: row.credited_at, fee, pieces });
        }
        for (line, named) in self.lines.iter_mut().zip(named) {
            line.pieces += named.pieces;
            line.gross += named.gross;
        }
        self.shipping += shipping;
        self.duty += row.duty;
        self.goodwill += goodwill;
        self.fee += fee;
        for (parts, part) in [(&mut self.goodwill_parts, goodwill), (&mut self.fee_parts, fee)] {
            if part.is_positive() {
                parts.push((row.credited_at, part));
            }
        }
        self.newest = self.newest.max(Some(row.credited_at));
    }
}

fn pieces_of(named: &[CreditedLine]) -> Quantity {
    named.iter().map(|named| named.pieces).sum()
}

/// The part of a credit's shipping that a discount had taken off. Some shops (Magento) tell shipping before the discount and the lines after theirs, so
/// that the goods of the head are the less by it.
fn off_shipping(row: &Credit, of_lines: Amount, named: &[CreditedLine], placed: &Placed<'_>) -> Amount {
    let pieces = pieces_of(named);
    let short = row.goods.map_or(Amount::ZERO, |goods| of_lines - goods);
    if short <= placed.currency.minor_unit().times(pieces) { Amount::ZERO } else { short.min(row.shipping) }
}
