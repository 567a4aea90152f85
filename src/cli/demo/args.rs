//! What `waybill demo` can be asked for.

use std::path::PathBuf;

use crate::cli::systems::{DEMO_SYSTEMS, system_parser};
use crate::error::Error;

/// `waybill demo`
#[derive(Debug, clap::Args)]
pub struct DemoArgs {
    /// How many orders are placed
    #[arg(long, default_value_t = 300, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub orders: u32,
    /// The same seed plays the same days
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// The systems that take part: the CRM can be left out, the others are the way of an order
    #[arg(long, value_delimiter = ',', value_parser = system_parser(), default_values = DEMO_SYSTEMS)]
    pub systems: Vec<String>,
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
    pub(super) fn has_crm(&self) -> bool {
        self.takes_part("crm")
    }

    fn takes_part(&self, system: &str) -> bool {
        self.systems.iter().any(|named| named == system)
    }

    /// All of the chain but the CRM, and nothing else.
    pub(super) fn check_systems(&self) -> Result<(), Error> {
        if let Some(system) = self.systems.iter().find(|system| !DEMO_SYSTEMS.contains(&system.as_str())) {
            return Err(Error::Usage(format!("--systems: the demo's retailer has no {system} yet")));
        }
        match DEMO_SYSTEMS.iter().find(|system| **system != "crm" && !self.takes_part(system)) {
            Some(missing) => Err(Error::Usage(format!("--systems: only crm can be left out, {missing} is needed"))),
            None => Ok(()),
        }
    }
}
