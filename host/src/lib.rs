//! Embeddable host for connector plugins.
