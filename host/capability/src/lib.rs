//! Capabilities of a strategy: the traits that backends implement, and the SQL policy in front of them.
//!
//! Every trait is asynchronous, so that a simulator with a virtual clock can implement each of them.

#![forbid(unsafe_code)]

pub mod beside;
pub mod budget;
pub mod calls;
pub mod clock;
pub mod database;
pub mod lock;
pub mod lock_names;
pub mod locking;
pub mod mysql_calls;
pub mod mysql_codes;
pub mod operation;
pub mod printed;
pub mod sql_policy;
pub mod statement;
pub mod strategy;

use contend_model as model;
