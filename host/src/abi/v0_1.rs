//! Contract 0.1.

/// The bindings of the contract.
#[allow(missing_docs, unreachable_pub, unused_qualifications, clippy::all, reason = "generated")]
pub(crate) mod bindings {
    wasmtime::component::bindgen!({
        path: "../wit",
        world: "wharf:connector/connector",
        imports: {
            default: trappable,
            "wharf:connector/http.send": async | trappable,
            "wharf:connector/secrets": async | trappable,
            "wharf:connector/schedule": async | trappable,
        },
        exports: { default: async },
    });
}
