//! Reads the final state of the database.

use super::super::reading::each_node;
use super::tables::{Allocations, NodeAllocations, Range, Request, Table};
use crate::capability::clock::Clock;
use crate::capability::database::{Database, Freshness};
use crate::capability::statement::{Action, Statement};
use crate::model::error::CallError;
use crate::model::marker::Mark;
use crate::model::value::{Row, Value};

/// Reads the tables of every node that answers, causally, so that a node that lags is waited for. A
/// error only if no node answers.
pub(super) async fn read_allocations(
    database: &dyn Database,
    clock: &dyn Clock,
) -> Result<Allocations, CallError> {
    each_node(database, clock, |node| read_node(database, node)).await
}

async fn read_node(database: &dyn Database, node: &str) -> Result<NodeAllocations, CallError> {
    let mut requests = Vec::new();
    for table in [Table::IpAllocations, Table::IpRequests] {
        let columns = "address, subnet_id, pool_id, status, marker";
        let rows = rows(database, node, columns, table.name()).await?;
        requests.extend(rows.into_iter().map(|row| request(table, row)));
    }
    let columns = "pool_id, first_ip, last_ip";
    let rows = rows(database, node, columns, "availability_ranges").await?;
    let mut ranges: Vec<_> = rows.into_iter().map(range).collect();
    requests.sort();
    ranges.sort();
    Ok(NodeAllocations {
        node: node.to_owned(),
        requests,
        ranges,
    })
}

async fn rows(
    database: &dyn Database,
    node: &str,
    columns: &str,
    table: &str,
) -> Result<Vec<Row>, CallError> {
    let all = format!("SELECT {columns} FROM {table}");
    let all = Statement::of_host(all, Action::Read);
    database.read(node, Freshness::Causal, &all, &[]).await
}

fn request(table: Table, row: Row) -> Request {
    let mut columns = row.into_iter();
    let mut text = || columns.next().and_then(Value::into_text);
    let [address, subnet, pool, status] = [(); 4].map(|()| text().unwrap_or_default());
    Request {
        table,
        address,
        subnet,
        pool,
        status,
        mark: Mark::from(text()),
    }
}

fn range(row: Row) -> Range {
    let mut columns = row.into_iter();
    let mut text = || {
        columns
            .next()
            .and_then(Value::into_text)
            .unwrap_or_default()
    };
    Range {
        pool: text(),
        first: text(),
        last: text(),
    }
}
