//! `waybill simulate`: the retailer with fault injection, in virtual time and in memory, judged against the truth.

use std::path::PathBuf;

use super::playing::{bar, console_is_a_terminal, played, verdict};
use super::systems::PlayedArgs;
use crate::error::Error;
use crate::retailer::Settings;
use crate::retailer::demo::picture::Style;
use crate::retailer::faults::Plan;
use crate::retailer::simulate::draw;

/// `waybill simulate`
#[derive(Debug, clap::Args)]
pub struct SimulateArgs {
    /// Orders are placed on so many days; what follows from them is lived to its end
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u32).range(10..=366))]
    pub days: u32,
    /// How many orders are placed
    #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(500..=1_000_000))]
    pub orders: u32,
    /// The same seed injects the same faults at the same moments
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Who takes part.
    #[command(flatten)]
    pub played: PlayedArgs,
    /// No progress bar, no colours
    #[arg(long)]
    pub plain: bool,
    /// Write all derived events and dead letters to this file, one JSON object a line: topic, key, headers, value
    #[arg(long, value_name = "FILE")]
    pub events: Option<PathBuf>,
}

/// Plays, draws the picture, and ends with an error when anything does not hold.
pub fn run(args: &SimulateArgs) -> Result<(), Error> {
    let plan =
        Settings::with_faults(args.seed, args.orders, Plan::all(args.days)).with_systems(args.played.systems(&["magento", "shopify"])?);
    let facts = played(plan, args.events.as_deref(), &bar(args.orders, args.plain))?;
    let style = if args.plain || !console_is_a_terminal() { Style::Plain } else { Style::Colours };
    print!("{}", draw(&facts, style));
    verdict(&facts)
}
