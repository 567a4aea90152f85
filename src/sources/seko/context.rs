//! The adapter as the readers of its messages see it, and the columns that they read.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::LazyLock;

use jiff::tz::TimeZone;
use serde::Deserialize;
use xxhash_rust::xxh3::xxh3_64;

use super::cells::{number, text};
use crate::envelope::{DecodeError, Record, SpelledColumns, SpelledRow, spelled};
use crate::facts::ids::RequestNumber;
use crate::facts::order::{ScanMeaning, WarehouseState};
use crate::facts::{Alias, Link, Moment, Place, Text};
use crate::sources::adapter::Common;
use crate::sources::facts_out::FactsOut;
use crate::sources::words::Words;

spelled! {
    /// Members of a message's header.
    pub(super) mod header {
        SEQUENCE = "SequenceNumber|SequenceNo",
        PART = "MessagePart",
        PARTS = "MessageTotal",
        DC = "DCCode",
        ORDER = "SalesOrderNumber",
        REFERENCE = "SalesOrderReference",
        DISPATCH = "DispatchNumber",
        DISPATCHED = "DispatchDate",
        CARRIER = "Courier|CarrierName",
        SERVICE = "CourierService|CarrierService",
        TRACKING = "TrackingNumber|PrimaryTrackingNumber",
        CARTONS = "CartonLineItems",
        DELIVERY = "DeliveryNumber",
        ANNOUNCED = "HBRef|HBReference",
        RMA = "RMA",
        GRN_TYPE = "GRNType|ReceiptType",
        CONFIRMED = "ConfirmedTimestamp|ConfirmedDate",
        INTERNAL = "InternalId",
        ADJUSTMENT = "StockAdjustmentType",
        ADJUSTED = "StockAdjustmentDate",
        LOCATION_TYPE = "LocationType",
        MOVEMENT = "MovementID",
        MOVED = "UtcDate",
        FROM = "FromLocationType",
        TO = "ToLocationType",
        PRODUCT = "ProductCode",
        QUANTITY = "Quantity",
        SUMMARY = "SummaryStockHeaderId",
        DAY = "AtEndOfDate",
        STATUS = "Status|OrderStatus|CurrentStatus",
    }
}

spelled! {
    /// Members of a message's line.
    pub(super) mod line {
        LINE = "LineNumber|LineNo|LineItemNumber",
        PRODUCT = "ProductCode",
        QUANTITY = "Quantity|GRNQuantity|PackedQty",
        LOT = "LotNo|LotNumber",
        INTERNAL = "LineInternalId",
        REASON = "ReasonCode",
        CARTON_TRACKING = "CartonTrackingNumber",
        ON_HAND = "QuantityOnHand",
        ALLOCATED = "QuantityInAllocated",
        PICK = "QuantityInPick",
        TO_DISPATCH = "QuantityToDispatch",
        QUARANTINE = "QuantityInQuarantine",
        RETURNS = "QuantityInReturns",
        PUT_AWAY = "QuantityInPutAway",
        CROSS_DOCK = "QuantityInCrossDock",
        DC = "DCCode",
        LOCATION_TYPE = "LocationType",
        FREE = "FreeQuantity",
    }
}

pub(super) static HEADER: LazyLock<SpelledColumns> = LazyLock::new(|| SpelledColumns::new(header::NAMES));
pub(super) static LINE: LazyLock<SpelledColumns> = LazyLock::new(|| SpelledColumns::new(line::NAMES));

/// The keys of `[sources.NAME]` for `kind = "seko"`.
#[derive(Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct SekoSettings {
    /// Topics to read. What a record is shows in itself.
    pub(super) topics: Vec<String>,
    /// Topic -> its columns, where each record is a line of a CSV file without the file's first line.
    pub(super) columns: BTreeMap<String, String>,
    /// The distribution centre of messages that name none.
    pub(super) dc: String,
    /// Distribution centre -> zone of its days, where it is another than the source's.
    pub(super) zones: BTreeMap<String, String>,
    /// Which member holds the public number of the order.
    pub(super) order: OrderNumber,
    /// Location types whose stock is counted.
    pub(super) buckets: Vec<String>,
    /// `QuantityOnHand` holds allocated pieces too.
    pub(super) on_hand_includes_allocated: bool,
    /// How numbers of returns begin that were announced to the warehouse.
    pub(super) return_prefixes: Vec<String>,
    /// Scope of the numbers of announced returns, and how an id of it begins: `nav.document 5:`.
    pub(super) announced_returns: Option<String>,
    /// Status text -> new, allocated, picking, picked, packed, part-despatched, despatched, held, cancelled, closed.
    pub(super) statuses: BTreeMap<String, String>,
    /// OmniParcel and OmniRPS code -> label, transit, delayed, out-for-delivery, collect, attempted, returning, lost, delivered.
    pub(super) codes: BTreeMap<String, String>,
}

