//! One session's connection: opened once, and again after a loss.

use super::classify::{Operation, classify};
use super::server::{FILE, Server, UNSAFE};
use crate::model::error::CallError;
use crate::patience::within;
use crate::tls::unsafe_server;
use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, FromRedisValue};
use redis::{RedisResult, ScriptInvocation};
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;
use tokio::task::JoinHandle;

/// Timeout of one answer, and of opening a connection. Less than half of the default lease, so that a
/// holder without an answer learns of it before the lease ends.
pub(super) const PATIENCE: Duration = Duration::from_secs(4);

/// An open connection. What is sent on it is carried out in the order of sending.
pub(super) struct Connection {
    pub(super) commands: MultiplexedConnection,
    /// Sends and receives; ends when the connection does.
    driver: JoinHandle<()>,
}

impl Connection {
    pub(super) async fn open(server: &Server) -> Result<Self, CallError> {
        let opened = answer_of(Self::try_open(server)).await;
        opened.map_err(|redis| {
            let mut error = classify(&redis, Operation::Connecting);
            let (address, why) = (server.info.addr(), &error.message);
            if redis.kind() == UNSAFE {
                let why = redis.detail().unwrap_or_default();
                return unsafe_server(&address.to_string(), why, FILE);
            }
            let port = match server.is_safe() {
                true => ", and does this port take TLS",
                false => "",
            };
            let server = address;
            error.message = match redis.is_io_error() {
                true => format!("can't reach Redis at {server}: {why}; is it running{port}?"),
                false => format!("Redis at {server} refused the connection: {why}"),
            };
            error
        })
    }

    async fn try_open(server: &Server) -> RedisResult<Self> {
        let stream = server.connect().await?;
        let settings = server.info.redis_settings().clone().set_skip_set_lib_name();
        // The sender of each command sets its own timeout.
        let config = AsyncConnectionConfig::new().set_response_timeout(None);
        let (commands, driver) =
            MultiplexedConnection::new_with_config(&settings, stream, config).await?;
        let driver = tokio::spawn(driver);
        Ok(Self { commands, driver })
    }

    /// Sees that it answers.
    pub(super) async fn check(mut self) -> Result<(), CallError> {
        let ping = redis::cmd("PING");
        let answer = answer_of(ping.exec_async(&mut self.commands)).await;
        answer.map_err(|error| classify(&error, Operation::Reading))
    }

    pub(super) fn is_open(&self) -> bool {
        !self.driver.is_finished()
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

/// The connection of a session and of its locks.
pub(super) struct Link {
    server: Arc<Server>,
    current: Mutex<Option<Arc<Connection>>>,
}

impl Link {
    /// Opens the connection.
    pub(super) async fn open(server: Arc<Server>) -> Result<Self, CallError> {
        let connection = Connection::open(&server).await?;
        Ok(Self {
            server,
            current: Mutex::new(Some(Arc::new(connection))),
        })
    }

    pub(super) fn server(&self) -> &Server {
        &self.server
    }

    /// Runs a script once. It is sent on an open connection only: if none can be had, the error is
    /// certain. Without an answer the connection is closed, and the next call opens another.
    pub(super) async fn run<T: FromRedisValue>(
        &self,
        script: &ScriptInvocation<'_>,
        operation: Operation,
    ) -> Result<T, CallError> {
        let connection = self.connection().await?;
        let mut commands = connection.commands.clone();
        match answer_of(script.invoke_async(&mut commands)).await {
            Ok(answer) => Ok(answer),
            Err(error) => {
                if error.is_io_error() {
                    self.forget(&connection).await;
                }
                Err(classify(&error, operation))
            }
        }
    }

    /// Ends the connection.
    pub(super) async fn close(&self) {
        *self.current.lock().await = None;
    }

    async fn connection(&self) -> Result<Arc<Connection>, CallError> {
        let mut current = self.current.lock().await;
        match &*current {
            Some(open) if open.is_open() => Ok(Arc::clone(open)),
            _ => {
                let opened = Arc::new(Connection::open(&self.server).await?);
                *current = Some(Arc::clone(&opened));
                Ok(opened)
            }
        }
    }

    async fn forget(&self, lost: &Arc<Connection>) {
        let mut current = self.current.lock().await;
        if current.as_ref().is_some_and(|open| Arc::ptr_eq(open, lost)) {
            *current = None;
        }
    }
}

async fn answer_of<T>(asked: impl Future<Output = RedisResult<T>>) -> RedisResult<T> {
    within(PATIENCE, asked).await.unwrap_or_else(|_| {
        let message = format!("no answer within {} s", PATIENCE.as_secs());
        Err(io::Error::new(io::ErrorKind::TimedOut, message).into())
    })
}
