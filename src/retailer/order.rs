//! The truth of an order: what its shopper does, and what really became of every piece and penny. All money in hundredths.
//!
//! The figures that follow from it (due, owed, the books) are computed here a second time, in whole numbers and without a look at Waybill's.

use super::clock::System;
use super::faults::{Mishap, TOO_MUCH};
use super::ids::{MAGENTO_FROM, SHOPIFY_FROM, number_of};
use super::people::Person;
use super::shop::Shop;
use super::systems::Systems;
use crate::facts::Moment;
use crate::facts::time::Span;

/// What the shopper will do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Story {
    /// Buys, receives, keeps.
    Straight,
    /// Cancels all within minutes, before the ERP approves.
    CancelEarly,
    /// Takes fewer within minutes.
    LowerEarly,
    /// Never pays the transfer; the shop cancels.
    NeverPays,
    /// Cancels all while the warehouse has the order.
    CancelLate,
    /// Takes fewer while the warehouse has the order.
    LowerLate,
    /// Sends some pieces back, in good order.
    PartReturn,
    /// Sends a piece back that came damaged.
    DamagedReturn,
    /// Sends all back, in good order.
    WholeReturn,
}

impl Story {
    pub fn cancels(self) -> bool {
        matches!(self, Self::CancelEarly | Self::LowerEarly | Self::NeverPays | Self::CancelLate | Self::LowerLate)
    }

    /// Cancels only once the warehouse has the order.
    pub fn cancels_late(self) -> bool {
        matches!(self, Self::CancelLate | Self::LowerLate)
    }

    pub fn returns(self) -> bool {
        matches!(self, Self::PartReturn | Self::DamagedReturn | Self::WholeReturn)
    }

    pub fn label(self) -> &'static str {
        match self {
            Self::Straight => "straight",
            Self::CancelEarly => "cancelled before the go-ahead",
            Self::LowerEarly => "fewer pieces before the go-ahead",
            Self::NeverPays => "never paid",
            Self::CancelLate => "cancelled after the go-ahead",
            Self::LowerLate => "fewer pieces after the go-ahead",
            Self::PartReturn => "part return",
            Self::DamagedReturn => "damaged return",
            Self::WholeReturn => "whole return",
        }
    }

    pub const ALL: [Self; 9] = [
        Self::Straight,
        Self::CancelEarly,
        Self::LowerEarly,
        Self::NeverPays,
        Self::CancelLate,
        Self::LowerLate,
        Self::PartReturn,
        Self::DamagedReturn,
        Self::WholeReturn,
    ];
}

/// How the shopper pays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pay {
    /// Card, captured at checkout.
    Captured,
    /// Card, authorised at checkout, captured as goods ship.
    Authorised,
    /// Bank transfer, hours later.
    Transfer,
    /// Invoice, paid after delivery.
    Account,
}

impl Pay {
    /// Magento's method code.
    pub fn method(self) -> &'static str {
        match self {
            Self::Captured => "braintree",
            Self::Authorised => "adyen_cc",
            Self::Transfer => "banktransfer",
            Self::Account => "purchaseorder",
        }
    }
}

/// A line, and what became of its pieces.
#[derive(Clone, Debug)]
pub struct Line {
    /// Magento's item of the sale, and of the goods where they are another row.
    pub item: i64,
    pub child: Option<i64>,
    /// Index into the catalogue.
    pub article: usize,
    pub ordered: i64,
    pub price: i64,
    /// After discount.
    pub discount: i64,
    pub tax: i64,
    pub gross: i64,
    pub cost: i64,
    pub cancelled: i64,
    /// Of these: pieces that the warehouse did not find, and never sends.
    pub short: i64,
    pub despatched: i64,
    pub delivered: i64,
    pub back_good: i64,
    pub back_damaged: i64,
    /// Nobody says what became of them: a Magento credits pieces, and takes them to stock or not.
    pub back_untold: i64,
}

impl Line {
    pub fn wanted(&self) -> i64 {
        self.ordered - self.cancelled
    }

    pub fn back(&self) -> i64 {
        self.back_good + self.back_damaged + self.back_untold
    }

    pub fn kept(&self) -> i64 {
        self.ordered - self.cancelled - self.back()
    }

    pub fn gross_of(&self, pieces: i64) -> i64 {
        share(self.gross, pieces, self.ordered)
    }

    pub fn tax_of(&self, pieces: i64) -> i64 {
        share(self.tax, pieces, self.ordered)
    }
}

/// What so many of the ordered pieces are worth, rounded half up; `whole` is at least 0.
pub fn share(whole: i64, pieces: i64, ordered: i64) -> i64 {
    if ordered == 0 { 0 } else { (2 * whole * pieces + ordered) / (2 * ordered) }
}

/// What left the house together.
#[derive(Clone, Debug)]
pub struct Parcel {
    pub number: String,
    pub tracking: String,
    /// (index of the line, pieces).
    pub pieces: Vec<(usize, i64)>,
    pub despatched_at: Moment,
    pub delivered_at: Option<Moment>,
    /// How much later than it happened the delivery was told, by the carrier's clock.
    pub told_late: Span,
}

/// What came back.
#[derive(Clone, Debug)]
pub struct Receipt {
    pub at: Moment,
    pub code: String,
    pub line: usize,
    pub pieces: i64,
    pub good: bool,
}

/// A refund that finance paid.
#[derive(Clone, Debug)]
pub struct Payout {
    pub id: String,
    pub amount: i64,
    pub settled: bool,
    /// Waybill asked for it; else the shop paid by itself.
    pub asked: bool,
}

