//! Posted documents: shipments, invoices, return receipts, credit memos. They stay when the open document is deleted.

use std::sync::LazyLock;

use super::cells::{ItemColumns, is_item, number};
use super::documents::{ORDER, RETURN};
use super::reader::{NavMeaning, NavReader, NavTable, Owner};
use crate::envelope::debezium::Op;
use crate::envelope::{DecodeError, SpelledColumns, SpelledRow, spelled};
use crate::facts::ids::join_key;
use crate::facts::order::{ErpPosted, PostedKind, Tracking};
use crate::facts::{Alias, EntityKind, Link, OrderRow, Subject, Text};
use crate::sources::facts_out::FactsOut;
use crate::sources::tables::RowsOf;

spelled! {
    mod header {
        NUMBER = "No_",
        ORDER = "Order No_",
        RETURN = "Return Order No_",
        EXTERNAL = "External Document No_",
        TRACKING = "Package Tracking No_",
        AGENT = "Shipping Agent Code",
        MODIFIED = "$systemModifiedAt",
    }
}

spelled! {
    mod line {
        DOCUMENT = "Document No_",
        LINE = "Line No_",
        TYPE = "Type",
        ITEM = "No_",
        VARIANT = "Variant Code",
        QUANTITY = "Quantity",
        QUANTITY_BASE = "Quantity (Base)",
        ORDER = "Order No_",
        RETURN = "Return Order No_",
        GROSS = "Amount Including VAT",
        MODIFIED = "$systemModifiedAt",
    }
}

/// Raise it when the meaning changes that this file gives to a record: records read again then count as newer.
pub(super) const REVISION: u16 = 2;

macro_rules! posted {
    ($posted:ident: $header:ident $header_name:literal, $line:ident $line_name:literal, $begins:literal) => {
        pub(super) static $header: NavTable = NavTable {
            name: $header_name,
            rows: &[RowsOf::of_some(EntityKind::Orders, OrderRow::TRACKING)],
            meaning: NavMeaning {
                columns: LazyLock::new(|| SpelledColumns::new(header::NAMES)),
                owner: |reader, row| $posted.labelled(reader, row),
                upsert: |reader, row, out| $posted.header(reader, row, out),
                moves: true,
            },
        };
        pub(super) static $line: NavTable = NavTable {
            name: $line_name,
            rows: &[RowsOf::beginning(EntityKind::Orders, OrderRow::ERP_POSTED, &[$begins])],
            meaning: NavMeaning {
                columns: LazyLock::new(|| SpelledColumns::new(line::NAMES)),
                owner: |reader, row| $posted.owner(reader, row),
                upsert: |reader, row, out| $posted.line(reader, row, out),
                moves: false,
            },
        };
    };
}

posted!(SHIPMENT: SHIPMENT_HEADER "Sales Shipment Header", SHIPMENT_LINE "Sales Shipment Line", "shipment|");
posted!(INVOICE: INVOICE_HEADER "Sales Invoice Header", INVOICE_LINE "Sales Invoice Line", "invoice|");
posted!(RECEIPT: RECEIPT_HEADER "Return Receipt Header", RECEIPT_LINE "Return Receipt Line", "return-receipt|");
posted!(CREDIT_MEMO: CREDIT_MEMO_HEADER "Sales Cr_Memo Header", CREDIT_MEMO_LINE "Sales Cr_Memo Line", "credit-memo|");

const SHIPMENT: Posted = Posted { kind: PostedKind::Shipment, word: "shipment", from: From::Order, lines_tell: true };
const INVOICE: Posted = Posted { kind: PostedKind::Invoice, word: "invoice", from: From::Order, lines_tell: false };
const RECEIPT: Posted = Posted { kind: PostedKind::ReturnReceipt, word: "return-receipt", from: From::Return, lines_tell: true };
const CREDIT_MEMO: Posted = Posted { kind: PostedKind::CreditNote, word: "credit-memo", from: From::Return, lines_tell: false };

/// A kind of posted document.
struct Posted {
    kind: PostedKind,
    /// In names and ids.
    word: &'static str,
    /// What it is posted from.
    from: From,
    /// Its lines say what they were posted from, in every version of NAV.
    lines_tell: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum From {
    Order,
    Return,
}

impl From {
    fn kind(self) -> &'static str {
        match self {
            Self::Order => ORDER,
            Self::Return => RETURN,
        }
    }
}

const GOODS: ItemColumns = ItemColumns { item: line::ITEM, variant: Some(line::VARIANT) };

