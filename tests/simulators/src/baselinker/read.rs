//! Reading orders.

use serde_json::{Map, Value, json};

use super::answer::Refusal;
use super::answer::{Answer, php_map, success};
use super::parameters::Parameters;
use super::state::{Keys, Record, State};

/// Most orders in one answer of `getOrders`.
pub const PAGE: usize = 100;

struct Filter {
    date_from: i64,
    date_confirmed_from: i64,
    id_from: i64,
    is_unconfirmed_wanted: bool,
    status_id: Option<i64>,
    email: Option<String>,
    source: Option<String>,
    source_id: Option<i64>,
    shop_order_id: Option<i64>,
    external_order_id: Option<String>,
}

impl Filter {
    fn read(sent: &Parameters) -> Result<Self, Refusal> {
        let source = sent.filled_text("filter_order_source");
        Ok(Self {
            date_from: sent.integer("date_from")?.unwrap_or(i64::MIN),
            date_confirmed_from: sent.integer("date_confirmed_from")?.unwrap_or(i64::MIN),
            id_from: sent.integer("id_from")?.unwrap_or(i64::MIN),
            is_unconfirmed_wanted: sent.flag("get_unconfirmed_orders"),
            status_id: sent.integer("status_id")?.filter(|id| *id != 0),
            email: sent.filled_text("filter_email"),
            // The id says nothing without the type.
            source_id: sent.integer("filter_order_source_id")?.filter(|_| source.is_some()),
            source,
            shop_order_id: sent.integer("filter_shop_order_id")?.filter(|id| *id != 0),
            external_order_id: sent.filled_text("filter_external_order_id"),
        })
    }

    /// Rows come by id when only ids are bounded [assumed, implied by the vendor's paging rule].
    fn pages_by_id(&self) -> bool {
        self.id_from > i64::MIN && self.date_confirmed_from == i64::MIN
    }

    /// All bounds are inclusive.
    fn lets_pass(&self, keys: &Keys) -> bool {
        (keys.confirmed || self.is_unconfirmed_wanted)
            && keys.date_confirmed >= self.date_confirmed_from
            && keys.date_add >= self.date_from
            && keys.order_id >= self.id_from
            && self.status_id.is_none_or(|id| keys.order_status_id == id)
            && self.email.as_ref().is_none_or(|email| keys.email.eq_ignore_ascii_case(email))
            && self.source.as_ref().is_none_or(|source| keys.order_source == *source)
            && self.source_id.is_none_or(|id| keys.order_source_id == id)
            && self.shop_order_id.is_none_or(|id| keys.shop_order_id == id)
            && self.external_order_id.as_ref().is_none_or(|id| keys.external_order_id == *id)
    }
}

/// `getOrders`: at most [`PAGE`] orders, by confirmation time then id; by id when only `id_from` is given.
pub(super) fn orders(state: &mut State, sent: &Parameters, _: i64) -> Answer {
    let filter = Filter::read(sent)?;
    let extras = Extras::read(sent);
    let found: Vec<&Record> = match sent.integer("order_id")?.filter(|id| *id != 0) {
        // An unknown order is no error: the list is empty.
        Some(id) => state.records.get(&id).into_iter().filter(|record| filter.lets_pass(&record.keys)).collect(),
        None if filter.pages_by_id() => page(state.records.range(filter.id_from..).map(|(_, record)| record), &filter),
        None => {
            let from = (filter.date_confirmed_from, i64::MIN);
            page(state.by_confirmation.range(from..).filter_map(|(_, id)| state.records.get(id)), &filter)
        }
    };
    Ok(whole(&found, &extras, state.options.legacy_types))
}

fn page<'a>(records: impl Iterator<Item = &'a Record>, filter: &Filter) -> Vec<&'a Record> {
    records.filter(|record| filter.lets_pass(&record.keys)).take(PAGE).collect()
}

