//! What the server answers from.

use std::sync::Arc;

use serde_json::Value;

use super::readiness::Status;
use crate::facts::{Amount, Moment};
use crate::telemetry::Metrics;

/// Which epoch the published views are of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EpochStamp {
    /// Epochs committed so far.
    pub epoch: u64,
    /// The tick of the last one.
    pub tick: Moment,
}

/// The committed views, as queries see them.
///
/// Given: ids as the caller wrote them (percent-decoded, not trimmed). Owed: only what a committed epoch holds, and quickly: these are
/// called on the server's threads, beside the engine.
pub trait Views: Send + Sync {
    /// The order under this key, or under any name: the shop's number, the ERP's, the warehouse's, a tracking number. `store`: only orders of this part
    /// of their shop, where numbers are unique only within one.
    fn order(&self, id: &str, store: Option<&str>) -> Option<Value>;

    /// The SKU, in any case.
    fn stock(&self, sku: &str) -> Option<Value>;

    /// The same with every term of its figures: counts, movements, claims with their orders, what shops hold back, parts of a kit.
    fn stock_why(&self, sku: &str) -> Option<Value> {
        self.stock(sku)
    }

    /// The customer under this key (`account|shop|42`).
    fn customer(&self, id: &str) -> Option<Value>;

    /// What is at risk in an order's exception of this kind and number that is open now: a decision that names no amount is about that.
    fn at_risk(&self, _order: &str, _kind: &str, _number: &str) -> Option<Amount> {
        None
    }

    /// The books of an order, under any of its names: what is posted, balances, invariants.
    fn books(&self, _: &str) -> Option<Value> {
        None
    }

    /// What came in against what is out, waits, or is asked of a person: by shop, currency and step. Computes every order.
    fn counts(&self) -> Value {
        Value::Null
    }

    /// What waits for a person before it is sent, by why and topic; which request topics are live.
    fn held(&self) -> Value {
        Value::Null
    }

    /// The scopes of names under which [`Self::order`] looks (`order-number`, `tracking`, `nav.document` ...): shown to a caller whose id was not found.
    fn scopes(&self) -> Vec<String>;

    /// The epoch that answers are of.
    fn epoch(&self) -> EpochStamp;
}

/// Takes in what people decide.
///
/// Given: the bytes of a decision that was read and found right. Owed: they are in the topic of decisions when it returns.
pub trait Inbox: Send + Sync {
    /// Writes one decision about an entity.
    ///
    /// # Errors
    /// A sentence for the caller: the decision is not written, as far as is known.
    fn decide(&self, entity: &str, decision: &[u8]) -> Result<(), String>;
}

/// Reads the entries of the books that were written.
pub trait DayBook: Send + Sync {
    /// The trial balance of a day, `2026-03-02`; or its postings as CSV.
    ///
    /// # Errors
    /// A sentence for the caller: the entries can't be read.
    fn day(&self, day: &str, csv: bool) -> Result<String, String>;
}

/// What the server answers from.
#[derive(Clone)]
pub struct Service {
    /// The committed views.
    pub views: Arc<dyn Views>,
    /// How each part stands.
    pub status: Arc<Status>,
    /// What Prometheus scrapes.
    pub metrics: Arc<Metrics>,
    /// `None`: decisions are not taken here.
    pub inbox: Option<Arc<dyn Inbox>>,
    /// `None`: entries are not read here.
    pub day_book: Option<Arc<dyn DayBook>>,
}
