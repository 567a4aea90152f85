//! `waybill demo`: a retailer's days on the in-memory log, every order judged.

use indicatif::{ProgressBar, ProgressStyle};

use super::System;
use crate::error::Error;
use crate::retailer::Settings;
use crate::retailer::demo::picture::{Style, draw};
use crate::retailer::demo::{Facts, Play};

#[derive(Debug, clap::Args)]
pub struct Args {
    /// How many orders are placed
    #[arg(long, default_value_t = 300, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub orders: u32,
    /// The same seed plays the same days
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// The systems that take part; carrier, finance and CRM always do
    #[arg(long, value_enum, value_delimiter = ',', default_values_t = System::CHAIN)]
    pub systems: Vec<System>,
    /// No progress bar, no colours
    #[arg(long)]
    pub plain: bool,
    /// Play on this Kafka instead, as in `localhost:9092`
    #[arg(long)]
    pub brokers: Option<String>,
}

/// Without these three there is no way of an order to tell.
const NEEDED: [System; 3] = [System::Magento, System::Nav, System::Peoplevox];

pub fn run(args: &Args) -> Result<(), Error> {
    if let Some(system) = args.systems.iter().find(|system| !System::CHAIN.contains(system)) {
        return Err(Error::Usage(format!("--systems: the demo's retailer has no {} yet", system.name())));
    }
    if let Some(missing) = NEEDED.iter().find(|system| !args.systems.contains(system)) {
        return Err(Error::Usage(format!("--systems: the demo's retailer cannot do without {}", missing.name())));
    }
    if args.brokers.is_some() {
        return Err(Error::Usage("--brokers: this build plays in memory alone".to_owned()));
    }
    let runtime = tokio::runtime::Builder::new_current_thread().build().map_err(Error::system("the runtime"))?;
    let facts = runtime.block_on(play(args))?;
    let coloured = !args.plain && console_is_a_terminal();
    print!("{}", draw(&facts, if coloured { Style::Colours } else { Style::Plain }));
    told(&facts)
}

pub fn console_is_a_terminal() -> bool {
    use std::io::IsTerminal;
    std::io::stdout().is_terminal()
}

/// A progress bar of the orders placed.
pub fn bar(orders: u32, plain: bool) -> ProgressBar {
    let bar = if plain { ProgressBar::hidden() } else { ProgressBar::new(orders.into()) };
    if let Ok(style) = ProgressStyle::with_template("{bar:40} {pos}/{len} orders, {msg}") {
        bar.set_style(style);
    }
    bar
}

async fn play(args: &Args) -> Result<Facts, Error> {
    let bar = bar(args.orders, args.plain);
    let mut play = Play::begin(Settings::new(args.seed, args.orders)).await?;
    let mut killed = false;
    let facts = play
        .run(|play| {
            bar.set_position(play.progress().0 as u64);
            bar.set_message(play.now().to_string());
            if play.is_killed() && !killed {
                killed = true;
                bar.println("The engine was killed with a transaction open; another one has read its state back and goes on.");
            }
        })
        .await?;
    bar.finish_and_clear();
    Ok(facts)
}

/// Not zero when anything is broken; the sentence names the first order and row.
pub fn told(facts: &Facts) -> Result<(), Error> {
    let restored = facts.killed.as_ref().is_none_or(|killed| killed.same);
    match facts.failures.first() {
        Some(first) => Err(Error::Found(format!("{} things do not hold; the first: {}", facts.failures.len(), first.sentence))),
        None if !restored => Err(Error::Found("after the restore not every order was as before".to_owned())),
        None if facts.dead_letters > 0 => Err(Error::Found(format!("{} records could not be read", facts.dead_letters))),
        None => Ok(()),
    }
}
