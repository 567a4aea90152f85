//! The retailer's customers: made up, all of them.

use super::chance::Dice;

/// A person with an address; the email is unique.
#[derive(Clone, Debug)]
pub struct Person {
    pub first: &'static str,
    pub last: &'static str,
    pub email: String,
    pub street: String,
    pub city: &'static str,
    pub postcode: String,
    pub phone: String,
}

const FIRST: [&str; 16] =
    ["Anne", "Ben", "Chloë", "David", "Ella", "Farah", "George", "Hannah", "Imran", "Jo", "Kate", "Liam", "Mei", "Nadia", "Owen", "Zoë"];
const LAST: [&str; 16] = [
    "Smith", "Jones", "O'Brien", "Patel", "Brown", "Clarke", "Evans", "Green", "Hughes", "Khan", "Lewis", "Moore", "Nowak", "Price",
    "Reid", "Ward",
];
const STREETS: [&str; 10] = [
    "High Street",
    "Station Road",
    "Mill Lane",
    "Church Street",
    "Park Avenue",
    "Victoria Road",
    "Green Lane",
    "King's Road",
    "The Crescent",
    "Bridge Street",
];
const CITIES: [(&str, &str); 10] = [
    ("Leeds", "LS1"),
    ("Bristol", "BS1"),
    ("Norwich", "NR2"),
    ("Cardiff", "CF10"),
    ("Glasgow", "G1"),
    ("Bath", "BA1"),
    ("York", "YO1"),
    ("Exeter", "EX1"),
    ("Derby", "DE1"),
    ("Oxford", "OX1"),
];

impl Person {
    /// `number` makes the email unique: guests and accounts are numbered apart by `kind`.
    pub fn new(dice: &mut Dice, kind: &str, number: u32) -> Self {
        let (first, last) = (dice.pick(&FIRST), dice.pick(&LAST));
        let (city, area) = dice.pick(&CITIES);
        let plain: String = format!("{first}.{last}").chars().filter(|c| c.is_ascii_alphanumeric() || *c == '.').collect();
        Self {
            first,
            last,
            email: format!("{}.{kind}{number}@example.com", plain.to_ascii_lowercase()),
            street: format!("{} {}", dice.range(1, 240), dice.pick(&STREETS)),
            city,
            postcode: format!("{area} {}{}{}", dice.range(1, 9), dice.pick(&["A", "B", "D", "E"]), dice.pick(&["J", "L", "N", "P"])),
            phone: format!("+4477009{:05}", dice.range(0, 99_999)),
        }
    }

    pub fn name(&self) -> String {
        format!("{} {}", self.first, self.last)
    }
}
