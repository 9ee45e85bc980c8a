//! Outages: the server of the service is paused, killed and restarted, and a holder and a waiter say what they
//! meet.
//!
//! ```text
//! holder  acquires ─────────────────────────────────────────── asks, releases
//! waiter       waits ─────────────────────── … granted, or an error
//! server              paused ── resumed
//! ```

use super::bench::{Bench, CONTRACT, MS, SECOND, SOON};
use super::line::Line;
use super::tokens::{FENCING, monotone, token};
use crate::capability::lock::{Grant, ReleaseOutcome};
use crate::lab::Lab;
use crate::model::change::Nanos;
use crate::model::error::CallError;
use crate::model::lab_fault::{LabAction, LabFault};
use tokio::task::{JoinHandle, spawn_blocking};

/// A server of a lab that may be broken.
#[derive(Clone)]
pub struct Breakable {
    pub lab: Lab,
    pub server: String,
}

/// The time for which a server is away.
const AWAY: Nanos = 3 * SECOND;

/// After this a waiter gives up.
const WAIT: Nanos = 40 * SECOND;

/// The time that a holder has to learn of its loss, after the server is back.
const LEARNS: Nanos = 2 * SECOND;

/// Each fault of the server, with the action that ends it.
const FAULTS: [(LabAction, Option<LabAction>); 3] = [
    (LabAction::Pause, Some(LabAction::Resume)),
    (LabAction::Kill, Some(LabAction::Start)),
    (LabAction::Restart, None),
];

pub(super) async fn measure(
    bench: &Bench<'_>,
    server: &Breakable,
    progress: &dyn Fn(&str),
) -> Vec<Line> {
    let mut lines = Vec::new();
    for (action, end) in FAULTS {
        let fault = format!("{} {}", action.as_str(), server.server);
        progress(&fault);
        let seen = observe(bench, server, action, end).await;
        // Also after an error: the next fault begins on a whole server.
        let mended = server.clone().whole().await;
        match seen.and_then(|seen| mended.map(|()| seen)) {
            Ok(seen) => lines.extend(seen.lines(bench, &fault)),
            Err(error) => lines.push(Line::failed(fault, &error)),
        }
    }
    lines
}

/// One fault as holder and waiter saw it. Times count from its beginning.
struct Seen {
    before: Grant,
    is_owner: Result<bool, CallError>,
    released_at: Nanos,
    released: Result<ReleaseOutcome, CallError>,
    waited: Result<Grant, CallError>,
    /// `None` if it came before the fault: then the lock was no lock.
    waited_at: Option<Nanos>,
    /// The first grant to a client that came anew.
    after: Grant,
    after_at: Nanos,
}

async fn observe(
    bench: &Bench<'_>,
    server: &Breakable,
    action: LabAction,
    end: Option<LabAction>,
) -> Result<Seen, CallError> {
    let name = bench.new_name();
    let (mut holder, waiter) = (bench.exclusive(&name).await?, bench.exclusive(&name).await?);
    let before = holder.lock.acquire(SOON).await?;
    let clock = bench.clock.clone();
    let waiting: JoinHandle<_> = tokio::spawn(async move {
        // The whole client: its session must live as long as its lock.
        let mut waiter = waiter;
        let waited = waiter.lock.acquire(WAIT).await;
        let at = clock.now();
        if waited.is_ok() {
            waiter.lock.release().await.ok();
        }
        (waited, at)
    });
    bench.clock.sleep(500 * MS).await;
    let began = bench.clock.now();
    server.clone().apply(action).await?;
    if let Some(end) = end {
        bench.clock.sleep(AWAY).await;
        server.clone().apply(end).await?;
    }
    bench.clock.sleep(LEARNS).await;
    let is_owner = holder.lock.is_owner().await;
    let released_at = bench.clock.now();
    let released = holder.lock.release().await;
    drop(holder);
    let (waited, waited_at) = waiting
        .await
        .unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic()));
    let after = anew(bench, &name).await?;
    Ok(Seen {
        before,
        is_owner,
        released_at: released_at.saturating_sub(began),
        released,
        waited,
        waited_at: waited_at.checked_sub(began),
        after,
        after_at: bench.clock.now().saturating_sub(began),
    })
}

