//! The signal that ends a run before its time.

use tokio::sync::watch;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Phase {
    Run,
    /// No new change begins; those under way may finish.
    Finish,
    /// Steps under way are abandoned, as by a time-out.
    Abandon,
    /// The same, since nothing can move any more.
    Stuck,
}

/// The side that decides.
#[derive(Debug)]
pub struct Stopper(watch::Sender<Phase>);

/// The side that obeys.
#[derive(Debug, Clone)]
pub struct Stop(watch::Receiver<Phase>);

/// A pair of both.
pub fn channel() -> (Stopper, Stop) {
    let (sender, receiver) = watch::channel(Phase::Run);
    (Stopper(sender), Stop(receiver))
}

impl Stopper {
    /// Lets changes under way finish, and begins no more.
    pub fn finish(&self) {
        self.raise(Phase::Finish);
    }

    /// Abandons the steps under way.
    pub fn abandon(&self) {
        self.raise(Phase::Abandon);
    }

    /// Abandons the steps under way, none of which can ever end.
    pub fn stuck(&self) {
        self.raise(Phase::Stuck);
    }

    fn raise(&self, to: Phase) {
        self.0.send_if_modified(|phase| {
            let later = to > *phase;
            *phase = to.max(*phase);
            later
        });
    }
}

impl Stop {
    pub fn is_requested(&self) -> bool {
        *self.0.borrow() >= Phase::Finish
    }

    pub fn is_abandoned(&self) -> bool {
        *self.0.borrow() >= Phase::Abandon
    }

    pub fn is_stuck(&self) -> bool {
        *self.0.borrow() >= Phase::Stuck
    }

    /// Returns when the run is to end; never, if no stop can be requested any more.
    pub async fn requested(&self) {
        self.reached(Phase::Finish).await;
    }

    /// Returns when steps under way are to be abandoned.
    pub async fn abandoned(&self) {
        self.reached(Phase::Abandon).await;
    }

    async fn reached(&self, wanted: Phase) {
        if self
            .0
            .clone()
            .wait_for(|&phase| phase >= wanted)
            .await
            .is_err()
        {
            std::future::pending::<()>().await;
        }
    }
}
