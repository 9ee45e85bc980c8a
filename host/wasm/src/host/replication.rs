use super::HostState;
use crate::bindings::SessionHandle;
use crate::bindings::contend::strategy::{replication, types};
use crate::capability::database::{Database, Freshness};
use crate::capability::statement::Statement;
use crate::convert::{error_to_guest, value_from_guest, value_to_guest};
use crate::model::error::CallError;
use crate::model::value::Value;
use std::sync::Arc;
use wasmtime::Result;
use wasmtime::component::Resource;

type Answer<T> = Result<std::result::Result<T, types::Error>>;

impl HostState {
    /// The reading of a check. The SQL policy judges it as it judges a strategy's own statements, so a
    /// name that is more than a name gets nowhere.
    fn check_statement(
        &mut self,
        table: &str,
        key: &[replication::Column],
        expected: &[replication::Column],
    ) -> std::result::Result<Arc<Statement>, CallError> {
        if key.is_empty() || expected.is_empty() {
            return Err(CallError::rejected(
                "no-column",
                "a check needs a key and at least one expected column",
            ));
        }
        let names = |columns: &[replication::Column], after: &str, between: &str| {
            let named: Vec<_> = columns
                .iter()
                .map(|column| format!("{}{after}", column.name))
                .collect();
            named.join(between)
        };
        let columns = names(expected, "", ", ");
        let condition = names(key, " = ?", " AND ");
        // The first row is all that is looked at, however many have this key.
        self.statement(&format!(
            "SELECT {columns} FROM {table} WHERE {condition} LIMIT 1"
        ))
    }
}

async fn ask(
    database: &dyn Database,
    node: &str,
    statement: &Statement,
    key: &[Value],
    expected: &[Value],
) -> replication::Answer {
    match database.read(node, Freshness::AsItIs, statement, key).await {
        Err(error) => replication::Answer::Unreachable(error_to_guest(error)),
        Ok(rows) => match rows.into_iter().next() {
            None => replication::Answer::Missing,
            Some(row) if row == expected => replication::Answer::Agrees,
            Some(row) => {
                replication::Answer::Differs(row.into_iter().map(value_to_guest).collect())
            }
        },
    }
}

impl replication::Host for HostState {
    fn nodes(&mut self) -> Result<Vec<String>> {
        self.idle.call()?;
        Ok(self.capabilities.database.nodes().to_vec())
    }

    async fn check(
        &mut self,
        table: String,
        key: Vec<replication::Column>,
        expected: Vec<replication::Column>,
    ) -> Answer<Vec<replication::NodeAnswer>> {
        let statement = match self.check_statement(&table, &key, &expected) {
            Ok(statement) => statement,
            Err(error) => return self.answer(Err(error)),
        };
        let values = |columns: Vec<replication::Column>| -> Vec<Value> {
            let value = |column: replication::Column| value_from_guest(column.value);
            columns.into_iter().map(value).collect()
        };
        let (key, expected) = (values(key), values(expected));
        let began = self.capabilities.clock.now();
        let mut answers = Vec::new();
        let database = self.capabilities.database.clone();
        for node in database.nodes() {
            let answer = ask(&*database, node, &statement, &key, &expected).await;
            answers.push(replication::NodeAnswer {
                node: node.clone(),
                answer,
                lag: self.capabilities.clock.now() - began,
            });
        }
        self.answer(Ok(answers))
    }

    async fn sync(&mut self, handle: Resource<SessionHandle>) -> Answer<()> {
        let synced = self.session(&handle)?.sync().await;
        self.answer(synced)
    }
}
