//! Connections that are safe, and the refusal of those that are less safe than the user asked for: on real
//! servers, with certificates that are made here.

use crate::redis_server::RedisServer;
use crate::support::certificates::certified;
use crate::support::lab::{Watchdog, lab, new_dir, postgres_lab, up_on_free_ports};
use contend::backend::clock::RealClock;
use contend::backend::lock_redis::RedisLocks;
use contend::backend::mysql::Mysql;
use contend::backend::postgres::Postgres;
use contend::backend::secret_url::SecretUrl;
use contend::backend::session_options::SessionOptions;
use contend::capability::database::{Database, Target};
use contend::capability::lock::LockService;
use contend::capability::statement::{Action, Statement};
use contend::lab::{Kind, Lab, LabOptions};
use contend::model::error::{CallError, ErrorKind};
use contend::model::value::Value;
use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use tempfile::TempDir;
use url::Url;

/// A key, its certificate for 127.0.0.1 and no other name, the authority that signed it, and another one.
struct Files(TempDir);

impl Files {
    fn new() -> Self {
        let (key, certificate, authority) = certified(&["127.0.0.1"]);
        let (_, _, other) = certified(&["127.0.0.1"]);
        let files = Self(tempfile::tempdir().unwrap());
        for (name, text) in [
            ("key.pem", key),
            ("server.pem", certificate),
            ("authority.pem", authority),
            ("other.pem", other),
            ("empty.pem", String::new()),
        ] {
            fs::write(files.path(name), text).unwrap();
        }
        fs::set_permissions(files.0.path(), fs::Permissions::from_mode(0o755)).unwrap();
        // PostgreSQL takes a key that only its own user can read.
        fs::set_permissions(files.path("key.pem"), fs::Permissions::from_mode(0o600)).unwrap();
        if rustix::process::geteuid().is_root() {
            chown(files.path("key.pem"), Some(servers_user()), None).unwrap();
        }
        files
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn shown(&self, name: &str) -> String {
        self.path(name).display().to_string()
    }
}

/// The user that runs a lab's servers for root.
fn servers_user() -> u32 {
    let number = |name: &&str| {
        let asked = Command::new("id").args(["-u", name]).output().unwrap();
        String::from_utf8(asked.stdout).unwrap().trim().parse().ok()
    };
    let users = ["mysql", "postgres", "nobody"];
    users.iter().find_map(number).expect("an unprivileged user")
}

/// One node with a certificate.
fn lab_with(kind: Kind, settings: &[(&str, String)]) -> (Lab, Watchdog) {
    let dir = new_dir();
    let watchdog = Watchdog::over(&dir);
    let owned = |(name, value): &(&str, String)| ((*name).to_owned(), value.clone());
    let options = LabOptions {
        kind,
        nodes: 1,
        settings: settings.iter().map(owned).collect(),
        ..LabOptions::new(dir)
    };
    (up_on_free_ports(&options), watchdog)
}

fn with(url: &str, host: &str, parameters: &str) -> SecretUrl {
    let mut url = Url::parse(url).unwrap();
    url.set_host(Some(host)).unwrap();
    url.set_query(Some(parameters).filter(|text| !text.is_empty()));
    SecretUrl::parse(url.as_str()).unwrap()
}

/// The first value of the first row.
async fn value(database: &dyn Database, text: &str) -> Option<String> {
    let mut session = database.connect(&Target::Endpoint).await.unwrap();
    let read = Statement::of_host(text, Action::Read);
    let rows = session.query(&read, &[]).await.unwrap();
    session.close().await;
    rows.into_iter().flatten().next().and_then(Value::into_text)
}

/// One message that says why and what to do, and no password.
fn assert_refused(error: &CallError, says: &[&str], url: &str) {
    assert_eq!(error.kind, ErrorKind::Rejected, "{error}");
    for words in says {
        assert!(error.message.contains(words), "{words}: {error}");
    }
    let password = Url::parse(url)
        .unwrap()
        .password()
        .unwrap_or("hunter2")
        .to_owned();
    assert!(!error.message.contains(&password), "{error}");
}

const STRANGE: &[&str] = &["no authority that is trusted here", "name a file with"];
const MISNAMED: &[&str] = &["not valid for name", "connect by a name"];
const PLAIN: &[&str] = &["no safe connection", "does not support TLS"];

#[tokio::test(flavor = "multi_thread")]
async fn postgres_is_as_safe_as_the_url_says() {
    let files = Files::new();
    let settings = [
        ("ssl", "on".to_owned()),
        ("ssl_cert_file", files.shown("server.pem")),
        ("ssl_key_file", files.shown("key.pem")),
    ];
    let (lab, _watchdog) = lab_with(Kind::Postgres, &settings);
    let url = lab.node_urls().remove(0).1;
    let open = async |url: &SecretUrl| Postgres::open(url, &[], SessionOptions::default()).await;
    let trusted = |name: &str| format!("sslmode=verify-full&sslrootcert={}", files.shown(name));
    for parameters in [trusted("authority.pem"), "sslmode=require".to_owned()] {
        let database = open(&with(&url, "127.0.0.1", &parameters)).await.unwrap();
        let is_safe = "SELECT ssl::text FROM pg_stat_ssl WHERE pid = pg_backend_pid()";
        assert_eq!(
            value(&database, is_safe).await.as_deref(),
            Some("true"),
            "{parameters}"
        );
        database.close().await;
    }
    let without_mode = format!("sslrootcert={}", files.shown("authority.pem"));
    for (host, parameters, says) in [
        ("localhost", trusted("authority.pem"), MISNAMED),
        ("127.0.0.1", trusted("other.pem"), STRANGE),
        ("127.0.0.1", "sslmode=verify-full".to_owned(), STRANGE),
        (
            "127.0.0.1",
            trusted("empty.pem"),
            &["empty.pem", "must hold certificates"],
        ),
        (
            "127.0.0.1",
            trusted("none.pem"),
            &["none.pem", "must hold certificates"],
        ),
        (
            "127.0.0.1",
            without_mode,
            &["is looked at with sslmode=verify-full"],
        ),
    ] {
        let refused = open(&with(&url, host, &parameters)).await.map(drop);
        assert_refused(&refused.unwrap_err(), says, &url);
    }
    let plain = postgres_lab().node_urls().remove(0).1;
    for parameters in ["sslmode=require".to_owned(), trusted("authority.pem")] {
        let refused = open(&with(&plain, "127.0.0.1", &parameters))
            .await
            .map(drop);
        assert_refused(&refused.unwrap_err(), PLAIN, &plain);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn mariadb_is_as_safe_as_the_url_says() {
    let files = Files::new();
    let settings = [
        ("ssl_cert", files.shown("server.pem")),
        ("ssl_key", files.shown("key.pem")),
    ];
    let (lab, _watchdog) = lab_with(Kind::Galera, &settings);
    let url = lab.node_urls().remove(0).1;
    let open = async |url: &SecretUrl| Mysql::open(url, &[], SessionOptions::default()).await;
    let trusted = |name: &str| format!("ssl-mode=VERIFY_IDENTITY&ssl-ca={}", files.shown(name));
    for (parameters, is_safe) in [
        (trusted("authority.pem"), true),
        ("ssl-mode=REQUIRED".to_owned(), true),
        (String::new(), false),
    ] {
        let database = open(&with(&url, "127.0.0.1", &parameters)).await.unwrap();
        let cipher = "SELECT variable_value FROM information_schema.session_status \
                      WHERE variable_name = 'Ssl_cipher'";
        let cipher = value(&database, cipher).await.unwrap();
        assert_eq!(!cipher.is_empty(), is_safe, "{parameters}: {cipher}");
        database.close().await;
    }
    for (host, parameters, says) in [
        ("localhost", trusted("authority.pem"), MISNAMED),
        ("127.0.0.1", trusted("other.pem"), STRANGE),
        ("127.0.0.1", "ssl-mode=VERIFY_IDENTITY".to_owned(), STRANGE),
        (
            "127.0.0.1",
            trusted("none.pem"),
            &["none.pem", "must hold certificates"],
        ),
        (
            "127.0.0.1",
            "ssl-mode=PREFERRED".to_owned(),
            &["neither DISABLED"],
        ),
    ] {
        let refused = open(&with(&url, host, &parameters)).await.map(drop);
        assert_refused(&refused.unwrap_err(), says, &url);
    }
    let plain = lab_of_plain_mariadb();
    for parameters in ["ssl-mode=REQUIRED".to_owned(), trusted("authority.pem")] {
        let refused = open(&with(&plain, "127.0.0.1", &parameters))
            .await
            .map(drop);
        assert_refused(
            &refused.unwrap_err(),
            &["no safe connection", "TLS"],
            &plain,
        );
    }
}

fn lab_of_plain_mariadb() -> String {
    lab().node_urls().remove(0).1
}

#[tokio::test(flavor = "multi_thread")]
async fn redis_is_as_safe_as_the_url_says() {
    let files = Files::new();
    if rustix::process::geteuid().is_root() {
        chown(files.path("key.pem"), Some(0), None).unwrap();
    }
    let port = crate::support::server::free_port();
    let arguments = format!(
        "--tls-port {port} --tls-cert-file {} --tls-key-file {} --tls-ca-cert-file {} \
         --tls-auth-clients no --requirepass hunter2",
        files.shown("server.pem"),
        files.shown("key.pem"),
        files.shown("authority.pem"),
    );
    let server = RedisServer::start(&arguments);
    let open = async |url: &str| {
        let url = SecretUrl::parse(url).unwrap();
        RedisLocks::open(&url, Arc::new(RealClock::new())).await
    };
    let trusted = |name: &str| format!("ssl_ca_certs={}", files.shown(name));
    let safe =
        |host: &str, parameters: &str| format!("rediss://:hunter2@{host}:{port}?{parameters}");
    let locks = open(&safe("127.0.0.1", &trusted("authority.pem")))
        .await
        .unwrap();
    let options = contend::capability::lock::SessionOptions::default();
    let session = LockService::open(&locks, "me".to_owned(), options).await;
    session.unwrap().close().await;
    let plain = server.port();
    for (url, says) in [
        (safe("localhost", &trusted("authority.pem")), MISNAMED),
        (safe("127.0.0.1", &trusted("other.pem")), STRANGE),
        (safe("127.0.0.1", ""), STRANGE),
        (safe("127.0.0.1", "ssl_cert_reqs=none"), &["invalid URL"]),
        (
            safe("127.0.0.1", &trusted("none.pem")),
            &["must hold certificates"],
        ),
        (
            format!(
                "redis://:hunter2@127.0.0.1:{plain}?{}",
                trusted("authority.pem")
            ),
            &["invalid URL"],
        ),
    ] {
        let refused = open(&url).await.map(drop);
        assert_refused(&refused.unwrap_err(), says, &url);
    } // A plain server waits for more.
    let url = format!("rediss://:hunter2@127.0.0.1:{plain}");
    let error = open(&url).await.map(drop).unwrap_err();
    assert_eq!(error.kind, ErrorKind::Unavailable, "{error}");
    assert!(error.message.contains("does this port take TLS"), "{error}");
}
