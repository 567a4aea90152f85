//! Records that were deleted. A deletion names type and id alone.

use super::assumptions::Kind;
use super::context::RecordContext;
use super::document::put_list;
use super::posted::{GOODS, LEDGER};
use crate::facts::ids::join_key;
use crate::facts::{CustomerKey, CustomerRow, EntityKind, Moment, OrderRow, Subject, Text, Watermark};
use crate::sources::adapter::{Reading, Skip};
use crate::sources::facts_out::FactsOut;

/// `by_rows`: the record may have been told row by row, so rows that nobody can name go by the beginning of their ids.
pub(super) fn deleted(cx: &RecordContext<'_>, kind: Kind, id: &str, at: Option<Moment>, by_rows: bool, out: &mut FactsOut<'_>) -> Reading {
    let (place, at) = cx.place_of_deletion(at);
    let alias = cx.netsuite.document(id);
    let subject = || Subject::Alias(alias.clone());
    let mut lists: Vec<(Text, u8)> = Vec::new();
    match kind {
        Kind::SalesOrder => out.deleted(subject(), OrderRow::ERP_RECORD, id, place, at),
        Kind::ReturnAuthorisation => out.deleted(subject(), OrderRow::RETURN_DOCUMENT, id, place, at),
        Kind::Fulfilment => lists = vec![(id.into(), OrderRow::ERP_POSTED), (id.into(), OrderRow::TRACKING)],
        Kind::Invoice => lists = vec![(id.into(), OrderRow::ERP_POSTED), (join_key(&[id, GOODS]), OrderRow::ERP_POSTED)],
        Kind::CashSale => {
            lists = vec![(id.into(), OrderRow::ERP_POSTED), (join_key(&[id, GOODS]), OrderRow::ERP_POSTED)];
            out.deleted(subject(), OrderRow::PAYMENT, id, place, at);
        }
        Kind::Receipt | Kind::CreditMemo => lists = vec![(id.into(), OrderRow::ERP_POSTED)],
        Kind::CashRefund => {
            lists = vec![(id.into(), OrderRow::ERP_POSTED)];
            out.deleted(subject(), OrderRow::REFUND, id, place, at);
        }
        Kind::CustomerRefund => {
            out.deleted(subject(), OrderRow::REFUND, id, place, at);
            // Its parts for several documents stand under these.
            out.watermark(EntityKind::Orders, OrderRow::REFUND, join_key(&[id, ""]), place, at, Watermark::Raised);
        }
        Kind::Deposit => out.deleted(subject(), OrderRow::PAYMENT, id, place, at),
        Kind::Journal => lists = vec![(id.into(), OrderRow::POSTING)],
        // An item's rows stand under its name, which a deletion does not tell.
        Kind::Item => return Reading::Skipped(Skip::UnknownTable("deleted item".into())),
        Kind::Customer => {
            let key = CustomerKey::account(&cx.netsuite.common.name, id);
            out.deleted(Subject::Customer(key), CustomerRow::ACCOUNT, id, place, at);
        }
    }
    if by_rows && !matches!(kind, Kind::Customer) {
        out.watermark(EntityKind::Orders, OrderRow::POSTING, join_key(&[id, LEDGER, ""]), place, at, Watermark::Raised);
    }
    for (base, kind) in lists {
        put_list(out, &alias, (&base, kind), (place, at), std::iter::empty());
        if by_rows {
            out.watermark(EntityKind::Orders, kind, join_key(&[&base, "row", ""]), place, at, Watermark::Raised);
        }
    }
    Reading::Understood
}
