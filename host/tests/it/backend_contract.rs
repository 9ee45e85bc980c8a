//! Promises of every backend, as scripts that run on each of them. A script is named by its
//! phenomenon; a new backend is a fixture and a line.

mod connection_locks;
mod databases;
mod etcd_locks;
mod file_locks;
mod groups;
mod locks;
mod mysql;
mod network;
mod phenomena;
mod postgres;
mod redis_locks;
mod sqlite;
mod zookeeper_locks;

use contend::model::error::{CallError, ErrorKind};
use std::fmt::Debug;
use std::time::Duration;

/// Long enough that whoever could go on would have gone on.
const A_WHILE: Duration = Duration::from_millis(150);

/// A script that takes longer than this waits for ever.
const PATIENCE: Duration = Duration::from_secs(40);

/// Makes one test of each script for one backend.
macro_rules! contract {
    ($backend:ident: $($script:ident),* $(,)?) => {
        mod $backend {
            $(
                #[tokio::test(flavor = "multi_thread")]
                async fn $script() {
                    let backend = super::$backend().await;
                    let script = super::$script(&backend);
                    let ended = tokio::time::timeout(crate::backend_contract::PATIENCE, script);
                    ended.await.expect("the script hangs");
                    backend.close().await;
                }
            )*
        }
    };
}
use contract;

#[track_caller]
fn assert_error<T: Debug>(result: Result<T, CallError>, kind: ErrorKind, code: &str) -> String {
    let error = result.expect_err("an error");
    assert_eq!((error.kind, error.code.as_str()), (kind, code), "{error}");
    error.message
}

#[track_caller]
fn assert_rejected<T: Debug>(result: Result<T, CallError>, code: &str) -> String {
    assert_error(result, ErrorKind::Rejected, code)
}

/// Sees that a call is still waiting after a while. `otherwise` says what it means if it isn't.
async fn must_wait(call: impl Future, otherwise: &str) {
    let waited = tokio::time::timeout(A_WHILE, call).await;
    assert!(waited.is_err(), "{otherwise}");
}
