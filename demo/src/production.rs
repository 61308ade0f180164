//! Orders of a shop that are produced by another system: in, and their completion back, as webhooks tell of it.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use crate::agreement::{number, totals};
use crate::{Daemon, Figure, Installation, Systems, Target, Template, WEBHOOK_TOKEN};

/// Longest that anything here may take, on a machine that has much else to do.
const PATIENCE: Duration = Duration::from_secs(300);

/// Products that a person makes in Optimakers, of which one is renamed and one is deleted.
const PRODUCTS: u64 = 6;

/// BaseLinker and Optimakers between the template `baselinker-optimakers`.
pub struct Production<'s> {
    systems: &'s Systems,
    installation: Installation,
    /// Products that the shop's catalog has from the start.
    products_before: u64,
}

/// How long things took while the program was serving.
#[derive(Debug)]
pub struct Took {
    /// From the start to the last order in Optimakers.
    pub orders: Duration,
    /// From the last order's completion there to its status in the shop.
    pub completion: Duration,
    /// From the last change of a product to the shop's catalog.
    pub products: Duration,
}

impl<'s> Production<'s> {
    /// Makes the installation from its template.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn new(target: &Target, directory: &Path, systems: &'s Systems) -> Result<Self> {
        let template = template(systems)?;
        let installation = Installation::from_template(target, directory, systems, &template)?;
        let products = systems.ask("baselinker", "counts")?;
        Ok(Self { systems, installation, products_before: number(&products, "/state/products")? })
    }

    /// Returns the installation.
    pub fn installation(&self) -> &Installation {
        &self.installation
    }

    /// Lets the program serve while the orders come in, a person completes every second one of them, and products come and go.
    /// Also sends a webhook that is forged.
    ///
    /// # Errors
    /// When something does not arrive within five minutes, or the forged webhook is taken in.
    pub fn serve(&self) -> Result<Took> {
        let daemon = Daemon::start(&self.installation)?;
        let url = format!("http://{}/webhook/mes", daemon.address());
        self.systems.command("optimakers", &json!({ "register": { "url": url, "token": WEBHOOK_TOKEN } }))?;
        let expected = self.expected()?;
        let orders = wait("orders in Optimakers", || Ok(self.made("orders")? == expected))?;
        let completed = self.complete()?;
        let completion = wait("status in the shop", || Ok(self.handed_over()? == completed))?;
        refuses_forged(&url)?;
        self.change_products()?;
        let products = wait("products in the catalog", || self.catalog_is_right())?;
        daemon.stop()?;
        Ok(Took { orders, completion, products })
    }

    /// Compares all figures after [`serve`](Self::serve).
    ///
    /// # Errors
    /// When a figure cannot be had.
    pub fn figures(&self) -> Result<Vec<Figure>> {
        let report = self.installation.json(&["run"], &[0, 1])?;
        let (orders, back) = (totals(&report, "orders-to-production")?, totals(&report, "completed-to-shop")?);
        let products = totals(&report, "products-to-catalog")?;
        let expected = self.expected()?;
        let completed = u64::try_from(self.orders()?.len().div_ceil(2))?;
        let row = |what, expected, wharf, systems| Figure { what, expected, wharf, systems };
        Ok(vec![
            row("orders in Optimakers", expected, orders.done, self.made("orders")?),
            row("different orders in Optimakers", expected, orders.done, self.different_orders()?),
            row("on their way or parked", 0, orders.waiting + orders.parked, expected - self.made("orders")?),
            row("completed: status in the shop", completed, back.done, self.handed_over()?),
            row("not completed yet", expected - completed, back.filtered, self.open_orders()?),
            row("products in the catalog", PRODUCTS - 1, products.done.saturating_sub(1), self.in_catalog()?),
        ])
    }

    /// Orders that are in the status to import.
    fn expected(&self) -> Result<u64> {
        Ok(self.systems.number("/expected/read")? - self.systems.number("/expected/cancelled")?)
    }

    fn made(&self, table: &str) -> Result<u64> {
        number(&self.systems.ask("optimakers", "counts")?, &format!("/state/records/{table}/created"))
    }

    fn shop(&self, pointer: &str) -> Result<u64> {
        let counts = self.systems.ask("baselinker", "counts")?;
        Ok(counts.pointer(pointer).and_then(Value::as_u64).unwrap_or(0))
    }

    fn handed_over(&self) -> Result<u64> {
        let status = self.systems.number("/statuses/handed_over")?;
        self.shop(&format!("/state/orders_by_status/{status}"))
    }

    fn in_catalog(&self) -> Result<u64> {
        Ok(self.shop("/state/products")? - self.products_before)
    }

    /// Returns the orders of Optimakers, oldest first.
    fn orders(&self) -> Result<Vec<Value>> {
        let documents = self.systems.ask("optimakers", "documents")?;
        let documents = documents.as_array().context("Optimakers lists no documents")?;
        Ok(documents.iter().filter(|document| document["entity"] == "orders").cloned().collect())
    }

    fn different_orders(&self) -> Result<u64> {
        let orders = self.orders()?;
        let numbers: BTreeSet<&str> =
            orders.iter().filter_map(|order| order["value"]["externalNumber"].as_str()).collect();
        Ok(numbers.len().try_into()?)
    }

    fn open_orders(&self) -> Result<u64> {
        let open = self.orders()?.iter().filter(|order| order["value"]["isCompleted"] != true).count();
        Ok(open.try_into()?)
    }

    /// Completes every second order, as a person does; returns how many.
    fn complete(&self) -> Result<u64> {
        let orders = self.orders()?;
        let mut completed = 0;
        for order in orders.iter().step_by(2) {
            let edit = json!({ "table": "orders", "id": order["id"], "fields": { "isCompleted": true } });
            self.systems.command("optimakers", &json!({ "edit": edit }))?;
            completed += 1;
        }
        Ok(completed)
    }

    fn change_products(&self) -> Result<()> {
        let mut ids = Vec::new();
        for number in 1..=PRODUCTS {
            let record = json!({ "name": format!("Regał {number}"), "code": format!("RG-{number}"), "unit": "szt",
                "ean": null, "netPrice": 100.0, "grossPrice": 123.0, "vatRateId": 3, "currencyId": 1, "isActive": true });
            let added =
                self.systems.command("optimakers", &json!({ "add": { "table": "products", "record": record } }))?;
            ids.push(added["id"].clone());
        }
        wait("new products in the catalog", || Ok(self.in_catalog()? == PRODUCTS))?;
        let renamed = json!({ "table": "products", "id": ids.first(), "fields": { "name": "Regał dębowy" } });
        self.systems.command("optimakers", &json!({ "edit": renamed }))?;
        let removed = json!({ "table": "products", "id": ids.last() });
        self.systems.command("optimakers", &json!({ "remove": removed }))?;
        Ok(())
    }

    fn catalog_is_right(&self) -> Result<bool> {
        let counts = self.systems.ask("baselinker", "counts")?;
        let asked = |operation: &str| {
            counts.pointer(&format!("/requests/by_operation/{operation}")).and_then(Value::as_u64).unwrap_or(0)
        };
        // Each was made, one was changed, one was removed.
        Ok(self.in_catalog()? == PRODUCTS - 1
            && asked("addInventoryProduct") > PRODUCTS
            && asked("deleteInventoryProduct") > 0)
    }
}

