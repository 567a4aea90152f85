//! What leaves: dispatches, their cartons, tracking numbers, and how far an order is.

use smallvec::SmallVec;

use super::cells::{filled, pieces, sku, text};
use super::context::{HEADER, LINE, Seko, header, line, part_of_id, parts, place};
use super::message::SekoMessage;
use crate::envelope::{DecodeError, Record};
use crate::facts::ids::join_key;
use crate::facts::order::{Despatch, LineRef, Tracking, WarehouseLine, WarehouseOrder, WarehouseState, Word};
use crate::facts::sku::Despatched;
use crate::facts::{Alias, Link, Moment, OrderRow, Place, Quantity, Sku, SkuRow, Text};
use crate::sources::facts_out::FactsOut;

/// Raise it when the meaning changes that this file gives to a record: records read again then count as newer.
pub(super) const REVISION: u16 = 1;

/// Statuses that need no entry in the configuration.
pub(super) const STATUSES: &[(&str, WarehouseState)] = &[
    ("to be picked", WarehouseState::New),
    ("released", WarehouseState::New),
    ("being picked", WarehouseState::Picking),
    ("pick complete", WarehouseState::Picked),
    ("to dispatch", WarehouseState::Packed),
    ("on hold", WarehouseState::Held),
    ("onhold", WarehouseState::Held),
    ("cancelled", WarehouseState::Cancelled),
    // An order is dispatched once: nothing more is sent for it.
    ("dispatched", WarehouseState::Closed),
];

const ORDER_NUMBER: &str = "an order number";
const DISPATCH_NUMBER: &str = "a dispatch number";

/// A line of a dispatch.
struct Picked {
    sku: Sku,
    quantity: Quantity,
    /// The end of its row's id: lots of one line are one row where the message has all of them, else a row each.
    apart: Option<Text>,
}

/// The goods of a dispatch: pieces of one product are added up over its lines and lots.
fn picked(message: &SekoMessage<'_>) -> Result<SmallVec<[Picked; 4]>, DecodeError> {
    let mut all: SmallVec<[Picked; 4]> = SmallVec::new();
    for (i, row) in message.lines.rows(&LINE)?.iter().enumerate() {
        let read = || {
            let apart = if message.is_whole { None } else { Some(join_key(&[&text(row.cell(line::LINE))?, &text(row.cell(line::LOT))?])) };
            Ok(Picked { sku: sku(row.cell(line::PRODUCT))?, quantity: pieces(row.cell(line::QUANTITY))?, apart })
        };
        let line = read().map_err(|error: DecodeError| message.lines.within(error, i))?;
        match all.iter_mut().find(|other| other.sku == line.sku && other.apart == line.apart) {
            Some(other) => other.quantity += line.quantity,
            None => all.push(line),
        }
    }
    if all.is_empty() { Err(DecodeError::new("List", "at least one line of the dispatch", "none")) } else { Ok(all) }
}

