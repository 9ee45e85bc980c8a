//! Real Redis servers of the tests, which end when the test process does, however it ends.

use crate::support::server::{Server, free_port};
use rustix::process::{Signal, kill_process};
use std::process::Command;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use tempfile::TempDir;

/// The number of databases of the server that all tests share.
const DATABASES: u32 = 4_000;

pub struct RedisServer {
    port: u16,
    arguments: Vec<String>,
    folder: TempDir,
    running: Option<Server>,
}

impl RedisServer {
    /// Starts a server that keeps nothing on disk.
    pub fn start(arguments: &str) -> Self {
        // Another program may take the port before the server does.
        for _ in 0..5 {
            let mut server = Self {
                port: free_port(),
                arguments: arguments.split_whitespace().map(str::to_owned).collect(),
                folder: tempfile::tempdir().unwrap(),
                running: None,
            };
            if server.try_start() {
                return server;
            }
        }
        panic!("redis-server does not start");
    }

    /// Kills it and starts it again, with nothing in it.
    pub fn restart(&mut self) {
        self.kill();
        assert!(self.try_start(), "redis-server does not start again");
    }

    pub fn kill(&mut self) {
        self.running = None;
    }

    /// Lets it stand still.
    pub fn pause(&self) {
        self.signal(Signal::STOP);
    }

    pub fn resume(&self) {
        self.signal(Signal::CONT);
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    fn signal(&self, signal: Signal) {
        let process = self.running.as_ref().expect("a server").process();
        // A process that we started and have not ended.
        kill_process(process, signal).unwrap();
    }

    fn try_start(&mut self) -> bool {
        let installed = Command::new("redis-server").arg("--version").output();
        assert!(
            installed.is_ok(),
            "these tests need Redis: apt-get install redis-server"
        );
        let (port, folder) = (self.port.to_string(), self.folder.path());
        let mut command = vec!["redis-server", "--bind", "127.0.0.1", "--port", &port];
        command.extend(["--save", "", "--appendonly", "no"]);
        command.extend(["--dir", folder.to_str().unwrap()]);
        command.extend(self.arguments.iter().map(String::as_str));
        self.running = Server::start(&command, self.port, &folder.join("log"));
        self.running.is_some()
    }
}

/// An empty database of a server that all tests share.
pub fn database() -> String {
    static SERVER: OnceLock<RedisServer> = OnceLock::new();
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let server = SERVER.get_or_init(|| RedisServer::start(&format!("--databases {DATABASES}")));
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    assert!(number < DATABASES, "raise DATABASES");
    format!("{}/{number}", server.url())
}
