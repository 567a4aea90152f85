//! `sales-orders`: the order's record in the ERP. A document ledger: the whole image, whenever it differs from the one last asked.
//! Gate: gates.md, "Requests".

use serde::{Deserialize, Serialize};

use crate::facts::order::{Address, ChargeKind, Tender};
use crate::facts::{Amount, Currency, Moment, Quantity, Text};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    Create,
    Change,
    Cancel,
}

/// The whole image of the order that the ERP shall have.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SalesOrder {
    pub id: String,
    pub ledger_key: Text,
    pub step: u32,
    pub action: Action,
    /// The order's key.
    pub order: Text,
    /// The shop's public number.
    pub number: Text,
    pub channel: Text,
    pub brand: Text,
    pub placed_at: Moment,
    pub currency: Currency,
    pub prices_include_tax: bool,
    /// Sum of the wanted lines and the charges.
    pub total: Amount,
    pub customer: Option<Text>,
    pub shipping_method: Text,
    pub payment_method: Text,
    pub lines: Vec<ImageLine>,
    pub charges: Vec<ImageCharge>,
    pub payments: Vec<ImagePayment>,
    pub ship_to: Option<Address>,
    pub bill_to: Option<Address>,
    /// Reasons of the holds in force.
    pub holds: Vec<Text>,
}
super::body!(SalesOrder, SalesOrders);

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ImageLine {
    /// The shop's line id.
    pub line: Text,
    pub sku: Text,
    pub description: Text,
    /// Wanted pieces, in base units.
    pub wanted: Quantity,
    /// Value of the wanted pieces, tax inside.
    pub gross: Amount,
    pub tax: Amount,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ImageCharge {
    pub kind: ChargeKind,
    pub gross: Amount,
    pub tax: Amount,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ImagePayment {
    pub tender: Tender,
    pub captured: Amount,
    pub authorised: Amount,
    pub reference: Text,
}
