//! What SQL a strategy may run: SELECT, INSERT, UPDATE and DELETE in the tables of its workload.
//!
//! The text is parsed by a real SQL parser, judged as a tree, and what is run is the tree written
//! out again. So what was judged is what runs: comments are gone, and no trick that one reader of
//! the text sees differently from another can pass.

use super::statement::{Action, RowLock, Statement};
use crate::model::fault::Fault;
use sqlparser::ast::{
    self, Expr, Ident, ObjectName, Query, SetExpr, TableFactor, Value, ValueWithSpan, Visit,
    Visitor,
};
use sqlparser::dialect::{Dialect, MySqlDialect, SQLiteDialect};
use sqlparser::parser::Parser;
use std::ops::ControlFlow;

/// Longer statements are refused: no strategy needs them, and parsing them would cost the host.
pub const MAX_STATEMENT_BYTES: usize = 64 * 1024;

/// A statement that joins more tables than this could keep a database busy for hours.
pub const MAX_TABLES_PER_STATEMENT: usize = 3;

const MAX_NESTING: usize = 40;

/// Functions of the data alone. No clock, no randomness, no files, no session: those a strategy
/// has from its other capabilities or not at all.
const FUNCTIONS: &[&str] = &[
    "abs",
    "avg",
    "coalesce",
    "concat",
    "count",
    "ifnull",
    "length",
    "lower",
    "max",
    "min",
    "nullif",
    "substr",
    "substring",
    "sum",
    "trim",
    "upper",
];

/// Judges the statements of one run's strategies.
#[derive(Debug, Clone)]
pub struct Gate {
    tables: Vec<String>,
    dialect: &'static str,
}

impl Gate {
    /// `tables` are those of the workload; `dialect` is `Database::dialect`.
    pub fn new(tables: &[&str], dialect: &'static str) -> Self {
        Self {
            tables: tables.iter().map(|&table| table.to_owned()).collect(),
            dialect,
        }
    }

    /// Parses and judges a strategy's statement. `rejected` with `syntax` or `not-allowed` and a
    /// sentence that says what is wrong.
    pub fn admit(&self, sql: &str) -> Result<Statement, Fault> {
        if sql.len() > MAX_STATEMENT_BYTES {
            let bytes = sql.len();
            return Err(not_allowed(format!(
                "a statement of {bytes} bytes; at most {MAX_STATEMENT_BYTES} are taken"
            )));
        }
        let mut parsed = Parser::new(self.parser_dialect())
            .with_recursion_limit(MAX_NESTING)
            .try_with_sql(sql)
            .and_then(|mut parser| parser.parse_statements())
            .map_err(|error| not_parsed(sql, &error.to_string()))?;
        let statement = match (parsed.pop(), parsed.len()) {
            (Some(statement), 0) => statement,
            (None, _) => return Err(not_allowed("an empty statement")),
            (_, more) => {
                return Err(not_allowed(format!(
                    "{} statements in one string; give each to a call of its own",
                    more + 1
                )));
            }
        };
        self.judge(statement)
    }

    fn parser_dialect(&self) -> &'static dyn Dialect {
        match self.dialect {
            "sqlite" => &SQLiteDialect {},
            _ => &MySqlDialect {},
        }
    }

    fn judge(&self, statement: ast::Statement) -> Result<Statement, Fault> {
        let action = match &statement {
            ast::Statement::Query(_) => Action::Read,
            ast::Statement::Insert(_) | ast::Statement::Update(_) | ast::Statement::Delete(_) => {
                Action::Write
            }
            other => return Err(verb_not_allowed(&other.to_string())),
        };
        let mut inspection = Inspection {
            gate: self,
            tables: Vec::new(),
            parameters: 0,
        };
        if let ControlFlow::Break(fault) = statement.visit(&mut inspection) {
            return Err(fault);
        }
        let Inspection {
            tables, parameters, ..
        } = inspection;
        if tables.len() > MAX_TABLES_PER_STATEMENT {
            return Err(not_allowed(format!(
                "{} tables in one statement; at most {MAX_TABLES_PER_STATEMENT}",
                tables.len()
            )));
        }
        let text = statement.to_string();
        if text.contains("/*") {
            return Err(not_allowed("an optimizer hint or a comment"));
        }
        let row_lock = match statement {
            ast::Statement::Query(query) => row_lock(*query, tables.first())?,
            _ => None,
        };
        Ok(Statement::new(text, action, row_lock, parameters))
    }

    fn has_table(&self, name: &ObjectName) -> bool {
        let [part] = name.0.as_slice() else {
            return false;
        };
        part.as_ident().is_some_and(|ident| {
            let same = |table: &String| table.eq_ignore_ascii_case(&ident.value);
            self.tables.iter().any(same)
        })
    }
}

fn not_allowed(what: impl Into<String>) -> Fault {
    Fault::rejected("not-allowed", format!("not allowed: {}", what.into()))
}

fn verb_not_allowed(text: &str) -> Fault {
    let verb = text.split_whitespace().next().unwrap_or("this");
    not_allowed(format!(
        "{verb}; a strategy may SELECT, INSERT, UPDATE and DELETE, and has begin, commit and \
         rollback as calls of the session"
    ))
}

