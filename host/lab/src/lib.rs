//! A real cluster on this machine: MariaDB nodes with Galera, or a PostgreSQL primary with standbys and
//! PgBouncer; HAProxy before them, and Redis; on request etcd, ZooKeeper and memcached.
//!
//! All are plain processes of the user, in one folder, at ports of one span, reachable from this
//! machine only. They outlive the runner that starts them; what it knows of them stands in
//! `lab.json`. Only processes of the lab are ever signalled.

#![forbid(unsafe_code)]

mod account;
mod cluster;
mod config;
mod error;
mod extra;
mod fault;
mod folder;
mod galera;
mod kind;
mod launch;
mod options;
mod ports;
mod postgres;
mod process;
mod programs;
mod record;
mod server;
mod service;
mod status;
mod stop;
mod view;
mod wait;
mod whole;

use contend_model as model;
pub use error::LabError;
pub use folder::default_dir;
pub use kind::Kind;
pub use options::LabOptions;
pub use ports::MOST_NODES;
pub use process::{ProcessState, cpu_ticks};
pub use programs::SEARCH;
pub use service::{Service, Services};
pub use status::Status;
pub use view::{GaleraView, NodeStatus, NodeView, PostgresView, ServerStatus};

use crate::model::endpoint::Endpoint;
use crate::model::lab_fault::{ALL, LabAction, LabFault};
use cluster::Cluster;
use config::USER;
use folder::{AtWork, Work};
use galera::Galera;
use launch::Launcher;
use postgres::Postgres;
use process::Process;
use record::Record;
use server::Server;
use std::path::Path;

const NO_PRIMARY: &str =
    "promote is for the standbys of a PostgreSQL lab; every node of Galera takes writes";

/// A started lab. Dropping this does not stop it.
#[derive(Clone)]
pub struct Lab {
    options: LabOptions,
    password: String,
}

impl Lab {
    /// Starts a lab, or its missing servers, undoes its faults, and waits until it is whole. `progress`
    /// receives a line for each step. If a step fails, the servers started before it are stopped again,
    /// and a new folder is removed, except for the logs of the servers that failed to start.
    pub fn up(options: &LabOptions, progress: &mut dyn FnMut(String)) -> Result<Self, LabError> {
        let cluster = cluster(options.kind);
        options.check(&|name, value| cluster.refusal(name, value))?;
        let options = LabOptions {
            dir: folder::make(&options.dir)?,
            ..options.clone()
        };
        let launcher = Launcher::new(options.clone(), cluster)?;
        folder::check(&options.dir, &launcher.account)?;
        let _work = begin(&options.dir, Work::Alone, progress)?;
        let was_there = stop::is_lab(&options.dir);
        if let Some(record) = Record::read(&options.dir)? {
            let lives = Server::every(MOST_NODES)
                .into_iter()
                .any(|server| record.process(server).is_some_and(Process::lives));
            let runs = record.options(options.dir.clone());
            if lives && runs != options {
                return Err(LabError::OtherOptions {
                    dir: options.dir,
                    runs: runs.flags(),
                });
            }
            if runs.kind != options.kind {
                return Err(LabError::OtherKind {
                    dir: options.dir,
                    kind: runs.kind.as_str(),
                });
            }
            if !lives {
                record.stopped(&options).write(&options.dir)?;
            }
        } else {
            Record::new(&options).write(&options.dir)?;
        }
        let lived = stop::living(&options.dir);
        match whole::raise(&launcher, progress) {
            Ok(password) => Ok(Self { options, password }),
            Err(error) => {
                stop::all_but(&lived, &options.dir, progress)?;
                if !was_there && matches!(error, LabError::PortTaken { .. }) {
                    folder::wipe(&options.dir)?;
                }
                Err(error)
            }
        }
    }

    /// The lab in a folder if any server of it runs.
    pub fn find(dir: &Path) -> Result<Option<Self>, LabError> {
        let Some(dir) = std::fs::canonicalize(dir).ok().filter(|dir| dir.is_dir()) else {
            return Ok(None);
        };
        let (Some(record), Some(password)) = (Record::read(&dir)?, folder::read_password(&dir)?)
        else {
            return Ok(None);
        };
        let options = record.options(dir);
        let lab = Self { options, password };
        Ok((!lab.processes().is_empty()).then_some(lab))
    }

