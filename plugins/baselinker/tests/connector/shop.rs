//! A fake of the vendor's orders, from its documentation, and readers of requests.

use std::cell::RefCell;
use std::rc::Rc;

use serde_json::{Value, json};
use wharf_sdk::host::RawRequest;
use wharf_sdk::{Bounds, Completeness, Cursor, Feeds, Page, Result};
use wharf_sdk_testing::{Answer, FakeHost, InstalledHost, text_body};

/// Method and parameters of a request.
pub(crate) fn call(request: &RawRequest) -> (String, Value) {
    let form: Vec<(String, String)> = form_urlencoded::parse(text_body(request).as_bytes()).into_owned().collect();
    let value = |name: &str| form.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone()).expect(name);
    (value("method"), serde_json::from_str(&value("parameters")).expect("parameters are JSON"))
}

/// How answers with `id_from` are sorted; nobody documents it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sorting {
    /// By second of confirmation, then id.
    BySecond,
    /// By id whenever `id_from` is given.
    ById,
    /// As `BySecond`, and `id_from` is ignored.
    IdFromIgnored,
    /// As `BySecond`, also when unconfirmed orders are asked for by id.
    NeverById,
}

/// An order of the fake.
#[derive(Debug, Clone)]
pub(crate) struct Order {
    pub(crate) id: u64,
    pub(crate) confirmed: u64,
    pub(crate) added: u64,
    pub(crate) fields: Value,
}

impl Order {
    pub(crate) fn new(id: u64, confirmed: u64) -> Self {
        Self { id, confirmed, added: confirmed.saturating_sub(60), fields: json!({}) }
    }

    pub(crate) fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.fields[name] = value.into();
        self
    }

    fn field(&self, name: &str) -> Value {
        self.fields.get(name).cloned().unwrap_or_default()
    }

    fn json(&self) -> Value {
        let mut order = json!({
            "order_id": self.id, "date_confirmed": self.confirmed, "confirmed": self.confirmed > 0,
            "date_add": self.added, "order_status_id": 201, "order_source": "personal", "order_source_id": 0,
            "email": "a@example.org", "products": [],
        });
        for (name, value) in self.fields.as_object().expect("an object") {
            order[name] = value.clone();
        }
        order
    }
}

/// The fake.
#[derive(Debug, Clone)]
pub(crate) struct Shop {
    pub(crate) orders: Rc<RefCell<Vec<Order>>>,
    pub(crate) sorting: Sorting,
}

impl Shop {
    pub(crate) fn new(orders: impl IntoIterator<Item = Order>) -> Self {
        Self { orders: Rc::new(RefCell::new(orders.into_iter().collect())), sorting: Sorting::BySecond }
    }

    pub(crate) fn sorted(self, sorting: Sorting) -> Self {
        Self { sorting, ..self }
    }

    /// Installs a host that answers from here.
    pub(crate) fn install(&self, config: &str) -> InstalledHost {
        let shop = self.clone();
        FakeHost::new().config(config).now(1_760_100_000_000).respond(move |request| shop.answer(request)).install()
    }

    fn answer(&self, request: &RawRequest) -> Answer {
        let (method, parameters) = call(request);
        assert_eq!(method, "getOrders", "the fake knows one method");
        let orders = self.asked(&parameters);
        Answer::json(200, json!({"status": "SUCCESS", "orders": orders}).to_string())
    }

    fn asked(&self, ask: &Value) -> Vec<Value> {
        let number = |name: &str| ask.get(name).and_then(Value::as_u64);
        let is = |order: &Order, parameter: &str, field: &str| {
            let text = |value: &Value| value.as_str().map_or(value.to_string(), str::to_owned);
            ask.get(parameter).is_none_or(|wanted| text(wanted) == text(&order.json()[field]))
        };
        let id_from = number("id_from").filter(|_| self.sorting != Sorting::IdFromIgnored);
        let unconfirmed = ask.get("get_unconfirmed_orders").and_then(Value::as_bool).unwrap_or(false);
        let orders = self.orders.borrow();
        let mut found: Vec<&Order> = orders
            .iter()
            .filter(|order| unconfirmed || order.confirmed > 0)
            .filter(|order| number("date_confirmed_from").is_none_or(|from| order.confirmed >= from))
            .filter(|order| number("date_from").is_none_or(|from| order.added >= from))
            .filter(|order| id_from.is_none_or(|from| order.id >= from))
            .filter(|order| number("order_id").is_none_or(|id| order.id == id))
            .filter(|order| is(order, "status_id", "order_status_id"))
            .filter(|order| is(order, "filter_email", "email"))
            .filter(|order| is(order, "filter_order_source", "order_source"))
            .filter(|order| is(order, "filter_order_source_id", "order_source_id"))
            .filter(|order| is(order, "filter_external_order_id", "external_order_id"))
            .filter(|order| is(order, "filter_shop_order_id", "shop_order_id"))
            .collect();
        let by_id =
            id_from.is_some() && (self.sorting == Sorting::ById || (unconfirmed && self.sorting != Sorting::NeverById));
        found.sort_by_key(|order| if by_id { (0, order.id) } else { (order.confirmed, order.id) });
        found.iter().take(100).map(|order| order.json()).collect()
    }

    pub(crate) fn status_of(&self, id: u64) -> Value {
        self.orders.borrow().iter().find(|order| order.id == id).map(|order| order.field("order_status_id")).unwrap()
    }

    pub(crate) fn set(&self, id: u64, name: &str, value: impl Into<Value>) {
        let mut orders = self.orders.borrow_mut();
        let order = orders.iter_mut().find(|order| order.id == id).expect("known");
        order.fields[name] = value.into();
    }

    pub(crate) fn add(&self, order: Order) {
        self.orders.borrow_mut().push(order);
    }
}

/// Pulls one page.
pub(crate) fn pull(feed: &str, cursor: Option<Cursor>, bounds: &Bounds) -> Result<Page> {
    baselinker::BaseLinker::pull(feed, cursor, bounds.clone())
}

/// Pulls until the feed has caught up; ids in the order they came, the last cursor, and how many pulls it took.
pub(crate) fn drain(feed: &str, mut cursor: Option<Cursor>, bounds: &Bounds) -> (Vec<u64>, Cursor, usize) {
    let mut ids = Vec::new();
    for pulls in 1..2000 {
        let page = pull(feed, cursor.clone(), bounds).expect("a page");
        assert!(page.items.len() <= usize::try_from(bounds.max_items).unwrap());
        ids.extend(page.items.iter().map(|item| item.id.parse::<u64>().unwrap()));
        if page.state == Completeness::CaughtUp {
            return (ids, page.next, pulls);
        }
        assert_ne!(cursor.as_ref(), Some(&page.next), "a page with more to come moves the cursor");
        cursor = Some(page.next);
    }
    panic!("the feed `{feed}` never catches up");
}

/// Bounds of that many items.
pub(crate) fn at_most(max_items: u32) -> Bounds {
    Bounds { max_items, ..Bounds::default() }
}

/// Bounds with filters.
pub(crate) fn filtered(filter: &[(&str, &str)]) -> Bounds {
    let filter = filter.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Bounds { filter, ..Bounds::default() }
}
