//! Messages between clients and the service.

use crate::capability::lock::{Holders, Mode, ReleaseOutcome};
use crate::event::Actor;
use crate::model::change::Nanos;
use crate::model::error::CallError;
use std::sync::Arc;

/// The name of a session at the service: its process, and a number.
pub(super) type SessionKey = (Actor, u64);

/// The event that is no message: the service looks at its clock.
pub(super) const LOOK: usize = usize::MAX;

/// The names of one lock, in order, and as the log shows them.
#[derive(Debug)]
pub(super) struct LockNames {
    pub(super) each: Vec<Arc<str>>,
    pub(super) text: Arc<str>,
}

impl LockNames {
    pub(super) fn new(sorted: &[String]) -> Self {
        Self {
            each: sorted.iter().map(|name| name.as_str().into()).collect(),
            text: sorted.join(", ").into(),
        }
    }
}

/// A request of a client.
#[derive(Debug, Clone)]
pub(super) enum Request {
    Open,
    Acquire {
        names: Arc<LockNames>,
        mode: Mode,
        /// Otherwise it wants an answer at once.
        waits: bool,
    },
    Release(u64),
    Renew(u64),
    IsHeld(u64),
    Holders(Arc<str>),
    Break(Arc<LockNames>),
    /// Release it, or have never acquired it.
    GiveUp(u64),
    Close,
}

impl Request {
    /// Says whether it may have had an effect when its answer is lost.
    pub(super) fn changes(&self) -> bool {
        !matches!(self, Self::Open | Self::IsHeld(_) | Self::Holders(_))
    }

    /// Says whether the client's library repeats it later, until it is done.
    pub(super) fn can_wait(&self) -> bool {
        matches!(self, Self::GiveUp(_) | Self::Close)
    }
}

/// A request on its way.
#[derive(Debug)]
pub(super) struct Message {
    pub(super) session: SessionKey,
    /// The number of the call, which is that of the claim if it is an acquire.
    pub(super) call: u64,
    pub(super) sent: Nanos,
    /// Which of the service's lives it was sent to.
    pub(super) life: u64,
    pub(super) request: Request,
}

/// An answer of the service.
#[derive(Debug, Clone)]
pub(super) enum Answer {
    Done,
    Granted {
        token: Option<u64>,
    },
    Taken {
        /// The first name that is taken, by its place.
        name: usize,
        /// The time at which the last lease on it ends, if it is not renewed.
        free_in: Nanos,
    },
    Released(ReleaseOutcome),
    IsHeld(bool),
    Holders(Holders),
    /// The session was not heard of while it waited.
    SessionExpired,
}

/// The reason why there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Silence {
    /// The service was away when the request was sent.
    Refused,
    /// The connection broke before the answer came.
    Broken,
    /// The client closed the session.
    Closed,
}

impl Silence {
    /// The error that it means for a call that changes something, or doesn't.
    pub(super) fn error(self, changes: bool) -> CallError {
        match self {
            Self::Refused => {
                let message = "the lock service can't be reached";
                CallError::unavailable("connection-refused", message)
            }
            Self::Broken if changes => {
                let message = "the connection to the lock service broke before it answered";
                CallError::indefinite("connection-lost", message)
            }
            Self::Broken => {
                let message = "the connection to the lock service broke";
                CallError::unavailable("connection-lost", message)
            }
            Self::Closed => crate::capability::lock_names::session_closed(),
        }
    }
}
