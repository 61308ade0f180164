//! The integrations whose templates need nothing but two systems and a run.

use anyhow::{Result, ensure};
use serde_json::Value;

use crate::agreement::{number, totals};
use crate::{Figure, Installation, Systems, Template};

/// Budget of a simulated account: calls per minute.
const FAST: &str = "60000";

/// What a template connects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Integration {
    /// `baselinker-flowii`: orders become orders with their partners, and the shop hears of it.
    OrdersToCrm,
    /// `baselinker-erpconnector`: orders become invoices; stock and prices go back to the catalog.
    OrdersToErp,
    /// `operand-flowii`: receivables become invoices, and their numbers go back.
    ReceivablesToCrm,
}

impl Integration {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::OrdersToCrm, Self::OrdersToErp, Self::ReceivablesToCrm];

    /// Returns its template with the simulated systems filled in.
    ///
    /// # Errors
    /// When the systems do not say where they are.
    pub fn template(self, systems: &Systems) -> Result<Template> {
        let text = |pointer: &str| systems.text(pointer).map(str::to_owned);
        let status = |name: &str| systems.number(&format!("/statuses/{name}")).map(|id| id.to_string());
        let budget = |name| (name, FAST.to_owned());
        let crm = || {
            Ok::<_, anyhow::Error>(vec![
                ("flowiiUrl", text("/flowii")?),
                ("flowiiCompany", text("/companies/flowii")?),
                budget("flowiiCallsPerMinute"),
            ])
        };
        let shop = || {
            Ok::<_, anyhow::Error>(vec![
                ("baselinkerUrl", text("/baselinker")?),
                ("baselinkerOrderStatusToImport", status("to_process")?),
                budget("baselinkerCallsPerMinute"),
            ])
        };
        let (name, connectors, values): (_, &[&str], _) = match self {
            Self::OrdersToCrm => {
                let statuses = vec![
                    ("baselinkerOrderStatusTakenOver", status("handed_over")?),
                    ("baselinkerOrderStatusToSend", status("cancelled")?),
                ];
                ("baselinker-flowii", &["baselinker", "flowii"], [shop()?, statuses, crm()?])
            }
            Self::OrdersToErp => {
                let status = vec![("baselinkerOrderStatusToSend", status("handed_over")?)];
                let erp = vec![("erpUrl", text("/erpconnector")?), budget("erpCallsPerMinute")];
                ("baselinker-erpconnector", &["baselinker", "erpconnector"], [shop()?, status, erp])
            }
            Self::ReceivablesToCrm => {
                let agency = vec![("operandUrl", text("/operand")?), budget("operandCallsPerMinute")];
                ("operand-flowii", &["operand", "flowii"], [agency, crm()?, Vec::new()])
            }
        };
        Ok(Template { name, connectors, values: values.concat() })
    }

    /// Compares all figures, after its flows ran to their end.
    ///
    /// # Errors
    /// When a figure cannot be had.
    pub fn figures(self, systems: &Systems, installation: &Installation) -> Result<Vec<Figure>> {
        let report = installation.json(&["run"], &[0, 1])?;
        let row = |what, expected, wharf, systems| Figure { what, expected, wharf, systems };
        let counted = |system: &str, pointer: &str| {
            let counts = systems.ask(system, "counts")?;
            Ok::<_, anyhow::Error>(counts.pointer(pointer).and_then(Value::as_u64).unwrap_or(0))
        };
        let handed_over = format!("/state/orders_by_status/{}", systems.number("/statuses/handed_over")?);
        let orders = systems.number("/expected/read")? - systems.number("/expected/cancelled")?;
        Ok(match self {
            Self::OrdersToCrm => {
                let flow = totals(&report, "orders-to-crm")?;
                let made = counted("flowii", "/state/records/orders/created")?;
                // An order from a country that FLOWii does not know goes there if its partner does not have to be made.
                let to_process = systems.number("/statuses/to_process")?;
                let left = counted("baselinker", &format!("/state/orders_by_status/{to_process}"))?;
                ensure!(left <= systems.number("/expected/unknown_country")?, "{left} orders were left in the shop");
                vec![
                    row("orders in FLOWii", orders - left, flow.done, made),
                    row("parked: its country is unknown", left, flow.parked, orders - made),
                    row("status in the shop", orders - left, flow.done, counted("baselinker", &handed_over)?),
                ]
            }
            Self::OrdersToErp => {
                let flow = totals(&report, "orders-to-invoices")?;
                let made = counted("erpconnector", "/state/records/CustomerInvoice/created")?;
                let numbers = counted("baselinker", "/state/orders_written/setOrderFields")?;
                vec![
                    row("invoices in the ERP", orders, flow.done, made),
                    row("invoice number in the shop", orders, flow.done, numbers),
                    row("status in the shop", orders, flow.done, counted("baselinker", &handed_over)?),
                ]
            }
            Self::ReceivablesToCrm => {
                let flow = totals(&report, "receivables-to-invoices")?;
                let all = number(&systems.ask("operand", "counts")?, "/state/records/receivables/all")?;
                let numbers = counted("operand", "/state/records/receivables/changed")?;
                vec![
                    row("invoices in FLOWii", all, flow.done, counted("flowii", "/state/records/documents/created")?),
                    row("invoice number in Operand", all, flow.done, numbers),
                ]
            }
        })
    }
}
