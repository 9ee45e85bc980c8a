//! Limits on the host's resources: a budget for each run, divided into equal shares of its instances.
//!
//! Each resource has one budget for the process. An instance is given its share of it when it is made,
//! and a call that would go over the share is `rejected`: for the instance that asked, whatever the
//! others do. Nothing is lent from one to another, so that a refusal depends on the instance alone, and
//! is the same in the simulator.
//!
//! With 200 workers, 512 MiB of answers make 2.6 MiB for each: one that asks for 3 MiB is refused, and
//! if all 200 ask for 2 MiB at once, they all get them.

use crate::model::error::CallError;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

const KIB: u64 = 1 << 10;
const MIB: u64 = 1 << 20;

/// Bytes of answers on their way from a database to an instance, with what drivers hold of them.
const ANSWERS: u64 = 2048 * MIB;

/// Bytes of memory for one byte of an answer. Beside the bytes received, a driver holds a row being
/// decoded, a row in its queue and a row being read, and each of them may be the whole answer.
const ANSWER_COST: u64 = 4;

/// The largest share of them.
pub const LARGEST_ANSWER: usize = 16 << 20;

/// Error code of an answer that is larger than the instance's share.
pub const ANSWER_TOO_LARGE: &str = "answer-too-large";

/// Bytes of texts and parameters on their way from an instance to the host.
const CALLS: u64 = 1024 * MIB;

/// Bytes of what databases and drivers make of statements.
const STATEMENTS: u64 = 1024 * MIB;

/// Bytes of memory for one byte of a statement's text: SQLite needs 1.4 MiB for 36 KiB.
const STATEMENT_COST: u64 = 40;

/// A longer statement is prepared for each call and not kept.
pub const KEPT_TEXT: usize = KIB as usize;

/// Bytes of admitted statements that instances cache.
const TEXTS: u64 = 256 * MIB;

/// Bytes of what is printed in one trial, on the disk.
pub const PRINTED: u64 = 16 * MIB;

/// Sessions with the database, and with the lock service.
const SESSIONS: u64 = 1000;

/// Names of locks.
const LOCK_NAMES: u64 = 64 * 1024;

/// Files that the locks of one run make: they stay, since others may know them by their names.
const LOCK_FILES: u64 = 64 * 1024;

/// Descriptors beside those of instances: the host's own connections, files and pipes.
pub const FILES_BESIDE: u64 = 200;

/// The least that an instance of a real run needs: two sessions, each a file and its log, and two files
/// of locks.
pub const FILES_LEAST: u64 = 6;

/// The share of one instance: how much of each resource it may hold at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shares {
    /// Bytes of one answer.
    pub answer: usize,
    /// Bytes of strings and lists of one call.
    pub call: usize,
    /// Bytes of one statement's text.
    pub statement: usize,
    /// Bytes of the texts that are kept for it.
    pub texts: usize,
    /// Statements that stay prepared in each of its sessions.
    pub prepared: usize,
    /// Sessions with the database, and as many with the lock service.
    pub sessions: usize,
    /// Names of all its locks together. A name of a file lock takes a descriptor.
    pub lock_names: usize,
    /// Files that the locks of a worker make, with all its instances.
    pub lock_files: usize,
    /// Bytes of what a worker prints, with all its instances.
    pub printed: u64,
}

impl Shares {
    /// The share of each of so many instances. `files` is the process's limit of file descriptors, or
    /// `None` if sessions and locks use none.
    pub fn new(instances: u32, files: Option<u64>) -> Self {
        let instances = u64::from(instances.max(1));
        let each = |budget: u64, least: u64, most: u64| {
            let share = (budget / instances).clamp(least, most);
            usize::try_from(share).unwrap_or(usize::MAX)
        };
        let mut sessions = each(SESSIONS, 2, 8);
        let mut lock_names = each(LOCK_NAMES, 16, 256);
        if let Some(files) = files {
            let own = files.saturating_sub(FILES_BESIDE) / instances;
            let names = (own / 3).clamp(2, 256) as usize;
            lock_names = lock_names.min(names);
            let rest = own.saturating_sub(lock_names as u64);
            sessions = sessions.min((rest / 2).clamp(2, 8) as usize);
        }
        let prepared = STATEMENTS / (STATEMENT_COST * KEPT_TEXT as u64) / sessions as u64;
        Self {
            answer: each(ANSWERS / ANSWER_COST, 256 * KIB, LARGEST_ANSWER as u64),
            call: each(CALLS, 256 * KIB, 4 * MIB),
            statement: each(STATEMENTS / STATEMENT_COST, 4 * KIB, 64 * KIB),
            texts: each(TEXTS, 64 * KIB, 4 * MIB),
            prepared: each(prepared, 4, 64),
            sessions,
            lock_names,
            lock_files: each(LOCK_FILES, 16, 1024),
            printed: each(PRINTED, KIB, PRINTED) as u64,
        }
    }

