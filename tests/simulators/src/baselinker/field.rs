//! The fields of an order and of its rows that a call may set: their kinds and longest texts.

use serde_json::{Map, Value};

use super::answer::{Refusal, php_number};
use super::country;
use super::parameters::{self, Parameters};

#[derive(Debug, Clone, Copy)]
pub(super) enum Kind {
    /// Text of at most this many characters; a longer one is cut [assumed: the vendor's storage cuts].
    Text(usize),
    Integer,
    Number,
    /// A flag that is read back as `"0"` or `"1"`.
    Flag,
}

use Kind::{Flag, Integer, Number, Text};

/// What `setOrderFields` may set; `addOrder` the same and a few more.
pub(super) const ORDER: [(&str, Kind); 38] = [
    ("admin_comments", Text(200)),
    ("user_comments", Text(510)),
    ("payment_method", Text(30)),
    ("payment_method_cod", Flag),
    ("email", Text(150)),
    ("phone", Text(100)),
    ("user_login", Text(30)),
    ("delivery_method", Text(30)),
    ("delivery_price", Number),
    ("delivery_fullname", Text(100)),
    ("delivery_company", Text(100)),
    ("delivery_address", Text(156)),
    ("delivery_postcode", Text(100)),
    ("delivery_city", Text(100)),
    ("delivery_state", Text(35)),
    ("delivery_country_code", Text(2)),
    ("delivery_point_id", Text(40)),
    ("delivery_point_name", Text(100)),
    ("delivery_point_address", Text(100)),
    ("delivery_point_postcode", Text(100)),
    ("delivery_point_city", Text(100)),
    ("invoice_fullname", Text(500)),
    ("invoice_company", Text(500)),
    ("invoice_nip", Text(100)),
    ("invoice_address", Text(500)),
    ("invoice_postcode", Text(20)),
    ("invoice_city", Text(100)),
    ("invoice_state", Text(35)),
    ("invoice_country_code", Text(2)),
    ("want_invoice", Flag),
    ("extra_field_1", Text(50)),
    ("extra_field_2", Text(50)),
    ("pick_state", Integer),
    ("pack_state", Integer),
    ("star", Integer),
    // Only `addOrder` passes these on; `setOrderFields` leaves them out.
    ("order_status_id", Integer),
    ("date_add", Integer),
    ("currency", Text(3)),
];

/// How many of [`ORDER`] `setOrderFields` takes.
pub(super) const ORDER_SETTABLE: usize = 35;

/// What a row of an order is made of.
pub(super) const ROW: [(&str, Kind); 15] = [
    ("storage", Text(9)),
    ("storage_id", Integer),
    ("product_id", Text(50)),
    ("variant_id", Text(30)),
    ("name", Text(200)),
    ("sku", Text(50)),
    ("ean", Text(32)),
    ("location", Text(50)),
    ("warehouse_id", Integer),
    ("attributes", Text(350)),
    ("auction_id", Text(20)),
    ("price_brutto", Number),
    ("tax_rate", Number),
    ("quantity", Integer),
    ("weight", Number),
];

/// Writes the sent fields over those of an order or row and returns the names of the fields written.
pub(super) fn assign(
    target: &mut Map<String, Value>,
    fields: &[(&'static str, Kind)],
    sent: &Parameters,
) -> Result<Vec<&'static str>, Refusal> {
    let mut written = Vec::new();
    for (name, kind) in fields {
        let Some(value) = sent.value(name) else { continue };
        target.insert((*name).to_owned(), converted(name, *kind, value, sent)?);
        written.push(*name);
    }
    name_countries(target);
    Ok(written)
}

fn converted(name: &str, kind: Kind, value: &Value, sent: &Parameters) -> Result<Value, Refusal> {
    Ok(match kind {
        Text(longest) => Value::from(parameters::text(value).chars().take(longest).collect::<String>()),
        Integer => Value::from(sent.integer(name)?.unwrap_or_default()),
        Number => php_number(parameters::number(name, value)?),
        Flag => Value::from(if parameters::flag(value) { "1" } else { "0" }),
    })
}

pub(super) fn name_countries(target: &mut Map<String, Value>) {
    for side in ["delivery", "invoice"] {
        let Some(code) = target.get(&format!("{side}_country_code")).and_then(Value::as_str) else { continue };
        let name = country::name(code);
        target.insert(format!("{side}_country"), Value::from(name));
    }
}
