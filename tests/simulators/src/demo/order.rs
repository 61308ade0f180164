//! What is bought: the orders of the shop, awkward ones among them.

use super::buyer::{Buyer, buyers};
use super::dice::Dice;
use crate::baselinker::{Order, Product};

/// Status of an order that waits for the flows.
pub const STATUS_TO_PROCESS: i64 = 202;
/// Status that the flow to FLOWii writes back.
pub const STATUS_HANDED_OVER: i64 = 203;
/// Status of a cancelled order, which a rule of the flows leaves out.
pub const STATUS_CANCELLED: i64 = 204;

/// VAT rates that the demo's mapping knows: three in per cent, and -1 for exempt.
pub const MAPPED_VAT_RATES: [i64; 4] = [23, 5, 0, -1];
/// VAT rate of the Polish law that the demo's mapping forgets, in per cent.
pub const UNMAPPED_VAT_RATE: i64 = 8;
/// Country code that no list knows.
pub const UNKNOWN_COUNTRY: &str = "XX";

/// Unix second of the first confirmation.
const FIRST_CONFIRMATION: i64 = 1_760_000_000;
const FIRST_ORDER_ID: i64 = 5001;

/// What becomes of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fate {
    /// Arrives on both sides.
    Done,
    /// Is left out because it is cancelled.
    Cancelled,
    /// Is parked because of [`UNMAPPED_VAT_RATE`].
    UnmappedVat,
    /// Is parked because of [`UNKNOWN_COUNTRY`].
    UnknownCountry,
}

/// The shop's orders and buyers.
#[derive(Debug)]
pub struct Shop {
    /// Confirmed orders in the order of confirmation, each with its fate and the index of its buyer.
    pub orders: Vec<(Order, Fate, usize)>,
    /// Unconfirmed orders, which must never be read.
    pub unconfirmed: Vec<Order>,
    /// Buyers, by index.
    pub buyers: Vec<Buyer>,
    /// How many orders share one confirmation second.
    pub same_second: usize,
}

/// How many of the orders are awkward, in thousandths; rounded up.
const SAME_SECOND: usize = 150;
const CANCELLED: usize = 40;
const UNMAPPED_VAT: usize = 12;
const UNKNOWN: usize = 7;
const UNCONFIRMED: usize = 10;
const BUYERS: usize = 600;
const FIRST_OF_SAME_SECOND: usize = 430;

pub(super) fn share(count: usize, thousandths: usize) -> usize {
    (count * thousandths).div_ceil(1000)
}

/// Makes a shop with so many confirmed orders.
pub fn shop(count: usize, seed: u64) -> Shop {
    let mut dice = Dice::new(seed);
    let buyers = buyers(share(count, BUYERS).max(1), &mut dice);
    let same_second = share(count, SAME_SECOND);
    let times = confirmations(count, same_second, &mut dice);
    let ids = ids(count, &mut dice);
    let fates = fates(count, &mut dice);
    let mut orders = Vec::with_capacity(count);
    for ((id, at), fate) in ids.into_iter().zip(times).zip(fates) {
        let buyer = dice.below(buyers.len());
        orders.push((order(id, at, fate, &buyers[buyer], &mut dice), fate, buyer));
    }
    let unconfirmed = unconfirmed(count, &buyers, &mut dice);
    Shop { orders, unconfirmed, buyers, same_second }
}

fn confirmations(count: usize, same_second: usize, dice: &mut Dice) -> Vec<i64> {
    let first = share(count, FIRST_OF_SAME_SECOND);
    let mut at = FIRST_CONFIRMATION;
    let mut times = Vec::with_capacity(count);
    for index in 0..count {
        if index <= first || index >= first + same_second {
            at += 1 + i64::try_from(dice.below(90)).unwrap_or_default();
        }
        times.push(at);
    }
    times
}

/// Ids follow the creation of orders, and buyers confirm in another order than they create.
fn ids(count: usize, dice: &mut Dice) -> Vec<i64> {
    let mut ids: Vec<i64> = (FIRST_ORDER_ID..).take(count).collect();
    for near in ids.chunks_mut(40) {
        dice.shuffle(near);
    }
    ids
}

