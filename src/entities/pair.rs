//! Pairs of accounts: what `journal-entries` keeps a running total of, by the name that configuration, events and ledgers use
//! (`docs/specification/postings.md`, where a letter stands for each in the formulas).

use serde::{Deserialize, Serialize};

macro_rules! pairs {
    ($($(#[doc = $sentence:literal])+ $pair:ident $name:literal;)+) => {
        /// One pair of accounts, in the order in which an entry shows them: pairs of money, then pairs of cost.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum Pair {
            $($(#[doc = $sentence])+ #[serde(rename = $name)] $pair,)+
        }

        impl Pair {
            /// Every pair that is computed.
            pub const ALL: &[Self] = &[$(Self::$pair),+];

            /// Its name in the configuration (`books.keep`) and in an entry's postings.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$pair => $name,)+
                }
            }

            /// What its running total is.
            pub const fn sentence(self) -> &'static str {
                match self {
                    $(Self::$pair => concat!($($sentence),+).trim_ascii(),)+
                }
            }
        }
    };
}

pairs! {
    /// Captured from the customer, less what was voided, by tender.
    Captured "captured";
    /// The value of the pieces that were despatched, at most those ordered, by line.
    Supplied "supplied";
    /// Shipping and other charges: whole with the first piece supplied; a tip with the first capture.
    ChargeEarned "charge-earned";
    /// The value of the pieces that were returned, by line.
    Returned "returned";
    /// Charges that were earned and are given back.
    ChargeRefunded "charge-refunded";
    /// What is due to the customer.
    Due "due";
    /// What was refunded, by tender.
    Refunded "refunded";
    /// The cost of the pieces that were despatched.
    CostOut "cost-out";
    /// The cost of the returned pieces that were counted back in.
    CostBack "cost-back";
    /// The cost of the returned pieces that were written off.
    WrittenOff "written-off";
}

impl Pair {
    /// Pairs that the specification names and no code computes yet.
    pub const PLANNED: &[&str] = &["tax-moment", "allowance", "fee", "lost", "rounding"];

    /// The pair of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|pair| pair.name() == name)
    }

    /// Does it move cost, not money? Cost is entered apart, in the currency of the costs.
    pub const fn is_cost(self) -> bool {
        matches!(self, Self::CostOut | Self::CostBack | Self::WrittenOff)
    }
}
