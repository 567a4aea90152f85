//! `waybill retailer load`: plays the days in memory, with an engine of its own that answers the systems, and writes all that they write to
//! Kafka as it goes. What the engine on that Kafka makes of it is not waited for: input for tests of load and of kills.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::time::Instant;

use super::stage::{SHOPS, StageArgs};
use crate::error::Error;
use crate::kafka::client::PlainProducer;
use crate::retailer::demo::{Play, Spy};
use crate::retailer::live::{FLUSH_LIMIT, prepare, unreachable};
use crate::retailer::setup::Setup;
use crate::retailer::{Settings, grouped};

/// `waybill retailer load`
#[derive(Debug, clap::Args)]
pub struct LoadArgs {
    #[command(flatten)]
    stage: StageArgs,
    /// Shipping is not paid back for what was sent, as with `[refunds] charges_back = false`
    #[arg(long)]
    charges_stay: bool,
}

/// What was written.
#[derive(Default)]
struct Written {
    records: u64,
    /// Of these, to topics that Waybill reads.
    read: u64,
    failed: Option<Error>,
}

pub fn run(args: &LoadArgs) -> Result<(), Error> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Error::system("the runtime"))?;
    runtime.block_on(load(&args.stage, args.charges_stay))
}

async fn load(stage: &StageArgs, charges_stay: bool) -> Result<(), Error> {
    let systems = stage.played.systems(&SHOPS)?;
    let setup = Setup { prefix: stage.prefix.clone(), systems, in_hurry: true, charges_stay, ..Setup::new(&stage.brokers) };
    prepare(&setup, stage.partitions).await?;
    let producer = Rc::new(PlainProducer::new(&stage.brokers, &BTreeMap::new()).map_err(unreachable(&stage.brokers))?);
    let written = Rc::new(RefCell::new(Written::default()));
    let spy = spy(&setup, Rc::clone(&producer), Rc::clone(&written))?;
    let began = Instant::now();
    let settings = Settings { charges_stay, ..Settings::new(stage.seed, stage.orders).with_systems(setup.systems) };
    let facts = Play::begin(settings).await?.with_spy(spy).run(|_| ()).await?;
    producer.flush(FLUSH_LIMIT).map_err(unreachable(&stage.brokers))?;
    let mut written = written.borrow_mut();
    if let Some(error) = written.failed.take() {
        return Err(error);
    }
    println!(
        "{} records of {} orders are written, {} of them to topics that Waybill reads, in {:.1} s",
        grouped(written.records),
        grouped(facts.orders as u64),
        grouped(written.read),
        began.elapsed().as_secs_f64()
    );
    Ok(())
}

/// Writes each record as it comes; after the first that can't be written, none.
fn spy(setup: &Setup, producer: Rc<PlainProducer>, written: Rc<RefCell<Written>>) -> Result<Spy, Error> {
    let read: BTreeSet<String> = setup.config()?.source_topics().map(|(topic, _)| topic.to_owned()).collect();
    let (brokers, prefix) = (setup.bootstrap.clone(), setup.prefix.clone());
    Ok(Box::new(move |record| {
        let mut written = written.borrow_mut();
        if written.failed.is_some() {
            return;
        }
        let topic = format!("{prefix}{}", record.topic);
        let sent = producer.send(&topic, record.key.as_deref(), record.value.as_deref(), &[], Some(record.timestamp.0));
        written.failed = sent.and_then(|()| producer.poll()).map_err(unreachable(&brokers)).err();
        written.records += 1;
        written.read += u64::from(read.contains(&topic));
    }))
}