fn fates(count: usize, dice: &mut Dice) -> Vec<Fate> {
    let awkward = [(Fate::Cancelled, CANCELLED), (Fate::UnmappedVat, UNMAPPED_VAT), (Fate::UnknownCountry, UNKNOWN)];
    let awkward = awkward.into_iter().flat_map(|(fate, thousandths)| vec![fate; share(count, thousandths)]);
    let mut fates: Vec<Fate> = awkward.take(count).collect();
    fates.resize(count, Fate::Done);
    dice.shuffle(&mut fates);
    fates
}

fn unconfirmed(count: usize, buyers: &[Buyer], dice: &mut Dice) -> Vec<Order> {
    let first = FIRST_ORDER_ID + i64::try_from(count).unwrap_or_default();
    let ids = (first..).take(share(count, UNCONFIRMED));
    ids.map(|id| {
        let buyer = dice.below(buyers.len());
        let order = order(id, FIRST_CONFIRMATION, Fate::Done, &buyers[buyer], dice);
        Order { confirmed: false, date_confirmed: 0, order_status_id: 201, ..order }
    })
    .collect()
}

fn order(id: i64, confirmed_at: i64, fate: Fate, buyer: &Buyer, dice: &mut Dice) -> Order {
    let country = if fate == Fate::UnknownCountry { UNKNOWN_COUNTRY } else { buyer.country };
    let is_company = !buyer.nip.is_empty();
    let is_cod = dice.percent(20);
    let (delivery_method, delivery_price) = dice.one(&DELIVERIES);
    let mut order = Order {
        order_id: id,
        order_source: "shop".to_owned(),
        order_source_id: 8235,
        shop_order_id: id + 100_000,
        order_status_id: if fate == Fate::Cancelled { STATUS_CANCELLED } else { STATUS_TO_PROCESS },
        date_add: confirmed_at - 60 - i64::try_from(dice.below(5000)).unwrap_or_default(),
        date_confirmed: confirmed_at,
        user_login: format!("kupujący_{}", id % 97),
        phone: buyer.phone.clone(),
        email: buyer.email.clone(),
        user_comments: dice.one(&COMMENTS).to_owned(),
        currency: if country == "SK" { "EUR" } else { "PLN" }.to_owned(),
        payment_method: if is_cod { "Za pobraniem" } else { "Przelew" }.to_owned(),
        payment_method_cod: is_cod,
        delivery_method: delivery_method.to_owned(),
        delivery_price,
        delivery_fullname: buyer.full_name.clone(),
        delivery_company: buyer.company.clone(),
        delivery_address: buyer.street.clone(),
        delivery_city: buyer.city.clone(),
        delivery_postcode: buyer.postcode.clone(),
        delivery_country_code: country.to_owned(),
        want_invoice: is_company,
        extra_field_1: format!("shop-{}", id + 100_000),
        order_page: format!("https://orders.example/{id}"),
        products: products(fate, dice),
        ..Order::default()
    };
    // A person often leaves the invoice side empty.
    if is_company || dice.percent(50) {
        order.invoice_fullname = buyer.full_name.clone();
        order.invoice_company = buyer.company.clone();
        order.invoice_nip = buyer.nip.clone();
        order.invoice_address = buyer.street.clone();
        order.invoice_city = buyer.city.clone();
        order.invoice_postcode = buyer.postcode.clone();
        order.invoice_country_code = country.to_owned();
    }
    order.payment_done = if is_cod { 0.0 } else { order.total() };
    order
}

const DELIVERIES: [(&str, f64); 5] = [
    ("Kurier DPD", 15.9),
    ("Paczkomat InPost", 12.5),
    ("Odbiór osobisty", 0.0),
    ("Poczta Polska", 9.99),
    ("Kurier „Świt”", 20.0),
];

const COMMENTS: [&str; 6] = [
    "",
    "",
    "Proszę dzwonić przed dostawą",
    "Zostawić u sąsiada pod \"piątką\"",
    "Linia pierwsza\nlinia druga\ttabulator",
    "<b>Pilne!</b> & proszę o fakturę {{ nip }}",
];

