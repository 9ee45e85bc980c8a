//! The simulator's SQL of PostgreSQL held against a real server: each statement is run on both, one after
//! another, and the rows, the number of rows written or the code of the error must be the same.

use super::tables::{Done, Tables};
use crate::support::lab::postgres_lab;
use contend::backend::postgres::Postgres;
use contend::backend::secret_url::SecretUrl;
use contend::backend::session_options::SessionOptions;
use contend::capability::database::{Database, Session, Target};
use contend::capability::statement::{Action, Statement};
use contend::model::value::{Row, Value};
use contend::sim::sql::Dialect;

const DEFINITIONS: &[&str] = &[
    "CREATE TABLE t (id INT PRIMARY KEY, n BIGINT, s VARCHAR(5) CHECK (length(s) <= 4), b BOOLEAN, \
     r DOUBLE PRECISION, k SMALLINT NOT NULL DEFAULT 3); COMMENT ON TABLE t IS 'made by a test'",
    "CREATE TABLE u (a INT, b TEXT, c BYTEA, PRIMARY KEY (b, a))",
];

const STATEMENTS: &[&str] = &[
    "INSERT INTO t VALUES (1, 10, 'a', TRUE, 0.5, 1), (2, NULL, 'B', FALSE, NULL, 2)",
    "INSERT INTO t (id, n, s) VALUES (3, 30, NULL), (4, 10, 'c')",
    "INSERT INTO u (a, b) VALUES (1, 'x'), (2, 'x'), (1, 'Y'), (1, 'ü')",
    "SELECT * FROM t ORDER BY id",
    "SELECT id FROM t ORDER BY n, id",
    "SELECT id FROM t ORDER BY n DESC, id DESC",
    "SELECT id FROM t ORDER BY n NULLS FIRST, id LIMIT 2 OFFSET 1",
    "SELECT id FROM t ORDER BY s, id",
    "SELECT a, b FROM u ORDER BY b DESC, a",
    "SELECT id FROM t WHERE b ORDER BY id",
    "SELECT id FROM t WHERE b IS NOT TRUE ORDER BY id",
    "SELECT n = 10, n > 10 OR b, NOT b, n IN (10, NULL) FROM t ORDER BY id",
    "SELECT n IS DISTINCT FROM 10, s IS NOT DISTINCT FROM NULL FROM t ORDER BY id",
    "SELECT n / 3, n % 3, -n / 3, n * 2 - 1 FROM t ORDER BY id",
    "SELECT 7 / 2, -7 / 2, -7 % 2",
    "SELECT r * 2, r / 4 FROM t ORDER BY id",
    "SELECT s || '!', concat(s, '!', n), length('üü'), char_length(s), upper(s) FROM t ORDER BY id",
    "SELECT greatest(n, 20), least(n, 20), coalesce(n, 7), nullif(n, 10), abs(-n) FROM t ORDER BY id",
    "SELECT CASE WHEN n = 10 THEN 'ten' WHEN n IS NULL THEN 'none' ELSE 'more' END FROM t ORDER BY id",
    "SELECT count(*), count(n), min(n), max(s) FROM t",
    "SELECT id FROM t WHERE EXISTS (SELECT 1 FROM u WHERE u.a = t.id AND b = 'x') ORDER BY id",
    "SELECT id, (SELECT max(b) FROM u WHERE a = t.id) FROM t WHERE id NOT IN (3, 4) ORDER BY id",
    "SELECT id FROM t WHERE id BETWEEN 2 AND 3 ORDER BY 1 DESC FOR UPDATE SKIP LOCKED",
    "SELECT 1 / 0",
    "SELECT n % 0 FROM t WHERE id = 1",
    "SELECT n + 9223372036854775807 FROM t WHERE id = 1",
    "SELECT s + n FROM t WHERE id = 1",
    "SELECT x FROM t",
    "SELECT 1 FROM v",
    "SELECT (SELECT a FROM u)",
    "SELECT id FROM t LIMIT -1",
    "UPDATE t SET n = k, k = n WHERE id = 4",
    "UPDATE t SET n = n",
    "UPDATE t SET n = 5 WHERE id = 99",
    "UPDATE t SET b = n > 20, s = 12",
    "UPDATE t SET s = b WHERE id = 1",
    "UPDATE t SET n = r WHERE id = 1",
    "UPDATE t SET r = n, s = 'a   ' WHERE id = 1",
    "SELECT * FROM t ORDER BY id",
    "UPDATE t SET s = 'abcdef'",
    "UPDATE t SET s = 'abcde'",
    "UPDATE t SET k = 32768",
    "UPDATE t SET k = NULL",
    "UPDATE t SET b = 1",
    "UPDATE t SET k = TRUE",
    "UPDATE t SET x = 1",
    "UPDATE t SET n = 1, n = 2",
    "UPDATE t SET t.n = 1",
    "INSERT INTO t (id) VALUES (1)",
    "INSERT INTO t (n) VALUES (1)",
    "INSERT INTO t (id, id) VALUES (8, 8)",
    "INSERT INTO t (id) VALUES (8, 8)",
    "INSERT INTO t (id) VALUES (2147483648)",
    "INSERT INTO t (id, n) VALUES (1, 50), (5, 50) ON CONFLICT (id) DO NOTHING",
    "INSERT INTO t (id, n) VALUES (1, 50), (6, 50) ON CONFLICT DO NOTHING",
    "INSERT INTO t (id, n) VALUES (1, 50), (7, 50) ON CONFLICT (id) DO UPDATE SET n = t.n + excluded.n",
    "INSERT INTO t (id, n) VALUES (1, 9), (2, 9) ON CONFLICT (id) DO UPDATE SET n = 0 WHERE t.n IS NULL",
    "INSERT INTO t (id) VALUES (9), (9) ON CONFLICT (id) DO UPDATE SET n = 0",
    "INSERT INTO t (id) VALUES (1) ON CONFLICT (n) DO NOTHING",
    "INSERT INTO t (id) VALUES (1) ON CONFLICT (id) DO UPDATE SET n = n + 1",
    "INSERT INTO t (id) VALUES (1) ON CONFLICT DO UPDATE SET n = 1",
    "INSERT INTO t (id, k, n) VALUES (10, DEFAULT, DEFAULT)",
    "SELECT * FROM t ORDER BY id",
    "DELETE FROM t WHERE n = 50",
    "DELETE FROM t WHERE n > 1 AND b",
    "DELETE FROM u AS other WHERE other.a = 2",
    "SELECT id, n FROM t ORDER BY id",
    "SELECT a, b, c FROM u ORDER BY b, a",
    "SELEKT 1",
    "DROP TABLE v",
    "DROP TABLE IF EXISTS v",
];

