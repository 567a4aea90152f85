//! `sales_shipment`, its items and tracks, and `inventory_shipment_source`: what the shop itself has sent, in which parcels, from where.
//!
//! An item names its shipment and no order, a source names the shipment alone: both wait under the shipment's alias until `sales_shipment` says whose it
//! is. Of a bundle that is sent together, and of a configurable product, both the parent's item and the parts' are there; the order counts one of them.

use super::reader::{Magento, MagentoReader, MagentoTable, meaning, moment};
use crate::envelope::{Cell, DecodeError, columns};
use crate::facts::order::{Shipment, ShipmentLine, ShipmentPlace, Tracking};
use crate::facts::{Alias, EntityKind, Link, OrderRow, Subject, Text};
use crate::sources::facts_out::FactsOut;
use crate::sources::tables::{RowMove, RowsOf, TableRow};

/// Raise it when the meaning changes that this file gives to a record: records read again then count as newer.
pub(super) const REVISION: u16 = 1;

pub(super) static SHIPMENT: MagentoTable =
    MagentoTable { name: "sales_shipment", rows: &[RowsOf::all(EntityKind::Orders, OrderRow::SHIPMENT)], meaning: meaning!(SalesShipment) };

pub(super) static SHIPMENT_ITEM: MagentoTable = MagentoTable {
    name: "sales_shipment_item",
    rows: &[RowsOf::all(EntityKind::Orders, OrderRow::SHIPMENT_LINE)],
    meaning: meaning!(SalesShipmentItem),
};

pub(super) static SHIPMENT_TRACK: MagentoTable = MagentoTable {
    name: "sales_shipment_track",
    rows: &[RowsOf::of_some(EntityKind::Orders, OrderRow::TRACKING)],
    meaning: meaning!(SalesShipmentTrack),
};

pub(super) static SHIPMENT_SOURCE: MagentoTable = MagentoTable {
    name: "inventory_shipment_source",
    rows: &[RowsOf::all(EntityKind::Orders, OrderRow::SHIPMENT_PLACE)],
    meaning: meaning!(InventoryShipmentSource),
};

columns! {
    pub(super) struct SalesShipment { entity_id, order_id, increment_id, created_at, updated_at }

    /// No time and no order of its own.
    pub(super) struct SalesShipmentItem { entity_id, parent_id, order_item_id, qty }

    /// A parcel of a shipment.
    pub(super) struct SalesShipmentTrack { entity_id, parent_id, order_id, track_number, title, carrier_code, created_at }

    pub(super) struct InventoryShipmentSource { shipment_id, source_code }
}

/// The shop's id of a shipment among the ids of an order's rows: numbers of other tables are apart.
fn shipment(cell: &Cell<'_>) -> Result<Text, DecodeError> {
    Ok(format!("shipment-{}", cell.id()?).into())
}

impl MagentoReader<'_> {
    /// Rows that name the shipment alone wait under it.
    fn under(&self, shipment: &str) -> Alias {
        Alias::new(&format!("{}.shipment", self.adapter.common.name), shipment)
    }
}

impl<'a> TableRow<'a, Magento> for SalesShipment<'a> {
    fn upsert(&self, reader: &MagentoReader<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
        let (id, order) = (shipment(&self.entity_id)?, reader.order(&self.order_id)?);
        let at = reader.at(&self.updated_at)?;
        let number = self.increment_id.filled()?.map_or_else(|| id.clone(), |number| number.as_ref().into());
        let shipped_at = moment(&self.created_at)?.unwrap_or(reader.committed_at);
        out.alias(reader.under(&id), Link::Order(order.clone()), reader.place, at);
        out.order(order, id, reader.place, at, OrderRow::Shipment(Shipment { number, shipped_at }));
        Ok(())
    }

    fn delete(&self, reader: &MagentoReader<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
        let subject = Subject::Order(reader.order(&self.order_id)?);
        out.deleted(subject, OrderRow::SHIPMENT, shipment(&self.entity_id)?, reader.place, reader.committed_at);
        Ok(())
    }
}

impl SalesShipmentItem<'_> {
    fn row_id(&self) -> Result<Text, DecodeError> {
        Ok(format!("shipped-{}", self.entity_id.id()?).into())
    }
}

