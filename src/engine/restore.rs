//! Restore: state from the changelog, and the check that it belongs to the committed offsets.
//!
//! Each shard's changelog ends with the record of an epoch. The same epoch's number stands beside the committed offset of the shard's exchange
//! partition. The two must agree:
//!
//! | state | offset | meaning | what follows |
//! | --- | --- | --- | --- |
//! | of epoch 7 | of epoch 7 | both are of one epoch | restored |
//! | none | none, in every shard | a fresh application | sources are read from their earliest records |
//! | none | none, in some shards | these have lost both, for the first epoch writes both for every shard | an error |
//! | of epoch 6 | of epoch 7 | the changelog's end is not visible yet | it is read again, at most [`READS_MAX`] times; then an error |
//! | of epoch 8 | of epoch 7 | somebody has set the offsets back | an error |
//! | of epoch 7 | none, in every shard | the offsets are lost (the group was away for long) | a source partition without an offset is read from its earliest record again; versions make the repeats harmless. An error if it does not hold the place any more up to which the state has read it ([`reads`]) |
//! | of epoch 7 | none, in some shards | somebody has deleted some of the offsets | an error |
//!
//! The first epoch of a fresh application, and the first after lost offsets, writes state and offset for every shard ([`Shard::begins`]).

use foldhash::fast::RandomState;
use hashbrown::HashMap;

use super::cases::{Cases, ExceptionCase};
use super::core::Core;
use super::desk::{Desk, DeskState};
use super::incarnations::Incarnations;
use super::letters::{CauseId, Letter, LetterCause, LetterIndex, Letters};
use super::log::{Log, LogError, Offset};
use super::reads::{self, Reads};
use super::restate;
use super::rewind::Rewindable;
use super::shard::Shard;
use super::state::{self, EpochRecord, StateError, StateKey};
use super::state_out::put_together;
use super::store::Store;
use crate::entities::alias::AliasState;
use crate::entities::order::OrderState;
use crate::events::Topic;
use crate::facts::{Cause, Subject, Text};

/// How often the changelog is read when it ends before the committed epoch. The log itself waits for open transactions each time.
const READS_MAX: u32 = 3;

/// What a restore found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Restored {
    /// Records of the changelog.
    pub records: u64,
    /// Their bytes.
    pub bytes: u64,
    /// There was neither state nor offsets: the application begins.
    pub fresh: bool,
    /// There was state without offsets: all sources are read from their earliest records.
    pub offsets_lost: bool,
    /// Partitions whose committed offset another program has moved: by name, how far the state had read it, and where reading goes on.
    pub moved: Vec<(String, i64, i64)>,
    /// Source partitions that the state has read before, and that are read from their earliest record again, since their offsets are gone.
    pub read_again: u64,
    /// The rules or the program have changed since the state was written.
    pub fingerprint_changed: bool,
    /// Which rules have changed, a line each; empty with `fingerprint_changed`: the program has changed.
    pub rules_changed: Vec<String>,
}

