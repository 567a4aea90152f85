//! The format of the changelog's records: versioned, with a checksum.
//!
//! ```text
//! key    postcard of [`StateKey`]: what the record is the state of
//! value  format (1 byte) | CRC-32 of key and payload (4 bytes, little endian) | payload (postcard)
//! ```
//!
//! Orders and aliases are written whole, SKUs and customers by row, because their number of rows has no bound. A value that is larger than a record may
//! be is written in pieces ([`super::state_out`]). A null value is a tombstone: the row
//! or entity does not exist any more. A record of another format or with a wrong checksum stops the restore: state is never guessed.

use postcard::ser_flavors::Flavor;
use serde::{Deserialize, Serialize};

use crate::facts::{Alias, Cause, CustomerKey, Moment, OrderKey, RowKey, RowSet, Sku, SourceId, Text, TopicId};

/// Raise it when the shape of a payload changes: a field of a row, of a ledger, of anything in an entity's state. Postcard does not describe itself: a
/// reader of another shape would read nonsense. This program reads only this format; from the first release on it must read the one before too, by
/// a step from the old shape to the new in `restore::load`.
pub const FORMAT: u8 = 13;

/// What a record of the changelog is the state of. Variants and their order are the format.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum StateKey {
    /// The shard's newest epoch: [`EpochRecord`].
    Epoch,
    /// Since which epoch a request topic (its number) is live: `u64`.
    Live(u8),
    /// Whole.
    Order(OrderKey),
    /// Whole.
    Alias(Alias),
    /// What a SKU keeps beside its rows.
    SkuHead(Sku),
    /// One row of a SKU.
    SkuRow(Sku, RowKey),
    /// What a customer keeps beside its rows.
    CustomerHead(CustomerKey),
    /// One row of a customer.
    CustomerRow(CustomerKey, RowKey),
    /// When and where a source began again: `Vec<Beginning>`.
    Begun(SourceId),
    /// Which entity has a row, whole.
    RowOwner(RowKey),
    /// The delete watermark of a set, and the lists that are not complete yet, whole.
    Watermark(RowSet),
    /// What people have said of held requests, and the refunds of the last day: `DeskState`, in the first shard.
    Desk,
    /// The rules that the state was computed by, as lines of path and value: a start says what has changed. In the first shard.
    Rules,
    /// How far each partition of a source's topic was read: `Vec<i64>`.
    Read(TopicId),
    /// In how many pieces the value of this encoded key is written: `u32`.
    Pieces(Vec<u8>),
    /// One piece of the value of this encoded key: bytes of its record's value, framed like any payload.
    Piece(Vec<u8>, u32),
    /// An outstanding dead letter, by its record's place: `Letter`, in the first shard.
    Letter(Cause),
    /// What dead letters have in common: `LetterCause`, in the first shard.
    LetterCause(u32),
    /// Notes to an open exception and its owner, by its key: `ExceptionCase`, in the first shard.
    Case(Text),
}

/// The newest epoch of a shard, under a fixed key. The same number stands in the metadata of the offset that the epoch committed for the
/// shard's exchange partition: at restore the two must agree.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EpochRecord {
    /// Of this shard, from 1.
    pub number: u64,
    /// The epoch's moment.
    pub tick: Moment,
    /// 1 at first; raised only by an operator's command that begins the shard's state again.
    pub generation: u32,
    /// A digest of everything that views are computed from beside rows.
    pub fingerprint: u64,
}

/// Why a record of the changelog can't be read.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// It has so few bytes.
    #[error(
        "a state record has only {0} bytes: the changelog was changed or damaged. Restore the topic, or set up the application under another id"
    )]
    Short(usize),
    /// Another version of Waybill wrote it.
    #[error("a state record has format {found}, but this program reads format {FORMAT}: start the version of Waybill that wrote it")]
    Format {
        /// The record's format.
        found: u8,
    },
    /// Key or payload were changed.
    #[error(
        "a state record has a wrong checksum: the changelog was changed or damaged. Restore the topic, or set up the application under another id"
    )]
    Checksum,
    /// A value that was written in pieces lacks one.
    #[error(
        "piece {index} of {count} of a state record is missing: the changelog was changed or damaged. Restore the topic, or set up the application \
         under another id"
    )]
    PieceMissing {
        /// Which one, from 0.
        index: u32,
        /// How many there should be.
        count: u32,
    },
    /// The payload has another shape.
    #[error(
        "a state record does not decode ({0}): the changelog was changed or damaged. Restore the topic, or set up the application under another id"
    )]
    Decode(#[from] postcard::Error),
}

