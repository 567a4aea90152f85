//! Where the retailer plays, and how much: the options that its subcommands share.

#[cfg(feature = "kafka")]
use crate::cli::systems::PlayedArgs;
use crate::config::name_is_legal;

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
    /// Who takes part.
    #[command(flatten)]
    pub played: PlayedArgs,
}

/// The retailer's shop, where none is named.
pub const SHOPS: [&str; 1] = ["magento"];

/// A prefix that a topic, a consumer group and a transactional id can begin with.
pub fn prefix(text: &str) -> Result<String, String> {
    const LONGEST: usize = 80;
    name_is_legal(text)?;
    if text.len() > LONGEST { Err(format!("is longer than {LONGEST} characters")) } else { Ok(text.to_owned()) }
}