/// Restores every shard and sets where reading begins.
pub async fn restore<L: Log>(core: &mut Core, log: &mut L) -> Result<Restored, LogError> {
    let committed = log.committed().await?;
    let mut found = Restored::default();
    let (mut whole, mut lost, mut empty) = (0, 0, 0);
    let mut shared = Shared::default();
    for index in 0..core.store.shards.len() {
        let exchange =
            committed.iter().find(|offset| offset.topic == core.store.settings.names.exchange && offset.partition == index as i32);
        let committed_epoch =
            exchange.filter(|offset| offset.next.is_some()).map(|offset| parse_number(index, &offset.metadata)).transpose()?;
        let read = read_shard(core, log, index, committed_epoch, &mut found, &mut shared).await?;
        match (read.number, committed_epoch) {
            (0, None) => empty += 1,
            (state, Some(offset)) if state == offset => whole += 1,
            (state, None) => {
                lost += 1;
                core.store.shards[index].epoch.number = state;
            }
            (state, Some(offset)) if state < offset => {
                return Err(LogError::Restore(format!(
                    "shard {index}: the changelog {} ends with epoch {state}, but the committed offsets are of epoch {offset}: the changelog has \
                     lost records (somebody deleted them, or the topic is not compacted but deletes by time). Restore the topic, or set up the \
                     application under another id",
                    core.store.settings.names.changelog
                )));
            }
            (state, Some(offset)) => {
                return Err(LogError::Restore(format!(
                    "shard {index}: the committed offsets are of epoch {offset}, but the changelog {} ends with epoch {state}: somebody has set \
                     the offsets back. Set them forward again, or delete all offsets of the group: then every source is read again from its \
                     beginning, which changes nothing",
                    core.store.settings.names.changelog
                )));
            }
        }
        core.store.tick = core.store.tick.max(core.store.shards[index].epoch.tick);
        found.fingerprint_changed |= read.number > 0 && core.store.shards[index].epoch.fingerprint != core.store.settings.fingerprint;
    }
    check_whole(whole, lost, empty)?;
    found.offsets_lost = lost > 0;
    found.fresh = whole == 0 && lost == 0;
    for shard in &mut core.store.shards {
        shard.begins = found.fresh || found.offsets_lost;
        if found.fresh {
            shard.going_live.clone_from(&core.store.settings.live_at_start);
        }
    }
    if !found.offsets_lost {
        restore_notes(core, &committed)?;
    }
    let sources: Vec<Offset> = committed.into_iter().filter(|offset| offset.topic != core.store.settings.names.exchange).collect();
    for offset in sources.iter().filter(|offset| offset.next.is_none()) {
        // Without an offset it is read from its earliest record. If one was deleted that the state has not read, that would pass in silence.
        let Some(read) = core.reads.of(&offset.topic, offset.partition) else { continue };
        found.read_again += 1;
        reads::check(&offset.topic, offset.partition, read, log.holds(&offset.topic, offset.partition).await?)?;
    }
    for offset in sources.iter().filter(|offset| offset.metadata.is_empty()) {
        let (Some(next), Some(read)) = (offset.next, core.reads.of(&offset.topic, offset.partition)) else { continue };
        if next > read {
            reads::check_moved(&offset.topic, offset.partition, read, next, log.holds(&offset.topic, offset.partition).await?)?;
        }
        if next != read {
            found.moved.push((format!("{}[{}]", offset.topic, offset.partition), read, next));
        }
    }
    log.start(&sources).await?;
    if let Some(desk) = shared.desk {
        core.store.desk = Desk::restored(desk);
    }
    core.store.letters = Letters::restored(LetterIndex::restore(shared.letters, shared.causes));
    core.store.cases = Rewindable::restored(Cases(shared.cases.into_iter().collect()));
    if found.fingerprint_changed {
        found.rules_changed = restate::differences(&shared.rules, &restate::lines(&core.store.settings.rules));
        core.rules_have_changed();
    }
    publish_all(core, found.fingerprint_changed);
    Ok(found)
}

/// State of the whole application, in the first shard's partition.
#[derive(Default)]
struct Shared {
    desk: Option<DeskState>,
    rules: Vec<(String, String)>,
    letters: Vec<(Cause, Letter)>,
    causes: Vec<(CauseId, LetterCause)>,
    cases: Vec<(Text, ExceptionCase)>,
}

/// Counts shards with state and offset, with state alone, and with neither. All must be alike, for the first epoch writes both for every shard.
fn check_whole(whole: usize, lost: usize, empty: usize) -> Result<(), LogError> {
    if lost > 0 && whole > 0 {
        return Err(LogError::Restore(
            "some shards have lost their committed offsets, others have them. Delete all offsets of the group: then every source is read again \
             from its beginning, which changes nothing"
                .into(),
        ));
    }
    if empty > 0 && whole + lost > 0 {
        return Err(LogError::Restore(format!(
            "{empty} of {} shards have no state, but the others have: partitions of the changelog were emptied. Restore the topic, or set up the \
             application under another id",
            whole + lost + empty
        )));
    }
    Ok(())
}

