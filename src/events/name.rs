//! The seal of a name: `orphan-rows`, while rows have waited too long for what they belong to.

use super::exceptions::ExceptionNotice;
use super::{Outlet, Sealed};
use crate::entities::name::{NameState, Orphans};
use crate::entities::rules::Rules;
use crate::facts::Name;
use crate::facts::ids::join_key;

const KIND: &str = "orphan-rows";

/// Opens or closes the exception, and tells when it would open. Rows are passed on by [`NameState::forward`], before.
pub fn seal_name(name: &Name, state: &mut NameState, outlet: &mut Outlet<'_>) -> Sealed {
    let (orphans, next) = match state.orphans(outlet.context.rules, outlet.context.tick) {
        Ok(orphans) => (Some(orphans), None),
        Err(next) => (None, next),
    };
    let entity = name.to_string();
    let key = join_key(&[KIND, &entity, ""]);
    let notice = orphans.map(|orphans| notice(&entity, &orphans, outlet.context.rules));
    outlet.statement(&mut state.said, key, notice);
    Sealed { changed: outlet.changed, next }
}

fn notice(entity: &str, orphans: &Orphans, rules: &Rules) -> ExceptionNotice {
    let sources: Vec<&str> = orphans.sources.iter().map(|source| rules.name_of(*source)).collect();
    let (rows, wait) = if orphans.rows == 1 { ("row", "waits") } else { ("rows", "wait") };
    let sentence = format!("{} {rows} of {} {wait} under {entity}, which leads to no order", orphans.rows, sources.join(", "));
    ExceptionNotice {
        id: String::new(),
        kind: KIND.into(),
        entity: entity.into(),
        number: Default::default(),
        order_number: None,
        since: orphans.since,
        sentence: sentence.into(),
        to_do: "find the order that this name belongs to, and why its shop has not told of it".into(),
        at_risk: None,
        currency: None,
        causes: Vec::new(),
    }
}
