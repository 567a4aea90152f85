//! The systems' clocks: each differs from the true time by some minutes, for the whole run. The warehouse writes local time without a zone.

use crate::facts::Moment;
use crate::facts::time::Span;
use crate::retailer::Hurry;
use crate::retailer::chance::{CLOCKS, Dice};

/// The systems of this retailer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum System {
    Magento,
    Nav,
    Peoplevox,
    Carrier,
    Finance,
    Crm,
    /// The second shop, where there is one.
    Shopify,
    /// The ERP in NAV's place.
    NetSuite,
    /// The warehouse in Peoplevox's place, or beside it.
    Seko,
    /// Marketing.
    Emarsys,
}

impl System {
    /// Those that take part if nobody says otherwise.
    pub const ALL: [Self; 6] = [Self::Magento, Self::Nav, Self::Peoplevox, Self::Carrier, Self::Finance, Self::Crm];

    /// Those that a retailer can have.
    pub const EVERY: [Self; 10] = [
        Self::Magento,
        Self::Nav,
        Self::Peoplevox,
        Self::Carrier,
        Self::Finance,
        Self::Crm,
        Self::Shopify,
        Self::NetSuite,
        Self::Seko,
        Self::Emarsys,
    ];

    /// The name it has in the configuration.
    pub fn name(self) -> &'static str {
        match self {
            Self::Magento => "magento",
            Self::Nav => "nav",
            Self::Peoplevox => "peoplevox",
            Self::Carrier => "carrier",
            Self::Finance => "finance",
            Self::Crm => "crm",
            Self::Shopify => "shopify",
            Self::NetSuite => "netsuite",
            Self::Seko => "seko",
            Self::Emarsys => "emarsys",
        }
    }

    /// As people call it.
    pub fn label(self) -> &'static str {
        match self {
            Self::Magento => "Magento",
            Self::Nav => "NAV",
            Self::Peoplevox => "Peoplevox",
            Self::Carrier => "Carrier",
            Self::Finance => "Finance",
            Self::Crm => "CRM",
            Self::Shopify => "Shopify",
            Self::NetSuite => "NetSuite",
            Self::Seko => "SEKO",
            Self::Emarsys => "Emarsys",
        }
    }
}

/// How far each system's clock is off.
pub struct Clocks([Span; System::EVERY.len()]);

/// The most that a clock is off: NTP failed long ago.
const OFF_MAX_SECONDS: i64 = 300;
/// ... and with the fault `WrongClocks`.
const WRONG_MAX_SECONDS: i64 = 900;

impl Clocks {
    pub fn new(seed: u64, hurry: Hurry, wrong: bool) -> Self {
        let mut dice = Dice::new(seed, CLOCKS);
        let most = if wrong { WRONG_MAX_SECONDS } else { OFF_MAX_SECONDS };
        Self(std::array::from_fn(|_| hurry.off(dice.seconds(-most, most))))
    }

    /// What the system's clock shows at the true time `now`.
    pub fn of(&self, system: System, now: Moment) -> Moment {
        now + self.0[system as usize]
    }

    pub fn off(&self, system: System) -> Span {
        self.0[system as usize]
    }
}

/// The warehouse's zone.
pub const WAREHOUSE_ZONE: &str = "Europe/London";

fn civil(moment: Moment, offset: jiff::tz::Offset) -> jiff::civil::DateTime {
    offset.to_datetime(jiff::Timestamp::from_millisecond(moment.0).unwrap_or(jiff::Timestamp::UNIX_EPOCH))
}

/// `2026-03-02T10:15:04Z`: a MariaDB `TIMESTAMP` as Debezium writes it, whole seconds.
pub fn zoned(moment: Moment) -> String {
    let at = civil(moment, jiff::tz::Offset::UTC);
    format!("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", at.year(), at.month(), at.day(), at.hour(), at.minute(), at.second())
}

/// Midnight of the moment's UTC day: a NAV date.
pub fn date(moment: Moment) -> i64 {
    moment.0 - moment.0.rem_euclid(86_400_000)
}

/// Local times of a zone.
pub struct LocalTime(jiff::tz::TimeZone);

impl LocalTime {
    pub fn warehouse() -> Self {
        Self::of(WAREHOUSE_ZONE)
    }

    pub fn of(zone: &str) -> Self {
        Self(jiff::tz::TimeZone::get(zone).unwrap_or(jiff::tz::TimeZone::UTC))
    }

    fn civil(&self, moment: Moment) -> jiff::civil::DateTime {
        let stamp = jiff::Timestamp::from_millisecond(moment.0).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
        civil(moment, self.0.to_offset(stamp))
    }

    /// `14/03/2025 09:55:02`.
    pub fn seconds(&self, moment: Moment) -> String {
        let at = self.civil(moment);
        format!("{:02}/{:02}/{:04} {:02}:{:02}:{:02}", at.day(), at.month(), at.year(), at.hour(), at.minute(), at.second())
    }

    /// When the moment's day began there.
    pub fn midnight(&self, moment: Moment) -> Moment {
        let day = self.civil(moment).date();
        let begins = self.0.to_ambiguous_timestamp(day.at(0, 0, 0, 0)).compatible();
        begins.map_or(moment, |begins| Moment(begins.as_millisecond()))
    }

    /// `2025-03-14`.
    pub fn day(&self, moment: Moment) -> String {
        let at = self.civil(moment);
        format!("{:04}-{:02}-{:02}", at.year(), at.month(), at.day())
    }

    /// `'14/03/2025 09:55'`, with the quotes that its reports put around dates.
    pub fn quoted_minutes(&self, moment: Moment) -> String {
        let at = self.civil(moment);
        format!("'{:02}/{:02}/{:04} {:02}:{:02}'", at.day(), at.month(), at.year(), at.hour(), at.minute())
    }

    /// `2025-03-14 09:55:02`.
    pub fn account_second(&self, moment: Moment) -> String {
        let at = self.civil(moment);
        format!("{} {:02}:{:02}:{:02}", self.day(moment), at.hour(), at.minute(), at.second())
    }

    /// `14/3/2025 9:55 am`: as an account of NetSuite's writes it, cut to the minute.
    pub fn account_minute(&self, moment: Moment) -> String {
        let at = self.civil(moment);
        let (hour, half) = (if at.hour() % 12 == 0 { 12 } else { at.hour() % 12 }, if at.hour() < 12 { "am" } else { "pm" });
        format!("{} {hour}:{:02} {half}", self.account_day(moment), at.minute())
    }

    /// `14/3/2025`.
    pub fn account_day(&self, moment: Moment) -> String {
        let at = self.civil(moment);
        format!("{}/{}/{}", at.day(), at.month(), at.year())
    }

    /// `'14/03/2025 09:55:02'`.
    pub fn quoted_seconds(&self, moment: Moment) -> String {
        format!("'{}'", self.seconds(moment))
    }
}
