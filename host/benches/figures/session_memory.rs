//! The memory of a worker's session with SQLite, which the idle workers leave out.

use super::child;
use super::context::folder;
use super::process::megabytes;
use super::report::Figure;
use super::spread::Spread;
use contend::backend::sqlite::{Sqlite, SqliteLocation};
use contend::capability::database::{Database, Target};
use contend::workload::Workload;

pub const CHILD: &str = "session-memory";

const ROUNDS: u32 = 3;
const SESSIONS: u32 = 500;

pub fn measure() -> Figure {
    let rounds = (0..ROUNDS).map(|_| child::run::<f64>(CHILD));
    Figure::new(
        "One session with SQLite: resident memory",
        Spread::new(rounds, "kB"),
    )
    .method(format!(
        "{SESSIONS} sessions with a database in a file, opened and asked once each, divided. They \
             share their connections; a worker has a session beside its instance."
    ))
}

pub fn child() -> serde_json::Value {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(kilobytes_per_session()).into()
}

async fn kilobytes_per_session() -> f64 {
    rlimit::increase_nofile_limit(u64::from(SESSIONS) * 4 + 200).expect("open files");
    let folder = folder();
    let file = SqliteLocation::File(folder.path().join("database.sqlite"));
    let database = Sqlite::open(file).await.expect("SQLite");
    let tables = Workload {
        rows: 1,
        ..Workload::default()
    };
    let made = tables.prepare(&database).await;
    made.expect("the tables");
    let look = contend::capability::statement::Statement::of_host(
        "SELECT status FROM volumes",
        contend::capability::statement::Action::Read,
    );
    let before = megabytes("VmRSS");
    let mut sessions = Vec::new();
    for _ in 0..SESSIONS {
        let mut session = database
            .connect(&Target::Endpoint)
            .await
            .expect("a session");
        let rows = session.query(&look, &[]).await.expect("the row");
        assert_eq!(rows.len(), 1);
        sessions.push(session);
    }
    let more = megabytes("VmRSS") - before;
    for session in sessions {
        session.close().await;
    }
    database.close().await;
    more * 1e3 / f64::from(SESSIONS)
}
