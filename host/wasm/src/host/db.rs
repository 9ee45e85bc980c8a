use super::opened::Opened;
use super::prepared::Prepared;
use super::running::{Counted, Running};
use super::{HostState, dangling, too_many};
use crate::bindings::contend::strategy::{db, types};
use crate::bindings::{SessionHandle, StatementHandle};
use crate::capability::database::{Session, Target};
use crate::capability::statement::Statement;
use crate::convert::{error_to_guest, value_from_guest, value_to_guest};
use crate::model::error::{CallError, count_error};
use crate::model::value::{Row, Value};
use wasmtime::Result;
use wasmtime::component::Resource;

type Answer<T> = Result<std::result::Result<T, types::Error>>;

impl HostState {
    pub(super) fn session(
        &mut self,
        handle: &Resource<SessionHandle>,
    ) -> Result<&mut Box<dyn Session>> {
        self.opened(handle).map(|opened| &mut opened.session)
    }

    fn opened(&mut self, handle: &Resource<SessionHandle>) -> Result<&mut Opened> {
        let opened = self.sessions.get_mut(handle.rep() as usize);
        opened.ok_or_else(dangling)
    }

    async fn open(&mut self, target: db::Target) -> std::result::Result<u32, CallError> {
        let share = self.shares().sessions;
        if self.sessions.len() >= share {
            return Err(too_many("sessions", share));
        }
        let (target, ready) = match target {
            db::Target::Endpoint => {
                let first = self.capabilities.first_session.take();
                (self.capabilities.endpoint.clone(), first)
            }
            db::Target::Node(name) => (Target::Node(name), None),
        };
        let session = match ready {
            Some(session) => session,
            None => self.capabilities.database.connect(&target).await?,
        };
        self.opened += 1;
        let opened = Opened::new(session, self.opened);
        Ok(self.sessions.insert(opened) as u32)
    }

    fn prepare_for(
        &mut self,
        handle: &Resource<SessionHandle>,
        sql: &str,
    ) -> Result<std::result::Result<u32, CallError>> {
        let session = (handle.rep(), self.opened(handle)?.number);
        let statement = self.statement(sql);
        let inserted = statement.and_then(|statement| {
            let prepared = Prepared { statement, session };
            self.prepared.insert(prepared)
        });
        Ok(inserted)
    }

    /// A statement that was given as text, on a session.
    fn running<'a>(
        &'a mut self,
        handle: &Resource<SessionHandle>,
        statement: &'a Statement,
    ) -> Result<Running<'a>> {
        let opened = self.sessions.get_mut(handle.rep() as usize);
        Ok(Running {
            opened: opened.ok_or_else(dangling)?,
            statement,
            executed: Counted::new(&self.capabilities, &mut self.executed),
            share: self.capabilities.shares.answer,
            has_committed: &mut self.has_committed,
        })
    }

    /// A prepared statement, on its session; `None` if that is closed.
    fn running_prepared(
        &mut self,
        handle: &Resource<StatementHandle>,
    ) -> Result<Option<Running<'_>>> {
        let prepared = self.prepared.get(handle.rep()).ok_or_else(dangling)?;
        let (session, number) = prepared.session;
        let opened = self.sessions.get_mut(session as usize);
        let opened = opened.filter(|opened| opened.number == number);
        Ok(opened.map(|opened| Running {
            opened,
            statement: &prepared.statement,
            executed: Counted::new(&self.capabilities, &mut self.executed),
            share: self.capabilities.shares.answer,
            has_committed: &mut self.has_committed,
        }))
    }

    fn rows(&mut self, rows: std::result::Result<Vec<Row>, CallError>) -> Answer<Vec<types::Row>> {
        let to_guest = |row: Row| row.into_iter().map(value_to_guest).collect();
        self.answer(rows.map(|rows| rows.into_iter().map(to_guest).collect()))
    }
}

