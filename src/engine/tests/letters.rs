//! Dead letters that people deal with: read again, edited, discarded; and what no act may do: count twice, or make an old row new.

use serde_json::Value;

use super::{APPLICATION, Bench, CrashPoint, FactsRecord, SOURCE_TOPIC, Tail, Turn, facts};
use crate::engine::memory::Delivered;
use crate::engine::{LetterIndex, OutRecord};
use crate::entities::order::testing::{PLACED, Story};
use crate::envelope::{RawRecord, RecordPlace};
use crate::facts::time::Span;
use crate::facts::{Moment, OrderKey, OrderRow, Place};
use crate::sources::acts::{Act, ActRecord};

/// The bench, with the source's records as a person sees them, and what is written of acts.
struct Office {
    bench: Bench,
    source: Tail,
    records: Vec<Delivered>,
    audit: Tail,
    dead_letters: Tail,
    /// Keeps what people wrote for a second reading.
    _keeper: Tail,
}

/// The order's header with this total, at a position of the source's log.
fn header(position: u64, total: &str) -> FactsRecord {
    let mut story = Story::new("GBP");
    story.header(total);
    let mut facts = facts(&story);
    facts.truncate(1);
    facts.iter_mut().for_each(|fact| fact.version.place = Place::Position([1, position, 0]));
    FactsRecord { written_at: Some(PLACED), facts }
}

/// As the adapter of the bench has it.
const REFUSED: (&str, &[u8]) = ("refuse", b"1");

impl Office {
    fn new() -> Self {
        let mut bench = Bench::new();
        let [source, audit, dead_letters, keeper] =
            [SOURCE_TOPIC, "t.audit", "t.dead-letters", "t.acts"].map(|topic| bench.broker.tail(&[topic.into()]));
        bench.start().expect("a fresh application starts");
        Self { bench, source, records: Vec::new(), audit, dead_letters, _keeper: keeper }
    }

    /// Writes a record that is refused; gives its place.
    fn refused(&mut self, record: FactsRecord) -> RecordPlace {
        self.write(record, vec![REFUSED])
    }

