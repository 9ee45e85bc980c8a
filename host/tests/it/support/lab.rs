//! One lab for all tests of the binary: three nodes, started when the first test asks for it.

use contend::lab::{Lab, LabError, LabOptions};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::OnceLock;
use tokio::sync::RwLock;

/// Held for reading by a test that needs the shared lab whole, and for writing by one that gives it a
/// fault. Taken before `lab`, and once: who holds it and asks again may wait for ever.
pub static WHOLE: RwLock<()> = RwLock::const_new(());

/// The shared lab. A test that gives it a fault undoes it with `make_whole`, and keeps others that
/// need it whole from running at the same time. Each test makes a database of its own, with a name
/// that begins with `contend_`.
pub fn lab() -> &'static Lab {
    static LAB: OnceLock<(Lab, Watchdog)> = OnceLock::new();
    &LAB.get_or_init(|| {
        let dir = new_dir();
        // First of all: it also stops what a start that failed has left.
        let watchdog = Watchdog::over(&dir);
        (up_on_free_ports(&dir, 3), watchdog)
    })
    .0
}

/// A new folder that also the servers' own user may enter.
pub fn new_dir() -> PathBuf {
    tempfile::Builder::new()
        .prefix("contend-lab-")
        .permissions(std::fs::Permissions::from_mode(0o755))
        .tempdir()
        .unwrap()
        .keep()
}

/// Starts a lab. Tests of several processes may look for ports at the same time, so the first ports
/// are tried from a place that is drawn.
pub fn up_on_free_ports(dir: &Path, nodes: u32) -> Lab {
    let first = std::process::id() % 16;
    for number in 0..16 {
        let port = 21_000 + 60 * ((first + number) % 16) as u16;
        let options = LabOptions {
            nodes,
            port,
            ..LabOptions::new(dir.to_owned())
        };
        match Lab::up(&options, &mut |line| println!("lab: {line}")) {
            Err(LabError::PortTaken { .. }) => {}
            lab => return lab.unwrap_or_else(|error| panic!("{error}")),
        }
    }
    panic!("no free ports from 21000 to 21959");
}

/// Stops and removes a lab when this process has ended, in whatever way. It waits for the end of a
/// pipe whose other end is ours alone: the system closes that even for a process that is killed.
pub struct Watchdog {
    _child: Child,
    _pipe: ChildStdin,
}

impl Watchdog {
    pub fn over(dir: &Path) -> Self {
        let start = || -> io::Result<Self> {
            // In a session of its own, so that what ends all tests at once does not end it.
            let mut child = Command::new("setsid")
                .args(["sh", "-c", r#"cat; exec "$0" lab down --wipe --dir "$1""#])
                .arg(env!("CARGO_BIN_EXE_runner"))
                .arg(dir)
                .stdin(Stdio::piped())
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()?;
            let pipe = child.stdin.take().expect("it is piped");
            Ok(Self {
                _child: child,
                _pipe: pipe,
            })
        };
        start().unwrap()
    }
}
