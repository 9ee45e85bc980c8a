//! The database of the fake world.

use super::{Broken, Notes};
use crate::capability::database::{Database, Freshness, Session, Target};
use crate::capability::statement::Statement;
use crate::model::counters::NodeCounters;
use crate::model::error::CallError;
use crate::model::value::{Row, Value};
use async_trait::async_trait;
use std::collections::BTreeMap;
use std::future::pending;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

/// A database of one node, whose readings are noted once the faults are healed.
pub(super) struct FakeDatabase {
    broken: Broken,
    notes: Notes,
    nodes: [String; 1],
    is_healed: AtomicBool,
}

impl FakeDatabase {
    pub(super) fn new(broken: Broken, notes: Notes) -> Self {
        Self {
            broken,
            notes,
            nodes: ["n1".to_owned()],
            is_healed: AtomicBool::new(false),
        }
    }

    /// The faults are healed from here on.
    pub(super) fn heal(&self) {
        self.is_healed.store(true, Relaxed);
    }
}

#[async_trait]
impl Database for FakeDatabase {
    fn dialect(&self) -> &'static str {
        "sqlite"
    }

    fn nodes(&self) -> &[String] {
        &self.nodes
    }

    fn name_transactions(&self) -> &'static str {
        "''"
    }

    async fn connect(&self, _: &Target) -> Result<Box<dyn Session>, CallError> {
        Ok(Box::new(FakeSession(self.broken)))
    }

    async fn read(
        &self,
        _: &str,
        _: Freshness,
        _: &Statement,
        _: &[Value],
    ) -> Result<Vec<Row>, CallError> {
        if self.is_healed.load(Relaxed) {
            self.notes.add("read");
            if self.broken == Broken::Reading {
                return Err(CallError::rejected("gone", "no node answers"));
            }
        }
        Ok(Vec::new())
    }

    /// 3 commits, and 4 more once the faults are healed.
    async fn counters(&self) -> Vec<NodeCounters> {
        let is_healed = self.is_healed.load(Relaxed);
        vec![NodeCounters {
            node: "n1".to_owned(),
            commits: Some(3 + 4 * u64::from(is_healed)),
            ..NodeCounters::default()
        }]
    }

    async fn describe(&self) -> Result<BTreeMap<String, String>, CallError> {
        Ok([("version".to_owned(), "1".to_owned())].into())
    }

    async fn close(&self) {
        self.notes.add("close");
    }
}

struct FakeSession(Broken);

#[async_trait]
impl Session for FakeSession {
    async fn execute(&mut self, _: &Statement, _: &[Value]) -> Result<u64, CallError> {
        match self.0 {
            Broken::Tables => Err(CallError::rejected("denied", "no tables")),
            _ => Ok(1),
        }
    }

    /// The background load alone asks for something.
    async fn query(&mut self, _: &Statement, _: &[Value]) -> Result<Vec<Row>, CallError> {
        match self.0 {
            Broken::BackgroundHangs => pending().await,
            Broken::BackgroundPanics => panic!("no such column"),
            _ => Ok(Vec::new()),
        }
    }

    async fn begin(&mut self) -> Result<(), CallError> {
        Ok(())
    }

    async fn commit(&mut self) -> Result<(), CallError> {
        Ok(())
    }

    async fn rollback(&mut self) -> Result<(), CallError> {
        Ok(())
    }

    async fn sync(&mut self) -> Result<(), CallError> {
        Ok(())
    }

    async fn close(self: Box<Self>) {}
}
