//! The edge towards people and Prometheus: the only folder that names axum.
//!
//! | path | answer |
//! | --- | --- |
//! | `/metrics` | Prometheus text |
//! | `/livez` | 200 while the process answers |
//! | `/readyz` | 200 or 503, and in both cases how each part stands |
//! | `/orders/{id}` | an order under any of its names |
//! | `/stock/{sku}` | a SKU's counts, claims and figures; with `?why` every term of them |
//! | `/customers/{id}` | a customer, by key |
//! | `POST /decisions` | takes a person's decision about an exception into the topic `decisions` |
//!
//! Every view comes from [`Views`], which shows committed epochs only: HTTP never reads an uncommitted row. Answers carry the epoch and the
//! tick that they are of in the headers `waybill-epoch` and `waybill-tick`.

mod answers;
mod readiness;
mod views;

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;

use serde_json::Value;
use tokio::net::TcpListener;

pub use readiness::{BrokerState, Readiness, RestoreState, SourceState, SourceStatus, Status};
pub use views::CommittedViews;

use crate::error::Error;
use crate::facts::Moment;
use crate::telemetry::{Metrics, say};

/// Which epoch the published views are of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EpochStamp {
    pub epoch: u64,
    pub tick: Moment,
}

/// The committed views, as queries see them.
///
/// Given: ids as the caller wrote them (percent-decoded, not trimmed). Owed: only what a committed epoch holds, and quickly: these are
/// called on the server's threads, beside the engine.
pub trait Views: Send + Sync {
    /// The order under this key, or under any name: the shop's number, the ERP's, the warehouse's, a tracking number.
    fn order(&self, id: &str) -> Option<Value>;

    /// The SKU, in any case.
    fn stock(&self, sku: &str) -> Option<Value>;

    /// The same with every term of its figures: counts, movements, claims with their orders, what shops hold back, parts of a kit.
    fn stock_why(&self, sku: &str) -> Option<Value> {
        self.stock(sku)
    }

    /// The customer under this key (`account|shop|42`).
    fn customer(&self, id: &str) -> Option<Value>;

    /// The scopes of names under which [`Self::order`] looks (`order-number`, `tracking`, `nav.document` ...): shown to a caller whose id was not found.
    fn scopes(&self) -> Vec<String>;

    fn epoch(&self) -> EpochStamp;
}

/// Takes in what people decide.
///
/// Given: the bytes of a decision that was read and found right. Owed: they are in the topic of decisions when it returns.
pub trait Inbox: Send + Sync {
    /// # Errors
    /// A sentence for the caller: the decision is not written, as far as is known.
    fn decide(&self, entity: &str, decision: &[u8]) -> Result<(), String>;
}

/// What the server answers from.
#[derive(Clone)]
pub struct Service {
    pub views: Arc<dyn Views>,
    pub status: Arc<Status>,
    pub metrics: Arc<Metrics>,
    /// `None`: decisions are not taken here.
    pub inbox: Option<Arc<dyn Inbox>>,
}

/// A server whose socket is open: the address is known (port 0 is allowed), nothing is answered yet.
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
}

impl Server {
    /// Opens the socket. An address that is taken is an error before anything else starts.
    pub async fn bind(address: SocketAddr) -> Result<Self, Error> {
        let tried = || format!("cannot listen on {address} (http.listen)");
        let listener = TcpListener::bind(address).await.map_err(Error::system(tried()))?;
        let address = listener.local_addr().map_err(Error::system(tried()))?;
        Ok(Self { listener, address })
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Answers until `end` is there; then takes no more connections and finishes what it has begun.
    pub async fn serve(self, service: Service, end: impl Future<Output = ()> + Send + 'static) -> Result<(), Error> {
        say::listening(self.address);
        let tried = format!("serving HTTP on {}", self.address);
        axum::serve(self.listener, answers::router(service)).with_graceful_shutdown(end).await.map_err(Error::system(tried))
    }
}

#[cfg(test)]
mod tests;
