//! NetSuite's transactions as `JSON.stringify` makes them of a record in a script: every value a text, lists by line.

use super::items::{id, shown};
use crate::facts::Moment;
use crate::retailer::clock::LocalTime;
use crate::retailer::erp::{Document, Kind, Line, Pieces};
use crate::retailer::json::{Object, object};
use crate::retailer::world::World;

/// A document's name: its internal id, and its number.
#[derive(Clone, Debug)]
pub(super) struct Made {
    pub(super) id: i64,
    pub(super) number: String,
}

/// The head of a document that was made from another one.
pub(super) struct Head<'a> {
    record_type: &'static str,
    pub(super) own: &'a Made,
    from: (&'static str, &'a Made),
    order_type: &'static str,
    status: &'a str,
    external: &'a str,
    ship_status: Option<&'a str>,
    tracking: Option<&'a str>,
}

impl<'a> Head<'a> {
    pub(super) fn new(record_type: &'static str, own: &'a Made, from: (&'static str, &'a Made), status: &'a str) -> Self {
        Self { record_type, own, from, order_type: "SalesOrd", status, external: "", ship_status: None, tracking: None }
    }

    pub(super) fn shipping(self, letter: &'a str, tracking: Option<&'a str>) -> Self {
        Self { ship_status: Some(letter), tracking, ..self }
    }

    pub(super) fn of_order(self, external: &'a str) -> Self {
        Self { external, ..self }
    }

    pub(super) fn of_type(self, order_type: &'static str) -> Self {
        Self { order_type, ..self }
    }
}

/// What a document moves: pieces by index of the line.
pub(super) struct Goods<'a> {
    pub(super) lines: &'a [Line],
    pub(super) pieces: &'a Pieces,
}

fn record(record_type: &str, id: i64, fields: &[u8], sublists: &[(&str, Vec<Vec<u8>>)]) -> Vec<u8> {
    object(|record| {
        record.text("id", &id.to_string()).text("type", record_type).raw("isDynamic", b"false").raw("fields", fields);
        let lists = object(|lists| {
            for (name, lines) in sublists {
                let list = object(|list| {
                    for (place, line) in (1..).zip(lines) {
                        list.raw(&format!("line {place}"), line);
                    }
                    // A list of nothing shows only the line that would be next.
                    if lines.is_empty() {
                        list.raw("currentline", br#"{"line":"","item":""}"#);
                    }
                });
                lists.raw(name, &list);
            }
        });
        record.raw("sublists", &lists);
    })
}

fn flag(holds: bool) -> &'static str {
    if holds { "T" } else { "F" }
}

fn number(object: &mut Object<'_>, name: &str, value: i64) {
    object.text(name, &value.to_string());
}

fn dates(fields: &mut Object<'_>, local: &LocalTime, created: Moment, modified: Moment) {
    fields.text("trandate", &local.account_day(created)).text("createddate", &local.account_minute(created));
    fields.text("lastmodifieddate", &local.account_minute(modified)).texts(&[("externalid", ""), ("memo", "")]);
}

/// An order or a return, with all its lines.
pub(super) fn document(world: &World, local: &LocalTime, of: &Document, from: Option<&Made>, (letter, status): (&str, &str)) -> Vec<u8> {
    let record_type = match of.kind {
        Kind::Order => "salesorder",
        Kind::Return => "returnauthorization",
    };
    let total: i64 = of.lines.iter().map(|line| line.gross).sum();
    let fields = object(|fields| {
        fields.text("id", &of.id.to_string()).text("tranid", &of.number).text("otherrefnum", &of.external);
        if let Some(from) = from {
            fields.text("createdfrom", &from.id.to_string()).text("createdfrom_display", &format!("Sales Order #{}", from.number));
        }
        fields
            .text("entity", "1077")
            .text("orderstatus", letter)
            .text("status", status)
            .texts(&[("currency", "1"), ("location", of.site().map_or("", |site| site.netsuite))]);
        fields.hundredths("total", total, 2).text("shipcomplete", "F");
        dates(fields, local, of.created_at, of.modified_at);
        let address = object(|address| {
            address.text("addressee", &of.ship_to.name.0).text("addr1", &of.ship_to.street.0).text("city", &of.ship_to.city.0);
            address.text("zip", &of.ship_to.postcode.0).text("country", &of.ship_to.country);
        });
        fields.raw("shippingaddress", &address);
    });
    let lines = of.lines.iter().map(|line| order_line(world, of.kind, line)).collect();
    record(record_type, of.id, &fields, &[("item", lines)])
}

