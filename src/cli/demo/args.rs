//! What `waybill demo` can be asked for.

use std::path::PathBuf;

use crate::cli::systems::{DEMO_SYSTEMS, played_systems, system_parser};
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
    /// The systems that take part; a shop at least. What the others would do is done by hand
    #[arg(long, value_delimiter = ',', value_parser = system_parser(), default_values = DEMO_SYSTEMS)]
    pub systems: Vec<String>,
    /// Magento's stores; the second one sells in euros, from the same stock
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=2))]
    pub stores: u8,
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
    /// Who plays. On a Kafka nobody can wait the three weeks after which a parcel that no carrier tells of counts as delivered.
    pub(super) fn systems(&self) -> Result<Systems, Error> {
        let systems = played_systems(&self.systems, self.stores)?;
        if self.brokers.is_some() && DEMO_SYSTEMS.iter().any(|system| *system != "crm" && !self.systems.iter().any(|named| named == system))
        {
            return Err(Error::Usage("--systems: on a Kafka (--brokers) only crm can be left out".to_owned()));
        }
        Ok(systems)
    }
}
