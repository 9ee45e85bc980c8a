//! SQLite as a witness: what a statement would touch.

use super::TABLES;
use libsqlite3_sys as ffi;
use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::ptr::{null, null_mut};

const SCHEMA: &CStr = c"
    CREATE TABLE volumes (id varchar(36) primary key, status varchar(255),
        attach_status varchar(255), migration_status varchar(255));
    CREATE TABLE networks (id int primary key, volume varchar(36));
    CREATE TABLE volumes_audit (id varchar(36), sql text);";

/// The names of SQLite's functions and operators that a strategy may use.
const FUNCTIONS: &[&str] = &[
    "abs",
    "avg",
    "coalesce",
    "concat",
    "count",
    "current_date",
    "current_time",
    "current_timestamp",
    "datetime",
    "ifnull",
    "iif",
    "length",
    "lower",
    "max",
    "min",
    "nullif",
    "round",
    "sign",
    "substr",
    "substring",
    "sum",
    "trim",
    "unixepoch",
    "upper",
];

#[derive(Default)]
struct Seen(Vec<String>);

/// A database that prepares, and runs nothing.
pub struct Oracle {
    database: *mut ffi::sqlite3,
    /// The forbidden action of the statement that is being prepared. SQLite has its address.
    forbidden: Box<Seen>,
}

/// The kind of a statement.
#[derive(Debug, PartialEq, Eq)]
pub struct Prepared {
    pub parameters: usize,
    pub reads_only: bool,
}

impl Oracle {
    pub fn new() -> Self {
        let mut oracle = Self {
            database: null_mut(),
            forbidden: Box::default(),
        };
        let seen: *mut Seen = &mut *oracle.forbidden;
        // SAFETY: the texts end with a zero, and what SQLite keeps lives as long as its database.
        unsafe {
            let opened = ffi::sqlite3_open(c":memory:".as_ptr(), &mut oracle.database);
            assert_eq!(opened, ffi::SQLITE_OK);
            let (database, sql) = (oracle.database, SCHEMA.as_ptr());
            let made = ffi::sqlite3_exec(database, sql, None, null_mut(), null_mut());
            assert_eq!(made, ffi::SQLITE_OK);
            ffi::sqlite3_set_authorizer(database, Some(authorize), seen.cast());
        }
        oracle
    }

    /// The kind of the statement, if SQLite understands it. Panics if there is more in it than there may be.
    pub fn prepare(&mut self, sql: &str) -> Option<Prepared> {
        self.forbidden.0.clear();
        // A text with a zero in it is cut there by SQLite, too.
        let whole = sql.split('\0').next().unwrap_or_default();
        let text = CString::new(whole).expect("no zero");
        let (mut statement, mut tail) = (null_mut(), null());
        // SAFETY: the text lives until its rest was looked at, and the statement is finalized once.
        let prepared = unsafe {
            let told = ffi::sqlite3_prepare_v2(
                self.database,
                text.as_ptr(),
                -1,
                &mut statement,
                &mut tail,
            );
            (told == ffi::SQLITE_OK && !statement.is_null()).then(|| {
                let rest = CStr::from_ptr(tail).to_string_lossy();
                assert_eq!(rest.trim(), "", "a second statement: {sql}");
                Prepared {
                    parameters: ffi::sqlite3_bind_parameter_count(statement) as usize,
                    reads_only: ffi::sqlite3_stmt_readonly(statement) != 0,
                }
            })
        };
        // SAFETY: as above; of nothing, it does nothing.
        unsafe { ffi::sqlite3_finalize(statement) };
        assert!(self.forbidden.0.is_empty(), "{sql}: {:?}", self.forbidden.0);
        prepared
    }
}

impl Drop for Oracle {
    fn drop(&mut self) {
        // SAFETY: nothing of it is in use.
        unsafe { ffi::sqlite3_close(self.database) };
    }
}

/// Called by SQLite for everything that a statement would do.
unsafe extern "C" fn authorize(
    seen: *mut c_void,
    action: c_int,
    first: *const c_char,
    second: *const c_char,
    _: *const c_char,
    _: *const c_char,
) -> c_int {
    let text = |text: *const c_char| match text.is_null() {
        true => String::new(),
        // SAFETY: SQLite ends its texts with a zero.
        false => unsafe { CStr::from_ptr(text) }
            .to_string_lossy()
            .into_owned(),
    };
    let (first, second) = (text(first), text(second));
    if !is_allowed(action, &first, &second) {
        // SAFETY: the list of the oracle, which nobody else uses while a statement is prepared.
        let seen = unsafe { &mut *seen.cast::<Seen>() };
        seen.0
            .push(format!("action {action} of {first:?} {second:?}"));
    }
    ffi::SQLITE_OK
}

fn is_allowed(action: c_int, first: &str, second: &str) -> bool {
    let is_ours = TABLES.iter().any(|ours| ours.eq_ignore_ascii_case(first));
    match action {
        ffi::SQLITE_SELECT => true,
        // What a sub-query gives has no table.
        ffi::SQLITE_READ => is_ours || first.is_empty(),
        ffi::SQLITE_INSERT | ffi::SQLITE_DELETE | ffi::SQLITE_UPDATE => is_ours,
        ffi::SQLITE_FUNCTION => FUNCTIONS.contains(&second.to_ascii_lowercase().as_str()),
        _ => false,
    }
}
