//! From records to facts. Adapters are pure, so a batch is translated piece by piece on several threads (`crew`), while the engine's own stores the
//! facts of the pieces before, in the order of the batch.

use std::ops::Range;

use super::core::SourceRuntime;
use super::crew;
use crate::envelope::{Batch, DecodeError, Record};
use crate::facts::{Cause, Fact, TopicId};
use crate::sources::{FactsOut, Reading, Standing};

/// Records of a piece. Fewer: threads meet more often. More: small epochs are not shared.
const PIECE: usize = 512;

/// A source topic as records name it by index.
#[derive(Clone, Copy)]
pub(super) struct TopicRoute {
    pub id: TopicId,
    /// Which of the engine's sources it belongs to; `usize::MAX`: none.
    pub source: usize,
}

/// What came of a record.
pub(super) struct Told {
    pub source: usize,
    /// How many of its piece's facts are its own.
    pub facts: usize,
    pub standing: Option<Standing>,
    pub reading: Result<Reading, DecodeError>,
}

/// What a piece of a batch says: what came of each record (`None`: its topic is nobody's), and the facts of all, one record's after the other's.
#[derive(Default)]
pub(super) struct Piece {
    pub told: Vec<Option<Told>>,
    pub facts: Vec<Fact>,
}

/// Translates records by the adapters of their topics' sources.
pub(super) struct Decoder<'a> {
    pub sources: &'a [SourceRuntime],
    pub routes: &'a [TopicRoute],
}

impl Decoder<'_> {
    /// Gives what each piece of the batch says to `take`, in order, with the places of its records.
    pub fn each_piece(&self, batch: &Batch, mut take: impl FnMut(Range<usize>, Piece)) {
        let places = |piece: usize| piece * PIECE..batch.len().min((piece + 1) * PIECE);
        let decode = |piece| {
            let mut decoded = Piece::default();
            batch.range(places(piece)).for_each(|record| self.translate(&record, &mut decoded));
            decoded
        };
        crew::share(batch.len().div_ceil(PIECE), decode, |piece, decoded| take(places(piece), decoded));
    }

    /// Adds what the record says.
    fn translate(&self, record: &Record<'_>, piece: &mut Piece) {
        let route = self.routes.get(record.topic_index as usize);
        let source = route.and_then(|route| Some((route, self.sources.get(route.source)?)));
        let told = source.map(|(route, source)| {
            let cause = Cause { topic: route.id, partition: record.partition, offset: record.offset };
            let before = piece.facts.len();
            let mut out = FactsOut::new(source.common.id, cause, source.adapter.revision(), &mut piece.facts);
            let reading = source.adapter.translate(record, &mut out);
            let standing = out.standing;
            if reading.is_err() {
                piece.facts.truncate(before);
            }
            Told { source: route.source, facts: piece.facts.len() - before, standing, reading }
        });
        piece.told.push(told);
    }
}
