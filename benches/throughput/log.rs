//! The same through the log of the engine.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use waybill::engine::log::{Limits, Log, LogError, Offset, OutRecord, Outcome, Transaction};
use waybill::envelope::Batch;
use waybill::facts::Moment;
use waybill::kafka::{KafkaLog, KafkaSettings};

use crate::{Args, Done};

pub async fn run(args: &Args, settings: KafkaSettings) -> Result<Done, LogError> {
    let out: Arc<str> = Arc::from(format!("{}.out", settings.application_id));
    let mut log = KafkaLog::open(settings)?;
    let committed = log.committed().await?;
    log.start(&committed).await?;
    let limits = Limits { records_max: 200_000, bytes_max: 256 << 20, linger: Duration::from_millis(args.commit_ms), wake_at: None };
    let mut batch = Batch::new(log.topics(), Moment::default());
    // The first batch is not counted: joining the group is not what is measured.
    log.next_batch(&limits, &mut batch).await?;
    let (mut done, mut owed, begun) = (Done::default(), 0.0, Instant::now());
    while begun.elapsed() < Duration::from_secs(args.seconds) {
        let read = tokio::time::timeout(Duration::from_millis(500), log.next_batch(&limits, &mut batch)).await;
        let Ok(read) = read else { break };
        read?;
        let (transaction, written) = copy(&batch, &out, args, &mut owed);
        let committing = Instant::now();
        let outcome = log.commit(transaction).await?;
        done.committing += committing.elapsed();
        assert_eq!(outcome, Outcome::Committed);
        done.read += batch.len();
        done.written += written;
        done.transactions += 1;
    }
    done.took = begun.elapsed();
    log.close().await;
    Ok(done)
}

fn copy(batch: &Batch, out: &Arc<str>, args: &Args, owed: &mut f64) -> (Transaction, usize) {
    let mut ends: BTreeMap<(u16, i32), (Arc<str>, i64)> = BTreeMap::new();
    let mut records = Vec::with_capacity(batch.len());
    for record in batch.iter() {
        *owed += args.out_per_input;
        while *owed >= 1.0 {
            *owed -= 1.0;
            let value = Some(vec![b'x'; args.out_bytes]);
            records.push(OutRecord {
                topic: Arc::clone(out),
                partition: None,
                key: record.key.map(<[u8]>::to_vec),
                value,
                headers: vec![],
            });
        }
        ends.entry((record.topic_index, record.partition)).or_insert_with(|| (Arc::clone(record.topic), 0)).1 = record.offset + 1;
    }
    let offset = |((_, partition), (topic, next))| Offset { topic, partition, next: Some(next), metadata: String::new() };
    let written = records.len();
    (Transaction { records, offsets: ends.into_iter().map(offset).collect() }, written)
}