/// The parser stumbles over the details of statements that would be refused anyway; then the verb
/// is the better reason.
fn not_parsed(sql: &str, error: &str) -> Fault {
    let word: String = sql.chars().take_while(char::is_ascii_alphabetic).collect();
    match word.to_ascii_uppercase().as_str() {
        "ALTER" | "ATTACH" | "CALL" | "CREATE" | "DETACH" | "DROP" | "GRANT" | "LOCK"
        | "PRAGMA" | "SET" | "TRUNCATE" | "VACUUM" => verb_not_allowed(sql),
        _ => Fault::rejected("syntax", error),
    }
}

/// The locking clause of a query's outermost level. Inner ones were refused before.
fn row_lock(mut query: Query, table: Option<&String>) -> Result<Option<RowLock>, Fault> {
    let locks = std::mem::take(&mut query.locks);
    let (lock, table) = match (locks.as_slice(), table) {
        ([], _) => return Ok(None),
        ([lock], Some(table)) => (lock, table),
        (_, None) => return Err(not_allowed("a locking clause without a table")),
        _ => return Err(not_allowed("more than one locking clause")),
    };
    Ok(Some(RowLock {
        impatient: lock.nonblock.is_some(),
        table: table.clone(),
        text_without_clause: query.to_string(),
    }))
}

/// Walks the tree and stops at the first thing that a strategy may not do.
struct Inspection<'a> {
    gate: &'a Gate,
    tables: Vec<String>,
    parameters: usize,
}

impl Inspection<'_> {
    fn refuse(what: impl Into<String>) -> ControlFlow<Fault> {
        ControlFlow::Break(not_allowed(what))
    }
}

