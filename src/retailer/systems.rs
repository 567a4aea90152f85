//! Which systems a retailer has, and who does the work of those that it lacks.
//!
//! | without | its work is done by |
//! | --- | --- |
//! | a warehouse system | the house is there all the same: staff pack what the ERP has released, or what the shop shows as paid. The ERP posts what left and what came back, else the shop books it; the shop counts |
//! | an ERP | nobody records or approves, nobody authorises a return: staff credit in the shop what came back |
//! | finance | the shop pays back, at once where it credits and when it is asked where an ERP takes returns |
//! | the carrier | Shopify hears of a delivery itself; of a Magento nobody tells, and a parcel counts as delivered by time |
//! | the CRM, marketing | nobody |
//!
//! With two warehouses each order is sent from one of them, which the ERP names.

use super::clock::System;
use super::ids::{CHANNELS, SECOND_STORE};
use super::shop::Shop;

/// The systems that take part, and the stores of the first shop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Systems {
    mask: u16,
    /// Magento has two stores, in two currencies, that sell from one stock.
    pub two_stores: bool,
}

impl Systems {
    /// All of one shop's: what the demo plays.
    pub const ONE_SHOP: Self = Self::of(&System::ALL);

    /// With a second shop that sells from the same warehouse: what the simulation plays.
    pub const TWO_SHOPS: Self = Self { mask: Self::ONE_SHOP.mask | bit(System::Shopify), two_stores: false };

    /// These and no others.
    pub const fn of(systems: &[System]) -> Self {
        let (mut mask, mut place) = (0, 0);
        while place < systems.len() {
            mask |= bit(systems[place]);
            place += 1;
        }
        Self { mask, two_stores: false }
    }

    /// By the names of their sources; an error says what cannot be played.
    pub fn named<'a>(names: impl IntoIterator<Item = &'a str>) -> Result<Self, String> {
        let mut all = Self::of(&[]);
        for name in names {
            match System::EVERY.into_iter().find(|system| system.name() == name) {
                Some(system) => all.mask |= bit(system),
                None => return Err(format!("the made-up retailer has no {name}")),
            }
        }
        all.checked()
    }

    fn checked(self) -> Result<Self, String> {
        let shops = u32::from(self.has(System::Magento)) + u32::from(self.has(System::Shopify));
        match shops {
            0 => Err("nobody can order without a shop: name magento or shopify".to_owned()),
            2 if !self.has_wms() => {
                Err("two shops share one warehouse: name peoplevox or seko, or one shop alone (else nobody counts for both)".to_owned())
            }
            _ if self.has(System::Nav) && self.has(System::NetSuite) => Err("there is one ERP: name nav or netsuite".to_owned()),
            _ if self.has(System::Peoplevox) && self.has(System::Seko) && !self.has_erp() => {
                Err("of two warehouses an ERP says which one sends: name nav or netsuite, or one warehouse alone".to_owned())
            }
            _ => Ok(self),
        }
    }

    /// The ERP.
    pub fn erp(self) -> Option<System> {
        [System::Nav, System::NetSuite].into_iter().find(|system| self.has(*system))
    }

    pub fn has_erp(self) -> bool {
        self.erp().is_some()
    }

    /// Somebody's warehouse system tells what is in the house and what leaves it.
    pub fn has_wms(self) -> bool {
        self.has(System::Peoplevox) || self.has(System::Seko)
    }

    /// The same without this one.
    pub fn without(self, system: System) -> Self {
        Self { mask: self.mask & !bit(system), ..self }
    }

    /// The same with so many stores of Magento.
    pub fn with_stores(self, stores: u8) -> Self {
        Self { two_stores: stores > 1, ..self }
    }

    pub fn has(self, system: System) -> bool {
        self.mask & bit(system) != 0
    }

    pub fn has_shop(self, shop: Shop) -> bool {
        self.has(shop.system())
    }

    /// Neither a warehouse system nor an ERP tells what leaves the house: the shop does.
    pub fn shop_sends(self) -> bool {
        !self.has_wms() && !self.has_erp()
    }

    /// The shop's figures are those that count.
    pub fn shop_counts(self) -> bool {
        !self.has_wms()
    }

    /// The shop pays back itself what it credits. A Magento writes memos on paper where finance is there to pay; a Shopify's refund is always
    /// the payment, but where an ERP takes the returns and finance is asked.
    pub fn shop_pays(self, shop: Shop) -> bool {
        !self.has(System::Finance) || (shop == Shop::Shopify && !self.has_erp())
    }

    /// Somebody tells that a parcel has arrived.
    pub fn tells_delivery(self, shop: Shop) -> bool {
        self.has(System::Carrier) || (shop == Shop::Shopify && self.shop_sends())
    }

    /// The channels of the configuration.
    pub fn channels(self) -> impl Iterator<Item = &'static str> {
        let all = [
            (self.has(System::Magento), CHANNELS[0]),
            (self.has(System::Shopify), CHANNELS[1]),
            (self.has(System::Magento) && self.two_stores, SECOND_STORE),
        ];
        all.into_iter().filter_map(|(there, channel)| there.then_some(channel))
    }

    /// Those that take part.
    pub fn all(self) -> impl Iterator<Item = System> {
        System::EVERY.into_iter().filter(move |system| self.has(*system))
    }
}

const fn bit(system: System) -> u16 {
    1 << system as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn systems_are_named_as_in_the_configuration() {
        let alone = Systems::named(["magento"]).expect("a shop alone");
        assert!(alone.shop_sends() && alone.shop_counts() && alone.shop_pays(Shop::Magento) && !alone.tells_delivery(Shop::Magento));
        let all = Systems::named(["magento", "nav", "peoplevox", "carrier", "finance", "crm"]).expect("the demo's");
        assert_eq!(all, Systems::ONE_SHOP);
        assert!(!all.shop_sends() && !all.shop_counts() && !all.shop_pays(Shop::Magento));
        assert!(Systems::named(["nav", "finance"]).is_err_and(|told| told.contains("without a shop")));
        assert!(Systems::named(["magento", "abacus"]).is_err_and(|told| told.contains("no abacus")));
        assert!(Systems::named(["magento", "nav", "netsuite"]).is_err_and(|told| told.contains("one ERP")));
        assert!(Systems::named(["magento", "shopify", "nav"]).is_err_and(|told| told.contains("name peoplevox")));
        assert!(Systems::named(["magento", "peoplevox", "seko"]).is_err_and(|told| told.contains("an ERP says which one sends")));
        assert!(Systems::named(["magento", "nav", "peoplevox", "seko", "emarsys"]).is_ok_and(Systems::has_wms));
    }
}