/// Reads how far each source partition was read, from the text beside its offset.
fn restore_notes(core: &mut Core, committed: &[Offset]) -> Result<(), LogError> {
    let places = committed.iter().filter_map(|offset| Some((core.topics.iter().position(|topic| *topic == offset.topic)?, offset)));
    for (topic, offset) in places {
        if !core.incarnations.restore_note((topic as u16, offset.partition), &offset.metadata) {
            return Err(LogError::Restore(format!(
                "{}[{}]: beside the committed offset stands {:?}, which Waybill did not write: another program commits for this group. \
                 Give Waybill an application id of its own",
                offset.topic, offset.partition, offset.metadata
            )));
        }
    }
    Ok(())
}

fn parse_number(shard: usize, metadata: &str) -> Result<u64, LogError> {
    metadata.parse().map_err(|_| {
        let what = if metadata.is_empty() {
            "the committed offset was set by a tool, or by another program that uses this group. End that program, or delete all offsets of the group: \
             then every source is read again from its beginning, which changes nothing"
                .to_owned()
        } else {
            format!(
                "beside the committed offset stands {metadata:?} and not an epoch's number: another program commits for this group. Give Waybill an \
                 application id of its own"
            )
        };
        LogError::Restore(format!("shard {shard}: {what}"))
    })
}

/// Reads one shard's partition, again while it ends before the committed epoch.
async fn read_shard<L: Log>(
    core: &mut Core,
    log: &mut L,
    index: usize,
    committed_epoch: Option<u64>,
    found: &mut Restored,
    shared: &mut Shared,
) -> Result<EpochRecord, LogError> {
    let mut newest: HashMap<Vec<u8>, Option<Vec<u8>>, RandomState> = HashMap::default();
    let epoch_key = state::encode_key(&StateKey::Epoch);
    for read in 1.. {
        newest.clear();
        let (mut records, mut bytes) = (0, 0);
        log.changelog(index as i32, &mut |key, value| {
            records += 1;
            bytes += (key.len() + value.map_or(0, <[u8]>::len)) as u64;
            newest.insert(key.to_vec(), value.map(<[u8]>::to_vec));
        })
        .await?;
        let number = match newest.get(&epoch_key) {
            Some(Some(value)) => decode_epoch(&epoch_key, value).map_err(|error| unreadable(core, index, &error))?.number,
            _ => 0,
        };
        if committed_epoch.is_some_and(|committed| number < committed) && read < READS_MAX {
            continue;
        }
        found.records += records;
        found.bytes += bytes;
        break;
    }
    let mut shard = Shard::new(core.store.settings.orders_whole_of_shard());
    shard.in_pieces = put_together(&mut newest).map_err(|error| unreadable(core, index, &error))?;
    for (key, value) in newest {
        if let Some(value) = value {
            load(&mut shard, &mut core.incarnations, &mut core.reads, shared, &key, &value)
                .map_err(|error| unreadable(core, index, &error))?;
        }
    }
    let epoch = shard.epoch;
    core.store.shards[index] = shard;
    Ok(epoch)
}

fn unreadable(core: &Core, shard: usize, error: &StateError) -> LogError {
    LogError::Restore(format!("shard {shard} of {}: {error}", core.store.settings.names.changelog))
}

fn decode_epoch(key: &[u8], value: &[u8]) -> Result<EpochRecord, StateError> {
    Ok(postcard::from_bytes(state::payload(key, value)?)?)
}

