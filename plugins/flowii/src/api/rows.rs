//! Attributes of what FLOWii returns. Section by section they are known from clients, or [assumed] as the README says.

use wharf_sdk::quirks::{Exact, Flag, LocalDate, Text, Whole};

wharf_sdk::record! {
    /// Attributes of an entry of a code list.
    #[derive(Debug)]
    pub(crate) struct Named<'de> {
        pub(crate) name: Text<'de>,
        ..unknown
    }
}

wharf_sdk::record! {
    /// Attributes of a partner.
    #[derive(Debug)]
    pub(crate) struct Partner<'de> {
        pub(crate) name: Text<'de>,
        pub(crate) kind: Whole as "type",
        pub(crate) comment: Text<'de>,
        pub(crate) registration_number: Text<'de> as "ico",
        pub(crate) tax_number: Text<'de> as "dic",
        pub(crate) vat_number: Text<'de> as "ic-dph",
        ..unknown
    }
}

wharf_sdk::record! {
    /// Attributes of an address.
    #[derive(Debug)]
    pub(crate) struct Address<'de> {
        pub(crate) street: Text<'de>,
        pub(crate) city: Text<'de>,
        pub(crate) zip: Text<'de>,
        ..unknown
    }
}

wharf_sdk::record! {
    /// Attributes of a contact.
    #[derive(Debug)]
    pub(crate) struct Contact<'de> {
        pub(crate) first_name: Text<'de> as "first-name",
        pub(crate) last_name: Text<'de> as "last-name",
        pub(crate) email: Text<'de>,
        pub(crate) phone: Text<'de>,
        ..unknown
    }
}

wharf_sdk::record! {
    /// Attributes of an order.
    #[derive(Debug)]
    pub(crate) struct Order<'de> {
        pub(crate) name: Text<'de>,
        pub(crate) number: Text<'de> as "serial-nr",
        pub(crate) created: LocalDate,
        pub(crate) accepted: LocalDate,
        pub(crate) deadline: LocalDate,
        pub(crate) description: Text<'de>,
        ..unknown
    }
}

wharf_sdk::record! {
    /// Attributes of an item of an order or of a document.
    #[derive(Debug)]
    pub(crate) struct OrderItem<'de> {
        pub(crate) name: Text<'de>,
        pub(crate) quantity: Exact,
        pub(crate) unit: Text<'de>,
        pub(crate) unit_price: Exact as "unit-price",
        pub(crate) vat_rate: Exact as "vat-rate",
        ..unknown
    }
}

wharf_sdk::record! {
    /// Attributes of a document. `gross-amount` is without tax, whatever its name says: so a client reads it.
    #[derive(Debug)]
    pub(crate) struct Document<'de> {
        pub(crate) kind: Whole as "type",
        pub(crate) number: Text<'de> as "serial-nr",
        pub(crate) issued: LocalDate as "issued-date",
        pub(crate) delivered: LocalDate as "delivery-date",
        pub(crate) due: LocalDate as "due-date",
        pub(crate) paid: LocalDate as "paid-date",
        pub(crate) net: Exact as "gross-amount",
        pub(crate) gross: Exact as "taxed-gross-amount",
        pub(crate) unpaid: Exact,
        pub(crate) currency: Text<'de>,
        ..unknown
    }
}

wharf_sdk::record! {
    /// Attributes of a product.
    #[derive(Debug)]
    pub(crate) struct Product<'de> {
        pub(crate) name: Text<'de>,
        pub(crate) code: Text<'de>,
        pub(crate) ean: Text<'de>,
        pub(crate) kind: Whole as "type",
        pub(crate) unit: Text<'de>,
        pub(crate) price: Exact,
        pub(crate) taxed_price: Exact as "taxed-price",
        pub(crate) vat_rate: Exact as "vat-rate",
        pub(crate) stock: Exact as "stock-quantity",
        pub(crate) active: Flag,
        ..unknown
    }
}

wharf_sdk::record! {
    /// Attributes of a payment.
    #[derive(Debug)]
    pub(crate) struct Payment<'de> {
        pub(crate) date: LocalDate,
        pub(crate) amount: Exact,
        pub(crate) currency: Text<'de>,
        pub(crate) direction: Whole,
        pub(crate) reference: Text<'de> as "variable-symbol",
        pub(crate) note: Text<'de>,
        ..unknown
    }
}

wharf_sdk::record! {
    /// Attributes of a task.
    #[derive(Debug)]
    pub(crate) struct Task<'de> {
        pub(crate) caption: Text<'de>,
        pub(crate) description: Text<'de>,
        pub(crate) deadline: LocalDate,
        ..unknown
    }
}

wharf_sdk::record! {
    /// Attributes of what one person does for a task.
    #[derive(Debug)]
    pub(crate) struct Activity<'de> {
        pub(crate) state: Whole,
        pub(crate) deadline: LocalDate,
        ..unknown
    }
}

wharf_sdk::record! {
    /// Attributes of an event.
    #[derive(Debug)]
    pub(crate) struct Event<'de> {
        pub(crate) caption: Text<'de>,
        pub(crate) description: Text<'de>,
        pub(crate) start: LocalDate,
        pub(crate) end: LocalDate,
        pub(crate) place: Text<'de>,
        ..unknown
    }
}

wharf_sdk::record! {
    /// Attributes of a business case.
    #[derive(Debug)]
    pub(crate) struct BusinessCase<'de> {
        pub(crate) name: Text<'de>,
        pub(crate) number: Text<'de> as "serial-nr",
        pub(crate) created: LocalDate,
        pub(crate) expected_close: LocalDate as "expected-close",
        pub(crate) amount: Exact,
        pub(crate) currency: Text<'de>,
        pub(crate) probability: Exact,
        pub(crate) description: Text<'de>,
        ..unknown
    }
}

wharf_sdk::record! {
    /// Attributes of an attendance.
    #[derive(Debug)]
    pub(crate) struct Attendance<'de> {
        pub(crate) date: LocalDate,
        pub(crate) from: Text<'de>,
        pub(crate) to: Text<'de>,
        pub(crate) kind: Text<'de> as "type",
        pub(crate) note: Text<'de>,
        ..unknown
    }
}

wharf_sdk::record! {
    /// Attributes of the value of a custom field.
    #[derive(Debug)]
    pub(crate) struct CustomValue<'de> {
        pub(crate) value: Text<'de>,
        ..unknown
    }
}
