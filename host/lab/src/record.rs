//! The record of a lab: `lab.json` in its folder.

use super::error::{LabError, at};
use super::folder::AtWork;
use super::kind::Kind;
use super::options::LabOptions;
use super::process::Process;
use super::server::Server;
use super::service::Services;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// The version of the file. Another one is not read.
const FORMAT: u32 = 1;

const NAME: &str = "lab.json";

/// The lab in a folder, as it was last written down.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Record {
    format: u32,
    /// The boot of the machine. After a reboot the recorded process numbers mean nothing.
    boot_id: String,
    /// A record without it is of a runner that had one kind.
    #[serde(default)]
    kind: Kind,
    nodes: u32,
    /// The first port; `ports` lists them all, for readers of the file.
    port: u16,
    #[serde(alias = "mariadb")]
    settings: Vec<(String, String)>,
    #[serde(default)]
    synchronous: bool,
    #[serde(default)]
    services: Services,
    /// The number of the node that is PostgreSQL's primary; Galera has none.
    #[serde(default = "first")]
    primary: u32,
    ports: BTreeMap<String, u16>,
    processes: BTreeMap<String, Process>,
}

impl Record {
    /// A lab of which nothing runs yet.
    pub(super) fn new(options: &LabOptions) -> Self {
        let servers = options.servers();
        let port = |server: &Server| (server.name(), server.port(options.ports()));
        Self {
            format: FORMAT,
            boot_id: boot_id(),
            kind: options.kind,
            nodes: options.nodes,
            port: options.port,
            settings: options.settings.clone(),
            synchronous: options.synchronous,
            services: options.services.clone(),
            primary: first(),
            ports: servers.iter().map(port).collect(),
            processes: BTreeMap::new(),
        }
    }

    /// Reads the record in a folder, without the processes of an earlier boot; `None` if no lab was
    /// ever started there.
    pub(super) fn read(dir: &Path) -> Result<Option<Self>, LabError> {
        let path = dir.join(NAME);
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(at(&path)(error)),
        };
        let mut record = Self::parse(&path, &text)?;
        if record.boot_id != boot_id() {
            record.processes.clear();
            record.boot_id = boot_id();
        }
        Ok(Some(record))
    }

    fn parse(path: &Path, text: &str) -> Result<Self, LabError> {
        #[derive(Deserialize)]
        struct Format {
            format: u32,
        }
        let unreadable = |error: serde_json::Error| LabError::Unreadable {
            path: path.to_owned(),
            why: format!("is not the record of a lab: {error}"),
        };
        let Format { format } = serde_json::from_str(text).map_err(unreadable)?;
        if format != FORMAT {
            let path = path.to_owned();
            return Err(LabError::Format { path, format });
        }
        serde_json::from_str(text).map_err(unreadable)
    }

    /// Writes a temporary file and renames it, so that a reader never sees half of it.
    pub(super) fn write(&self, dir: &Path) -> Result<(), LabError> {
        let path = dir.join(NAME);
        let beside = dir.join(format!("{NAME}.part"));
        let text = serde_json::to_string_pretty(self).expect("plain data");
        fs::write(&beside, text + "\n").map_err(at(&beside))?;
        fs::rename(&beside, &path).map_err(at(&path))
    }

    pub(super) fn options(&self, dir: PathBuf) -> LabOptions {
        LabOptions {
            dir,
            kind: self.kind,
            nodes: self.nodes,
            port: self.port,
            settings: self.settings.clone(),
            synchronous: self.synchronous,
            services: self.services.clone(),
        }
    }

    /// The same data with other options, and nothing of it runs.
    pub(super) fn stopped(&self, options: &LabOptions) -> Self {
        Self {
            primary: self.primary,
            ..Self::new(options)
        }
    }

    pub(super) fn primary(&self) -> Server {
        Server::Node(self.kind, self.primary)
    }

    /// The process of a server, dead or alive.
    pub(super) fn process(&self, server: Server) -> Option<Process> {
        let is_here = !matches!(server, Server::Node(kind, _) if kind != self.kind);
        let process = self.processes.get(&server.name()).copied();
        process.filter(|_| is_here)
    }

    pub(super) fn set_primary(&mut self, node: Server) {
        if let Server::Node(_, number) = node {
            self.primary = number;
        }
    }

    pub(super) fn set_process(&mut self, server: Server, process: Option<Process>) {
        match process {
            Some(process) => self.processes.insert(server.name(), process),
            None => self.processes.remove(&server.name()),
        };
    }
}

fn first() -> u32 {
    1
}

/// Another one at each start of the machine.
fn boot_id() -> String {
    let text = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
    text.trim().to_owned()
}

/// Changes the record in a folder.
pub(super) fn change(lab: &Path, change: impl FnOnce(&mut Record)) -> Result<(), LabError> {
    let _work = AtWork::on_record(lab)?;
    let Some(mut record) = Record::read(lab)? else {
        return Err(LabError::NoLab(lab.to_owned()));
    };
    change(&mut record);
    record.write(lab)
}

/// The process of a server, if it lives.
pub(super) fn living(server: Server, lab: &Path) -> Result<Option<Process>, LabError> {
    let process = Record::read(lab)?.and_then(|record| record.process(server));
    Ok(process.filter(|process| process.lives()))
}

/// The process of a server that must live.
pub(super) fn running(server: Server, lab: &Path) -> Result<Process, LabError> {
    living(server, lab)?.ok_or_else(|| LabError::NotRunning {
        server: server.name(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn record_drops_the_processes_of_an_earlier_boot() {
        let dir = tempfile::tempdir().unwrap();
        let mut record = Record::new(&LabOptions::new(dir.path().to_owned()));
        let ourselves = Process::with_pid(std::process::id() as i32);
        record.set_process(Server::Redis, ourselves);
        record.write(dir.path()).unwrap();
        let read = || Record::read(dir.path()).unwrap().unwrap();
        assert_eq!(read().process(Server::Redis), ourselves);
        record.boot_id = "another".to_owned();
        record.write(dir.path()).unwrap();
        assert_eq!(read().process(Server::Redis), None);
    }

    #[test]
    fn a_file_that_is_no_record_of_ours_is_refused() {
        let path = Path::new("lab.json");
        let newer = Record::parse(path, r#"{"format": 2, "what": "ever"}"#).unwrap_err();
        assert!(
            newer.to_string().contains("newer runner (format 2)"),
            "{newer}"
        );
        let torn = Record::parse(path, r#"{"format": 1, "#).unwrap_err();
        assert!(
            torn.to_string().contains("not the record of a lab"),
            "{torn}"
        );
    }

    #[test]
    fn record_of_an_older_runner_is_of_a_galera_lab() {
        let text = r#"{"format": 1, "boot_id": "", "nodes": 2, "port": 13300, "mariadb": [["a", "b"]],
            "ports": {}, "processes": {}}"#;
        let record = Record::parse(Path::new("lab.json"), text).unwrap();
        let options = record.options(PathBuf::from("lab"));
        assert_eq!((options.kind, options.synchronous), (Kind::Galera, false));
        assert_eq!(options.settings, [("a".to_owned(), "b".to_owned())]);
    }

    #[test]
    fn primary_is_remembered_when_the_lab_is_stopped() {
        let options = LabOptions {
            kind: Kind::Postgres,
            ..LabOptions::new(PathBuf::from("lab"))
        };
        let mut record = Record::new(&options);
        record.set_primary(Server::Node(Kind::Postgres, 2));
        let stopped = record.stopped(&options);
        assert_eq!(stopped.primary().name(), "n2");
    }
}
