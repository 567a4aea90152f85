//! What the systems call things: channels, the warehouse's site, where ids and order numbers begin.

/// What the two shops are called in the configuration of channels.
pub const CHANNELS: [&str; 2] = ["web-uk", "market"];
/// The channel of Magento's second store.
pub const SECOND_STORE: &str = "web-ie";
/// Peoplevox's site, and the house of a retailer without a warehouse's system.
pub const SITE: &str = "PrimarySite";
/// SEKO's distribution centre.
pub const DC: &str = "DCSOM01";
/// The secret of a retailer whose people are made up.
pub const SECRET: &str = "the demo's people are made up";
/// Magento's increment ids begin here.
const NUMBERS_FROM: u32 = 1_000;
/// Magento's entity ids begin here.
pub const MAGENTO_FROM: i64 = 5_001;
/// Shopify's order ids begin here.
pub const SHOPIFY_FROM: i64 = 6_200_000_000_000;

/// Magento's public number of an order: `000001017`.
pub fn number_of(index: u32) -> String {
    format!("{:09}", NUMBERS_FROM + index)
}
