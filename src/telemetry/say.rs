//! The operator's lines. Names of events are in English sentences; what changes is in fields.

use super::*;

/// The process begins to work with this configuration.
pub fn starting(application: &str, slot: &str, sources: usize, topics: usize, fingerprint: u64) {
    let fingerprint = format!("{fingerprint:016x}");
    info!(application, slot, sources, topics, fingerprint, version = env!("CARGO_PKG_VERSION"), "starting");
}

/// A note of the configuration: not wrong, worth knowing.
pub fn note(note: &str) {
    info!(note, "note on the configuration");
}

/// HTTP is answered here.
pub fn listening(address: std::net::SocketAddr) {
    info!(%address, "HTTP listens");
}

/// A topic of Waybill's own was created.
pub fn topic_created(topic: &str) {
    info!(topic, "topic created");
}

/// A topic's `max.message.bytes` is below what the configuration lets Waybill write.
pub fn topic_takes_less(topic: &str, bytes: usize, configured: usize) {
    warn!(topic, bytes, configured, "a topic takes only smaller records: larger events become dead letters. Raise its max.message.bytes");
}

/// Topics of sources are missing; said again while that lasts.
pub fn waiting_for_topics(missing: &[String]) {
    warn!(missing = missing.join(", "), "waiting for topics that are not there yet: create them, or start what writes them");
}

/// Topics of sources do not exist yet. Reading begins without them.
pub fn without_topics(missing: &[String]) {
    warn!(
        missing = missing.join(", "),
        "these topics do not exist yet; each is read once it does (`required = true` in a source's section waits for them)"
    );
}

/// A source's topic that was missing is there.
pub fn topic_appeared(topic: &str) {
    info!(topic, "the topic has appeared: it is read from its earliest records on");
}

/// All state is read back.
pub fn restored(shards: u32, records: u64, took: Duration) {
    info!(shards, records, seconds = took.as_secs_f64(), "restored");
}

/// The rules have changed since the state was written. `changed`: a line each; none: it is the program.
pub fn rules_changed(changed: &[String]) {
    if changed.is_empty() {
        warn!(
            "THE PROGRAM HAS CHANGED since the state was written: what it alone would request is held (`waybill held`), and nothing of it is sent"
        );
    }
    for line in changed {
        warn!(changed = line, "THE RULES HAVE CHANGED: what they alone would request is held (`waybill held`), and nothing of it is sent");
    }
}

/// Topics that the configuration names for the first start, and that are not live.
pub fn not_live(topics: &str) {
    warn!(
        topics,
        "going_live.at_first_start is read at the first start only: these topics are not live. `waybill go-live` makes them live"
    );
}

/// Committed offsets are gone.
pub fn read_again(partitions: u64) {
    warn!(
        partitions,
        "committed offsets are gone (the group was away for long, or somebody deleted them): these partitions are read from their earliest record \
         again, which changes nothing. None of their records was deleted unread"
    );
}

/// A tool, or another program, has set a committed offset.
pub fn offset_moved(partition: &str, read: i64, next: i64) {
    warn!(
        partition,
        read,
        next,
        "the committed offset was set by a tool or by another program that uses this group: reading goes on there. What was read before changes \
         nothing, and no record is skipped that the partition still holds"
    );
}

/// One line for the dead letters of an epoch and source, not one a record: a broken feed must not fill the disk. `first` says what was
/// expected of the first one, nothing of what it held.
pub fn dead_letters(source: &str, n: u64, first: &str) {
    warn!(source, n, first, "records could not be read: they are in dead-letters");
}

/// Events of an epoch that no topic takes.
pub fn events_too_large(n: u64) {
    error!(
        n,
        "events are larger than a record may be: they were not written to their topics, and stand cut in dead-letters. Raise \
         kafka.record_bytes_max and the topics' max.message.bytes, and tell their receivers"
    );
}

/// A source told rows that are older than what is kept, and say something else.
pub fn passed_over(source: &str, rows: u64) {
    info!(
        source,
        rows,
        "rows were passed over: they are older than what is kept, by their place in the source's log, and say something else. A connector that repeats \
         itself tells such rows. If the source's database was restored or failed over, have its tables read anew by a snapshot"
    );
}

/// A snapshot left out most rows of a table: it is not taken for one of the whole table.
pub fn snapshot_of_a_part() {
    info!("a snapshot has read a small part of a table: nobody is asked about orders that it left out");
}

/// An adapter does not know a table; said once for each.
pub fn unknown_table(source: &str, table: &str) {
    info!(source, table, "a table or event type without a meaning: its records are counted and skipped");
}

/// An epoch was not committed; `why` says the cause and what to do. Said once in a while.
pub fn epoch_not_committed(why: &str) {
    warn!(why, "an epoch was not committed: its records come again");
}

/// A signal asked the process to end.
pub fn ending(reason: &str) {
    info!(reason, "ending after the open epoch");
}

/// A thread has panicked: the process ends, for half of it would stand there and look alive.
pub fn panicked(thread: &str, place: &str, code: u8) {
    error!(thread, place, code, "a thread has ended by a panic: the process ends. A new process goes on from what was committed");
}

