//! The SQL policy: whatever passes is one statement of the allowed kinds in the allowed tables, also for
//! readers that are not the SQL policy's own.
//!
//! For SQLite, that is SQLite itself: it prepares the statement, and its authorizer tells everything that
//! this would touch. For MySQL, it is a reader of texts and comments by MySQL's rules: what it takes for
//! SQL is judged again, with every text emptied.

mod generator;
mod mysql;
#[expect(unsafe_code, reason = "sqlx has no call for SQLite's authorizer")]
mod sqlite;
mod words;

use self::generator::Generator;
use self::sqlite::{Oracle, Prepared};
use super::effort::{Random, spend};
use contend::capability::sql_policy::SqlPolicy;
use contend::capability::statement::{Action, Statement};
use std::cell::Cell;

const TABLES: &[&str] = &["volumes", "networks"];

/// The admitted text, read again, is the same as what was judged.
fn is_the_same_again(sql_policy: &SqlPolicy, sql: &str, statement: &Statement) {
    let again = sql_policy.admit(statement.text());
    let again = again.unwrap_or_else(|fault| panic!("{sql}\n→ {}\n{fault}", statement.text()));
    assert_eq!(&again, statement, "{sql}");
}

#[test]
fn an_admitted_statement_touches_no_other_table_of_sqlite() {
    let (sql_policy, mut oracle) = (SqlPolicy::new(TABLES, "sqlite"), Oracle::new());
    let (passed, prepared) = (Cell::new(0u64), Cell::new(0u64));
    let try_one = |random: &mut Random| {
        let sql = Generator { random }.statement();
        let Ok(statement) = sql_policy.admit(&sql) else {
            return;
        };
        passed.set(passed.get() + 1);
        if statement.action() == Action::Set {
            return;
        }
        is_the_same_again(&sql_policy, &sql, &statement);
        // The authorizer knows tables and functions.
        if statement.action() == Action::Savepoint {
            return;
        }
        let text = match statement.row_lock() {
            Some(lock) => &lock.text_without_clause,
            None => statement.text(),
        };
        let Some(seen) = oracle.prepare(text) else {
            return;
        };
        prepared.set(prepared.get() + 1);
        let expected = Prepared {
            parameters: statement.parameters(),
            reads_only: statement.action() == Action::Read,
        };
        assert_eq!(seen, expected, "{sql}\n→ {text}");
    };
    spend("SQL policy (sqlite)", 4_000, try_one);
    println!("passed {}, prepared {}", passed.get(), prepared.get());
    assert!(prepared.get() > 0 || std::env::var("FUZZ_CASE").is_ok());
}

#[test]
fn mysql_reads_an_admitted_statement_as_the_policy_read_it() {
    let sql_policy = SqlPolicy::new(TABLES, "mysql");
    let passed = Cell::new(0u64);
    let try_one = |random: &mut Random| {
        let sql = Generator { random }.statement();
        let Ok(statement) = sql_policy.admit(&sql) else {
            return;
        };
        passed.set(passed.get() + 1);
        is_the_same_again(&sql_policy, &sql, &statement);
        let read = mysql::read(statement.text())
            .unwrap_or_else(|why| panic!("{sql}\n→ {}\n{why}", statement.text()));
        assert_eq!(read.parameters, statement.parameters(), "{sql}");
        let admitted = sql_policy.admit(&read.emptied);
        let admitted = admitted.unwrap_or_else(|fault| {
            panic!("{sql}\n→ {}\n→ {}\n{fault}", statement.text(), read.emptied)
        });
        assert_eq!(admitted.action(), statement.action(), "{sql}");
    };
    spend("SQL policy (mysql)", 4_000, try_one);
    println!("passed {}", passed.get());
    assert!(passed.get() > 0 || std::env::var("FUZZ_CASE").is_ok());
}
