//! Statements on a few rows. Random ones, held against SQLite's answers, are in the integration tests.

mod forms;
mod keys;
mod postgres;
mod reads;
mod refusals;
mod schemas;
mod triggers;
mod writes;

use super::*;
use crate::model::error::CallError;
use crate::model::value::{Row, Value};
use std::collections::BTreeMap;

/// A schema and its rows, without other transactions.
#[derive(Default)]
struct Tables {
    schema: Schema,
    rows: BTreeMap<(TableId, Key), StoredRow>,
}

impl View for Tables {
    fn get(&self, table: TableId, key: &Key) -> Option<&StoredRow> {
        self.rows.get(&(table, key.clone()))
    }

    fn scan<'a>(
        &'a self,
        table: TableId,
    ) -> Box<dyn Iterator<Item = (&'a Key, &'a StoredRow)> + 'a> {
        let rows = self.rows.iter().map(|((id, key), row)| (id, key, row));
        Box::new(rows.filter_map(move |(id, key, row)| (*id == table).then_some((key, row))))
    }
}

impl Tables {
    /// No tables yet, of a server of the other dialect.
    fn of_postgres() -> Self {
        Self {
            schema: Schema::of(Dialect::Postgres),
            ..Self::default()
        }
    }

    /// `t` has four rows, `u` three.
    fn new() -> Self {
        let mut tables = Self::default();
        for text in [
            "CREATE TABLE t (id INT PRIMARY KEY, n BIGINT, s VARCHAR(5), r DOUBLE)",
            "INSERT INTO t VALUES (1, 10, 'a', 0.5), (2, NULL, 'B', NULL), (3, 30, NULL, -1e0), \
             (4, 10, 'c', 2e0)",
            "CREATE TABLE u (a INT, b VARCHAR(5), t_id INT, PRIMARY KEY (b, a))",
            "INSERT INTO u VALUES (1, 'x', 1), (2, 'x', 3), (1, 'y', NULL)",
        ] {
            tables.run(text, &[]).unwrap();
        }
        tables
    }

    fn plan(&self, text: &str) -> Plan {
        plan(text, &self.schema).unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    /// Runs a statement. Gives the rows that it reads; nothing if it writes.
    fn run(&mut self, text: &str, parameters: &[Value]) -> Result<Vec<Row>, CallError> {
        let changes = match plan(text, &self.schema)? {
            Plan::Select(select) => return select.rows(parameters, self),
            Plan::Insert(insert) => insert.changes(parameters, self, self)?.changes,
            Plan::Update(update) => update.changes(parameters, self)?.changes,
            Plan::Delete(delete) => delete.changes(parameters, self)?.changes,
            Plan::Define(definition) => {
                let gone = self.schema.define(&definition)?;
                self.rows.retain(|(id, _), _| !gone.contains(id));
                return Ok(Vec::new());
            }
            Plan::Set(setting) => panic!("{setting:?}"),
            Plan::Savepoint(step, name) => panic!("{step:?} {name}"),
        };
        for RowChange {
            table, key, after, ..
        } in changes
        {
            match after {
                Some(row) => self.rows.insert((table, key), row),
                None => self.rows.remove(&(table, key)),
            };
        }
        Ok(Vec::new())
    }

    fn rows(&mut self, text: &str) -> Vec<Row> {
        let rows = self.run(text, &[]);
        rows.unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    /// The one value that a SELECT gives.
    fn value(&mut self, expression: &str) -> Value {
        let mut rows = self.rows(&format!("SELECT {expression}"));
        rows.remove(0).remove(0)
    }

    fn error(&mut self, text: &str) -> CallError {
        let answer = self.run(text, &[]);
        answer.expect_err(text)
    }

    /// The first column of a SELECT, which has integers.
    fn integers(&mut self, text: &str) -> Vec<i64> {
        let integer = |row: Row| match row[0] {
            Value::Integer(integer) => integer,
            ref other => panic!("{text}: {other:?}"),
        };
        self.rows(text).into_iter().map(integer).collect()
    }
}
