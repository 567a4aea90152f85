use super::*;

fn change(text: &str) -> ChangeEvent<'_> {
    match decode(Some(text.as_bytes())) {
        Ok(Message::Change(change)) => change,
        other => panic!("no change: {other:?}"),
    }
}

fn error(text: &str) -> String {
    decode(Some(text.as_bytes())).expect_err("a decode error").to_string()
}

fn place(source: &str) -> Result<Place, DecodeError> {
    let text = format!(r#"{{"before":null,"after":{{"id":1}},"source":{source},"op":"c"}}"#);
    change(&text).source.place()
}

const MARIADB: &str = r#"{"connector":"mariadb","name":"shop","ts_ms":1772446504000,"snapshot":"false","db":"magento","table":"sales_order","server_id":1,"file":"mysql-bin.000012","pos":4711,"row":2}"#;

#[test]
fn a_change_is_the_same_with_and_without_the_schema_wrapper() {
    let bare = format!(r#"{{"before":null,"after":{{"id":7,"x":"\u00e9"}},"source":{MARIADB},"op":"U","ts_ms":1,"transaction":null}}"#);
    let wrapped = format!(r#"{{"schema":{{"type":"struct","fields":[]}},"payload":{bare}}}"#);
    for text in [&bare, &wrapped] {
        let change = change(text);
        assert_eq!((change.op, &*change.source.db, &*change.source.table), (Op::Update, "magento", "sales_order"));
        assert_eq!(change.source.committed_at, Moment::parse_rfc3339("2026-03-02T10:15:04Z"));
        assert!(!change.source.snapshot);
        let (field, image) = change.image().expect("a row").expect("not emptied");
        assert_eq!((field, image.text()), ("after", r#"{"id":7,"x":"\u00e9"}"#));
        let mut columns = Vec::new();
        let read = image.each(|name, json| {
            columns.push((name, json));
            true
        });
        assert_eq!((read, columns), (Some(()), vec![("id", "7"), ("x", r#""\u00e9""#)]));
        assert_eq!(change.source.place(), Ok(Place::Position([12, 4711, 2])));
    }
}

#[test]
fn what_says_nothing_of_a_row_is_housekeeping() {
    for text in [
        "null",
        r#"{"schema":null,"payload":null}"#,
        r#"{"ts_ms":1772446504000}"#,
        r#"{"schema":{"type":"struct"},"payload":{"ts_ms":1772446504000}}"#,
        r#"{"status":"BEGIN","id":"file=mysql-bin.000012,pos=4711","event_count":null,"data_collections":null,"ts_ms":1}"#,
        r#"{"source":{"connector":"mariadb"},"ts_ms":1,"databaseName":"magento","ddl":"ALTER TABLE","tableChanges":[]}"#,
        r#"{"op":"m","source":{"connector":"postgresql"},"message":{"prefix":"a","content":"AA=="}}"#,
    ] {
        assert!(matches!(decode(Some(text.as_bytes())), Ok(Message::Housekeeping)), "{text}");
    }
    assert!(matches!(decode(None), Ok(Message::Housekeeping)));
}

#[test]
fn what_is_no_change_is_a_decode_error() {
    assert_eq!(
        error(r#"{"id":7,"status":"pending"}"#),
        "field \"op\": expected a change with Debezium's envelope (op, source, before, after: have the connector write it whole), found \"{\"id\":7,\"status\":\"pending\"}\""
    );
    assert_eq!(error(r#"{"op":"x"}"#), "field \"op\": expected one of c, u, r, d, t, m, found \"x\"");
    assert_eq!(error(r#"{"op":"c","after":{}}"#), "field \"source\": expected where the change was made, found \"nothing\"");
    assert_eq!(error("7"), "field \"value\": expected a JSON object, found \"7\"");
    let lost = format!(r#"{{"before":null,"after":null,"source":{MARIADB},"op":"d"}}"#);
    let error = change(&lost).image().expect_err("a delete without its row");
    assert_eq!(error.to_string(), "field \"before\": expected the row, found \"nothing\"");
}

#[test]
fn places_grow_as_the_log_does() {
    let mariadb = |file: &str, pos: u64, row: u64| {
        place(&format!(r#"{{"connector":"mysql","file":"{file}","pos":{pos},"row":{row}}}"#)).expect("a place")
    };
    assert!(mariadb("bin.1000000", 4, 0) > mariadb("bin.999999", 900, 0));
    assert!(mariadb("bin.000009", 90, 1) > mariadb("bin.000009", 90, 0));

    let server = |commit: &str, change: &str, serial: u32| {
        place(&format!(r#"{{"connector":"sqlserver","commit_lsn":"{commit}","change_lsn":{change},"event_serial_no":{serial}}}"#))
            .expect("a place")
    };
    let snapshot = server("00000027:00000ac0:0002", "null", 0);
    let first = server("00000027:00000ac0:0002", "\"00000027:00000ab0:0007\"", 1);
    assert!(snapshot < first);
    assert!(first < server("00000027:00000ac0:0002", "\"00000027:00000ab0:0007\"", 2));
    assert!(
        server("00000027:00000ac0:0002", "\"00000027:ffffffff:ffff\"", 9)
            < server("00000027:00000ac0:0003", "\"00000000:00000000:0000\"", 0)
    );
    assert!(
        server("00000027:00000ac0:0002", "\"00000027:00000ab0:ffff\"", 9)
            < server("00000027:00000ac0:0002", "\"00000027:00000ab1:0000\"", 0)
    );

    let postgres = |sequence: &str| place(&format!(r#"{{"connector":"postgresql","lsn":null,"sequence":"{sequence}"}}"#)).expect("a place");
    assert!(postgres(r#"[null,\"100\"]"#) < postgres(r#"[\"99\",\"98\"]"#));
    assert!(postgres(r#"[\"99\",\"150\"]"#) < postgres(r#"[\"160\",\"140\"]"#));
}

/// GTIDs as public reports show them: MariaDB's (PeerDB-io/peerdb#4523), MySQL's, and MySQL's with a tag. Servers by their id and the name of their files:
/// after a switchover a file of the same name may be another server's (datazip-inc/olake#1235).
#[test]
fn logs_of_servers_are_told_apart() {
    let log = |source: &str| {
        let text = format!(r#"{{"before":null,"after":{{"id":1}},"source":{source},"op":"c"}}"#);
        change(&text).source.log()
    };
    let mariadb = |gtid: &str| {
        log(&format!(r#"{{"connector":"mariadb","file":"bin.000001","pos":4,"server_id":7,"gtid":"{gtid}"}}"#)).gtid.expect("a GTID")
    };
    let (old, new) = (mariadb("0-1026536087-10250614208"), mariadb("0-2026536087-10250614209"));
    assert_eq!((old.0, old.1 + 1), (new.0, new.1), "one domain, whichever server writes");
    assert_ne!(mariadb("1-1026536087-10250614208").0, old.0);
    let mysql = |gtid: &str| log(&format!(r#"{{"connector":"mysql","file":"bin.000001","pos":4,"server_id":7,"gtid":"{gtid}"}}"#)).gtid;
    let uuid = "3e11fa47-71ca-11e1-9e33-c80aa9429562";
    assert_eq!(mysql(&format!("{uuid}:17")).map(|gtid| gtid.1), Some(17));
    assert_ne!(mysql(&format!("{uuid}:billing:17")).map(|gtid| gtid.0), mysql(&format!("{uuid}:17")).map(|gtid| gtid.0));
    assert_eq!((mysql("ANONYMOUS"), mysql("")), (None, None));
    let server =
        |id: u64, file: &str| log(&format!(r#"{{"connector":"mysql","file":"{file}","pos":4,"server_id":{id},"gtid":null}}"#)).server;
    assert_eq!(server(1, "mysql-bin.000042"), server(1, "mysql-bin.000043"));
    assert!(server(1, "mysql-bin.000042") != server(2, "mysql-bin.000042") && server(1, "mysql-bin.000042") != server(1, "binlog.000042"));
    assert_eq!((server(0, "mysql-bin.000042"), log(r#"{"connector":"postgresql","lsn":7}"#)), (0, crate::facts::LogMark::default()));
}

/// A snapshot's rows without a time, or of 1970 (risingwavelabs/risingwave#24136, debezium/debezium#3855): they were read when they were written to Kafka. A change without
/// one says nothing: what it was written to Kafka at may be days later, or a repeat.
#[test]
fn a_snapshots_row_without_a_time_was_read_when_it_was_written() {
    let at = |source: &str, ts_ms: &str| {
        let source = format!(r#"{{"connector":"mysql","file":"bin.000001","pos":4{source}}}"#);
        let text = format!(r#"{{"before":null,"after":{{"id":1}},"source":{source},"op":"r"{ts_ms}}}"#);
        change(&text).source.committed_at
    };
    let envelope = r#","ts_ms":1700000000123"#;
    for source in [r#","ts_ms":0,"snapshot":"true""#, r#","snapshot":"last""#, r#","ts_ms":null,"snapshot":"incremental""#] {
        assert_eq!(at(source, envelope), Some(Moment(1_700_000_000_123)), "{source}");
        assert_eq!(at(source, ""), None, "{source}");
    }
    assert_eq!(at(r#","ts_ms":1600000000000,"snapshot":"true""#, envelope), Some(Moment(1_600_000_000_000)));
    for source in [r#","ts_ms":0,"snapshot":"false""#, ""] {
        assert_eq!(at(source, envelope), None, "{source}");
    }
}

/// Two changes of one row in one transaction (zendesk/maxwell#285): the digests of the row before and after chain them.
#[test]
fn changes_of_one_row_are_chained() {
    let of = |before: &str, after: &str, transaction: &str| {
        let text = format!(r#"{{"before":{before},"after":{after},"source":{MARIADB},"transaction":{transaction},"op":"u"}}"#);
        change(&text).row_mark(Some(b"{\"id\":7}"))
    };
    let (first, second) = (of(r#"{"id":7,"x":1}"#, r#"{"id":7,"x":2}"#, "null"), of(r#"{"id":7,"x":2}"#, r#"{"id":7,"x":3}"#, "null"));
    assert_eq!((first.after, first.key, first.order), (second.before, second.key, None));
    assert_eq!(of("null", r#"{"id":7}"#, r#"{"id":"571:5","total_order":3,"data_collection_order":1}"#).order, Some(3));
    assert_eq!(of("null", "{}", r#"{"id":"571:5"}"#).before, 0);
}

#[test]
fn a_place_that_cannot_be_read_is_named() {
    let text = |source: &str| place(source).expect_err("a decode error").to_string();
    assert_eq!(
        text(r#"{"connector":"sqlserver","commit_lsn":null}"#),
        format!("field \"source.commit_lsn\": expected {LSN}, found \"null\"")
    );
    assert_eq!(
        text(r#"{"connector":"mysql","file":"bin","pos":1}"#),
        "field \"source.file\": expected a binlog file's name that ends in its number, found \"bin\""
    );
    assert_eq!(
        text(r#"{"connector":"oracle"}"#),
        "field \"source.connector\": expected mysql, mariadb, sqlserver or postgresql, found \"oracle\""
    );
}
