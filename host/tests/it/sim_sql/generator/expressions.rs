//! Conditions and expressions, of one type each: what MariaDB would convert is no part of the subset.

use super::generated::{CLOSE, OPEN};
use super::{Generator, TEXTS, TYPES, Type};

const COMPARISONS: [&str; 7] = ["=", "<>", "<", "<=", ">", ">=", "<=>"];

impl Generator {
    pub(super) fn filter(&mut self) -> String {
        if self.below(6) == 0 {
            return String::new();
        }
        format!(" WHERE {}", self.condition(3))
    }

    /// Something that is true, false or unknown.
    pub(super) fn condition(&mut self, depth: usize) -> String {
        if depth == 0 || self.below(4) == 0 {
            return self.comparison(depth);
        }
        match self.below(9) {
            0 | 1 => format!(
                "({} AND {})",
                self.condition(depth - 1),
                self.condition(depth - 1)
            ),
            2 | 3 => format!(
                "({} OR {})",
                self.condition(depth - 1),
                self.condition(depth - 1)
            ),
            4 => format!("(NOT {})", self.condition(depth - 1)),
            5 => {
                let is = self.one(&["TRUE", "NOT TRUE", "FALSE", "NOT FALSE"]);
                format!("({} IS {is})", self.condition(depth - 1))
            }
            6 if self.scope.len() == 1 => self.sub_query(),
            7 => self.by_key(),
            _ => self.comparison(depth),
        }
    }

    fn comparison(&mut self, depth: usize) -> String {
        let column_type = self.one(&TYPES);
        let depth = depth.min(1);
        let mut next = || self.expression(column_type, depth);
        let (one, two, three) = (next(), next(), next());
        let not = self.one(&["", " NOT"]);
        match self.below(5) {
            0 => format!("({one} IS{not} NULL)"),
            1 => format!("({one}{not} BETWEEN {two} AND {three})"),
            2 => format!("({one}{not} IN ({two}, {three}))"),
            _ => format!("({one} {} {two})", self.one(&COMPARISONS)),
        }
    }

    /// A condition that gives all of the primary key.
    fn by_key(&mut self) -> String {
        let shape = &self.tables[self.scope[self.scope.len() - 1]];
        let (name, columns) = (shape.name, shape.columns.clone());
        let key: Vec<_> = columns
            .into_iter()
            .filter(|(name, _)| ["id", "a"].contains(name))
            .collect();
        let mut conditions = Vec::new();
        for (column, column_type) in key {
            let (one, two) = (
                self.key_value(column, column_type),
                self.key_value(column, column_type),
            );
            conditions.push(match self.below(3) {
                0 => format!("{name}.{column} IN ({one}, {two})"),
                1 => format!("{one} = {name}.{column}"),
                _ => format!("{name}.{column} = {one}"),
            });
        }
        format!("({})", conditions.join(" AND "))
    }

    fn key_value(&mut self, column: &str, column_type: Type) -> String {
        let row = self.below(12);
        let value = match (column, column_type) {
            ("a", _) => (row % 4).to_string(),
            (_, Type::Integer) => (row * 2).to_string(),
            _ => format!("'{}{row}'", TEXTS[row % 4]),
        };
        format!("{OPEN}{value}{CLOSE}")
    }

    /// A condition on the other table's rows.
    fn sub_query(&mut self) -> String {
        let other = 1 - self.scope[0];
        let name = self.tables[other].name;
        let not = self.one(&["", "NOT "]);
        match self.below(3) {
            0 => {
                let one = self.column(Type::Integer);
                self.scope.push(other);
                let text = format!(
                    "({one} {not}IN (SELECT {} FROM {name} WHERE {}))",
                    self.column(Type::Integer),
                    self.condition(1)
                );
                self.scope.pop();
                text
            }
            1 => {
                self.scope.push(other);
                let text = format!(
                    "((SELECT MAX({name}.n) FROM {name} WHERE {}) > {})",
                    self.condition(1),
                    self.number()
                );
                self.scope.pop();
                text
            }
            _ => {
                self.scope.push(other);
                let text = format!(
                    "({not}EXISTS (SELECT 1 FROM {name} WHERE {}))",
                    self.condition(1)
                );
                self.scope.pop();
                text
            }
        }
    }

    pub(super) fn expression(&mut self, column_type: Type, depth: usize) -> String {
        if depth == 0 || self.below(3) == 0 {
            return match self.below(5) {
                0 | 1 => self.constant(column_type),
                _ => self.column(column_type),
            };
        }
        let depth = depth - 1;
        if self.below(4) == 0 {
            let condition = self.condition(depth);
            let (one, two) = (
                self.expression(column_type, depth),
                self.expression(column_type, depth),
            );
            return format!("CASE WHEN {condition} THEN {one} ELSE {two} END");
        }
        if self.below(4) == 0 {
            let (one, two) = (
                self.expression(column_type, depth),
                self.expression(column_type, depth),
            );
            let name = self.one(&["COALESCE", "IFNULL", "NULLIF"]);
            return format!("{name}({one}, {two})");
        }
        match column_type {
            Type::Integer => match self.below(7) {
                0 => format!("LENGTH({})", self.expression(Type::Text, depth)),
                1 => format!("ABS({})", self.expression(Type::Integer, depth)),
                2 => format!("(- {})", self.expression(Type::Integer, depth)),
                3 => self.condition(depth),
                _ => self.arithmetic(Type::Integer, &["+", "-", "*", "%"], depth),
            },
            Type::Real => self.arithmetic(Type::Real, &["+", "-", "*"], depth),
            Type::Text => {
                let name = self.one(&["LOWER", "UPPER"]);
                format!("{name}({})", self.expression(Type::Text, depth))
            }
        }
    }

    fn arithmetic(&mut self, other: Type, operators: &[&'static str], depth: usize) -> String {
        let (mut one, mut two) = (
            self.expression(other, depth),
            self.expression(Type::Integer, depth),
        );
        if self.below(2) == 0 {
            std::mem::swap(&mut one, &mut two);
        }
        format!("({one} {} {two})", self.one(operators))
    }

    /// A column of some table in scope.
    pub(super) fn column(&mut self, column_type: Type) -> String {
        if self.scope.is_empty() {
            return self.constant(column_type);
        }
        let scope = self.scope.clone();
        let shape = &self.tables[self.one(&scope)];
        let fits = |column: &&(&'static str, Type)| column.1 == column_type;
        let (name, fitting) = (shape.name, shape.columns.iter().filter(fits));
        let fitting: Vec<_> = fitting.map(|(name, _)| *name).collect();
        format!("{name}.{}", self.one(&fitting))
    }

    pub(super) fn constant(&mut self, column_type: Type) -> String {
        if self.rarely() {
            return "NULL".to_owned();
        }
        match column_type {
            Type::Integer => self.number(),
            Type::Real => format!("{}e-1", self.below(60)),
            Type::Text => {
                let text = self.one(&TEXTS);
                format!("{OPEN}'{text}'{CLOSE}")
            }
        }
    }

    pub(super) fn number(&mut self) -> String {
        let number = self.below(30) as i64 - 6;
        format!("{OPEN}({number}){CLOSE}")
    }
}