fn whole(records: &[&Record], extras: &Extras, is_legacy: bool) -> String {
    const HEAD: &str = r#"{"status":"SUCCESS","orders":["#;
    let length: usize = records.iter().map(|record| record.text.len() + 64).sum();
    let mut text = String::with_capacity(HEAD.len() + length);
    text.push_str(HEAD);
    for (index, record) in records.iter().enumerate() {
        if index > 0 {
            text.push(',');
        }
        let start = text.len();
        text.push_str(record.text.trim_end().strip_suffix('}').unwrap_or(&record.text));
        extras.append(&mut text, record);
        text.push('}');
        if is_legacy {
            let order = text.split_off(start);
            text.push_str(&as_strings(&order));
        }
    }
    text.push_str("]}");
    text
}

/// The parts of an order that are only sent when asked for.
struct Extras {
    is_custom_wanted: bool,
    are_commissions_wanted: bool,
    is_connect_wanted: bool,
}

impl Extras {
    fn read(sent: &Parameters) -> Self {
        Self {
            is_custom_wanted: sent.flag("include_custom_extra_fields"),
            are_commissions_wanted: sent.flag("include_commissions"),
            is_connect_wanted: sent.flag("include_connect_data"),
        }
    }

    fn append(&self, text: &mut String, record: &Record) {
        if self.is_custom_wanted {
            text.push_str(&format!(",\"custom_extra_fields\":{}", php_map(record.custom_extra_fields.clone())));
        }
        if self.are_commissions_wanted {
            text.push_str(&format!(",\"commissions\":{}", Value::from(record.commissions.clone())));
        }
        if self.is_connect_wanted {
            let nothing = json!({"connect_integration_id": 0, "connect_contractor_id": 0, "connect_sale_id": 0});
            text.push_str(&format!(",\"connect_data\":{nothing}"));
        }
    }
}

/// The order as it came before August 2023, when nearly everything was a string.
fn as_strings(order: &str) -> String {
    let mut value: Value = serde_json::from_str(order).unwrap_or_default();
    stringify(&mut value);
    value.to_string()
}

fn stringify(value: &mut Value) {
    match value {
        Value::Number(number) => *value = Value::from(number.to_string()),
        Value::Array(list) => list.iter_mut().for_each(stringify),
        Value::Object(map) => map.values_mut().for_each(stringify),
        _ => {}
    }
}

/// `getOrdersByEmail`: a short list, all values strings.
pub(super) fn orders_by_email(state: &mut State, sent: &Parameters, _: i64) -> Answer {
    let email = sent.filled_text("email").ok_or_else(|| super::parameters::missing("email"))?;
    let found = state.records.values().filter(|record| record.keys.email.eq_ignore_ascii_case(&email));
    success(json!({"orders": found.map(|record| short(&record.keys)).collect::<Vec<_>>()}))
}

/// `getOrdersByPhone`: the same with the names of the receiver.
pub(super) fn orders_by_phone(state: &mut State, sent: &Parameters, _: i64) -> Answer {
    let phone = sent.filled_text("phone").ok_or_else(|| super::parameters::missing("phone"))?;
    let found = state.records.values().filter(|record| record.keys.phone == phone);
    let rows = found.map(|record| {
        let mut row = short(&record.keys);
        row.insert("delivery_fullname".to_owned(), Value::from(record.keys.delivery_fullname.as_str()));
        row.insert("delivery_company".to_owned(), Value::from(record.keys.delivery_company.as_str()));
        row
    });
    success(json!({"orders": rows.collect::<Vec<_>>()}))
}

fn short(keys: &Keys) -> Map<String, Value> {
    let fields = [
        ("order_id", keys.order_id),
        ("order_status_id", keys.order_status_id),
        ("date_in_status", keys.date_in_status),
        ("date_add", keys.date_add),
    ];
    fields.map(|(name, number)| (name.to_owned(), Value::from(number.to_string()))).into_iter().collect()
}
