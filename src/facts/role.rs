//! Roles: the parts that systems play (journey.md, "Systems and roles").

use serde::Serialize;

/// The part that a system plays (journey.md, "Systems and roles").
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Sells online.
    Shop,
    /// Sells at a counter: a till.
    Pos,
    /// Keeps the record of orders, and the books.
    Erp,
    /// Runs a warehouse.
    Wms,
    /// Keeps consent, and writes to customers.
    Marketing,
    /// Keeps customers.
    Crm,
    /// Pays and keeps accounts beside the ERP.
    Finance,
    /// Carries parcels.
    Carrier,
    /// Hears derived events only.
    Mailer,
}
