//! The demo: a shop's orders in BaseLinker, and the two systems they go to.
//!
//! Two flows read the confirmed orders of the shop, leave out the cancelled ones (status
//! [`STATUS_CANCELLED`]), and
//!
//! - to FLOWii: find or create the partner, create the order, write status [`STATUS_HANDED_OVER`] back with
//!   `setOrderStatus`;
//! - to ERPConnector: find or create the customer, create the customer invoice, write its number back into
//!   `extra_field_2` with `setOrderFields`.
//!
//! Both map VAT rates ([`MAPPED_VAT_RATES`] are known, [`UNMAPPED_VAT_RATE`] is not) and country codes (`PL`, `SK`, `CZ`,
//! `HU` are known, [`UNKNOWN_COUNTRY`] is not). So both end with the same numbers, those of [`Expected`]. A buyer is who
//! has the e-mail address; names repeat.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, anyhow};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::admin;
use crate::authority::Authority;
use crate::baselinker::{self, Status};
use crate::erpconnector;
use crate::fault::Kind;
use crate::flowii;
use crate::operand;
use crate::optimakers;
use crate::server::{Running, serve};
use crate::smartspace::company::Company;

mod buyer;
mod dice;
mod order;

pub use buyer::Buyer;
pub use order::{
    Fate, MAPPED_VAT_RATES, STATUS_CANCELLED, STATUS_HANDED_OVER, STATUS_TO_PROCESS, Shop, UNKNOWN_COUNTRY,
    UNMAPPED_VAT_RATE, shop,
};

/// Buyers of finished orders, in thousandths of all buyers, that FLOWii knows already.
const KNOWN_TO_FLOWII: usize = 60;
/// The same for ERPConnector.
const KNOWN_TO_ERPCONNECTOR: usize = 40;
/// Receivables of the agency: more than a page of 100 holds.
const RECEIVABLES: u64 = 120;
/// Customers of the company whose API follows Smartspace's contract.
const CUSTOMERS: u32 = 60;

/// Products of the ERP.
const PRODUCTS: u32 = 5;
/// The shop's inventory.
const INVENTORY: i64 = 307;

/// What the demo is made of.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Confirmed orders; 1,000 unless set.
    pub orders: usize,
    /// Seed of everything that looks random; 7 unless set.
    pub seed: u64,
    /// Whether things go wrong on the way; they do unless set.
    pub has_faults: bool,
    /// Limit of BaseLinker; 100,000 unless set, because at the real 100 the demo would take half an hour.
    pub baselinker_calls_per_minute: usize,
    /// How long BaseLinker blocks a token; 3 s unless set.
    pub baselinker_block: Duration,
    /// How much longer with each call during a block; 1 s unless set.
    pub baselinker_block_growth: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            orders: 1000,
            seed: 7,
            has_faults: true,
            baselinker_calls_per_minute: 100_000,
            baselinker_block: Duration::from_secs(3),
            baselinker_block_growth: Duration::from_secs(1),
        }
    }
}

/// The numbers that either flow, and the systems afterwards, must show.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Expected {
    /// Orders read: all confirmed ones.
    pub read: usize,
    /// Orders that arrive. As many have status [`STATUS_HANDED_OVER`] and a filled `extra_field_2` in the end.
    pub done: usize,
    /// Orders left out by rule.
    pub cancelled: usize,
    /// Orders parked because of the VAT rate.
    pub unmapped_vat: usize,
    /// Orders parked because of the country.
    pub unknown_country: usize,
    /// Orders that share one confirmation second; they are among those above.
    pub same_second: usize,
    /// Orders that the shop holds besides, not confirmed and never to be read.
    pub unconfirmed: usize,
    /// Buyers of the orders that arrive.
    pub buyers: usize,
    /// FLOWii's partners: known before, and created by the flow.
    pub flowii_partners: Known,
    /// ERPConnector's customers: known before, and created by the flow.
    pub erpconnector_customers: Known,
    /// One order id of each kind.
    pub examples: Examples,
}

/// Buyers on one side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Known {
    /// There before the first run.
    pub before: usize,
    /// Created by the flow.
    pub created: usize,
}

/// The first order id of each kind, where there is one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Examples {
    /// An order that arrives.
    pub done: Option<i64>,
    /// A cancelled one.
    pub cancelled: Option<i64>,
    /// One with the unmapped VAT rate.
    pub unmapped_vat: Option<i64>,
    /// One with the unknown country.
    pub unknown_country: Option<i64>,
}

