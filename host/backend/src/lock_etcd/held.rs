//! A request for a lock: its lease and keys in etcd, and what is known of them.

use super::api::{Api, number, text};
use super::classify::{Operation, Trouble, classify};
use super::queue::{self, Entry, Place};
use crate::capability::clock::Clock;
use crate::capability::lock::{Grant, Mode, ReleaseOutcome};
use crate::lock_settings::Pace;
use crate::model::change::Nanos;
use crate::model::error::CallError;
use serde_json::{Value, json};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

const SECOND: Nanos = 1_000_000_000;

/// Time for one server's answer, at most; less where a lease is shorter, so that another server can be asked
/// while it lasts.
const PATIENCE: Duration = Duration::from_secs(4);

pub(super) struct Held {
    names: Vec<String>,
    /// The beginning of all keys for each name.
    queues: Vec<String>,
    /// Its own end of each key, unlike that of any other request.
    own: String,
    mode: Mode,
    /// The number of the lease, chosen here: so it can be revoked also when no answer came.
    lease: i64,
    pace: Pace,
    /// The create revision of the key of each name.
    revisions: OnceLock<Vec<u64>>,
    /// Counted from before the request was sent, so etcd's own count ends no earlier.
    ends: AtomicU64,
    /// The outcome that was learned first, if it is lost.
    lost: OnceLock<ReleaseOutcome>,
    unanswered: AtomicBool,
}

impl Held {
    pub(super) fn new(
        names: Vec<String>,
        queues: Vec<String>,
        mode: Mode,
        (lease, own): (i64, String),
        pace: Pace,
        now: Nanos,
    ) -> Self {
        Self {
            names,
            queues,
            own,
            mode,
            lease,
            pace,
            revisions: OnceLock::new(),
            ends: now.saturating_add(pace.lease).into(),
            lost: OnceLock::new(),
            unanswered: AtomicBool::new(false),
        }
    }

    fn limit(&self) -> Duration {
        Duration::from_nanos(self.pace.heartbeat).min(PATIENCE)
    }

    fn key(&self, place: usize) -> String {
        format!("{}{}", self.queues[place], self.own)
    }

    /// The key of a name, and the one after all keys of that name.
    pub(super) fn range(&self, place: usize) -> (&str, String) {
        let queue = &self.queues[place];
        (queue, queue::end_of(queue))
    }

    pub(super) fn lost(&self) -> Option<ReleaseOutcome> {
        self.lost.get().copied()
    }

    /// True if it counts as lost because its heartbeats were not answered.
    pub(super) fn is_unanswered(&self) -> bool {
        self.unanswered.load(Ordering::Relaxed)
    }

    /// Time until it counts as lost without an answer: a tenth of the lease before its end, so that the holder
    /// can still stop in time.
    pub(super) fn left(&self, now: Nanos) -> Nanos {
        let ends = self.ends.load(Ordering::Relaxed);
        ends.saturating_sub(self.pace.lease / 10)
            .saturating_sub(now)
    }

    /// Counts it as lost from now on: its lease may end without a word.
    pub(super) fn lose(&self) {
        if self.lost.set(ReleaseOutcome::Expired).is_ok() {
            self.unanswered.store(true, Ordering::Relaxed);
        }
    }

    /// Lost if its lease is over on the runner's clock, whatever etcd would say.
    pub(super) fn learn_at(&self, now: Nanos) {
        if now >= self.ends.load(Ordering::Relaxed) {
            self.lost.get_or_init(|| ReleaseOutcome::Expired);
        }
    }

    pub(super) fn is_lost_at(&self, now: Nanos) -> bool {
        self.learn_at(now);
        self.lost().is_some()
    }

    /// Its keys are gone: at its lease's end, or because another client broke the lock.
    fn gone(&self, now: Nanos) -> ReleaseOutcome {
        match self.is_lost_at(now) {
            true => self.lost().unwrap_or(ReleaseOutcome::Expired),
            false => *self.lost.get_or_init(|| ReleaseOutcome::NotOwner),
        }
    }

