//! The row types that a configuration can make, each with its fields and the function that makes its facts: one file a part of the trade.

mod carrier;
mod customers;
mod erp;
mod money;
mod orders;
mod payments;
mod products;
mod returns;
mod shipments;
mod stock;
mod warehouse;

use super::row_type::RowType;

pub(super) use products::PRODUCT;

/// A chapter of the rows' page.
pub(super) struct Chapter {
    pub(super) title: &'static str,
    pub(super) rows: &'static [RowType],
}

/// Every row type, in the order in which help lists them.
pub(super) static CHAPTERS: &[Chapter] = &[
    Chapter { title: "Orders", rows: orders::ROWS },
    Chapter { title: "What the shop sends by itself", rows: shipments::ROWS },
    Chapter { title: "Payments", rows: payments::ROWS },
    Chapter { title: "Refunds, credits, the ledger", rows: money::ROWS },
    Chapter { title: "The ERP's records and documents", rows: erp::ROWS },
    Chapter { title: "The warehouse", rows: warehouse::ROWS },
    Chapter { title: "The carrier", rows: carrier::ROWS },
    Chapter { title: "Returns", rows: returns::ROWS },
    Chapter { title: "Stock", rows: stock::ROWS },
    Chapter { title: "Products and prices", rows: products::ROWS },
    Chapter { title: "Customers", rows: customers::ROWS },
];

/// All rows.
pub(super) fn all() -> impl Iterator<Item = &'static RowType> {
    CHAPTERS.iter().flat_map(|chapter| chapter.rows)
}
