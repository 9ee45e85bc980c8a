//! Random statements of the subset, in the part of it that SQLite understands in the same way.

mod expressions;
mod generated;

use contend::sim::random::Purpose;
use contend_dst::Random;
pub use generated::Generated;

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
