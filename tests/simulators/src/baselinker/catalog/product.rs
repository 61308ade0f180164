//! A product of the catalog and the fields that a call may set.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use crate::baselinker::answer::{Refusal, php_map, php_number};
use crate::baselinker::parameters::{self, Parameters};

const TEXTS: [(&str, usize); 3] = [("sku", 50), ("ean", 32), ("asin", 50)];
const NUMBERS: [&str; 7] = ["tax_rate", "weight", "height", "width", "length", "average_cost", "average_landed_cost"];
const INTEGERS: [&str; 3] = ["star", "category_id", "manufacturer_id"];
const MAPS: [&str; 7] = ["prices", "stock", "locations", "text_fields", "images", "links", "bundle_products"];

/// A product, or a variant of one when it has a parent.
#[derive(Debug, Clone)]
pub(in crate::baselinker) struct Product {
    pub(in crate::baselinker) inventory_id: i64,
    pub(in crate::baselinker) parent_id: i64,
    pub(in crate::baselinker) fields: Map<String, Value>,
}

impl Product {
    pub(in crate::baselinker) fn new(inventory_id: i64, parent_id: i64) -> Self {
        let mut fields = Map::from_iter([("is_bundle".to_owned(), json!(false)), ("tags".to_owned(), json!([]))]);
        fields.extend(TEXTS.map(|(name, _)| (name.to_owned(), json!(""))));
        fields.extend(NUMBERS.iter().chain(&INTEGERS).map(|name| ((*name).to_owned(), json!(0))));
        fields.extend(MAPS.map(|name| (name.to_owned(), json!({}))));
        Self { inventory_id, parent_id, fields }
    }

    pub(in crate::baselinker) fn number(&self, name: &str) -> i64 {
        self.fields.get(name).and_then(Value::as_i64).unwrap_or_default()
    }

    pub(in crate::baselinker) fn text(&self, name: &str) -> &str {
        self.fields.get(name).and_then(Value::as_str).unwrap_or_default()
    }

    pub(in crate::baselinker) fn name(&self) -> &str {
        self.map("text_fields").and_then(|texts| texts.get("name")).and_then(Value::as_str).unwrap_or_default()
    }

    pub(in crate::baselinker) fn map(&self, name: &str) -> Option<&Map<String, Value>> {
        self.fields.get(name).and_then(Value::as_object)
    }

    /// A map as it is sent: an empty one is a list.
    pub(in crate::baselinker) fn printed(&self, name: &str) -> Value {
        php_map(self.map(name).cloned().unwrap_or_default())
    }

    pub(in crate::baselinker) fn set_entry(&mut self, map: &str, key: &str, value: Value) {
        let target = self.fields.entry(map).or_insert_with(|| json!({}));
        if let Some(target) = target.as_object_mut() {
            target.insert(key.to_owned(), value);
        }
    }
}

/// Writes the sent fields; of a map only the sent keys change [assumed].
pub(in crate::baselinker) fn assign(
    product: &mut Product,
    sent: &Parameters,
    tags: &BTreeSet<String>,
) -> Result<(), Refusal> {
    for (name, longest) in TEXTS {
        if let Some(text) = sent.text(name) {
            product.fields.insert(name.to_owned(), Value::from(text.chars().take(longest).collect::<String>()));
        }
    }
    for name in NUMBERS {
        if let Some(number) = sent.number(name)? {
            product.fields.insert(name.to_owned(), php_number(number));
        }
    }
    for name in INTEGERS {
        if let Some(number) = sent.integer(name)? {
            product.fields.insert(name.to_owned(), Value::from(number));
        }
    }
    if let Some(is_bundle) = sent.value("is_bundle") {
        product.fields.insert("is_bundle".to_owned(), Value::from(parameters::flag(is_bundle)));
    }
    assign_maps(product, sent);
    assign_tags(product, sent, tags)
}

fn assign_maps(product: &mut Product, sent: &Parameters) {
    for name in MAPS {
        for (key, value) in sent.value(name).and_then(Value::as_object).into_iter().flatten() {
            let is_removed = name == "images" && value == "";
            match product.fields.get_mut(name).and_then(Value::as_object_mut) {
                Some(images) if is_removed => drop(images.remove(key)),
                _ => product.set_entry(name, key, value.clone()),
            }
        }
    }
}

fn assign_tags(product: &mut Product, sent: &Parameters, known: &BTreeSet<String>) -> Result<(), Refusal> {
    let Some(tags) = sent.value("tags").and_then(Value::as_array) else { return Ok(()) };
    for tag in tags.iter().filter_map(Value::as_str) {
        if !known.contains(tag) {
            // The text is known, the code is assumed.
            return Err(Refusal::new("ERROR_TAG", format!("Tag with name `{tag}` does not exist")));
        }
    }
    product.fields.insert("tags".to_owned(), Value::from(tags.clone()));
    Ok(())
}
