//! Roles: the parts that systems play (journey.md, "Systems and roles").

use serde::Serialize;

/// The part that a system plays (journey.md, "Systems and roles").
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    Shop,
    Pos,
    Erp,
    Wms,
    Marketing,
    Crm,
    Finance,
    Carrier,
    /// Hears derived events only.
    Mailer,
}
