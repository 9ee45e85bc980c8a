//! Labs for the tests: one that stays whole, one to break, each started when the first test asks for
//! it.

use contend::lab::{Kind, Lab, LabError, LabOptions, Service};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

/// Three Galera nodes that all tests share, so no test breaks them. Each makes a database of its own, with
/// a name that begins with `contend_`.
pub fn lab() -> &'static Lab {
    static LAB: OnceLock<(Lab, Watchdog)> = OnceLock::new();
    &LAB.get_or_init(|| start(Kind::Galera, &[])).0
}

/// Three other nodes for the tests that break them: one test at a time, whole when it begins.
pub fn lab_to_break() -> MutexGuard<'static, Lab> {
    static LAB: ToBreak = OnceLock::new();
    whole(&LAB, || start(Kind::Galera, &[]))
}

/// As `lab`: a PostgreSQL primary and two standbys.
pub fn postgres_lab() -> &'static Lab {
    static LAB: OnceLock<(Lab, Watchdog)> = OnceLock::new();
    // As the MariaDB nodes are: what a commit writes reaches the operating system.
    &LAB.get_or_init(|| start(Kind::Postgres, &[("fsync", "off")]))
        .0
}

/// As `lab_to_break`, with the usual settings.
pub fn postgres_lab_to_break() -> MutexGuard<'static, Lab> {
    static LAB: ToBreak = OnceLock::new();
    whole(&LAB, || start(Kind::Postgres, &[]))
}

/// As `lab`: one Galera node, and every service on request.
pub fn services_lab() -> &'static Lab {
    static LAB: OnceLock<(Lab, Watchdog)> = OnceLock::new();
    &LAB.get_or_init(start_services).0
}

/// As `lab_to_break`: one Galera node, and every service on request.
pub fn services_lab_to_break() -> MutexGuard<'static, Lab> {
    static LAB: ToBreak = OnceLock::new();
    whole(&LAB, start_services)
}

fn start_services() -> (Lab, Watchdog) {
    start_with(|options| {
        options.nodes = 1;
        options.services = Service::ALL.into_iter().collect();
    })
}

type ToBreak = OnceLock<(Mutex<Lab>, Watchdog)>;

fn whole(
    lab: &'static ToBreak,
    start: impl FnOnce() -> (Lab, Watchdog),
) -> MutexGuard<'static, Lab> {
    let (lab, _) = lab.get_or_init(|| {
        let (lab, watchdog) = start();
        (Mutex::new(lab), watchdog)
    });
    // What a test that panicked left is mended too.
    let lab = lab.lock().unwrap_or_else(PoisonError::into_inner);
    lab.make_whole(&mut tell).unwrap();
    lab
}

/// A lab for one test.
pub fn start(kind: Kind, settings: &[(&str, &str)]) -> (Lab, Watchdog) {
    let owned = |&(name, value): &(&str, &str)| (name.to_owned(), value.to_owned());
    start_with(|options| {
        options.kind = kind;
        options.settings = settings.iter().map(owned).collect();
    })
}

/// The same with other options.
pub fn start_with(choose: impl FnOnce(&mut LabOptions)) -> (Lab, Watchdog) {
    let dir = new_dir();
    // First of all: it also stops what a start that failed has left.
    let watchdog = Watchdog::over(&dir);
    let mut options = LabOptions::new(dir);
    choose(&mut options);
    (up_on_free_ports(&options), watchdog)
}

fn tell(line: String) {
    println!("lab: {line}");
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

/// Starts a lab. Whoever has the ports that are tried first, others are taken.
pub fn up_on_free_ports(options: &LabOptions) -> Lab {
    for port in ports() {
        let options = LabOptions {
            port,
            ..options.clone()
        };
        match Lab::up(&options, &mut tell) {
            Err(LabError::PortTaken { .. }) => {}
            lab => return lab.unwrap_or_else(|error| panic!("{error}")),
        }
    }
    panic!("no free ports from 21000 to 21959");
}

/// First ports of labs. Each call begins at another one, so that labs that are started at the same
/// time seldom meet.
pub fn ports() -> impl Iterator<Item = u16> {
    static CALLS: AtomicU32 = AtomicU32::new(0);
    let first = std::process::id() + 5 * CALLS.fetch_add(1, Ordering::Relaxed);
    (0..16).map(move |number| 21_000 + 60 * (first.wrapping_add(number) % 16) as u16)
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
