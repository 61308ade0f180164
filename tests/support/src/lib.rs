//! Where tests find built components and loopback servers.
