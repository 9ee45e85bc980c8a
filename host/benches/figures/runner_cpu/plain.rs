//! The three statements of a change with sqlx alone.

use crate::native_cas::SWAP;
use sqlx::sqlite::{SqliteConnectOptions, SqliteSynchronous};
use sqlx::{AssertSqlSafe, ConnectOptions, Row, SqliteConnection};
use std::sync::atomic::{AtomicU32, Ordering};

const LOOK: &str = "SELECT status, attach_status FROM volumes WHERE id = ?";
const ROW: &str = "volume-0";

/// Databases in memory differ by their names.
static DATABASES: AtomicU32 = AtomicU32::new(1);

pub struct Plain {
    writer: SqliteConnection,
    reader: SqliteConnection,
}

impl Plain {
    /// A database of its own in memory, shared by two connections, with one row.
    pub async fn open(schema: &[String]) -> Self {
        let number = DATABASES.fetch_add(1, Ordering::Relaxed);
        let options = SqliteConnectOptions::new()
            .filename(format!("/plain-{number}"))
            .vfs("memdb")
            .synchronous(SqliteSynchronous::Normal)
            .disable_statement_logging();
        let mut writer = options.connect().await.expect("SQLite");
        for text in schema {
            let made = sqlx::query(AssertSqlSafe(text.clone())).execute(&mut writer);
            made.await.expect("a table");
        }
        let insert = sqlx::query("INSERT INTO volumes (id, status) VALUES (?, 'available')");
        let inserted = insert.bind(ROW).execute(&mut writer).await;
        inserted.expect("a row");
        let reader = options.connect().await.expect("SQLite");
        Self { writer, reader }
    }

    pub async fn run(&mut self, changes: u32) {
        for number in 0..changes {
            let marker = format!("0_{number}");
            self.swap("available", "deleting", &marker).await;
            self.look(&marker).await;
            self.swap("deleting", "available", &marker).await;
        }
    }

    /// The number of updates that the trigger saw.
    pub async fn audited(mut self) -> i64 {
        let count = sqlx::query_scalar("SELECT count(*) FROM volumes_audit");
        count.fetch_one(&mut self.reader).await.expect("a count")
    }

    async fn swap(&mut self, from: &str, to: &str, marker: &str) {
        let swap = sqlx::query(SWAP).bind(to).bind(marker).bind(ROW).bind(from);
        let swapped = swap.execute(&mut self.writer).await.expect("no rival");
        assert_eq!(swapped.rows_affected(), 1);
    }

    async fn look(&mut self, marker: &str) {
        let look = sqlx::query(LOOK).bind(ROW).fetch_one(&mut self.reader);
        let row = look.await.expect("the row");
        let (status, found): (String, String) = (row.get(0), row.get(1));
        assert_eq!((status.as_str(), found.as_str()), ("deleting", marker));
    }
}
