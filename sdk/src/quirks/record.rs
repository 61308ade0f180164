//! Records that keep the fields that they do not know.

use std::borrow::Cow;
use std::fmt;

use serde::de::{self, Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::document::Extra;

/// A key of an object, borrowed from the text where it has no escapes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key<'de>(Cow<'de, str>);

impl<'de> Key<'de> {
    /// Returns the key.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Takes the key out.
    pub fn into_inner(self) -> Cow<'de, str> {
        self.0
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Key<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(KeyVisitor)
    }
}

struct KeyVisitor;

impl<'de> Visitor<'de> for KeyVisitor {
    type Value = Key<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_borrowed_str<E: de::Error>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Key(Cow::Borrowed(text)))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Key(Cow::Owned(text.to_owned())))
    }
}

/// The fields of a record that its type does not name, each with its JSON text as it was written.
#[derive(Debug, Clone, Default)]
pub struct Unknown<'de>(Vec<(Cow<'de, str>, &'de RawValue)>);

impl<'de> Unknown<'de> {
    /// Returns the JSON text of a field.
    pub fn get(&self, name: &str) -> Option<&'de str> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, raw)| raw.get())
    }

    /// Goes through names and JSON texts.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &'de str)> {
        self.0.iter().map(|(key, raw)| (key.as_ref(), raw.get()))
    }

    /// Tells whether every field was known.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds the fields to the `extra` of a document, under their own names.
    ///
    /// What says nothing is left out: `null`, `""`, `[]` and `{}`.
    pub fn add_to(&self, extra: &mut Extra) {
        for (name, text) in self.iter() {
            if matches!(text, "null" | "\"\"" | "[]" | "{}") {
                continue;
            }
            if let Ok(value) = serde_json::from_str(text) {
                extra.insert(name.to_owned(), value);
            }
        }
    }

    /// Reads the value of a key that no field has. For [`record!`](crate::record).
    #[doc(hidden)]
    pub fn take<A: MapAccess<'de>>(&mut self, key: Key<'de>, map: &mut A) -> Result<(), A::Error> {
        let raw = map.next_value::<&'de RawValue>()?;
        self.0.push((key.into_inner(), raw));
        Ok(())
    }
}

