//! A kind of workload in one file: its table, the life of a change, the final state and the checkers.

use async_trait::async_trait;
use contend::capability::clock::Clock;
use contend::capability::database::{Database, Freshness, Session};
use contend::capability::statement::{Action, Statement};
use contend::capability::strategy::{Call, Transition};
use contend::check::parts::{
    Findings, Heard, Rivalry, Unknown, Witness, effects_of, judgement, limited, nodes_agree,
};
use contend::model::change::{Change, Nanos, Settled, StepKind};
use contend::model::error::CallError;
use contend::model::value::Value;
use contend::model::verdict::{Answer, Judgement};
use contend::workload::final_state::{FinalState, InFile, OfNodes};
use contend::workload::turn::{Phase, Turn};
use contend::workload::{
    Chosen, FinalFile, Workload, WorkloadKind, define, definition, each_node, fill,
};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Workers increment rows. Each increment reports ok or an error to its worker.
#[derive(Debug)]
pub(super) struct Increments;

/// The counters of one node, by their rows.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Counters {
    pub(super) node: String,
    pub(super) rows: Vec<i64>,
}

impl InFile for Counters {
    const FILE: &'static str = "counters.json";
}

/// An increment is in the way of those that begin before it has returned.
const RIVALRY: Rivalry = Rivalry {
    until: |change| change.acquire.returned,
    never_held: "no increment ended ok",
    never_met: "nothing was contended: no two workers ever incremented one row at once",
};

#[async_trait]
impl WorkloadKind for Increments {
    fn name(&self) -> &'static str {
        "increments"
    }

    fn tables(&self) -> &'static [&'static str] {
        &["counters"]
    }

    fn nouns(&self) -> [&'static str; 2] {
        ["rows", "increments"]
    }

    fn takes(&self) -> &'static [&'static str] {
        &["rows"]
    }

    fn planned(&self, _: &toml::Table) -> Result<Workload, String> {
        Ok(Workload {
            pause_ms: 0,
            audit: false,
            kind: Chosen::new(Self),
            ..Workload::default()
        })
    }

    fn with_recorded(&self, _: serde_json::Value) -> serde_json::Result<Arc<dyn WorkloadKind>> {
        Ok(Arc::new(Self))
    }

    async fn make(
        &self,
        session: &mut dyn Session,
        database: &dyn Database,
        workload: &Workload,
    ) -> Result<(), CallError> {
        let columns = "id varchar(36) NOT NULL PRIMARY KEY, n bigint NOT NULL";
        define(session, definition(database.dialect(), "counters", columns)).await?;
        let rows = (0..workload.rows).map(|row| [Value::from(row.to_string())]);
        fill(session, "INSERT INTO counters (id, n) VALUES (?, 0)", rows).await
    }

    async fn change(&self, turn: &mut dyn Turn) -> Change {
        turn.enter(Phase::Acquire);
        let call = Call::Change(Transition {
            row: turn.row().to_string(),
            from: String::new(),
            to: String::new(),
            marker: turn.marker().to_string(),
        });
        let mut stepped = turn.step(StepKind::Acquire, call).await;
        let is_ok = stepped.step.outcome.is_ok();
        // A counter does not tell whose increments are in it.
        stepped.step.settled = (!is_ok).then_some(Settled::Unknown);
        turn.begun(stepped.step, stepped.nodes)
    }

    async fn read_final(
        &self,
        database: &dyn Database,
        clock: &dyn Clock,
        workload: &Workload,
    ) -> Result<FinalState, CallError> {
        let read = |node| counters(database, node, workload.rows);
        Ok(FinalState::own(each_node(database, clock, read).await?))
    }

    fn file(&self) -> Option<FinalFile> {
        Some(FinalFile::of::<Counters>())
    }

    fn judge(
        &self,
        _: &Workload,
        changes: &[Change],
        found: Option<&FinalState>,
        whole_from: Option<Nanos>,
    ) -> Judgement {
        let found = found.and_then(FinalState::of::<OfNodes<Counters>>);
        let (heard, nodes) = (found.map(OfNodes::heard), found.map(|found| &*found.nodes));
        let nodes = nodes.unwrap_or_default();
        let contention = RIVALRY.count(changes, heard.as_ref().map_or(0, Heard::cluster));
        let unknown = Heard::missing(heard, changes).map(Unknown::from);
        let unknown = unknown.or(RIVALRY.missing(changes, &contention));
        let answers = vec![
            limited(sums(changes, nodes, unknown), &contention),
            nodes_agree(differences(nodes), heard),
        ];
        judgement(answers, changes, contention, whole_from)
    }
}

/// Holds every counter of every node against the increments that were reported of its row.
fn sums(changes: &[Change], nodes: &[Counters], unknown: Option<Unknown>) -> Answer {
    let mut findings = Findings::default();
    for Counters { node, rows } in nodes {
        for (&n, row) in rows.iter().zip(0..) {
            let of_row = || changes.iter().filter(|change| change.row == row);
            let explained = of_row().map(|change| effects_of(&change.acquire));
            let (least, most) = explained.fold((0, 0), |sum, own| (sum.0 + own.0, sum.1 + own.1));
            if !(i64::from(least)..=i64::from(most)).contains(&n) {
                findings.add(None, || {
                    let prose = format!(
                        "row {row} is {n} on node {node}, and of its increments {least} ended ok"
                    );
                    Witness::about(prose, row, of_row().map(|change| Some(change.marker())))
                });
            }
        }
    }
    findings.answer("sum", "is every ok increment in the sum?", unknown)
}

fn differences(nodes: &[Counters]) -> Findings {
    let mut findings = Findings::default();
    for other in nodes.iter().filter(|other| other.rows != nodes[0].rows) {
        let (one, other) = (&nodes[0].node, &other.node);
        findings.add(None, || {
            format!("the counters of {one} and {other} differ").into()
        });
    }
    findings
}

async fn counters(database: &dyn Database, node: &str, rows: u32) -> Result<Counters, CallError> {
    let read = Statement::of_host("SELECT n FROM counters WHERE id = ?", Action::Read);
    let mut counters = Vec::new();
    for row in 0..rows {
        let row = [Value::from(row.to_string())];
        let found = database.read(node, Freshness::Causal, &read, &row).await?;
        // A row that is gone has lost its increments.
        counters.push(found.into_iter().flatten().map(integer).sum());
    }
    let (node, rows) = (node.to_owned(), counters);
    Ok(Counters { node, rows })
}

pub(super) fn integer(value: Value) -> i64 {
    match value {
        Value::Integer(n) => n,
        other => panic!("{other:?} is no integer"),
    }
}
