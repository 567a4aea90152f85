//! The two shops.

/// Where the order was placed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shop {
    Magento,
    Shopify,
}
