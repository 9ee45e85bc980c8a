//! Names for transactions, which a trigger can write down.
//!
//! SQLite numbers its transactions nowhere that SQL could see, so each session has an SQL function that
//! gives a number: another one after each commit and each rollback. A statement outside of a
//! transaction ends with a commit, too.

use libsqlite3_sys::{
    SQLITE_OK, SQLITE_UTF8, sqlite3, sqlite3_context, sqlite3_create_function_v2,
    sqlite3_result_int64, sqlite3_user_data, sqlite3_value,
};
use sqlx::SqliteConnection;
use std::ffi::{CStr, c_int, c_void};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

/// The function, which no strategy can call: the SQL policy does not know it.
const FUNCTION: &CStr = c"contend_transaction";

/// The call of it.
pub(super) const CALL: &str = "contend_transaction()";

/// The number that is given next, in the whole process.
static NEXT: AtomicI64 = AtomicI64::new(1);

/// The name of the transaction that a session has open, or will have next.
#[derive(Debug)]
pub(super) struct Transaction(AtomicI64);

impl Transaction {
    /// Names the transactions of a connection. A hook reports its commits.
    pub(super) async fn install(
        connection: &mut SqliteConnection,
    ) -> Result<Arc<Self>, sqlx::Error> {
        let transaction = Arc::new(Self(AtomicI64::new(next())));
        let mut handle = connection.lock_handle().await?;
        let ended = Arc::clone(&transaction);
        handle.set_commit_hook(move || {
            ended.end();
            true
        });
        let kept = Arc::into_raw(Arc::clone(&transaction)).cast_mut().cast();
        // SAFETY: the handle is open and locked. SQLite keeps the counted reference, and gives it back
        // by `forget` when the function is gone, also if it refuses to make the function.
        let made = unsafe {
            sqlite3_create_function_v2(
                handle.as_raw_handle().as_ptr().cast::<sqlite3>(),
                FUNCTION.as_ptr(),
                0,
                SQLITE_UTF8,
                kept,
                Some(give),
                None,
                None,
                Some(forget),
            )
        };
        match made {
            SQLITE_OK => Ok(transaction),
            code => {
                let message = format!("SQLite does not take a function (error {code})");
                Err(sqlx::Error::Configuration(message.into()))
            }
        }
    }

    /// Ends the transaction: the next statement belongs to another one.
    pub(super) fn end(&self) {
        self.0.store(next(), Ordering::Release);
    }
}

fn next() -> i64 {
    NEXT.fetch_add(1, Ordering::Relaxed)
}

unsafe extern "C" fn give(context: *mut sqlite3_context, _: c_int, _: *mut *mut sqlite3_value) {
    // SAFETY: SQLite calls it with a context of the function, whose data is the reference that
    // `install` handed over and that `forget` has not taken back yet.
    unsafe {
        let transaction = sqlite3_user_data(context).cast::<Transaction>();
        sqlite3_result_int64(context, (*transaction).0.load(Ordering::Acquire));
    }
}

unsafe extern "C" fn forget(kept: *mut c_void) {
    // SAFETY: it is what `install` made by `into_raw`, and SQLite calls this once.
    drop(unsafe { Arc::from_raw(kept.cast::<Transaction>().cast_const()) });
}