    /// The options with which the lab in a folder was last started, running or not; `None` if no lab
    /// was ever started there.
    pub fn known(dir: &Path) -> Result<Option<LabOptions>, LabError> {
        // `begin` reports any other problem with it.
        if !dir.is_dir() {
            return Ok(None);
        }
        Ok(Record::read(dir)?.map(|record| record.options(dir.to_owned())))
    }

    /// The options it was started with, with the absolute path of its folder.
    pub fn options(&self) -> &LabOptions {
        &self.options
    }

    /// The present state of each server.
    pub fn status(&self) -> Status {
        status::read(&self.options, cluster(self.options.kind))
    }

    /// The URL of the proxy, through which clients reach the cluster. Contains the password.
    pub fn endpoint_url(&self) -> String {
        self.url(Server::Proxy)
    }

    /// The name of each node and where clients reach it. Holds the password.
    pub fn node_urls(&self) -> Vec<(String, String)> {
        let nodes = self.options.node_servers().into_iter();
        nodes.map(|node| (node.name(), self.url(node))).collect()
    }

    /// The endpoint that is meant: the one that is asked for, or the usual one of this kind of lab. An
    /// error if one is asked for where there is no choice.
    pub fn endpoint(&self, asked: Option<Endpoint>) -> Result<Endpoint, LabError> {
        match (self.options.kind, asked) {
            (Kind::Galera, None) => Ok(Endpoint::All),
            (Kind::Postgres, None) => Ok(Endpoint::OneWriter),
            (Kind::Galera, Some(endpoint @ (Endpoint::All | Endpoint::OneWriter)))
            | (Kind::Postgres, Some(endpoint @ Endpoint::Pooled)) => Ok(endpoint),
            (kind, Some(endpoint)) => Err(LabError::Endpoint {
                endpoint: endpoint.as_str(),
                kind: kind.as_str(),
                instead: match kind {
                    Kind::Galera => "take all or one-writer",
                    Kind::Postgres => {
                        "take pooled, or leave it out for the primary, the one writer"
                    }
                },
            }),
        }
    }

    /// The URL of an endpoint that this lab has, as `--db` takes it. Contains the password.
    pub fn url_of(&self, endpoint: Endpoint) -> String {
        match (self.options.kind, endpoint) {
            (Kind::Galera, Endpoint::OneWriter) => self.url_at(self.options.ports().second()),
            (Kind::Postgres, Endpoint::Pooled) => {
                format!("{}?pgbouncer=true", self.url(Server::Pooler))
            }
            _ => self.endpoint_url(),
        }
    }

    /// The URL by which clients read from PostgreSQL's standbys. Contains the password.
    pub fn read_url(&self) -> Option<String> {
        let port = self.options.ports().second();
        self.of_postgres().then(|| self.url_at(port))
    }

    /// The URL of PgBouncer before PostgreSQL's primary. Contains the password.
    pub fn pooler_url(&self) -> Option<String> {
        self.of_postgres().then(|| self.url(Server::Pooler))
    }

    fn of_postgres(&self) -> bool {
        self.options.kind == Kind::Postgres
    }

    /// The node that takes the writes of the endpoint with one writer: the first of Galera, the primary of
    /// PostgreSQL. `None` if PostgreSQL has none now.
    pub fn writer(&self) -> Option<String> {
        let nodes = self.status().nodes;
        let mut nodes = nodes.into_iter();
        let writer = match self.options.kind {
            Kind::Galera => nodes.next(),
            Kind::Postgres => nodes.find(|node| match &node.view {
                NodeView::Postgres(view) => view.role.as_deref() == Some("primary"),
                NodeView::Galera(_) => false,
            }),
        };
        writer.map(|node| node.server.name)
    }

    pub fn redis_url(&self) -> String {
        let port = Server::Redis.port(self.options.ports());
        format!("redis://127.0.0.1:{port}")
    }

    /// The URL of a service, as `--lock` takes it; `None` if the lab was started without it.
    pub fn service_url(&self, service: Service) -> Option<String> {
        let has = self.options.services.has(service);
        has.then(|| {
            let ports = self.options.ports();
            let place = |server: Server| format!("127.0.0.1:{}", server.port(ports));
            let places: Vec<_> = Server::of_service(service).map(place).collect();
            format!("{}://{}", service.as_str(), places.join(","))
        })
    }

