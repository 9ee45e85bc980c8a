//! A kernel for deterministic simulation testing.
//!
//! A simulation runs concurrent code on one thread, in virtual time, with all randomness drawn from
//! one seed. The same seed gives the same course, so a failure that one seed in a thousand shows can be
//! replayed at will. The parts:
//!
//! - [`Kernel`] holds the virtual clock and the event queue. Tasks sleep on it, and whatever models
//!   servers, networks or faults schedules events of a type of its own on it.
//! - [`Executor`] runs tasks (plain futures). It advances the clock only when no task can go on.
//! - [`World`] handles an event when its time has come; a closure will do.
//! - [`Random`] is a seeded stream of random numbers, one for each purpose, and [`Times`] a
//!   distribution of durations to draw from.
//! - [`Log`] keeps what happened, or a digest of it, which shows whether two simulations took the same
//!   course.
//!
//! # What makes a simulation deterministic
//!
//! Of two events for the same time, the one that was scheduled first comes first. Of several tasks that
//! can go on, the one with the smallest number goes first, in whatever order they were woken. The user
//! must keep to the same rule: no real clock, no threads, no randomness but [`Random`], and no iteration
//! over a map whose order depends on a random hash.
//!
//! # Example: a lost update
//!
//! Two workers read a register and write back one more. A write takes 50 ns or more to arrive, so that
//! both may have read the same value. Some seeds show it, others do not, and each does so every time.
//!
//! ```
//! use contend_dst::{ActorId, Executor, Kernel, Random, Recording};
//! use std::cell::Cell;
//! use std::rc::Rc;
//!
//! /// A write arrives at the server.
//! struct Write(u32);
//!
//! fn simulate(seed: u64) -> (u32, String) {
//!     let kernel: Kernel<Write> = Kernel::new(Recording::Digest);
//!     let register = Rc::new(Cell::new(0));
//!     let mut executor = Executor::new(kernel.clone());
//!     for number in [1u8, 2] {
//!         let (kernel, register) = (kernel.clone(), register.clone());
//!         let mut random = Random::new(seed, number);
//!         executor.spawn(ActorId(number.into()), async move {
//!             kernel.sleep(random.below(100)).await;
//!             let seen = register.get();
//!             let arrival = kernel.now() + 50 + random.below(10);
//!             kernel.schedule(arrival, Write(seen + 1));
//!             kernel.sleep_until(arrival).await;
//!         });
//!     }
//!     let server = |Write(value)| {
//!         kernel.log(|| format!("the register becomes {value}"));
//!         register.set(value);
//!     };
//!     executor.run(&server, 1_000_000).expect("both workers end");
//!     (register.get(), kernel.take_log().digest())
//! }
//!
//! let lost = (0..100).find(|&seed| simulate(seed).0 == 1);
//! let kept = (0..100).find(|&seed| simulate(seed).0 == 2);
//! let (lost, kept) = (lost.expect("a lost update"), kept.expect("a good run"));
//! assert_eq!(simulate(lost), simulate(lost));
//! assert_ne!(simulate(lost).1, simulate(kept).1);
//! ```

#![forbid(unsafe_code)]
#![warn(missing_docs)]

mod event_queue;
mod executor;
mod kernel;
mod log;
mod random;

pub use executor::{Executor, JoinHandle, Spawner, Stuck, World};
pub use kernel::{ActorId, Kernel, Pause, Sleep};
pub use log::{Log, LogEntry, Recording};
pub use random::{Random, Times};

/// A duration, or a time since the simulation began, in nanoseconds of virtual time.
pub type Nanos = u64;
