//! Connector for flowii.
