//! What can be on the agenda.

use super::SourceRecord;
use crate::events::despatch_notices::DespatchNotice;
use crate::events::fulfilment_requests::FulfilmentRequest;
use crate::events::receipt_notices::ReceiptNotice;
use crate::events::refund_requests::RefundRequest;
use crate::events::sales_orders::SalesOrder;

/// Orders are named by their index.
pub enum Task {
    /// A record reaches Kafka.
    Arrive(Box<SourceRecord>),
    // Shoppers.
    Place(u32),
    Cancel(u32),
    /// A transfer arrives, an invoice is paid.
    Money(u32),
    // Magento.
    Ship(u32, Box<DespatchNotice>),
    WriteStock {
        article: usize,
        figure: i64,
        seen: Option<i64>,
    },
    MirrorRefund(u32),
    TidyReservations,
    // NAV.
    ErpImport(u32, Box<SalesOrder>),
    ErpRelease(u32),
    ErpShip(u32, Box<DespatchNotice>),
    LogReturn(u32),
    ReleaseReturn(u32),
    ErpReceive(u32, Box<ReceiptNotice>),
    ChangePrice,
    // Peoplevox.
    WarehouseImport(u32, Box<FulfilmentRequest>),
    Allocate(u32),
    Pick(u32),
    Pack(u32),
    Despatch(u32),
    Track(u32, usize),
    TakeBack(u32),
    Poll,
    Deliver(usize),
    // Carrier: order, parcel, which scan.
    Scan(u32, usize, Scan),
    // Finance.
    PayBack(u32, Box<RefundRequest>),
    Settle(u32, usize),
}

/// What the carrier's scanner says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scan {
    Label,
    Transit,
    Out,
    Attempted,
    Delivered,
}
