//! The simulator's tables, with one user and no cluster.

use contend::model::error::CallError;
use contend::model::value::{Row, Value};
use contend::sim::sql::{
    Definition, Dialect, Key, Plan, RowChange, Schema, StoredRow, TableId, View, Visits, plan,
};
use std::collections::BTreeMap;

#[derive(Default)]
pub struct Tables {
    schema: Schema,
    names: Vec<(String, TableId)>,
    rows: BTreeMap<TableId, BTreeMap<Key, StoredRow>>,
}

/// The result of a statement.
pub enum Done {
    Read(Vec<Row>),
    /// The rows that met the WHERE, or were inserted, and those of them that came out different.
    Wrote {
        matched: u64,
        changed: usize,
    },
    Refused(CallError),
}

impl View for Tables {
    fn get(&self, table: TableId, key: &Key) -> Option<&StoredRow> {
        self.rows.get(&table)?.get(key)
    }

    fn scan<'a>(
        &'a self,
        table: TableId,
    ) -> Box<dyn Iterator<Item = (&'a Key, &'a StoredRow)> + 'a> {
        Box::new(self.rows.get(&table).into_iter().flatten())
    }
}

impl Tables {
    /// No tables yet, of a server of this dialect.
    pub fn of(dialect: Dialect) -> Self {
        Self {
            schema: Schema::of(dialect),
            ..Self::default()
        }
    }

    pub fn run(&mut self, text: &str, parameters: &[Value]) -> Done {
        self.try_run(text, parameters).unwrap_or_else(Done::Refused)
    }

    /// All rows of all tables.
    pub fn contents(&self) -> Vec<(String, Vec<Row>)> {
        let rows = |id: &TableId| self.scan(*id).map(|(_, row)| row.to_vec()).collect();
        let table = |(name, id): &(String, TableId)| (name.clone(), rows(id));
        self.names.iter().map(table).collect()
    }

    fn try_run(&mut self, text: &str, parameters: &[Value]) -> Result<Done, CallError> {
        let (changes, matched) = match plan(text, &self.schema)? {
            Plan::Select(select) => return select.rows(parameters, self).map(Done::Read),
            Plan::Insert(insert) => {
                let changes = insert.changes(parameters, self, self)?.changes;
                let matched = changes.len() as u64;
                (changes, matched)
            }
            Plan::Update(update) => {
                let changes = update.changes(parameters, self)?.changes;
                let written = &update;
                assert_visited(&changes, &written.visits(parameters, self)?);
                let meets = |row: &StoredRow| written.matches(parameters, self, row);
                (changes, self.count(written.table(), meets)?)
            }
            Plan::Delete(delete) => {
                let changes = delete.changes(parameters, self)?.changes;
                assert_visited(&changes, &delete.visits(parameters, self)?);
                let matched = changes.len() as u64;
                (changes, matched)
            }
            Plan::Define(definition) => {
                self.schema.define(&definition)?;
                if !matches!(definition, Definition::CreateTable { .. }) {
                    return Ok(Done::Wrote {
                        matched: 0,
                        changed: 0,
                    });
                }
                let name = text.split_whitespace().nth(2).expect("CREATE TABLE name");
                let id = self.schema.id(name).expect("it was made");
                self.names.push((name.to_owned(), id));
                (Vec::new(), 0)
            }
            Plan::Set(_) | Plan::Savepoint(..) => panic!("{text}"),
        };
        let changed = changes.len();
        self.change(changes)?;
        Ok(Done::Wrote { matched, changed })
    }

    fn count(
        &self,
        table: TableId,
        meets: impl Fn(&StoredRow) -> Result<bool, CallError>,
    ) -> Result<u64, CallError> {
        let mut count = 0;
        for (_, row) in self.scan(table) {
            count += u64::from(meets(row)?);
        }
        Ok(count)
    }

    fn change(&mut self, changes: Vec<RowChange>) -> Result<(), CallError> {
        let mut after = self.rows.clone();
        for change in changes {
            let table = self.schema.table(change.table).expect("it is planned for");
            let rows = after.entry(change.table).or_default();
            assert_eq!(
                rows.get(&change.key),
                change.before.as_ref().or(rows.get(&change.key))
            );
            match change.after {
                Some(_) if change.before.is_none() && rows.contains_key(&change.key) => {
                    return Err(match self.schema.dialect() {
                        Dialect::Mysql => CallError::rejected(1062, "a duplicate key"),
                        Dialect::Postgres => table.duplicate_key(None, &change.key),
                    });
                }
                Some(row) => {
                    assert_eq!(table.key_of(&row), change.key);
                    rows.insert(change.key, row);
                }
                None => {
                    rows.remove(&change.key).expect("it is there to be deleted");
                }
            }
        }
        self.rows = after;
        Ok(())
    }
}

/// A changed row was visited, and so is locked.
fn assert_visited(changes: &[RowChange], visits: &Visits) {
    if let Visits::Keys(keys) = visits {
        assert!(changes.iter().all(|change| keys.contains(&change.key)));
        assert!(keys.is_sorted());
    }
}
