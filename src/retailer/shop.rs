//! The two shops.

use super::clock::System;

/// Where the order was placed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shop {
    Magento,
    Shopify,
}

impl Shop {
    pub fn system(self) -> System {
        match self {
            Self::Magento => System::Magento,
            Self::Shopify => System::Shopify,
        }
    }
}