#[tokio::test]
async fn statements_answer_as_on_a_postgresql_server() {
    let url = SecretUrl::parse(&postgres_lab().node_urls()[0].1).unwrap();
    let opened = Postgres::open_in_own_schema(&url, &[], SessionOptions::default()).await;
    let database = opened.unwrap();
    let mut session = database.connect(&Target::Endpoint).await.unwrap();
    let mut ours = Tables::of(Dialect::Postgres);
    for text in DEFINITIONS {
        let definition = Statement::of_host(*text, Action::Define);
        session.execute(&definition, &[]).await.expect(text);
        assert!(matches!(ours.run(text, &[]), Done::Wrote { .. }), "{text}");
    }
    let mut different = Vec::new();
    for text in STATEMENTS {
        let theirs = answer(&mut *session, text).await;
        let ours = match ours.run(text, &[]) {
            Done::Read(rows) => Answer::Rows(rows),
            Done::Wrote { changed, .. } => Answer::Count(changed as u64),
            Done::Refused(error) => Answer::Code(error.code),
        };
        if ours != theirs {
            different.push(format!("{text}\n  here {ours:?}\n  there {theirs:?}"));
        }
    }
    session.close().await;
    database.close().await;
    assert!(different.is_empty(), "{}", different.join("\n"));
}

#[derive(Debug, PartialEq)]
enum Answer {
    Rows(Vec<Row>),
    Count(u64),
    Code(String),
}

async fn answer(session: &mut dyn Session, text: &str) -> Answer {
    let parameters: &[Value] = &[];
    let result = match text.split(' ').next() {
        Some("SELECT" | "SELEKT") => {
            let statement = Statement::of_host(text, Action::Read);
            session
                .query(&statement, parameters)
                .await
                .map(Answer::Rows)
        }
        Some("DROP") => {
            let statement = Statement::of_host(text, Action::Define);
            let dropped = session.execute(&statement, parameters).await;
            dropped.map(|_| Answer::Count(0))
        }
        _ => {
            let statement = Statement::of_host(text, Action::Write);
            session
                .execute(&statement, parameters)
                .await
                .map(Answer::Count)
        }
    };
    result.unwrap_or_else(|error| Answer::Code(error.code))
}
