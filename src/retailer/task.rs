//! What can be on the agenda.

use super::record::SourceRecord;
use super::shop::Shop;
use crate::events::despatch_notices::DespatchNotice;
use crate::events::fulfilment_requests::FulfilmentRequest;
use crate::events::marketing_profiles::MarketingProfile;
use crate::events::receipt_notices::ReceiptNotice;
use crate::events::refund_requests::RefundRequest;
use crate::events::sales_orders::SalesOrder;

/// Orders are named by their index.
pub enum Task {
    /// A record reaches Kafka.
    Arrive(Box<SourceRecord>),
    // Shoppers.
    /// The next of the ordinary shoppers.
    Place,
    /// Somebody buys a piece of this article in this shop, if it shows one.
    Buy {
        article: usize,
        shop: Shop,
    },
    Cancel(u32),
    /// A transfer arrives, an invoice is paid.
    Money(u32),
    // Magento.
    Ship(u32, Box<DespatchNotice>),
    WriteStock {
        shop: Shop,
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
    // The warehouses, each by its place among them.
    WarehouseImport(u32, Box<FulfilmentRequest>),
    Allocate(u32),
    Pick(u32),
    Pack(u32),
    Despatch(u32),
    Track(u32, usize),
    TakeBack(u32),
    /// What came back is looked at.
    Inspect(u32),
    Poll(usize),
    /// The warehouse's day is over.
    EndOfDay(usize),
    /// Goods of an article are delivered there.
    Deliver(usize, usize),
    // Marketing.
    /// What Waybill says of a person is written into the contact.
    WriteContact(Box<MarketingProfile>),
    /// The person with this address takes consent back, or gives it.
    Answers(Box<str>),
    ExportContacts,
    // The desk.
    SayStopped(u32),
    SaySettled(u32),
    // Carrier: order, parcel, which scan.
    Scan(u32, usize, Scan),
    // Finance.
    PayBack(u32, Box<RefundRequest>),
    Settle(u32, usize),
    /// An incident begins.
    Fault(usize),
    /// The shop cancels what the warehouse has closed.
    CancelToo(u32),
    /// Somebody changes the ERP's record by hand.
    ErpTouch(u32),
    // The work of systems that the retailer lacks.
    /// Staff begin with the order.
    Begin(u32),
    /// The ERP posts a parcel that no warehouse system tells of.
    ErpPost(u32, usize),
    /// The ERP posts what came back to a house without a warehouse system.
    ErpTakesIn(u32),
    /// The shop books a parcel that it sent by itself.
    ShopBooks(u32, usize),
    /// A parcel that no carrier tells of is with its shopper.
    HandOver(u32, usize),
    CountAsDelivered(u32, usize),
    /// Staff credit in the shop what came back.
    Credit(u32),
    /// Finance sees a refund that the shop paid by itself.
    FinanceSees(u32, usize),
}

impl Task {
    /// Comes every night as long as anything else is going on.
    pub fn is_nightly(&self) -> bool {
        matches!(self, Self::TidyReservations | Self::EndOfDay(_))
    }

    /// The order that it is about.
    pub fn order(&self) -> Option<u32> {
        match *self {
            Self::Cancel(order)
            | Self::Money(order)
            | Self::Ship(order, _)
            | Self::MirrorRefund(order)
            | Self::ErpImport(order, _)
            | Self::ErpRelease(order)
            | Self::ErpShip(order, _)
            | Self::LogReturn(order)
            | Self::ReleaseReturn(order)
            | Self::ErpReceive(order, _)
            | Self::WarehouseImport(order, _)
            | Self::Allocate(order)
            | Self::Pick(order)
            | Self::Pack(order)
            | Self::Despatch(order)
            | Self::Track(order, _)
            | Self::TakeBack(order)
            | Self::Inspect(order)
            | Self::SayStopped(order)
            | Self::SaySettled(order)
            | Self::Scan(order, ..)
            | Self::PayBack(order, _)
            | Self::Settle(order, _)
            | Self::CancelToo(order)
            | Self::ErpTouch(order)
            | Self::Begin(order)
            | Self::ErpPost(order, _)
            | Self::ErpTakesIn(order)
            | Self::ShopBooks(order, _)
            | Self::HandOver(order, _)
            | Self::CountAsDelivered(order, _)
            | Self::Credit(order)
            | Self::FinanceSees(order, _) => Some(order),
            Self::Arrive(_)
            | Self::Place
            | Self::Buy { .. }
            | Self::WriteStock { .. }
            | Self::TidyReservations
            | Self::ChangePrice
            | Self::Poll(_)
            | Self::EndOfDay(_)
            | Self::WriteContact(_)
            | Self::Answers(_)
            | Self::ExportContacts
            | Self::Deliver(..)
            | Self::Fault(_) => None,
        }
    }
}

/// What the carrier's scanner says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scan {
    Label,
    Transit,
    Out,
    Attempted,
    Delivered,
    Lost,
}