fn checksum(key: &[u8], payload: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(key);
    hasher.update(payload);
    hasher.finalize()
}

/// Room for most keys.
const KEY_BYTES: usize = 48;

/// Encodes a key.
pub fn encode_key(key: &StateKey) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(KEY_BYTES);
    // Keys are plain data: postcard fails only on a type without a known length.
    let _ = postcard::serialize_with_flavor(key, Append(&mut bytes));
    bytes
}

/// Frames an encoded payload: format, checksum, payload.
pub fn frame(key: &[u8], payload: &[u8]) -> Vec<u8> {
    let mut value = Vec::with_capacity(payload.len() + 5);
    value.push(FORMAT);
    value.extend_from_slice(&checksum(key, payload).to_le_bytes());
    value.extend_from_slice(payload);
    value
}

/// Encodes and frames a payload. `scratch` is memory to work in, so that the value is allocated once, in its final size.
pub fn encode<T: Serialize>(key: &[u8], payload: &T, scratch: &mut Vec<u8>) -> Vec<u8> {
    scratch.clear();
    // State is plain data: postcard fails only on a sequence without a known length.
    let _ = postcard::serialize_with_flavor(payload, Append(scratch));
    frame(key, scratch)
}

/// The longest encoding of a number of 64 bits.
const VARINT_MAX: usize = 10;

/// Postcard's output, appended.
struct Append<'a>(&'a mut Vec<u8>);

impl Flavor for Append<'_> {
    type Output = ();

    #[inline]
    fn try_push(&mut self, byte: u8) -> postcard::Result<()> {
        self.0.push(byte);
        Ok(())
    }

    #[inline]
    fn try_extend(&mut self, bytes: &[u8]) -> postcard::Result<()> {
        if bytes.len() > VARINT_MAX {
            self.0.extend_from_slice(bytes);
            return Ok(());
        }
        // Mostly a number of two or three bytes, of which an order has hundreds: a call of memcpy costs more than the bytes.
        self.0.reserve(bytes.len());
        for byte in bytes {
            self.0.push(*byte);
        }
        Ok(())
    }

    fn finalize(self) -> postcard::Result<()> {
        Ok(())
    }
}

/// Checks a record's format and checksum and gives its payload.
pub fn payload<'v>(key: &[u8], value: &'v [u8]) -> Result<&'v [u8], StateError> {
    let (&format, rest) = value.split_first().ok_or(StateError::Short(0))?;
    if format != FORMAT {
        return Err(StateError::Format { found: format });
    }
    let (sum, payload) = rest.split_at_checked(4).ok_or(StateError::Short(value.len()))?;
    if sum != checksum(key, payload).to_le_bytes() {
        return Err(StateError::Checksum);
    }
    Ok(payload)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_that_was_changed_or_moved_to_another_key_is_an_error() {
        let key = encode_key(&StateKey::Order(OrderKey::new("shop", "1")));
        let value = encode(&key, &42u64, &mut Vec::new());
        assert_eq!(postcard::from_bytes::<u64>(payload(&key, &value).expect("whole")).expect("decodes"), 42);
        assert_eq!(frame(&key, &postcard::to_stdvec(&42u64).expect("encodes")), value);

        let other = encode_key(&StateKey::Order(OrderKey::new("shop", "2")));
        assert!(matches!(payload(&other, &value), Err(StateError::Checksum)));
        for bit in 0..value.len() * 8 {
            let mut flipped = value.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert!(payload(&key, &flipped).is_err(), "bit {bit}");
        }
        assert!(matches!(payload(&key, &[FORMAT, 1]), Err(StateError::Short(2))));
    }

    /// The bytes of a released format stay readable: this fixture is never changed, only added to.
    #[test]
    fn the_bytes_of_format_1_stay() {
        let record = EpochRecord { number: 7, tick: Moment(1_000), generation: 1, fingerprint: 9 };
        let key = encode_key(&StateKey::Epoch);
        assert_eq!(key, [0]);
        assert_eq!(encode(&key, &record, &mut Vec::new())[5..], [7, 208, 15, 1, 9]);
    }
}
