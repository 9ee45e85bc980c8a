//! Counts and durations of the SQL statements that a strategy executed, by verb.

use super::change::Nanos;
use serde::{Deserialize, Serialize};

/// Statements by their verb; those that failed are among them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Statements {
    pub select: Executed,
    pub insert: Executed,
    pub update: Executed,
    pub delete: Executed,
}

/// Executions of one verb.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Executed {
    pub count: u32,
    /// From the strategy's call to its answer, all of them together.
    pub ns: Nanos,
}

impl Statements {
    /// Counts one that took so long; any but these four verbs (SET) is counted nowhere.
    pub fn count(&mut self, sql: &str, ns: Nanos) {
        let verb = sql.trim_start().get(..6).map(str::to_ascii_uppercase);
        let executed = match verb.as_deref() {
            Some("SELECT") => &mut self.select,
            Some("INSERT") => &mut self.insert,
            Some("UPDATE") => &mut self.update,
            Some("DELETE") => &mut self.delete,
            _ => return,
        };
        executed.count += 1;
        executed.ns = executed.ns.saturating_add(ns);
    }

    /// Adds what was executed besides.
    pub fn add(&mut self, other: &Self) {
        for (sum, more) in [
            (&mut self.select, other.select),
            (&mut self.insert, other.insert),
            (&mut self.update, other.update),
            (&mut self.delete, other.delete),
        ] {
            sum.count += more.count;
            sum.ns = sum.ns.saturating_add(more.ns);
        }
    }

    /// By verb, in the order in which the reference harness reported them.
    pub fn by_verb(&self) -> [(&'static str, Executed); 4] {
        [
            ("select", self.select),
            ("insert", self.insert),
            ("update", self.update),
            ("delete", self.delete),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_verb_has_its_count_and_what_is_none_of_them_has_none() {
        let mut statements = Statements::default();
        for sql in [
            "SELECT 1",
            " select 2",
            "INSERT INTO t",
            "DELETE FROM t",
            "SET x = 1",
            "",
        ] {
            statements.count(sql, 5);
        }
        let counts = statements.by_verb().map(|(_, executed)| executed.count);
        assert_eq!(counts, [2, 1, 0, 1]);
        assert_eq!(statements.select.ns, 10);
    }
}
