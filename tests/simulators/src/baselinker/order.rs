//! An order as a test seeds and reads it; it serialises with the exact types of the API.

use serde::{Deserialize, Serialize};

/// An order. `Default` is an empty confirmed one without products; what is empty is sent as `""`, `0` or `"0"`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[expect(missing_docs, reason = "the fields are the vendor's, documented in its reference of getOrders")]
pub struct Order {
    pub order_id: i64,
    pub shop_order_id: i64,
    pub external_order_id: String,
    pub order_source: String,
    pub order_source_id: i64,
    pub order_source_info: String,
    pub order_status_id: i64,
    pub confirmed: bool,
    /// Unix seconds, 0 when not confirmed.
    pub date_confirmed: i64,
    /// Unix seconds.
    pub date_add: i64,
    /// Unix seconds.
    pub date_in_status: i64,
    pub user_login: String,
    pub phone: String,
    pub email: String,
    pub user_comments: String,
    pub admin_comments: String,
    pub currency: String,
    pub payment_method: String,
    /// Sent as `"0"` or `"1"`.
    #[serde(with = "flag")]
    pub payment_method_cod: bool,
    #[serde(serialize_with = "number")]
    pub payment_done: f64,
    pub delivery_method_id: i64,
    pub delivery_method: String,
    /// Gross.
    #[serde(serialize_with = "number")]
    pub delivery_price: f64,
    pub delivery_package_module: String,
    pub delivery_package_nr: String,
    pub delivery_fullname: String,
    pub delivery_company: String,
    pub delivery_address: String,
    pub delivery_city: String,
    pub delivery_state: String,
    pub delivery_postcode: String,
    /// Display name; filled from the code when empty.
    pub delivery_country: String,
    pub delivery_country_code: String,
    pub delivery_point_id: String,
    pub delivery_point_name: String,
    pub delivery_point_address: String,
    pub delivery_point_postcode: String,
    pub delivery_point_city: String,
    pub invoice_fullname: String,
    pub invoice_company: String,
    pub invoice_nip: String,
    pub invoice_address: String,
    pub invoice_city: String,
    pub invoice_state: String,
    pub invoice_postcode: String,
    /// Display name; filled from the code when empty.
    pub invoice_country: String,
    pub invoice_country_code: String,
    /// Sent as `"0"` or `"1"`.
    #[serde(with = "flag")]
    pub want_invoice: bool,
    pub extra_field_1: String,
    pub extra_field_2: String,
    pub order_page: String,
    pub pick_state: i64,
    pub pack_state: i64,
    pub star: i64,
    pub products: Vec<Product>,
}

impl Default for Order {
    fn default() -> Self {
        Self {
            order_id: 0,
            shop_order_id: 0,
            external_order_id: String::new(),
            order_source: "personal".to_owned(),
            order_source_id: 0,
            order_source_info: "-".to_owned(),
            order_status_id: 0,
            confirmed: true,
            date_confirmed: 0,
            date_add: 0,
            date_in_status: 0,
            user_login: String::new(),
            phone: String::new(),
            email: String::new(),
            user_comments: String::new(),
            admin_comments: String::new(),
            currency: "PLN".to_owned(),
            payment_method: String::new(),
            payment_method_cod: false,
            payment_done: 0.0,
            delivery_method_id: 0,
            delivery_method: String::new(),
            delivery_price: 0.0,
            delivery_package_module: String::new(),
            delivery_package_nr: String::new(),
            delivery_fullname: String::new(),
            delivery_company: String::new(),
            delivery_address: String::new(),
            delivery_city: String::new(),
            delivery_state: String::new(),
            delivery_postcode: String::new(),
            delivery_country: String::new(),
            delivery_country_code: String::new(),
            delivery_point_id: String::new(),
            delivery_point_name: String::new(),
            delivery_point_address: String::new(),
            delivery_point_postcode: String::new(),
            delivery_point_city: String::new(),
            invoice_fullname: String::new(),
            invoice_company: String::new(),
            invoice_nip: String::new(),
            invoice_address: String::new(),
            invoice_city: String::new(),
            invoice_state: String::new(),
            invoice_postcode: String::new(),
            invoice_country: String::new(),
            invoice_country_code: String::new(),
            want_invoice: false,
            extra_field_1: String::new(),
            extra_field_2: String::new(),
            order_page: String::new(),
            pick_state: 0,
            pack_state: 0,
            star: 0,
            products: Vec::new(),
        }
    }
}

impl Order {
    /// Returns the gross value: products and delivery, rounded to the hundredth.
    pub fn total(&self) -> f64 {
        let products: f64 = self.products.iter().map(|row| row.price_brutto * row.quantity as f64).sum();
        ((products + self.delivery_price) * 100.0).round() / 100.0
    }
}

/// A row of an order. `product_id`, `variant_id` and `auction_id` are strings in the API.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[expect(missing_docs, reason = "the fields are the vendor's, documented in its reference of getOrders")]
pub struct Product {
    pub storage: String,
    pub storage_id: i64,
    pub order_product_id: i64,
    pub product_id: String,
    pub variant_id: String,
    pub name: String,
    pub attributes: String,
    pub sku: String,
    pub ean: String,
    pub location: String,
    pub warehouse_id: i64,
    pub auction_id: String,
    /// Gross price of one.
    #[serde(serialize_with = "number")]
    pub price_brutto: f64,
    /// Per cent; -1 exempt, -0.02 not subject, -0.03 reverse charge.
    #[serde(serialize_with = "number")]
    pub tax_rate: f64,
    pub quantity: i64,
    /// Kilograms of one.
    #[serde(serialize_with = "number")]
    pub weight: f64,
    pub bundle_id: i64,
}

impl Default for Product {
    fn default() -> Self {
        Self {
            storage: "db".to_owned(),
            storage_id: 0,
            order_product_id: 0,
            product_id: String::new(),
            variant_id: "0".to_owned(),
            name: String::new(),
            attributes: String::new(),
            sku: String::new(),
            ean: String::new(),
            location: String::new(),
            warehouse_id: 0,
            auction_id: "0".to_owned(),
            price_brutto: 0.0,
            tax_rate: 0.0,
            quantity: 1,
            weight: 0.0,
            bundle_id: 0,
        }
    }
}

fn number<S: serde::Serializer>(number: &f64, serializer: S) -> Result<S::Ok, S::Error> {
    super::answer::php_number(*number).serialize(serializer)
}

mod flag {
    use serde::{Deserialize, Deserializer, Serializer};

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
    pub(super) fn serialize<S: Serializer>(flag: &bool, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(if *flag { "1" } else { "0" })
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
        Ok(String::deserialize(deserializer)? == "1")
    }
}
