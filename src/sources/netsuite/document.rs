//! A transaction as all channels tell it: read once, whatever its spelling, and put out as rows.
//!
//! **Whole bodies are lists.** A body that tells its lines tells all of them: a line that was taken off vanishes without a word. So its rows have ids of a
//! [`WholeList`], and only those of the newest body stand. A row of a table or of a search stands by itself.

use super::assumptions::Kind;
use super::context::{EventKind, RecordContext};
use crate::envelope::{DecodeError, SpelledRow};
use crate::facts::ids::{WholeList, join_key};
use crate::facts::order::{CrossReference, DocumentKind};
use crate::facts::{Alias, Amount, Link, Moment, OrderRow, Place, Quantity, Sku, Subject, Text};
use crate::sources::facts_out::FactsOut;

/// What a transaction says, but for what only one kind of record has.
pub(super) struct Document<'a> {
    pub(super) kind: Kind,
    /// Its internal id.
    pub(super) id: Text,
    /// Its number, for people.
    pub(super) number: Option<Text>,
    /// The shop's number of its order.
    pub(super) order_number: Option<Text>,
    /// The document that it was made from.
    pub(super) made_from: MadeFrom,
    /// Its state: the letter.
    pub(super) state: Option<char>,
    /// A word of a state that has no meaning here.
    pub(super) unknown_state: Option<Text>,
    pub(super) place: Place,
    /// When it was changed.
    pub(super) at: Moment,
    pub(super) created_at: Option<Moment>,
    /// Only some of its fields are told.
    pub(super) partial: bool,
    pub(super) lines: ToldLines,
    /// What only one kind of record has.
    pub(super) head: SpelledRow<'a>,
    pub(super) sublists: SpelledRow<'a>,
}

/// The document that another one was made from.
#[derive(Default)]
pub(super) struct MadeFrom {
    pub(super) id: Option<Text>,
    pub(super) number: Option<Text>,
    /// It is no order or return of a customer: what was made from it is none of ours.
    pub(super) of_others: bool,
}

/// A transaction's lines.
pub(super) enum ToldLines {
    /// The record does not tell them.
    NotTold,
    /// The record has them, and its reader did not ask for them: which member holds the link.
    Linked(&'static str),
    /// All that there are.
    Whole(Vec<GoodsLine>),
    /// One of them, or part of it.
    Row(Box<GoodsLine>),
}

/// A line of goods.
#[derive(Clone)]
pub(super) struct GoodsLine {
    /// The id that the document gives to the line.
    pub(super) id: Text,
    pub(super) sku: Sku,
    /// The item's internal id.
    pub(super) item: Option<Text>,
    pub(super) quantity: Quantity,
    pub(super) fulfilled: Quantity,
    pub(super) billed: Quantity,
    pub(super) received: Quantity,
    /// No more of it will be delivered, or received.
    pub(super) closed: bool,
    /// The line takes part in the document.
    pub(super) included: bool,
    /// A component of a kit, which has a line of its own.
    pub(super) of_kit: bool,
    pub(super) drop_ship: bool,
    pub(super) location: Option<Text>,
    /// The shop's id of the line.
    pub(super) shop_line: Option<Text>,
    /// Tax inside.
    pub(super) gross: Option<Amount>,
    pub(super) reason: Text,
}

/// Of an inline edit that tells what can't be read without the rest.
pub(super) const LOAD_IT: &str = "the whole record (an inline edit tells only what it changed: have the script load the record)";

impl Document<'_> {
    /// What people call it.
    pub(super) fn label(&self) -> Text {
        self.number.clone().unwrap_or_else(|| self.id.clone())
    }

    pub(super) fn alias(&self, cx: &RecordContext<'_>) -> Alias {
        cx.netsuite.document(&self.id)
    }

    /// Its number and its internal id, where both are told.
    pub(super) fn cross_reference(&self, cx: &RecordContext<'_>, of: DocumentKind, out: &mut FactsOut<'_>) {
        if let Some(number) = &self.number {
            let row = OrderRow::CrossReference(CrossReference { of, number: number.clone(), id: self.id.clone() });
            out.order_by_alias(self.alias(cx), self.id.clone(), self.place, self.at, row);
        }
    }

    /// Its number leads to it, and it leads to what it was made from, or to its order.
    pub(super) fn links(&self, cx: &RecordContext<'_>, out: &mut FactsOut<'_>) {
        if let Some(number) = &self.number {
            out.alias(cx.netsuite.numbered(number), Link::Alias(self.alias(cx)), self.place, self.at);
        }
        let to = match (&self.made_from, &self.order_number) {
            (MadeFrom { id: Some(id), .. }, _) => cx.netsuite.document(id),
            (MadeFrom { number: Some(number), .. }, _) => cx.netsuite.numbered(number),
            (_, Some(order)) => cx.netsuite.order(order),
            _ => return,
        };
        if to != self.alias(cx) {
            out.alias(self.alias(cx), Link::Alias(to), self.place, self.at);
        }
    }

