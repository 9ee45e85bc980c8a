//! A strategy for the tests of the engine, and what it is given.

use super::{Engine, WasmStrategy};
use crate::capability::clock::Clock;
use crate::capability::database::{Database, Freshness, Session, Target};
use crate::capability::lock::{LockService, LockSession, SessionOptions};
use crate::capability::printed::Unread;
use crate::capability::sql_policy::SqlPolicy;
use crate::capability::statement::Statement;
use crate::capability::strategy::{Call, Capabilities, Transition};
use crate::model::change::Nanos;
use crate::model::error::CallError;
use crate::model::value::{Row, Value};
use async_trait::async_trait;
use std::sync::Arc;

/// The strategy of `fixtures.wat`.
pub fn load(engine: &Engine) -> WasmStrategy {
    load_text(engine, include_str!("fixtures.wat"))
}

/// Another one.
pub fn load_text(engine: &Engine, text: &str) -> WasmStrategy {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("fixture.wasm");
    let component = wat::parse_str(text).unwrap();
    std::fs::write(&path, component).unwrap();
    engine.load(&path).unwrap()
}

/// Lets it do what this word's first letter stands for.
pub fn doing(what: &str) -> Call {
    Call::Change(Transition {
        row: what.to_owned(),
        from: String::new(),
        to: String::new(),
        marker: String::new(),
    })
}

/// Nothing but a clock: the strategy imports no more.
pub fn only_a_clock(clock: impl Clock + 'static) -> Capabilities {
    Capabilities {
        database: Arc::new(Nothing),
        sql_policy: Arc::new(SqlPolicy::new(&[], "sqlite")),
        locks: Arc::new(Nothing),
        clock: Arc::new(clock),
        settings: Arc::default(),
        printed: Arc::new(Unread),
        shares: Default::default(),
        endpoint: Target::Endpoint,
        first_session: None,
        worker: 0,
        generation: 0,
        seed: 1,
        counts_statements: false,
    }
}

/// A clock on which every wait is over at once.
pub struct Impatient;

#[async_trait]
impl Clock for Impatient {
    fn now(&self) -> Nanos {
        0
    }

    async fn sleep(&self, _: Nanos) {}
}

struct Nothing;

fn none() -> CallError {
    CallError::unavailable("none", "these tests have neither a database nor locks")
}

#[async_trait]
impl Database for Nothing {
    fn dialect(&self) -> &'static str {
        "sqlite"
    }

    fn nodes(&self) -> &[String] {
        &[]
    }

    fn name_transactions(&self) -> &'static str {
        "NULL"
    }

    async fn connect(&self, _: &Target) -> Result<Box<dyn Session>, CallError> {
        Err(none())
    }

    async fn read(
        &self,
        _: &str,
        _: Freshness,
        _: &Statement,
        _: &[Value],
    ) -> Result<Vec<Row>, CallError> {
        Err(none())
    }

    async fn close(&self) {}
}

#[async_trait]
impl LockService for Nothing {
    fn traits(&self) -> Vec<(String, String)> {
        Vec::new()
    }

    async fn open(&self, _: String, _: SessionOptions) -> Result<Box<dyn LockSession>, CallError> {
        Err(none())
    }
}
