//! The schema, and the statements that were planned for it.

use crate::model::error::CallError;
use crate::sql::{
    Definition, Dialect, Firing, Plan, RowChange, Schema, StoredRow, Table, TableId, plan,
};
use rustc_hash::FxHashMap;
use std::sync::Arc;

/// A statement that was planned, or the reason why it can't be.
pub(super) struct Prepared {
    pub(super) text: Arc<str>,
    pub(super) plan: Result<Plan, CallError>,
    /// Of the schema.
    version: u64,
}

#[derive(Default)]
pub(super) struct Catalog {
    schema: Schema,
    prepared: FxHashMap<Arc<str>, Arc<Prepared>>,
    last_uuid: u128,
}

impl Catalog {
    pub(super) fn of(dialect: Dialect) -> Self {
        Self {
            schema: Schema::of(dialect),
            ..Self::default()
        }
    }

    pub(super) fn table(&self, id: TableId) -> Option<&Arc<Table>> {
        self.schema.table(id)
    }

    pub(super) fn id(&self, name: &str) -> Option<TableId> {
        self.schema.id(name)
    }

    /// The statement of this text, planned once for each version of the schema.
    pub(super) fn prepare(&mut self, text: &str) -> Arc<Prepared> {
        match self.prepared.get(text) {
            Some(known) if self.is_current(known) => known.clone(),
            _ => {
                let text: Arc<str> = text.into();
                let prepared = Arc::new(Prepared {
                    text: text.clone(),
                    version: self.schema.version(),
                    plan: plan(&text, &self.schema),
                });
                self.prepared.insert(text, prepared.clone());
                prepared
            }
        }
    }

    /// Says whether the schema is still the one that the statement was planned for.
    pub(super) fn is_current(&self, prepared: &Prepared) -> bool {
        prepared.version == self.schema.version()
    }

    /// Changes the schema. Returns the tables that are gone.
    pub(super) fn define(&mut self, definition: &Definition) -> Result<Vec<TableId>, CallError> {
        self.schema.define(definition)
    }

    /// The rows that triggers insert for a change that a transaction made.
    pub(super) fn fire(
        &mut self,
        change: &RowChange,
        transaction: u64,
    ) -> Result<Vec<(TableId, StoredRow)>, CallError> {
        let firing = || {
            self.last_uuid += 1;
            Firing {
                number: self.last_uuid,
                transaction,
            }
        };
        let (before, after) = (change.before.as_ref(), change.after.as_ref());
        self.schema.fire(change.table, before, after, firing)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn define(catalog: &mut Catalog, text: &str) {
        let prepared = catalog.prepare(text);
        let Ok(Plan::Define(definition)) = &prepared.plan else {
            panic!("{text} is no definition");
        };
        catalog.define(definition).unwrap();
    }

    #[test]
    fn statement_is_planned_again_when_the_schema_has_changed() {
        let mut catalog = Catalog::default();
        let select = "SELECT n FROM t";
        let missing = catalog.prepare(select);
        assert!(missing.plan.is_err());
        assert!(Arc::ptr_eq(&missing, &catalog.prepare(select)));
        define(&mut catalog, "CREATE TABLE t (id INT PRIMARY KEY, n INT)");
        assert!(!catalog.is_current(&missing));
        assert!(catalog.prepare(select).plan.is_ok());
    }
}
