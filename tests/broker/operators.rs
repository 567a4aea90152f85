//! What operators do to the whole process: it is frozen and thawed, ended when it cannot work, started twice, given other sources; its topics are deleted.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use waybill::kafka::client::TailReader;

use crate::cluster::{cluster, signal};
use crate::daemon::{Daemon, Sent};

/// A virtual machine is paused for longer than the group's session (45 s) and than its transaction (15 s), with an epoch under way, and orders go on being
/// placed. The same process goes on, or it ends with a code that asks for a new one.
#[tokio::test]
#[ignore = "needs Java and Maven"]
async fn a_process_that_was_paused_for_longer_than_its_session_goes_on() {
    let mut daemon = Daemon::new("paused", &[]).await;
    daemon.start(&[]);
    daemon.ready();
    daemon.place(1);
    daemon.assert_asked(&[1]);
    (2..40).for_each(|number| daemon.place(number));
    daemon.signal("-STOP");
    daemon.place(40);
    std::thread::sleep(Duration::from_secs(50));
    daemon.signal("-CONT");
    let begun = Instant::now();
    daemon.place(41);
    let code = daemon.ended(Duration::from_secs(5));
    if code.is_some() {
        assert_eq!(code, Some(70), "{}", daemon.log());
        daemon.start(&[]);
    }
    daemon.ready();
    println!("ended with {code:?}; ready after {:?}", begun.elapsed());
    daemon.assert_asked(&(1..=41).collect::<Vec<_>>());
    println!("all told after {:?}", begun.elapsed());
    assert_eq!(daemon.end(), Some(0));
}

/// Nothing can be reached, or nothing may be committed: an operator can end it all the same, and the next start goes on.
#[tokio::test]
#[ignore = "needs Java and Maven"]
async fn sigterm_ends_a_process_that_waits_for_its_brokers() {
    let mut daemon = Daemon::new("term-waiting", &[]).await;
    let mut codes = Vec::new();
    // Before it has reached anybody, and while it restores.
    for wait in [200, 1_500] {
        signal("-STOP");
        daemon.start(&[]);
        std::thread::sleep(Duration::from_millis(wait));
        codes.push(daemon.end());
        signal("-CONT");
    }
    daemon.place(1);
    daemon.start(&[]);
    daemon.ready();
    daemon.assert_asked(&[1]);
    // Long into an outage under load: its transaction is over.
    (2..100).for_each(|number| daemon.place(number));
    signal("-STOP");
    std::thread::sleep(Duration::from_secs(17));
    codes.push(daemon.end());
    signal("-CONT");
    println!("{codes:?}");
    assert!(codes.iter().all(|code| matches!(code, Some(0 | 72))), "{codes:?}: {}", daemon.log());
    daemon.start(&[]);
    daemon.ready();
    daemon.assert_asked(&(1..100).collect::<Vec<_>>());
    assert_eq!(daemon.end(), Some(0));
}

/// Somebody starts it a second time under the same name: the second has it, the first ends with the code on which no supervisor starts it again.
#[tokio::test]
#[ignore = "needs Java and Maven"]
async fn a_second_process_of_the_slot_ends_the_first_with_71() {
    let mut first = Daemon::new("twice", &[]).await;
    first.start(&[]);
    first.ready();
    first.place(1);
    first.assert_asked(&[1]);
    let mut second = first.twin();
    second.start(&[]);
    let begun = Instant::now();
    (2..20).for_each(|number| first.place(number));
    assert_eq!(first.ended(Duration::from_secs(60)), Some(71), "{}", first.log());
    println!("the first ended after {:?}", begun.elapsed());
    second.ready();
    second.assert_asked(&(1..20).collect::<Vec<_>>());
    assert_eq!(second.end(), Some(0));
}

/// A shop is connected, or let go, and the process started at once, as a deployment does: a static member is given what it had before, unless it left.
#[tokio::test]
#[ignore = "needs Java and Maven"]
async fn a_source_more_or_less_and_a_restart_at_once_is_ready_within_seconds() {
    let mut daemon = Daemon::new("source-more", &[]).await;
    let orders = format!("{}shopify.orders", daemon.prefix);
    let shopify = format!(
        "\n[sources.shopify]\nkind = \"shopify\"\ntopics = [\"{orders}\"]\nzone = \"Europe/London\"\n\n[channels.market]\nshop = \"shopify\"\n\
         brand = \"example\"\ncurrency = \"GBP\"\nzone = \"Europe/London\"\n"
    );
    daemon.make(&[&orders]).await;
    daemon.send(&orders, Sent { key: Some(b"1"), value: Some(b"no JSON"), headers: None });
    daemon.start(&[]);
    daemon.ready();
    daemon.place(1);
    daemon.assert_asked(&[1]);
    assert_eq!(daemon.end(), Some(0));
    let before = daemon.config();
    for (config, number) in [(before.clone() + &shopify, 2), (before, 3)] {
        daemon.configure(&config);
        let begun = Instant::now();
        daemon.start(&[]);
        daemon.ready();
        println!("ready after {:?}", begun.elapsed());
        assert!(begun.elapsed() < Duration::from_secs(15), "{:?}: {}", begun.elapsed(), daemon.log());
        daemon.place(number);
        daemon.assert_asked(&(1..=number).collect::<Vec<_>>());
        assert_eq!(daemon.said("dead-letters", 1).len(), 1, "the new source is read");
        assert_eq!(daemon.end(), Some(0));
    }
}

/// Somebody tidies up. It ends and names the topic, and the broker has not made one with its own defaults; the next start makes it as it was.
#[tokio::test]
#[ignore = "needs Java and Maven"]
async fn a_topic_that_was_deleted_while_it_ran_is_made_again_as_it_was() {
    let mut daemon = Daemon::new("own-gone", &[]).await;
    daemon.start(&[]);
    daemon.ready();
    daemon.place(1);
    daemon.assert_asked(&[1]);
    let mut orders = vec![1];
    for name in ["order-status", "dead-letters"] {
        let topic = format!("{}waybill.{name}", daemon.prefix);
        let was = daemon.described(&topic).await;
        daemon.delete(&topic).await;
        let begun = Instant::now();
        let number = orders.len() as u64 + 1;
        daemon.place(number);
        orders.push(number);
        assert_eq!(daemon.ended(Duration::from_secs(60)), Some(73), "{}", daemon.log());
        println!("{name}: ended after {:?}", begun.elapsed());
        assert!(daemon.log().lines().last().is_some_and(|line| line.contains(&topic)), "{}", daemon.log());
        assert!(TailReader::new(&cluster().bootstrap, &BTreeMap::new(), &[&topic]).is_err(), "the broker has made it anew");
        daemon.start(&[]);
        daemon.ready();
        assert_eq!(daemon.described(&topic).await, was);
        daemon.assert_asked(&orders);
    }
    // Its state is another matter: nobody can make that again as it was.
    daemon.delete(&format!("{}waybill.changelog", daemon.prefix)).await;
    daemon.place(4);
    assert_eq!(daemon.ended(Duration::from_secs(60)), Some(73), "{}", daemon.log());
    daemon.start(&[]);
    assert_eq!(daemon.ended(Duration::from_secs(60)), Some(75), "{}", daemon.log());
    daemon.assert_asked(&orders);
}
