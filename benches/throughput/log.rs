//! The same reads and writes through the log of the engine.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use waybill::cli::broker;
use waybill::config::Config;
use waybill::engine::log::{CommitOutcome, Limits, Log, LogError, Offset, OutRecord, Transaction};
use waybill::envelope::Batch;
use waybill::facts::Moment;
use waybill::kafka::KafkaLog;

use crate::{Args, Done, Output};

pub async fn run(args: &Args, config: &Config, input: usize, output: &Output) -> Result<Done, LogError> {
    let mut log = KafkaLog::open(broker::settings(config))?;
    let committed = log.committed().await?;
    log.start(&committed).await?;
    let limits: Limits = config.limits();
    let mut batch = Batch::new(log.topics(), Moment::default());
    let (mut done, mut begun) = (Done::default(), None::<Instant>);
    let exchange = broker::settings(config).exchange_topic;
    while done.read < input && begun.is_none_or(|begun| begun.elapsed() < Duration::from_secs(args.seconds)) {
        log.next_batch(&limits, &mut batch).await?;
        // The first record came a linger ago: joining the group is not what is measured.
        let begun = *begun.get_or_insert_with(|| Instant::now() - args.linger());
        done.read += batch.len();
        let owed = (output.records.len() as f64 * done.read as f64 / output.read as f64) as usize;
        let records: Vec<OutRecord> =
            (done.written..owed).map(|next| copy(&output.records[next % output.records.len()], output, config)).collect();
        done.written = owed;
        done.bytes += records.iter().map(OutRecord::bytes).sum::<usize>();
        let numbers = (0..config.application.shards).map(|shard| Offset {
            topic: exchange.clone(),
            partition: shard.into(),
            next: Some(0),
            metadata: (done.transactions + 1).to_string(),
        });
        let offsets = ends(&batch).chain(numbers).collect();
        let committing = Instant::now();
        assert_eq!(log.commit(Transaction { records, offsets }).await?, CommitOutcome::Committed);
        done.committing += committing.elapsed();
        done.transactions += 1;
        done.took = begun.elapsed();
    }
    log.close().await;
    Ok(done)
}

fn copy(record: &OutRecord, output: &Output, config: &Config) -> OutRecord {
    OutRecord { topic: output.topic(record, config).into(), ..record.clone() }
}

fn ends(batch: &Batch) -> impl Iterator<Item = Offset> + use<> {
    let mut ends: BTreeMap<(u16, i32), (Arc<str>, i64)> = BTreeMap::new();
    for record in batch.iter() {
        ends.entry((record.topic_index, record.partition)).or_insert_with(|| (Arc::clone(record.topic), 0)).1 = record.offset + 1;
    }
    ends.into_iter().map(|((_, partition), (topic, next))| Offset { topic, partition, next: Some(next), metadata: String::new() })
}
