//! What can go wrong, and which of it a run injects.

use crate::facts::Moment;
use crate::retailer::clock::System;
use crate::retailer::shop::Shop;
use crate::retailer::systems::Systems;

/// What can go wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Goods for the orders that are not covered come later.
    FlashSale,
    /// They never come: the article is discontinued.
    LastSale,
    SilentWarehouse,
    LateCarrier,
    ShopSnapshot,
    ErpSnapshot,
    Renumbering,
    NightCounts,
    WrongClocks,
    Mishaps,
}

impl Kind {
    pub const ALL: [Self; 10] = [
        Self::FlashSale,
        Self::LastSale,
        Self::SilentWarehouse,
        Self::LateCarrier,
        Self::ShopSnapshot,
        Self::ErpSnapshot,
        Self::Renumbering,
        Self::NightCounts,
        Self::WrongClocks,
        Self::Mishaps,
    ];

    /// Can it happen to a retailer of these systems?
    pub fn can_befall(self, systems: Systems) -> bool {
        match self {
            // The last piece is sold in two shops.
            Self::FlashSale | Self::LastSale => systems.has(System::Magento) && systems.has(System::Shopify),
            Self::SilentWarehouse => systems.has_wms(),
            // The others count by night every day.
            Self::NightCounts => systems.has(System::Peoplevox),
            Self::LateCarrier => systems.has(System::Carrier),
            Self::ShopSnapshot => systems.has(System::Magento),
            Self::ErpSnapshot => systems.has_erp(),
            // Whatever number people give to a record of NetSuite, its id stays.
            Self::Renumbering => systems.has(System::Nav),
            Self::WrongClocks | Self::Mishaps => true,
        }
    }

    /// Does it come once, at a moment? The others are there from the beginning.
    pub fn is_incident(self) -> bool {
        !matches!(self, Self::WrongClocks | Self::Mishaps)
    }
}

/// Which faults a run injects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Orders are placed on so many days.
    pub days: u32,
    pub kinds: Vec<Kind>,
}

impl Plan {
    pub fn all(days: u32) -> Self {
        Self { days, kinds: Kind::ALL.to_vec() }
    }

    pub fn has(&self, kind: Kind) -> bool {
        self.kinds.contains(&kind)
    }
}

/// One of them, when it comes.
#[derive(Clone, Copy, Debug)]
pub struct Incident {
    pub kind: Kind,
    pub at: Moment,
    /// The article of a sale.
    pub article: usize,
    /// Pieces that there are when a sale begins; hours of a silence.
    pub size: i64,
}

/// What goes wrong with a single order (see [`super::mishaps`]).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mishap {
    ParcelLost,
    GoodsLost,
    PaidTooMuch,
    Forgotten,
    ErpTouched,
}

impl Mishap {
    /// Can it happen to an order of this shop?
    pub fn can_befall(self, systems: Systems, shop: Shop) -> bool {
        match self {
            Self::ParcelLost => systems.has(System::Carrier),
            // Where an order goes without them, the shop has to see that: a Shopify is not told.
            Self::GoodsLost => systems.has(System::Peoplevox) || (systems.has(System::Seko) && shop == Shop::Magento),
            Self::PaidTooMuch => !systems.shop_pays(shop),
            Self::ErpTouched => systems.has_erp(),
            Self::Forgotten => true,
        }
    }

    pub fn label(self) -> &'static str {
        match self {
            Self::ParcelLost => "parcel lost by the carrier",
            Self::GoodsLost => "goods not found in the warehouse",
            Self::PaidTooMuch => "paid back five pounds too much",
            Self::Forgotten => "never paid, and never cancelled",
            Self::ErpTouched => "a quantity changed by hand in the ERP",
        }
    }
}

/// What finance pays too much, in hundredths.
pub const TOO_MUCH: i64 = 500;