/// Tries until the service gives the lock to a new client.
async fn anew(bench: &Bench<'_>, name: &str) -> Result<Grant, CallError> {
    let began = bench.clock.now();
    loop {
        let tried = match bench.exclusive(name).await {
            Ok(mut client) => client.lock.acquire(SECOND).await,
            Err(error) => Err(error),
        };
        match tried {
            Err(_) if bench.clock.now().saturating_sub(began) < WAIT => {
                bench.clock.sleep(100 * MS).await;
            }
            ended => return ended,
        }
    }
}

impl Seen {
    fn lines(&self, bench: &Bench<'_>, fault: &str) -> Vec<Line> {
        let ms = |time: Nanos| time / MS;
        let outcome = match &self.waited {
            Ok(_) => "granted".to_owned(),
            Err(error) => short(error),
        };
        let waiter = match self.waited_at {
            Some(at) => format!("{outcome} after {} ms", ms(at)),
            None => format!("{outcome} before the fault"),
        };
        let holder = format!("{}; release: {}", self.owner(), self.release());
        let tokens = [token(&self.before), token(&self.after)];
        let mut lines = vec![
            Line::said(format!("{fault}: holder"), holder),
            Line::said(format!("{fault}: waiter"), waiter),
            Line::number(
                format!("{fault}: a new client is granted after"),
                ms(self.after_at) as f64,
                "ms",
            ),
            self.two_holders(fault),
        ];
        if tokens[0].is_some() {
            let (question, claim) = (format!("{fault}: {FENCING}"), bench.claim(FENCING));
            lines.push(Line::judged(question, claim, monotone(&tokens)));
        }
        lines
    }

    fn owner(&self) -> String {
        match &self.is_owner {
            Ok(true) => "is owner".to_owned(),
            Ok(false) => "is not owner".to_owned(),
            Err(error) => short(error),
        }
    }

    fn release(&self) -> String {
        match &self.released {
            Ok(ReleaseOutcome::Released) => "released".to_owned(),
            Ok(ReleaseOutcome::NotOwner) => "not owner".to_owned(),
            Ok(ReleaseOutcome::Expired) => "expired".to_owned(),
            Err(error) => short(error),
        }
    }

    /// A release that says `released` says that the lock was held until then: the contract's claim.
    fn two_holders(&self, fault: &str) -> Line {
        let is_late = |at: &Nanos| self.waited.is_ok() && *at < self.released_at;
        let says_released = matches!(self.released, Ok(ReleaseOutcome::Released));
        let found = match self.waited_at.filter(is_late) {
            Some(at) if says_released => Err(format!(
                "the waiter had the lock {} ms after the fault began, and the holder's release at {} ms \
                 returned released",
                at / MS,
                self.released_at / MS
            )),
            _ => Ok(()),
        };
        let question = format!("{fault}: a lost lock is not called released");
        Line::judged(question, Some(CONTRACT.to_owned()), found)
    }
}

fn short(error: &CallError) -> String {
    format!("{} {}", error.kind.as_str(), error.code)
}

impl Breakable {
    async fn apply(self, action: LabAction) -> Result<(), CallError> {
        let target = self.server.clone();
        self.work(move |lab| lab.fault(&LabFault { action, target }).map(drop))
            .await
    }

    async fn whole(self) -> Result<(), CallError> {
        self.work(|lab| lab.make_whole(&mut |_| {})).await
    }

    async fn work(
        self,
        work: impl FnOnce(&Lab) -> Result<(), crate::lab::LabError> + Send + 'static,
    ) -> Result<(), CallError> {
        let done = spawn_blocking(move || work(&self.lab)).await;
        let done = done.unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic()));
        done.map_err(|error| CallError::unavailable("lab", error.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(waited_at: Option<Nanos>, released: ReleaseOutcome) -> Line {
        let grant = || Grant::without_lease("client-1", Vec::new());
        let seen = Seen {
            before: grant(),
            is_owner: Ok(true),
            released_at: 5 * SECOND,
            released: Ok(released),
            waited: Ok(grant()),
            waited_at,
            after: grant(),
            after_at: 6 * SECOND,
        };
        seen.two_holders("kill n1")
    }

    #[test]
    fn release_that_says_released_after_the_waiter_had_the_lock_is_refuted() {
        use ReleaseOutcome::{Expired, Released};
        let refuted = seen(Some(4 * SECOND), Released).witness.unwrap();
        assert!(
            refuted.contains("release at 5000 ms returned released"),
            "{refuted}"
        );
        for (at, released) in [
            (Some(4 * SECOND), Expired),
            (Some(6 * SECOND), Released),
            (None, Released),
        ] {
            assert_eq!(seen(at, released).witness, None, "{at:?} {released:?}");
        }
    }
}
