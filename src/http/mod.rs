//! The edge towards people and Prometheus: the only folder that names axum.
//!
//! Each path is also there under `/api/v1`, which is what programs ask. What is wrong with a question is said as `application/problem+json` (RFC 9457).
//!
//! | path | answer |
//! | --- | --- |
//! | `/` | the page for whoever opens it in a browser; the paths, for a program |
//! | `/flow` | what comes in from whom and what goes out, in totals |
//! | `/changes` | server-sent events: an epoch is committed |
//! | `/search?text=` | orders, SKUs that a text may mean |
//! | `/metrics` | Prometheus text |
//! | `/livez` | 200 while the process answers |
//! | `/readyz` | 200 or 503, and in both cases how each part stands |
//! | `/orders/{id}` | an order under any of its names; `several` where a name is of several; with `?store=ID` only those of a store |
//! | `/stock/{sku}` | a SKU's counts, claims and figures; with `?why` every term of them |
//! | `/customers/{id}` | a customer, by key |
//! | `/books/{id}` | an order's books: what is posted, what each account stands at, the invariants |
//! | `/books?day=D` | the trial balance of a day; with `&csv` its postings for the accountant |
//! | `/counts` | what came in against what is out, waits, or is asked of a person; computes every order |
//! | `/exceptions` | all that waits for a person, the oldest first: by `kind`, `about`, `entity`, `sort`, `limit`, `after` |
//! | `/dead-letters` | records that could not be read and that nobody has dealt with, the oldest first, with their causes: by `source`, `topic`, `cause`, `limit`, `after` |
//! | `/dead-letters/{topic}/{partition}/{offset}` | one of them: the record whole, why it is refused now, and the member that cannot be read |
//! | `/audit?about=` | what people decided and did, and what became of it |
//! | `/held` | requests that wait for a person: of a change of rules, from before going live, beyond a limit |
//! | `POST /decisions` | takes a person's decision about an exception, or about what is held, into the topic `decisions`; with `?dry-run` only says what it would do |
//! | `POST /decisions/bulk` | one decision about many open exceptions: by `keys`, or by `kind`, `about`, `entity`; with `?dry-run` only how many, and the money at risk |
//! | `POST /acts` | takes what a person does with a dead letter (`retry`, `edit`, `discard`) or an exception (`note`, `own`); with `?dry-run` only says what would follow |
//!
//! Every view comes from [`Views`], which shows committed epochs only: HTTP never reads an uncommitted row. Answers carry the epoch and the
//! tick that they are of in the headers `waybill-epoch` and `waybill-tick`.

mod acts;
mod answers;
mod bulk;
mod decide;
pub mod desk;
mod edited;
pub mod letters;
mod marked;
mod page;
mod readiness;
mod reply;
mod service;
mod standing;
mod views;

use std::future::Future;
use std::net::SocketAddr;

use tokio::net::TcpListener;

pub use readiness::{BrokerState, Readiness, RestoreState, SourceState, SourceStatus, Status};
pub use service::{
    AuditTrail, CaseStanding, DayBook, EpochStamp, Inbox, InboxTopic, LetterReading, LetterRecords, OpenCase, Service, Views,
};
pub use views::CommittedViews;

use crate::error::Error;
use crate::telemetry::say;

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

    /// Where it listens.
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
