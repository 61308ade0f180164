//! From the vendor's orders to the common document. Pure.
//!
//! The document is written straight from the answer's text: a string is copied with its quotes and escapes, a number
//! gets quotes, and nothing becomes a value in between. That is what makes a large pull fast.
//!
//! Nothing is lost: what the common document has no place for goes to `extra` under the vendor's name, as it was
//! written. Values that are to be numbers and are not stay as their text, so that whoever takes the document refuses it
//! by name instead of using a wrong number.

use crate::api::Raw;
use crate::api::order::{Line, Order};
use crate::assumed::{TAX_CODES, TAX_LETTERS};

pub(crate) mod invoice;
mod json;
mod number;
pub(crate) mod payment;
pub(crate) mod product;
mod source;

use json::{Json, key};
use number::Number;

/// Writes the common document of an order.
pub(crate) fn order_document(order: &Order<'_>, capacity: usize) -> String {
    let mut writer = Writer { json: Json::with_capacity(capacity), leftover: Vec::new() };
    writer.order(order);
    writer.json.finish()
}

/// Writes one document.
struct Writer<'a> {
    json: Json,
    /// Fields that turned out not to fit where they belong, for `extra`.
    leftover: Vec<(&'static str, Raw<'a>)>,
}

/// Writes a field of the order as text: `text!(writer, "city" = order.delivery_city)`.
macro_rules! put {
    ($writer:ident . $method:ident, $key:literal = $from:ident . $field:ident) => {
        $writer.$method(key!($key), stringify!($field), $from.$field)
    };
}

impl<'a> Writer<'a> {
    fn order(&mut self, order: &Order<'a>) {
        self.json.open();
        self.head(order);
        self.customer(order);
        if has_invoice_address(order) {
            self.invoice_address(key!("invoice_address"), order);
        }
        put!(self.flag, "wants_invoice" = order.want_invoice);
        self.delivery(order);
        self.payment(order);
        self.lines(&order.products.0);
        put!(self.text, "customer_note" = order.user_comments);
        put!(self.text, "internal_note" = order.admin_comments);
        self.extra(order);
        self.json.close();
    }

    fn head(&mut self, order: &Order<'a>) {
        put!(self.id, "id" = order.order_id);
        put!(self.id, "number" = order.order_id);
        if order.external_order_id.is_blank() {
            put!(self.id, "external_number" = order.shop_order_id);
        } else {
            put!(self.text, "external_number" = order.external_order_id);
        }
        put!(self.id, "status" = order.order_status_id);
        self.source(order);
        put!(self.instant, "created_at" = order.date_add);
        put!(self.instant, "confirmed_at" = order.date_confirmed);
        put!(self.upper, "currency" = order.currency);
    }

    /// Sources are numbered within their type only, so both make the key of the reference list.
    fn source(&mut self, order: &Order<'a>) {
        let (kind, id) = (order.order_source, order.order_source_id);
        if kind.is_blank() || kind.is_nested() {
            return;
        }
        self.json.key(key!("source"));
        self.json.raw("\"");
        self.json.raw(kind.unquoted());
        self.json.raw(":");
        self.json.raw(if id.is_blank() || id.is_nested() { "0" } else { id.unquoted() });
        self.json.raw("\"");
    }

    fn customer(&mut self, order: &Order<'a>) {
        self.json.key(key!("customer"));
        self.json.open();
        put!(self.id, "id" = order.crm_client_id);
        let (kind, name) = buyer(order);
        self.json.key(key!("kind"));
        self.json.raw(kind);
        self.json.key(key!("name"));
        self.json.string(name);
        put!(self.text, "tax_number" = order.invoice_nip);
        put!(self.text, "login" = order.user_login);
        put!(self.text, "email" = order.email);
        put!(self.text, "phone" = order.phone);
        let invoiced = has_invoice_address(order);
        match invoiced {
            true => self.invoice_address(key!("address"), order),
            false => self.delivery_address(key!("address"), order),
        }
        self.json.close();
        if !invoiced {
            self.keep("invoice_state", order.invoice_state);
            self.keep("invoice_country_code", order.invoice_country_code);
        }
    }

