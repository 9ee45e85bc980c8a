//! Random statements of the subset, in the part of it that SQLite understands in the same way.

use contend::model::value::Value;
use contend::sim::random::{Purpose, Random};

/// A statement, and what is known of its answer.
#[derive(Debug)]
pub struct Generated {
    pub text: String,
    pub parameters: Vec<Value>,
    /// The rows come in one order only.
    pub is_ordered: bool,
    /// Both count the rows.
    pub counts: bool,
}

impl Generated {
    /// Makes parameters of some of the literals.
    fn of(marked: &str, mut is_parameter: impl FnMut() -> bool) -> Self {
        let mut parts = marked.split([OPEN, CLOSE]);
        let mut text = parts.next().unwrap_or_default().to_owned();
        let mut parameters = Vec::new();
        while let (Some(literal), Some(plain)) = (parts.next(), parts.next()) {
            if is_parameter() {
                text.push('?');
                parameters.push(match literal.strip_prefix('\'') {
                    Some(literal) => Value::from(literal.trim_end_matches('\'')),
                    None => Value::Integer(literal.trim_matches(['(', ')']).parse().unwrap()),
                });
            } else {
                text += literal;
            }
            text += plain;
        }
        Self {
            text,
            parameters,
            is_ordered: false,
            counts: true,
        }
    }

    /// SQLite calls MariaDB's `<=>` IS.
    pub fn for_sqlite(&self) -> String {
        self.text.replace("<=>", "IS")
    }
}

/// Around each literal, until it is decided how it is written.
const OPEN: char = '«';
const CLOSE: char = '»';

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Type {
    Integer,
    Real,
    Text,
}

struct Shape {
    name: &'static str,
    columns: Vec<(&'static str, Type)>,
    key: Vec<&'static str>,
}

const TYPES: [Type; 3] = [Type::Integer, Type::Real, Type::Text];
const COMPARISONS: [&str; 7] = ["=", "<>", "<", "<=", ">", ">=", "<=>"];
const TEXTS: [&str; 8] = ["", "a", "A", "ab", "b", "B ", "10", "9"];

pub struct Generator {
    random: Random,
    tables: [Shape; 2],
    /// Those whose columns can be named now, as indices.
    scope: Vec<usize>,
}

impl Generator {
    pub fn new(seed: u64) -> Self {
        let mut random = Random::new(seed, Purpose::Servers);
        let mut shape = |name| {
            use Type::{Integer, Real, Text};
            let (keys, key) = match random.below(3) {
                0 => (vec![("id", Integer)], vec!["id"]),
                1 => (vec![("id", Text)], vec!["id"]),
                _ => (vec![("a", Integer), ("id", Text)], vec!["id", "a"]),
            };
            let others = [("n", Integer), ("m", Integer), ("s", Text), ("r", Real)];
            let columns = [keys, others.to_vec()].concat();
            Shape { name, columns, key }
        };
        let tables = [shape("t"), shape("u")];
        Self {
            random,
            tables,
            scope: Vec::new(),
        }
    }

    /// Makes the tables, with some rows.
    pub fn set_up(&mut self) -> Vec<Generated> {
        let mut statements = Vec::new();
        for table in 0..2 {
            statements.push(Generated {
                counts: false,
                ..Generated::of(&self.create(table), || false)
            });
            for row in 0..12 {
                let text = self.insert_with(table, |_, column| match column {
                    ("a", _) => (row % 4).to_string(),
                    ("id", Type::Integer) => (row * 2).to_string(),
                    _ => format!("'{}{row}'", TEXTS[row % 4]),
                });
                statements.push(Generated::of(&text, || false));
            }
        }
        statements
    }

    pub fn statement(&mut self) -> Generated {
        let table = self.below(2);
        let (text, is_ordered) = match self.below(10) {
            0..5 => self.select(table),
            5..8 => (self.update(table), false),
            8 => (self.delete(table), false),
            _ => (self.insert(table), false),
        };
        Generated {
            is_ordered,
            ..Generated::of(&text, || self.below(3) == 0)
        }
    }

    fn create(&self, table: usize) -> String {
        let Shape { name, columns, key } = &self.tables[table];
        let column = |&(name, column_type): &(&str, Type)| {
            let column_type = match column_type {
                Type::Integer => "BIGINT",
                Type::Real => "DOUBLE",
                Type::Text => "VARCHAR(12)",
            };
            let not_null = if name == "m" { " NOT NULL" } else { "" };
            format!("{name} {column_type}{not_null}")
        };
        let columns: Vec<_> = columns.iter().map(column).collect();
        let (columns, key) = (columns.join(", "), key.join(", "));
        format!("CREATE TABLE {name} ({columns}, PRIMARY KEY ({key}))")
    }

    fn insert(&mut self, table: usize) -> String {
        self.insert_with(table, |generator, (_, column_type)| match column_type {
            Type::Integer => generator.below(40).to_string(),
            _ => format!("'{}{}'", generator.one(&TEXTS).trim(), generator.below(20)),
        })
    }

