//! Parcels that are refunded without a return authorisation: lost, or returned to sender.

use crate::entities::order::placed::{Placed, PlacedLine};
use crate::entities::order::pooling::{self, Parts, Targets};
use crate::entities::order::returning::{Authorised, Returning};
use crate::entities::order::sent::{self, Fate, ParcelView, Sent};
use crate::entities::rules::Rules;
use crate::facts::order::{GoodsExpected, Resolution, ReturnState, Word};
use crate::facts::{Quantity, SourceId};

/// The state of the return that a refunded parcel counts as.
const SETTLED: Word<ReturnState> = Word::Known(ReturnState::Posted);

/// A refunded parcel (see [`sent::refunded`]) counts as a return for money, authorised by Waybill itself under the despatch's number. No goods are
/// expected of a lost parcel; one that came back undelivered counts once it is received. A decision refunds the pieces that it covers, and not what
/// is reported in the parcel later.
pub(super) fn refunded<'a>(rules: &Rules, placed: &Placed<'a>, returning: &Returning<'a>, sent: &Sent<'a>) -> Vec<Authorised<'a>> {
    let mut authorised = Vec::new();
    for (parcel, (why, at)) in sent.parcels.iter().filter_map(|parcel| Some((parcel, sent::refunded(parcel, rules)?))) {
        for (line, quantity) in decided_pieces(parcel, &placed.lines) {
            let here = || returning.received.iter().any(|row| row.quantity.is_positive() && row.targets.contains(&line));
            if why == Fate::Undelivered && !here() {
                continue;
            }
            authorised.push(Authorised {
                source: SourceId::WAYBILL,
                rma: parcel.key,
                id: "",
                pooled: false,
                quantity,
                resolution: Resolution::Refund,
                goods_expected: if why == Fate::Lost { GoodsExpected::No } else { GoodsExpected::Yes },
                reason: why.name(),
                state: &SETTLED,
                approved_at: Some(at),
                deleted: false,
                at,
                cause: parcel.cause,
                targets: Targets::from_iter([line]),
            });
        }
    }
    authorised
}

/// The pieces in the parcel that the decision about it covers.
fn decided_pieces(parcel: &ParcelView<'_>, lines: &[PlacedLine<'_>]) -> Parts {
    let decided = parcel.decided.map_or(&[][..], |decided| decided.lines);
    if decided.is_empty() {
        return parcel.lines.iter().copied().collect();
    }
    let (mut content, mut taken) = (vec![Quantity::ZERO; lines.len()], vec![Quantity::ZERO; lines.len()]);
    parcel.lines.iter().for_each(|(line, quantity)| content[*line] += *quantity);
    for (of, quantity) in decided {
        pooling::spread(*quantity, &pooling::targets(lines, of), &[&content], &mut taken);
    }
    let parts = content.iter().zip(&taken).map(|(there, decided)| (*there).min(*decided)).enumerate();
    parts.filter(|(_, part)| part.is_positive()).collect()
}