    /// A row for each line that `row` makes one of, with the time `at`. `base` names the list: the document's id, and a word where one document has several
    /// lists of one kind.
    pub(super) fn each_line(
        &self,
        (cx, out): (&RecordContext<'_>, &mut FactsOut<'_>),
        (base, kind, at): (&str, u8, Moment),
        row: impl Fn(&GoodsLine) -> Option<OrderRow>,
    ) {
        let alias = self.alias(cx);
        match &self.lines {
            ToldLines::NotTold | ToldLines::Linked(_) => {}
            ToldLines::Whole(lines) => {
                let rows = lines.iter().filter_map(|line| Some((line.id.clone(), row(line)?)));
                put_list(out, &alias, (base, kind), (self.place, at), rows);
            }
            ToldLines::Row(line) => {
                let id = join_key(&[base, "row", &line.id]);
                match row(line) {
                    Some(row) => out.order_by_alias(alias, id, self.place, at, row),
                    None => out.deleted(Subject::Alias(alias), kind, id, self.place, at),
                }
            }
        }
    }

    /// The lines have to be told here: without them nobody knows which goods it moved.
    pub(super) fn needs_lines(&self) -> Result<(), DecodeError> {
        match self.lines {
            ToldLines::Linked(member) => {
                Err(DecodeError::new(member, "the lines (read the record with expandSubResources=true)", "a link to them"))
            }
            _ => Ok(()),
        }
    }
}

/// The rows of a list that is told whole; of an empty one the mark that it is.
pub(super) fn put_list(
    out: &mut FactsOut<'_>,
    alias: &Alias,
    (base, kind): (&str, u8),
    (place, at): (Place, Moment),
    rows: impl Iterator<Item = (Text, OrderRow)>,
) {
    let mut any = false;
    for (id, row) in rows {
        any = true;
        out.order_by_alias(alias.clone(), WholeList::id(base, &id), place, at, row);
    }
    if !any {
        out.deleted(Subject::Alias(alias.clone()), kind, WholeList::id(base, ""), place, at);
    }
}

/// Above a stamp's digest stands how far the body has got.
const DIGEST_BITS: u32 = 40;
/// The rank of an event that was sent in the very millisecond of its stamp.
const SENT_AT_ONCE: i64 = 1 << 31;
const MINUTE: i64 = 60_000;

impl RecordContext<'_> {
    /// The place of a record that was changed at `modified`, which may be cut to the minute. Of two within one minute the one whose script ran later is
    /// the newer, where scripts tell that; else the one that is further on (`progress`); at last any fixed choice. A body without the time of a script was
    /// read afterwards: it is newer than the events of its minute.
    pub(super) fn place(&self, modified: Option<Moment>, progress: u32) -> (Place, Moment) {
        let at = modified.or(self.sent_at).unwrap_or(self.arrival);
        let millis = if modified.is_some() { at.0 } else { at.0.div_euclid(MINUTE) * MINUTE };
        let rank = self.sent_at.map_or(u32::MAX, |sent| {
            let late = sent.0.saturating_sub(millis).saturating_add(SENT_AT_ONCE);
            u32::try_from(late.clamp(0, i64::from(u32::MAX - 1))).unwrap_or(u32::MAX - 1)
        });
        let tie = u64::from(progress.min((1 << 24) - 1)) << DIGEST_BITS | self.digest >> (u64::BITS - DIGEST_BITS);
        (Place::Stamp { millis, rank, tie }, at)
    }

    /// The place of a deletion: after all that was told of the record in its minute, since ids are never given again.
    pub(super) fn place_of_deletion(&self, deleted: Option<Moment>) -> (Place, Moment) {
        let at = deleted.or(self.sent_at).unwrap_or(self.arrival);
        (Place::Stamp { millis: at.0, rank: u32::MAX, tie: u64::MAX }, at)
    }

    pub(super) fn is_partial(&self) -> bool {
        self.event == EventKind::Partial
    }
}

/// How far a body is, for those of one minute: its state first, then what was done of its lines.
pub(super) fn progress(rank: u32, lines: &ToldLines) -> u32 {
    let of = |line: &GoodsLine| {
        let done = line.fulfilled + line.billed + line.received;
        let done = u32::try_from(done.decimal().trunc().mantissa().clamp(0, 0xffff)).unwrap_or_default();
        done + u32::from(line.closed)
    };
    let done: u32 = match lines {
        ToldLines::NotTold | ToldLines::Linked(_) => 0,
        ToldLines::Whole(lines) => lines.iter().map(of).fold(0, u32::saturating_add),
        ToldLines::Row(line) => of(line),
    };
    rank << 20 | done.min((1 << 20) - 1)
}
