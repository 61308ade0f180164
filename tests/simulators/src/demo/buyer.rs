//! Who buys.

use super::dice::Dice;

/// A buyer: known by the e-mail address, which no two share. Names do repeat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Buyer {
    /// First and last name.
    pub full_name: String,
    /// Company name; empty for a person.
    pub company: String,
    /// Tax number; empty for a person.
    pub nip: String,
    /// E-mail address.
    pub email: String,
    /// Telephone number.
    pub phone: String,
    /// Street and number.
    pub street: String,
    /// Town.
    pub city: String,
    /// Postal code.
    pub postcode: String,
    /// ISO-2 code: `PL`, `SK`, `CZ` or `HU`.
    pub country: &'static str,
}

impl Buyer {
    /// Returns the name under which books know the buyer: the company's, or the person's.
    pub fn name(&self) -> &str {
        if self.company.is_empty() { &self.full_name } else { &self.company }
    }
}

const FIRST: [(&str, &str); 12] = [
    ("Łukasz", "lukasz"),
    ("Żaneta", "zaneta"),
    ("Ewa", "ewa"),
    ("Jan", "jan"),
    ("Świętosława", "swietoslawa"),
    ("Michał", "michal"),
    ("Zoë", "zoe"),
    ("Bogumiła", "bogumila"),
    ("Ján", "jan"),
    ("Ľubomír", "lubomir"),
    ("Jiří", "jiri"),
    ("Győző", "gyozo"),
];

const LAST: [(&str, &str); 12] = [
    ("Źdźbło", "zdzblo"),
    ("Kowalska-Wąs", "kowalska-was"),
    ("Nowak", "nowak"),
    ("O'Neill", "o'neill"),
    ("Brzęczyszczykiewicz", "brzeczyszczykiewicz"),
    ("Lis", "lis"),
    ("Szczęśniak", "szczesniak"),
    ("Ćwikła", "cwikla"),
    ("Horváth", "horvath"),
    ("Dvořák", "dvorak"),
    ("D'Angelo", "d'angelo"),
    ("Zięba", "zieba"),
];

const COMPANIES: [&str; 8] = [
    "Firma „Żuraw” sp. z o.o.",
    "O'Neill & Synowie s.c.",
    "Zakład \"Dąb\" Produkcja Mebli",
    "Ćma i Wspólnicy S.A.",
    "P.H.U. Gęś \\ Kaczka",
    "Hlavná Pekáreň s.r.o.",
    "100% Drewno sp.j.",
    "Café Île-de-Słodycz",
];

/// Country, town, postal code.
const PLACES: [(&str, &str, &str); 10] = [
    ("PL", "Kraków", "30-001"),
    ("PL", "Łódź", "90-001"),
    ("PL", "Świnoujście", "72-600"),
    ("PL", "Gdańsk", "80-001"),
    ("PL", "Rzeszów", "35-001"),
    ("PL", "Żyrardów", "96-300"),
    ("SK", "Košice", "04001"),
    ("SK", "Žilina", "01001"),
    ("CZ", "Plzeň", "30100"),
    ("HU", "Győr", "9021"),
];

const STREETS: [&str; 6] =
    ["ul. Długa", "al. Róż", "ul. Świętego Jana", "os. Złotego Wieku", "ul. \"Grota\"", "pl. O'Connora"];

pub(super) fn buyers(count: usize, dice: &mut Dice) -> Vec<Buyer> {
    (0..count).map(|index| buyer(index, dice)).collect()
}

fn buyer(index: usize, dice: &mut Dice) -> Buyer {
    let ((first, first_plain), (last, last_plain)) = (dice.one(&FIRST), dice.one(&LAST));
    let (country, city, postcode) = dice.one(&PLACES);
    let is_company = dice.percent(30);
    // A plus sign and an apostrophe are lawful in an address and must survive every encoding on the way.
    let tag = if dice.percent(10) { "+sklep" } else { "" };
    Buyer {
        full_name: format!("{first} {last}"),
        company: if is_company { format!("{} {index}", dice.one(&COMPANIES)) } else { String::new() },
        nip: if is_company { format!("52{index:08}") } else { String::new() },
        email: format!("{first_plain}.{last_plain}.{index}{tag}@example.com"),
        phone: format!("+48 600 {:03} {:03}", index / 1000, index % 1000),
        street: format!("{} {}", dice.one(&STREETS), 1 + dice.below(120)),
        city: city.to_owned(),
        postcode: postcode.to_owned(),
        country,
    }
}