    fn write(&mut self, record: FactsRecord, headers: Vec<(&'static str, &[u8])>) -> RecordPlace {
        self.bench.write_with(record, headers.into_iter().map(|(name, value)| (name, value.to_vec())).collect());
        self.bench.rest();
        self.records.extend(self.source.poll());
        RecordPlace { topic: SOURCE_TOPIC.into(), partition: 0, offset: self.records.last().expect("a record").offset }
    }

    /// The record of this place, as it came.
    fn record(&self, place: &RecordPlace) -> RawRecord {
        let found = self.records.iter().find(|record| record.offset == place.offset).expect("a record");
        let headers = found.headers.iter().map(|(name, value)| (name.as_bytes().to_vec(), Some(value.clone()))).collect();
        RawRecord { key: found.key.clone(), value: found.value.clone(), headers, timestamp: found.timestamp }
    }

    /// ... as it can be read.
    fn mended(&self, place: &RecordPlace) -> RawRecord {
        RawRecord { headers: Vec::new(), ..self.record(place) }
    }

    fn write_act(&mut self, act: Act) {
        self.bench.now = self.bench.now + Span::minutes(1);
        let now = self.bench.now;
        let act = ActRecord { who: "kim".into(), at: now, why: "agreed with the shop".into(), act };
        let value = Some(serde_json::to_vec(&act).expect("JSON"));
        let record = OutRecord { topic: "t.acts".into(), partition: None, key: None, value, headers: Vec::new() };
        self.bench.broker.set_now(now);
        self.bench.broker.produce(record, now);
    }

    /// Writes an act; gives what became of it.
    fn act(&mut self, act: Act) -> Value {
        self.write_act(act);
        self.bench.rest();
        let mut said = self.said();
        assert_eq!(said.len(), 1, "{said:?}");
        said.remove(0)["after"].take()
    }

    fn retry(&mut self, place: &RecordPlace) -> Value {
        self.act(Act::Retry { place: place.clone(), record: self.record(place) })
    }

    fn edit(&mut self, place: &RecordPlace, record: RawRecord) -> Value {
        self.act(Act::Edit { place: place.clone(), record, changes: Vec::new() })
    }

    /// What was written to `audit` since last asked.
    fn said(&mut self) -> Vec<Value> {
        self.audit.poll().into_iter().map(|record| serde_json::from_slice(&record.value.expect("a body")).expect("JSON")).collect()
    }

    fn index(&self) -> LetterIndex {
        self.bench.engine.as_ref().expect("the application runs").core().published().letter_index()
    }

    /// The causes of outstanding letters: member, and how many.
    fn outstanding(&self) -> Vec<(String, u64)> {
        self.index().causes.values().map(|cause| (cause.member.to_string(), cause.count())).collect()
    }

    /// The order's total; none: no header of it was read.
    fn total(&self) -> Option<String> {
        let published = self.bench.engine.as_ref().expect("the application runs").core().published();
        let state = published.order_by_key(&OrderKey::new("magento", "1001"))?;
        let header = state.rows.of_kind(OrderRow::HEADER).find_map(|(_, stored)| stored.row.clone());
        match header {
            Some(OrderRow::Header(header)) => Some(header.total.to_string()),
            other => panic!("{other:?}"),
        }
    }

    /// Ends it as a kill would, and starts it again; all that it knew is there.
    fn restart(&mut self) {
        let before = self.bench.engine.as_ref().expect("runs").core().digests();
        self.bench.start().expect("starts again");
        assert_eq!(self.bench.engine.as_ref().expect("runs").core().digests(), before);
    }
}

const NOTHING: [(String, u64); 0] = [];

#[test]
fn a_letter_is_open_until_its_record_is_read_and_a_second_retry_is_nothing() {
    let mut office = Office::new();
    let place = office.refused(header(500, "10"));
    let letters = office.dead_letters.poll().len();
    let cause = [("lines[*].price".to_owned(), 1)];
    assert_eq!((office.outstanding(), office.total(), letters), (cause.to_vec(), None, 1));
    office.restart();
    assert_eq!(office.outstanding(), cause, "it is known after a restart");

    let refused = office.retry(&place);
    assert!(refused["refused"].as_str().is_some_and(|error| error.contains("lines[3].price")), "{refused}");
    assert_eq!(office.index().letters.values().map(|letter| letter.tries).collect::<Vec<_>>(), [2]);
    office.restart();
    let other = office.edit(&place, RawRecord { value: Some(b"x".to_vec()), ..office.mended(&place) });
    assert!(other["refused"].as_str().is_some_and(|error| error.contains("facts")), "{other}");
    assert_eq!(office.outstanding(), [("value".to_owned(), 1)], "edited, and refused for another reason");

    let read = office.edit(&place, office.mended(&place));
    assert_eq!((read["rows"].as_u64(), read["new"].as_u64()), (Some(1), Some(1)), "{read}");
    assert_eq!((office.outstanding(), office.total().as_deref()), (NOTHING.to_vec(), Some("10")));
    office.restart();
    let digests = office.bench.engine.as_ref().expect("runs").core().digests();
    for again in [office.edit(&place, office.mended(&place)), office.retry(&place)] {
        assert!(again["nothing"].as_str().is_some_and(|why| why.contains("outstanding")), "{again}");
    }
    assert_eq!(office.bench.engine.as_ref().expect("runs").core().digests(), digests);
    assert!(office.dead_letters.poll().is_empty(), "the record stands in the topic once, as it came");
}

#[test]
fn a_newer_row_that_was_read_meanwhile_stays() {
    let mut office = Office::new();
    let place = office.refused(header(500, "10"));
    office.write(header(600, "20"), vec![]);
    let read = office.edit(&place, office.mended(&place));
    assert_eq!((read["rows"].as_u64(), read["new"].as_u64()), (Some(1), Some(0)), "it was read, and is older");
    assert_eq!((office.outstanding(), office.total().as_deref()), (NOTHING.to_vec(), Some("20")));
    // ... and of a newer one the older that was read meanwhile gives way.
    let place = office.refused(header(700, "30"));
    office.write(header(650, "25"), vec![]);
    assert_eq!(office.total().as_deref(), Some("25"));
    office.edit(&place, office.mended(&place));
    assert_eq!(office.total().as_deref(), Some("30"));
    office.restart();
    office.write(header(701, "40"), vec![]);
    assert_eq!(office.total().as_deref(), Some("40"));
}

/// A transaction that is one event of the log: all its records have one position, and their order in the topic decides.
#[test]
fn among_records_of_one_position_it_keeps_its_place() {
    for refused in 0..3usize {
        let mut office = Office::new();
        let mut place = None;
        for (number, row) in ["0,1", "1,2", "2,3"].into_iter().enumerate() {
            let mut headers = vec![("row", row.as_bytes())];
            headers.extend((number == refused).then_some(REFUSED));
            let at = office.write(header(500, &format!("1{number}")), headers);
            place = place.or((number == refused).then_some(at));
        }
        let place = place.expect("one was refused");
        let mut record = office.record(&place);
        record.headers.retain(|(name, _)| name != b"refuse");
        let read = office.edit(&place, record);
        assert_eq!(read["new"].as_u64(), Some(u64::from(refused == 2)), "the last one alone is newer: {read}");
        assert_eq!(office.total().as_deref(), Some("12"), "number {refused} was refused");
    }
}

/// The source was restored since: what was refused before is older than all of the new log, though its position is higher.
#[test]
fn a_record_from_before_its_source_began_again_is_older() {
    let at = |position, hour, total| FactsRecord { written_at: Some(PLACED + Span::hours(hour)), ..header(position, total) };
    let mut office = Office::new();
    office.write(at(400, 1, "9"), vec![]);
    let known = office.refused(at(500, 2, "10"));
    // Of this one not even the position can be read.
    let mended = postcard::to_stdvec(&at(510, 2, "11")).expect("facts encode");
    office.bench.now = office.bench.now + Span::minutes(1);
    let garbage = OutRecord { topic: SOURCE_TOPIC.into(), partition: None, key: None, value: Some(b"?".to_vec()), headers: Vec::new() };
    office.bench.broker.produce(garbage, office.bench.now);
    office.bench.rest();
    office.records.extend(office.source.poll());
    let unknown = RecordPlace { offset: known.offset + 1, ..known.clone() };
    office.write(at(20, 5, "20"), vec![]);
    assert_eq!(office.total().as_deref(), Some("20"));
    office.restart();
    let read = office.edit(&known, office.mended(&known));
    assert_eq!((read["new"].as_u64(), office.total().as_deref()), (Some(0), Some("20")));
    let read = office.edit(&unknown, RawRecord { value: Some(mended), ..office.record(&unknown) });
    assert_eq!((read["new"].as_u64(), office.total().as_deref()), (Some(0), Some("20")));
    office.write(at(21, 6, "21"), vec![]);
    assert_eq!((office.outstanding(), office.total().as_deref()), (NOTHING.to_vec(), Some("21")), "and the new log goes on");
}

#[test]
fn an_act_takes_effect_once_wherever_it_is_cut_short() {
    for point in [CrashPoint::AfterProduce, CrashPoint::Aborted, CrashPoint::AfterCommit] {
        let mut office = Office::new();
        let place = office.refused(header(500, "10"));
        office.write_act(Act::Edit { place: place.clone(), record: office.mended(&place), changes: Vec::new() });
        office.bench.crash_next(point);
        office.bench.turn();
        if point != CrashPoint::AfterCommit {
            assert_eq!((office.outstanding().len(), office.total()), (1, None), "{point:?}: nothing is committed");
        }
        office.bench.start().expect("starts again");
        office.bench.rest();
        assert_eq!((office.outstanding(), office.total().as_deref()), (NOTHING.to_vec(), Some("10")), "{point:?}");
        assert_eq!(office.said().len(), 1, "{point:?}: it is told once");
        office.restart();
    }
}

/// On Kafka the next epoch is read while this one is being committed.
#[test]
fn an_epoch_that_was_built_on_one_that_is_not_committed_leaves_nothing() {
    let mut office = Office::new();
    let place = office.refused(header(500, "10"));
    office.bench.engine.as_mut().expect("runs").log_mut().settle_late();
    office.write_act(Act::Edit { place: place.clone(), record: office.mended(&place), changes: Vec::new() });
    office.bench.crash_next(CrashPoint::Aborted);
    assert_eq!(office.bench.turn(), Turn::Submitted);
    assert_eq!(office.outstanding().len(), 1, "it is not committed yet");
    office.write_act(Act::Retry { place: place.clone(), record: office.record(&place) });
    assert_eq!(office.bench.turn(), Turn::Dropped);
    assert_eq!((office.outstanding().len(), office.total()), (1, None));
    while matches!(office.bench.turn(), Turn::Submitted | Turn::Committed | Turn::Dropped) {}
    assert_eq!((office.outstanding(), office.total().as_deref()), (NOTHING.to_vec(), Some("10")));
    assert_eq!(office.said().len(), 2);
}

#[test]
fn what_is_discarded_is_closed_alone_or_with_its_cause() {
    let mut office = Office::new();
    let places: Vec<RecordPlace> = (1..=3).map(|position| office.refused(header(position, "10"))).collect();
    assert_eq!(office.act(Act::Discard { place: places[0].clone() })["discarded"], 1);
    assert_eq!(office.outstanding(), [("lines[*].price".to_owned(), 2)]);
    let (cause, before) = (office.index().causes.keys().next().copied().expect("a cause"), office.bench.now);
    office.refused(header(4, "10"));
    let discard = ActRecord {
        who: "kim".into(),
        at: before,
        why: "test orders".into(),
        act: Act::DiscardCause { cause: crate::engine::cause_name(cause).into() },
    };
    let value = Some(serde_json::to_vec(&discard).expect("JSON"));
    office
        .bench
        .broker
        .produce(OutRecord { topic: "t.acts".into(), partition: None, key: None, value, headers: Vec::new() }, office.bench.now);
    office.bench.rest();
    let said = office.said();
    assert_eq!((said[0]["after"]["discarded"].as_u64(), said[0]["before"]["count"].as_u64()), (Some(2), Some(3)), "{said:?}");
    assert_eq!(office.outstanding(), [("lines[*].price".to_owned(), 1)], "nobody has seen the one that came since");
    office.restart();
    assert!(office.retry(&places[0])["nothing"].is_string(), "discarded is discarded");
    assert_eq!(office.total(), None);
}

/// The configuration was mended, and the source is read again from an earlier offset: what can be read now is outstanding no more.
#[test]
fn records_that_are_read_again_by_their_offsets_close_their_letters() {
    let mut office = Office::new();
    let place = office.refused(header(500, "10"));
    office.bench.engine = None;
    office.bench.broker.set_offset(APPLICATION, SOURCE_TOPIC, 0, place.offset);
    office.bench.start().expect("starts again");
    office.bench.rest();
    let tries: Vec<u32> = office.index().letters.values().map(|letter| letter.tries).collect();
    assert_eq!((office.outstanding().len(), tries), (1, vec![2]), "refused again: it is the same letter");
    // All offsets are lost: acts are read again too, after the records that they are about.
    let read = office.edit(&place, office.mended(&place));
    assert_eq!(read["new"].as_u64(), Some(1));
    office.bench.broker.forget_offsets(APPLICATION);
    assert!(office.bench.start().expect("lost offsets are no fault").offsets_lost);
    office.bench.rest();
    assert_eq!((office.outstanding(), office.total().as_deref()), (NOTHING.to_vec(), Some("10")));
}

#[test]
fn an_act_that_carries_another_record_is_refused() {
    let mut office = Office::new();
    let place = office.refused(header(500, "10"));
    let record = RawRecord { value: Some(b"of a topic that was made anew".to_vec()), ..office.record(&place) };
    let after = office.act(Act::Retry { place: place.clone(), record });
    assert!(after["nothing"].as_str().is_some_and(|why| why.contains("another record")), "{after}");
    let after = office.edit(&place, RawRecord { timestamp: Moment(5), ..office.mended(&place) });
    assert!(after["nothing"].as_str().is_some_and(|why| why.contains("another record")), "{after}");
    let nowhere = RecordPlace { topic: "other".into(), ..place.clone() };
    let after = office.edit(&nowhere, office.mended(&place));
    assert!(after["nothing"].is_string(), "{after}");
    assert_eq!((office.outstanding().len(), office.total()), (1, None));
}