impl Expected {
    /// Counts what becomes of a shop's orders.
    pub fn of(shop: &Shop) -> Self {
        let count = |wanted| shop.orders.iter().filter(|(_, fate, _)| *fate == wanted).count();
        let first = |wanted| shop.orders.iter().find(|(_, fate, _)| *fate == wanted).map(|(order, ..)| order.order_id);
        let buyers = arriving(shop).len();
        let known = |thousandths| {
            let before = order::share(buyers, thousandths);
            Known { before, created: buyers - before }
        };
        Self {
            read: shop.orders.len(),
            done: count(Fate::Done),
            cancelled: count(Fate::Cancelled),
            unmapped_vat: count(Fate::UnmappedVat),
            unknown_country: count(Fate::UnknownCountry),
            same_second: shop.same_second,
            unconfirmed: shop.unconfirmed.len(),
            buyers,
            flowii_partners: known(KNOWN_TO_FLOWII),
            erpconnector_customers: known(KNOWN_TO_ERPCONNECTOR),
            examples: Examples {
                done: first(Fate::Done),
                cancelled: first(Fate::Cancelled),
                unmapped_vat: first(Fate::UnmappedVat),
                unknown_country: first(Fate::UnknownCountry),
            },
        }
    }
}

/// Buyers of the orders that arrive, by index.
fn arriving(shop: &Shop) -> BTreeSet<usize> {
    shop.orders.iter().filter(|(_, fate, _)| *fate == Fate::Done).map(|(_, _, buyer)| *buyer).collect()
}

/// The systems at work with the demo's data; they stop when dropped.
pub struct Demo {
    /// Where the orders come from.
    pub baselinker: baselinker::Simulator,
    /// Where one flow brings them.
    pub flowii: flowii::Simulator,
    /// Where the other flow brings them.
    pub erpconnector: erpconnector::Simulator,
    /// An instance with reference lists and without records, for flows of the caller's own.
    pub optimakers: optimakers::Simulator,
    /// An agency with receivables and payables, for flows of the caller's own.
    pub operand: operand::Simulator,
    /// An API as Smartspace wants one, for who reads it.
    pub company: Company,
    /// What both flows must show in the end.
    pub expected: Expected,
    admin: Running,
}

impl Demo {
    /// Starts the systems and the admin: over TLS with an authority, over plain http without; the admin always in plain.
    pub async fn start(settings: &Settings, authority: Option<&Authority>) -> anyhow::Result<Self> {
        let shop = shop(settings.orders, settings.seed);
        let expected = Expected::of(&shop);
        let baselinker = start_baselinker(settings, authority).await.context("BaseLinker did not start")?;
        let flowii = flowii::Simulator::builder().start(authority).await.context("FLOWii did not start")?;
        let erpconnector =
            erpconnector::Simulator::builder().start(authority).await.context("ERPConnector did not start")?;
        let optimakers = optimakers::Simulator::builder().start(authority).await.context("Optimakers did not start")?;
        let operand = operand::Simulator::builder().start(authority).await.context("Operand did not start")?;
        operand.populate(RECEIVABLES).map_err(|error| anyhow!("Operand could not be filled: {error}"))?;
        let company = Company::builder().start(authority).await.context("the company's API did not start")?;
        company.populate(CUSTOMERS);
        seed_flowii(&flowii, &shop, expected.flowii_partners.before)?;
        seed_erpconnector(&erpconnector, &shop, expected.erpconnector_customers.before)?;
        baselinker.add_orders(shop.orders.into_iter().map(|(order, ..)| order).chain(shop.unconfirmed))?;
        let systems = [
            baselinker.system(),
            flowii.system(),
            erpconnector.system(),
            optimakers.system(),
            operand.system(),
            company.system(),
        ];
        seed_products(&baselinker, &erpconnector)?;
        let admin = serve(admin::router(systems), None).await.context("the admin did not start")?;
        let demo = Self { baselinker, flowii, erpconnector, optimakers, operand, company, expected, admin };
        if settings.has_faults {
            demo.spoil(settings.orders);
        }
        Ok(demo)
    }

    /// Returns the admin's address, plain http without a final slash; see [`admin`] for its paths.
    pub fn admin_url(&self) -> String {
        self.admin.url()
    }

    /// Sets the demo's faults, spread over the run of so many orders. Each happens once.
    fn spoil(&self, orders: usize) {
        let nth = |thousandths| u64::try_from(order::share(orders, thousandths)).unwrap_or(1).max(1);
        self.flowii.change(|options| options.retry_after = flowii::RetryAfter::Seconds(1));
        self.flowii
            .faults()
            .nth("GET /partners", nth(60), Kind::RateLimit)
            .unauthorized_at("GET /partners", nth(150))
            .drop_response_of("POST /orders", nth(30));
        self.erpconnector.faults().drop_response_of("POST /CustomerInvoice", nth(40));
        self.baselinker.faults().drop_response_of("setOrderStatus", nth(50)).nth(
            "setOrderFields",
            nth(100),
            Kind::RateLimit,
        );
    }

