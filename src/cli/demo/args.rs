//! What `waybill demo` can be asked for.

use std::path::PathBuf;

use crate::cli::systems::PlayedArgs;
use crate::error::Error;
use crate::retailer::systems::Systems;

/// `waybill demo`
#[derive(Debug, clap::Args)]
pub struct DemoArgs {
    /// How many orders are placed
    #[arg(long, default_value_t = 300, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub orders: u32,
    /// The same seed plays the same days
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Who takes part.
    #[command(flatten)]
    pub played: PlayedArgs,
    /// No progress bar, no colours
    #[arg(long)]
    pub plain: bool,
    /// Play on this Kafka, as in `localhost:9092`, beside a process of `waybill run`; all topics are the run's own
    #[arg(long)]
    pub brokers: Option<String>,
    /// On a Kafka, how many times faster than in reality everybody is
    #[arg(long, default_value_t = 14_400, requires = "brokers", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub hurry: u32,
    /// Write all derived events and dead letters to this file, one JSON object a line: topic, key, headers, value
    #[arg(long, value_name = "FILE", conflicts_with = "brokers")]
    pub events: Option<PathBuf>,
}

impl DemoArgs {
    /// Who plays.
    pub(super) fn systems(&self) -> Result<Systems, Error> {
        if self.brokers.is_some() { self.played.on_kafka(&SHOPS) } else { self.played.systems(&SHOPS) }
    }
}

/// The demo's shop, where none is named.
const SHOPS: [&str; 1] = ["magento"];
