//! All tables and their triggers, by name.

use super::dialect::{Dialect, Problem};
use super::table::{Table, TableId};
use super::trigger::{Firing, Trigger};
use super::view::StoredRow;
use crate::model::error::CallError;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A change of the schema. It is replicated as it is, and every node makes it.
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
    /// An index that is not unique: it changes no answer, and nothing is kept of it.
    CreateIndex,
    CreateTrigger(Arc<Trigger>),
    DropTrigger {
        name: String,
        if_exists: bool,
    },
}

/// All tables. Names of tables and columns are found in any case.
#[derive(Debug, Clone, Default)]
pub struct Schema {
    dialect: Dialect,
    tables: Vec<Option<Defined>>,
    names: BTreeMap<String, TableId>,
    version: u64,
}

#[derive(Debug, Clone)]
struct Defined {
    table: Arc<Table>,
    /// In the order in which they were created.
    triggers: Vec<Arc<Trigger>>,
}

impl Schema {
    /// No tables yet, for the statements of a server of this dialect.
    pub fn of(dialect: Dialect) -> Self {
        Self {
            dialect,
            ..Self::default()
        }
    }

    pub fn dialect(&self) -> Dialect {
        self.dialect
    }

    pub fn table(&self, id: TableId) -> Option<&Arc<Table>> {
        self.defined(id).map(|defined| &defined.table)
    }

    fn defined(&self, id: TableId) -> Option<&Defined> {
        self.tables.get(id.0 as usize)?.as_ref()
    }

    /// The rows that a table's triggers insert elsewhere when a row was inserted (there is none before),
    /// updated or deleted (there is none after). The UUID is to be another one each time.
    pub fn fire(
        &self,
        table: TableId,
        old: Option<&StoredRow>,
        new: Option<&StoredRow>,
        mut firing: impl FnMut() -> Firing,
    ) -> Result<Vec<(TableId, StoredRow)>, CallError> {
        let fire = |trigger: &Arc<Trigger>| trigger.fire(old, new, &mut firing).transpose();
        let triggers = self.defined(table).into_iter().flat_map(|it| &it.triggers);
        triggers.filter_map(fire).collect()
    }

    pub fn id(&self, name: &str) -> Option<TableId> {
        self.names.get(&name.to_ascii_lowercase()).copied()
    }

    /// The version, another number after each definition. A plan is good for the one that it was made for.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// Makes a planned change. Returns the tables that are gone now, with their rows. `rejected` with
    /// the dialect's code where a name is taken or missing; then nothing was changed.
    pub fn define(&mut self, definition: &Definition) -> Result<Vec<TableId>, CallError> {
        let gone = match definition {
            Definition::CreateTable {
                table,
                or_replace,
                if_not_exists,
            } => self.create(table, *or_replace, *if_not_exists)?,
            Definition::DropTables { names, if_exists } => self.drop_tables(names, *if_exists)?,
            Definition::CreateIndex => Vec::new(),
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
    ) -> Result<Vec<TableId>, CallError> {
        let mut gone = Vec::new();
        if let Some(id) = self.id(&table.name) {
            if if_not_exists {
                return Ok(gone);
            }
            if !or_replace {
                let message = format!("the table {} exists already", table.name);
                return Err(self.dialect.error(Problem::TableExists, message));
            }
            self.forget(id);
            gone.push(id);
        }
        let id = TableId(self.tables.len() as u32);
        self.tables.push(Some(Defined {
            table: Arc::new(table.clone()),
            triggers: Vec::new(),
        }));
        self.names.insert(table.name.to_ascii_lowercase(), id);
        Ok(gone)
    }

    fn drop_tables(
        &mut self,
        names: &[String],
        if_exists: bool,
    ) -> Result<Vec<TableId>, CallError> {
        let mut gone = Vec::new();
        for name in names {
            match self.id(name) {
                Some(id) => gone.push(id),
                None if if_exists => {}
                None => {
                    return Err(self
                        .dialect
                        .error(Problem::NothingToDrop, format!("there is no table {name}")));
                }
            }
        }
        gone.iter().for_each(|&id| self.forget(id));
        Ok(gone)
    }

    fn forget(&mut self, id: TableId) {
        self.tables[id.0 as usize] = None;
        self.names.retain(|_, named| *named != id);
    }

    fn add(&mut self, trigger: &Arc<Trigger>) -> Result<Vec<TableId>, CallError> {
        if self.trigger(trigger.name()).is_some() {
            let message = format!("the trigger {} exists already", trigger.name());
            return Err(self.dialect.error(Problem::TriggerExists, message));
        }
        let table = self.tables.get_mut(trigger.table().0 as usize);
        let Some(Some(table)) = table else {
            let message = "the trigger's table is gone";
            return Err(self.dialect.error(Problem::NoSuchTable, message));
        };
        table.triggers.push(trigger.clone());
        Ok(Vec::new())
    }

    fn drop_trigger(&mut self, name: &str, if_exists: bool) -> Result<Vec<TableId>, CallError> {
        match self.trigger(name) {
            Some((id, place)) => {
                let table = self.tables[id.0 as usize].as_mut();
                let table = table.expect("it was found there");
                table.triggers.remove(place);
                Ok(Vec::new())
            }
            None if if_exists => Ok(Vec::new()),
            None => Err(self.dialect.error(
                Problem::NoSuchTrigger,
                format!("there is no trigger {name}"),
            )),
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
