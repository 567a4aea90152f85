//! `waybill demo`: a retailer's days on the in-memory log, every order judged.

use super::System;
use crate::error::Error;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// How many orders are placed
    #[arg(long, default_value_t = 300, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub orders: u32,
    /// The same seed plays the same days
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// The systems that take part
    #[arg(long, value_enum, value_delimiter = ',', default_values_t = System::CHAIN)]
    pub systems: Vec<System>,
    /// No progress bar, no colours
    #[arg(long)]
    pub plain: bool,
    /// Play on this Kafka instead, as in `localhost:9092`
    #[arg(long)]
    pub brokers: Option<String>,
}

pub fn run(_: &Args) -> Result<(), Error> {
    Err(Error::Usage("this build has no retailer".to_owned()))
}
