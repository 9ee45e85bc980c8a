//! The nodes of a Galera lab: MariaDB servers that replicate by certification, each of which takes writes.

pub(super) mod client;
pub(super) mod config;
pub(super) mod fault;
pub(super) mod group;
mod position;
mod seed;
pub(super) mod settings;
