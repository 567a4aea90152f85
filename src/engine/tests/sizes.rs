//! Records and entities of any size: none of them stops the others.

use super::*;
use crate::facts::{Place, RowKey, Text, Version};

/// An order of so many lines, whole and paid.
fn order_of(number: usize, lines: usize) -> Vec<Fact> {
    let mut story = Story::new("GBP");
    story.key = OrderKey::new("magento", &number.to_string());
    let total = format!("{lines}.00");
    story.header(&total).captured(&total);
    for line in 0..lines {
        story.line(&line.to_string(), "TEE", 1, "1.00", "0");
    }
    facts(&story)
}

impl Bench {
    /// Sizes of the records of the changelog, and how many there are under each key in the end.
    fn changelog(&self) -> Vec<usize> {
        let mut tail = self.broker.tail(&[TopicNames::new("t.").changelog]);
        tail.poll().iter().map(|record| record.value.as_ref().map_or(0, Vec::len)).collect()
    }

    fn digests(&self) -> std::collections::BTreeMap<String, u64> {
        self.engine.as_ref().expect("the application runs").core().digests()
    }
}

#[test]
fn an_order_of_ten_thousand_lines_is_kept_in_pieces_and_restored() {
    let mut bench = Bench::new();
    bench.record_bytes_max = 8 << 20;
    bench.start().expect("starts");
    bench.send(order_of(7, 10_000));
    bench.order(8);
    bench.rest();
    assert_eq!(bench.created(), [7, 8]);
    let largest = bench.changelog().into_iter().max().expect("state");
    assert!(largest > 400 << 10 && largest <= 600 << 10, "the largest record of state has {largest} bytes");
    let before = bench.digests();
    bench.start().expect("restores");
    assert_eq!(bench.digests(), before);

    // Fewer pieces after a change of the limit; then none; and each time what is left over does not come back.
    for record_bytes_max in [1 << 20, 8 << 20] {
        bench.record_bytes_max = record_bytes_max;
        bench.start().expect("restores");
        let change = order_of(7, 10_000).into_iter().next().map(|fact| Fact {
            version: newer(fact.version),
            at: fact.at + Span::minutes(1),
            ..fact
        });
        bench.send(change.into_iter().collect());
        bench.rest();
        let before = bench.digests();
        bench.start().expect("restores");
        assert_eq!(bench.digests(), before, "with {record_bytes_max}");
    }
}

fn newer(version: Version) -> Version {
    let place = match version.place {
        Place::Position([file, position, row]) => Place::Position([file + 1, position, row]),
        place => place,
    };
    Version { place, ..version }
}

#[test]
fn an_event_that_no_topic_takes_becomes_a_dead_letter_and_stops_nothing() {
    let mut bench = Bench::new();
    bench.record_bytes_max = 64 << 10;
    bench.start().expect("starts");
    bench.send(order_of(7, 2_000));
    bench.order(8);
    bench.rest();
    assert_eq!(bench.created(), [8]);
    let mut letters = bench.broker.tail(&[TopicNames::new("t.").dead_letters]);
    bench.send(order_of(9, 2_000));
    bench.order(10);
    bench.rest();
    assert_eq!(bench.created(), [10]);
    let told: Vec<String> = letters.poll().iter().filter_map(|letter| letter.header("waybill-topic").map(str::to_owned)).collect();
    assert!(told.contains(&"t.sales-orders".to_owned()), "{told:?}");
    assert!(bench.changelog().into_iter().all(|bytes| bytes <= 64 << 10));
    let before = bench.digests();
    bench.start().expect("restores");
    assert_eq!(bench.digests(), before);
}

#[test]
fn a_key_that_is_too_long_is_a_dead_letter() {
    let mut bench = Bench::new();
    let mut letters = bench.broker.tail(&[TopicNames::new("t.").dead_letters]);
    bench.start().expect("starts");
    let long = Text::from("x".repeat(300_000));
    let lines = order_of(7, 1).into_iter().map(|fact| Fact { key: RowKey { id: long.clone(), ..fact.key }, ..fact });
    bench.send(lines.collect());
    bench.order(8);
    bench.rest();
    assert_eq!((letters.poll().len(), bench.created()), (1, vec![8]));
}
