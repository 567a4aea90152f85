//! Names of tenders.

use super::Tender;

impl Tender {
    /// As it is written in events and in the configuration.
    pub fn name(self) -> &'static str {
        match self {
            Self::Card => "card",
            Self::Bank => "bank",
            Self::Cash => "cash",
            Self::CashOnDelivery => "cash-on-delivery",
            Self::OnAccount => "on-account",
            Self::StoreCredit => "store-credit",
            Self::GiftCard => "gift-card",
            Self::Exchange => "exchange",
        }
    }
}
