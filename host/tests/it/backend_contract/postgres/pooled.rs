//! Sessions through a pooler in transaction mode: what they share, and what each still has to itself.

use super::{
    LOCK, a_text_is_taken_for_what_the_column_is,
    a_transaction_with_a_rejection_can_only_be_rolled_back,
};
use crate::backend_contract::databases::fixture::Fixture;
use crate::backend_contract::databases::postgres::{
    addresses, pooled_with, pooler, postgres_pooled,
};
use crate::backend_contract::{assert_error, assert_rejected, contract};
use crate::support::lab::postgres_lab;
use crate::support::server::{Server, free_port};
use contend::backend::postgres::Postgres;
use contend::backend::secret_url::SecretUrl;
use contend::backend::session_options::SessionOptions;
use contend::capability::database::Session;
use contend::capability::statement::{Action, Statement};
use contend::model::error::ErrorKind::{Conflict, Rejected};
use contend::model::value::Value;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;
use tempfile::TempDir;
use url::Url;

contract! { postgres_pooled:
    a_transaction_with_a_rejection_can_only_be_rolled_back,
    a_text_is_taken_for_what_the_column_is,
    values_are_taken_as_they_are,
    a_setting_that_the_server_refuses_is_refused_at_once,
    a_session_knows_no_node_and_is_in_step_with_the_primary,
}

const LIMIT: Duration = Duration::from_millis(4321);

/// Isolation level, wait for a lock, limit of a statement, and whether the schema is that of the trial.
async fn settings(session: &mut Box<dyn Session>) -> Vec<String> {
    let read = "SELECT current_setting('transaction_isolation'), current_setting('lock_timeout'), \
                current_setting('statement_timeout'), \
                starts_with(current_setting('search_path'), 'contend_run_')::text";
    let read = Statement::of_host(read, Action::Read);
    let rows = session.query(&read, &[]).await.unwrap();
    let texts = rows.into_iter().flatten().filter_map(Value::into_text);
    texts.collect()
}

/// Alone in turn, both sessions get the same connection of the pooler.
#[tokio::test(flavor = "multi_thread")]
async fn settings_of_a_session_hold_for_it_and_for_no_other() {
    let fixture = pooled_with(SessionOptions {
        statement_limit: Some(LIMIT),
        ..SessionOptions::default()
    })
    .await;
    let (mut strict, mut plain) = (fixture.session().await, fixture.session().await);
    for text in [
        "SET SESSION TRANSACTION ISOLATION LEVEL SERIALIZABLE",
        "SET SESSION lock_timeout = 77",
    ] {
        fixture.execute(&mut strict, text).await.unwrap();
    }
    let usual = ["read committed", "0", "4321ms", "true"];
    let its_own = ["serializable", "77ms", "4321ms", "true"];
    for in_transaction in [false, true] {
        for (session, expected) in [(&mut strict, its_own), (&mut plain, usual)] {
            if in_transaction {
                session.begin().await.unwrap();
            }
            assert_eq!(settings(session).await, expected, "{in_transaction}");
            session.rollback().await.unwrap();
        }
    }
    let level = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ";
    fixture.execute(&mut strict, level).await.unwrap();
    for level in ["repeatable read", "serializable"] {
        strict.begin().await.unwrap();
        assert_eq!(settings(&mut strict).await[0], level);
        strict.commit().await.unwrap();
    }
    strict.begin().await.unwrap();
    fixture
        .execute(&mut strict, "SET lock_timeout = 88")
        .await
        .unwrap();
    assert_eq!(settings(&mut strict).await[1], "88ms");
    strict.rollback().await.unwrap();
    assert_eq!(settings(&mut strict).await[1], "88ms");
    strict.close().await;
    plain.close().await;
    fixture.close().await;
}

async fn a_setting_that_the_server_refuses_is_refused_at_once(fixture: &Fixture) {
    let mut session = fixture.session().await;
    let wrong = Statement::of_host("SET SESSION no_such_setting = 1", Action::Set);
    assert_rejected(session.execute(&wrong, &[]).await, "42704");
    assert_eq!(settings(&mut session).await[0], "read committed");
    session.begin().await.unwrap();
    session.commit().await.unwrap();
    session.close().await;
}

/// As text they could end where they should not, or be of another type.
async fn values_are_taken_as_they_are(fixture: &Fixture) {
    let mut session = fixture.session().await;
    let write = fixture.statement("UPDATE things SET label = ? WHERE id = ?");
    let read = fixture.statement("SELECT label, n FROM things WHERE label = ? AND id < ?");
    for text in [
        "it's",
        "\\",
        "\\'",
        "'; DROP TABLE things; --",
        "$1 ? :x",
        "",
        "ü\n\t\u{1}",
    ] {
        let text = Value::from(text);
        let parameters = [text.clone(), Value::Integer(1)];
        assert_eq!(session.execute(&write, &parameters).await.unwrap(), 1);
        let parameters = [text.clone(), Value::Integer(i64::MAX)];
        let rows = session.query(&read, &parameters).await.unwrap();
        assert_eq!(rows, [[text, Value::Integer(0)]]);
    }
    let cut = [Value::from("a\0b"), Value::Integer(1)];
    assert_rejected(session.execute(&write, &cut).await, "22021");
    let reals = [f64::MIN_POSITIVE, -0.0, f64::INFINITY, f64::MAX, 0.1 + 0.2];
    let write = fixture.statement("UPDATE things SET fraction = ? WHERE id = 1");
    let read = fixture.statement("SELECT fraction FROM things WHERE id = 1");
    for real in reals {
        let parameters = [Value::Real(real)];
        session.execute(&write, &parameters).await.unwrap();
        let rows = session.query(&read, &[]).await.unwrap();
        assert_eq!(rows, [[Value::Real(real)]]);
    }
    session.close().await;
}

