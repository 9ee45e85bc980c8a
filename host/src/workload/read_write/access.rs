//! The host's own look at visits.

use super::tables::{Document, NodeVisits, Visit, Visits};
use crate::capability::clock::Clock;
use crate::capability::database::{Database, Freshness};
use crate::capability::statement::{Action, Statement};
use crate::model::error::CallError;
use crate::model::marker::{Mark, Marker};
use crate::model::value::{Row, Value};
use crate::workload::each_node;

const COLUMNS: &str = "marker, document_id, purpose, entered_version, entered_writer, left_version";

/// The visit with this marker, read causally on one node.
pub(super) async fn visit(
    database: &dyn Database,
    node: &str,
    marker: Marker,
) -> Result<Option<Visit>, CallError> {
    let text = format!("SELECT {COLUMNS} FROM visits WHERE marker = ?");
    let look = Statement::of_host(text, Action::Read);
    let marker = [Value::from(marker.to_string())];
    let found = database.read(node, Freshness::Causal, &look, &marker);
    Ok(found.await?.into_iter().next().map(to_visit))
}

/// Reads the tables of every node that answers, causally, so that a node that lags is waited for. An
/// error only if no node answers.
pub(super) async fn read_visits(
    database: &dyn Database,
    clock: &dyn Clock,
) -> Result<Visits, CallError> {
    each_node(database, clock, |node| read_node(database, node)).await
}

async fn read_node(database: &dyn Database, node: &str) -> Result<NodeVisits, CallError> {
    let all = async |columns: &str, table: &str| {
        let text = format!("SELECT {columns} FROM {table}");
        let all = Statement::of_host(text, Action::Read);
        database.read(node, Freshness::Causal, &all, &[]).await
    };
    let documents = all("id, version, writer", "documents").await?;
    let visits = all(COLUMNS, "visits").await?;
    let mut documents: Vec<_> = documents.into_iter().map(to_document).collect();
    let mut visits: Vec<_> = visits.into_iter().map(to_visit).collect();
    documents.sort();
    visits.sort();
    Ok(NodeVisits {
        node: node.to_owned(),
        documents,
        visits,
    })
}

fn to_document(row: Row) -> Document {
    let [id, version, writer] = columns(row);
    Document {
        id: id.into_text().unwrap_or_default(),
        version: integer(&version),
        writer: Mark::from(writer.into_text()),
    }
}

fn to_visit(row: Row) -> Visit {
    let [marker, document, purpose, version, writer, left] = columns(row);
    Visit {
        mark: Mark::from(marker.into_text()),
        document: document.into_text().unwrap_or_default(),
        purpose: purpose.into_text().unwrap_or_default(),
        entered_version: integer(&version),
        entered_writer: Mark::from(writer.into_text()),
        left_version: integer(&left),
    }
}

fn columns<const N: usize>(row: Row) -> [Value; N] {
    let mut columns = row.into_iter();
    [(); N].map(|()| columns.next().unwrap_or(Value::Null))
}

fn integer(value: &Value) -> Option<i64> {
    match value {
        Value::Integer(number) => Some(*number),
        _ => None,
    }
}
