//! The resource types: their paths, attributes and relationships.
//!
//! Names come from the working clients; the modules they do not use (events, business cases, products, payments,
//! attendances, order items) follow the proposed contract \[assumed\].

/// What an attribute holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Holds {
    Text,
    /// One of these numbers.
    Choice(&'static [i64]),
    Integer,
    Number,
    Flag,
    /// Local date-time of the company without zone.
    DateTime,
    /// Set by the system; dropped when sent.
    ReadOnly,
}

/// An attribute of a type.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Attribute {
    pub(crate) name: &'static str,
    pub(crate) holds: Holds,
    pub(crate) required: bool,
}

/// What a relationship points at.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Target {
    /// An entry of a code list, by its path.
    Code(&'static str),
    /// A record of a table, by its path.
    Record(&'static str),
    User,
    /// A child that is sent with its attributes and gets its own id.
    Child(&'static Shape),
}

impl Target {
    /// Returns the type that an identifier of this target carries.
    pub(crate) fn kind(self) -> &'static str {
        match self {
            Self::Code(path) => code_kind(path),
            Self::Record(path) => shape_of(path).map_or("unknown", |shape| shape.kind),
            Self::User => "user",
            Self::Child(shape) => shape.kind,
        }
    }
}

/// A relationship of a type.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Link {
    pub(crate) name: &'static str,
    pub(crate) target: Target,
    pub(crate) many: bool,
    pub(crate) required: bool,
}

/// A resource type.
#[derive(Debug)]
pub(crate) struct Shape {
    pub(crate) kind: &'static str,
    pub(crate) attributes: &'static [Attribute],
    pub(crate) links: &'static [Link],
}

impl Shape {
    pub(crate) fn attribute(&self, name: &str) -> Option<&'static Attribute> {
        self.attributes.iter().find(|attribute| attribute.name == name)
    }

    pub(crate) fn link(&self, name: &str) -> Option<&'static Link> {
        self.links.iter().find(|link| link.name == name)
    }
}

const fn needs(name: &'static str, holds: Holds) -> Attribute {
    Attribute { name, holds, required: true }
}

const fn has(name: &'static str, holds: Holds) -> Attribute {
    Attribute { name, holds, required: false }
}

const fn to(name: &'static str, target: Target) -> Link {
    Link { name, target, many: false, required: false }
}

const fn to_required(name: &'static str, target: Target) -> Link {
    Link { name, target, many: false, required: true }
}

const fn to_many(name: &'static str, target: Target) -> Link {
    Link { name, target, many: true, required: false }
}

const fn to_some(name: &'static str, target: Target) -> Link {
    Link { name, target, many: true, required: true }
}

use Holds::{Choice, DateTime, Flag, Integer, Number, ReadOnly, Text};

static ADDRESS: Shape = Shape {
    kind: "address",
    attributes: &[has("street", Text), has("city", Text), has("zip", Text)],
    links: &[to("country", Target::Code("countries"))],
};

static CONTACT: Shape = Shape {
    kind: "contact",
    attributes: &[has("first-name", Text), has("last-name", Text), has("email", Text), has("phone", Text)],
    links: &[],
};

static CUSTOM_VALUE: Shape = Shape {
    kind: "custom-field-string-value",
    attributes: &[needs("value", Text)],
    links: &[to_required("custom-field", Target::Code("orders/customfields"))],
};

static ACTIVITY: Shape = Shape {
    kind: "activity",
    attributes: &[has("state", Integer), has("deadline", DateTime)],
    links: &[to_required("activity-type", Target::Code("activitytypes")), to("user", Target::User)],
};

/// An item of an order.
pub(crate) static ORDER_ITEM: Shape = Shape {
    kind: "order-item",
    attributes: &[
        needs("name", Text),
        needs("quantity", Number),
        has("unit", Text),
        needs("unit-price", Number),
        has("vat-rate", Number),
    ],
    links: &[to("product", Target::Record("products"))],
};

static DOCUMENT_ITEM: Shape = Shape {
    kind: "document-item",
    attributes: &[
        needs("name", Text),
        needs("quantity", Number),
        has("unit", Text),
        needs("unit-price", Number),
        has("vat-rate", Number),
    ],
    links: &[to("product", Target::Record("products"))],
};

static PARTNER: Shape = Shape {
    kind: "partner",
    attributes: &[
        needs("name", Text),
        has("type", Choice(&[1, 2])),
        has("comment", Text),
        has("ico", Text),
        has("dic", Text),
        has("ic-dph", Text),
    ],
    links: &[
        to("billing-address", Target::Child(&ADDRESS)),
        to("responsible-user", Target::User),
        to("key-contact", Target::Child(&CONTACT)),
    ],
};