    /// Returns what another process needs to work against the demo, and the expected numbers; `root_pem` is the file with
    /// the private root, none over plain http.
    pub fn announcement(&self, root_pem: Option<&Path>) -> Value {
        let (api_key, username, password) = self.flowii.credentials();
        let (licence, secret) = self.erpconnector.credentials();
        json!({
            "baselinker": self.baselinker.url(),
            "flowii": self.flowii.url(),
            "erpconnector": self.erpconnector.url(),
            "optimakers": self.optimakers.url(),
            "operand": self.operand.url(),
            "smartspace": self.company.url(),
            "admin": self.admin_url(),
            "root_pem": root_pem,
            "credentials": {
                "baselinker": {"token": self.baselinker.token()},
                "flowii": {"api_key": api_key, "username": username, "password": password},
                "erpconnector": {"licence": licence, "secret": secret},
                "optimakers": {"api_key": self.optimakers.api_key()},
                "operand": {"token": self.operand.token()},
                "smartspace": {"username": Company::BASIC.0, "password": Company::BASIC.1,
                               "client_id": Company::CLIENT.0, "client_secret": Company::CLIENT.1},
            },
            "companies": {"flowii": flowii::COMPANY, "erpconnector": erpconnector::COMPANY},
            "statuses": {"to_process": STATUS_TO_PROCESS, "handed_over": STATUS_HANDED_OVER, "cancelled": STATUS_CANCELLED},
            "vat_rates": {"mapped": MAPPED_VAT_RATES, "unmapped": UNMAPPED_VAT_RATE},
            "expected": self.expected,
        })
    }
}

async fn start_baselinker(settings: &Settings, authority: Option<&Authority>) -> anyhow::Result<baselinker::Simulator> {
    baselinker::Simulator::builder()
        .statuses([
            Status::new(201, "Nowe").color("#bfbfbf"),
            Status::new(STATUS_TO_PROCESS, "Do realizacji").color("#3498db"),
            Status::new(STATUS_HANDED_OVER, "Przekazane do ERP"),
            Status::new(STATUS_CANCELLED, "Anulowane").color("#e74c3c"),
        ])
        .calls_per_minute(settings.baselinker_calls_per_minute)
        .block(settings.baselinker_block, settings.baselinker_block_growth)
        .journal(true)
        .start(authority)
        .await
}

/// Seeds the partners known before, and in the other company one who must not be found.
fn seed_flowii(flowii: &flowii::Simulator, shop: &Shop, count: usize) -> anyhow::Result<()> {
    let known = arriving(shop).into_iter().take(count).filter_map(|index| shop.buyers.get(index));
    for buyer in known {
        seed_partner(flowii, flowii::COMPANY, buyer)?;
    }
    let stranger = arriving(shop).into_iter().nth(count).and_then(|index| shop.buyers.get(index));
    stranger.map_or(Ok(()), |buyer| seed_partner(flowii, flowii::OTHER_COMPANY, buyer))
}

fn seed_partner(flowii: &flowii::Simulator, company: &str, buyer: &Buyer) -> anyhow::Result<()> {
    let kind = if buyer.nip.is_empty() { 2 } else { 1 };
    let mut attributes = json!({"name": buyer.name(), "type": kind});
    if !buyer.nip.is_empty() {
        attributes["ico"] = json!(buyer.nip);
    }
    let contact = json!({"data": {"type": "contact", "attributes": {"email": buyer.email, "phone": buyer.phone}}});
    let resource = json!({"type": "partner", "attributes": attributes, "relationships": {"key-contact": contact}});
    let seeded = flowii.seed(&flowii::Seed { company, table: "partners", resource });
    seeded.map(drop).map_err(|error| anyhow!("partner `{}` could not be seeded: {error}", buyer.email))
}

/// Seeds the ERP's products; the shop has all of them but the last in its catalog.
fn seed_products(baselinker: &baselinker::Simulator, erpconnector: &erpconnector::Simulator) -> anyhow::Result<()> {
    for number in 1..=PRODUCTS {
        let (sku, price) = (format!("VIS-{number}"), 0.5 + f64::from(number));
        let seeded = erpconnector.seed_product(&sku, "Vis à bois", price);
        seeded.map_err(|error| anyhow!("product `{sku}` could not be seeded: {error}"))?;
        if number < PRODUCTS {
            let fields = json!({ "inventory_id": INVENTORY, "sku": sku, "text_fields": { "name": "Wkręt do drewna" } });
            baselinker.add_product(&fields)?;
        }
    }
    Ok(())
}

fn seed_erpconnector(erpconnector: &erpconnector::Simulator, shop: &Shop, count: usize) -> anyhow::Result<()> {
    // Taken from the other end, so that most buyers known to one system are new to the other.
    let known = arriving(shop).into_iter().rev().take(count);
    for (number, buyer) in (1..).zip(known.filter_map(|index| shop.buyers.get(index))) {
        let seeded = erpconnector.seed_customer(&format!("C-{number}"), buyer.name(), &buyer.email);
        seeded.map_err(|error| anyhow!("customer `{}` could not be seeded: {error}", buyer.email))?;
    }
    Ok(())
}
