//! For some days the warehouse counts its stock only at night: during the day a figure is last night's count less what has left since.

use crate::facts::Moment;
use crate::facts::time::Span;
use crate::retailer::world::World;

const FOR: Span = Span::days(5);

pub(super) fn begin(world: &mut World) {
    world.faults.night_counts_until = Some(world.now + FOR);
    world.faults.note(world.now, "for five days stock is counted only at night".to_owned());
}

/// The hour of the count, in UTC.
const HOUR: i64 = 2;
const DAY: i64 = 86_400_000;

/// When the poller reads figures next: at `soon`, or at the night's count.
pub fn next(world: &World, soon: Moment) -> Moment {
    if world.faults.night_counts_until.is_none_or(|until| soon >= until) {
        return soon;
    }
    let count = soon.0 - soon.0.rem_euclid(DAY) + HOUR * 3_600_000;
    Moment(if count < soon.0 { count + DAY } else { count })
}
