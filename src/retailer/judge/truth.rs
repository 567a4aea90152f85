//! How everything really is.

use std::collections::BTreeMap;
use std::ops::Deref;

use crate::retailer::emarsys::Answer;
use crate::retailer::faults::Watchlist;
use crate::retailer::order::Order;
use crate::retailer::sums::Sums;
use crate::retailer::systems::Systems;

/// How everything really is (made by [`crate::retailer::Retailer::truth`]).
#[derive(Clone)]
pub struct Truth<'a> {
    /// Who takes part.
    pub systems: Systems,
    /// Those that are not forgotten.
    pub orders: Vec<OrderTruth<'a>>,
    /// What the forgotten ones add up to.
    pub past: &'a Sums,
    /// The SKU of each article; what follows is by article too.
    pub articles: Vec<&'a str>,
    /// Sellable pieces in the warehouse.
    pub on_hand: Vec<i64>,
    pub shops: Vec<ShopTruth>,
    /// The price list, in hundredths.
    pub prices: &'a [i64],
    /// Finance's ledger: turnover in debit and credit, by account.
    pub ledger: &'a BTreeMap<String, (i64, i64)>,
    /// What went wrong in a system because of what it was asked.
    pub complaints: &'a [String],
    /// What people last said to mail, by digest of the address; `None`: nobody keeps it.
    pub consents: Option<&'a BTreeMap<String, Answer>>,
    /// What a person must look at; `None`: nothing ever.
    pub watch: Option<&'a Watchlist>,
}

/// An order, and what two systems say of it.
#[derive(Clone)]
pub struct OrderTruth<'a> {
    pub order: &'a Order,
    /// Who takes part.
    pub systems: Systems,
    /// What the ERP still has open.
    pub erp_open: Option<&'a str>,
    /// By line: what the shop has shipped.
    pub shop_shipped: Vec<i64>,
}

impl Deref for OrderTruth<'_> {
    type Target = Order;

    fn deref(&self) -> &Order {
        self.order
    }
}

/// A shop's stock, by article: its figure, and what it lets people buy.
#[derive(Clone)]
pub struct ShopTruth {
    pub shop: &'static str,
    pub channel: &'static str,
    pub figures: Vec<i64>,
    pub salable: Vec<i64>,
}
