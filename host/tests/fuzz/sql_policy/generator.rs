//! Statements: some from a grammar, some of the usual ones and of the usual tricks, and most of all
//! mixtures and mutations of these.

use super::words::{KNOWN, TOKENS};
use crate::effort::Random;

pub struct Generator<'a> {
    pub random: &'a mut Random,
}

impl Generator<'_> {
    pub fn statement(&mut self) -> String {
        let mut tokens = match self.random.below(4) {
            0 => vec![self.grown()],
            1 => tokens(self.random.of_these(KNOWN)),
            2 => self.spliced(),
            _ => tokens(&self.grown()),
        };
        for _ in 0..self.random.below(5) {
            self.mutate(&mut tokens);
        }
        let mut text = tokens.concat();
        if self.random.one_in(10) {
            self.break_a_character(&mut text);
        }
        text
    }

    /// The beginning of one and the end of another.
    fn spliced(&mut self) -> Vec<String> {
        let mut one = tokens(self.random.of_these(KNOWN));
        let other = tokens(self.random.of_these(KNOWN));
        one.truncate(self.random.below(one.len()) + 1);
        one.push(" ".to_owned());
        one.extend_from_slice(&other[self.random.below(other.len())..]);
        one
    }

    fn mutate(&mut self, tokens: &mut Vec<String>) {
        let at = self.random.below(tokens.len().max(1)).min(tokens.len());
        let new = format!(" {} ", self.random.of_these(TOKENS));
        match self.random.below(6) {
            0 if at < tokens.len() => drop(tokens.remove(at)),
            1 if at < tokens.len() => tokens[at] = new,
            2 if at < tokens.len() => {
                let other = self.random.below(tokens.len());
                tokens.swap(at, other);
            }
            3 if at < tokens.len() => {
                // Without the spaces, so that it grows together with its neighbours.
                tokens[at].push_str(new.trim());
            }
            _ => tokens.insert(at, new),
        }
    }

    fn break_a_character(&mut self, text: &mut String) {
        let places: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
        if places.is_empty() {
            return;
        }
        let at = self.random.of_these(&places);
        match self.random.below(2) {
            0 => drop(text.remove(at)),
            _ => text.insert(
                at,
                self.random
                    .of_these(&['\'', '"', '`', '\\', '-', '/', '*', '\0']),
            ),
        }
    }

    /// From a grammar: most of these pass.
    fn grown(&mut self) -> String {
        let table = self.table();
        let condition = self.expression(3);
        match self.random.below(6) {
            0 => {
                let value = self.expression(2);
                format!("UPDATE {table} SET status = {value} WHERE {condition}")
            }
            1 => {
                let (one, other) = (self.expression(2), self.expression(2));
                format!("INSERT INTO {table} (id, status) VALUES ({one}, {other})")
            }
            2 => format!("DELETE FROM {table} WHERE {condition}"),
            _ => self.query(3),
        }
    }

    fn query(&mut self, depth: usize) -> String {
        let (one, other) = (self.expression(depth), self.expression(depth));
        let (table, condition) = (self.table(), self.expression(depth));
        let mut query = format!("SELECT {one}, {other} FROM {table} WHERE {condition}");
        if depth > 1 && self.random.one_in(6) {
            let second = self.query(depth - 1);
            query = format!("{query} UNION {second}");
        }
        let tail = [
            "",
            "",
            "",
            " ORDER BY 1 DESC",
            " LIMIT 3",
            " FOR UPDATE",
            " GROUP BY id",
        ];
        query + self.random.of_these(&tail)
    }

    fn table(&mut self) -> &'static str {
        let names = [
            "volumes",
            "volumes",
            "volumes",
            "networks",
            "\"volumes\"",
            "`volumes`",
            "VOLUMES",
            "volumes AS v",
            "volumes JOIN networks ON 1 = 1",
            "(SELECT 1 AS id FROM volumes) AS t",
            "volumes, networks",
            "sqlite_master",
        ];
        self.random.of_these(&names)
    }

    fn expression(&mut self, depth: usize) -> String {
        let leaves = [
            "?",
            "id",
            "status",
            "volumes.id",
            "1",
            "-1",
            "- -1",
            "- ?",
            "+ - 2",
            "'a'",
            "'a''b'",
            "'\\\\'",
            "'\\''",
            "'a\\nb'",
            "\"status\"",
            "`id`",
            "NULL",
            "TRUE",
            "1.5",
            "X'61'",
            "''",
            "\"a\\\\\"",
            "'; DROP TABLE volumes; --'",
            "' UNION SELECT sql FROM sqlite_master -- '",
            "'?'",
            "'/*'",
            "rowid",
        ];
        if depth == 0 || self.random.one_in(4) {
            return self.random.of_these(&leaves).to_owned();
        }
        let (one, other) = (self.expression(depth - 1), self.expression(depth - 1));
        match self.random.below(12) {
            0 => format!("({one})"),
            1 => format!("NOT {one}"),
            2 => format!("-{one}"),
            3 => format!("{one} IN ({other}, {one})"),
            4 => format!("{one} BETWEEN {other} AND {one}"),
            5 => format!("CASE WHEN {one} THEN {other} ELSE {one} END"),
            6 => {
                let names = [
                    "abs", "lower", "coalesce", "concat", "length", "trim", "max", "ifnull",
                ];
                let name = self.random.of_these(&names);
                format!("{name}({one}, {other})")
            }
            7 => format!("({})", self.query(depth - 1)),
            8 => format!(
                "{one} IS NOT {}",
                self.random.of_these(&["NULL", "TRUE", "DISTINCT FROM 1"])
            ),
            _ => {
                let operators = [
                    "=", "<>", "<", "AND", "OR", "+", "-", "*", "/", "%", "||", "<=>", "--",
                ];
                let operator = self.random.of_these(&operators);
                format!("{one} {operator} {other}")
            }
        }
    }
}

/// Words and single characters, so that nothing is lost.
fn tokens(text: &str) -> Vec<String> {
    let mut tokens: Vec<String> = Vec::new();
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    for c in text.chars() {
        match tokens.last_mut() {
            Some(last) if is_word(c) && last.chars().all(is_word) => last.push(c),
            _ => tokens.push(c.to_string()),
        }
    }
    tokens
}
