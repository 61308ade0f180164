//! A fake host for unit tests of connectors, without a wasm engine.
