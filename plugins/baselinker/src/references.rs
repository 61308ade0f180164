//! The account's own lists.

use serde_json::json;
use wharf_sdk::{Failure, Reference, ReferencePage, Result};

use crate::api::{Fields, Raw};
use crate::client::{Answer, Client};
use wharf_sdk::quirks::Entries;

/// A list, and where the vendor has it.
#[derive(Debug)]
pub(crate) struct List {
    /// Name of the list.
    pub(crate) name: &'static str,
    /// What the vendor's panel calls it.
    pub(crate) label: &'static str,
    method: &'static str,
    read: fn(&Answer) -> Result<Vec<Reference>>,
}

/// All lists. The vendor sends each of them whole.
pub(crate) const LISTS: [List; 16] = [
    List { name: "order-status", label: "Order statuses", method: "getOrderStatusList", read: statuses_of },
    List { name: "order-source", label: "Order sources", method: "getOrderSources", read: sources_of },
    List {
        name: "attribute",
        label: "Additional order fields",
        method: "getOrderExtraFields",
        read: |answer| rows(answer, "extra_fields", &["extra_field_id"], "editor_type"),
    },
    List { name: "warehouse", label: "Warehouses", method: "getInventoryWarehouses", read: warehouses_of },
    List {
        name: "price-list",
        label: "Price groups",
        method: "getInventoryPriceGroups",
        read: |answer| rows(answer, "price_groups", &["price_group_id"], "currency"),
    },
    List {
        name: "document-series",
        label: "Numbering series",
        method: "getSeries",
        read: |answer| rows(answer, "series", &["id"], "type"),
    },
    List {
        name: "inventory",
        label: "Inventories (catalogs)",
        method: "getInventories",
        read: |answer| rows(answer, "inventories", &["inventory_id"], ""),
    },
    List {
        name: "product-category",
        label: "Product categories",
        method: "getInventoryCategories",
        read: |answer| rows(answer, "categories", &["category_id"], ""),
    },
    List {
        name: "manufacturer",
        label: "Manufacturers",
        method: "getInventoryManufacturers",
        read: |answer| rows(answer, "manufacturers", &["manufacturer_id"], ""),
    },
    List {
        name: "product-tag",
        label: "Product tags",
        method: "getInventoryTags",
        read: |answer| rows(answer, "tags", &["name"], ""),
    },
    List {
        name: "product-attribute",
        label: "Additional product fields",
        method: "getInventoryExtraFields",
        read: |answer| rows(answer, "extra_fields", &["extra_field_id"], "editor_type"),
    },
    List {
        name: "order-return-status",
        label: "Return statuses",
        method: "getOrderReturnStatusList",
        read: statuses_of,
    },
    List {
        name: "return-reason",
        label: "Reasons of returns",
        method: "getOrderReturnReasonsList",
        read: |answer| rows(answer, "return_reasons", &["return_reason_id", "reason_id", "id"], ""),
    },
    List {
        name: "return-item-status",
        label: "Statuses of returned products",
        method: "getOrderReturnProductStatuses",
        read: |answer| rows(answer, "order_return_product_statuses", &["status_id", "id"], ""),
    },
    List {
        name: "external-storage",
        label: "Connected shops and wholesalers",
        method: "getExternalStoragesList",
        read: |answer| rows(answer, "storages", &["storage_id"], ""),
    },
    List {
        name: "courier",
        label: "Couriers",
        method: "getCouriersList",
        read: |answer| rows(answer, "couriers", &["code"], ""),
    },
];

/// Returns a list.
pub(crate) fn page(client: &Client, name: &str) -> Result<ReferencePage> {
    let list = LISTS.iter().find(|list| list.name == name);
    let list = list.ok_or_else(|| Failure::no_reference_list(name))?;
    read(client, list).map(ReferencePage::last)
}

/// Returns the order statuses.
pub(crate) fn statuses(client: &Client) -> Result<Vec<Reference>> {
    statuses_of(&client.read("getOrderStatusList", &json!({}))?)
}

/// Returns the order sources.
pub(crate) fn sources(client: &Client) -> Result<Vec<Reference>> {
    sources_of(&client.read("getOrderSources", &json!({}))?)
}

/// Returns the inventories.
pub(crate) fn inventories(client: &Client) -> Result<Vec<Reference>> {
    rows(&client.read("getInventories", &json!({}))?, "inventories", &["inventory_id"], "")
}

fn read(client: &Client, list: &List) -> Result<Vec<Reference>> {
    (list.read)(&client.read(list.method, &json!({}))?)
}

/// Reads rows with a `name`. The code is left out where nothing is said or it repeats the name.
fn rows(answer: &Answer, key: &str, ids: &[&str], code: &str) -> Result<Vec<Reference>> {
    let rows: Vec<Fields<'_>> = answer.rows(key)?;
    let entry = |row: &Fields<'_>| {
        let (name, code) = (row.get("name"), row.get(code));
        let reference = Reference::new(row.first(ids).text(), name.text());
        if code.is_blank() || code == name { reference } else { reference.code(code.text()) }
    };
    Ok(rows.iter().map(entry).collect())
}

/// Statuses of orders and of returns. Colour, group and other fields are optional.
fn statuses_of(answer: &Answer) -> Result<Vec<Reference>> {
    rows(answer, "statuses", &["id"], "name_for_customer")
}

/// Lists sources by `type:id`, as their numbers are unique within their type only. Type to id to name: either map is a
/// list when its keys are 0, 1, 2, and `[]` when empty.
fn sources_of(answer: &Answer) -> Result<Vec<Reference>> {
    let types: Entries<'_, Entries<'_, Raw<'_>>> = answer.under("sources")?;
    let mut references = Vec::new();
    for (kind, sources) in types.iter() {
        references
            .extend(sources.iter().map(|(id, name)| Reference::new(format!("{kind}:{id}"), name.text()).code(kind)));
    }
    Ok(references)
}

/// Lists warehouses by the key that stock has: `<type>_<id>`.
fn warehouses_of(answer: &Answer) -> Result<Vec<Reference>> {
    let rows: Vec<Fields<'_>> = answer.rows("warehouses")?;
    let key = |row: &Fields<'_>| format!("{}_{}", row.get("warehouse_type").text(), row.get("warehouse_id").text());
    Ok(rows.iter().map(|row| Reference::new(key(row), row.get("name").text())).collect())
}
