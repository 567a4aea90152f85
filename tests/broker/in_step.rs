//! A first start on topics that hold months: partitions are read together, as they were written.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use waybill::kafka::client::PlainProducer;

use crate::app::{App, WAIT, empty_batch, next};
use crate::cluster::cluster;

const RECORDS: i64 = 30_000;
const MINUTE: i64 = 60_000;

/// A record a minute, of 600 bytes: several fetches for each partition.
fn write_weeks(app: &App) {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() as i64;
    let producer = PlainProducer::new(&cluster().bootstrap, &BTreeMap::new()).unwrap();
    let value = vec![b'v'; 600];
    for number in 0..RECORDS {
        let at = now - (RECORDS - number) * MINUTE;
        producer.send(&app.source(), Some(number.to_string().as_bytes()), Some(&value), &[], Some(at)).unwrap();
    }
    producer.flush(WAIT).unwrap();
}

#[tokio::test]
#[ignore = "needs Java and Maven"]
async fn a_backlog_is_read_as_it_was_written() {
    let app = App::new("in-step", 3).await;
    write_weeks(&app);
    let mut log = app.running().await;
    let mut batch = empty_batch(&log);
    let mut moments: Vec<i64> = Vec::new();
    let mut offsets: BTreeMap<i32, i64> = BTreeMap::new();
    while moments.len() < RECORDS as usize {
        next(&mut log, &mut batch).await.unwrap();
        for record in batch.iter() {
            moments.push(record.timestamp.0);
            let expected = offsets.entry(record.partition).or_default();
            assert_eq!(record.offset, *expected, "each record of a partition once, in order");
            *expected += 1;
        }
    }
    assert_eq!(offsets.len(), 3);
    let (mut newest, mut worst) = (i64::MIN, 0);
    for moment in moments {
        newest = newest.max(moment);
        worst = worst.max(newest - moment);
    }
    assert!(worst <= 2 * MINUTE, "a record is read {} minutes after newer ones", worst / MINUTE);
}

/// What is new is handed over at once, though other partitions are empty or long at their ends.
#[tokio::test]
#[ignore = "needs Java and Maven"]
async fn at_the_head_nobody_is_waited_for() {
    let app = App::new("at-the-head", 3).await;
    app.feed(0, 30);
    let mut log = app.running().await;
    let mut batch = empty_batch(&log);
    let mut read = 0;
    while read < 30 {
        next(&mut log, &mut batch).await.unwrap();
        read += batch.len();
    }
    let mut slowest = Duration::ZERO;
    for number in 30..60 {
        app.feed(number, number + 1);
        let begun = std::time::Instant::now();
        next(&mut log, &mut batch).await.unwrap();
        slowest = slowest.max(begun.elapsed());
        assert_eq!(batch.len(), 1);
    }
    assert!(slowest < Duration::from_millis(500), "a record waited for {slowest:?}");
}
