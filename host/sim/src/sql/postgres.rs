//! Where PostgreSQL's SQL differs from MariaDB's.

pub(super) mod arithmetic;
pub(super) mod columns;
pub(super) mod compile_conflict;
pub(super) mod conflict;
pub(super) mod definition;
pub(super) mod functions;
pub(super) mod setting;
