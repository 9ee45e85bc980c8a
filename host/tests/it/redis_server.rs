//! Real Redis servers of the tests, which end when the test process does, however it ends.

use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// Runs the rest as a server, tells its process, and ends it when nobody holds our standard input
/// any more. The kernel lets go of it also for a test process that was killed.
const WATCHDOG: &str = r#""$@" >/dev/null & echo $!; read line; kill -9 $!; wait"#;

/// How many databases the server has that all tests share.
const DATABASES: u32 = 4_000;

pub struct RedisServer {
    port: u16,
    arguments: Vec<String>,
    folder: TempDir,
    running: Option<Running>,
}

struct Running {
    watchdog: Child,
    process: i32,
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.watchdog.stdin.take());
        self.watchdog.wait().ok();
    }
}

impl RedisServer {
    /// Starts a server that keeps nothing on disk.
    pub fn start(arguments: &str) -> Self {
        // Another program may take the port before the server does.
        for _ in 0..5 {
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
            let port = listener.local_addr().unwrap().port();
            drop(listener);
            let mut server = Self {
                port,
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
        self.signal(libc::SIGSTOP);
    }

    pub fn resume(&self) {
        self.signal(libc::SIGCONT);
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    fn signal(&self, signal: i32) {
        let process = self.running.as_ref().expect("a server").process;
        // SAFETY: this only sends a signal, to a process that we started and have not ended.
        assert_eq!(unsafe { libc::kill(process, signal) }, 0);
    }

    fn try_start(&mut self) -> bool {
        let installed = Command::new("redis-server").arg("--version").output();
        assert!(
            installed.is_ok(),
            "these tests need Redis: apt-get install redis-server"
        );
        let mut watchdog = Command::new("sh")
            .args(["-c", WATCHDOG, "sh", "redis-server", "--bind", "127.0.0.1"])
            .args(["--save", "", "--appendonly", "no"])
            .args(["--port", &self.port.to_string()])
            .arg("--dir")
            .arg(self.folder.path())
            .args(&self.arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut process = String::new();
        let said = watchdog.stdout.take().unwrap();
        BufReader::new(said).read_line(&mut process).unwrap();
        let process = process.trim().parse().unwrap();
        let running = self.running.insert(Running { watchdog, process });
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_secs(10) {
            if TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).is_ok() {
                return true;
            }
            // SAFETY: signal 0 only asks whether the process is there.
            if unsafe { libc::kill(running.process, 0) } != 0 {
                return false;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        false
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
