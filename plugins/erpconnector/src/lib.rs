//! Connector for erpconnector.