/// Declares a type for a JSON object that keeps the fields it does not name, without a tree of values.
///
/// Each field is read by its type, most often one of [`quirks`](crate::quirks). A field that is missing gets its type's
/// default (a record in a record derives `Default` for that), unless it is `= required`. `null` in place of a record, and
/// `[]`, as PHP writes it, are one without fields; a list that may be `null` is an `Option<Vec<..>>`. `as "name"` gives the
/// JSON name where it is not the field's. Everything else ends in the last field, an
/// [`Unknown`](crate::quirks::Unknown) as visible as the type. The type has one lifetime, that of the JSON text.
///
/// ```
/// use wharf_sdk::quirks::{Entries, Exact, Id};
///
/// wharf_sdk::record! {
///     /// A product.
///     #[derive(Debug)]
///     pub struct Product<'de> {
///         pub id: Id<'de> = required,
///         pub vat: Exact as "tax-rate",
///         pub stock: Entries<'de, Exact>,
///         ..unknown
///     }
/// }
///
/// let product: Product<'_> = serde_json::from_str(r#"{"id": 1, "tax-rate": 23, "stock": [], "colour": "red"}"#)?;
/// assert_eq!(product.unknown.get("colour"), Some("\"red\""));
/// assert!(serde_json::from_str::<Product<'_>>("{}").is_err());
/// # Ok::<(), serde_json::Error>(())
/// ```
#[macro_export]
macro_rules! record {
    (
        $(#[$meta:meta])*
        $vis:vis struct $name:ident<$life:lifetime> {
            $($(#[$field_meta:meta])* $field_vis:vis $field:ident: $type:ty $(as $key:literal)? $(= $need:ident)?,)*
            ..$unknown:ident
        }
    ) => {
        $(#[$meta])*
        $vis struct $name<$life> {
            $($(#[$field_meta])* $field_vis $field: $type,)*
            /// The fields that are not named here.
            $vis $unknown: $crate::quirks::Unknown<$life>,
        }

        impl<'json: $life, $life> $crate::__private::serde::de::Deserialize<'json> for $name<$life> {
            fn deserialize<D: $crate::__private::serde::de::Deserializer<'json>>(
                deserializer: D,
            ) -> ::std::result::Result<Self, D::Error> {
                struct Fields<$life>(::std::marker::PhantomData<&$life ()>);

                impl<'json: $life, $life> $crate::__private::serde::de::Visitor<'json> for Fields<$life> {
                    type Value = $name<$life>;

                    fn expecting(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                        f.write_str(concat!("an object, `", stringify!($name), "`"))
                    }

                    fn visit_map<A: $crate::__private::serde::de::MapAccess<'json>>(
                        self,
                        mut map: A,
                    ) -> ::std::result::Result<Self::Value, A::Error> {
                        $(let mut $field: ::std::option::Option<$type> = ::std::option::Option::None;)*
                        let mut $unknown = $crate::quirks::Unknown::default();
                        while let ::std::option::Option::Some(key) = map.next_key::<$crate::quirks::Key<'_>>()? {
                            match key.as_str() {
                                $($crate::record!(@key $field $($key)?) => {
                                    $field = ::std::option::Option::Some(map.next_value()?);
                                })*
                                _ => $unknown.take(key, &mut map)?,
                            }
                        }
                        ::std::result::Result::Ok($name {
                            $($field: $crate::record!(
                                @value A::Error, $field, $crate::record!(@key $field $($key)?) $(, $need)?
                            ),)*
                            $unknown,
                        })
                    }

                    fn visit_unit<E: $crate::__private::serde::de::Error>(self) -> ::std::result::Result<Self::Value, E> {
                        self.visit_map($crate::__private::NoFields::default())
                    }

                    fn visit_seq<A: $crate::__private::serde::de::SeqAccess<'json>>(
                        self,
                        list: A,
                    ) -> ::std::result::Result<Self::Value, A::Error> {
                        let fields = $crate::__private::no_fields(list, &self)?;
                        self.visit_map(fields)
                    }
                }

                deserializer.deserialize_any(Fields(::std::marker::PhantomData))
            }
        }
    };
    (@key $field:ident) => { stringify!($field) };
    (@key $field:ident $key:literal) => { $key };
    (@value $error:ty, $field:ident, $key:expr) => { $field.unwrap_or_default() };
    (@value $error:ty, $field:ident, $key:expr, required) => {
        match $field {
            ::std::option::Option::Some(value) => value,
            ::std::option::Option::None => {
                return ::std::result::Result::Err($crate::__private::missing::<$error>($key));
            }
        }
    };
}

#[cfg(test)]
mod tests {
    #![allow(clippy::expect_used, reason = "a test fails where it stands")]

    use crate::document::Extra;
    use crate::quirks::{Exact, Id, Text};

    crate::record! {
        #[derive(Debug)]
        struct Order<'de> {
            order_id: Id<'de> = required,
            vat_number: Text<'de> as "ic-dph",
            lines: Vec<Line<'de>>,
            ..rest
        }
    }

    crate::record! {
        #[derive(Debug, Default)]
        struct Line<'de> {
            price: Exact,
            ..rest
        }
    }

    crate::record! {
        #[derive(Debug)]
        struct Buyer<'de> {
            name: Text<'de>,
            last: Line<'de>,
            ..rest
        }
    }

    /// A wrapper as serde derives it, whose text may live longer than the record.
    #[derive(serde::Deserialize)]
    struct Wrapper<'a> {
        #[serde(borrow)]
        data: Vec<Order<'a>>,
        #[serde(borrow)]
        next: Option<Id<'a>>,
        #[serde(borrow)]
        total: crate::quirks::Entries<'a, Exact>,
    }

    #[test]
    fn a_record_stands_in_a_type_that_derives_its_reading() {
        let json = r#"{"data": [{"order_id": 1}], "next": 2, "total": []}"#;
        let wrapper: Wrapper<'_> = serde_json::from_str(json).expect("reads");
        assert_eq!((wrapper.data.len(), wrapper.next.is_some(), wrapper.total.len()), (1, true, 0));
    }

    #[test]
    fn an_empty_list_and_null_are_an_empty_record_and_a_full_one_is_none() {
        for json in [r#"{"name": "Ann", "last": []}"#, r#"{"name": "Ann", "last": null}"#, r#"{"name": "Ann"}"#] {
            let buyer: Buyer<'_> = serde_json::from_str(json).expect("reads");
            let line = buyer.last;
            assert_eq!((buyer.name.as_str(), line.price.get(), line.rest.is_empty()), ("Ann", None, true), "{json}");
            assert!(buyer.rest.is_empty());
        }
        for empty in ["[]", "null"] {
            let failure = serde_json::from_str::<Order<'_>>(empty).expect_err("the id is required").to_string();
            assert!(failure.contains("order_id"), "{failure}");
            let list = format!("[{empty}]");
            let listed: Vec<Line<'_>> = serde_json::from_str(&list).expect("reads");
            assert_eq!(listed.len(), 1, "{empty}");
        }
        let failure = serde_json::from_str::<Buyer<'_>>("[1]").expect_err("a list is no record").to_string();
        assert!(failure.contains("`Buyer`"), "{failure}");
        assert!(serde_json::from_str::<Buyer<'_>>("7").is_err());
    }

    #[test]
    fn fields_that_are_not_named_are_kept_as_written() {
        let json =
            r#"{"a\u0062": 1.50, "order_id": "7", "ic-dph": "SK1", "lines": [{"price": 1.10, "x": [1, 2]}], "e": ""}"#;
        let order: Order<'_> = serde_json::from_str(json).expect("reads");
        assert_eq!((order.order_id.as_str(), order.vat_number.as_str()), ("7", "SK1"));
        assert_eq!(order.rest.iter().collect::<Vec<_>>(), [("ab", "1.50"), ("e", "\"\"")]);
        let line = order.lines.first().expect("one line");
        assert_eq!(line.price.or_zero().to_string(), "1.10");
        assert_eq!(line.rest.get("x"), Some("[1, 2]"));
    }

    #[test]
    fn a_required_field_is_missed_by_its_json_name() {
        let error = serde_json::from_str::<Order<'_>>("{}").expect_err("no id").to_string();
        assert!(error.contains("missing field `order_id`"), "{error}");
    }

    #[test]
    fn what_says_nothing_does_not_become_extra() {
        let order: Order<'_> =
            serde_json::from_str(r#"{"order_id": 1, "a": "", "b": [], "c": 0, "d": null}"#).expect("reads");
        let mut extra = Extra::new();
        order.rest.add_to(&mut extra);
        assert_eq!(extra.keys().collect::<Vec<_>>(), ["c"]);
    }
}
