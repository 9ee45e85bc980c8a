//! The SQL gate: whatever passes is one statement of the allowed kinds in the allowed tables, also for
//! readers that are not the gate's own.
//!
//! For SQLite, that is SQLite itself: it prepares the statement, and its authorizer tells everything that
//! this would touch. For MySQL, it is a reader of texts and comments by MySQL's rules: what it takes for
//! SQL is judged again, with every text emptied.

mod generator;
mod mysql;
mod sqlite;

use self::generator::Generator;
use self::sqlite::{Oracle, Prepared};
use super::effort::{Random, spend};
use contend::capability::gate::Gate;
use contend::capability::statement::{Action, Statement};
use std::cell::Cell;

const TABLES: &[&str] = &["volumes", "networks"];

/// What runs is what was judged: read again, it is the same.
fn is_the_same_again(gate: &Gate, sql: &str, statement: &Statement) {
    let again = gate.admit(statement.text());
    let again = again.unwrap_or_else(|fault| panic!("{sql}\n→ {}\n{fault}", statement.text()));
    assert_eq!(&again, statement, "{sql}");
}

#[test]
fn what_passes_the_gate_touches_nothing_else_in_sqlite() {
    let (gate, mut oracle) = (Gate::new(TABLES, "sqlite"), Oracle::new());
    let (passed, prepared) = (Cell::new(0u64), Cell::new(0u64));
    let try_one = |random: &mut Random| {
        let sql = Generator { random }.statement();
        let Ok(statement) = gate.admit(&sql) else {
            return;
        };
        passed.set(passed.get() + 1);
        if statement.action() == Action::Set {
            return;
        }
        is_the_same_again(&gate, &sql, &statement);
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
    spend("gate (sqlite)", 4_000, try_one);
    println!("passed {}, prepared {}", passed.get(), prepared.get());
    assert!(prepared.get() > 0 || std::env::var("FUZZ_CASE").is_ok());
}

#[test]
fn what_passes_the_gate_is_read_by_mysql_as_it_was_judged() {
    let gate = Gate::new(TABLES, "mysql");
    let passed = Cell::new(0u64);
    let try_one = |random: &mut Random| {
        let sql = Generator { random }.statement();
        let Ok(statement) = gate.admit(&sql) else {
            return;
        };
        passed.set(passed.get() + 1);
        is_the_same_again(&gate, &sql, &statement);
        let read = mysql::read(statement.text())
            .unwrap_or_else(|why| panic!("{sql}\n→ {}\n{why}", statement.text()));
        assert_eq!(read.parameters, statement.parameters(), "{sql}");
        let judged = gate.admit(&read.emptied);
        let judged = judged.unwrap_or_else(|fault| {
            panic!("{sql}\n→ {}\n→ {}\n{fault}", statement.text(), read.emptied)
        });
        assert_eq!(judged.action(), statement.action(), "{sql}");
    };
    spend("gate (mysql)", 4_000, try_one);
    println!("passed {}", passed.get());
    assert!(passed.get() > 0 || std::env::var("FUZZ_CASE").is_ok());
}
