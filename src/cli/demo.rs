//! `waybill demo`: a retailer's days on the in-memory log, or on a real Kafka in a hurry; every order judged.

#[cfg(feature = "kafka")]
mod on_kafka;

use std::path::{Path, PathBuf};

use indicatif::{ProgressBar, ProgressStyle};

use super::{DEMO_SYSTEMS, system_parser};
use crate::error::Error;
use crate::retailer::Settings;
use crate::retailer::demo::picture::{Style, draw};
use crate::retailer::demo::{EventFile, Facts, Play};

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
    fn has_crm(&self) -> bool {
        self.takes_part("crm")
    }

    fn takes_part(&self, system: &str) -> bool {
        self.systems.iter().any(|named| named == system)
    }

    /// All of the chain but the CRM, and nothing else.
    fn check_systems(&self) -> Result<(), Error> {
        if let Some(system) = self.systems.iter().find(|system| !DEMO_SYSTEMS.contains(&system.as_str())) {
            return Err(Error::Usage(format!("--systems: the demo's retailer has no {system} yet")));
        }
        match DEMO_SYSTEMS.iter().find(|system| **system != "crm" && !self.takes_part(system)) {
            Some(missing) => Err(Error::Usage(format!("--systems: only crm can be left out, {missing} is needed"))),
            None => Ok(()),
        }
    }
}

pub fn run(args: &DemoArgs) -> Result<(), Error> {
    args.check_systems()?;
    let bar = bar(args.orders, args.plain);
    let facts = match &args.brokers {
        Some(brokers) => play_on_kafka(args, brokers, &bar)?,
        None => played(Settings { crm: args.has_crm(), ..Settings::new(args.seed, args.orders) }, args.events.as_deref(), &bar)?,
    };
    let coloured = !args.plain && console_is_a_terminal();
    print!("{}", draw(&facts, if coloured { Style::Colours } else { Style::Plain }));
    verdict(&facts)
}

#[cfg(feature = "kafka")]
fn play_on_kafka(args: &DemoArgs, brokers: &str, bar: &ProgressBar) -> Result<Facts, Error> {
    on_kafka::play(args, brokers, bar)
}

#[cfg(not(feature = "kafka"))]
fn play_on_kafka(_: &DemoArgs, _: &str, _: &ProgressBar) -> Result<Facts, Error> {
    Err(Error::Usage("--brokers: this build has no Kafka client (feature `kafka`): it plays in memory alone".to_owned()))
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

/// Plays to the end, on the log in memory; the derived events go to a file, if one is named.
pub fn played(plan: Settings, events: Option<&Path>, bar: &ProgressBar) -> Result<Facts, Error> {
    let events = events.map(EventFile::create).transpose()?;
    let runtime = tokio::runtime::Builder::new_current_thread().build().map_err(Error::system("the runtime"))?;
    runtime.block_on(play(plan, events, bar))
}

async fn play(plan: Settings, events: Option<EventFile>, bar: &ProgressBar) -> Result<Facts, Error> {
    let mut play = Play::begin(plan).await?.with_events(events);
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

/// An error when anything does not hold; its sentence names the first order and row.
pub fn verdict(facts: &Facts) -> Result<(), Error> {
    let changed = facts.killed.as_ref().and_then(|killed| killed.changed.as_ref());
    if let Some(entity) = changed {
        return Err(Error::Found(format!("after the restore not all was as before: {entity}")));
    }
    match facts.failures.first() {
        Some(first) => Err(Error::Found(format!("{} things do not hold; the first: {}", facts.failures.len(), first.sentence))),
        None if facts.dead_letters > 0 => Err(Error::Found(format!("{} records could not be read", facts.dead_letters))),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::cli::{Cli, Command};

    fn parsed(options: &[&str]) -> DemoArgs {
        let cli = Cli::try_parse_from(["waybill", "demo"].iter().chain(options)).expect("parses");
        let Command::Demo(args) = cli.command else { panic!("demo was parsed") };
        args
    }

    #[test]
    fn only_the_crm_can_be_left_out() {
        assert!(parsed(&[]).has_crm());
        let without = parsed(&["--systems", "magento,nav,peoplevox,carrier,finance"]);
        assert!(without.check_systems().is_ok() && !without.has_crm());
        let refused = |systems| parsed(&["--systems", systems]).check_systems().expect_err("refused").to_string();
        assert!(refused("magento,nav,peoplevox,crm").contains("carrier is needed"));
        assert!(refused("magento,shopify,nav,peoplevox,carrier,finance").contains("no shopify yet"));
    }

    #[test]
    fn a_hurry_without_a_kafka_would_do_nothing_and_is_refused() {
        assert!(Cli::try_parse_from(["waybill", "demo", "--hurry", "60"]).is_err());
        assert_eq!(parsed(&["--brokers", "localhost:9092"]).hurry, 14_400);
    }
}
