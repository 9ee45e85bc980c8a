//! The library of strategies in Rust: the contract's bindings and the few helpers that several
//! strategies share.
//!
//! ```no_run
//! use contend_guest::prelude::*;
//!
//! struct Blind {
//!     write: Statement,
//!     _session: Session,
//! }
//!
//! impl StateStrategy for Blind {
//!     fn new() -> Result<Self, Error> {
//!         let session = connect()?;
//!         let write = session.prepare("UPDATE volumes SET status = ? WHERE id = ?")?;
//!         Ok(Self { write, _session: session })
//!     }
//!
//!     fn change(&mut self, t: Transition) -> Result<(), Error> {
//!         self.write.execute(&[t.to.into(), t.row.into()])?;
//!         Ok(())
//!     }
//! }
//!
//! contend_guest::state_strategy!(Blind);
//! ```
//!
//! A component imports the interfaces that it uses and no others, so a helper that is not called
//! adds nothing to what a strategy can touch. Built for anything but Wasm, the crate links, and
//! every call of the host panics: enough for unit tests of what does not call it.

mod access;
pub mod addresses;
mod allocation;
mod attempts;
pub mod availability;
#[doc(hidden)]
pub mod bindings;
mod choice;
mod error;
mod office;
mod retry;
mod session;
mod settings;
mod strategy;
pub mod update;
mod value;
mod visits;

pub use access::AccessStrategy;
#[doc(hidden)]
pub use access::visitor;
pub use allocation::AllocationStrategy;
#[doc(hidden)]
pub use allocation::{allocate, release};
pub use attempts::{Attempts, Limits, exhausted, not_allocated};
pub use bindings::access::exports::contend::strategy::access::{Purpose, Visit};
pub use bindings::allocation::exports::contend::strategy::allocation::{Allocated, Pool};
pub use bindings::contend::strategy::{db, group, lock, replication, timing};
pub use bindings::state::exports::contend::strategy::state_change::Transition;
pub use choice::{Choice, among_the_lowest};
pub use db::{Session, Statement};
pub use office::Office;
pub use retry::{RETRY_WAIT, random_below, retry_conflicts, sleep, wait_up_to};
pub use session::{connect, open_locks};
pub use settings::{setting, setting_or_nothing};
#[doc(hidden)]
pub use strategy::change;
pub use strategy::{AVAILABLE, StateStrategy};
pub use value::{Detail, Error, Row, Value, first_value, integer_of, text_of};
pub use visits::Visits;

/// Everything that a strategy usually names.
pub mod prelude {
    pub use crate::Office;
    pub use crate::lock::{self, Lock, Mode, ReleaseOutcome};
    pub use crate::update::{ARG, PreparedUpdate, Update, column};
    pub use crate::{AccessStrategy, Purpose, Visit, Visits};
    pub use crate::{
        Allocated, AllocationStrategy, Attempts, Limits, Pool, exhausted, not_allocated,
    };
    pub use crate::{
        Error, RETRY_WAIT, Row, Session, StateStrategy, Statement, Transition, Value, connect,
        first_value, open_locks, retry_conflicts, setting, setting_or_nothing, sleep,
    };
}
