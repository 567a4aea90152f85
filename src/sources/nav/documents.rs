//! Open documents: Sales Header and Sales Line, orders and return orders.

use std::borrow::Cow;
use std::sync::LazyLock;

use rust_decimal::Decimal;

use super::cells::{ItemColumns, flag, is_item, number};
use super::reader::{NavMeaning, NavReader, NavTable, Owner, document_id};
use crate::envelope::{DecodeError, SpelledColumns, SpelledRow, TimeUnit, spelled};
use crate::facts::ids::join_key;
use crate::facts::order::{ErpLine, ErpRecord, ErpState, LineRef, ReturnDocument, ReturnLine, ReturnState, Word};
use crate::facts::{Amount, EntityKind, Link, OrderRow, Quantity, Sku, Subject, Text};
use crate::sources::facts_out::FactsOut;
use crate::sources::tables::RowsOf;

spelled! {
    mod header {
        TYPE = "Document Type",
        NUMBER = "No_",
        EXTERNAL = "External Document No_",
        STATUS = "Status",
        ORDER_DATE = "Order Date",
        CREATED = "$systemCreatedAt",
        MODIFIED = "$systemModifiedAt",
    }
}

spelled! {
    mod line {
        DOCUMENT_TYPE = "Document Type",
        DOCUMENT = "Document No_",
        LINE = "Line No_",
        TYPE = "Type",
        ITEM = "No_",
        VARIANT = "Variant Code",
        LOCATION = "Location Code",
        QUANTITY = "Quantity",
        QUANTITY_BASE = "Quantity (Base)",
        SHIPPED = "Quantity Shipped",
        SHIPPED_BASE = "Qty_ Shipped (Base)",
        INVOICED = "Quantity Invoiced",
        INVOICED_BASE = "Qty_ Invoiced (Base)",
        OUTSTANDING = "Outstanding Quantity",
        GROSS = "Amount Including VAT",
        UNITS = "Qty_ per Unit of Measure",
        COST = "Unit Cost (LCY)",
        DROP = "Drop Shipment",
        REASON = "Return Reason Code",
        MODIFIED = "$systemModifiedAt",
    }
}

/// Raise it when the meaning changes that this file gives to a record: records read again then count as newer.
pub(super) const REVISION: u16 = 1;

pub(super) static HEADER: NavTable = NavTable {
    name: "Sales Header",
    rows: &[RowsOf::all(EntityKind::Orders, OrderRow::ERP_RECORD), RowsOf::all(EntityKind::Orders, OrderRow::RETURN_DOCUMENT)],
    meaning: NavMeaning {
        columns: LazyLock::new(|| SpelledColumns::new(header::NAMES)),
        owner: header_owner,
        upsert: header_upsert,
        moves: false,
    },
};

pub(super) static LINE: NavTable = NavTable {
    name: "Sales Line",
    rows: &[RowsOf::all(EntityKind::Orders, OrderRow::ERP_LINE), RowsOf::all(EntityKind::Orders, OrderRow::RETURN_LINE)],
    meaning: NavMeaning {
        columns: LazyLock::new(|| SpelledColumns::new(line::NAMES)),
        owner: line_owner,
        upsert: line_upsert,
        moves: true,
    },
};

/// The two types of open documents that are read; invoices, credit memos, quotes and blanket orders are not orders.
#[derive(Clone, Copy, PartialEq, Eq)]
enum DocumentKind {
    Order,
    Return,
}

impl DocumentKind {
    fn text(self) -> &'static str {
        match self {
            Self::Order => ORDER,
            Self::Return => RETURN,
        }
    }
}

/// `Document Type` in the names of documents.
pub(super) const ORDER: &str = "1";
pub(super) const RETURN: &str = "5";

fn kind(row: &SpelledRow<'_>, place: usize) -> Result<Option<DocumentKind>, DecodeError> {
    Ok(match row.cell(place).int()? {
        1 => Some(DocumentKind::Order),
        5 => Some(DocumentKind::Return),
        _ => None,
    })
}

fn header_owner(reader: &NavReader<'_>, row: &SpelledRow<'_>) -> Result<Option<Owner>, DecodeError> {
    let Some(kind) = kind(row, header::TYPE)? else { return Ok(None) };
    let number = number(row, header::NUMBER)?;
    let row_kind = match kind {
        DocumentKind::Order => OrderRow::ERP_RECORD,
        DocumentKind::Return => OrderRow::RETURN_DOCUMENT,
    };
    let subject = Subject::Alias(reader.adapter.document(kind.text(), &number));
    Ok(Some(Owner { subject, kind: row_kind, id: document_id(kind.text(), &number) }))
}

fn header_upsert(reader: &NavReader<'_>, row: &SpelledRow<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
    let Some(kind) = kind(row, header::TYPE)? else { return Ok(()) };
    let number = number(row, header::NUMBER)?;
    let at = reader.written_at(row.cell(header::MODIFIED))?;
    let name = reader.adapter.document(kind.text(), &number);
    if let Some(order) = row.cell(header::EXTERNAL).filled()? {
        out.alias(name.clone(), Link::Alias(reader.adapter.order(&order)), reader.place, at);
    }
    let status = row.cell(header::STATUS).int()?;
    let fact = match kind {
        DocumentKind::Order => OrderRow::ErpRecord(ErpRecord {
            document: Text::from(&*number),
            state: erp_state(status),
            created_at: match row.cell(header::CREATED).opt_moment(TimeUnit::Millis)? {
                Some(created) => Some(created),
                None => reader.midnight(row.cell(header::ORDER_DATE))?,
            },
        }),
        DocumentKind::Return => {
            OrderRow::ReturnDocument(ReturnDocument { rma: Text::from(&*number), state: return_state(status), approved_at: None })
        }
    };
    out.order_by_alias(name, document_id(kind.text(), &number), reader.place, at, fact);
    Ok(())
}

