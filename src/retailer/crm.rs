//! The CRM: the golden record of each account, and who may be profiled.

use super::clock::{System, zoned};
use super::feeds::Feed;
use super::json::object;
use super::magento::account_id;
use super::people::Person;
use super::world::World;

/// An account was opened: the CRM gets a contact, and whether it may be profiled.
pub fn greet(world: &mut World, account: u32, person: &Person, profiling: bool) {
    if !world.systems.has(System::Crm) {
        return;
    }
    let time = zoned(world.clock(System::Crm));
    let shop_id = account_id(account).to_string();
    let contact = object(|body| {
        body.text("contact_id", &format!("C{:06}", account + 1)).text("shop_customer_id", &shop_id).text("email", &person.email);
        body.text("first_name", person.first)
            .text("last_name", person.last)
            .text("brand", "example")
            .text("created_at", &time)
            .text("updated_at", &time);
    });
    world.send(Feed::CrmContacts, Some(shop_id.clone().into_bytes()), Some(contact));
    let consent = object(|body| {
        body.text("shop_customer_id", &shop_id).text("email", &person.email).text("channel", "email").text("purpose", "profiling");
        body.text("state", if profiling { "yes" } else { "no" }).text("brand", "example").text("changed_at", &time);
    });
    world.send(Feed::CrmConsents, Some(shop_id.into_bytes()), Some(consent));
}