    pub(super) fn grant(&self, owner: &str) -> Grant {
        let ends = self.ends.load(Ordering::Relaxed);
        let revisions = self.revisions.get().cloned().unwrap_or_default();
        Grant {
            owner: owner.to_owned(),
            fencing: self.names.iter().cloned().zip(revisions).collect(),
            lease_ends: Some(ends),
            last_heartbeat: Some(ends.saturating_sub(self.pace.lease)),
        }
    }

    pub(super) fn hold(&self, revisions: Vec<u64>) {
        // A request is granted once.
        self.revisions.set(revisions).ok();
    }

    /// Makes the lease. etcd counts in seconds; rounded up, so that the runner's count ends first.
    pub(super) async fn begin(&self, api: &Api) -> Result<(), CallError> {
        let seconds = self.pace.lease.div_ceil(SECOND);
        let body = json!({ "ID": self.lease.to_string(), "TTL": seconds.to_string() });
        let path = "/v3/lease/grant";
        match api
            .ask(path, &body, Operation::Repeatable, self.limit())
            .await
        {
            Ok(_) => Ok(()),
            Err((trouble, is_certain)) if trouble.is_there_already() && !is_certain => Ok(()),
            Err((trouble, is_certain)) => Err(uncertain(&trouble, is_certain)),
        }
    }

    /// Adds its key for a name, and returns its place.
    pub(super) async fn join(&self, api: &Api, place: usize) -> Result<(Place, u64), CallError> {
        let put = json!({ "request_put": {
            "key": text(&self.key(place)),
            "value": text(&queue::value(self.mode)),
            "lease": self.lease.to_string(),
        }});
        let body = json!({ "success": [put, range_of(&self.queues[place])] });
        let path = "/v3/kv/txn";
        let answer = api
            .call(path, &body, Operation::Repeatable, self.limit())
            .await;
        Ok(self.place_in(&answer?, place, 1))
    }

    /// Its place in the queue for a name, and the revision of which that is true.
    pub(super) async fn look(&self, api: &Api, place: usize) -> Result<(Place, u64), CallError> {
        let body = json!({ "success": [range_of(&self.queues[place])] });
        let answer = api
            .call("/v3/kv/txn", &body, Operation::Reading, self.limit())
            .await;
        Ok(self.place_in(&answer?, place, 0))
    }

    fn place_in(&self, answer: &Value, place: usize, number_of: usize) -> (Place, u64) {
        let range = &answer["responses"][number_of]["response_range"];
        let entries = queue::entries(range);
        let revision = number(&answer["header"]["revision"]);
        (queue::place(&entries, &self.key(place)), revision)
    }

    /// Renews the lease. False if it is lost.
    pub(super) async fn renew(&self, api: &Api, clock: &dyn Clock) -> Result<bool, CallError> {
        let now = clock.now();
        if self.is_lost_at(now) {
            return Ok(false);
        }
        let ends = now.saturating_add(self.pace.lease);
        let body = json!({ "ID": self.lease.to_string() });
        let path = "/v3/lease/keepalive";
        let answer = api
            .call(path, &body, Operation::Repeatable, self.limit())
            .await?;
        if number(&answer["result"]["TTL"]) == 0 {
            self.gone(clock.now());
            return Ok(false);
        }
        // The answer came too late: it was lost before.
        if self.is_lost_at(clock.now()) {
            return Ok(false);
        }
        self.ends.fetch_max(ends, Ordering::Relaxed);
        Ok(true)
    }

    /// Asks etcd if all its keys are there.
    pub(super) async fn stands(&self, api: &Api, clock: &dyn Clock) -> Result<bool, CallError> {
        if self.is_lost_at(clock.now()) {
            return Ok(false);
        }
        // Without a range it would be answered by one server's memory, which may be old.
        let body = json!({ "compare": self.compared(), "success": [range_of(&self.queues[0])] });
        let answer = api
            .call("/v3/kv/txn", &body, Operation::Reading, self.limit())
            .await?;
        if answer["succeeded"] != true {
            self.gone(clock.now());
        }
        Ok(!self.is_lost_at(clock.now()))
    }