impl Visitor for Inspection<'_> {
    type Break = Fault;

    fn pre_visit_relation(&mut self, relation: &ObjectName) -> ControlFlow<Fault> {
        if !self.gate.has_table(relation) {
            let tables = self.gate.tables.join(", ");
            return Self::refuse(format!(
                "the table {relation}; this workload's tables are: {tables}"
            ));
        }
        self.tables.push(relation.to_string());
        ControlFlow::Continue(())
    }

    fn pre_visit_table_factor(&mut self, factor: &TableFactor) -> ControlFlow<Fault> {
        match factor {
            TableFactor::Table { args: None, .. }
            | TableFactor::Derived { .. }
            | TableFactor::NestedJoin { .. } => ControlFlow::Continue(()),
            other => Self::refuse(format!("{other} as a table")),
        }
    }

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<Fault> {
        if query.with.is_some() {
            // A recursive one can run for ever, and no strategy needs the others.
            return Self::refuse("WITH");
        }
        if !reads_only(&query.body) {
            return Self::refuse("a query that is more than a SELECT");
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_select(&mut self, select: &ast::Select) -> ControlFlow<Fault> {
        match select.into {
            Some(_) => Self::refuse("SELECT … INTO"),
            None => ControlFlow::Continue(()),
        }
    }

    fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<Fault> {
        match expr {
            Expr::Function(function) => {
                let name = function.name.to_string().to_ascii_lowercase();
                if FUNCTIONS.contains(&name.as_str()) {
                    ControlFlow::Continue(())
                } else {
                    Self::refuse(format!(
                        "the function {name}; allowed are: {}",
                        FUNCTIONS.join(", ")
                    ))
                }
            }
            Expr::Subquery(query)
            | Expr::Exists {
                subquery: query, ..
            } if !query.locks.is_empty() => Self::refuse("a locking clause in a sub-query"),
            _ => ControlFlow::Continue(()),
        }
    }

    fn pre_visit_ident(&mut self, ident: &Ident) -> ControlFlow<Fault> {
        if ident.value.starts_with('@') {
            return Self::refuse(format!("the variable {ident}"));
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_value(&mut self, value: &ValueWithSpan) -> ControlFlow<Fault> {
        match &value.value {
            Value::Placeholder(mark) if mark == "?" => {
                self.parameters += 1;
                ControlFlow::Continue(())
            }
            Value::Placeholder(mark) => Self::refuse(format!(
                "the placeholder {mark}; write ? for each parameter"
            )),
            _ => ControlFlow::Continue(()),
        }
    }
}

fn reads_only(body: &SetExpr) -> bool {
    match body {
        SetExpr::Select(_) | SetExpr::Values(_) => true,
        SetExpr::Query(query) => reads_only(&query.body),
        SetExpr::SetOperation { left, right, .. } => reads_only(left) && reads_only(right),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn admit(sql: &str) -> Result<Statement, Fault> {
        Gate::new(&["volumes"], "sqlite").admit(sql)
    }

    #[test]
    fn the_statements_of_a_strategy_pass() {
        for (sql, action, parameters) in [
            ("SELECT status FROM volumes WHERE id = ?", Action::Read, 1),
            ("select count(*) from VOLUMES", Action::Read, 0),
            (
                "UPDATE volumes SET status = ?, attach_status = ? WHERE id = ? AND status = ?",
                Action::Write,
                4,
            ),
            (
                "UPDATE volumes SET status = 'a?' WHERE NOT EXISTS \
                 (SELECT 1 FROM volumes AS v WHERE v.id = ?)",
                Action::Write,
                1,
            ),
            (
                "INSERT INTO volumes (id, status) VALUES (?, ?)",
                Action::Write,
                2,
            ),
            ("DELETE FROM volumes WHERE id IN (?, ?)", Action::Write, 2),
        ] {
            let statement = admit(sql).unwrap_or_else(|fault| panic!("{sql}: {fault}"));
            assert_eq!(statement.action(), action, "{sql}");
            assert_eq!(statement.parameters(), parameters, "{sql}");
        }
    }

    #[test]
    fn everything_else_is_rejected_with_a_reason() {
        for (sql, reason) in [
            ("", "empty"),
            ("SELEC 1", "SELEC"),
            ("DROP TABLE volumes", "DROP"),
            ("CREATE TABLE t (a int)", "CREATE"),
            ("ALTER TABLE volumes ADD COLUMN a int", "ALTER"),
            ("PRAGMA journal_mode = DELETE", "PRAGMA"),
            ("ATTACH DATABASE '/etc/passwd' AS p", "ATTACH"),
            ("SET GLOBAL max_connections = 1", "SET"),
            ("BEGIN", "BEGIN"),
            ("COMMIT", "COMMIT"),
            ("VACUUM INTO '/tmp/x'", "VACUUM"),
            ("SELECT 1; SELECT 2", "2 statements"),
            ("SELECT * FROM sqlite_master", "sqlite_master"),
            ("SELECT * FROM volumes_audit", "volumes_audit"),
            ("SELECT * FROM main.volumes", "main.volumes"),
            (
                "SELECT (SELECT name FROM sqlite_master) FROM volumes",
                "sqlite_master",
            ),
            (
                "UPDATE volumes SET status = (SELECT sql FROM sqlite_master)",
                "sqlite_master",
            ),
            ("DELETE FROM sqlite_master", "sqlite_master"),
            ("INSERT INTO volumes_audit VALUES (1)", "volumes_audit"),
            (
                "SELECT * FROM pragma_table_info('volumes')",
                "pragma_table_info",
            ),
            ("SELECT load_extension('x')", "load_extension"),
            ("SELECT random() FROM volumes", "random"),
            ("SELECT sleep(9)", "sleep"),
            ("SELECT status FROM volumes WHERE id = $1", "$1"),
            (
                "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n",
                "WITH",
            ),
            (
                "SELECT 1 FROM volumes a, volumes b, volumes c, volumes d",
                "4 tables",
            ),
        ] {
            let fault = admit(sql).expect_err(sql);
            assert_eq!(
                fault.kind,
                crate::model::fault::FaultKind::Rejected,
                "{sql}"
            );
            assert!(fault.message.contains(reason), "{sql}: {fault}");
        }
    }

    #[test]
    fn mysql_has_its_own_ways_to_smuggle() {
        let gate = Gate::new(&["volumes"], "mysql");
        for sql in [
            "SELECT 1 FROM volumes INTO OUTFILE '/tmp/x'",
            "SELECT /*! 1 FROM mysql.user UNION SELECT */ 2",
            "SELECT /*+ SET_VAR(sort_buffer_size = 1) */ 1 FROM volumes",
            "SET SESSION wsrep_on = OFF",
            "LOCK TABLES volumes WRITE",
            "SELECT GET_LOCK('a', 1)",
            "SELECT @@version",
        ] {
            gate.admit(sql).expect_err(sql);
        }
    }

    #[test]
    fn what_runs_is_the_tree_and_not_the_text() {
        let statement = admit("SELECT /* x */ status -- y\n FROM \"volumes\" ;").unwrap();
        assert_eq!(statement.text(), "SELECT status FROM \"volumes\"");
    }

    #[test]
    fn a_locking_clause_is_seen_and_can_be_left_out() {
        let statement = admit("SELECT status FROM volumes WHERE id = ? FOR UPDATE").unwrap();
        let lock = statement.row_lock().expect("a locking clause");
        assert_eq!(
            lock.text_without_clause,
            "SELECT status FROM volumes WHERE id = ?"
        );
        assert_eq!(lock.table, "volumes");
        assert!(!lock.impatient);
        let impatient = admit("SELECT 1 FROM volumes FOR UPDATE NOWAIT").unwrap();
        assert!(impatient.row_lock().unwrap().impatient);
        assert!(
            admit("SELECT status FROM volumes")
                .unwrap()
                .row_lock()
                .is_none()
        );
        admit("SELECT 1 FROM volumes WHERE EXISTS (SELECT 1 FROM volumes FOR UPDATE)")
            .expect_err("an inner locking clause");
    }

    #[test]
    fn size_and_depth_have_bounds() {
        let long = format!("SELECT '{}'", "x".repeat(MAX_STATEMENT_BYTES));
        assert!(admit(&long).unwrap_err().message.contains("bytes"));
        let deep = format!("SELECT {}1{}", "(".repeat(5000), ")".repeat(5000));
        admit(&deep).expect_err("deep nesting");
    }
}
