//! The general ledger: rows of `transactionaccountingline`, and journals that are made for an order.
//!
//! A row leads to the order along its transaction. The ledger holds purchases, payroll and transfers too, so only rows that tell their transaction's type
//! are read, and of goods that moved only those of which it is told that they moved for a customer. A journal leads to an order by a field that holds the
//! shop's number.

use std::sync::LazyLock;

use super::assumptions::{self, Kind, Named};
use super::bodies::{self, body, objects};
use super::cells::{amount, filled, flag, reference};
use super::context::RecordContext;
use super::document::{LOAD_IT, put_list};
use super::posted::LEDGER;
use crate::envelope::{Cell, DecodeError, SpelledColumns, SpelledRow, spelled};
use crate::facts::ids::join_key;
use crate::facts::order::Posting;
use crate::facts::{Amount, Link, OrderRow, Subject, Text};
use crate::sources::adapter::{Reading, Skip};
use crate::sources::facts_out::FactsOut;

/// Raise it when the meaning changes that this file gives to a record: records read again then count as newer.
pub(super) const REVISION: u16 = 1;

spelled! {
    mod entry {
        TRANSACTION = "transaction",
        LINE = "transactionline|line",
        BOOK = "accountingbook",
        ACCOUNT = "account",
        ACCOUNT_NUMBER = "acctnumber|accountnumber",
        AMOUNT = "amount",
        DEBIT = "debit",
        CREDIT = "credit",
        POSTS = "posting",
        TYPE = "type|recordtype",
        ORDER_TYPE = "ordertype|createdfromtype",
        NUMBER = "tranid",
        DATE = "trandate",
        MODIFIED = "lastmodifieddate|linelastmodifieddate",
    }
}

spelled! {
    mod journal {
        LINES = "line",
        DATE = "tranDate",
        APPROVED = "approved",
    }
}

static ENTRY: LazyLock<SpelledColumns> = LazyLock::new(|| SpelledColumns::new(entry::NAMES));
static JOURNAL: LazyLock<SpelledColumns> = LazyLock::new(|| SpelledColumns::new(journal::NAMES));

fn skipped(what: &str) -> Reading {
    Reading::Skipped(Skip::UnknownTable(what.into()))
}

/// A debit is above zero; `None`: the entry moves nothing.
fn signed(row: &SpelledRow<'_>) -> Result<Option<Amount>, DecodeError> {
    let (debit, credit) = (amount(&row.cell(entry::DEBIT))?, amount(&row.cell(entry::CREDIT))?);
    let told = match (debit, credit) {
        (None, None) => amount(&row.cell(entry::AMOUNT))?,
        (debit, credit) => Some(debit.unwrap_or_default() - credit.unwrap_or_default()),
    };
    Ok(told.filter(|amount| !amount.is_zero()))
}

/// The account: its number, where it is told; else its id, else its name.
fn account(row: &SpelledRow<'_>) -> Result<Option<Text>, DecodeError> {
    if let Some(number) = filled(&row.cell(entry::ACCOUNT_NUMBER))? {
        return Ok(Some((*number).into()));
    }
    let told = reference(&row.cell(entry::ACCOUNT))?;
    // `4400 Sales`: an account that has a number shows it before its name.
    let number = told.name.as_deref().and_then(|name| name.split_whitespace().next());
    let number = number.filter(|number| number.bytes().all(|byte| byte.is_ascii_digit()));
    Ok(number.or(told.place()).map(Text::from))
}