/// The bucket of what can be sold.
pub(super) const AVAILABLE: &str = "Available Stock";

impl Default for SekoSettings {
    fn default() -> Self {
        Self {
            topics: ["seko.pushes", "seko.files", "seko.scans"].map(str::to_owned).to_vec(),
            columns: BTreeMap::new(),
            dc: String::new(),
            zones: BTreeMap::new(),
            order: OrderNumber::Number,
            buckets: vec![AVAILABLE.to_owned()],
            on_hand_includes_allocated: false,
            return_prefixes: vec!["RMA".to_owned()],
            announced_returns: None,
            statuses: BTreeMap::new(),
            codes: BTreeMap::new(),
        }
    }
}

/// Which member of a message holds the public number of the order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum OrderNumber {
    /// `SalesOrderNumber`.
    Number,
    /// `SalesOrderReference`; `SalesOrderNumber` is a number of its own, and leads to the order once a message has told both.
    Reference,
}

/// The adapter.
pub(super) struct Seko {
    pub(super) common: Common,
    pub(super) settings: SekoSettings,
    pub(super) zones: Vec<(String, TimeZone)>,
    /// Scope, and how an id begins, of the numbers of announced returns.
    pub(super) announced: Option<(Text, Text)>,
    pub(super) statuses: Words<WarehouseState>,
    pub(super) codes: Words<ScanMeaning>,
}

impl Seko {
    /// The name by which messages find the order. Where its public number is the reference, a message that has both lays the link between them.
    pub(super) fn order(
        &self,
        number: &str,
        head: &SpelledRow<'_>,
        place: Place,
        at: Moment,
        out: &mut FactsOut<'_>,
    ) -> Result<Alias, DecodeError> {
        let own = self.named(number);
        if self.settings.order == OrderNumber::Number {
            return Ok(own);
        }
        let reference = text(head.cell(header::REFERENCE))?;
        if !reference.is_empty() {
            out.alias(own.clone(), Link::Alias(Alias::new(&self.common.number_scope, &reference)), place, at);
        }
        Ok(own)
    }

    /// The order that the warehouse gives this number.
    pub(super) fn named(&self, number: &str) -> Alias {
        match self.settings.order {
            OrderNumber::Number => Alias::new(&self.common.number_scope, RequestNumber::order_number(number)),
            OrderNumber::Reference => Alias::new(&format!("{}.order", self.common.name), number),
        }
    }

    /// The bucket of a location type, as configured; `None`: its stock is not counted.
    pub(super) fn bucket(&self, location_type: &str) -> Option<Text> {
        let name = if location_type.is_empty() || location_type.eq_ignore_ascii_case("Available") { AVAILABLE } else { location_type };
        self.settings.buckets.iter().find(|bucket| bucket.eq_ignore_ascii_case(name)).map(|bucket| bucket.as_str().into())
    }
}

/// The place of a message in its service's order: its sequence number. A file's row has none.
pub(super) fn place(head: &SpelledRow<'_>, out: &FactsOut<'_>) -> Result<Place, DecodeError> {
    Ok(number(head.cell(header::SEQUENCE))?.map_or_else(|| out.arrival(), |sequence| Place::Position([sequence, 0, 0])))
}

/// Which part of how many a message is. 0 of 0 stands for a message that is not in parts; `None`: it does not say.
pub(super) fn parts(head: &SpelledRow<'_>) -> Result<Option<(u32, u32)>, DecodeError> {
    let (part, parts) = (head.cell(header::PART), head.cell(header::PARTS));
    let small = |number: Option<u64>| number.map(|number| u32::try_from(number).unwrap_or(u32::MAX));
    match (small(number(part)?), small(number(parts)?)) {
        (Some(0) | None, Some(0 | 1)) => Ok(Some((1, 1))),
        (Some(of), Some(all)) if of > 0 && of <= all => Ok(Some((of, all))),
        (None, None) => Ok(None),
        (_, Some(all)) => Err(part.error(format!("a part from 1 to {all}"))),
        (Some(_), None) => Err(parts.error("how many parts there are")),
    }
}

/// The end of a row's id: the rows of a message in parts are apart.
pub(super) fn part_of_id(part: Option<(u32, u32)>) -> Option<String> {
    part.filter(|(_, all)| *all > 1).map(|(of, _)| format!("part {of}"))
}

/// A number for a message that has none.
pub(super) fn digest(record: &Record<'_>, message: &str) -> Cow<'static, str> {
    // What it says, and when it was landed: the same movement may happen twice.
    Cow::Owned(format!("{:016x}", xxh3_64(message.as_bytes()) ^ record.timestamp.0.unsigned_abs()))
}
