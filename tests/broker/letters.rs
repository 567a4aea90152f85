//! Records that could not be read, through the whole process: listed, edited, read again in their place, discarded; and a kill in the middle of it.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::app::WAIT;
use crate::daemon::{Daemon, Sent};

fn letters(daemon: &Daemon) -> Value {
    let (status, body) = daemon.get("/api/v1/dead-letters");
    if status == 200 { serde_json::from_str(&body).unwrap() } else { Value::Null }
}

/// Waits until so many are outstanding, and gives their places.
fn until(daemon: &Daemon, count: usize) -> Vec<String> {
    let begun = Instant::now();
    loop {
        let found = letters(daemon);
        if found["total"] == json!(count) {
            return found["letters"].as_array().unwrap().iter().map(|letter| letter["place"].as_str().unwrap().to_owned()).collect();
        }
        assert!(begun.elapsed() < WAIT, "not {count}: {found:#}\n{}", daemon.log());
        std::thread::sleep(Duration::from_millis(100));
    }
}

fn letter(daemon: &Daemon, place: &str) -> Value {
    let (rest, offset) = place.rsplit_once("]@").unwrap();
    let (topic, partition) = rest.rsplit_once('[').unwrap();
    let (status, body) = daemon.get(&format!("/api/v1/dead-letters/{topic}/{partition}/{offset}"));
    assert_eq!(status, 200, "{body}");
    serde_json::from_str(&body).unwrap()
}

/// An order whose amounts are written with a comma: header, line and payment are refused.
fn place_with_a_comma(daemon: &mut Daemon, number: u64) {
    daemon.place_with(number, &|amount| if amount == 20 { "20,0000".into() } else { Value::from(format!("{amount}.0000")) });
    daemon.flush();
}

/// Writes the mended record into a file, and has it read so.
fn edit(daemon: &Daemon, place: &str) -> (Option<i32>, String) {
    let value = letter(daemon, place)["record"]["value"].as_str().unwrap().replace("20,0000", "20.0000");
    let file = daemon.folder.path().join("fixed.json");
    std::fs::write(&file, value + "\n").unwrap();
    daemon.ask(&["dead-letters", "edit", place, "--file", file.to_str().unwrap(), "--why", "a comma"])
}

fn total(daemon: &Daemon, number: u64) -> String {
    let (status, body) = daemon.get(&format!("/api/v1/orders/{number:09}"));
    assert_eq!(status, 200, "{body}");
    serde_json::from_str::<Value>(&body).unwrap()["money"]["total"].as_str().unwrap().to_owned()
}

#[tokio::test]
#[ignore = "needs Java and Maven"]
async fn a_record_that_could_not_be_read_is_edited_and_read_in_its_own_place_once() {
    let mut daemon = Daemon::new("letters", &[]).await;
    daemon.start(&[]);
    daemon.ready();
    daemon.place(1);
    place_with_a_comma(&mut daemon, 2);
    let places = until(&daemon, 3);
    daemon.kill_and_start();
    assert_eq!(until(&daemon, 3), places, "they are known after a kill");
    let header = places.iter().find(|place| place.starts_with(&daemon.topic("sales_order["))).unwrap().clone();
    let shown = letter(&daemon, &header);
    assert!(shown["text"]["path"].as_str().is_some_and(|path| path.starts_with("$.after.")), "{shown:#}");
    assert!(shown["now"]["refused"]["found"].as_str().is_some_and(|found| found.contains("20,0000")), "{shown:#}");
    let (code, text) = daemon.ask(&["dead-letters", "show", &header]);
    assert!(code == Some(0) && text.lines().any(|line| line.starts_with("> ") && line.contains("20,0000")), "{text}");

    // As it came it is refused as ever, and says so.
    let (code, text) = daemon.ask(&["dead-letters", "retry", &header]);
    assert!(code == Some(1) && text.contains("stays outstanding"), "{code:?} {text}");
    let (code, text) = daemon.ask(&["dead-letters", "retry", "--cause", shown["cause"].as_str().unwrap(), "--dry-run"]);
    assert!(code == Some(1) && text.contains("0 can be read"), "{code:?} {text}");

    // The act is written, and the process is killed before anybody can know what became of it.
    let (code, text) = edit(&daemon, &header);
    assert!(code == Some(0) && text.contains("\"20,0000\" -> \"20.0000\"") && text.contains("it gives 2 rows"), "{code:?} {text}");
    daemon.kill_and_start();
    let rest = until(&daemon, 2);
    assert!(!rest.contains(&header));
    rest.iter().for_each(|place| assert_eq!(edit(&daemon, place).0, Some(0)));
    until(&daemon, 0);
    daemon.assert_asked(&[1, 2]);
    assert_eq!(total(&daemon, 2), "20");

    // What is newer and was read meanwhile stays.
    place_with_a_comma(&mut daemon, 3);
    let old = until(&daemon, 3);
    daemon.place_with(3, &|amount| if amount == 20 { "25.0000".into() } else { Value::from(format!("{amount}.0000")) });
    daemon.flush();
    daemon.assert_asked(&[1, 2, 3]);
    old.iter().for_each(|place| assert_eq!(edit(&daemon, place).0, Some(0)));
    until(&daemon, 0);
    assert_eq!(total(&daemon, 3), "25");
    daemon.assert_asked(&[1, 2, 3]);

    // Nobody needs this one.
    daemon.send(&daemon.topic("sales_order"), Sent { key: None, value: Some(b"no JSON"), headers: None });
    daemon.flush();
    let garbage = until(&daemon, 1).remove(0);
    let (code, _) = daemon.ask(&["dead-letters", "discard", &garbage, "--reason", "a test", "--dry-run"]);
    assert_eq!((code, until(&daemon, 1).len()), (Some(0), 1));
    assert_eq!(daemon.ask(&["dead-letters", "discard", &garbage, "--reason", "a test"]).0, Some(0));
    until(&daemon, 0);
    let (code, text) = daemon.ask(&["dead-letters", "retry", &garbage]);
    assert!(code == Some(1) && text.contains("is outstanding"), "{code:?} {text}");

    // Each act is told once, with what became of it.
    let audit: Vec<Value> =
        daemon.said("audit", 8).iter().map(|record| serde_json::from_slice(record.value.as_ref().unwrap()).unwrap()).collect();
    let read = audit.iter().filter(|entry| entry["after"]["read"] == true && entry["who"] == "kim").count();
    let new: Vec<u64> = audit.iter().filter_map(|entry| entry["after"]["new"].as_u64()).collect();
    assert_eq!((audit.len(), read), (8, 6), "{audit:#?}");
    assert!(new[..3].iter().all(|new| *new > 0), "{new:?}");
    let discarded = audit.last().unwrap();
    assert_eq!((&discarded["act"], &discarded["why"], &discarded["about"]), (&json!("discard"), &json!("a test"), &json!(garbage)));
    let begun = Instant::now();
    while !daemon.get("/metrics").1.contains("waybill_dead_letters_outstanding{source=\"magento\"} 0") {
        assert!(begun.elapsed() < WAIT, "{}", daemon.get("/metrics").1);
        std::thread::sleep(Duration::from_millis(200));
    }
    assert_eq!(daemon.said("dead-letters", 7).len(), 7, "each stands in the topic once, as it came");
    assert_eq!(daemon.end(), Some(0));
}
