//! Rows by which customers answer each other: who leads where, who has an address, who asked to be forgotten. Waybill derives them itself.

use serde::{Deserialize, Serialize};

use super::{CustomerKey, Moment};

/// Where a customer leads, as those are told that lead to it. Key: the customer that tells it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Leads {
    /// The customers that it leads on to by merges, the nearest first. In a circle of merges one stands in it that stood before.
    pub merged: Vec<CustomerKey>,
    /// From the last of these on: the customer that is written to at the same address.
    pub onward: Option<CustomerKey>,
    /// It is an account of many people: nobody is joined with it.
    pub nobody: bool,
}

/// An account that has an address, as the guest of this address is told. Key: the account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contact {
    /// When the account was made, where that is known.
    pub created_at: Option<Moment>,
    /// It was merged into another one.
    pub merged: bool,
    /// It is deleted.
    pub closed: bool,
    /// It is an account of a shop, not of another system.
    pub of_shop: bool,
}

/// Who is written to at an address, as the other accounts of the address are told. Key: the guest of the address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AddressHolder {
    /// The account; `None`: too many accounts have the address, so it joins nobody.
    pub account: Option<CustomerKey>,
}

/// A customer that this one is joined with asks to be forgotten, or was told of one that does. Key: the customer that tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToldErasure {
    /// The newest of these moments.
    pub asked_at: Moment,
}
