//! Carriers' events by OmniParcel (outbound parcels, a list that grows) and OmniRPS (returns). Their times are local.

use super::cells::{filled, text};
use super::context::Seko;
use super::message::elements;
use crate::envelope::{DecodeError, Record, SpelledColumns, SpelledRow, spelled};
use crate::facts::ids::join_key;
use crate::facts::order::{Scan, ScanMeaning, Word};
use crate::facts::{Alias, Link, OrderRow, Place};
use crate::sources::facts_out::FactsOut;
use std::sync::LazyLock;

/// Raise it when the meaning changes that this file gives to a record: records read again then count as newer.
pub(super) const REVISION: u16 = 1;

spelled! {
    pub(super) mod event {
        CONSIGNMENT = "ConsignmentNo",
        EVENTS = "Events",
        ORDER = "OrderNo",
        AT = "EventDT",
        CODE = "Code",
        OMNI = "OmniCode",
        DESCRIPTION = "Description",
        STATUS = "Status",
        ITEM = "ItemNo",
    }
}

pub(super) static EVENT: LazyLock<SpelledColumns> = LazyLock::new(|| SpelledColumns::new(event::NAMES));

/// OmniParcel's codes, as a public carrier library knows them, and OmniRPS's. Those of the second kind are about parcels that come back.
pub(super) const CODES: &[(&[&str], ScanMeaning)] = &[
    (&["OP-1", "OP-8", "OP-9", "OP-11", "OP-12", "RC"], ScanMeaning::Label),
    (
        &[
            "OP-3", "OP-4", "OP-5", "OP-7", "OP-10", "OP-14", "OP-18", "OP-20", "OP-22", "OP-31", "OP-32", "OP-33", "OP-36", "OP-39",
            "OP-44", "OP-46", "OP-47", "OP-48", "OP-50", "OP-51", "OP-52", "OP-53", "OP-54", "OP-56", "OP-78", "OP-79", "OP-80", "OP-81",
            "OP-82", "OP-89", "DS", "RT", "RDTPF", "RP", "RE",
        ],
        ScanMeaning::Transit,
    ),
    (
        &["OP-2", "OP-6", "OP-13", "OP-16", "OP-26", "OP-35", "OP-41", "OP-49", "OP-70", "OP-83", "OP-87", "OP-88", "OP-91"],
        ScanMeaning::Delayed,
    ),
    (&["OP-21"], ScanMeaning::OutForDelivery),
    (&["OP-19", "OP-25", "OP-42", "OP-76"], ScanMeaning::Collect),
    (&["OP-23", "OP-24", "OP-27", "OP-28", "OP-30", "OP-37", "OP-38", "OP-43", "OP-45", "OP-84", "OP-86"], ScanMeaning::Attempted),
    (
        &[
            "OP-29", "OP-34", "OP-55", "OP-57", "OP-58", "OP-59", "OP-60", "OP-61", "OP-62", "OP-63", "OP-64", "OP-65", "OP-66", "OP-67",
            "OP-68", "OP-69", "OP-85", "OP-90", "OP-94",
        ],
        ScanMeaning::Returning,
    ),
    (&["OP-15", "OP-17", "OP-40", "OP-92"], ScanMeaning::Lost),
    (&["OP-71", "OP-72", "OP-73", "OP-74", "OP-75", "OP-77", "RDBTC"], ScanMeaning::Delivered),
];

/// The same as a table of words.
pub(super) fn codes() -> Vec<(&'static str, ScanMeaning)> {
    CODES.iter().flat_map(|(codes, meaning)| codes.iter().map(|code| (*code, *meaning))).collect()
}

impl Seko {
    /// A parcel with its events so far, or one event.
    pub(super) fn scans(&self, record: &Record<'_>, row: &SpelledRow<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
        let parcel = filled(row.cell(event::CONSIGNMENT), "the number of a consignment")?;
        let events = row.cell(event::EVENTS);
        if events.json().is_empty() {
            let order = text(row.cell(event::ORDER))?;
            // A parcel is known by its list of events, an event by its time.
            let place = self.scan(record, &parcel, row, out)?;
            if !order.is_empty() {
                let at = record.timestamp;
                out.alias(Alias::new(Alias::TRACKING, &parcel), Link::Alias(self.named(&order)), place, at);
            }
            return Ok(());
        }
        for (path, json) in elements(events.name(), events.json())? {
            let row = EVENT.read(&path, json)?;
            self.scan(record, &parcel, &row, out).map_err(|error| error.within(&path))?;
        }
        Ok(())
    }

    fn scan(&self, record: &Record<'_>, parcel: &str, row: &SpelledRow<'_>, out: &mut FactsOut<'_>) -> Result<Place, DecodeError> {
        let at = self.local(row.cell(event::AT), record)?;
        let told = [event::OMNI, event::CODE, event::DESCRIPTION, event::STATUS].map(|place| text(row.cell(place)));
        let [omni, own, description, status] = told;
        let told = [omni?, own?, description?, status?];
        let word = told.iter().find(|word| !word.is_empty()).ok_or_else(|| row.cell(event::CODE).error("a code"))?;
        // A carrier's own code says nothing here that its text does not say better.
        let meaning =
            told.iter().find_map(|word| self.codes.get(word)).map_or_else(|| Word::Unknown((&**word).into()), |known| Word::Known(*known));
        let id = join_key(&[parcel, &at.to_string(), word, &text(row.cell(event::ITEM))?]);
        let scan = Scan { tracking: parcel.into(), meaning, scanned_at: at };
        let place = Place::Stamp { millis: at.0, rank: 0, tie: 0 };
        out.order_by_alias(Alias::new(Alias::TRACKING, parcel), id, place, at, OrderRow::Scan(scan));
        Ok(place)
    }
}
