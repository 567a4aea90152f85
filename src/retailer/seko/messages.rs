//! SEKO's messages, each as iHub wraps it.

use crate::facts::Moment;
use crate::retailer::clock::{System, zoned};
use crate::retailer::ids::DC;
use crate::retailer::json::{Object, object};
use crate::retailer::order::Parcel;
use crate::retailer::warehouse::{CARRIER, Job, SERVICE};
use crate::retailer::world::World;

/// Where goods are that can be sold.
pub const AVAILABLE: &str = "Available Stock";

/// A kind of push. Each numbers its messages by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Service {
    Dispatch,
    Tracking,
    Received,
    Adjustment,
    StatusMovement,
    Overnight,
}

impl Service {
    /// The name of its header, and of its lines.
    fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::Dispatch => ("Dispatch", "DispatchLineItem"),
            Self::Tracking => ("TrackingDetails", ""),
            Self::Received => ("GRN", "GRNLineItem"),
            Self::Adjustment => ("StockAdjustment", "StockAdjustmentLineItem"),
            Self::StatusMovement => ("StockStatusMovement", ""),
            Self::Overnight => ("StockOvernightSummary", "StockOvernightSummaryLineItem"),
        }
    }
}

/// `[...]`.
pub fn list(parts: &[Vec<u8>]) -> Vec<u8> {
    let mut out = vec![b'['];
    out.extend_from_slice(&parts.join(&b','));
    out.push(b']');
    out
}

/// `2026-03-02T09:55:02.001Z`: each time has this one millisecond.
pub fn time(moment: Moment) -> String {
    zoned(moment).replace('Z', ".001Z")
}

/// A text, or `{}`.
fn filled(row: &mut Object<'_>, name: &str, value: &str) {
    if value.is_empty() {
        row.raw(name, b"{}");
    } else {
        row.text(name, value);
    }
}

/// A message with its lines: a list of one is an object.
pub fn response(service: Service, header: &[u8], lines: &[Vec<u8>]) -> Vec<u8> {
    let (name, line) = service.names();
    object(|outer| {
        let inside = object(|inside| {
            inside.raw(name, header);
            if !line.is_empty() {
                let all = match lines {
                    [one] => one.clone(),
                    several => list(several),
                };
                let of = object(|of| {
                    of.raw(line, &all);
                });
                inside.raw("List", &of);
            }
        });
        outer.raw("Response", &inside);
    })
}

fn head(row: &mut Object<'_>, sequence: i64) {
    row.text("IntegrationId", "EXAMPLE").raw("MessageGroupId", b"{}").int("MessagePart", 1).int("MessageTotal", 1);
    row.int("SequenceNumber", sequence);
}

pub fn dispatch(world: &World, sequence: i64, index: u32, job: &Job, parcel: &Parcel, tracked: bool) -> Vec<u8> {
    let order = &world.orders[index as usize];
    let at = time(world.clock(System::Seko));
    let header = object(|row| {
        head(row, sequence);
        row.text("InterfaceRecordId", &format!("0f2b2b0c-9a3e-4f7e-8b0e-{sequence:012}"));
        row.text("SalesOrderNumber", &job.number).text("SalesOrderReference", &order.number);
        row.text("DispatchId", &format!("1{sequence:06}")).text("DispatchNumber", &parcel.number).text("DCCode", DC);
        row.text("ToDispatchDate", &at).text("DispatchDate", &at).text("Courier", CARRIER).text("CourierService", SERVICE);
        filled(row, "TrackingNumber", if tracked { &parcel.tracking } else { "" });
        row.raw("TrackingUrl", b"{}").text("WeightUOM", "KG").text("ShipToAttention", &order.person.name());
    });
    // A line of which nothing was found is named all the same, with no pieces.
    let of_line = |(place, line): (usize, &crate::retailer::order::Line)| {
        let count = parcel.pieces.iter().find(|(at, _)| *at == place).map_or(0, |(_, count)| *count);
        (count > 0 || line.short > 0).then(|| {
            object(|row| {
                row.int("LineNumber", place as i64 + 1).text("ProductCode", &world.articles[line.article].sku).raw("EAN", b"{}");
                row.int("Quantity", count).raw("LotNo", b"{}");
            })
        })
    };
    let lines: Vec<Vec<u8>> = order.lines.iter().enumerate().filter_map(of_line).collect();
    response(Service::Dispatch, &header, &lines)
}

pub fn tracking(sequence: i64, job: &Job, parcel: &Parcel) -> Vec<u8> {
    let header = object(|row| {
        row.text("IntegrationId", "EXAMPLE").raw("MessageGroupId", b"{}").int("MessagePart", 1).int("MessageTotal", 1);
        // Here it is a text.
        row.text("SequenceNumber", &sequence.to_string()).text("SalesOrderNumber", &job.number).raw("SalesOrderReference", b"{}");
        row.text("DispatchNumber", &parcel.number).text("Courier", CARRIER).text("TrackingNumber", &parcel.tracking);
        row.raw("TrackingUrl", b"{}");
    });
    response(Service::Tracking, &header, &[])
}

/// Goods came in: number of the delivery, reference, RMA.
pub fn received(
    world: &World,
    sequence: i64,
    kind: &str,
    (delivery, reference, rma): (&str, &str, &str),
    goods: &[(usize, i64)],
) -> Vec<u8> {
    let header = object(|row| {
        head(row, sequence);
        row.text("InterfaceRecordId", &format!("5f7d1c5e-7b34-4a43-9d5e-{sequence:012}"));
        row.text("DCCode", DC).text("DeliveryNumber", delivery).text("HBRef", reference);
        filled(row, "RMA", rma);
        row.text("ConfirmedTimestamp", &zoned(world.clock(System::Seko))).text("GRNType", kind);
    });
    let of_line = |(place, (article, count)): (usize, &(usize, i64))| {
        object(|row| {
            row.int("LineNumber", place as i64 + 1).text("ProductCode", &world.articles[*article].sku);
            row.int("Quantity", *count).raw("LotNo", b"{}");
        })
    };
    let lines: Vec<Vec<u8>> = goods.iter().enumerate().map(of_line).collect();
    response(Service::Received, &header, &lines)
}

/// Pieces are gone.
pub fn decrease(world: &World, sequence: i64, id: u32, article: usize, pieces: i64) -> Vec<u8> {
    let header = object(|row| {
        head(row, sequence);
        row.text("InternalId", &id.to_string()).text("StockAdjustmentType", "Decrease");
        row.text("StockAdjustmentDate", &time(world.clock(System::Seko))).text("DCCode", DC).text("LocationType", AVAILABLE);
    });
    let line = object(|row| {
        row.text("LineInternalId", "1").int("LineNumber", 1).text("ProductCode", &world.articles[article].sku).raw("EAN", b"{}");
        row.int("Quantity", pieces).text("ReasonCode", "LST").text("ReasonDescription", "Not found").raw("LotNumber", b"{}");
    });
    response(Service::Adjustment, &header, &[line])
}

pub fn status_movement(world: &World, sequence: i64, article: usize, pieces: i64, (from, to): (&str, &str)) -> Vec<u8> {
    let header = object(|row| {
        head(row, sequence);
        row.raw("MovementID", b"{}").text("DcCode", DC).text("UtcDate", &time(world.clock(System::Seko)));
        row.text("ProductCode", &world.articles[article].sku).raw("Ean", b"{}").text("FromLocationType", from).text("ToLocationType", to);
        row.raw("FromChannel", b"{}").raw("ToChannel", b"{}").int("Quantity", pieces);
    });
    response(Service::StatusMovement, &header, &[])
}