/// Puts the newest record of a key into the shard.
fn load(
    shard: &mut Shard,
    incarnations: &mut Incarnations,
    reads: &mut Reads,
    shared: &mut Shared,
    key: &[u8],
    value: &[u8],
) -> Result<(), StateError> {
    let state_key: StateKey = postcard::from_bytes(key)?;
    let payload = state::payload(key, value)?;
    let mut result = Ok(());
    match state_key {
        StateKey::Epoch => shard.epoch = postcard::from_bytes(payload)?,
        StateKey::Live(number) => {
            let since = postcard::from_bytes(payload)?;
            if let Some(topic) = Topic::ALL.into_iter().find(|topic| *topic as u8 == number) {
                shard.live.push((topic, since));
            }
        }
        StateKey::Order(order) => {
            postcard::from_bytes::<OrderState>(payload)?;
            shard.orders.restore_packed(order, payload);
        }
        StateKey::Alias(alias) => {
            postcard::from_bytes::<AliasState>(payload)?;
            shard.aliases.restore_packed(alias, payload);
        }
        StateKey::SkuHead(sku) => shard.skus.restore(sku, |state| result = state.load_head(payload)),
        StateKey::SkuRow(sku, row) => shard.skus.restore(sku, |state| result = state.load_row(row, payload)),
        StateKey::CustomerHead(customer) => shard.customers.restore(customer, |state| result = state.load_head(payload)),
        StateKey::RowOwner(row) => {
            let state = postcard::from_bytes(payload)?;
            shard.row_owners.restore(row, |slot| *slot = state);
        }
        StateKey::Watermark(set) => {
            let state = postcard::from_bytes(payload)?;
            shard.watermarks.restore(set, |slot| *slot = state);
        }
        StateKey::Desk => shared.desk = Some(postcard::from_bytes(payload)?),
        StateKey::Rules => shared.rules = postcard::from_bytes(payload)?,
        StateKey::Read(topic) => reads.restore(topic, postcard::from_bytes(payload)?),
        StateKey::Begun(source) => incarnations.restore_begun(source, postcard::from_bytes(payload)?),
        StateKey::Letter(place) => shared.letters.push((place, postcard::from_bytes(payload)?)),
        StateKey::LetterCause(id) => shared.causes.push((id, postcard::from_bytes(payload)?)),
        StateKey::Case(key) => shared.cases.push((key, postcard::from_bytes(payload)?)),
        // Put together before.
        StateKey::Pieces(_) | StateKey::Piece(..) => {}
        StateKey::CustomerRow(customer, row) => shard.customers.restore(customer, |state| result = state.load_row(row, payload)),
    }
    result.map_err(StateError::from)
}

/// Shows everything restored to queries, and sets all timers. An order's timer stands in its state; under other rules, and of the other kinds, each
/// entity is computed once, in the first epoch.
fn publish_all(core: &mut Core, rules_changed: bool) {
    let published = core.published();
    let Store { shards, watermarks, tick, .. } = &mut core.store;
    let tick = *tick;
    for shard in shards {
        for (key, state) in shard.orders.iter() {
            published.order(key, state);
            let state = state.view();
            shard.held.set(key, &state.held);
            published.order_exceptions(key, None, &state.last_emitted);
            shard.timers.set(Subject::Order(key.clone()), if rules_changed { Some(tick) } else { state.timer_at });
        }
        for (alias, state) in shard.aliases.iter() {
            let state = state.view();
            published.alias(alias, None, &state);
            if state.waiting_len(alias) > 0 {
                shard.timers.set(Subject::Alias(alias.clone()), Some(tick));
            }
        }
        for (sku, state) in shard.skus.iter() {
            published.sku(sku, &state.whole());
            shard.timers.set(Subject::Sku(sku.clone()), Some(tick));
        }
        for (key, state) in shard.customers.iter() {
            published.customer(key, &state.whole());
            shard.timers.set(Subject::Customer(key.clone()), Some(tick));
        }
        for (set, state) in shard.watermarks.iter() {
            watermarks.raise(set, &state.view());
        }
    }
    published.epoch(tick);
    core.publish_desk();
    published.letters(Some(core.store.letters.index.state.clone()));
    published.cases(Some(core.store.cases.state.clone()));
}