static ORDER: Shape = Shape {
    kind: "order",
    attributes: &[
        needs("name", Text),
        has("created", DateTime),
        has("accepted", DateTime),
        has("deadline", DateTime),
        has("description", Text),
        has("serial-nr", ReadOnly),
    ],
    links: &[
        to_required("type", Target::Code("ordertypes")),
        to("state", Target::Code("orderstates")),
        to_required("partner", Target::Record("partners")),
        to("user", Target::User),
        to_many("responsible-users", Target::User),
        to("company-data", Target::Code("companydata")),
        to_many("custom-field-string-values", Target::Child(&CUSTOM_VALUE)),
        to_many("items", Target::Child(&ORDER_ITEM)),
    ],
};

static TASK: Shape = Shape {
    kind: "task",
    attributes: &[needs("caption", Text), has("description", Text), has("deadline", DateTime)],
    links: &[
        to_some("activities", Target::Child(&ACTIVITY)),
        to("order", Target::Record("orders")),
        to("partner", Target::Record("partners")),
    ],
};

static EVENT: Shape = Shape {
    kind: "event",
    attributes: &[
        needs("caption", Text),
        has("description", Text),
        needs("start", DateTime),
        has("end", DateTime),
        has("place", Text),
    ],
    links: &[to("partner", Target::Record("partners")), to_many("users", Target::User)],
};

static BUSINESS_CASE: Shape = Shape {
    kind: "business-case",
    attributes: &[
        needs("name", Text),
        has("serial-nr", ReadOnly),
        has("created", DateTime),
        has("expected-close", DateTime),
        has("amount", Number),
        has("currency", Text),
        has("probability", Number),
        has("description", Text),
    ],
    links: &[
        to_required("partner", Target::Record("partners")),
        to("state", Target::Code("businesscasestates")),
        to("responsible-user", Target::User),
    ],
};

static PRODUCT: Shape = Shape {
    kind: "product",
    attributes: &[
        needs("name", Text),
        has("code", Text),
        has("ean", Text),
        has("type", Choice(&[1, 2])),
        has("unit", Text),
        has("price", Number),
        has("taxed-price", Number),
        has("vat-rate", Number),
        has("stock-quantity", Number),
        has("active", Flag),
    ],
    links: &[to("category", Target::Code("productcategories"))],
};

static DOCUMENT: Shape = Shape {
    kind: "document",
    attributes: &[
        has("type", Integer),
        has("serial-nr", ReadOnly),
        has("issued-date", DateTime),
        has("delivery-date", DateTime),
        has("due-date", DateTime),
        has("paid-date", DateTime),
        has("gross-amount", Number),
        has("taxed-gross-amount", Number),
        has("unpaid", Number),
        has("invoice-state", Integer),
        has("variable-symbol", Text),
        has("currency", Text),
    ],
    links: &[
        to_required("partner", Target::Record("partners")),
        to("order", Target::Record("orders")),
        to_many("items", Target::Child(&DOCUMENT_ITEM)),
    ],
};

static PAYMENT: Shape = Shape {
    kind: "payment",
    attributes: &[
        needs("date", DateTime),
        needs("amount", Number),
        has("currency", Text),
        needs("direction", Choice(&[1, 2])),
        has("variable-symbol", Text),
        has("note", Text),
    ],
    links: &[to("partner", Target::Record("partners")), to("document", Target::Record("documents"))],
};

static ATTENDANCE: Shape = Shape {
    kind: "attendance",
    attributes: &[needs("date", DateTime), has("from", Text), has("to", Text), has("type", Integer), has("note", Text)],
    links: &[to_required("user", Target::User)],
};

/// The tables of a company: path and type.
pub(crate) static TABLES: &[(&str, &Shape)] = &[
    ("partners", &PARTNER),
    ("orders", &ORDER),
    ("tasks", &TASK),
    ("events", &EVENT),
    ("businesscases", &BUSINESS_CASE),
    ("products", &PRODUCT),
    ("documents", &DOCUMENT),
    ("payments", &PAYMENT),
    ("attendances", &ATTENDANCE),
];

/// The code lists of a company: path and type. They ignore page parameters.
pub(crate) static CODE_LISTS: &[(&str, &str)] = &[
    ("ordertypes", "order-type"),
    ("orderstates", "order-state"),
    ("activitytypes", "activity-type"),
    ("countries", "country"),
    ("companydata", "company-data"),
    ("businesscasestates", "business-case-state"),
    ("productcategories", "category"),
    ("orders/customfields", "custom-field"),
];

/// Finds the type kept under a path.
pub(crate) fn shape_of(path: &str) -> Option<&'static Shape> {
    TABLES.iter().find(|(name, _)| *name == path).map(|(_, shape)| *shape)
}

/// Names the type of a code list's entries.
pub(crate) fn code_kind(path: &str) -> &'static str {
    CODE_LISTS.iter().find(|(name, _)| *name == path).map_or("unknown", |(_, kind)| *kind)
}