/// A query has panicked: its connection is closed, all else goes on.
pub fn query_panicked(place: &str) {
    error!(place, "a query has panicked: its connection is closed. Report it");
}

/// The process ends in order.
pub fn ended(epochs: u64) {
    info!(epochs, "ended");
}

/// The process was asked to end before it had begun, or while it waited for Kafka.
pub fn closed(why: &str) {
    info!(why, "ended");
}

/// The process ends with an error.
pub fn stopped(error: &Error) {
    error!(code = error.exit_code(), error = %error, "stopped");
}

/// `what` was asked, and `error` came back.
pub fn brokers_do_not_answer(bootstrap: &str, what: &str, error: &str) {
    warn!(bootstrap, what, error, "Kafka does not answer: trying again until it does");
}

/// After so long without an answer.
pub fn brokers_answer_again(after: Duration) {
    info!(seconds = after.as_secs(), "Kafka answers again");
}

/// The group has assigned so many partitions; this instance now owns `owned`.
pub fn partitions_assigned(assigned: usize, owned: usize) {
    info!(assigned, owned, "partitions assigned");
}

/// The group has taken so many partitions away; this instance still owns `owned`.
pub fn partitions_revoked(revoked: usize, owned: usize) {
    info!(revoked, owned, "partitions revoked: what was read and not committed is dropped and read again");
}

/// The Kafka client refused a step of it.
pub fn rebalance_failed(error: &str) {
    warn!(error, "a rebalance could not be carried out");
}

/// Reading goes back after an epoch that was not committed.
pub fn seek_failed(error: &str) {
    warn!(error, "the reader could not go back to the committed offsets: trying again");
}

/// The schema registry does not answer as it should: records wait for schemas. Said once, until it answers again.
pub fn registry_away(why: &str) {
    warn!(why, "the schema registry is away: records that need its schemas wait, and nothing of them is lost");
}

/// The schema registry answers again.
pub fn registry_answers(away: Duration) {
    info!(seconds = away.as_secs_f64(), "the schema registry answers again");
}

/// The log can't go on: the sentence says what to do.
pub fn reading_stopped(error: &str) {
    error!(error, "reading from Kafka has stopped");
}

/// After an error of one of its steps. The cause is said beside it, in words.
pub fn transaction_aborted(error: &str) {
    debug!(error, "the transaction is aborted");
}

/// The group's consumer has failed for good.
pub fn consumer_lost(error: &str) {
    warn!(
        error,
        "the group has dropped this process's consumer: looking whether another process is there, else a new consumer takes its place"
    );
}

/// The group gave back an assignment that is older than what is to be read.
pub fn joining_anew() {
    info!("the group has given back an older assignment: leaving the group and joining it anew");
}

/// A transaction of somebody else's, or one that Kafka has forgotten, holds the group's offsets.
pub fn offsets_held(why: &str) {
    warn!(why, "waiting for an open transaction");
}

/// A transaction in a source's topic is not ended, and what comes behind it can't be read. Said again while that lasts.
pub fn partition_held(topic: &str, partition: i32, offset: i64, seconds: u64) {
    warn!(
        topic,
        partition,
        offset,
        seconds,
        "a transaction of this topic's writer has been open for long: records from this offset on can't be read before it ends. If its writer is \
         gone, find and abort it (kafka-transactions find-hanging, then abort)"
    );
}

/// A timeout, or a lost connection.
pub fn commit_unknown(error: &str) {
    warn!(error, "the result of a commit is unknown: a new producer takes up the transactional id, and the committed offsets will show it");
}

/// The committed offsets have shown it.
pub fn commit_known(committed: bool) {
    info!(committed, "the result of the commit is known");
}

/// The machine's clock is not believed: nothing is committed.
pub fn clock_doubted(why: &str) {
    error!(why, "the clock is not believed");
}

/// ... and is again.
pub fn clock_believed() {
    info!("the clock is believed");
}

/// The watchdog ends the process.
pub fn process_ended(code: u8, why: &str) {
    error!(code, "{why}: the process ends. The broker aborts the open transaction, and the next start goes on from what was committed");
}

/// An error that the Kafka client reports. It goes on by itself, or a call of the log fails. `repeated`: how often the same came since it was said.
pub fn kafka_client_error(error: &str, reason: &str, repeated: u64) {
    warn!(error, reason, repeated, "the Kafka client reports an error");
}

/// How much a line of the Kafka client's own log matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientLine {
    /// Shown as an error.
    Error,
    /// Shown as a warning.
    Warning,
    /// Shown with `WAYBILL_LOG=debug`.
    Debug,
    /// Shown with `WAYBILL_LOG=trace`.
    Trace,
}

/// A line of the Kafka client's own log.
pub fn kafka_client(level: ClientLine, facility: &str, text: &str) {
    match level {
        ClientLine::Error => error!(target: "kafka-client", facility, "{text}"),
        ClientLine::Warning => warn!(target: "kafka-client", facility, "{text}"),
        ClientLine::Debug => debug!(target: "kafka-client", facility, "{text}"),
        ClientLine::Trace => trace!(target: "kafka-client", facility, "{text}"),
    }
}