impl Posted {
    /// Lays links: from the open document to the order, and where lines need it from the posted document to the open one. Only when the
    /// document is posted: later changes of it (a tracking number, a print counter) repeat what may no longer hold for the open document.
    fn header(&self, reader: &NavReader<'_>, row: &SpelledRow<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
        self.label(reader, row, out)?;
        if reader.op == Op::Update {
            return Ok(());
        }
        let number = number(row, header::NUMBER)?;
        let at = reader.written_at(row.cell(header::MODIFIED))?;
        let from = row.cell(if self.from == From::Order { header::ORDER } else { header::RETURN }).filled()?;
        let open = from.map(|from| reader.adapter.document(self.from.kind(), &from));
        let order = row.cell(header::EXTERNAL).filled()?.map(|order| reader.adapter.order(&order));
        let own = reader.adapter.document(self.word, &number);
        let mut link = |name: Alias, to: Alias| out.alias(name, Link::Alias(to), reader.place, at);
        match (open, order) {
            (Some(open), order) => {
                if !self.lines_tell {
                    link(own, open.clone());
                }
                if let Some(order) = order {
                    link(open, order);
                }
            }
            (None, Some(order)) => link(own, order),
            (None, None) => {}
        }
        Ok(())
    }

    /// The row of the parcel's tracking number, if the header has one: typed in when the shipment is posted, or later. Where no warehouse system is set,
    /// it is the only word on what the carrier's scans are about.
    fn labelled(&self, reader: &NavReader<'_>, row: &SpelledRow<'_>) -> Result<Option<Owner>, DecodeError> {
        if self.kind != PostedKind::Shipment || row.cell(header::TRACKING).filled()?.is_none() {
            return Ok(None);
        }
        let number = number(row, header::NUMBER)?;
        let name = match row.cell(header::ORDER).filled()? {
            Some(order) => reader.adapter.document(ORDER, &order),
            None => reader.adapter.document(self.word, &number),
        };
        Ok(Some(Owner { subject: Subject::Alias(name), kind: OrderRow::TRACKING, id: join_key(&[self.word, &number]) }))
    }

    fn label(&self, reader: &NavReader<'_>, row: &SpelledRow<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
        let (Some(Owner { subject: Subject::Alias(name), id, .. }), Some(tracking)) =
            (self.labelled(reader, row)?, row.cell(header::TRACKING).filled()?)
        else {
            return Ok(());
        };
        let at = reader.written_at(row.cell(header::MODIFIED))?;
        let tracking: Text = tracking.trim().into();
        out.alias(Alias::new(Alias::TRACKING, &tracking), Link::Alias(name.clone()), reader.place, at);
        let label = Tracking {
            despatch: number(row, header::NUMBER)?.into(),
            carrier: row.cell(header::AGENT).filled()?.unwrap_or_default().as_ref().into(),
            number: tracking,
            replaces: None,
            beside: false,
        };
        out.order_by_alias(name, id, reader.place, at, OrderRow::Tracking(label));
        Ok(())
    }

    /// The name that a line goes under: what it was posted from, else the posted document; the open document's number; the line's id.
    fn of(&self, reader: &NavReader<'_>, row: &SpelledRow<'_>) -> Result<Option<(Alias, Text, Text)>, DecodeError> {
        if !is_item(row, line::TYPE, &GOODS)? {
            return Ok(None);
        }
        let document = number(row, line::DOCUMENT)?;
        let id = join_key(&[self.word, &document, &row.cell(line::LINE).id()?]);
        let from = row.cell(if self.from == From::Order { line::ORDER } else { line::RETURN }).filled()?;
        let from: Text = from.map(Text::from).unwrap_or_default();
        let name = if self.lines_tell && !from.is_empty() {
            reader.adapter.document(self.from.kind(), &from)
        } else {
            reader.adapter.document(self.word, &document)
        };
        Ok(Some((name, from, id)))
    }

    fn owner(&self, reader: &NavReader<'_>, row: &SpelledRow<'_>) -> Result<Option<Owner>, DecodeError> {
        let of = self.of(reader, row)?;
        Ok(of.map(|(name, _, id)| Owner { subject: Subject::Alias(name), kind: OrderRow::ERP_POSTED, id }))
    }

    fn line(&self, reader: &NavReader<'_>, row: &SpelledRow<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
        let Some((name, from, id)) = self.of(reader, row)? else { return Ok(()) };
        let at = reader.written_at(row.cell(line::MODIFIED))?;
        let posted = ErpPosted {
            kind: self.kind,
            document: number(row, line::DOCUMENT)?.into(),
            from,
            sku: reader.sku(row, &GOODS)?,
            quantity: reader.base(row, line::QUANTITY_BASE, line::QUANTITY)?,
            gross: if self.kind == PostedKind::CreditNote { reader.gross(row.cell(line::GROSS))? } else { None },
        };
        out.order_by_alias(name, id, reader.place, at, OrderRow::ErpPosted(posted));
        Ok(())
    }
}
