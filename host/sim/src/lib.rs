//! A simulated world for strategies: a multi-master cluster and lock services in virtual time, on one
//! thread, from one seed. The same seed and the same plan give the same events, byte for byte.

#![forbid(unsafe_code)]

mod active_faults;
pub mod clock;
pub mod cluster;
pub mod crash;
pub mod database;
pub mod event;
pub mod kernel;
pub mod locks;
pub mod logged_locks;
pub mod proxy;
pub mod random;
pub mod schedule;
mod session;
pub mod sql;
pub mod store;
pub mod world;

use contend_capability as capability;
use contend_model as model;
