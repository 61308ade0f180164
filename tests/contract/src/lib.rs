//! Tests of the host against real components.