    /// File descriptors that all instances need when each holds its whole share.
    pub fn files_of(instances: u32) -> u64 {
        let shares = Self::new(instances, None);
        let own = 2 * shares.sessions as u64 + shares.lock_names as u64;
        FILES_BESIDE + u64::from(instances) * own.max(3 * FILES_LEAST / 2)
    }
}

impl Default for Shares {
    /// The shares of a single instance.
    fn default() -> Self {
        Self::new(1, None)
    }
}

/// The amount of one resource that an instance holds.
#[derive(Debug, Clone)]
pub struct Account {
    /// The name of the resource, for the error message.
    what: &'static str,
    share: usize,
    taken: Arc<AtomicUsize>,
}

/// An amount that is held. Dropping it releases the amount.
#[derive(Debug)]
pub struct Charge {
    amount: usize,
    taken: Arc<AtomicUsize>,
}

impl Account {
    pub fn new(what: &'static str, share: usize) -> Self {
        Self {
            what,
            share,
            taken: Arc::default(),
        }
    }

    /// Acquires an amount. Returns `rejected` with `too-many` if the instance would exceed its share.
    pub fn charge(&self, amount: usize) -> Result<Charge, CallError> {
        let taken = self.taken.load(Relaxed);
        if amount > self.share.saturating_sub(taken) {
            let message = format!(
                "an instance may hold {} {} at a time, holds {taken}, and asked for {amount} more; \
                 drop some first, or run fewer workers: they share what there is",
                self.share, self.what
            );
            return Err(CallError::rejected("too-many", message));
        }
        self.taken.fetch_add(amount, Relaxed);
        Ok(Charge {
            amount,
            taken: self.taken.clone(),
        })
    }
}

impl Drop for Charge {
    fn drop(&mut self) {
        self.taken.fetch_sub(self.amount, Relaxed);
    }
}

/// Returns `rejected` with this code if `bytes` exceeds the share.
pub fn check_size(code: &str, what: &str, bytes: usize, share: usize) -> Result<(), CallError> {
    if bytes <= share {
        return Ok(());
    }
    let message = format!(
        "{what} of {bytes} bytes; with so many workers each may have {share}, since they share what \
         there is"
    );
    Err(CallError::rejected(code, message))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_of_all_instances_stay_within_the_budgets() {
        for instances in [1, 3, 20, 200, 1000, 3000] {
            let shares = Shares::new(instances, None);
            let all = |share: usize| share as u64 * u64::from(instances);
            let answers = all(shares.answer) * ANSWER_COST;
            assert!(
                instances > 2000 || answers <= ANSWERS,
                "{instances}: {shares:?}"
            );
            assert!(all(shares.call) <= CALLS, "{instances}: {shares:?}");
            let statements = all(shares.statement) * STATEMENT_COST;
            assert!(statements <= STATEMENTS, "{instances}: {shares:?}");
            assert!(all(shares.texts) <= TEXTS, "{instances}: {shares:?}");
            assert!(
                all(shares.lock_names) <= LOCK_NAMES,
                "{instances}: {shares:?}"
            );
            assert!(
                all(shares.printed as usize) <= PRINTED,
                "{instances}: {shares:?}"
            );
        }
        // Beyond that each has the least that it can work with.
        let most = Shares::new(100_000, None);
        assert_eq!((most.answer, most.statement), (256 << 10, 4 << 10));
        assert_eq!((most.sessions, most.lock_names, most.prepared), (2, 16, 4));
    }

    #[test]
    fn descriptors_are_enough_for_all_instances_to_take_their_shares() {
        for instances in [1, 20, 200, 3000] {
            for files in [1024, 4096, 65_536, 1 << 20, Shares::files_of(instances)] {
                if files < FILES_BESIDE + FILES_LEAST * u64::from(instances) {
                    continue;
                }
                let shares = Shares::new(instances, Some(files));
                let own = 2 * shares.sessions as u64 + shares.lock_names as u64;
                let all = FILES_BESIDE + own * u64::from(instances);
                assert!(all <= files, "{instances} of {files}: {shares:?}");
                assert!(shares.sessions >= 2 && shares.lock_names >= 2);
            }
        }
    }

    #[test]
    fn account_refuses_more_than_its_share_and_recovers_dropped_charges() {
        let account = Account::new("names of locks", 3);
        let two = account.charge(2).unwrap();
        let one = account.charge(1).unwrap();
        let refused = account.charge(1).unwrap_err();
        assert_eq!(refused.code, "too-many");
        assert!(refused.message.contains("3 names of locks"), "{refused}");
        drop(two);
        let _again = account.charge(2).unwrap();
        drop(one);
        assert!(account.charge(2).is_err());
        assert!(account.charge(usize::MAX).is_err());
        assert!(account.charge(1).is_ok());
    }
}