    fn delivery(&mut self, order: &Order<'a>) {
        let start = self.json.begin(key!("delivery"));
        put!(self.text, "method" = order.delivery_method);
        put!(self.number, "price_gross" = order.delivery_price);
        self.delivery_address(key!("address"), order);
        let point = self.json.begin(key!("pickup_point"));
        put!(self.text, "id" = order.delivery_point_id);
        let address = self.json.begin(key!("address"));
        put!(self.text, "name" = order.delivery_point_name);
        put!(self.text, "street" = order.delivery_point_address);
        put!(self.text, "postcode" = order.delivery_point_postcode);
        put!(self.text, "city" = order.delivery_point_city);
        self.json.end(address);
        self.json.end(point);
        put!(self.text, "carrier" = order.delivery_package_module);
        put!(self.text, "tracking_number" = order.delivery_package_nr);
        self.json.end(start);
    }

    fn invoice_address(&mut self, key: &str, order: &Order<'a>) {
        let start = self.json.begin(key);
        put!(self.text, "name" = order.invoice_fullname);
        put!(self.text, "company" = order.invoice_company);
        put!(self.text, "street" = order.invoice_address);
        put!(self.text, "postcode" = order.invoice_postcode);
        put!(self.text, "city" = order.invoice_city);
        put!(self.text, "state" = order.invoice_state);
        put!(self.upper, "country" = order.invoice_country_code);
        self.json.end(start);
    }

    fn delivery_address(&mut self, key: &str, order: &Order<'a>) {
        let start = self.json.begin(key);
        put!(self.text, "name" = order.delivery_fullname);
        put!(self.text, "company" = order.delivery_company);
        put!(self.text, "street" = order.delivery_address);
        put!(self.text, "postcode" = order.delivery_postcode);
        put!(self.text, "city" = order.delivery_city);
        put!(self.text, "state" = order.delivery_state);
        put!(self.upper, "country" = order.delivery_country_code);
        self.json.end(start);
    }

    fn payment(&mut self, order: &Order<'a>) {
        let start = self.json.begin(key!("payment"));
        put!(self.text, "method" = order.payment_method);
        put!(self.flag, "cash_on_delivery" = order.payment_method_cod);
        put!(self.number, "paid" = order.payment_done);
        self.json.end(start);
    }