    /// The name of the first server of a service; `None` if the lab was started without it.
    pub fn server_of(&self, service: Service) -> Option<String> {
        let has = self.options.services.has(service);
        let first = Server::of_service(service).next();
        first.filter(|_| has).map(Server::name)
    }

    fn url(&self, server: Server) -> String {
        self.url_at(server.port(self.options.ports()))
    }

    fn url_at(&self, port: u16) -> String {
        let scheme = match self.options.kind {
            Kind::Galera => "mysql",
            Kind::Postgres => "postgres",
        };
        format!(
            "{scheme}://{USER}:{}@127.0.0.1:{port}/{USER}",
            self.password
        )
    }

    /// Name and process number of each server that lives now, paused ones included.
    pub fn processes(&self) -> Vec<(String, i32)> {
        let Ok(Some(record)) = Record::read(&self.options.dir) else {
            return Vec::new();
        };
        let servers = self.options.servers().into_iter();
        let living = servers.filter_map(|server| {
            let process = record.process(server).filter(|process| process.lives())?;
            Some((server.name(), process.pid))
        });
        living.collect()
    }

    /// Makes a server have a fault, or ends one. Returns when it is done, and what was done: to which server,
    /// if that was the lab's choice. After `restart` and `heal` the server answers.
    pub fn fault(&self, fault: &LabFault) -> Result<LabFault, LabError> {
        self.check(fault)?;
        // These concern all nodes.
        let is_of_all = match fault.action {
            LabAction::Promote => true,
            LabAction::Start => fault.target == ALL,
            _ => false,
        };
        let work = match is_of_all {
            true => Work::Alone,
            false => Work::Shared,
        };
        let _work = begin(&self.options.dir, work, &mut |_| {})?;
        let (options, cluster) = (&self.options, cluster(self.options.kind));
        let fault = fault::resolve(options, cluster, fault)?;
        fault::apply(options, cluster, &fault)?;
        Ok(fault)
    }

    /// An error if this lab can't have a fault.
    pub fn check(&self, fault: &LabFault) -> Result<(), LabError> {
        let servers = self.options.servers();
        let (nodes, others): (Vec<_>, Vec<_>) = servers.into_iter().partition(|s| s.is_node());
        let names =
            |servers: Vec<Server>| servers.into_iter().map(Server::name).collect::<Vec<_>>();
        fault
            .check(&names(nodes), &names(others))
            .map_err(LabError::Fault)?;
        match (fault.action, self.options.kind) {
            (LabAction::Promote, Kind::Galera) => Err(LabError::Fault(NO_PRIMARY.to_owned())),
            _ => Ok(()),
        }
    }

    /// Undoes all faults: resumes, heals, restarts what is dead. Returns when every node has all
    /// data and sees all others, and proxy and Redis answer.
    pub fn make_whole(&self, progress: &mut dyn FnMut(String)) -> Result<(), LabError> {
        let launcher = Launcher::new(self.options.clone(), cluster(self.options.kind))?;
        let _work = begin(&self.options.dir, Work::Alone, progress)?;
        whole::raise(&launcher, progress).map(drop)
    }

    /// Stops it. Leaves no process, whatever state the lab is in.
    pub fn down(&self, wipe: bool) -> Result<(), LabError> {
        down(&self.options.dir, wipe, &mut |_| {}).map(drop)
    }
}

/// The password is not shown.
impl std::fmt::Debug for Lab {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Lab")
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}

/// Stops the lab in a folder, and with `wipe` removes all that it has there. Leaves no process,
/// whatever state the lab is in. False if there was no lab.
pub fn down(dir: &Path, wipe: bool, progress: &mut dyn FnMut(String)) -> Result<bool, LabError> {
    let Ok(dir) = std::fs::canonicalize(dir) else {
        return Ok(false);
    };
    if !stop::is_lab(&dir) {
        return Ok(false);
    }
    let _work = begin(&dir, Work::Alone, progress)?;
    stop::all(&dir, progress)?;
    if wipe {
        folder::wipe(&dir)?;
    }
    Ok(true)
}

fn cluster(kind: Kind) -> &'static dyn Cluster {
    match kind {
        Kind::Galera => &Galera,
        Kind::Postgres => &Postgres,
    }
}

fn begin(dir: &Path, work: Work, progress: &mut dyn FnMut(String)) -> Result<AtWork, LabError> {
    AtWork::begin(dir, work, &mut || {
        progress("another runner is using this lab; waiting for it".to_owned());
    })
}