impl<'a> TableRow<'a, Magento> for SalesShipmentItem<'a> {
    fn moves(&self) -> bool {
        true
    }

    fn moved(&self, before: &Self, _: &MagentoReader<'_>) -> Result<RowMove, DecodeError> {
        Ok(RowMove::by_owner([&self.parent_id], [&before.parent_id]))
    }

    fn upsert(&self, reader: &MagentoReader<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
        let of = shipment(&self.parent_id)?;
        // An item of goods that were never on the order has none: the order shows it as a stray.
        let line = self.order_item_id.opt_id()?.map_or_else(|| self.row_id(), |line| Ok(line.as_ref().into()))?;
        let row = ShipmentLine { shipment: of.clone(), line, quantity: reader.pieces(&self.qty)? };
        out.order_by_alias(reader.under(&of), self.row_id()?, reader.place, reader.committed_at, OrderRow::ShipmentLine(row));
        Ok(())
    }

    fn delete(&self, reader: &MagentoReader<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
        let subject = Subject::Alias(reader.under(&shipment(&self.parent_id)?));
        out.deleted(subject, OrderRow::SHIPMENT_LINE, self.row_id()?, reader.place, reader.committed_at);
        Ok(())
    }
}

impl SalesShipmentTrack<'_> {
    fn row_id(&self) -> Result<Text, DecodeError> {
        Ok(format!("track-{}", self.entity_id.id()?).into())
    }

    /// What people call the carrier: the title, else the code of Magento's own carriers.
    fn carrier(&self) -> Result<Text, DecodeError> {
        let title = self.title.filled()?;
        let carrier = match title {
            Some(title) => Some(title),
            None => self.carrier_code.filled()?.filter(|code| *code != "custom"),
        };
        Ok(carrier.unwrap_or_default().as_ref().into())
    }
}

impl<'a> TableRow<'a, Magento> for SalesShipmentTrack<'a> {
    fn moves(&self) -> bool {
        true
    }

    fn moved(&self, before: &Self, _: &MagentoReader<'_>) -> Result<RowMove, DecodeError> {
        // A corrected number leads nowhere else: the alias of the one before lets go.
        Ok(RowMove::by_owner([&self.order_id, &self.track_number], [&before.order_id, &before.track_number]))
    }

    fn upsert(&self, reader: &MagentoReader<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
        let Some(number) = self.track_number.filled()? else { return Ok(()) };
        let order = reader.order(&self.order_id)?;
        let at = reader.at(&self.created_at)?;
        let number: Text = number.trim().into();
        out.alias(Alias::new(Alias::TRACKING, &number), Link::Order(order.clone()), reader.place, at);
        let label = Tracking { despatch: shipment(&self.parent_id)?, carrier: self.carrier()?, number, replaces: None, beside: true };
        out.order(order, self.row_id()?, reader.place, at, OrderRow::Tracking(label));
        Ok(())
    }

    fn delete(&self, reader: &MagentoReader<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
        let order = reader.order(&self.order_id)?;
        if let Some(number) = self.track_number.filled()? {
            let parcel = Subject::Alias(Alias::new(Alias::TRACKING, number.trim()));
            out.deleted(parcel, Link::KIND, order.0.clone(), reader.place, reader.committed_at);
        }
        out.deleted(Subject::Order(order), OrderRow::TRACKING, self.row_id()?, reader.place, reader.committed_at);
        Ok(())
    }
}

impl<'a> TableRow<'a, Magento> for InventoryShipmentSource<'a> {
    fn upsert(&self, reader: &MagentoReader<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
        let of = shipment(&self.shipment_id)?;
        let code = self.source_code.filled()?.ok_or_else(|| self.source_code.error("a source's code"))?;
        let place = ShipmentPlace { location: code.as_ref().into() };
        out.order_by_alias(reader.under(&of), of, reader.place, reader.committed_at, OrderRow::ShipmentPlace(place));
        Ok(())
    }

    fn delete(&self, reader: &MagentoReader<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
        let of = shipment(&self.shipment_id)?;
        out.deleted(Subject::Alias(reader.under(&of)), OrderRow::SHIPMENT_PLACE, of, reader.place, reader.committed_at);
        Ok(())
    }
}
