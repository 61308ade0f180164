//! Wharf's figures beside those of the systems.

use std::collections::BTreeSet;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::{Installation, Systems};

/// One thing that is counted on all sides.
#[derive(Debug)]
pub struct Figure {
    /// What is counted.
    pub what: &'static str,
    /// What the simulators' data must come to.
    pub expected: u64,
    /// What Wharf says.
    pub wharf: u64,
    /// What the systems say.
    pub systems: u64,
}

impl Figure {
    /// Tells whether all sides say the same.
    pub fn agrees(&self) -> bool {
        self.expected == self.wharf && self.wharf == self.systems
    }
}

/// Compares all figures, after every flow of the installation ran to its end.
///
/// # Errors
/// When a figure cannot be had.
pub fn figures(systems: &Systems, installation: &Installation) -> Result<Vec<Figure>> {
    let report = installation.json(&["run"], &[0, 1])?;
    rows(systems, &report)
}

fn rows(systems: &Systems, report: &Value) -> Result<Vec<Figure>> {
    let shop = systems.ask("baselinker", "counts")?;
    let crm = systems.ask("flowii", "counts")?;
    let erp = systems.ask("erpconnector", "counts")?;
    let to_crm = totals(report, "orders-to-crm")?;
    let to_erp = totals(report, "orders-to-erp")?;
    let expected = |pointer: &str| systems.number(&format!("/expected/{pointer}"));
    let parked = expected("unmapped_vat")? + expected("unknown_country")?;
    let handed_over = format!("/state/orders_by_status/{}", systems.number("/statuses/handed_over")?);
    let cancelled = format!("/state/orders_by_status/{}", systems.number("/statuses/cancelled")?);
    let confirmed = number(&shop, "/state/orders")? - number(&shop, "/state/unconfirmed")?;
    let done = expected("done")?;
    let row = |what, expected, wharf, systems| Figure { what, expected, wharf, systems };
    Ok(vec![
        row("orders read for the CRM", expected("read")?, to_crm.all(), confirmed),
        row("orders read for the ERP", expected("read")?, to_erp.all(), confirmed),
        row("filtered: cancelled", expected("cancelled")?, to_crm.filtered, number(&shop, &cancelled)?),
        row("parked: VAT rate or country", parked, to_crm.parked, confirmed - done - number(&shop, &cancelled)?),
        row("orders in the CRM", done, to_crm.done, number(&crm, "/state/records/orders/created")?),
        row("different orders in the CRM", done, to_crm.done, different(systems, "flowii", "orders")?),
        row("invoices in the ERP", done, to_erp.done, number(&erp, "/state/records/CustomerInvoice/created")?),
        row("different invoices in the ERP", done, to_erp.done, different(systems, "erpconnector", "CustomerInvoice")?),
        row("status back in the shop", done, to_crm.done, number(&shop, &handed_over)?),
        row("invoice number back", done, to_erp.done, number(&shop, "/state/orders_written/setOrderFields")?),
    ])
}

/// How many items of a flow ended in which state.
pub(crate) struct Totals {
    pub(crate) done: u64,
    pub(crate) filtered: u64,
    pub(crate) parked: u64,
    pub(crate) waiting: u64,
}

impl Totals {
    fn all(&self) -> u64 {
        self.done + self.filtered + self.parked + self.waiting
    }
}

pub(crate) fn totals(report: &Value, flow: &str) -> Result<Totals> {
    let flows = report.pointer("/flows").and_then(Value::as_array).context("the report has no `flows`")?;
    let report = flows.iter().find(|report| report["flow"] == flow);
    let totals = report.and_then(|report| report.get("totals")).with_context(|| format!("no totals of `{flow}`"))?;
    let number = |state: &str| number(totals, &format!("/{state}"));
    Ok(Totals {
        done: number("done")?,
        filtered: number("filtered")?,
        parked: number("parked")?,
        waiting: number("waiting")?,
    })
}

pub(crate) fn number(value: &Value, pointer: &str) -> Result<u64> {
    value.pointer(pointer).and_then(Value::as_u64).with_context(|| format!("no number at `{pointer}`"))
}

/// Counts the documents of a kind by the correlation text that Wharf left in them: a doubled one counts once.
fn different(systems: &Systems, system: &str, kind: &str) -> Result<u64> {
    let documents = systems.ask(system, "documents")?;
    let documents = documents.as_array().with_context(|| format!("`{system}` lists no documents"))?;
    let of_kind = documents.iter().filter(|document| document["table"] == kind || document["entity"] == kind);
    let texts: BTreeSet<_> = of_kind.filter_map(|document| correlation(&document["texts"].to_string())).collect();
    Ok(texts.len().try_into()?)
}

/// Finds the text that Wharf leaves in every document it creates.
fn correlation(texts: &str) -> Option<String> {
    let words = texts.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '-');
    words.filter(|word| word.len() >= 16 && word.starts_with("wh")).map(str::to_owned).next()
}
