//! A registry that means no good: answers without an end, and addresses that lead elsewhere.

mod bounds;
mod places;
mod server;
