//! Customers: accounts, by the digest of their address.

use std::sync::LazyLock;

use super::cells::filled;
use super::context::RecordContext;
use crate::envelope::{DecodeError, SpelledColumns, spelled};
use crate::facts::customer::CustomerAccount;
use crate::facts::{CustomerKey, CustomerRow};
use crate::sources::facts_out::FactsOut;

/// Raise it when the meaning changes that this file gives to a record: records read again then count as newer.
pub(super) const REVISION: u16 = 1;

spelled! {
    mod customer {
        ID = "id|internalid",
        EMAIL = "email",
        CREATED = "dateCreated|createdDate",
        MODIFIED = "lastModifiedDate",
    }
}

static CUSTOMER: LazyLock<SpelledColumns> = LazyLock::new(|| SpelledColumns::new(customer::NAMES));

/// A customer. An inline edit that says nothing of the address changes nothing.
pub(super) fn translate(cx: &RecordContext<'_>, head: &str, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
    let row = CUSTOMER.read("value", head)?;
    let id = row.cell(customer::ID);
    let id = filled(&id)?.ok_or_else(|| id.error("the customer's internal id"))?;
    let email = row.cell(customer::EMAIL);
    if cx.is_partial() && email.json().is_empty() {
        return Ok(());
    }
    let common = &cx.netsuite.common;
    let account = CustomerAccount {
        brand: common.brand.clone(),
        email: filled(&email)?.and_then(|address| common.digester.email(&address)),
        created_at: cx.time(&row.cell(customer::CREATED))?,
        collective: false,
    };
    let (place, at) = cx.place(cx.time(&row.cell(customer::MODIFIED))?, 0);
    out.customer(CustomerKey::account(&common.name, &id), &*id, place, at, CustomerRow::Account(account));
    Ok(())
}
