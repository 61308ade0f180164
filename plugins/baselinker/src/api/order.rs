//! `getOrders` and what belongs to it.

use serde::Deserialize;
use wharf_sdk::record;

use super::{Raw, Rows, payload};

record! {
    /// An order. Fields that the common document has a place for are named; all others are `unknown` and go to `extra`.
    #[derive(Debug)]
    pub(crate) struct Order<'a> {
        pub(crate) order_id: Raw<'a> = required,
        pub(crate) shop_order_id: Raw<'a>,
        pub(crate) external_order_id: Raw<'a>,
        pub(crate) order_source: Raw<'a>,
        pub(crate) order_source_id: Raw<'a>,
        pub(crate) order_status_id: Raw<'a>,
        pub(crate) confirmed: Raw<'a>,
        pub(crate) date_add: Raw<'a>,
        pub(crate) date_confirmed: Raw<'a>,
        pub(crate) user_login: Raw<'a>,
        pub(crate) currency: Raw<'a>,
        pub(crate) payment_method: Raw<'a>,
        pub(crate) payment_method_cod: Raw<'a>,
        pub(crate) payment_done: Raw<'a>,
        pub(crate) user_comments: Raw<'a>,
        pub(crate) admin_comments: Raw<'a>,
        pub(crate) email: Raw<'a>,
        pub(crate) phone: Raw<'a>,
        pub(crate) delivery_method: Raw<'a>,
        pub(crate) delivery_price: Raw<'a>,
        pub(crate) delivery_package_module: Raw<'a>,
        pub(crate) delivery_package_nr: Raw<'a>,
        pub(crate) delivery_fullname: Raw<'a>,
        pub(crate) delivery_company: Raw<'a>,
        pub(crate) delivery_address: Raw<'a>,
        pub(crate) delivery_postcode: Raw<'a>,
        pub(crate) delivery_city: Raw<'a>,
        pub(crate) delivery_state: Raw<'a>,
        pub(crate) delivery_country_code: Raw<'a>,
        pub(crate) delivery_point_id: Raw<'a>,
        pub(crate) delivery_point_name: Raw<'a>,
        pub(crate) delivery_point_address: Raw<'a>,
        pub(crate) delivery_point_postcode: Raw<'a>,
        pub(crate) delivery_point_city: Raw<'a>,
        pub(crate) invoice_fullname: Raw<'a>,
        pub(crate) invoice_company: Raw<'a>,
        pub(crate) invoice_nip: Raw<'a>,
        pub(crate) invoice_address: Raw<'a>,
        pub(crate) invoice_postcode: Raw<'a>,
        pub(crate) invoice_city: Raw<'a>,
        pub(crate) invoice_state: Raw<'a>,
        pub(crate) invoice_country_code: Raw<'a>,
        pub(crate) want_invoice: Raw<'a>,
        pub(crate) custom_extra_fields: Raw<'a>,
        pub(crate) crm_client_id: Raw<'a>,
        pub(crate) products: Rows<Line<'a>>,
        ..unknown
    }
}

record! {
    /// A product of an order.
    #[derive(Debug)]
    pub(crate) struct Line<'a> {
        pub(crate) order_product_id: Raw<'a>,
        pub(crate) product_id: Raw<'a>,
        pub(crate) variant_id: Raw<'a>,
        pub(crate) name: Raw<'a>,
        pub(crate) sku: Raw<'a>,
        pub(crate) ean: Raw<'a>,
        pub(crate) price_brutto: Raw<'a>,
        pub(crate) tax_rate: Raw<'a>,
        pub(crate) quantity: Raw<'a>,
        ..unknown
    }
}

/// What paging and filters need of an order.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Head<'a> {
    #[serde(borrow)]
    pub(crate) order_id: Raw<'a>,
    #[serde(borrow)]
    pub(crate) date_confirmed: Raw<'a>,
    #[serde(borrow)]
    pub(crate) date_add: Raw<'a>,
    #[serde(borrow)]
    pub(crate) order_source: Raw<'a>,
    #[serde(borrow)]
    pub(crate) order_source_id: Raw<'a>,
    #[serde(borrow)]
    pub(crate) email: Raw<'a>,
}

payload!(
    /// Orders, all fields.
    Orders<'a>, "orders", Rows<Order<'a>>
);

payload!(
    /// Orders as they are written.
    RawOrders<'a>, "orders", Rows<Raw<'a>>
);

/// A row of `getOrdersByPhone`. Its ids are strings.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Found<'a> {
    #[serde(borrow)]
    pub(crate) order_id: Raw<'a>,
}

payload!(
    /// Orders of a buyer, ids only.
    FoundOrders<'a>, "orders", Rows<Found<'a>>
);

payload!(
    /// The id of an order that was added.
    Added<'a>, "order_id", Raw<'a>
);
