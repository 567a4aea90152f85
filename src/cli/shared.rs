//! What every part of the daemon shares, and the signals that ask it to end.

use std::sync::Arc;

use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::config::Config;
use crate::error::Error;
use crate::http::Status;
use crate::telemetry::{Metrics, say};

/// What the engine's thread, HTTP and the watch over lag share.
#[derive(Clone)]
pub struct DaemonContext {
    pub config: Arc<Config>,
    pub metrics: Arc<Metrics>,
    pub status: Arc<Status>,
    /// Becomes true when the process is asked to end: the open epoch is finished, no other is begun.
    pub ending: watch::Receiver<bool>,
}

impl DaemonContext {
    /// Makes it, with the task that waits for SIGTERM or SIGINT.
    pub fn new(config: Config) -> Result<(Self, JoinHandle<()>), Error> {
        let metrics = Metrics::new().map_err(|error| Error::Usage(format!("metrics: {error}")))?;
        metrics.sources(config.sources.iter().map(|source| source.common.name.as_str()));
        let status = Arc::new(Status::new(config.sources.iter().map(|source| source.common.name.as_str())));
        let (end, ending) = watch::channel(false);
        let waiting = tokio::spawn(wait_for_signal(Arc::clone(&status), end));
        Ok((Self { config: Arc::new(config), metrics: Arc::new(metrics), status, ending }, waiting))
    }
}

async fn wait_for_signal(status: Arc<Status>, end: watch::Sender<bool>) {
    if let Ok(signal) = signalled().await {
        say::ending(signal);
        status.update(|readiness| readiness.ending = true);
        // Fails only where every part has ended already.
        let _ = end.send(true);
    }
}

/// Waits for SIGTERM or SIGINT, and gives its name.
async fn signalled() -> std::io::Result<&'static str> {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let mut term = signal(SignalKind::terminate())?;
        tokio::select! {
            _ = term.recv() => Ok("SIGTERM"),
            interrupted = tokio::signal::ctrl_c() => interrupted.map(|()| "SIGINT"),
        }
    }
    #[cfg(not(unix))]
    tokio::signal::ctrl_c().await.map(|()| "interrupted")
}
