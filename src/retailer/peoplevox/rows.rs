//! Rows of Peoplevox's reports.

use crate::retailer::clock::System;
use crate::retailer::ids::SITE;
use crate::retailer::json::object;
use crate::retailer::order::{Order, Parcel};
use crate::retailer::warehouse::{CARRIER, SERVICE};
use crate::retailer::world::World;

pub fn despatch_row(world: &World, index: u32, parcel: &Parcel, place: usize, count: i64, tracked: bool) -> Vec<u8> {
    let order = &world.orders[index as usize];
    let article = &world.articles[order.lines[place].article];
    let pounds = |hundredths: i64| format!("{}.{:02}", hundredths / 100, hundredths % 100);
    let tax: i64 = order.lines.iter().map(|line| line.tax).sum::<i64>() + order.shipping_tax;
    let date = world.local.quoted_minutes(world.clock(System::Peoplevox));
    object(|row| {
        row.text("Salesorder number", &order.number).text("Requested delivery date", &date).text("Despatch number", &parcel.number);
        row.text("Carrier", CARRIER).text("Service", SERVICE).text("Despatch date", &date);
        row.text("Tracking number", if tracked { &parcel.tracking } else { "" }).text("Item name", &article.name);
        row.text("No of items", &count.to_string())
            .text("Destination country", "United Kingdom")
            .text("Site reference", SITE)
            .text("Parent", "");
        row.text("Item code", &article.sku).text("Username", "JoeH").text("Carrier reference", CARRIER).text("Service type code", "TPN");
        row.text("Customer order reference", &order.number)
            .text("Shipping cost", &pounds(order.shipping))
            .text("Email", &order.person.email);
        row.text("Contact name", &order.person.name()).text("Total sale", &pounds(order.total())).text("Tax paid", &pounds(tax));
        row.text("Channel name", "Web shop UK");
    })
}

pub fn return_row(world: &World, order: &Order, code: &str, place: usize, count: i64, good: bool, named: bool) -> Vec<u8> {
    let article = &world.articles[order.lines[place].article];
    let date = world.local.quoted_seconds(world.clock(System::Peoplevox));
    let despatched = order.parcels.first().map_or_else(String::new, |parcel| world.local.quoted_seconds(parcel.despatched_at));
    let rma = order.rma.as_deref().filter(|_| named).unwrap_or("");
    object(|row| {
        row.text("Return code", code).text("Return date", &date).text("Quantity", &count.to_string()).text("Item name", &article.name);
        row.text("Item code", &article.sku).text("Sales order number", &order.number).text("Despatch date", &despatched);
        row.text("Return reason", if good { "Not Wanted" } else { "Faulty" })
            .text("Return condition", if good { "NEW" } else { "DAMAGED" });
        row.texts(&[("Return comments", ""), ("Days since despatch", "9"), ("Channel name", "Web shop UK")]);
        row.text("Sales order email", &order.person.email).text("Customer purchase order reference number", &order.number);
        row.text("Site reference", SITE).text("Is Reusable", if good { "True" } else { "False" }).text("RMA number", rma);
    })
}