impl Seko {
    /// Dispatch: what left of an order. The order is closed with it: what is missing is not sent any more.
    pub(super) fn dispatch(&self, record: &Record<'_>, message: &SekoMessage<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
        let head = message.header(&HEADER)?;
        let read = |out: &mut FactsOut<'_>| {
            let number = filled(head.cell(header::ORDER), ORDER_NUMBER)?;
            let despatch: Text = filled(head.cell(header::DISPATCH), DISPATCH_NUMBER)?.into();
            let location = self.dc(head.cell(header::DC))?;
            let at = self.moment(head.cell(header::DISPATCHED), &location)?.unwrap_or(record.timestamp);
            let place = place(&head, out)?;
            let parcel = Parcel {
                carrier: text(head.cell(header::CARRIER))?.into(),
                service: text(head.cell(header::SERVICE))?.into(),
                tracking: Some(text(head.cell(header::TRACKING))?).filter(|number| !number.is_empty()).map(Into::into),
                despatch,
                location,
                at,
            };
            let order = self.order(&number, &head, place, at, out)?;
            Ok((Text::from(&*number), order, parcel, place, parts(&head)?))
        };
        let (number, order, parcel, place, part) = read(out).map_err(|error: DecodeError| message.within(error))?;
        let goods = picked(message)?;
        if let Some(tracking) = &parcel.tracking {
            out.alias(Alias::new(Alias::TRACKING, tracking), Link::Alias(order.clone()), place, parcel.at);
        }
        let part = part_of_id(part);
        for goods in &goods {
            let apart = goods.apart.as_deref().or(part.as_deref());
            let id = match apart {
                Some(apart) => join_key(&[&parcel.despatch, goods.sku.as_str(), apart]),
                None => join_key(&[&parcel.despatch, goods.sku.as_str()]),
            };
            self.left(&order, goods, &parcel, id, place, out);
            // A file's row by itself tells only of a line of nothing that it is over: another lot of it may follow.
            let closed = part.is_none() && (message.is_whole || goods.quantity.is_zero());
            if closed {
                let row = WarehouseLine {
                    location: parcel.location.clone(),
                    quantity: None,
                    despatched: Some(goods.quantity),
                    closed,
                    ..WarehouseLine::new(number.clone(), LineRef::Sku(goods.sku.clone()), Quantity::ZERO)
                };
                let id = match &goods.apart {
                    Some(apart) => join_key(&[&number, goods.sku.as_str(), apart]),
                    None => join_key(&[&number, goods.sku.as_str()]),
                };
                out.order_by_alias(order.clone(), id, place, parcel.at, OrderRow::WarehouseLine(Box::new(row)));
            }
        }
        // Of a dispatch in parts nobody knows here which is the last: what is missing so far may follow.
        let state = if part.is_some() { WarehouseState::Despatched } else { WarehouseState::Closed };
        self.standing(order, &number, parcel.location, Word::Known(state), parcel.at, out);
        Ok(())
    }

    /// Goods that left, told to the order and to the SKU under one id.
    fn left(&self, order: &Alias, goods: &Picked, parcel: &Parcel, id: Text, place: Place, out: &mut FactsOut<'_>) {
        let Parcel { despatch, location, at, carrier, service, tracking } = parcel;
        let left = Despatched { location: location.clone(), quantity: goods.quantity, despatched_at: *at };
        out.sku(goods.sku.clone(), id.clone(), place, *at, SkuRow::Despatched(left));
        let row = Despatch {
            location: location.clone(),
            carrier: carrier.clone(),
            service: service.clone(),
            tracking: tracking.clone(),
            ..Despatch::new(despatch.clone(), LineRef::Sku(goods.sku.clone()), goods.quantity, *at)
        };
        out.order_by_alias(order.clone(), id, place, *at, OrderRow::Despatch(Box::new(row)));
    }

    /// How far an order is. It only goes on, so the state that is further on is the newer.
    fn standing(&self, order: Alias, number: &str, location: Text, state: Word<WarehouseState>, at: Moment, out: &mut FactsOut<'_>) {
        let rank = state.known().map_or(0, |state| 1 + *state as u64);
        out.order_by_alias(order, number, Place::Position([rank, 0, 0]), at, OrderRow::WarehouseOrder(WarehouseOrder { location, state }));
    }

    /// A status that somebody asked for, and landed.
    pub(super) fn status(&self, record: &Record<'_>, message: &SekoMessage<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
        let head = message.header(&HEADER)?;
        let read = |out: &mut FactsOut<'_>| {
            let number = filled(head.cell(header::ORDER), ORDER_NUMBER)?;
            let state = self.statuses.read(&filled(head.cell(header::STATUS), "a status")?);
            let order = self.order(&number, &head, out.arrival(), record.timestamp, out)?;
            self.standing(order, &number, self.dc(head.cell(header::DC))?, state, record.timestamp, out);
            Ok(())
        };
        read(out).map_err(|error: DecodeError| message.within(error))
    }

    /// TrackingDetails: the number of a dispatch's parcel, which may come long after the dispatch, or replace another.
    pub(super) fn tracking(&self, record: &Record<'_>, message: &SekoMessage<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
        let head = message.header(&HEADER)?;
        let read = |out: &mut FactsOut<'_>| {
            let number = filled(head.cell(header::ORDER), ORDER_NUMBER)?;
            let despatch = filled(head.cell(header::DISPATCH), DISPATCH_NUMBER)?;
            let tracking = text(head.cell(header::TRACKING))?;
            let carrier: Text = text(head.cell(header::CARRIER))?.into();
            let place = place(&head, out)?;
            if !tracking.is_empty() {
                let order = self.order(&number, &head, place, record.timestamp, out)?;
                let label = Label { order: &order, despatch: &despatch, carrier, beside: false };
                label.put(&tracking, &despatch, place, record.timestamp, out);
            }
            Ok(())
        };
        read(out).map_err(|error: DecodeError| message.within(error))
    }

    /// Cartons: the numbers of a dispatch's parcels. The goods in them are those that Dispatch tells.
    pub(super) fn cartons(&self, record: &Record<'_>, message: &SekoMessage<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
        let head = message.header(&HEADER)?;
        let read = |out: &mut FactsOut<'_>| {
            let number = filled(head.cell(header::ORDER), ORDER_NUMBER)?;
            let despatch = filled(head.cell(header::DISPATCH), DISPATCH_NUMBER)?;
            let carrier: Text = text(head.cell(header::CARRIER))?.into();
            let location = self.dc(head.cell(header::DC))?;
            let at = self.moment(head.cell(header::DISPATCHED), &location)?.unwrap_or(record.timestamp);
            let mut numbers: SmallVec<[Text; 4]> = SmallVec::new();
            let primary = text(head.cell(header::TRACKING))?;
            if !primary.is_empty() {
                numbers.push(primary.into());
            }
            let place = place(&head, out)?;
            let order = self.order(&number, &head, place, at, out)?;
            Ok((Text::from(&*despatch), order, carrier, numbers, place, at))
        };
        let (despatch, order, carrier, mut numbers, place, at) = read(out).map_err(|error: DecodeError| message.within(error))?;
        for (i, row) in message.lines.rows(&LINE)?.iter().enumerate() {
            let number: Text = text(row.cell(line::CARTON_TRACKING)).map_err(|error| message.lines.within(error, i))?.into();
            if !number.is_empty() && !numbers.contains(&number) {
                numbers.push(number);
            }
        }
        let label = Label { order: &order, despatch: &despatch, carrier, beside: true };
        for number in &numbers {
            label.put(number, &join_key(&[&despatch, number]), place, at, out);
        }
        Ok(())
    }
}

/// What left together.
struct Parcel {
    despatch: Text,
    location: Text,
    at: Moment,
    carrier: Text,
    service: Text,
    tracking: Option<Text>,
}

/// A tracking number's row, but for the number.
struct Label<'a> {
    order: &'a Alias,
    despatch: &'a str,
    carrier: Text,
    beside: bool,
}

impl Label<'_> {
    fn put(&self, number: &str, id: &str, place: Place, at: Moment, out: &mut FactsOut<'_>) {
        out.alias(Alias::new(Alias::TRACKING, number), Link::Alias(self.order.clone()), place, at);
        let row = Tracking {
            despatch: self.despatch.into(),
            carrier: self.carrier.clone(),
            number: number.into(),
            replaces: None,
            beside: self.beside,
        };
        out.order_by_alias(self.order.clone(), id, place, at, OrderRow::Tracking(row));
    }
}
