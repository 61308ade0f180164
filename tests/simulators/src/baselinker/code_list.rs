//! Statuses, sources, extra fields, invoice series, couriers.

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::answer::{Answer, php_list, php_map, success};
use super::parameters::Parameters;
use super::state::State;

/// An order status.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Status {
    /// Id as orders carry it.
    pub id: i64,
    /// Name in the panel.
    pub name: String,
    /// Name that the buyer sees.
    pub name_for_customer: String,
    /// Colour `#rrggbb`; some rows have none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub color: Option<String>,
}

impl Status {
    /// Makes a status with one name for both sides and no colour.
    pub fn new(id: i64, name: &str) -> Self {
        Self { id, name: name.to_owned(), name_for_customer: name.to_owned(), color: None }
    }

    /// Gives it a colour, `#rrggbb`.
    pub fn color(mut self, color: &str) -> Self {
        self.color = Some(color.to_owned());
        self
    }
}

/// An extra field that the account has defined.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ExtraField {
    /// Id, the key in `custom_extra_fields`.
    pub extra_field_id: i64,
    /// Name in the panel.
    pub name: String,
    /// `text`, `number`, `select`, `checkbox`, `radio`, `date` or `file`.
    pub editor_type: String,
    /// Choices of a `select`, `checkbox` or `radio`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub options: Vec<String>,
}

/// A numbering series of invoices; its id is sent as a string.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Series {
    /// Id.
    pub id: i64,
    /// `INVOICE`, `CORRECTION` or `RECEIPT`.
    pub kind: String,
    /// Name in the panel.
    pub name: String,
    /// Format, e.g. `%N/%M/%Y`.
    pub format: String,
}

pub(super) fn order_statuses(state: &mut State, _: &Parameters, _: i64) -> Answer {
    success(json!({"statuses": state.statuses}))
}

/// `addOrderStatus`: changes one when `status_id` is given, else adds one.
pub(super) fn add_order_status(state: &mut State, sent: &Parameters, now: i64) -> Answer {
    let text = |name, longest| -> Option<String> { Some(sent.filled_text(name)?.chars().take(longest).collect()) };
    let id = match sent.integer("status_id")?.filter(|id| *id != 0) {
        Some(id) => state.known_status(id)?,
        None => {
            let id = state.statuses.iter().map(|status| status.id).max().unwrap_or(200) + 1;
            let name = text("name", 30).ok_or_else(|| super::parameters::missing("name"))?;
            state.statuses.push(Status::new(id, &name));
            id
        }
    };
    if let Some(status) = state.statuses.iter_mut().find(|status| status.id == id) {
        status.name = text("name", 30).unwrap_or_else(|| status.name.clone());
        status.name_for_customer = text("name_for_customer", 250).unwrap_or_else(|| status.name_for_customer.clone());
        status.color = text("color", 7).or_else(|| status.color.clone());
    }
    state.wrote("addOrderStatus", 0, sent, now);
    success(json!({"status_id": id}))
}

pub(super) fn order_status_groups(_: &mut State, _: &Parameters, _: i64) -> Answer {
    success(json!({"groups": []}))
}

pub(super) fn order_sources(state: &mut State, _: &Parameters, _: i64) -> Answer {
    let print = if state.options.maps_become_lists { php_list } else { php_map };
    let sources = state.sources.iter().map(|(kind, named)| {
        let named = named.iter().map(|(id, name)| (id.to_string(), Value::from(name.as_str()))).collect();
        (kind.clone(), print(named))
    });
    success(json!({"sources": php_map(sources.collect())}))
}

pub(super) fn order_extra_fields(state: &mut State, _: &Parameters, _: i64) -> Answer {
    success(json!({"extra_fields": state.extra_fields}))
}

pub(super) fn invoice_series(state: &mut State, _: &Parameters, _: i64) -> Answer {
    let series = state.series.iter().map(|series| {
        json!({"id": series.id.to_string(), "type": series.kind, "name": series.name, "format": series.format})
    });
    success(json!({"series": series.collect::<Vec<_>>()}))
}

/// Couriers by code and name.
pub(super) const COURIERS: [(&str, &str); 3] =
    [("dpd", "DPD"), ("inpostkurier", "InPost Kurier"), ("other", "Inny kurier")];

pub(super) fn couriers(_: &mut State, _: &Parameters, _: i64) -> Answer {
    let rows =
        COURIERS.map(|(code, name)| Map::from_iter([("code".into(), code.into()), ("name".into(), name.into())]));
    success(json!({"couriers": rows}))
}