fn session_closed() -> CallError {
    let message = "the session that prepared this statement is closed";
    CallError::rejected("session-closed", message)
}

fn values(parameters: Vec<types::Value>) -> Vec<Value> {
    parameters.into_iter().map(value_from_guest).collect()
}

impl db::Host for HostState {
    fn dialect(&mut self) -> Result<String> {
        self.idle.call()?;
        Ok(self.capabilities.database.dialect().to_owned())
    }

    async fn connect(&mut self, to: db::Target) -> Answer<Resource<SessionHandle>> {
        let opened = self.open(to).await;
        self.answer(opened.map(Resource::new_own))
    }
}

impl db::HostSession for HostState {
    fn prepare(
        &mut self,
        handle: Resource<SessionHandle>,
        sql: String,
    ) -> Answer<Resource<StatementHandle>> {
        let prepared = self.prepare_for(&handle, &sql)?;
        self.idle.prepared(&prepared)?;
        Ok(prepared.map(Resource::new_own).map_err(|error| {
            count_error(&mut self.errors, &error);
            error_to_guest(error)
        }))
    }

    async fn execute(
        &mut self,
        handle: Resource<SessionHandle>,
        sql: String,
        parameters: Vec<types::Value>,
    ) -> Answer<u64> {
        let affected = match self.statement(&sql) {
            Ok(statement) => {
                let running = self.running(&handle, &statement)?;
                running.execute(&values(parameters)).await
            }
            Err(error) => Err(error),
        };
        self.answer(affected)
    }

    async fn query(
        &mut self,
        handle: Resource<SessionHandle>,
        sql: String,
        parameters: Vec<types::Value>,
    ) -> Answer<Vec<types::Row>> {
        let rows = match self.statement(&sql) {
            Ok(statement) => {
                let running = self.running(&handle, &statement)?;
                running.query(&values(parameters)).await
            }
            Err(error) => Err(error),
        };
        self.rows(rows)
    }

    async fn begin(&mut self, handle: Resource<SessionHandle>) -> Answer<()> {
        let opened = self.opened(&handle)?;
        let begun = opened.session.begin().await;
        opened.begun(&begun);
        self.answer(begun)
    }

    async fn commit(&mut self, handle: Resource<SessionHandle>) -> Answer<()> {
        let opened = self.opened(&handle)?;
        let committed = opened.session.commit().await;
        self.has_committed |= opened.committed(&committed);
        self.answer(committed)
    }

    async fn rollback(&mut self, handle: Resource<SessionHandle>) -> Answer<()> {
        let opened = self.opened(&handle)?;
        let rolled_back = opened.session.rollback().await;
        opened.rolled_back();
        self.answer(rolled_back)
    }

    async fn drop(&mut self, handle: Resource<SessionHandle>) -> Result<()> {
        let session = self.sessions.try_remove(handle.rep() as usize);
        session.ok_or_else(dangling)?.session.close().await;
        self.computing.resume();
        Ok(())
    }
}

impl db::HostStatement for HostState {
    async fn execute(
        &mut self,
        handle: Resource<StatementHandle>,
        parameters: Vec<types::Value>,
    ) -> Answer<u64> {
        let affected = match self.running_prepared(&handle)? {
            Some(running) => running.execute(&values(parameters)).await,
            None => Err(session_closed()),
        };
        self.answer(affected)
    }

    async fn query(
        &mut self,
        handle: Resource<StatementHandle>,
        parameters: Vec<types::Value>,
    ) -> Answer<Vec<types::Row>> {
        let rows = match self.running_prepared(&handle)? {
            Some(running) => running.query(&values(parameters)).await,
            None => Err(session_closed()),
        };
        self.rows(rows)
    }

    fn drop(&mut self, handle: Resource<StatementHandle>) -> Result<()> {
        let removed = self.prepared.remove(handle.rep());
        removed.map(drop).ok_or_else(dangling)
    }
}
