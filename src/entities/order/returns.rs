//! What comes back: authorisations and receipts, put to lines; *r*, the pieces returned for money; what became of the goods.
//!
//! r is the least of despatched, authorised (approved, resolution of money) and received in accepted condition or not expected at all. Lines
//! that a row names come first; where rows name only the SKU its lines are pooled.

use super::decisions::Decisions;
use super::findings::Findings;
use super::parcels::{self, Fate};
use super::pooling::{self, Parts, Targets};
use super::receipts::{self, Received};
use super::view::{LineView, ParcelView, ReceiptView, ReturnLineView, ReturnView};
use crate::entities::Rows;
use crate::entities::rules::{Authority, Role, Rules};
use crate::facts::order::{Condition, DisposedTo, GoodsExpected, LineRef, Resolution, ReturnDocument, ReturnState, Word};
use crate::facts::{Cause, Moment, OrderRow, Quantity, SourceId};

/// A line of an authorisation, by the authority.
pub(super) struct Authorised<'a> {
    pub source: SourceId,
    pub rma: &'a str,
    id: &'a str,
    /// It names a SKU, and not a line.
    pooled: bool,
    pub quantity: Quantity,
    resolution: Resolution,
    goods_expected: GoodsExpected,
    reason: &'a str,
    /// Its own state, or that of its document's head.
    state: &'a Word<ReturnState>,
    pub approved_at: Option<Moment>,
    gone: bool,
    /// When its row speaks, and the record that said so.
    pub at: Moment,
    pub cause: Cause,
    pub targets: Targets,
}

impl<'a> Authorised<'a> {
    /// What tells its document from others: two systems may give the same number.
    pub fn document(&self) -> (&'a str, SourceId) {
        (self.rma, self.source)
    }

    /// Approved, or closed, posted or gone after approval.
    fn approved(&self) -> bool {
        matches!(self.state, Word::Known(ReturnState::Approved | ReturnState::Closed | ReturnState::Posted))
    }

    /// Approved, standing, and its goods are to come.
    pub fn awaited(&self) -> bool {
        *self.state == Word::Known(ReturnState::Approved) && !self.gone && self.counts() && !self.not_expected()
    }

    /// Only asked for. Deleted before it was approved: withdrawn.
    fn asked(&self) -> bool {
        *self.state == Word::Known(ReturnState::Asked) && !self.gone
    }

    fn for_money(&self) -> bool {
        matches!(self.resolution, Resolution::Refund | Resolution::StoreCredit)
    }

    /// Authorised in the sense of rows.md.
    pub(super) fn counts(&self) -> bool {
        self.approved() && self.resolution != Resolution::Reject && self.quantity.is_positive()
    }

    pub(super) fn not_expected(&self) -> bool {
        self.goods_expected != GoodsExpected::Yes
    }
}

/// All rows that speak of goods coming back.
pub(super) struct Returns<'a> {
    pub authorised: Vec<Authorised<'a>>,
    pub received: Vec<Received<'a>>,
}

/// The head of the authorisation, where its authority keeps the state there; and whether it was deleted.
fn document<'a>(rows: &'a Rows<OrderRow>, source: SourceId, rma: &str) -> Option<(&'a ReturnDocument, bool)> {
    rows.of(OrderRow::RETURN_DOCUMENT, source).find_map(|(_, stored)| match &stored.row {
        Some(OrderRow::ReturnDocument(head)) if head.rma == rma => Some((head, stored.deleted)),
        _ => None,
    })
}

/// `till`: the source that sold the order at a counter, which tells of what is brought back there.
pub(super) fn read<'a>(
    rows: &'a Rows<OrderRow>,
    rules: &'a Rules,
    decisions: &Decisions<'a>,
    lines: &[LineView<'a>],
    till: Option<SourceId>,
    findings: &mut Findings,
) -> Returns<'a> {
    let at_till = |source: SourceId| till == Some(source) || rules.plays(source, Role::Pos);
    let mut authorised: Vec<Authorised<'a>> = Vec::new();
    for (key, stored) in rows.of_kind(OrderRow::RETURN_LINE) {
        let Some(OrderRow::ReturnLine(row)) = &stored.row else { continue };
        if !rules.counts_from(Authority::Returns, key.source) && !at_till(key.source) {
            continue;
        }
        let head = document(rows, key.source, &row.rma);
        authorised.push(Authorised {
            source: key.source,
            rma: &row.rma,
            id: &key.id,
            pooled: matches!(row.line, LineRef::Sku(_)),
            quantity: row.quantity,
            resolution: row.resolution,
            goods_expected: row.goods_expected,
            reason: &row.reason,
            state: head.map_or(&row.state, |(head, _)| &head.state),
            approved_at: head.and_then(|(head, _)| head.approved_at).or(row.approved_at),
            gone: stored.deleted || head.is_some_and(|(_, gone)| gone),
            at: stored.at,
            cause: stored.cause,
            targets: pooling::targets(lines, &row.line),
        });
    }
    authorised.sort_by(|a, b| (a.pooled, a.rma, a.id, a.source).cmp(&(b.pooled, b.rma, b.id, b.source)));
    let received = receipts::read(rows, rules, decisions, lines, at_till, findings);
    Returns { authorised, received }
}

