//! The general ledger: what NAV has posted with invoices and credit memos.
//!
//! An entry names its document alone, and the document's header leads to the order. Entries of payments and journals name none of an order's documents:
//! they are skipped. Entries are never changed but for `Reversed`; what reverses one is an entry of its own, so both count.

use std::sync::LazyLock;

use super::cells::{filled, number};
use super::reader::{NavMeaning, NavReader, NavTable, Owner};
use crate::envelope::{DecodeError, SpelledColumns, SpelledRow, TimeUnit, spelled};
use crate::facts::order::Posting;
use crate::facts::{Alias, Amount, OrderRow, Subject, Text};
use crate::sources::facts_out::FactsOut;

spelled! {
    mod column {
        NUMBER = "Entry No_",
        ACCOUNT = "G_L Account No_",
        DATE = "Posting Date",
        TYPE = "Document Type",
        DOCUMENT = "Document No_",
        AMOUNT = "Amount",
        MODIFIED = "$systemModifiedAt",
    }
}

/// Raise it when the meaning changes that this file gives to a record: records read again then count as newer.
pub(super) const REVISION: u16 = 1;

pub(super) static ENTRY: NavTable = NavTable {
    name: "G_L Entry",
    rows: &[],
    meaning: NavMeaning { columns: LazyLock::new(|| SpelledColumns::new(column::NAMES)), owner, upsert: entry, moves: false },
};

/// The document that the entry was posted with, where that is one of an order.
fn document(reader: &NavReader<'_>, row: &SpelledRow<'_>) -> Result<Option<Alias>, DecodeError> {
    const INVOICE: i64 = 2;
    const CREDIT_MEMO: i64 = 3;
    let word = match row.cell(column::TYPE).int()? {
        INVOICE => "invoice",
        CREDIT_MEMO => "credit-memo",
        _ => return Ok(None),
    };
    Ok(Some(reader.adapter.document(word, &number(row, column::DOCUMENT)?)))
}

fn owner(reader: &NavReader<'_>, row: &SpelledRow<'_>) -> Result<Option<Owner>, DecodeError> {
    let Some(name) = document(reader, row)? else { return Ok(None) };
    let id = row.cell(column::NUMBER).id()?.as_ref().into();
    Ok(Some(Owner { subject: Subject::Alias(name), kind: OrderRow::POSTING, id }))
}

fn entry(reader: &NavReader<'_>, row: &SpelledRow<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
    let Some(name) = document(reader, row)? else { return Ok(()) };
    let id: Text = row.cell(column::NUMBER).id()?.as_ref().into();
    let at = reader.written_at(row.cell(column::MODIFIED))?;
    let cell = row.cell(column::AMOUNT);
    let amount = Amount::new(reader.decimal(cell)?.round_dp(Amount::SCALE_MAX)).ok_or_else(|| cell.error("an amount below 10^12"))?;
    let date = row.cell(column::DATE).opt_date(TimeUnit::Millis)?;
    let posting = Posting {
        account: filled(row.cell(column::ACCOUNT), "an account's number")?.as_ref().into(),
        amount,
        currency: reader.adapter.settings.local_currency,
        document: number(row, column::DOCUMENT)?.as_ref().into(),
        date: date.map(|date| date.to_string().into()).unwrap_or_default(),
    };
    out.order_by_alias(name, id, reader.place, at, OrderRow::Posting(Box::new(posting)));
    Ok(())
}
