//! The tables: their columns, keys and triggers.

use super::key::Key;
use super::trigger::{Firing, Trigger};
use super::view::StoredRow;
use crate::model::fault::Fault;
use crate::model::value::Value;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A table, by its place in the schema. A number is never used twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TableId(pub u32);

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColumnType {
    /// With the least and the greatest that it takes.
    Integer(i64, i64),
    Real,
    Text,
    Bytes,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Column {
    pub name: Arc<str>,
    pub column_type: ColumnType,
    pub not_null: bool,
    /// Of a text in characters, of bytes in bytes.
    pub max_length: Option<usize>,
    /// A CHECK's bound, which is told with another code.
    pub checked_length: Option<usize>,
    /// What it gets where nothing is given; nothing if it must be given.
    pub default: Option<Value>,
}

#[derive(Debug, Clone)]
pub struct Table {
    pub name: Arc<str>,
    pub columns: Vec<Column>,
    /// The columns of the primary key, in the key's order; never empty.
    pub primary: Vec<usize>,
    /// The columns of each unique key.
    pub unique: Vec<Vec<usize>>,
    /// What runs for each row after it was inserted, updated or deleted.
    pub triggers: Vec<Arc<Trigger>>,
}

/// What changes the schema: it is replicated as it is, and every node does it.
#[derive(Debug, Clone)]
pub enum Definition {
    CreateTable {
        table: Table,
        /// Drops one of that name before.
        or_replace: bool,
        if_not_exists: bool,
    },
    DropTables {
        names: Vec<String>,
        if_exists: bool,
    },
    CreateTrigger(Arc<Trigger>),
    DropTrigger {
        name: String,
        if_exists: bool,
    },
}

/// All tables. Names of tables and columns are found in any case.
#[derive(Debug, Clone, Default)]
pub struct Schema {
    tables: Vec<Option<Arc<Table>>>,
    names: BTreeMap<String, TableId>,
    version: u64,
}

impl Table {
    /// The column of this name, in any case.
    pub fn column(&self, name: &str) -> Option<usize> {
        let same = |column: &Column| column.name.eq_ignore_ascii_case(name);
        self.columns.iter().position(same)
    }

    /// The primary key of a row.
    pub fn key_of(&self, row: &[Value]) -> Key {
        Key::of(self.primary.iter().map(|&column| &row[column]))
            .expect("the columns of a primary key take neither NULL nor fractions")
    }

    /// What a row has in the unique key of this number; nothing if one of its columns is NULL, which
    /// is never a duplicate.
    pub fn unique_key_of(&self, unique: usize, row: &[Value]) -> Option<Key> {
        Key::of(self.unique[unique].iter().map(|&column| &row[column]))
    }

    /// The rows that the triggers insert elsewhere when a row was inserted (there is none before),
    /// updated or deleted (there is none after). The UUID is to be another one each time.
    pub fn fire(
        &self,
        old: Option<&StoredRow>,
        new: Option<&StoredRow>,
        mut firing: impl FnMut() -> Firing,
    ) -> Result<Vec<(TableId, StoredRow)>, Fault> {
        let fire = |trigger: &Arc<Trigger>| trigger.fire(old, new, &mut firing).transpose();
        self.triggers.iter().filter_map(fire).collect()
    }
}

impl Schema {
    pub fn table(&self, id: TableId) -> Option<&Arc<Table>> {
        self.tables.get(id.0 as usize)?.as_ref()
    }

    pub fn id(&self, name: &str) -> Option<TableId> {
        self.names.get(&name.to_ascii_lowercase()).copied()
    }

    /// Another number after each definition. A plan is good for the version for which it was made.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// Does what a planned definition says. Gives the tables that are gone now, with their rows.
    /// `rejected` with MariaDB's codes where a name is taken (1050, 1359) or missing (1051, 1146,
    /// 1360); then nothing was changed.
    pub fn define(&mut self, definition: &Definition) -> Result<Vec<TableId>, Fault> {
        let gone = match definition {
            Definition::CreateTable {
                table,
                or_replace,
                if_not_exists,
            } => self.create(table, *or_replace, *if_not_exists)?,
            Definition::DropTables { names, if_exists } => self.drop_tables(names, *if_exists)?,
            Definition::CreateTrigger(trigger) => self.add(trigger)?,
            Definition::DropTrigger { name, if_exists } => self.drop_trigger(name, *if_exists)?,
        };
        self.version += 1;
        Ok(gone)
    }

    fn create(
        &mut self,
        table: &Table,
        or_replace: bool,
        if_not_exists: bool,
    ) -> Result<Vec<TableId>, Fault> {
        let mut gone = Vec::new();
        if let Some(id) = self.id(&table.name) {
            if if_not_exists {
                return Ok(gone);
            }
            if !or_replace {
                let message = format!("the table {} exists already", table.name);
                return Err(Fault::rejected(1050, message));
            }
            self.forget(id);
            gone.push(id);
        }
        let id = TableId(self.tables.len() as u32);
        self.tables.push(Some(Arc::new(table.clone())));
        self.names.insert(table.name.to_ascii_lowercase(), id);
        Ok(gone)
    }

    fn drop_tables(&mut self, names: &[String], if_exists: bool) -> Result<Vec<TableId>, Fault> {
        let mut gone = Vec::new();
        for name in names {
            match self.id(name) {
                Some(id) => gone.push(id),
                None if if_exists => {}
                None => return Err(Fault::rejected(1051, format!("there is no table {name}"))),
            }
        }
        gone.iter().for_each(|&id| self.forget(id));
        Ok(gone)
    }

    fn forget(&mut self, id: TableId) {
        self.tables[id.0 as usize] = None;
        self.names.retain(|_, named| *named != id);
    }

    fn add(&mut self, trigger: &Arc<Trigger>) -> Result<Vec<TableId>, Fault> {
        if self.trigger(trigger.name()).is_some() {
            let message = format!("the trigger {} exists already", trigger.name());
            return Err(Fault::rejected(1359, message));
        }
        let table = self.tables.get_mut(trigger.table().0 as usize);
        let Some(Some(table)) = table else {
            let message = "the trigger's table is gone";
            return Err(Fault::rejected(1146, message));
        };
        Arc::make_mut(table).triggers.push(trigger.clone());
        Ok(Vec::new())
    }

    fn drop_trigger(&mut self, name: &str, if_exists: bool) -> Result<Vec<TableId>, Fault> {
        match self.trigger(name) {
            Some((id, place)) => {
                let table = self.tables[id.0 as usize].as_mut();
                let table = table.expect("it was found there");
                Arc::make_mut(table).triggers.remove(place);
                Ok(Vec::new())
            }
            None if if_exists => Ok(Vec::new()),
            None => Err(Fault::rejected(1360, format!("there is no trigger {name}"))),
        }
    }

    fn trigger(&self, name: &str) -> Option<(TableId, usize)> {
        let same = |trigger: &Arc<Trigger>| trigger.name().eq_ignore_ascii_case(name);
        let mut numbered = self.tables.iter().zip(0..);
        numbered.find_map(|(table, number)| {
            let place = table.as_ref()?.triggers.iter().position(same)?;
            Some((TableId(number), place))
        })
    }
}
