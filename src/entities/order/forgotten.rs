//! Stage *forgotten* (rows.md): the person of the order asks to be forgotten, and whether the order still needs an address.

use super::erp::Erp;
use super::input::Input;
use super::placed::Placed;
use super::sent::Sent;
use crate::facts::order::Forgotten;

/// What becomes of the order's person.
#[derive(Clone, Copy, Debug, Default)]
pub struct Forgetting {
    /// An erasure names the person, and the order was placed before it.
    pub asked: bool,
    /// ... and nothing of the order is to be sent any more: names and addresses go.
    pub gone: bool,
}

/// Rows of customers are withdrawn when the order turns out to be somebody else's: of a merge that was taken back.
pub(super) fn stage(input: &Input<'_>, placed: &Placed<'_>, erp: &Erp<'_>, sent: &Sent<'_>) -> Forgetting {
    let Some(header) = placed.header else { return Forgetting::default() };
    let asked = input.rows.live::<Forgotten>().any(|each| header.placed_at <= each.row.asked_at);
    let to_send = erp.lines.iter().zip(&sent.lines).any(|(erp, sent)| erp.ships && sent.wanted > sent.despatched);
    Forgetting { asked, gone: asked && placed.whole.holds && !to_send }
}
