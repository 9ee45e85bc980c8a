//! Capabilities of a strategy: the traits that backends implement.
//!
//! Every trait is asynchronous, so that a simulator with a virtual clock can implement each of them.

#![forbid(unsafe_code)]

pub mod beside;
pub mod budget;
pub mod calls;
pub mod clock;
pub mod database;
pub mod group;
pub mod lock;
pub mod lock_names;
pub mod mysql_calls;
pub mod mysql_codes;
pub mod operation;
pub mod printed;
pub mod strategy;

/// Statements, and the policy that admits them: the database traits take nothing else.
pub use contend_sql::{locking, policy as sql_policy, statement};

use contend_model as model;