    /// A row whose key comes from elsewhere.
    fn insert_with(
        &mut self,
        table: usize,
        mut key: impl FnMut(&mut Self, (&'static str, Type)) -> String,
    ) -> String {
        let Shape { name, columns, .. } = &self.tables[table];
        let (name, columns) = (*name, columns.clone());
        self.scope.clear();
        let values = columns.iter().map(|&(column, column_type)| match column {
            "id" | "a" => key(self, (column, column_type)),
            // A real value for the column that takes no NULL, most of the time.
            "m" if !self.rarely() => self.number(),
            _ => self.expression(column_type, 1),
        });
        let values = values.collect::<Vec<_>>().join(", ");
        let names: Vec<_> = columns.iter().map(|(name, _)| *name).collect();
        format!(
            "INSERT INTO {name} ({}) VALUES ({values})",
            names.join(", ")
        )
    }

    fn update(&mut self, table: usize) -> String {
        let Shape { name, columns, key } = &self.tables[table];
        let (name, mut columns) = (*name, columns.clone());
        columns.retain(|(name, _)| !key.contains(name));
        self.scope = vec![table];
        let mut assigned: Vec<&str> = Vec::new();
        let mut assignments = Vec::new();
        for _ in 0..1 + self.below(2) {
            let (column, column_type) = self.one(&columns);
            let mut value = match (column_type, self.below(4)) {
                (Type::Integer, _) => format!("({}) % 1000", self.expression(column_type, 2)),
                // A number becomes a text there.
                (Type::Text, 0) => self.expression(Type::Integer, 1),
                _ => self.expression(column_type, 2),
            };
            // MariaDB sees what was assigned before, SQLite the row as it was.
            let seen = |column: &&str| value.contains(&format!("{name}.{column}"));
            if assigned.iter().any(seen) {
                value = self.constant(column_type);
            }
            if assigned.contains(&column) {
                continue;
            }
            assigned.push(column);
            assignments.push(format!("{column} = {value}"));
        }
        let filter = self.filter();
        format!("UPDATE {name} SET {}{filter}", assignments.join(", "))
    }

    fn delete(&mut self, table: usize) -> String {
        let name = self.tables[table].name;
        self.scope = vec![table];
        // Always narrowed, so that there is something left to compare.
        let number = self.below(3);
        let filter = self.condition(2);
        format!("DELETE FROM {name} WHERE {name}.m % 3 = {number} AND {filter}")
    }

    /// The text, and whether its rows come in one order only.
    fn select(&mut self, table: usize) -> (String, bool) {
        self.scope = vec![table];
        let name = self.tables[table].name;
        if self.below(4) == 0 {
            let items: Vec<_> = (0..1 + self.below(3)).map(|_| self.aggregate()).collect();
            let filter = self.filter();
            return (
                format!("SELECT {} FROM {name}{filter}", items.join(", ")),
                true,
            );
        }
        let items: Vec<_> = match self.below(4) {
            0 => vec!["*".to_owned()],
            _ => (0..1 + self.below(3))
                .map(|_| {
                    let column_type = self.one(&TYPES);
                    self.expression(column_type, 2)
                })
                .collect(),
        };
        let filter = self.filter();
        let mut text = format!("SELECT {} FROM {name}{filter}", items.join(", "));
        if self.below(2) == 0 {
            return (text, false);
        }
        let direction = self.one(&["", " ASC", " DESC"]);
        let by = match self.below(3) {
            0 => self.column(Type::Integer),
            1 => self.column(Type::Text),
            _ if items[0] != "*" => "1".to_owned(),
            _ => self.column(Type::Real),
        };
        let key: Vec<_> = self.tables[table]
            .key
            .iter()
            .map(|key| format!("{name}.{key}"))
            .collect();
        text += &format!(" ORDER BY {by}{direction}, {}", key.join(", "));
        match self.below(3) {
            0 => text += &format!(" LIMIT {}", self.below(6)),
            1 => text += &format!(" LIMIT {} OFFSET {}", self.below(6), self.below(4)),
            _ => {}
        }
        (text, true)
    }

    fn aggregate(&mut self) -> String {
        let column_type = self.one(&TYPES);
        let expression = self.expression(column_type, 1);
        match self.below(4) {
            0 => "COUNT(*)".to_owned(),
            1 => format!("COUNT({expression})"),
            2 => format!("MIN({expression})"),
            _ => format!("MAX({expression})"),
        }
    }

    fn filter(&mut self) -> String {
        if self.below(6) == 0 {
            return String::new();
        }
        format!(" WHERE {}", self.condition(3))
    }

    /// Something that is true, false or unknown.
    fn condition(&mut self, depth: usize) -> String {
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

    fn expression(&mut self, column_type: Type, depth: usize) -> String {
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
    fn column(&mut self, column_type: Type) -> String {
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

    fn constant(&mut self, column_type: Type) -> String {
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

    fn number(&mut self) -> String {
        let number = self.below(30) as i64 - 6;
        format!("{OPEN}({number}){CLOSE}")
    }

    fn rarely(&mut self) -> bool {
        self.below(8) == 0
    }

    fn below(&mut self, below: usize) -> usize {
        self.random.below(below as u64) as usize
    }

    fn one<T: Copy>(&mut self, list: &[T]) -> T {
        list[self.below(list.len())]
    }
}
