//! Durable flows between connections.
