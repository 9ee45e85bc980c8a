//! The events of a lock service.

/// The number of a message that arrives, or `message::LOOK` for a look at the clock.
#[derive(Debug)]
pub struct LockEvent(pub(super) usize);
