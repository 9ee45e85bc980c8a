//! A session at ZooKeeper, and what is known of its end.

use super::classify::{Operation, classify};
use super::server::Server;
use crate::capability::clock::Clock;
use crate::lock_settings::Pace;
use crate::model::change::Nanos;
use crate::model::error::CallError;
use crate::patience::within;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::AbortHandle;
use zookeeper_client::{Client, Error};

/// Time-out of one answer.
pub(super) const PATIENCE: Duration = Duration::from_secs(4);

pub(super) struct Live {
    /// `None` once it is lost. Without it the session is closed, as soon as the service can be reached.
    client: Mutex<Option<Client>>,
    clock: Arc<dyn Clock>,
    /// For how long the service keeps a session that it does not hear of, as it said itself.
    timeout: Nanos,
    /// The time when the last request was sent whose answer shows that the service heard it.
    heard: AtomicU64,
    lost: watch::Sender<bool>,
    heartbeats: Mutex<Option<AbortHandle>>,
    /// Where heartbeats go.
    root: String,
}

impl Live {
    pub(super) async fn open(
        server: &Server,
        pace: Pace,
        clock: Arc<dyn Clock>,
    ) -> Result<Arc<Self>, CallError> {
        let sent = clock.now();
        let client = server.connect(pace.lease).await?;
        let live = Arc::new(Self {
            timeout: client.session_timeout().as_nanos() as Nanos,
            client: Mutex::new(Some(client)),
            clock,
            heard: sent.into(),
            lost: watch::Sender::new(false),
            heartbeats: Mutex::default(),
            root: server.root().to_owned(),
        });
        // What the service gives may be less than what was asked for.
        let heartbeat = pace.heartbeat.min(live.timeout / 4);
        let task = tokio::spawn(beat(Arc::downgrade(&live), Pace { heartbeat, ..pace }));
        *lock(&live.heartbeats) = Some(task.abort_handle());
        Ok(live)
    }

    /// Time until the session counts as lost without an answer: a third of its time-out before it can end.
    /// A member of an ensemble passes on to the leader what it hears after half a tick, which is at most
    /// a quarter of any session's time-out.
    fn left(&self) -> Nanos {
        let heard = self.heard.load(Ordering::Relaxed);
        let last = heard.saturating_add(self.timeout - self.timeout / 3);
        last.saturating_sub(self.clock.now())
    }

    /// True once the session has ended, or may end without another word.
    pub(super) fn is_lost(&self) -> bool {
        if !*self.lost.borrow() && self.left() == 0 {
            self.lose();
        }
        *self.lost.borrow()
    }

    /// Waits until it is lost.
    pub(super) async fn until_lost(&self) {
        // An error would mean that the sender is gone, and it is ours.
        self.lost.subscribe().wait_for(|lost| *lost).await.ok();
    }

    /// Ends the session.
    pub(super) fn lose(&self) {
        self.lost.send_replace(true);
        lock(&self.client).take();
        if let Some(heartbeats) = lock(&self.heartbeats).take() {
            heartbeats.abort();
        }
    }

    pub(super) fn client(&self) -> Result<Client, CallError> {
        let lost = || CallError::unavailable("session-expired", "the session at ZooKeeper is lost");
        match self.is_lost() {
            true => Err(lost()),
            false => lock(&self.client).clone().ok_or_else(lost),
        }
    }

    /// Waits for an answer. One to a change shows that the leader has heard of this session.
    pub(super) async fn answer<T>(
        &self,
        operation: Operation,
        asked: impl Future<Output = Result<T, Error>>,
    ) -> Result<Result<T, Error>, CallError> {
        let sent = self.clock.now();
        let answer = within(PATIENCE, asked).await.unwrap_or(Err(Error::Timeout));
        match answer {
            Err(Error::SessionExpired | Error::ClientClosed) => self.lose(),
            Ok(_) | Err(Error::NoNode) if operation == Operation::Changing => {
                self.heard.fetch_max(sent, Ordering::Relaxed);
            }
            _ => {}
        }
        match answer {
            Err(Error::NoNode | Error::NodeExists) | Ok(_) => Ok(answer),
            Err(error) => Err(classify(&error, operation)),
        }
    }

    /// Waits until this session sees what others did before now.
    pub(super) async fn sync(&self, path: &str) -> Result<(), CallError> {
        let client = self.client()?;
        // The leader answers, so it counts as a change.
        let answer = self.answer(Operation::Changing, client.sync(path)).await;
        let answer = answer.map_err(|mut error| {
            if error.kind == crate::model::error::ErrorKind::Indefinite {
                error.kind = crate::model::error::ErrorKind::Unavailable;
            }
            error
        })?;
        answer.map_err(|error| classify(&error, Operation::Reading))
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        self.lose();
    }
}

/// Keeps a session while it is used, and counts it as lost if it can't.
async fn beat(live: Weak<Live>, pace: Pace) {
    let mut backoff = pace.backoff;
    let mut pause = pace.heartbeat;
    loop {
        let Some(session) = live.upgrade() else {
            return;
        };
        let (clock, wait) = (Arc::clone(&session.clock), pause.min(session.left()));
        drop(session);
        clock.sleep(wait).await;
        let Some(session) = live.upgrade().filter(|session| !session.is_lost()) else {
            return;
        };
        let left = session.left();
        let answer = tokio::select! {
            biased;
            answer = session.sync(&session.root) => answer,
            () = clock.sleep(left) => return session.lose(),
        };
        pause = match answer {
            Ok(()) => {
                backoff = pace.backoff;
                pace.heartbeat
            }
            // The service may be back before the session ends.
            Err(_) => backoff.pause(),
        };
    }
}

fn lock<T>(of: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}
