use super::opened::Opened;
use super::{HostState, dangling, too_many};
use crate::bindings::SessionHandle;
use crate::bindings::contend::strategy::{db, types};
use crate::capability::budget::{ANSWER_TOO_LARGE, check_size};
use crate::capability::calls::bytes_of;
use crate::capability::database::{Session, Target};
use crate::capability::statement::Action;
use crate::capability::strategy::Capabilities;
use crate::convert::{value_from_guest, value_to_guest};
use crate::model::change::Nanos;
use crate::model::error::{CallError, ErrorKind};
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
        Ok(self.sessions.insert(Opened::new(session)) as u32)
    }

    async fn run_execute(
        &mut self,
        handle: &Resource<SessionHandle>,
        sql: &str,
        parameters: &[Value],
    ) -> Result<std::result::Result<u64, CallError>> {
        let statement = match self.statement(sql) {
            Ok(statement) => statement,
            Err(error) => return Ok(Err(error)),
        };
        let began = self.now_if_counted();
        let opened = self.opened(handle)?;
        let affected = opened.session.execute(&statement, parameters).await;
        self.has_committed |= opened.executed(&affected);
        self.count(sql, began);
        Ok(affected)
    }

    async fn run_query(
        &mut self,
        handle: &Resource<SessionHandle>,
        sql: &str,
        parameters: &[Value],
    ) -> Result<std::result::Result<Vec<Row>, CallError>> {
        let statement = match self.statement(sql) {
            Ok(statement) => statement,
            Err(error) => return Ok(Err(error)),
        };
        let began = self.now_if_counted();
        let opened = self.opened(handle)?;
        let rows = opened.session.query(&statement, parameters).await;
        opened.answered(&rows);
        self.count(sql, began);
        // A database stops before an answer takes more of its memory; this is the same of all of them.
        let share = self.shares().answer;
        let mut answer = rows.and_then(|rows| {
            let bytes = rows.iter().map(bytes_of).sum();
            check_size(ANSWER_TOO_LARGE, "an answer", bytes, share).map(|()| rows)
        });
        if let Err(error) = &mut answer
            && error.code == ANSWER_TOO_LARGE
            && error.kind == ErrorKind::Rejected
            && statement.action() == Action::Write
        {
            // What it wrote is there, by itself or in a transaction that must not go on.
            self.session(handle)?.rollback().await.ok();
            error.kind = ErrorKind::Indefinite;
        }
        Ok(answer)
    }

    fn now_if_counted(&self) -> Option<Nanos> {
        let Capabilities {
            counts_statements,
            clock,
            ..
        } = &self.capabilities;
        counts_statements.then(|| clock.now())
    }

    fn count(&mut self, sql: &str, began: Option<Nanos>) {
        if let Some(began) = began {
            let took = self.capabilities.clock.now().saturating_sub(began);
            self.executed.count(sql, took);
        }
    }
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
    async fn execute(
        &mut self,
        handle: Resource<SessionHandle>,
        sql: String,
        parameters: Vec<types::Value>,
    ) -> Answer<u64> {
        let parameters: Vec<Value> = parameters.into_iter().map(value_from_guest).collect();
        let affected = self.run_execute(&handle, &sql, &parameters).await?;
        self.answer(affected)
    }

    async fn query(
        &mut self,
        handle: Resource<SessionHandle>,
        sql: String,
        parameters: Vec<types::Value>,
    ) -> Answer<Vec<Vec<types::Value>>> {
        let parameters: Vec<Value> = parameters.into_iter().map(value_from_guest).collect();
        let rows = self.run_query(&handle, &sql, &parameters).await?;
        let to_guest = |row: Row| row.into_iter().map(value_to_guest).collect();
        self.answer(rows.map(|rows| rows.into_iter().map(to_guest).collect()))
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