/// Name, SKU, EAN, gross price.
const GOODS: [(&str, &str, &str, f64); 10] = [
    ("Kubek „Żółw” 0,3 l", "KB-1", "5900000000017", 53.75),
    ("Deska 19\" dąb", "DS-19", "5900000000024", 149.0),
    ("Świeca O'Hara", "SW-2", "5900000000031", 24.99),
    ("Łyżka & widelec <zestaw>", "LW-3", "", 39.9),
    ("Pędzel 1\\2\"", "PE-4", "5900000000055", 7.49),
    ("Zażółć gęślą jaźń 🐢", "ZG-5", "5900000000062", 99.95),
    ("Książka: „Ślad”", "KS-6", "9788300000073", 44.1),
    ("Herbata {{ zielona }} 100%", "HE-7", "5900000000086", 18.03),
    ("Śruba M8 (100 szt.)", "SR-8", "5900000000093", 0.33),
    ("Miód wielokwiatowy", "MI-9", "5900000000109", 31.0),
];

fn products(fate: Fate, dice: &mut Dice) -> Vec<Product> {
    let count = 1 + dice.below(5);
    let mut rows: Vec<Product> = (0..count).map(|_| product(dice)).collect();
    if fate == Fate::UnmappedVat {
        let forgotten = dice.below(count);
        rows[forgotten].tax_rate = UNMAPPED_VAT_RATE as f64;
    }
    rows
}

fn product(dice: &mut Dice) -> Product {
    let good = dice.below(GOODS.len());
    let (name, sku, ean, price) = GOODS[good];
    let rate = match dice.below(100) {
        0..80 => 23,
        80..92 => 5,
        92..96 => 0,
        _ => -1,
    };
    Product {
        storage_id: 11,
        product_id: (77 + good).to_string(),
        name: name.to_owned(),
        sku: sku.to_owned(),
        ean: ean.to_owned(),
        attributes: if dice.percent(20) { "Kolor: żółty; Rozmiar: 10\"".to_owned() } else { String::new() },
        price_brutto: price,
        tax_rate: f64::from(rate),
        quantity: 1 + i64::try_from(dice.below(4)).unwrap_or_default(),
        weight: 0.4,
        ..Product::default()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;

    #[test]
    fn thousand_orders_hold_the_promised_awkward_ones() {
        for seed in [7, 8, 9] {
            let shop = shop(1000, seed);
            let mut fates = BTreeMap::<Fate, usize>::new();
            let mut seconds = BTreeMap::<i64, usize>::new();
            for (order, fate, buyer) in &shop.orders {
                *fates.entry(*fate).or_default() += 1;
                *seconds.entry(order.date_confirmed).or_default() += 1;
                assert_eq!(order.email, shop.buyers[*buyer].email);
            }
            let expected =
                [(Fate::Done, 941), (Fate::Cancelled, 40), (Fate::UnmappedVat, 12), (Fate::UnknownCountry, 7)];
            assert_eq!(fates, BTreeMap::from(expected));
            assert_eq!(seconds.values().max(), Some(&150), "one second is shared by more than a page");
            let ids: BTreeSet<i64> = shop.orders.iter().map(|(order, ..)| order.order_id).collect();
            assert_eq!((ids.len(), shop.unconfirmed.len()), (1000, 10));
        }
    }

    #[test]
    fn fates_stand_in_the_orders() {
        for (order, fate, _) in shop(1000, 7).orders {
            let rates: Vec<i64> = order.products.iter().map(|row| row.tax_rate.round() as i64).collect();
            assert_eq!(rates.contains(&UNMAPPED_VAT_RATE), fate == Fate::UnmappedVat);
            assert!(rates.iter().all(|rate| *rate == UNMAPPED_VAT_RATE || MAPPED_VAT_RATES.contains(rate)));
            assert_eq!(order.delivery_country_code == UNKNOWN_COUNTRY, fate == Fate::UnknownCountry);
            assert_eq!(order.order_status_id == STATUS_CANCELLED, fate == Fate::Cancelled);
        }
    }

    #[test]
    fn same_seed_makes_the_same_shop() {
        let orders = |seed| shop(50, seed).orders;
        assert_eq!(orders(7), orders(7));
        assert_ne!(orders(7), orders(8));
    }
}