/// A line of which nothing is wanted is closed, and keeps its quantity.
fn order_line(world: &World, kind: Kind, line: &Line) -> Vec<u8> {
    let closed = line.quantity == 0;
    object(|row| {
        number(row, "line", line.place);
        number(row, "lineuniquekey", 190_000 + line.item * 10 + line.place);
        item(row, line, world.articles.get(line.article).map_or("", |article| &article.sku));
        number(row, "quantity", if closed { line.first } else { line.quantity });
        number(row, if kind == Kind::Order { "quantityfulfilled" } else { "quantityreceived" }, line.done);
        number(row, "quantitybilled", line.done);
        row.text("isclosed", flag(closed)).text("location", line.site.netsuite).hundredths("rate", line.price, 2);
        row.hundredths("amount", line.gross - line.tax, 2)
            .hundredths("tax1amt", line.tax, 2)
            .text("custcol_shop_line", &line.item.to_string());
        if !line.reason.is_empty() {
            row.text("custcol_return_reason", line.reason);
        }
    })
}

fn item(row: &mut Object<'_>, line: &Line, sku: &str) {
    row.text("item", &id(line.article)).text("item_display", &shown(&line.item_no, sku)).text("itemtype", "InvtPart");
}

/// A fulfilment, an invoice, a receipt, a credit memo. Fulfilments and receipts show all lines of what they were made from, and a check on those that take part.
pub(super) fn made(local: &LocalTime, head: &Head<'_>, goods: &Goods<'_>, at: Moment) -> Vec<u8> {
    let moves = matches!(head.record_type, "itemfulfillment" | "itemreceipt");
    let taken = |place: usize| goods.pieces.iter().filter(|(at, _)| *at == place).map(|(_, count)| count).sum::<i64>();
    let amounts = |line: &Line, count| (line.part(count, line.gross), line.part(count, line.tax));
    let total: i64 = goods.lines.iter().enumerate().map(|(place, line)| amounts(line, taken(place)).0).sum();
    let fields = object(|fields| {
        let (word, from) = head.from;
        fields.text("id", &head.own.id.to_string()).text("tranid", &head.own.number).text("createdfrom", &from.id.to_string());
        fields.text("createdfrom_display", &format!("{word} #{}", from.number)).text("entity", "1077").text("status", head.status);
        if moves {
            fields.text("orderid", &from.id.to_string()).text("ordertype", head.order_type);
        } else {
            fields.text("otherrefnum", head.external).text("currency", "1").hundredths("total", total, 2);
        }
        if let Some(letter) = head.ship_status {
            fields.text("shipstatus", letter).text("shipmethod", "12").text("shipmethod_display", "Royal Mail");
            fields.text("shippeddate", &if letter == "C" { local.account_day(at) } else { String::new() });
        }
        dates(fields, local, at, at);
    });
    let lines = goods.lines.iter().enumerate().filter(|(place, line)| taken(*place) > 0 || (moves && line.quantity > line.done));
    let lines = lines.map(|(place, line)| {
        let count = taken(place);
        object(|row| {
            let sku = if line.variant.is_empty() { line.item_no.clone() } else { format!("{}-{}", line.item_no, line.variant) };
            number(row, "line", line.place);
            item(row, line, &sku);
            number(row, "orderline", line.place);
            number(row, "quantity", if count > 0 { count } else { line.quantity - line.done });
            if moves {
                row.text("itemreceive", flag(count > 0)).texts(&[("kitmemberof", ""), ("location", line.site.netsuite)]);
            } else {
                let (gross, tax) = amounts(line, count);
                row.hundredths("amount", gross - tax, 2).hundredths("tax1amt", tax, 2).hundredths("grossamt", gross, 2);
            }
        })
    });
    let mut lists = vec![("item", lines.collect::<Vec<_>>())];
    if let Some(tracking) = head.tracking {
        let package = object(|package| {
            package.text("packagetrackingnumber", tracking).text("packageweight", "0.9");
        });
        lists.push(("package", vec![package]));
    }
    record(head.record_type, head.own.id, &fields, &lists)
}

/// A customer refund, by which a memo was paid.
pub(super) fn refund(local: &LocalTime, own: &Made, memo: &Made, amount: i64, at: Moment) -> Vec<u8> {
    let fields = object(|fields| {
        fields.text("id", &own.id.to_string()).text("tranid", &own.number).texts(&[("customer", "1077"), ("currency", "1")]);
        fields.hundredths("total", amount, 2).text("paymentmethod", "5").text("paymentmethod_display", "Visa");
        dates(fields, local, at, at);
    });
    let apply = object(|row| {
        row.text("doc", &memo.id.to_string()).text("doc_display", &format!("Credit Memo #{}", memo.number)).text("apply", "T");
        row.hundredths("amount", amount, 2).text("refnum", &memo.number).text("type", "Credit Memo");
    });
    record("customerrefund", own.id, &fields, &[("apply", vec![apply])])
}
