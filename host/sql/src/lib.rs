//! The SQL that a strategy may run: the policy, and the statements that it admits.
//!
//! A crate of its own, since nothing in it is asynchronous, and the code for a whole SQL syntax tree
//! takes a compiler long: only this crate and the simulator's SQL pay for it.

#![forbid(unsafe_code)]

pub mod locking;
pub mod policy;
pub mod statement;

use contend_model as model;
