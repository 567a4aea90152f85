//! `waybill demo`: a retailer's days on the in-memory log, or on a real Kafka in a hurry; every order judged.

mod args;
#[cfg(feature = "kafka")]
mod on_kafka;

use indicatif::ProgressBar;

pub use args::DemoArgs;

use super::playing::{bar, console_is_a_terminal, played, verdict};
use crate::error::Error;
use crate::retailer::Settings;
use crate::retailer::demo::Facts;
use crate::retailer::demo::picture::{Style, draw};

/// Plays, draws the picture, and ends with an error when anything does not hold.
pub fn run(args: &DemoArgs) -> Result<(), Error> {
    let systems = args.systems()?;
    let bar = bar(args.orders, args.plain);
    let facts = match &args.brokers {
        Some(brokers) => play_on_kafka(args, brokers, &bar)?,
        None => played(Settings::new(args.seed, args.orders).with_systems(systems), args.events.as_deref(), &bar)?,
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

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::cli::{Cli, Command};
    use crate::retailer::System;
    use crate::retailer::systems::Systems;

    fn parsed(options: &[&str]) -> DemoArgs {
        let cli = Cli::try_parse_from(["waybill", "demo"].iter().chain(options)).expect("parses");
        let Command::Demo(args) = cli.command else { panic!("demo was parsed") };
        args
    }

    #[test]
    fn any_systems_can_be_left_out_but_the_shops() {
        assert!(parsed(&[]).systems().is_ok_and(|systems| systems == Systems::ONE_SHOP));
        let alone = parsed(&["--erp", "none", "--wms", "none", "--without", "carrier,finance,crm", "--stores", "2"]);
        let alone = alone.systems().expect("a shop alone");
        assert!(alone.two_stores && alone.shop_sends());
        let other = parsed(&["--shops", "shopify", "--erp", "netsuite"]).systems().expect("another shop, another ERP");
        assert!(other.has(System::Shopify) && other.erp() == Some(System::NetSuite) && !other.has(System::Magento));
        let third = parsed(&["--shops", "shopify", "--wms", "peoplevox,seko", "--marketing", "emarsys"])
            .systems()
            .expect("two warehouses, marketing");
        assert!(third.has(System::Seko) && third.has(System::Peoplevox) && third.has(System::Emarsys));
        let refused = |options: &[&str]| parsed(options).systems().expect_err("refused").to_string();
        assert!(refused(&["--shops", "shopify", "--stores", "2"]).contains("only Magento has several stores"));
        let three = parsed(&["--shops", "magento,shopify", "--stores", "2"]).systems();
        assert!(three.is_ok_and(|systems| systems.two_stores && systems.channels().count() == 3));
        assert!(refused(&["--shops", "magento,shopify", "--wms", "none"]).contains("share one warehouse"));
        assert!(refused(&["--erp", "none", "--brokers", "localhost:9092"]).contains("only crm can be left out"));
    }

    #[test]
    fn a_hurry_without_a_kafka_would_do_nothing_and_is_refused() {
        assert!(Cli::try_parse_from(["waybill", "demo", "--hurry", "60"]).is_err());
        assert_eq!(parsed(&["--brokers", "localhost:9092"]).hurry, 14_400);
    }
}