    fn lines(&mut self, lines: &[Line<'a>]) {
        self.json.key(key!("lines"));
        self.json.raw("[");
        let mut lines = lines.iter();
        if let Some(first) = lines.next() {
            self.line(first);
        }
        for line in lines {
            self.json.raw(",");
            self.line(line);
        }
        self.json.raw("]");
    }

    fn line(&mut self, line: &Line<'a>) {
        let before = std::mem::take(&mut self.leftover);
        self.json.open();
        put!(self.id, "id" = line.order_product_id);
        put!(self.id, "product_id" = line.product_id);
        put!(self.id, "variant_id" = line.variant_id);
        put!(self.text, "sku" = line.sku);
        put!(self.text, "ean" = line.ean);
        self.json.key(key!("name"));
        self.json.string(line.name);
        if line.name.is_nested() {
            self.keep("name", line.name);
        }
        put!(self.number, "quantity" = line.quantity);
        put!(self.number, "unit_price_gross" = line.price_brutto);
        self.tax_rate(line.tax_rate);
        self.rest(&line.unknown);
        self.json.close();
        self.leftover = before;
    }

    fn tax_rate(&mut self, rate: Raw<'a>) {
        if rate.is_blank() {
            return;
        }
        let start = self.json.begin(key!("tax_rate"));
        match tax_code(rate) {
            Some(code) => {
                self.json.key(key!("code"));
                self.json.raw("\"");
                self.json.raw(code);
                self.json.raw("\"");
            }
            None if Number::of(rate).is_some() => self.number(key!("percent"), "tax_rate", rate),
            None => self.text(key!("code"), "tax_rate", rate),
        }
        self.json.end(start);
    }

    fn extra(&mut self, order: &Order<'a>) {
        let start = self.json.begin(key!("extra"));
        for (name, value) in [
            ("shop_order_id", order.shop_order_id),
            ("order_source", order.order_source),
            ("order_source_id", order.order_source_id),
            ("confirmed", order.confirmed),
        ] {
            self.member(name, value);
        }
        if order.custom_extra_fields.is_present() {
            self.json.key(key!("custom_extra_fields"));
            self.json.map(order.custom_extra_fields);
        }
        let leftover = std::mem::take(&mut self.leftover);
        for (name, value) in leftover {
            self.member(name, value);
        }
        for (name, json) in order.unknown.iter() {
            self.member(name, Raw::new(json));
        }
        self.json.end(start);
    }

    /// Writes the `extra` of a line.
    fn rest(&mut self, unknown: &wharf_sdk::quirks::Unknown<'a>) {
        let start = self.json.begin(key!("extra"));
        let leftover = std::mem::take(&mut self.leftover);
        for (name, value) in leftover {
            self.member(name, value);
        }
        for (name, json) in unknown.iter() {
            self.member(name, Raw::new(json));
        }
        self.json.end(start);
    }

    fn member(&mut self, name: &str, value: Raw<'_>) {
        if value.is_present() {
            self.json.any_key(name);
            self.json.raw(value.json());
        }
    }

    /// Keeps a field for `extra`, unless it says nothing.
    fn keep(&mut self, name: &'static str, value: Raw<'a>) {
        if !value.is_blank() && !self.leftover.iter().any(|(known, _)| *known == name) {
            self.leftover.push((name, value));
        }
    }

    fn text(&mut self, key: &str, name: &'static str, value: Raw<'a>) {
        match value.is_nested() {
            true => self.keep(name, value),
            false => self.json.text(key, value),
        }
    }

    fn id(&mut self, key: &str, name: &'static str, value: Raw<'a>) {
        if !value.is_no_id() {
            self.text(key, name, value);
        }
    }

    /// Writes a code in upper case: ISO codes come so, and have to.
    fn upper(&mut self, key: &str, name: &'static str, value: Raw<'a>) {
        match value.is_nested() {
            true => self.keep(name, value),
            false => self.json.upper(key, value),
        }
    }

    fn number(&mut self, key: &str, name: &'static str, value: Raw<'a>) {
        if value.is_blank() {
            return;
        }
        match Number::of(value) {
            Some(number) => self.json.number(key, &number),
            None => self.text(key, name, value),
        }
    }

    fn flag(&mut self, key: &str, name: &'static str, value: Raw<'a>) {
        match value.flag() {
            Some(flag) => {
                self.json.key(key);
                self.json.raw(if flag { "true" } else { "false" });
            }
            None => self.keep(name, value),
        }
    }

    /// Writes a time. Zero says that it has not happened.
    fn instant(&mut self, key: &str, name: &'static str, value: Raw<'a>) {
        match value.whole() {
            Some(0) => {}
            Some(seconds) if seconds <= LAST_SECOND => {
                self.json.key(key);
                self.json.raw("\"");
                self.json.raw(&wharf_sdk::civil::rfc3339(seconds * 1000));
                self.json.raw("\"");
            }
            _ => self.keep(name, value),
        }
    }
}

/// The last second that RFC 3339 can write: 9999-12-31T23:59:59Z.
const LAST_SECOND: u64 = 253_402_300_799;

/// Tells whether the order has an invoice address of its own; a country alone is none.
fn has_invoice_address(order: &Order<'_>) -> bool {
    let fields = [
        order.invoice_fullname,
        order.invoice_company,
        order.invoice_address,
        order.invoice_postcode,
        order.invoice_city,
    ];
    fields.iter().any(|field| !field.is_blank())
}

/// Says who buys: what the invoice says, else the one it is delivered to, else the login or the address of e-mail. A
/// company is who has a company's name or a tax number.
fn buyer<'a>(order: &Order<'a>) -> (&'static str, Raw<'a>) {
    const COMPANY: &str = "\"company\"";
    const PERSON: &str = "\"person\"";
    let person = if order.invoice_nip.is_blank() { PERSON } else { COMPANY };
    let candidates = [
        (COMPANY, order.invoice_company),
        (person, order.invoice_fullname),
        (COMPANY, order.delivery_company),
        (person, order.delivery_fullname),
        (person, order.user_login),
        (person, order.email),
    ];
    let found = candidates.into_iter().find(|(_, name)| !name.is_blank() && !name.is_nested());
    found.unwrap_or((person, Raw::default()))
}

/// Returns the case in which no percentage applies.
fn tax_code(rate: Raw<'_>) -> Option<&'static str> {
    let text = rate.unquoted();
    if text.starts_with('-') {
        let number: wharf_sdk::document::Decimal = text.parse().ok()?;
        let is = |special: &str| special.parse().is_ok_and(|special: wharf_sdk::document::Decimal| special == number);
        return TAX_CODES.iter().find(|(special, _)| is(special)).map(|(_, code)| *code);
    }
    TAX_LETTERS.iter().find(|(letters, _)| letters.eq_ignore_ascii_case(text)).map(|(_, code)| *code)
}
