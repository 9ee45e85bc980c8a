//! A server of the tests, which ends when the test process does, however it ends.

use rustix::process::{Pid, test_kill_process};
use std::ffi::OsStr;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Runs the rest as a server, tells its process, and ends it when nobody holds our standard input
/// any more. The kernel lets go of it also for a test process that was killed.
const WATCHDOG: &str = r#""$@" >&2 & echo $!; read line; kill -9 $!; wait"#;

/// A server that runs; it is killed when this is dropped.
pub struct Server {
    watchdog: Child,
    process: Pid,
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.watchdog.stdin.take());
        self.watchdog.wait().ok();
    }
}

impl Server {
    /// Starts it, and waits until it answers at this port of the loopback. What it says goes to the
    /// log. Nothing if it ends before, for example since another program has the port.
    pub fn start(command: &[impl AsRef<OsStr>], port: u16, log: &Path) -> Option<Self> {
        let mut watchdog = Command::new("sh")
            .args(["-c", WATCHDOG, "sh"])
            .args(command)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(File::create(log).unwrap())
            .spawn()
            .unwrap();
        let mut process = String::new();
        let said = watchdog.stdout.take().unwrap();
        BufReader::new(said).read_line(&mut process).unwrap();
        let process = Pid::from_raw(process.trim().parse().unwrap()).unwrap();
        let server = Self { watchdog, process };
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_secs(10) {
            if TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok() {
                return Some(server);
            }
            if test_kill_process(process).is_err() {
                return None;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        None
    }

    pub fn process(&self) -> Pid {
        self.process
    }
}

/// A port that nobody has. Another program may take it before the server does.
pub fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    listener.local_addr().unwrap().port()
}
