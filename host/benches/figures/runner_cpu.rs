//! The cost of the runner itself: its processor time per change against a plain loop's.

mod plain;

use super::child;
use super::context::{context, folder, load_cas};
use super::process::{Used, stay_on_one_core};
use super::report::Figure;
use super::spread::Spread;
use contend::backend::clock::RealClock;
use contend::backend::sqlite::{Sqlite, SqliteLocation};
use contend::capability::beside::Beside;
use contend::capability::database::{Database, Freshness};
use contend::capability::statement::{Action, Statement};
use contend::model::value::Value;
use contend::model::verdict::Verdict;
use contend::record::journal::{self, Journal};
use contend::trial::homes::Homes;
use contend::wasm::WasmStrategy;
use contend::worker::Worker;
use contend::workload::Workload;
use plain::Plain;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

pub const ON_ONE_CORE: &str = "cpu-on-one-core";

const ROUNDS: u32 = 51;
const CHANGES: u32 = 3_000;
const MOST: f64 = 1.0;

/// Use of each round.
#[derive(Serialize, Deserialize)]
struct Measured {
    runner: Vec<Used>,
    plain: Vec<Used>,
}

pub fn measure() -> Figure {
    figure(
        "Processor time of a change on SQLite in memory, over a plain sqlx loop's",
        &both(),
    )
    .at_most(MOST)
    .method(format!(
        "One worker makes {CHANGES} changes with `cas.wasm`, without pause or hold, with audit, check \
         and journal; the loop makes the same three statements (update, select over a second \
         connection, update) on a database with the same tables and trigger, with sqlx alone on the \
         same thread. User and system time of the whole process, SQLite's threads included. {ROUNDS} \
         short rounds, the two in turn: what one round costs depends on which cores its threads meet \
         on, for either side, so that the spread is wide, and the median moves from run to run."
    ))
}

/// The rest, when the scheduler has no choice. Beside the total stands the user part, since the
/// total alone would mislead.
pub fn measure_on_one_core() -> Figure {
    figure("The same on one core", &child::run(ON_ONE_CORE)).method(
        "The process may use one core only. Less than 1 does not mean that the runner does less \
         work: its user part says what it does. The loop's threads, which are sqlx's, switch more often, and \
         that is system time. So the total compares how threads meet as much as what the runner does.",
    )
}

pub fn child() -> serde_json::Value {
    stay_on_one_core();
    serde_json::to_value(both()).expect("numbers")
}

fn figure(what: &'static str, measured: &Measured) -> Figure {
    let Measured { runner, plain } = measured;
    let pairs = runner.iter().zip(plain);
    let ratio = Spread::new(pairs.map(|(runner, plain)| runner.cpu / plain.cpu), "times");
    let micros =
        |rounds: &[Used]| Spread::new(rounds.iter().map(|u| per_change(u.cpu) * 1e6), "µs");
    let mean = |rounds: &[Used], of: fn(&Used) -> f64| {
        per_change(rounds.iter().map(of).sum::<f64>() / rounds.len() as f64)
    };
    let [user_runner, user_plain] = [runner, plain].map(|side| mean(side, |used| used.user) * 1e6);
    let [switches_runner, switches_plain] =
        [runner, plain].map(|side| mean(side, |used| used.switches));
    Figure::new(what, ratio).detail(format!(
        "Absolute: runner {}, plain loop {} per change; of that in user mode, on average, \
         {user_runner:.1} and {user_plain:.1} µs ({:.2} times), with {switches_runner:.1} and \
         {switches_plain:.1} switches of threads",
        micros(runner),
        micros(plain),
        user_runner / user_plain,
    ))
}

fn per_change(used: f64) -> f64 {
    used / f64::from(CHANGES)
}

fn both() -> Measured {
    // As `run::runtime` makes it, with the threads that workers live on.
    let homes = Homes::start().expect("threads");
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let strategy = Arc::new(load_cas(2));
    let (mut runner, mut plain) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        runner.push(runtime.block_on(by_runner(strategy.clone(), homes.of(0))));
        plain.push(runtime.block_on(by_plain_loop(homes.of(0))));
    }
    Measured { runner, plain }
}

fn workload() -> Workload {
    Workload {
        rows: 1,
        workers_per_row: 1,
        changes_per_worker: CHANGES,
        pause_ms: 0,
        hold_ms: 0,
        ..Workload::default()
    }
}

fn one_row() -> Workload {
    Workload {
        rows: 1,
        ..Workload::default()
    }
}

/// One round; proves that every change was made.
async fn by_runner(strategy: Arc<WasmStrategy>, home: Beside) -> Used {
    let database = Arc::new(Sqlite::open(SqliteLocation::Memory).await.expect("SQLite"));
    let made = one_row().prepare(&*database).await;
    made.expect("the tables");
    let folder = folder();
    let history = folder.path().join("history.jsonl");
    let journal = Arc::new(Journal::create(&history).expect("a journal"));
    let (context, _stopper) = context(workload(), strategy, database.clone(), journal);
    let worker = home.run(Worker::prepare(context, 0)).await;

    let before = Used::now();
    let ran = home.run(worker.run()).await;
    let used = Used::now().since(before);

    ran.expect("a journal to the end");
    let clock = RealClock::new();
    let workload = one_row();
    let found = workload
        .kind
        .read_final(&*database, &clock, &workload)
        .await;
    let found = found.expect("the data");
    let history = journal::read(&history).expect("a history");
    assert_eq!(history.changes.len(), CHANGES as usize);
    let tries = |change: &contend::model::change::Change| change.check.map(|check| check.tries);
    assert!(
        history
            .changes
            .iter()
            .all(|c| c.is_ok() && tries(c) == Some(1))
    );
    let judgement = one_row().judge(&history.changes, Some(&found));
    let mut answers = judgement.answers.iter();
    let counted = answers.find(|answer| answer.checker == "every-change-counted");
    assert_eq!(counted.expect("a checker").verdict, Verdict::Valid);
    database.close().await;
    used
}

/// The same of a plain loop that only runs the statements.
async fn by_plain_loop(home: Beside) -> Used {
    let mut plain = Plain::open(&schema().await).await;

    let before = Used::now();
    let ran = home.run(async move {
        plain.run(CHANGES).await;
        plain
    });
    let plain = ran.await;
    let used = Used::now().since(before);

    // The row's own insertion is audited too.
    assert_eq!(plain.audited().await, 1 + 2 * i64::from(CHANGES));
    used
}

/// The tables and the trigger, as the runner makes them.
async fn schema() -> Vec<String> {
    let database = Sqlite::open(SqliteLocation::Memory).await.expect("SQLite");
    let made = one_row().prepare(&database).await;
    made.expect("the tables");
    let look = "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY rowid";
    let look = Statement::of_host(look, Action::Read);
    let rows = database
        .read(&database.nodes()[0], Freshness::AsItIs, &look, &[])
        .await;
    database.close().await;
    let texts = rows.expect("the schema").into_iter().flatten();
    // The runner's function that names a transaction is its own connections' alone.
    let named = |text: String| text.replace(database.name_transactions(), "0");
    let texts: Vec<_> = texts.filter_map(Value::into_text).map(named).collect();
    let tables = texts.iter().filter(|text| text.starts_with("CREATE TABLE"));
    assert_eq!(tables.count(), 2, "the rows and their audit: {texts:?}");
    assert!(texts.iter().any(|text| text.starts_with("CREATE TRIGGER")));
    texts
}
