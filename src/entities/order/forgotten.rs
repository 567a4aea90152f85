//! Stage *forgotten* (rows.md): the person of the order asks to be forgotten, and whether the order still needs an address.

use super::figures::LineView;
use super::input::Input;
use super::placed::Placed;
use crate::facts::order::Forgotten;

/// What becomes of the order's person.
#[derive(Clone, Copy, Debug, Default)]
pub struct Forgetting {
    /// An erasure names the person, and the order was placed before it.
    pub asked: bool,
    /// ... and nothing of the order is to be sent any more: names and addresses go.
    pub gone: bool,
}

/// An erasure is not taken back by a deletion of its row.
pub(super) fn stage(input: &Input<'_>, placed: &Placed<'_>, lines: &[LineView<'_>]) -> Forgetting {
    let Some(header) = placed.header else { return Forgetting::default() };
    let asked = input.rows.live::<Forgotten>().any(|each| header.placed_at <= each.row.asked_at);
    let to_send = |line: &LineView<'_>| line.erp.ships && line.sent.wanted > line.sent.despatched;
    Forgetting { asked, gone: asked && placed.whole.holds && !lines.iter().any(to_send) }
}
