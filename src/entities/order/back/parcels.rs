//! Parcels that are refunded although nobody authorised their return: lost, or on their way back.

use crate::entities::order::placed::{Placed, PlacedLine};
use crate::entities::order::pooling::{self, Parts, Targets};
use crate::entities::order::returning::{Authorised, Returning};
use crate::entities::order::sent::{self, Fate, ParcelView, Sent};
use crate::entities::rules::Rules;
use crate::facts::order::{GoodsExpected, Resolution, ReturnState, Word};
use crate::facts::{Quantity, SourceId};

/// What is due for a parcel that is refunded: settled, nothing more is to come.
const SETTLED: Word<ReturnState> = Word::Known(ReturnState::Posted);

/// A parcel that is refunded (see [`sent::refunded`]) is a return for money that Waybill itself has authorised, under the despatch's number: of
/// what was lost no goods are expected, what came back undelivered counts once it is received. A decision refunds the pieces that it was made
/// for, and not what is found in the parcel later.
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

/// What is in the parcel, as far as a decision about it was made for that.
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
