//! `waybill retailer`: the simulated retailer's systems on a Kafka, beside a `waybill run` of one's own.
//!
//! ```text
//! waybill retailer config > waybill.toml     what `waybill run` needs to know of the retailer
//! waybill retailer play                      the living retailer: writes, hears, reacts, judges
//! waybill retailer load                      the records of a run, as fast as they can be written
//! ```

mod config;
#[cfg(feature = "kafka")]
mod load;
#[cfg(feature = "kafka")]
mod play;
mod stage;

use crate::error::Error;

/// `waybill retailer SUBCOMMAND`
#[derive(Debug, clap::Args)]
pub struct RetailerArgs {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Print the configuration for `waybill run` that fits the retailer
    Config(config::ConfigArgs),
    /// Play the living retailer: it writes, hears what Waybill says, reacts, and judges every order in the end
    #[cfg(feature = "kafka")]
    Play(play::PlayArgs),
    /// Write the records of the retailer's days to Kafka at once, without waiting for an answer
    #[cfg(feature = "kafka")]
    Load(load::LoadArgs),
}

/// Runs the subcommand.
pub fn run(args: &RetailerArgs) -> Result<(), Error> {
    match &args.command {
        Command::Config(args) => config::run(args),
        #[cfg(feature = "kafka")]
        Command::Load(args) => load::run(args),
        #[cfg(feature = "kafka")]
        Command::Play(args) => play::run(args),
    }
}
