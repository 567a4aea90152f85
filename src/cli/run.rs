//! `waybill run`: the daemon. Reads the configuration, opens the HTTP socket, and hands over to the engine until SIGTERM or SIGINT.

use std::path::PathBuf;

use crate::config::Config;
use crate::error::Error;
use crate::telemetry::say;

/// `waybill run`
#[derive(Debug, clap::Args)]
pub struct RunArgs {
    /// The configuration
    #[arg(long, env = "WAYBILL_CONFIG", default_value = "waybill.toml")]
    pub config: PathBuf,
    /// This instance among those of its application; stands above `application.slot`
    #[arg(long, env = "WAYBILL_SLOT")]
    pub slot: Option<String>,
}

/// Runs until SIGTERM or SIGINT; then the open epoch is ended, and the code is 0.
#[cfg(feature = "kafka")]
pub fn run(args: &RunArgs) -> Result<(), Error> {
    let config = configured(args)?;
    started(&config);
    super::daemon::run(config)
}

/// Only reads the configuration: this build has no Kafka client.
#[cfg(not(feature = "kafka"))]
pub fn run(args: &RunArgs) -> Result<(), Error> {
    started(&configured(args)?);
    Err(Error::Usage("this build has no Kafka client: build it with the feature `kafka`, which is on by default".to_owned()))
}

pub(super) fn configured(args: &RunArgs) -> Result<Config, Error> {
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