/// What is due for a parcel that is refunded: settled, nothing more is to come.
const SETTLED: Word<ReturnState> = Word::Known(ReturnState::Posted);

impl<'a> Returns<'a> {
    /// A parcel that is refunded (see [`parcels::refunded`]) is a return for money that Waybill itself has authorised, under the despatch's number:
    /// of what was lost no goods are expected, what came back undelivered counts once it is received. A decision refunds the pieces that it was made
    /// for, and not what is found in the parcel later.
    pub fn refund_parcels(&mut self, parcels: &[ParcelView<'a>], lines: &[LineView<'_>], rules: &Rules) {
        for (parcel, (why, at)) in parcels.iter().filter_map(|parcel| Some((parcel, parcels::refunded(parcel, rules)?))) {
            for (line, quantity) in decided_pieces(parcel, lines) {
                let here = || self.received.iter().any(|row| row.quantity.is_positive() && row.targets.contains(&line));
                if why == Fate::Undelivered && !here() {
                    continue;
                }
                self.authorised.push(Authorised {
                    source: SourceId::WAYBILL,
                    rma: parcel.key,
                    id: "",
                    pooled: false,
                    quantity,
                    resolution: Resolution::Refund,
                    goods_expected: if why == Fate::Lost { GoodsExpected::No } else { GoodsExpected::Yes },
                    reason: why.name(),
                    state: &SETTLED,
                    approved_at: Some(at),
                    gone: false,
                    at,
                    cause: parcel.cause,
                    targets: Targets::from_iter([line]),
                });
            }
        }
    }

    /// Sums of the lines of `group` (by any row that speaks of one of them): authorised for money, accepted or not expected.
    pub fn sums(&self, group: &[usize]) -> (Quantity, Quantity) {
        let of_group = |targets: &Targets| targets.first().is_some_and(|line| group.contains(line));
        let for_money = self.authorised.iter().filter(|row| row.counts() && row.for_money() && of_group(&row.targets));
        let (mut authorised, mut there) = (Quantity::ZERO, Quantity::ZERO);
        for row in for_money {
            authorised += row.quantity;
            if row.not_expected() {
                there += row.quantity;
            }
        }
        there += self.received.iter().filter(|row| row.accepted() && of_group(&row.targets)).map(|row| row.quantity).sum();
        (authorised, there)
    }

