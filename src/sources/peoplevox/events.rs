//! Callbacks of events.

use smallvec::SmallVec;
use xxhash_rust::xxh3::xxh3_64;

use super::cells::{filled, text};
use super::context::{ORDER_NUMBER, Peoplevox};
use crate::envelope::{DecodeError, Record, SpelledRow, spelled};
use crate::facts::order::{Tracking, WarehouseOrder, WarehouseState};
use crate::facts::{Alias, Link, Moment, OrderRow, Place};
use crate::sources::facts_out::FactsOut;

/// Raise it when the meaning changes that this file gives to a record: records read again then count as newer.
pub(super) const REVISION: u16 = 1;

spelled! {
    pub(super) mod status {
        ORDER = "SalesOrderNumber|order_no|order_number|order",
        STATUS = "SalesOrderStatu.Name|SalesOrderStatus.Name|SalesOrderStatus|status",
        TIME = "LastModificationTime|time|modified_at",
    }
}

spelled! {
    pub(super) mod tracking {
        ORDER = "Picks.SalesOrder.SalesOrderNumber|SalesOrderNumber|order_number|order_no|order",
        DESPATCH = "DespatchNumber|dispatch_number|despatch",
        TRACKING = "TrackingNumber|tracking",
        CARRIER = "Carrier.Number|carrier",
    }
}

/// Statuses that need no entry in the configuration.
pub(super) const STATUSES: &[(&str, WarehouseState)] = &[
    ("new", WarehouseState::New),
    ("part allocated", WarehouseState::New),
    ("allocated", WarehouseState::Allocated),
    ("in picking", WarehouseState::Picking),
    ("picking", WarehouseState::Picking),
    ("picked", WarehouseState::Picked),
    ("packed", WarehouseState::Packed),
    ("part despatched", WarehouseState::PartDespatched),
    ("despatched", WarehouseState::Despatched),
    ("on hold", WarehouseState::Held),
    ("cancelled", WarehouseState::Cancelled),
    ("returned", WarehouseState::Closed),
];

/// A parcel and its number.
pub(super) struct Parcel<'a> {
    pub(super) despatch: &'a str,
    pub(super) carrier: &'a str,
    pub(super) number: &'a str,
}

/// The place of a tracking number in a report's row: reports and events have topics of their own, so only time orders them.
pub(super) fn place_in_report(record: &Record<'_>) -> Place {
    stamp(record, 0)
}

fn stamp(record: &Record<'_>, rank: u32) -> Place {
    Place::Stamp { millis: record.timestamp.0, rank, tie: xxh3_64(record.value.unwrap_or_default()) }
}

impl Peoplevox {
    /// `SalesOrderStatusChanges`: how far the warehouse is with an order.
    pub(super) fn status(&self, record: &Record<'_>, row: &SpelledRow<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
        let numbers = filled(row.cell(status::ORDER), ORDER_NUMBER)?;
        let state = self.statuses.read(&filled(row.cell(status::STATUS), "a status")?);
        let at = self.time(row.cell(status::TIME), record)?.unwrap_or(record.timestamp);
        let rank = state.known().map_or(0, |state| 1 + rank(*state));
        let place = Place::Stamp { millis: at.0, rank, tie: xxh3_64(record.value.unwrap_or_default()) };
        for number in several(&numbers) {
            let order = WarehouseOrder { location: self.site.as_str().into(), state: state.clone() };
            out.order_by_alias(self.order(number), number, place, at, OrderRow::WarehouseOrder(order));
        }
        Ok(())
    }

    /// `TrackingNumberReceived`: the number of a despatch's parcel, which may hold several orders. It may come long after the despatch.
    pub(super) fn tracking(&self, record: &Record<'_>, row: &SpelledRow<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
        let numbers = filled(row.cell(tracking::ORDER), ORDER_NUMBER)?;
        let despatch = filled(row.cell(tracking::DESPATCH), "a despatch number")?;
        let carrier = text(row.cell(tracking::CARRIER))?;
        let number = text(row.cell(tracking::TRACKING))?;
        if !number.is_empty() {
            let parcel = Parcel { despatch: &despatch, carrier: &carrier, number: &number };
            self.parcel(&parcel, &several(&numbers), stamp(record, 1), record.timestamp, out);
        }
        Ok(())
    }

    /// The tracking number of each order in the parcel: it leads to all of them.
    pub(super) fn parcel(&self, parcel: &Parcel<'_>, orders: &[&str], place: Place, at: Moment, out: &mut FactsOut<'_>) {
        for order in orders {
            out.alias(Alias::new(Alias::TRACKING, parcel.number), Link::Alias(self.order(order)), place, at);
            let row = Tracking {
                despatch: parcel.despatch.into(),
                carrier: parcel.carrier.into(),
                number: parcel.number.into(),
                replaces: None,
                beside: false,
            };
            out.order_by_alias(self.order(order), parcel.despatch, place, at, OrderRow::Tracking(row));
        }
    }
}

/// How far a status is, for changes within one second: the order of [`WarehouseState`].
fn rank(state: WarehouseState) -> u32 {
    state as u32
}

/// The order numbers of a callback: a placeholder that leads through several picks gives them in a list, one order perhaps more than once.
fn several(numbers: &str) -> SmallVec<[&str; 2]> {
    let mut found = SmallVec::new();
    for number in numbers.split(',').map(str::trim).filter(|number| !number.is_empty()) {
        if !found.contains(&number) {
            found.push(number);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::order::Word;

    #[test]
    fn a_status_that_is_further_ranks_higher() {
        use WarehouseState as S;
        let way =
            [S::New, S::Allocated, S::Picking, S::Picked, S::Packed, S::PartDespatched, S::Despatched, S::Held, S::Cancelled, S::Closed];
        assert!(way.is_sorted_by_key(|state| rank(*state)));
    }

    #[test]
    fn each_order_of_a_parcel_is_named_once() {
        assert_eq!(several(" SO-1, SO-2,SO-1,,").as_slice(), ["SO-1", "SO-2"]);
    }

    #[test]
    fn an_unknown_status_is_kept() {
        let words = crate::sources::words::Words::new("statuses", STATUSES, &std::collections::BTreeMap::new()).expect("words");
        assert_eq!(words.read("PART DESPATCHED"), Word::Known(WarehouseState::PartDespatched));
        assert_eq!(words.read("Awaiting courier"), Word::Unknown("Awaiting courier".into()));
    }
}
