//! `waybill retailer play`: the living retailer, beside a `waybill run` of one's own.

use std::path::PathBuf;
use std::time::Duration;

use indicatif::ProgressBar;

use super::stage::{SHOPS, StageArgs};
use crate::cli::playing::{bar, console_is_a_terminal, verdict};
use crate::error::Error;
use crate::retailer::demo::Facts;
use crate::retailer::demo::picture::{Style, draw_judgement};
use crate::retailer::live::{Database, Live, Patience, prepare};
use crate::retailer::setup::Setup;
use crate::retailer::{Hurry, Settings};

/// `waybill retailer play`
#[derive(Debug, clap::Args)]
pub struct PlayArgs {
    #[command(flatten)]
    stage: StageArgs,
    /// How many times faster than in reality everybody is: with 3600, what takes an hour takes a second
    #[arg(long, default_value_t = 3_600, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    hurry: u32,
    /// Seconds without an event, once all stories are over, after which everything is judged
    #[arg(long, default_value_t = 10, value_name = "SECONDS")]
    settle: u64,
    /// Seconds after which it ends in any case
    #[arg(long, default_value_t = 3_600, value_name = "SECONDS")]
    limit: u64,
    /// Write Magento's rows as SQL to this file (a fifo; `-` is standard output) for a MariaDB with a Debezium connector of its own, not as
    /// change events to Kafka
    #[arg(long, value_name = "FILE")]
    magento_sql: Option<PathBuf>,
    /// No progress bar, no colours
    #[arg(long)]
    plain: bool,
}

pub fn run(args: &PlayArgs) -> Result<(), Error> {
    let stage = &args.stage;
    let setup =
        Setup { prefix: stage.prefix.clone(), systems: stage.played.on_kafka(&SHOPS)?, in_hurry: true, ..Setup::new(&stage.brokers) };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Error::system("the runtime"))?;
    runtime.block_on(prepare(&setup, stage.partitions))?;
    let database = args.magento_sql.as_ref().map(open).transpose()?;
    let plan = Settings {
        hurry: Hurry::new(args.hurry),
        shop_database: database.is_some(),
        systems: setup.systems,
        ..Settings::new(stage.seed, stage.orders)
    };
    let patience = Patience { settle: Duration::from_secs(args.settle), limit: Duration::from_secs(args.limit) };
    eprintln!("Opens when `waybill run` has created {}*; `waybill retailer config` prints its configuration.", setup.own_prefix());
    let bar = bar(stage.orders, args.plain);
    let facts = played(Live::begin(&setup, plan, patience, database, || Ok(()))?, &bar)?;
    let to_stdout = args.magento_sql.as_ref().is_none_or(|file| file.as_os_str() != "-");
    let coloured = !args.plain && to_stdout && console_is_a_terminal();
    let drawn = draw_judgement(&facts, if coloured { Style::Colours } else { Style::Plain });
    // Standard output may be the shop's SQL.
    if to_stdout {
        print!("{drawn}")
    } else {
        eprint!("{drawn}")
    }
    verdict(&facts)
}

fn played(live: Live, bar: &ProgressBar) -> Result<Facts, Error> {
    let facts = live.run(|live| {
        bar.set_position(live.progress().0 as u64);
        bar.set_message(format!("{} events heard", live.heard()));
        Ok(())
    });
    bar.finish_and_clear();
    facts
}

fn open(file: &PathBuf) -> Result<Database, Error> {
    if file.as_os_str() == "-" {
        return Ok(Box::new(std::io::stdout()));
    }
    // A fifo waits here for its reader.
    let opened = std::fs::OpenOptions::new().write(true).create(true).truncate(true).open(file);
    Ok(Box::new(std::io::BufWriter::new(opened.map_err(Error::system(format!("opening {}", file.display())))?)))
}