/// Returns the template with the simulated systems filled in. Ids in Optimakers are those of its examples.
fn template(systems: &Systems) -> Result<Template> {
    let text = |pointer: &str| systems.text(pointer).map(str::to_owned);
    let status = |name: &str| systems.number(&format!("/statuses/{name}")).map(|id| id.to_string());
    Ok(Template {
        name: "baselinker-optimakers",
        connectors: &["baselinker", "optimakers"],
        values: vec![
            ("baselinkerUrl", text("/baselinker")?),
            ("baselinkerOrderStatusToImport", status("to_process")?),
            ("baselinkerOrderStatusToSend", status("handed_over")?),
            ("baselinkerCallsPerMinute", "60000".to_owned()),
            ("optimesUrl", text("/optimakers")?),
            ("optimesCallsPerMinute", "60000".to_owned()),
            ("pollEvery", "1s".to_owned()),
            ("listen", "127.0.0.1:0".to_owned()),
        ],
    })
}

/// Sends a webhook with a guessed token.
fn refuses_forged(url: &str) -> Result<()> {
    let body = json!({ "Id": "forged", "Token": "guess", "EventSource": "order.updated", "Ids": [1] });
    match ureq::post(url).send_json(&body) {
        Err(ureq::Error::StatusCode(401)) => Ok(()),
        answer => bail!("a forged webhook was answered with {answer:?} instead of 401"),
    }
}

/// Waits until something is so; returns how long it took.
fn wait(what: &str, mut is_so: impl FnMut() -> Result<bool>) -> Result<Duration> {
    let start = Instant::now();
    while !is_so()? {
        if start.elapsed() > PATIENCE {
            bail!("{what}: not there after {} s", PATIENCE.as_secs());
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    Ok(start.elapsed())
}