    /// Puts authorisations and receipts to lines; the stage's figures and the returns come out.
    pub fn put_to_lines(&self, late: Option<Moment>, lines: &mut [LineView<'a>], findings: &mut Findings) -> Outcome<'a> {
        let none = || vec![Quantity::ZERO; lines.len()];
        let ordered: Vec<Quantity> = lines.iter().map(|line| line.n).collect();
        let despatched: Vec<Quantity> = lines.iter().map(|line| line.d).collect();
        // Where one side names lines and the other only the SKU, the pooled side follows the named.
        let mut named = none();
        for row in self.received.iter().filter(|row| !row.pooled && row.accepted()) {
            pooling::spread(row.quantity, &row.targets, &[], &mut named);
        }
        let named: Vec<Quantity> = named.iter().zip(&despatched).map(|(named, d)| (*named).min(*d)).collect();

        let mut money = none();
        let mut any = none();
        let mut not_expected = none();
        let mut parts_of: Vec<Parts> = Vec::with_capacity(self.authorised.len());
        for row in &self.authorised {
            if !row.counts() {
                parts_of.push(row.targets.first().map(|&line| (line, row.quantity)).into_iter().collect());
                continue;
            }
            let parts = pooling::spread(row.quantity, &row.targets, &[&named, &despatched, &ordered], &mut any);
            for &(line, quantity) in &parts {
                if row.for_money() {
                    money[line] += quantity;
                }
                if row.not_expected() {
                    not_expected[line] += quantity;
                }
            }
            parts_of.push(parts);
        }
        let covered: Vec<Quantity> = any.iter().zip(&despatched).map(|(any, d)| (*any).min(*d)).collect();

        let mut all = none();
        let mut goods = Goods { sellable: none(), damaged: none(), unspoken: none() };
        let mut receipts = Vec::with_capacity(self.received.len());
        for row in &self.received {
            let parts = pooling::spread(row.quantity, &row.targets, &[&covered, &despatched, &ordered], &mut all);
            if parts.is_empty() && row.quantity.is_positive() {
                let sentence = format!("receipt {} holds goods that are not on the order", row.receipt);
                findings.other_item("return-other-item", row.receipt, sentence, row.cause, late);
            }
            goods.add(row, &parts);
            receipts.push(parts);
        }
        for (i, line) in lines.iter_mut().enumerate() {
            line.authorised = money[i];
            line.received = all[i];
            line.accepted_goods = goods.accepted(i) + not_expected[i];
            line.r = line.d.min(line.n).min(line.authorised).min(line.accepted_goods).floor_zero();
        }
        let unlogged = (0..lines.len()).any(|i| all[i].is_positive() && !any[i].is_positive())
            || receipts.iter().zip(&self.received).any(|(parts, row)| parts.is_empty() && row.quantity.is_positive());
        let there = (0..lines.len()).map(|i| any[i].min(all[i] + not_expected[i])).sum();
        let expected = any.iter().copied().sum();
        let returns = self.by_authorisation(lines, &parts_of, &receipts);
        let all = all.into_iter().zip(any).map(|(received, authorised)| Back { received, authorised }).collect();
        Outcome { returns, unlogged, expected, there, goods, not_expected, all, receipts }
    }

    /// Each authorisation with its lines and the receipts under it: by the number that a receipt names, else by its lines.
    fn by_authorisation(&self, lines: &[LineView<'a>], parts_of: &[Parts], receipts: &[Parts]) -> Vec<ReturnView<'a>> {
        let mut returns: Vec<ReturnView<'a>> = Vec::new();
        for (row, parts) in self.authorised.iter().zip(parts_of) {
            let place = match returns.iter().position(|view| view.document() == row.document()) {
                Some(place) => place,
                None => {
                    returns.push(ReturnView { rma: row.rma, source: row.source, lines: Vec::new(), receipts: Vec::new() });
                    returns.len() - 1
                }
            };
            returns[place].lines.push(ReturnLineView {
                line: parts.first().map(|(line, _)| *line),
                quantity: row.quantity,
                state: row.state,
                gone: row.gone,
                for_money: row.for_money(),
                goods_expected: !row.not_expected(),
                authorised: row.counts(),
                reason: row.reason,
                approved_at: row.approved_at,
            });
        }
        returns.sort_by_key(ReturnView::document);
        for (row, parts) in self.received.iter().zip(receipts) {
            let Some(view) = home(&mut returns, row, parts, lines) else { continue };
            view.receipts.push(ReceiptView {
                receipt: row.receipt,
                source: row.source,
                lines: parts.to_vec(),
                condition: row.condition,
                location: row.location,
                bucket: row.bucket,
                received_at: row.received_at,
                uncounted: (row.sellable() && !row.counted).then_some(row.id),
            });
        }
        returns
    }

    pub fn any_asked(&self) -> bool {
        self.authorised.iter().any(Authorised::asked)
    }

    pub fn any_authorised(&self) -> bool {
        self.authorised.iter().any(Authorised::counts)
    }

    pub fn any_received(&self) -> bool {
        self.received.iter().any(|row| row.quantity.is_positive())
    }
}

/// What is in the parcel, as far as a decision about it was made for that.
fn decided_pieces(parcel: &ParcelView<'_>, lines: &[LineView<'_>]) -> Parts {
    let decided = parcel.decided.map_or(&[][..], |decided| decided.lines);
    if decided.is_empty() {
        return parcel.lines.iter().copied().collect();
    }
    let (mut content, mut taken) = (vec![Quantity::ZERO; lines.len()], vec![Quantity::ZERO; lines.len()]);
    parcel.lines.iter().for_each(|(line, quantity)| content[*line] += *quantity);
    for (of, quantity) in decided {
        pooling::spread(*quantity, &pooling::targets(lines, of), &[&content], &mut taken);
    }
    let parts = content.iter().zip(&taken).map(|(there, decided)| (*there).min(*decided)).enumerate();
    parts.filter(|(_, part)| part.is_positive()).collect()
}

/// The authorisation that a receipt is for: the one that it names; else the first that authorises a piece of one of its lines.
fn home<'v, 'a>(
    returns: &'v mut [ReturnView<'a>],
    row: &Received<'a>,
    parts: &Parts,
    lines: &[LineView<'a>],
) -> Option<&'v mut ReturnView<'a>> {
    let named = row.rma.and_then(|rma| returns.iter().position(|view| view.rma == rma));
    let place = named.or_else(|| {
        returns.iter().position(|view| {
            view.lines
                .iter()
                .any(|line| line.authorised && line.line.is_some_and(|i| parts.iter().any(|(part, _)| lines[*part].sku == lines[i].sku)))
        })
    })?;
    returns.get_mut(place)
}

/// What came back in accepted condition, by line.
pub(super) struct Goods {
    /// Sellable, in a bucket that sells, and counted there.
    sellable: Vec<Quantity>,
    damaged: Vec<Quantity>,
    /// Neither settled as stock nor as damaged by the receipt alone.
    unspoken: Vec<Quantity>,
}

impl Goods {
    fn add(&mut self, row: &Received<'_>, parts: &Parts) {
        let into = match row.condition {
            Word::Known(Condition::Sellable) if row.sellable_bucket && row.counted => &mut self.sellable,
            Word::Known(Condition::Damaged) => &mut self.damaged,
            Word::Known(Condition::Sellable | Condition::Unspoken) => &mut self.unspoken,
            _ if row.decided => &mut self.unspoken,
            Word::Known(Condition::Rejected | Condition::OtherItem) | Word::Unknown(_) => return,
        };
        for &(line, quantity) in parts {
            into[line] += quantity;
        }
    }

    fn accepted(&self, line: usize) -> Quantity {
        self.sellable[line] + self.damaged[line] + self.unspoken[line]
    }
}

/// Of a line: pieces that came back in whatever condition, and pieces that are authorised to, for whatever reason.
#[derive(Clone, Copy, Default)]
pub(super) struct Back {
    pub received: Quantity,
    pub authorised: Quantity,
}

/// What the returns come to.
pub(super) struct Outcome<'a> {
    pub returns: Vec<ReturnView<'a>>,
    pub unlogged: bool,
    /// Pieces that are authorised to come back, and those of them that are there (or need not come).
    pub expected: Quantity,
    pub there: Quantity,
    goods: Goods,
    not_expected: Vec<Quantity>,
    /// By line.
    all: Vec<Back>,
    /// What each receipt gives to each line.
    receipts: Vec<Parts>,
}

impl Outcome<'_> {
    /// Pieces of a line that came back and that nobody authorised.
    pub fn unlogged_of(&self, line: usize) -> Quantity {
        let back = self.back(line);
        (back.received - back.authorised).floor_zero()
    }

    pub fn back(&self, line: usize) -> Back {
        self.all.get(line).copied().unwrap_or_default()
    }

    /// What each receipt gives to each line, in the order of [`Returns::received`].
    pub fn receipts(&self) -> &[Parts] {
        &self.receipts
    }

    /// *Settled* goods: pieces received as damaged are written off, as sellable are stock once a count of their location holds them, those with
    /// a disposition are what it says, and those that need not come are settled as they are.
    pub fn settle(&self, rows: &Rows<OrderRow>, lines: &mut [LineView<'_>]) {
        let mut disposed = [vec![Quantity::ZERO; lines.len()], vec![Quantity::ZERO; lines.len()], vec![Quantity::ZERO; lines.len()]];
        let accepted: Vec<Quantity> = (0..lines.len()).map(|i| self.goods.accepted(i)).collect();
        let mut taken = vec![Quantity::ZERO; lines.len()];
        for (_, stored) in rows.of_kind(OrderRow::DISPOSITION) {
            let Some(OrderRow::Disposition(row)) = &stored.row else { continue };
            if stored.deleted || !row.quantity.is_positive() {
                continue;
            }
            let into = match row.to {
                DisposedTo::Stock => &mut disposed[0],
                DisposedTo::WriteOff => &mut disposed[1],
                DisposedTo::SentBack => &mut disposed[2],
                DisposedTo::Quarantine => continue,
            };
            for (line, quantity) in pooling::spread(row.quantity, &pooling::targets(lines, &row.line), &[&accepted], &mut taken) {
                into[line] += quantity;
            }
        }
        for (i, line) in lines.iter_mut().enumerate() {
            let mut unspoken = self.goods.unspoken[i];
            let mut sellable = self.goods.sellable[i];
            let mut damaged = self.goods.damaged[i];
            let [stock, written_off, sent_back] = [disposed[0][i], disposed[1][i], disposed[2][i]];
            // A disposition speaks first of pieces whose condition nobody told, then of those that it moves to the other side.
            take(stock, [&mut unspoken, &mut damaged, &mut sellable]);
            take(written_off + sent_back, [&mut unspoken, &mut sellable, &mut damaged]);
            line.settled_written_off = (damaged + written_off).min(line.r);
            line.settled_stock = (sellable + stock).min(line.r - line.settled_written_off);
            let rest = line.r - line.settled_written_off - line.settled_stock;
            line.settled_other = (self.not_expected[i] + sent_back).min(rest);
        }
    }
}

/// Takes `quantity` from the heaps in their order.
fn take(mut quantity: Quantity, heaps: [&mut Quantity; 3]) {
    for heap in heaps {
        let part = (*heap).min(quantity);
        *heap -= part;
        quantity -= part;
    }
}