/// An order as it really is.
#[derive(Clone, Debug)]
pub struct Order {
    pub index: u32,
    pub shop: Shop,
    pub story: Story,
    pub mishap: Option<Mishap>,
    pub pay: Pay,
    /// The store of the shop: 1, or 2 where it has two.
    pub store: u8,
    /// The shop's id, and the public number.
    pub entity: i64,
    pub number: String,
    /// Account, or a guest.
    pub account: Option<u32>,
    pub person: Person,
    pub placed_at: Moment,
    pub coupon: bool,
    pub lines: Vec<Line>,
    pub shipping: i64,
    pub shipping_tax: i64,
    pub authorised: i64,
    pub captured: i64,
    /// The shopper's cancellation is done.
    pub cancelled_at: Option<Moment>,
    pub parcels_planned: usize,
    pub parcels: Vec<Parcel>,
    /// Parcels that are with the shopper, whether or not anybody tells.
    pub handed_over: usize,
    pub rma: Option<String>,
    pub receipts: Vec<Receipt>,
    pub payouts: Vec<Payout>,
    /// The warehouse that sends it, by its place among them.
    pub site: usize,
    /// The warehouse had the order.
    pub released: bool,
    pub erp_document: Option<String>,
    /// When Waybill asked the warehouse for it.
    pub asked_at: Option<Moment>,
    /// It waits for goods, or for money, that may never come.
    pub waits: bool,
    /// When something last happened to it or was said of it.
    pub touched_at: Moment,
}

impl Order {
    /// What the customer owes as ordered.
    pub fn total(&self) -> i64 {
        self.lines.iter().map(|line| line.gross).sum::<i64>() + self.shipping_gross()
    }

    pub fn shipping_gross(&self) -> i64 {
        self.shipping + self.shipping_tax
    }

    /// What he owes for what he keeps.
    pub fn owed(&self) -> i64 {
        let goods: i64 = self.lines.iter().map(|line| line.gross_of(line.kept())).sum();
        goods + if self.keeps_any() { self.shipping_gross() } else { 0 }
    }

    pub fn keeps_any(&self) -> bool {
        self.lines.iter().any(|line| line.kept() > 0)
    }

    /// What is due back to him: never more than he paid.
    pub fn due(&self) -> i64 {
        let owed = self.owed();
        (self.total() - owed).min(self.captured - owed).max(0)
    }

    pub fn refunded(&self) -> i64 {
        self.payouts.iter().map(|payout| payout.amount).sum()
    }

    /// What was paid without being asked for.
    pub fn paid_unasked(&self) -> i64 {
        self.payouts.iter().filter(|payout| !payout.asked).map(|payout| payout.amount).sum()
    }

    pub fn wants_any(&self) -> bool {
        self.lines.iter().any(|line| line.wanted() > 0)
    }

    pub fn despatched_any(&self) -> bool {
        self.lines.iter().any(|line| line.despatched > 0)
    }

    /// Everything wanted has left the house.
    pub fn despatched_all(&self) -> bool {
        self.lines.iter().all(|line| line.despatched >= line.wanted())
    }

    pub fn delivered_all(&self) -> bool {
        self.wants_any() && self.lines.iter().all(|line| line.delivered >= line.wanted())
    }

    /// The shopper has not done yet what he will do to the quantities.
    pub fn will_cancel(&self) -> bool {
        self.story.cancels() && self.cancelled_at.is_none()
    }

    /// Gives it the id and the number of this shop.
    pub fn name_by(&mut self, shop: Shop) {
        (self.shop, self.store) = (shop, 1);
        (self.entity, self.number) = match shop {
            Shop::Magento => (MAGENTO_FROM + i64::from(self.index), number_of(self.index)),
            Shop::Shopify => (SHOPIFY_FROM + i64::from(self.index) * 100, format!("S{}", number_of(self.index))),
        };
    }

    /// Magento's second store counts its orders by itself. Where no other system names numbers, both stores give the same ones.
    pub fn name_by_second_store(&mut self, systems: Systems) {
        self.store = 2;
        let alone = systems.with_stores(1) == Systems::of(&[System::Magento]);
        self.number = if alone { number_of(self.index.saturating_sub(1)) } else { format!("2{}", number_of(self.index)) };
    }

    /// The currency that it is paid in.
    pub fn currency(&self) -> &'static str {
        if self.store == 2 { "EUR" } else { "GBP" }
    }

    /// What finance paid beyond what was due.
    pub fn too_much(&self) -> i64 {
        if self.mishap == Some(Mishap::PaidTooMuch) && !self.payouts.is_empty() { TOO_MUCH } else { 0 }
    }

    /// Nothing more will happen to it.
    pub fn is_over(&self) -> bool {
        let here = self.despatched_all() && self.parcels.iter().all(|parcel| parcel.delivered_at.is_some());
        let back = !self.story.returns() || !self.receipts.is_empty();
        let paid = self.pay != Pay::Account || self.captured >= self.owed();
        let settled = self.refunded() == self.due() && self.payouts.iter().all(|payout| payout.settled);
        let story = !self.story.cancels() || self.cancelled_at.is_some();
        self.mishap.is_none() && !self.waits && story && (!self.wants_any() || (here && back)) && paid && settled
    }

    /// The key by which Waybill knows it.
    pub fn key(&self) -> String {
        match self.shop {
            Shop::Magento => format!("magento|{}", self.entity),
            Shop::Shopify => format!("shopify|{}", self.entity),
        }
    }
}
