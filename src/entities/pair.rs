//! Pairs of accounts: what `journal-entries` keeps a running total of, by the name that configuration, events and ledgers use
//! (`docs/specification/postings.md`, where a letter stands for each in the formulas).

use serde::{Deserialize, Serialize};

/// One pair of accounts, in the order in which an entry shows them: pairs of money, then pairs of cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Pair {
    /// Captured from the customer, less what was voided, by tender.
    Captured,
    /// The value of the pieces that were despatched, at most those ordered.
    Supplied,
    /// Shipping and other charges: whole with the first piece supplied; a tip with the first capture.
    ChargeEarned,
    /// The value of the pieces that were returned.
    Returned,
    /// Charges that were earned and are given back.
    ChargeRefunded,
    /// Goodwill: given to the customer for nothing that he gave back, at most what he owes.
    Allowance,
    /// Kept back of what he gave back: restocking, a return label.
    Fee,
    /// What is due to the customer.
    Due,
    /// What was refunded, by tender.
    Refunded,
    /// The cost of the pieces that were despatched.
    CostOut,
    /// The cost of the returned pieces that were counted back in.
    CostBack,
    /// The cost of the returned pieces that were written off.
    WrittenOff,
    /// The cost of the pieces of lost parcels.
    Lost,
}

impl Pair {
    /// Every pair that is computed.
    pub const ALL: [Self; 13] = [
        Self::Captured,
        Self::Supplied,
        Self::ChargeEarned,
        Self::Returned,
        Self::ChargeRefunded,
        Self::Allowance,
        Self::Fee,
        Self::Due,
        Self::Refunded,
        Self::CostOut,
        Self::CostBack,
        Self::WrittenOff,
        Self::Lost,
    ];

    /// Its name in the configuration (`books.keep`), in ledgers and in an entry's postings.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Captured => "captured",
            Self::Supplied => "supplied",
            Self::ChargeEarned => "charge-earned",
            Self::Returned => "returned",
            Self::ChargeRefunded => "charge-refunded",
            Self::Allowance => "allowance",
            Self::Fee => "fee",
            Self::Due => "due",
            Self::Refunded => "refunded",
            Self::CostOut => "cost-out",
            Self::CostBack => "cost-back",
            Self::WrittenOff => "written-off",
            Self::Lost => "lost",
        }
    }

    /// The pair of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|pair| pair.name() == name)
    }

    /// Does it move cost, not money? Cost is entered apart, in the currency of the costs.
    pub const fn is_cost(self) -> bool {
        matches!(self, Self::CostOut | Self::CostBack | Self::WrittenOff | Self::Lost)
    }
}
