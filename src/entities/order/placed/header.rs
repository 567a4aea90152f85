//! The header of the order, from the source that it was placed in.

use crate::entities::Rows;
use crate::entities::rules::{Role, Rules};
use crate::facts::order::{Header, Payment};
use crate::facts::{Cause, Currency, Moment, OrderRow, SourceId, Version};

/// The header; while it is missing, what other rows say about source and currency.
pub(super) struct HeaderRow<'a> {
    pub header: Option<&'a Header>,
    pub deleted: bool,
    pub at: Option<Moment>,
    pub version: Option<Version>,
    pub cause: Option<Cause>,
    pub shop: Option<SourceId>,
    pub currency: Currency,
}

/// If several sources report a header, the one where the order was placed counts: shops before tills before the ERP.
fn rank(source: SourceId, rules: &Rules) -> u8 {
    if rules.plays(source, Role::Shop) {
        0
    } else if rules.plays(source, Role::Pos) {
        1
    } else if rules.plays(source, Role::Erp) {
        2
    } else {
        3
    }
}

pub(super) fn read<'a>(rows: &'a Rows<OrderRow>, rules: &Rules) -> HeaderRow<'a> {
    match rows.all::<Header>().min_by_key(|each| rank(each.key.source, rules)) {
        Some(each) => HeaderRow {
            header: Some(each.row),
            deleted: each.stored.deleted,
            at: Some(each.stored.at),
            version: Some(each.stored.content_version.as_deref().copied().unwrap_or(each.stored.version)),
            cause: Some(each.stored.cause),
            shop: Some(each.key.source),
            currency: each.row.currency,
        },
        None => {
            let shop = rows.of_kind(OrderRow::LINE).map(|(key, _)| key.source).min_by_key(|source| rank(*source, rules));
            HeaderRow { header: None, deleted: false, at: None, version: None, cause: None, shop, currency: currency_of_payments(rows) }
        }
    }
}

/// Before the header is there: any payment's currency, else "no currency" (ISO 4217 XXX).
fn currency_of_payments(rows: &Rows<OrderRow>) -> Currency {
    let currency = rows.all::<Payment>().find_map(|each| each.row.currency);
    currency.or(Currency::new("XXX")).unwrap_or_else(|| unreachable!("three letters are a currency"))
}
