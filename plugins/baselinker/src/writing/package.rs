//! A parcel that was made elsewhere: its courier and number, for the order. It is known by both, so they are the key
//! against doubles.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;
use wharf_sdk::civil::parse_rfc3339;
use wharf_sdk::http::Effect;
use wharf_sdk::{Action, Applied, Intent, Outcome, Preview, Result, Verdict};

use super::order::named;
use super::parameters::{Parameters, Sent};
use super::{Call, no_action, number};
use crate::api::Fields;
use crate::client::Client;

/// Document of a `package`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Package {
    /// Id of the order.
    order_id: String,
    /// Code of the list `courier`, or a name of one that is not in it; at most 20 characters.
    courier_code: String,
    /// The courier's number of the parcel; at most 40 characters.
    package_number: String,
    /// When it is picked up; RFC 3339.
    #[serde(default)]
    pickup_at: Option<String>,
    /// Whether it is a return shipment.
    #[serde(default)]
    return_shipment: Option<bool>,
}

/// Returns the first request.
pub(super) fn plan(client: &Client, intent: &Intent) -> Result<Preview> {
    let (package, call) = wish(intent)?;
    if !client.config.check_before_create {
        return call.preview(client, Effect::Write);
    }
    let preview =
        client.request("getOrderPackages", &asked(number("/order_id", &package.order_id)?), Effect::Read)?.preview()?;
    Ok(preview.note("looks whether the parcel is there already").note(call.note("unless it is:")))
}

/// Adds the parcel, unless it is there.
pub(super) fn apply(client: &Client, intent: &Intent) -> Result<Outcome> {
    let (package, call) = wish(intent)?;
    let order = package.order_id.trim();
    if client.config.check_before_create
        && let Some(found) = find(client, &package)?
    {
        return Ok(Outcome::AlreadyApplied(found));
    }
    let answer = client.write(call.method, &call.parameters, Effect::Write)?;
    let fields = answer.fields().map_err(|failure| named(failure, order, &call))?;
    let id = fields.get("package_id");
    if id.is_no_id() {
        return Err(answer.response().unreadable("`createPackageManual` tells no `package_id`"));
    }
    Ok(Outcome::Applied(Applied::new(id.text()).number(&package.package_number)))
}

/// Looks for the parcel by its number.
pub(super) fn verify(client: &Client, intent: &Intent) -> Result<Verdict> {
    let (package, _) = wish(intent)?;
    Ok(find(client, &package)?.map_or(Verdict::Absent, Verdict::Found))
}

fn wish(intent: &Intent) -> Result<(Package, Call)> {
    if intent.action != Action::Create {
        return no_action(intent);
    }
    let package: Package = intent.document()?;
    let mut parameters = Parameters::default();
    parameters.put("order_id", Sent::Whole(number("/order_id", &package.order_id)?));
    parameters.text("courier_code", "/courier_code", 20, Some(&package.courier_code));
    parameters.text("package_number", "/package_number", 40, Some(&package.package_number));
    for (name, text) in [("courier_code", &package.courier_code), ("package_number", &package.package_number)] {
        if text.trim().is_empty() {
            parameters.wrong(format!("/{name}"), "required", format!("the parcel has no `{name}`; map one"));
        }
    }
    match package.pickup_at.as_deref().map(parse_rfc3339) {
        Some(Some(instant)) => parameters.put("pickup_date", Sent::Whole(instant / 1000)),
        Some(None) => {
            let message = "`pickup_at` is no time; write it like `2026-02-01T10:00:00Z`";
            parameters.wrong("/pickup_at", "not-a-time", message);
        }
        None => {}
    }
    parameters.flag("return_shipment", package.return_shipment);
    Ok((package, Call { method: "createPackageManual", parameters: parameters.checked()? }))
}

fn asked(order: u64) -> serde_json::Value {
    json!({"order_id": order})
}

/// Finds the parcel. A courier that is not in the vendor's list has its name in another field.
fn find(client: &Client, package: &Package) -> Result<Option<Applied>> {
    let answer = client.read("getOrderPackages", &asked(number("/order_id", &package.order_id)?))?;
    let rows: Vec<Fields<'_>> = answer.rows("packages")?;
    let is = |written: &str, wanted: &str| written.trim().eq_ignore_ascii_case(wanted.trim());
    let found = rows.iter().find(|row| {
        let couriers = [row.get("courier_code").text(), row.get("courier_other_name").text()];
        is(&row.get("courier_package_nr").text(), &package.package_number)
            && couriers.iter().any(|courier| is(courier, &package.courier_code))
    });
    Ok(found.map(|row| Applied::new(row.get("package_id").text()).number(&package.package_number)))
}
