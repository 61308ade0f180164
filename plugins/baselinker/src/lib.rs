//! Connector for baselinker.
