//! `waybill set-time-back`: an operator's way back from a clock that was ahead.
//!
//! Time never goes back by itself: an epoch that was committed under a wrong clock keeps the state there, over restarts. This command takes the state up,
//! computes every view at the moment that the clock shows now, and commits that: what was found only because time had passed is taken back, deadlines
//! run again from where they were. What was requested stays in the ledgers: nothing is asked for twice, and a mail that was held back as too old
//! while the clock was wrong is not sent.

use super::run::{RunArgs, configured};
use crate::error::Error;

/// Sets the state's time back to the clock, while no `waybill run` of the application is running.
#[cfg(feature = "kafka")]
pub fn run(args: &RunArgs) -> Result<(), Error> {
    use super::broker;
    use crate::engine::Engine;
    use crate::kafka::KafkaLog;

    let config = configured(args)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Error::system("starting the runtime"))?;
    runtime.block_on(async {
        let log = KafkaLog::open(broker::settings(&config))?;
        let clock = log.clock().await?;
        let (mut engine, _) = Engine::start(config.engine(), log, config.limits(), ()).await?;
        match engine.set_time_back(clock).await? {
            Some(was) => println!("the state's time was {was}, and is {clock} now"),
            None => println!("the state's time, {}, is not ahead of the clock ({clock}): nothing is changed", engine.core().tick()),
        }
        engine.into_log().close().await;
        Ok(())
    })
}

/// This build has no Kafka client.
#[cfg(not(feature = "kafka"))]
pub fn run(args: &RunArgs) -> Result<(), Error> {
    configured(args)?;
    Err(Error::Usage("this build has no Kafka client: build it with the feature `kafka`, which is on by default".to_owned()))
}
