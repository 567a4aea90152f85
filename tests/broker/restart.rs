//! The process is killed, again and again, and started again in its slot.

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use waybill::engine::log::Log;

use crate::app::{App, WAIT, empty_batch, next, settings};
use crate::cluster::cluster;

const NAME: &str = "killed";
const RECORDS: usize = 30_000;

/// The process that is killed: this test binary again, with the broker's address in its environment.
#[tokio::test]
#[ignore = "started by a_killed_process_takes_its_slot_back_at_once"]
async fn child() {
    let Ok(bootstrap) = std::env::var("BROKER_TEST_CHILD") else { return };
    let begun = Instant::now();
    let app = App { name: NAME.to_owned(), settings: settings(NAME, &bootstrap) };
    let mut log = app.open();
    let committed = log.committed().await.unwrap();
    let offsets_at = begun.elapsed();
    let shard = committed.iter().find(|offset| *offset.topic == *app.settings.exchange_topic && offset.partition == 0).unwrap();
    let number: u64 = shard.metadata.parse().unwrap_or(0);
    let mut restored = 0;
    log.changelog(0, &mut |_, value| restored = String::from_utf8_lossy(value.unwrap()).parse().unwrap()).await.unwrap();
    assert_eq!(restored, number, "state and offsets belong together");
    let restored_at = begun.elapsed();
    log.start(&committed).await.unwrap();
    println!("offsets after {offsets_at:?}, restored after {restored_at:?}, started after {:?}", begun.elapsed());
    let mut batch = empty_batch(&log);
    for epoch in number + 1.. {
        next(&mut log, &mut batch).await.unwrap();
        log.commit(app.epoch(&batch, epoch)).await.unwrap();
    }
}

fn spawn() -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["restart::child", "--exact", "--ignored", "--nocapture"])
        .env("BROKER_TEST_CHILD", &cluster().bootstrap)
        .stderr(Stdio::inherit())
        .spawn()
        .unwrap()
}

#[tokio::test]
#[ignore = "needs Java and Maven"]
async fn a_killed_process_takes_its_slot_back_at_once() {
    let app = App::new(NAME, 3).await;
    app.feed(0, RECORDS);
    // From before the group exists to deep in its work: the moments differ, the seed does not matter.
    for millis in [300, 900, 1100, 1300, 1600, 1900] {
        let mut child = spawn();
        std::thread::sleep(Duration::from_millis(millis));
        assert!(child.try_wait().unwrap().is_none(), "it ended by itself");
        child.kill().unwrap();
        child.wait().unwrap();
    }
    let mut child = spawn();
    let begun = Instant::now();
    while app.results(RECORDS).len() < RECORDS && begun.elapsed() < WAIT {}
    child.kill().unwrap();
    child.wait().unwrap();
    app.assert_exactly_once(RECORDS);
}
