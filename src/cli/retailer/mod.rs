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

use crate::config::name_is_legal;
use crate::error::Error;

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
    Load(StageArgs),
}

/// Where the retailer plays, and what.
#[cfg(feature = "kafka")]
#[derive(Debug, clap::Args)]
pub struct StageArgs {
    /// The Kafka, as in `localhost:9092`
    #[arg(long, default_value = "localhost:9092")]
    pub brokers: String,
    /// Stands before every topic's name; a play wants topics that nobody has written to
    #[arg(long, default_value = "", value_parser = prefix)]
    pub prefix: String,
    /// Partitions of the systems' topics, where they do not exist yet
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(i32).range(1..=1_000))]
    pub partitions: i32,
    /// How many orders are placed
    #[arg(long, default_value_t = 300, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub orders: u32,
    /// The same seed plays the same people
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
}

/// A prefix that a topic, a consumer group and a transactional id can begin with.
pub fn prefix(text: &str) -> Result<String, String> {
    const LONGEST: usize = 80;
    name_is_legal(text)?;
    if text.len() > LONGEST { Err(format!("is longer than {LONGEST} characters")) } else { Ok(text.to_owned()) }
}

pub fn run(args: &RetailerArgs) -> Result<(), Error> {
    match &args.command {
        Command::Config(args) => config::run(args),
        #[cfg(feature = "kafka")]
        Command::Load(stage) => load::run(stage),
        #[cfg(feature = "kafka")]
        Command::Play(args) => play::run(args),
    }
}
