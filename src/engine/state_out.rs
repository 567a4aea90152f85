//! Records of one shard's changelog, none larger than a record may be.
//!
//! What is larger is written in *pieces*: an order of ten thousand lines is a megabyte, and it must not hold the other orders back.
//!
//! ```text
//! small   key -> value
//! large   key -> tombstone, Pieces(key) -> how many, Piece(key, 0) -> first bytes of the value, Piece(key, 1) -> ...
//! ```
//!
//! All of them are of one transaction, so a reader of committed records finds the pieces of one value. When the value becomes small again, or has fewer
//! pieces, those that are left over get tombstones.

use std::sync::Arc;

use hashbrown::HashMap;

use super::log::OutRecord;
use super::settings::EngineSettings;
use super::state::{self, StateError, StateKey};

/// Keys whose values were written in pieces, and in how many at most: so many may stand in the changelog. It only grows, so that an epoch that is
/// rolled back takes nothing from it.
pub(super) type InPieces = HashMap<Vec<u8>, u32>;

/// Room for a piece's key and frame.
const OVERHEAD: usize = 4 << 10;
/// Larger pieces gain nothing.
const PIECE_BYTES_MAX: usize = 512 << 10;

/// Records of one shard's changelog.
#[derive(Debug)]
pub(super) struct StateOut {
    changelog: Arc<str>,
    shard: i32,
    piece_bytes: usize,
    in_pieces: InPieces,
    /// Memory to encode in.
    scratch: Vec<u8>,
    records: Vec<OutRecord>,
}

impl StateOut {
    /// No records yet.
    pub fn new(settings: &EngineSettings, shard: usize) -> Self {
        Self {
            changelog: settings.names.changelog.clone(),
            shard: shard as i32,
            piece_bytes: settings.record_bytes_max.saturating_sub(OVERHEAD).clamp(1 << 10, PIECE_BYTES_MAX),
            in_pieces: InPieces::new(),
            scratch: Vec::new(),
            records: Vec::new(),
        }
    }

    /// Takes what the shard knows of values in pieces while `write` writes.
    pub fn with(&mut self, in_pieces: &mut InPieces, write: impl FnOnce(&mut Self)) {
        self.in_pieces = std::mem::take(in_pieces);
        write(self);
        *in_pieces = std::mem::take(&mut self.in_pieces);
    }

    /// Adds a record. `value` gets the encoded key and memory to work in, and gives the encoded value; `None`: a tombstone.
    pub fn put(&mut self, key: &StateKey, value: impl FnOnce(&[u8], &mut Vec<u8>) -> Option<Vec<u8>>) {
        let key = state::encode_key(key);
        let value = value(&key, &mut self.scratch);
        match value {
            Some(value) if value.len() > self.piece_bytes => self.pieces(key, &value),
            value if self.in_pieces.is_empty() => self.push(key, value),
            value => {
                if let Some(written) = self.in_pieces.get(&key).copied() {
                    self.bury(&key, 0..written);
                    self.push(state::encode_key(&StateKey::Pieces(key.clone())), None);
                }
                self.push(key, value);
            }
        }
    }

    fn pieces(&mut self, key: Vec<u8>, value: &[u8]) {
        let count = value.len().div_ceil(self.piece_bytes) as u32;
        for (index, piece) in (0..).zip(value.chunks(self.piece_bytes)) {
            let key = state::encode_key(&StateKey::Piece(key.clone(), index));
            let piece = state::frame(&key, piece);
            self.push(key, Some(piece));
        }
        let head = state::encode_key(&StateKey::Pieces(key.clone()));
        let number = state::encode(&head, &count, &mut self.scratch);
        self.push(head, Some(number));
        let before = self.in_pieces.get(&key).copied().unwrap_or(0);
        self.bury(&key, count..before);
        self.push(key.clone(), None);
        self.in_pieces.insert(key, count.max(before));
    }

    /// Tombstones for these pieces.
    fn bury(&mut self, key: &[u8], pieces: std::ops::Range<u32>) {
        for index in pieces {
            self.push(state::encode_key(&StateKey::Piece(key.to_vec(), index)), None);
        }
    }

    fn push(&mut self, key: Vec<u8>, value: Option<Vec<u8>>) {
        let (topic, partition) = (self.changelog.clone(), Some(self.shard));
        self.records.push(OutRecord { topic, partition, key: Some(key), value, headers: Vec::new() });
    }

    /// All records.
    pub fn into_records(self) -> Vec<OutRecord> {
        self.records
    }
}

/// The newest record of each key.
type Newest<S> = HashMap<Vec<u8>, Option<Vec<u8>>, S>;

/// Puts values together that were written in pieces: each stands under its own key then. Gives what [`StateOut`] must know of them.
pub(super) fn put_together<S: std::hash::BuildHasher>(newest: &mut Newest<S>) -> Result<InPieces, StateError> {
    let mut in_pieces = InPieces::new();
    // A key begins with the number of its variant.
    let is_of = |variant: &StateKey| {
        let variant = state::encode_key(variant).first().copied();
        move |key: &[u8]| key.first().copied() == variant
    };
    let (is_head, is_piece) = (is_of(&StateKey::Pieces(Vec::new())), is_of(&StateKey::Piece(Vec::new(), 0)));
    let heads: Vec<(Vec<u8>, Vec<u8>)> =
        newest.iter().filter(|(key, _)| is_head(key)).filter_map(|(key, value)| Some((key.clone(), value.clone()?))).collect();
    if heads.is_empty() {
        return Ok(in_pieces);
    }
    for (head, number) in heads {
        let StateKey::Pieces(key) = postcard::from_bytes(&head)? else { continue };
        let count: u32 = postcard::from_bytes(state::payload(&head, &number)?)?;
        let mut whole = Vec::new();
        for index in 0..count {
            let piece_key = state::encode_key(&StateKey::Piece(key.clone(), index));
            let piece = newest.get(&piece_key).and_then(Option::as_ref).ok_or(StateError::PieceMissing { index, count })?;
            whole.extend_from_slice(state::payload(&piece_key, piece)?);
        }
        in_pieces.insert(key.clone(), count);
        newest.insert(key, Some(whole));
    }
    newest.retain(|key, _| !is_head(key) && !is_piece(key));
    Ok(in_pieces)
}
