//! `waybill run`: the daemon. Reads the configuration, opens the HTTP socket, and hands over to the engine until SIGTERM or SIGINT.

use std::path::PathBuf;
use std::sync::Arc;

use tokio::sync::watch;

use crate::config::Config;
use crate::error::Error;
use crate::http::Status;
use crate::telemetry::{Metrics, say};

#[derive(Debug, clap::Args)]
pub struct Args {
    /// The configuration
    #[arg(long, env = "WAYBILL_CONFIG", default_value = "waybill.toml")]
    pub config: PathBuf,
    /// This instance among those of its application; stands above `application.slot`
    #[arg(long, env = "WAYBILL_SLOT")]
    pub slot: Option<String>,
}

/// What every part of the daemon shares.
#[derive(Clone)]
pub struct Shared {
    pub config: Arc<Config>,
    pub metrics: Arc<Metrics>,
    pub status: Arc<Status>,
    /// Becomes true when the process is asked to end: the open epoch is finished, no other is begun.
    pub ending: watch::Receiver<bool>,
}

/// Runs until SIGTERM or SIGINT; then the open epoch is ended, and the code is 0.
#[cfg(feature = "kafka")]
pub fn run(args: &Args) -> Result<(), Error> {
    let config = configured(args)?;
    started(&config);
    super::daemon::run(config)
}

#[cfg(not(feature = "kafka"))]
pub fn run(args: &Args) -> Result<(), Error> {
    started(&configured(args)?);
    Err(Error::Usage("this build has no Kafka client: build it with the feature `kafka`, which is on by default".to_owned()))
}

fn configured(args: &Args) -> Result<Config, Error> {
    let mut config = Config::load(&args.config)?;
    if let Some(slot) = &args.slot {
        crate::config::name_is_legal(slot).map_err(|sentence| Error::Usage(format!("--slot: {sentence}")))?;
        config.application.slot.clone_from(slot);
    }
    Ok(config)
}

fn started(config: &Config) {
    let topics = config.source_topics().count();
    say::starting(&config.application.id, &config.application.slot, config.sources.len(), topics, config.fingerprint());
    config.notes.iter().for_each(|note| say::note(note));
}

/// What is shared, and the task that hears the signals.
pub fn shared(config: Config) -> Result<(Shared, tokio::task::JoinHandle<()>), Error> {
    let metrics = Metrics::new().map_err(|error| Error::Usage(format!("metrics: {error}")))?;
    let status = Arc::new(Status::new(config.sources.iter().map(|source| source.common.name.as_str())));
    let (end, ending) = watch::channel(false);
    let told = Arc::clone(&status);
    let listening = tokio::spawn(async move {
        if let Ok(reason) = asked_to_end().await {
            say::ending(reason);
            told.update(|readiness| readiness.ending = true);
            // Nobody waits for it when everything has ended already.
            let _ = end.send(true);
        }
    });
    Ok((Shared { config: Arc::new(config), metrics: Arc::new(metrics), status, ending }, listening))
}

/// Waits for SIGTERM or SIGINT, and names it.
async fn asked_to_end() -> std::io::Result<&'static str> {
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
