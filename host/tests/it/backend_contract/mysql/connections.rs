//! Opening a database, and what a session keeps.

use super::*;
use crate::support::lab::lab;
use contend::backend::mysql::Mysql;
use contend::backend::secret_url::SecretUrl;
use contend::backend::url::AutocommitWrites;
use contend::capability::database::Freshness;
use futures_util::future::join_all;

async fn refusal(endpoint: &str, nodes: &[SecretUrl]) -> CallError {
    let endpoint = SecretUrl::parse(endpoint).unwrap();
    let opened = Mysql::open(&endpoint, nodes, AutocommitWrites::Prepared).await;
    let error = opened.err().expect("an error");
    let shown = format!("{error} {error:?}");
    assert!(!shown.contains("hunter2"), "{shown}");
    error
}

/// Nothing listens on a port that was just given back.
fn closed_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_cannot_be_opened_is_named_without_its_password() {
    let (endpoint, nodes) = addresses(lab(), "");
    let host = nodes[0].address(3306);
    let closed = format!("127.0.0.1:{}", closed_port());
    for (url, kind, code, says) in [
        (
            format!("mysql://me:hunter2@{closed}/x"),
            ErrorKind::Unavailable,
            "2003",
            &closed,
        ),
        // The lab's user, with another password.
        (
            format!("mysql://contend:hunter2@{host}/contend"),
            ErrorKind::Rejected,
            "1045",
            &host,
        ),
        (
            format!("mysql://me:hunter2@{host}"),
            ErrorKind::Rejected,
            "url",
            &host,
        ),
        (
            format!("mysql://me:hunter2@{host}/x/y"),
            ErrorKind::Rejected,
            "url",
            &host,
        ),
        (
            format!("mysql://me:hunter2@{host}/x?client_found_rows=true"),
            ErrorKind::Rejected,
            "url",
            &host,
        ),
    ] {
        let error = refusal(&url, &[]).await;
        assert_eq!((error.kind, error.code.as_str()), (kind, code), "{error}");
        assert!(error.message.contains(says), "{error}");
        // The server says the same of a wrong password and of an account that needs TLS.
        let is_denied = code == "1045";
        assert_eq!(error.message.contains("REQUIRE SSL"), is_denied, "{error}");
        assert_eq!(error.message.contains("%2F"), code != "2003", "{error}");
    }
    // A node that does not answer is named, though the endpoint does.
    let gone = SecretUrl::parse(&format!("mysql://me:hunter2@{closed}/x")).unwrap();
    let opened = Mysql::open(
        &endpoint,
        &[nodes[0].clone(), gone],
        AutocommitWrites::Prepared,
    )
    .await;
    let error = opened.err().expect("an error");
    assert!(error.message.contains(&closed), "{error}");
    assert!(!error.message.contains("hunter2"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_says_nothing_is_not_waited_for_without_end() {
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = silent.local_addr().unwrap();
    let error = refusal(&format!("mysql://me:hunter2@{address}/x"), &[]).await;
    assert_eq!(
        (error.kind, error.code.as_str()),
        (ErrorKind::Unavailable, "2003")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_named_twice_is_one_node_too_many() {
    let (endpoint, nodes) = addresses(lab(), "");
    let twice = [nodes[0].clone(), nodes[1].clone(), nodes[0].clone()];
    let opened = Mysql::open(&endpoint, &twice, AutocommitWrites::Prepared)
        .await
        .map(|_| ());
    assert_rejected(opened, "same-node");
}

#[tokio::test(flavor = "multi_thread")]
async fn setting_holds_for_its_session_alone() {
    let fixture = mariadb_node().await;
    let (mut one, mut other) = (fixture.session().await, fixture.session().await);
    for setting in [
        "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED",
        "SET SESSION wsrep_sync_wait = 1",
        "SET SESSION wsrep_retry_autocommit = 0",
        "SET @@session.innodb_lock_wait_timeout = 3",
    ] {
        assert_eq!(fixture.execute(&mut one, setting).await.unwrap(), 0);
    }
    let query = fixture.statement("SELECT 1");
    assert_eq!(one.query(&query, &[]).await.unwrap().len(), 1);
    let read = "SELECT @@tx_isolation, @@wsrep_sync_wait, @@wsrep_retry_autocommit, \
                @@innodb_lock_wait_timeout";
    let set = [
        Value::from("READ-COMMITTED"),
        Value::Integer(1),
        Value::Integer(0),
        Value::Integer(3),
    ];
    assert_eq!(rows(&mut one, read).await, [set]);
    assert_eq!(rows(&mut other, read).await[0][2], Value::Integer(1));
    fixture.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reading_that_waits_for_its_turn_is_not_late() {
    let fixture = mariadb_node().await;
    let database = &fixture.database;
    let (node, slow) = (&database.nodes()[0], "SELECT SLEEP(1.5)");
    let slow = Statement::of_host(slow, Action::Read);
    // Six at a time: the last of them wait for longer than a reading may take.
    let reads = (0..18).map(|_| database.read(node, Freshness::AsItIs, &slow, &[]));
    for read in join_all(reads).await {
        read.unwrap();
    }
    fixture.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_comes_late_does_not_cost_the_connection() {
    let fixture = mariadb_node().await;
    let read = async |text: &str| {
        let (node, statement) = (
            &fixture.database.nodes()[0],
            Statement::of_host(text, Action::Read),
        );
        let read = fixture
            .database
            .read(node, Freshness::AsItIs, &statement, &[]);
        read.await
    };
    let first = read("SELECT CONNECTION_ID()").await.unwrap();
    assert_error(
        read("SELECT SLEEP(4)").await,
        ErrorKind::Unavailable,
        "2013",
    );
    tokio::time::sleep(std::time::Duration::from_millis(1500)).await;
    assert_eq!(read("SELECT CONNECTION_ID()").await.unwrap(), first);
    fixture.close().await;
}
