//! Paths, and the names that operations have in the log and the fault table.

use super::model::{CODE_LISTS, TABLES};

/// What a path stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Route {
    Token,
    Companies,
    Users,
    UserSelf,
    User(u64),
    CodeList(&'static str),
    Table(&'static str),
    Record(&'static str, u64),
    /// `/invoices`: the documents of type 4 \[assumed\].
    Invoices,
    Contacts(u64),
    OrderDocuments(u64),
    OrderItems(u64),
}

impl Route {
    /// Reads a path; a slash at its end does not count.
    pub(crate) fn of(path: &str) -> Option<Self> {
        let mut parts = path.trim_matches('/').split('/');
        let route = match (parts.next()?, parts.next(), parts.next()) {
            ("token", None, None) => Self::Token,
            ("companies", None, None) => Self::Companies,
            ("users", None, None) => Self::Users,
            ("users", Some("self"), None) => Self::UserSelf,
            ("users", Some(id), None) => Self::User(id.parse().ok()?),
            ("orders", Some("customfields"), None) => Self::CodeList("orders/customfields"),
            ("invoices", None, None) => Self::Invoices,
            ("invoices", Some(id), None) => Self::Record("documents", id.parse().ok()?),
            ("partners", Some(id), Some("contacts")) => Self::Contacts(id.parse().ok()?),
            ("orders", Some(id), Some("documents")) => Self::OrderDocuments(id.parse().ok()?),
            ("orders", Some(id), Some("items")) => Self::OrderItems(id.parse().ok()?),
            (name, None, None) => Self::list(name)?,
            (name, Some(id), None) => Self::Record(table(name)?, id.parse().ok()?),
            _ => return None,
        };
        parts.next().is_none().then_some(route)
    }

    fn list(name: &str) -> Option<Self> {
        let code = CODE_LISTS.iter().find(|(path, _)| *path == name);
        code.map(|(path, _)| Self::CodeList(path)).or_else(|| table(name).map(Self::Table))
    }
}

fn table(name: &str) -> Option<&'static str> {
    TABLES.iter().find(|(path, _)| *path == name).map(|(path, _)| *path)
}

/// Names an operation, e.g. `GET /partners/{id}`: the method, and the path with its numbers as `{id}`.
pub(crate) fn operation(method: &str, path: &str) -> String {
    let mut name = method.to_owned();
    name.push(' ');
    for part in path.split('/').filter(|part| !part.is_empty()) {
        name.push('/');
        name.push_str(if part.bytes().all(|byte| byte.is_ascii_digit()) { "{id}" } else { part });
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_documented_path_is_known() {
        let known = [
            ("/token", Route::Token),
            ("/companies/", Route::Companies),
            ("/users/self", Route::UserSelf),
            ("/orders/customfields", Route::CodeList("orders/customfields")),
            ("/ordertypes", Route::CodeList("ordertypes")),
            ("/partners", Route::Table("partners")),
            ("/partners/7", Route::Record("partners", 7)),
            ("/partners/7/contacts", Route::Contacts(7)),
            ("/orders/7/documents", Route::OrderDocuments(7)),
            ("/orders/7/items", Route::OrderItems(7)),
            ("/invoices/9", Route::Record("documents", 9)),
        ];
        for (path, route) in known {
            assert_eq!(Route::of(path), Some(route), "{path}");
        }
    }

    #[test]
    fn paths_that_nobody_documented_are_unknown() {
        for path in ["/", "/api/v1/orders", "/order-types", "/orders/x", "/orders/7/items/8", "/partners/7/documents"] {
            assert_eq!(Route::of(path), None, "{path}");
        }
    }

    #[test]
    fn operation_replaces_ids_only() {
        assert_eq!(operation("GET", "/orders/12/items"), "GET /orders/{id}/items");
        assert_eq!(operation("GET", "/users/self/"), "GET /users/self");
    }
}