    /// Deletes its keys if all are there, and returns how it stood.
    pub(super) async fn release(
        &self,
        api: &Api,
        clock: &dyn Clock,
    ) -> Result<ReleaseOutcome, CallError> {
        let deletion = |place| json!({ "request_delete_range": { "key": text(&self.key(place)) } });
        let deletions: Vec<_> = (0..self.names.len()).map(deletion).collect();
        let body = json!({ "compare": self.compared(), "success": deletions });
        let answer = api
            .call("/v3/kv/txn", &body, Operation::Changing, self.limit())
            .await?;
        match self.lost() {
            Some(lost) => Ok(lost),
            None if answer["succeeded"] == true => Ok(ReleaseOutcome::Released),
            None => Ok(self.gone(clock.now())),
        }
    }

    /// True in etcd as long as all its keys are there: no other request makes a key of this name.
    fn compared(&self) -> Vec<Value> {
        let there = |place| {
            json!({
                "key": text(&self.key(place)), "target": "CREATE", "result": "GREATER",
                "create_revision": "0",
            })
        };
        (0..self.names.len()).map(there).collect()
    }

    /// Ends the lease, and with it whatever there may be of the request.
    pub(super) async fn give_up(&self, api: &Api) -> Result<(), CallError> {
        let body = json!({ "ID": self.lease.to_string() });
        let path = "/v3/lease/revoke";
        match api
            .ask(path, &body, Operation::Repeatable, self.limit())
            .await
        {
            Ok(_) => Ok(()),
            Err((trouble, _)) if trouble.is_not_found() => Ok(()),
            Err((trouble, is_certain)) => Err(uncertain(&trouble, is_certain)),
        }
    }

    /// Deletes the keys of those that hold any of the names.
    pub(super) async fn break_names(&self, api: &Api) -> Result<(), CallError> {
        for queue in &self.queues {
            let range = json!({ "success": [range_of(queue)] });
            let answer = api
                .call("/v3/kv/txn", &range, Operation::Reading, self.limit())
                .await?;
            let entries = queue::entries(&answer["responses"][0]["response_range"]);
            let deletion =
                |entry: &Entry| json!({ "request_delete_range": { "key": text(&entry.key) } });
            let deletions: Vec<_> = queue::holders(&entries).iter().map(deletion).collect();
            if !deletions.is_empty() {
                let body = json!({ "success": deletions });
                api.call("/v3/kv/txn", &body, Operation::Repeatable, self.limit())
                    .await?;
            }
        }
        Ok(())
    }
}

fn uncertain(trouble: &Trouble, is_certain: bool) -> CallError {
    let mut error = classify(trouble, Operation::Repeatable);
    if !is_certain {
        error.kind = crate::model::error::ErrorKind::Indefinite;
    }
    error
}

fn range_of(queue: &str) -> Value {
    json!({ "request_range": { "key": text(queue), "range_end": text(&queue::end_of(queue)) } })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lock_settings::{OF_LEASES, Settings};
    use crate::secret_url::SecretUrl;

    fn held() -> Held {
        let url = SecretUrl::parse("etcd://a?lease=2").unwrap();
        let pace = Settings::from_url(&url, OF_LEASES).unwrap().pace(None);
        let of = |text: &str| vec![text.to_owned()];
        let own = (1, "1".to_owned());
        Held::new(of("a"), of("q/"), Mode::Exclusive, own, pace.unwrap(), 0)
    }

    #[test]
    fn keys_that_are_gone_are_not_owner_before_the_lease_ends_and_expired_after() {
        assert_eq!(held().gone(2 * SECOND - 1), ReleaseOutcome::NotOwner);
        assert_eq!(held().gone(2 * SECOND), ReleaseOutcome::Expired);
        let held = held();
        held.gone(1);
        assert_eq!(held.gone(3 * SECOND), ReleaseOutcome::NotOwner);
    }

    #[test]
    fn holder_without_answers_has_lost_it_before_its_lease_ends() {
        let held = held();
        assert_eq!(held.left(0), 2 * SECOND - SECOND / 5);
        assert_eq!(held.left(2 * SECOND - SECOND / 5), 0);
        held.lose();
        assert!(held.is_unanswered());
        assert_eq!(held.gone(1), ReleaseOutcome::Expired);
        let known = self::held();
        known.gone(1);
        known.lose();
        assert!(!known.is_unanswered(), "it is known why");
    }
}