/// A row of `transactionaccountingline`, in the currency of the account's books.
pub(super) fn accounting_line(cx: &RecordContext<'_>, json: &str, out: &mut FactsOut<'_>) -> Result<Reading, DecodeError> {
    let row = ENTRY.read("value", json)?;
    let told = reference(&row.cell(entry::TYPE))?;
    let named = [told.id, told.name].into_iter().flatten().find_map(|word| assumptions::named(&word));
    let order_type = filled(&row.cell(entry::ORDER_TYPE))?;
    let of_customer = order_type.as_deref().is_some_and(assumptions::is_of_a_customer);
    match named {
        Some(Named::Read(Kind::Invoice | Kind::CashSale | Kind::CreditMemo | Kind::CashRefund | Kind::CustomerRefund | Kind::Deposit)) => {}
        Some(Named::Read(Kind::Fulfilment | Kind::Receipt)) if of_customer => {}
        Some(Named::Read(_)) => return Ok(skipped("transactionaccountingline of other documents")),
        Some(Named::PassedOver(name)) => return Ok(skipped(&format!("transactionaccountingline of {name}"))),
        None => return Ok(skipped("transactionaccountingline without its type")),
    }
    if !assumptions::is_primary_book(reference(&row.cell(entry::BOOK))?.place().unwrap_or_default()) {
        return Ok(Reading::Understood);
    }
    let transaction = row.cell(entry::TRANSACTION);
    let transaction: Text = match reference(&transaction)?.id {
        Some(id) => (*id).into(),
        None => return Err(transaction.error("a transaction's internal id")),
    };
    let line = row.cell(entry::LINE);
    let line = filled(&line)?.ok_or_else(|| line.error("the line's id"))?;
    let (place, at) = cx.place(cx.time(&row.cell(entry::MODIFIED))?, 0);
    let (alias, id) = (cx.netsuite.document(&transaction), join_key(&[&transaction, LEDGER, &line]));
    let posts = flag(&row.cell(entry::POSTS))?.unwrap_or(true);
    match (signed(&row)?.filter(|_| posts), account(&row)?) {
        (Some(amount), Some(account)) => {
            let document = filled(&row.cell(entry::NUMBER))?.map_or(transaction, |number| (*number).into());
            let date = day(cx, &row.cell(entry::DATE))?;
            let posting = Posting { account, amount, currency: cx.netsuite.settings.local_currency, document, date };
            out.order_by_alias(alias, id, place, at, OrderRow::Posting(Box::new(posting)));
        }
        (Some(_), None) => return Err(row.cell(entry::ACCOUNT).error("an account (its number, or its id)")),
        (None, _) => out.deleted(Subject::Alias(alias), OrderRow::POSTING, id, place, at),
    }
    Ok(Reading::Understood)
}

/// The business date, as the ledger shows it.
fn day(cx: &RecordContext<'_>, cell: &Cell<'_>) -> Result<Text, DecodeError> {
    let Some(at) = cx.time(cell)? else { return Ok(Text::default()) };
    let day = jiff::Timestamp::from_millisecond(at.0).ok().map(|at| cx.netsuite.common.zone.to_datetime(at).date());
    Ok(day.map_or_else(Text::default, |day| day.to_string().into()))
}

/// A journal entry. One that names no order is none of ours.
pub(super) fn journal(cx: &RecordContext<'_>, head: &str, sublists: &str, out: &mut FactsOut<'_>) -> Result<Reading, DecodeError> {
    let told = cx.netsuite.body.read("value", head)?;
    let (own, lists) = (JOURNAL.read("value", head)?, JOURNAL.read("sublists", sublists)?);
    let id = filled(&told.cell(body::ID))?.ok_or_else(|| told.cell(body::ID).error("the record's internal id"))?;
    let Some(order) = bodies::order_number(&cx.netsuite.settings, Kind::Journal, &told)? else {
        return Ok(skipped("journalentry that names no order"));
    };
    let cell = lists.cell(journal::LINES);
    let lines = match objects(&cell)? {
        Some(_) if cx.is_partial() => return Err(DecodeError::new("line", LOAD_IT, "lines")),
        Some(lines) => lines,
        None if cx.is_partial() || cell.is_null() => return Ok(Reading::Understood),
        None => return Err(DecodeError::new("line", "the lines (read the record with expandSubResources=true)", "a link to them")),
    };
    let posts = flag(&own.cell(journal::APPROVED))?.unwrap_or(true);
    let (place, at) = cx.place(cx.time(&told.cell(body::MODIFIED))?, u32::from(posts));
    let alias = cx.netsuite.document(&id);
    out.alias(alias.clone(), Link::Alias(cx.netsuite.order(&order)), place, at);
    let currency = cx.currency(&told.cell(body::CURRENCY), &told.cell(body::CURRENCY_SYMBOL))?;
    let document: Text = filled(&told.cell(body::NUMBER))?.map_or_else(|| (*id).into(), |number| (*number).into());
    let date = day(cx, &own.cell(journal::DATE))?;
    let mut rows = Vec::new();
    for (position, (name, json)) in lines.into_iter().enumerate() {
        let row = ENTRY.read(&name, json)?;
        let within = |error: DecodeError| error.within(&name);
        let Some(amount) = signed(&row).map_err(within)?.filter(|_| posts) else { continue };
        let account = account(&row).map_err(within)?;
        let account = account.ok_or_else(|| within(row.cell(entry::ACCOUNT).error("an account (its number, or its id)")))?;
        let line = filled(&row.cell(entry::LINE)).map_err(within)?.map_or_else(|| (position + 1).to_string().into(), |id| Text::from(&*id));
        let posting = Posting { account, amount, currency: Some(currency), document: document.clone(), date: date.clone() };
        rows.push((line, OrderRow::Posting(Box::new(posting))));
    }
    put_list(out, &alias, (&id, OrderRow::POSTING), (place, at), rows.into_iter());
    Ok(Reading::Understood)
}
