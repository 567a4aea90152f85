//! For a day the carrier's feed is two days late: parcels arrive, and come back, before anybody hears that they were delivered.

use crate::facts::time::Span;
use crate::retailer::clock::System;
use crate::retailer::world::World;

const FOR: Span = Span::days(1);
const LATE: Span = Span::days(2);

pub(super) fn begin(world: &mut World) {
    world.wires.delay(System::Carrier, world.now + FOR, LATE);
    world.faults.note(world.now, "for a day, what the carrier scans arrives two days later".to_owned());
}