async fn a_session_knows_no_node_and_is_in_step_with_the_primary(fixture: &Fixture) {
    let mut session = fixture.session().await;
    assert_eq!(session.node(), None);
    session.sync().await.unwrap();
    session.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_statement_that_takes_too_long_is_ended_by_the_server() {
    let fixture = pooled_with(SessionOptions {
        statement_limit: Some(Duration::from_millis(150)),
        ..SessionOptions::default()
    })
    .await;
    let (mut holder, mut waiter) = (fixture.session().await, fixture.session().await);
    holder.begin().await.unwrap();
    fixture.query(&mut holder, LOCK).await.unwrap();
    let write = "UPDATE things SET n = n + 1 WHERE id = 1";
    for in_transaction in [false, true] {
        if in_transaction {
            waiter.begin().await.unwrap();
        }
        assert_error(fixture.execute(&mut waiter, write).await, Conflict, "57014");
    }
    holder.rollback().await.unwrap();
    holder.close().await;
    waiter.close().await;
    fixture.close().await;
}

async fn refusal(endpoint: &SecretUrl, nodes: &[SecretUrl]) -> String {
    let options = SessionOptions::default();
    let opened = Postgres::open_in_own_schema(endpoint, nodes, options).await;
    let error = opened.map(drop).unwrap_err();
    assert_eq!((error.kind, &*error.code), (Rejected, "pooler"), "{error}");
    error.message
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pooler_without_its_servers_or_without_its_parameter_is_refused() {
    let (endpoint, nodes) = addresses();
    let alone = refusal(&pooler(), &[]).await;
    assert!(alone.contains("with --node"), "{alone}");
    let as_node = refusal(&endpoint, &[pooler()]).await;
    assert!(as_node.contains("goes into --db"), "{as_node}");
    let url = postgres_lab().pooler_url().unwrap();
    let unsaid = refusal(&SecretUrl::parse(&url).unwrap(), &nodes).await;
    assert!(unsaid.contains("add ?pgbouncer=true"), "{unsaid}");
    let url = Url::parse(&url).unwrap();
    assert!(!unsaid.contains(url.password().unwrap()), "{unsaid}");
}

/// Some poolers are told to ignore what they do not know.
#[tokio::test(flavor = "multi_thread")]
async fn a_pooler_that_loses_settings_is_refused() {
    let (_, nodes) = addresses();
    let pooler = Pooler::before(&postgres_lab().node_urls()[0].1);
    let lost = refusal(&SecretUrl::parse(pooler.url.as_str()).unwrap(), &nodes).await;
    assert!(lost.contains("loses the settings"), "{lost}");
    assert!(lost.contains("add ?pgbouncer=true"), "{lost}");
}

/// A pooler that ignores what it does not know of a connection.
struct Pooler {
    url: Url,
    _server: Server,
    _folder: TempDir,
}

impl Pooler {
    fn before(node: &str) -> Self {
        let mut url = Url::parse(node).unwrap();
        let (server, port) = (url.port().unwrap(), free_port());
        let (user, password) = (url.username(), url.password().unwrap());
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str, text: String| {
            let path = folder.path().join(name);
            fs::write(&path, text).unwrap();
            path.display().to_string()
        };
        let users = file("users.txt", format!("\"{user}\" \"{password}\"\n"));
        let text = format!(
            "[databases]\n* = host=127.0.0.1 port={server}\n[pgbouncer]\nlisten_addr = 127.0.0.1\n\
             listen_port = {port}\nunix_socket_dir =\nauth_type = trust\nauth_file = {users}\n\
             pool_mode = transaction\nignore_startup_parameters = extra_float_digits,options\n"
        );
        let config = file("pgbouncer.ini", text);
        let anybody = fs::Permissions::from_mode(0o755);
        fs::set_permissions(folder.path(), anybody).unwrap();
        // It refuses to run as root.
        let command: &[&str] = match rustix::process::geteuid().is_root() {
            true => &["pgbouncer", "-q", "-u", "nobody", &config],
            false => &["pgbouncer", "-q", &config],
        };
        let started = Server::start(command, port, &folder.path().join("log"));
        url.set_port(Some(port)).unwrap();
        Self {
            url,
            _server: started.expect("pgbouncer starts"),
            _folder: folder,
        }
    }
}