/// `Status`: 0 Open, 1 Released, 2 Pending Approval, 3 Pending Prepayment; customers add numbers of their own.
fn erp_state(status: i64) -> Word<ErpState> {
    match status {
        1 => Word::Known(ErpState::Approved),
        0 | 2 | 3 => Word::Known(ErpState::Pending),
        other => Word::Unknown(itoa::Buffer::new().format(other).into()),
    }
}

fn return_state(status: i64) -> Word<ReturnState> {
    match status {
        1 => Word::Known(ReturnState::Approved),
        0 | 2 | 3 => Word::Known(ReturnState::Asked),
        other => Word::Unknown(itoa::Buffer::new().format(other).into()),
    }
}

const GOODS: ItemColumns = ItemColumns { item: line::ITEM, variant: Some(line::VARIANT) };

/// The document that a line of goods belongs to, and the line's id.
fn line_of<'a>(row: &SpelledRow<'a>) -> Result<Option<(DocumentKind, Cow<'a, str>, Text)>, DecodeError> {
    let Some(kind) = kind(row, line::DOCUMENT_TYPE)? else { return Ok(None) };
    if !is_item(row, line::TYPE, &GOODS)? {
        return Ok(None);
    }
    let document = number(row, line::DOCUMENT)?;
    let line = row.cell(line::LINE).id()?;
    let id = join_key(&[&document_id(kind.text(), &document), &line]);
    Ok(Some((kind, document, id)))
}

fn line_owner(reader: &NavReader<'_>, row: &SpelledRow<'_>) -> Result<Option<Owner>, DecodeError> {
    let Some((kind, document, id)) = line_of(row)? else { return Ok(None) };
    let row_kind = match kind {
        DocumentKind::Order => OrderRow::ERP_LINE,
        DocumentKind::Return => OrderRow::RETURN_LINE,
    };
    Ok(Some(Owner { subject: Subject::Alias(reader.adapter.document(kind.text(), &document)), kind: row_kind, id }))
}

fn line_upsert(reader: &NavReader<'_>, row: &SpelledRow<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
    let Some((kind, document, id)) = line_of(row)? else { return Ok(()) };
    let at = reader.written_at(row.cell(line::MODIFIED))?;
    let sku = reader.sku(row, &GOODS)?;
    let quantity = reader.base(row, line::QUANTITY_BASE, line::QUANTITY)?;
    let name = reader.adapter.document(kind.text(), &document);
    let fact = match kind {
        DocumentKind::Order => OrderRow::ErpLine(Box::new(order_line(reader, row, &document, sku, quantity)?)),
        DocumentKind::Return => OrderRow::ReturnLine(Box::new(ReturnLine {
            reason: row.cell(line::REASON).text_or_empty()?.trim().into(),
            ..ReturnLine::new(document.into(), LineRef::Sku(sku), quantity)
        })),
    };
    out.order_by_alias(name, id, reader.place, at, fact);
    Ok(())
}

fn order_line(reader: &NavReader<'_>, row: &SpelledRow<'_>, document: &str, sku: Sku, quantity: Quantity) -> Result<ErpLine, DecodeError> {
    let shipped = reader.base(row, line::SHIPPED_BASE, line::SHIPPED)?;
    let outstanding = row.cell(line::OUTSTANDING);
    let has_invoiced = [line::INVOICED_BASE, line::INVOICED].iter().any(|place| !row.cell(*place).is_null());
    // Nothing outstanding, and less shipped than is on the line: the rest was given up.
    let closed = !outstanding.is_null() && reader.quantity(outstanding)?.is_zero() && shipped < quantity;
    Ok(ErpLine {
        location: row.cell(line::LOCATION).filled()?.map(Text::from),
        drop_ship: flag(row, line::DROP)?,
        shipped,
        invoiced: if has_invoiced { reader.base(row, line::INVOICED_BASE, line::INVOICED)? } else { Quantity::ZERO },
        gross: reader.gross(row.cell(line::GROSS))?,
        closed,
        unit_cost: unit_cost(reader, row)?,
        ..ErpLine::new(document.into(), sku, quantity)
    })
}

/// Cost of one base unit, in the company's currency: the line's is of its own unit, and may have more digits than an amount.
fn unit_cost(reader: &NavReader<'_>, row: &SpelledRow<'_>) -> Result<Option<Amount>, DecodeError> {
    let (cost, units) = (row.cell(line::COST), row.cell(line::UNITS));
    if cost.is_null() {
        return Ok(None);
    }
    let each = if units.is_null() { Decimal::ONE } else { reader.decimal(units)? };
    let whole = reader.decimal(cost)?;
    let one = if each.is_zero() || each == Decimal::ONE { Some(whole) } else { whole.checked_div(each) };
    let amount = one.and_then(|one| Amount::new(one.round_dp(Amount::SCALE_MAX)));
    amount.map(Some).ok_or_else(|| cost.error("a cost below 10^12"))
}
