//! Emarsys: marketing's contacts. Whoever keeps them reads Waybill's `marketing-profiles`, and writes what they say of a person into the contact: address,
//! account, opt-in and since when. There people take their consent back by a mail's link, or give it in a form. What has changed is exported every few hours,
//! with the moment of the change; unsubscriptions come by Open Data as well.

use std::collections::{BTreeMap, BTreeSet};

use super::chance::{Dice, EMARSYS};
use super::clock::{LocalTime, System, zoned};
use super::feeds::Feed;
use super::ids::SECRET;
use super::json::object;
use super::task::Task;
use super::world::World;
use crate::events::marketing_profiles::MarketingProfile;
use crate::facts::Moment;
use crate::facts::customer::ConsentState;
use crate::facts::ids::{Digester, split_key};
use crate::facts::time::Span;

/// The account's zone.
pub const ZONE: &str = "Europe/Vienna";

const EXPORT_EVERY: Span = Span::hours(6);
/// No hurry makes it export more often.
const EXPORT_EVERY_LEAST: Span = Span::seconds(2);

/// A yes or a no to mail, and since when by the clock of the system in which it was said, in whole seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answer {
    pub agrees: bool,
    pub at: Moment,
}

impl Answer {
    fn new(agrees: bool, at: Moment) -> Self {
        Self { agrees, at: Moment(at.0 - at.0.rem_euclid(1_000)) }
    }

    /// Of two answers the later counts, and of one second the refusal.
    fn or_newer(self, other: Self) -> Self {
        let order = |answer: &Self| (answer.at, !answer.agrees);
        if order(&other) > order(&self) { other } else { self }
    }
}

struct Contact {
    id: u32,
    /// The shop's number of the account; empty of a guest.
    external_id: String,
    answer: Option<Answer>,
}

/// The contacts, by address.
pub struct Emarsys {
    dice: Dice,
    local: LocalTime,
    digester: Digester,
    contacts: BTreeMap<String, Contact>,
    /// Addresses of contacts that were not exported as they are now.
    changed: BTreeSet<String>,
    exporting: bool,
    /// What each person last said, wherever it was: by digest of the address.
    truth: BTreeMap<String, Answer>,
}

impl Emarsys {
    pub fn new(seed: u64) -> Self {
        Self {
            dice: Dice::new(seed, EMARSYS),
            local: LocalTime::of(ZONE),
            digester: Digester::new(SECRET.as_bytes()),
            contacts: BTreeMap::new(),
            changed: BTreeSet::new(),
            exporting: false,
            truth: BTreeMap::new(),
        }
    }

    /// What people last said, by digest of the address.
    pub fn truth(&self) -> &BTreeMap<String, Answer> {
        &self.truth
    }

    fn digest(&self, address: &str) -> String {
        self.digester.email(address).map_or_else(String::new, |digest| digest.to_string())
    }

    fn says(&mut self, address: &str, answer: Answer) {
        let held = self.truth.entry(self.digester.email(address).map_or_else(String::new, |digest| digest.to_string())).or_insert(answer);
        *held = held.or_newer(answer);
    }

    /// Somebody has agreed in the shop, by the shop's clock.
    pub fn agreed_in_shop(&mut self, address: &str, at: Moment) {
        self.says(address, Answer::new(true, at));
    }

    /// Waybill's word on a person is written into the contact. Without an address nobody knows which.
    pub fn hear(&mut self, world: &mut World, profile: &MarketingProfile) {
        let Some(address) = profile.email.as_ref().map(|email| email.0.to_string()) else { return };
        let digest = self.digest(&address);
        let told = profile.consent.iter().find(|part| part.address == digest && part.channel == "email");
        let told = told.and_then(|part| match part.state {
            ConsentState::Yes => Some(Answer { agrees: true, at: part.changed_at? }),
            ConsentState::No => Some(Answer { agrees: false, at: part.changed_at? }),
            ConsentState::Pending | ConsentState::Unset => None,
        });
        if !self.contacts.contains_key(&address) {
            self.greet(world, &address, profile, told);
            return;
        }
        let Some(contact) = self.contacts.get_mut(&address) else { return };
        let newer = told.filter(|told| contact.answer.is_none_or(|own| own.or_newer(*told) != own));
        if newer.is_some() {
            contact.answer = newer;
            self.export_soon(world, &address);
        }
    }

    /// A new contact, and what its person will do: take the consent back, or give it.
    fn greet(&mut self, world: &mut World, address: &str, profile: &MarketingProfile, answer: Option<Answer>) {
        let parts: Vec<_> = split_key(&profile.person).collect();
        let external_id = match &parts[..] {
            [kind, _, id] if kind == "account" => id.to_string(),
            _ => String::new(),
        };
        let contact = Contact { id: 500_001 + self.contacts.len() as u32, external_id, answer };
        let agrees = answer.is_some_and(|answer| answer.agrees);
        self.contacts.insert(address.to_owned(), contact);
        self.export_soon(world, address);
        if self.dice.percent(if agrees { 30 } else { 12 }) {
            let wait = self.dice.hours(5, 150);
            world.after(wait, Task::Answers(address.into()));
        }
    }

    /// The person answers: by a mail's link no, in a form yes; some think again.
    pub fn answers(&mut self, world: &mut World, address: &str) {
        let clock = world.clock(System::Emarsys);
        let Some(contact) = self.contacts.get_mut(address) else { return };
        let agrees = !contact.answer.is_some_and(|answer| answer.agrees);
        let answer = Answer::new(agrees, clock);
        contact.answer = Some(answer);
        let (id, external_id) = (contact.id, contact.external_id.clone());
        self.says(address, answer);
        self.export_soon(world, address);
        if !agrees {
            let time = zoned(clock).replace('T', " ").replace('Z', " UTC");
            let row = object(|row| {
                row.int("contact_id", id.into()).text("email", address).text("external_id", &external_id).int("campaign_id", 71_204);
                row.text("unsubscribe_type", "link").text("event_time", &time).text("loaded_at", &time);
            });
            world.send(Feed::EmarsysUnsubscribes, Some(id.to_string().into_bytes()), Some(row));
        }
        if self.dice.percent(20) {
            let wait = self.dice.hours(5, 100);
            world.after(wait, Task::Answers(address.into()));
        }
    }

    fn export_soon(&mut self, world: &mut World, address: &str) {
        self.changed.insert(address.to_owned());
        if !self.exporting {
            self.exporting = true;
            let every = world.hurry.span(EXPORT_EVERY).max(EXPORT_EVERY_LEAST).0;
            world.at(Moment(world.now.0 - world.now.0.rem_euclid(every) + every), Task::ExportContacts);
        }
    }

    /// A job exports the contacts that have changed.
    pub fn export(&mut self, world: &mut World) {
        self.exporting = false;
        let exported_at = zoned(world.clock(System::Emarsys));
        for address in std::mem::take(&mut self.changed) {
            let Some(contact) = self.contacts.get(&address) else { continue };
            let row = object(|row| {
                row.int("contact_id", contact.id.into()).text("email", &address).text("external_id", &contact.external_id);
                // Empty: nobody has asked yet.
                row.text("opt_in", contact.answer.map_or("", |answer| if answer.agrees { "1" } else { "2" }));
                row.text("opt_in_changed_at", &contact.answer.map_or_else(String::new, |answer| self.local.account_second(answer.at)));
                row.text("exported_at", &exported_at);
            });
            world.send(Feed::EmarsysContacts, Some(contact.id.to_string().into_bytes()), Some(row));
        }
    }
}
