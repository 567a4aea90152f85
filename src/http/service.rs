//! What the server answers from.

use std::sync::Arc;

use serde_json::Value;

use super::readiness::Status;
use crate::engine::{Cases, Letter, LetterIndex};
use crate::entities::exceptions::About;
use crate::envelope::{DecodeError, RawRecord, RecordPlace};
use crate::events::exceptions::ExceptionNotice;
use crate::facts::{Amount, Moment, ShownFact};
use crate::sources::decisions::DecisionRecord;
use crate::telemetry::Metrics;

/// Which epoch the published views are of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EpochStamp {
    /// Epochs committed so far.
    pub epoch: u64,
    /// The tick of the last one.
    pub tick: Moment,
}

/// How an exception stands that a decision is about.
#[derive(Clone, Debug, PartialEq)]
pub enum CaseStanding {
    /// There is none of what it names: order, SKU, alias.
    Unknown(&'static str),
    /// The name is of several orders: their keys.
    Several(Vec<String>),
    /// Nothing of the kind is open under the number: those under which it is.
    NotOpen(Vec<String>),
    /// It is open, or will be if it lasts.
    Open(OpenCase),
}

/// An exception that a decision can settle.
#[derive(Clone, Debug, PartialEq)]
pub struct OpenCase {
    /// Its sentence.
    pub sentence: String,
    /// What is at risk; a decision that names no amount is about that.
    pub at_risk: Option<Amount>,
    /// When it opens, where its time has not come.
    pub opens_at: Option<Moment>,
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

    /// The state is restored: what is not found now is not there.
    fn is_open(&self) -> bool {
        true
    }

    /// How the exception stands that a decision is about.
    fn standing(&self, decision: &DecisionRecord) -> CaseStanding;

    /// What a person may mean by a text: orders with number, stage and exceptions; SKUs.
    fn search(&self, _: &str) -> Value {
        Value::Null
    }

    /// Every exception that is open. Computes each entity that has one.
    fn exceptions(&self) -> Vec<(About, ExceptionNotice)> {
        Vec::new()
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

    /// Dead letters that nobody has dealt with.
    fn letters(&self) -> LetterIndex {
        LetterIndex::default()
    }

    /// What people have noted about open exceptions, and who has taken them up.
    fn cases(&self) -> Cases {
        Cases::default()
    }

    /// The scopes of names under which [`Self::order`] looks (`order-number`, `tracking`, `nav.document` ...): shown to a caller whose id was not found.
    fn scopes(&self) -> Vec<String>;

    /// The epoch that answers are of.
    fn epoch(&self) -> EpochStamp;
}

/// Takes in what people decide and do.
///
/// Given: the bytes of decisions or acts that were read and found right. Owed: they are in their topic when it returns.
pub trait Inbox: Send + Sync {
    /// Writes records, each with what it is about: those about one thing stay in order.
    ///
    /// # Errors
    /// A sentence for the caller: not all are written, as far as is known.
    fn take(&self, topic: InboxTopic, records: &[(String, Vec<u8>)]) -> Result<(), String>;
}

/// Where what people say is written to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InboxTopic {
    /// Decisions.
    Decisions,
    /// Acts.
    Acts,
}

/// Fetches the records of dead letters, and reads them as the engine would now.
pub trait LetterRecords: Send + Sync {
    /// The records at these places, in their order: from their topics, or from `dead-letters` where those do not keep them any more. Of one that is found
    /// nowhere, or is another one by its digest, a sentence.
    ///
    /// # Errors
    /// A sentence for the caller: brokers do not answer.
    fn fetch(&self, letters: &[(RecordPlace, Letter)]) -> Result<Vec<Result<RawRecord, String>>, String>;

    /// What would become of a record at this place.
    fn read(&self, place: &RecordPlace, record: &RawRecord) -> LetterReading;
}

/// What becomes of a record when it is read.
#[derive(Clone, Debug, PartialEq)]
pub enum LetterReading {
    /// These rows come out.
    Rows(Vec<ShownFact>),
    /// None does, for this reason.
    Skipped(String),
    /// It is refused.
    Refused(DecodeError),
}

/// Reads what was written of decisions and acts.
pub trait AuditTrail: Send + Sync {
    /// The newest that were written, the newest last: all, or those about one thing (a record's place, an exception's key).
    ///
    /// # Errors
    /// A sentence for the caller: they can't be read.
    fn newest(&self, about: Option<&str>, limit: usize) -> Result<Vec<Value>, String>;
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
    /// `None`: decisions and acts are not taken here.
    pub inbox: Option<Arc<dyn Inbox>>,
    /// `None`: entries are not read here.
    pub day_book: Option<Arc<dyn DayBook>>,
    /// `None`: records of dead letters are not read here.
    pub letters: Option<Arc<dyn LetterRecords>>,
    /// `None`: what was written of decisions and acts is not read here.
    pub audit: Option<Arc<dyn AuditTrail>>,
}
