//! Contract 0.1: its bindings, and the calls into a component that was built against it.

mod convert;
mod imports;
mod items;
mod program;
mod told;

pub(crate) use program::Program;

/// What the binding generator makes of `wit/`.
#[allow(missing_docs, unreachable_pub, unused_qualifications, dead_code, clippy::all, reason = "generated")]
mod bindings {
    wasmtime::component::bindgen!({
        path: "../wit",
        world: "wharf:connector/connector",
        imports: {
            default: trappable,
            "wharf:connector/http.send": async | trappable,
            "wharf:connector/secrets": async | trappable,
            "wharf:connector/jwt": async | trappable,
            "wharf:connector/schedule": async | trappable,
            "wharf:connector/lookups": async | trappable,
        },
        exports: { default: async },
    });
}
