//! Errors of the lab.

use std::io;
use std::path::{Path, PathBuf};

/// An error of the lab: one message that says what to do.
#[derive(Debug, thiserror::Error)]
pub enum LabError {
    #[error("a lab has from 1 to {most} nodes, not {0}", most = super::ports::MOST_NODES)]
    Nodes(u32),
    #[error(
        "--port {port}: a lab takes {span} ports from there, so it must be from 1024 to {last}"
    )]
    PortRange { port: u16, span: u16, last: u16 },
    #[error("--set {setting}: {why}")]
    Setting { setting: String, why: String },
    #[error("--endpoint {endpoint}: a lab of the kind {kind} has no such endpoint; {instead}")]
    Endpoint {
        endpoint: &'static str,
        kind: &'static str,
        instead: &'static str,
    },
    #[error("--synchronous {0}")]
    Synchronous(&'static str),
    #[error(
        "{dir} has the data of a lab of the other kind ({kind}); remove it with `runner lab down --wipe`, \
         or name another folder with --dir"
    )]
    OtherKind { dir: PathBuf, kind: &'static str },
    #[error("port {port}, for {server}, is taken; name another first port with --port")]
    PortTaken { port: u16, server: String },
    #[error(
        "programs of the lab are missing on this machine: {}\nInstall it: {install}",
        what.join(", ")
    )]
    Missing { what: Vec<String>, install: String },
    #[error("{dir} can't be the lab's folder: {why}; name another with --dir")]
    Dir { dir: PathBuf, why: String },
    #[error(
        "there is no lab in {0}; start one with `runner lab up`, or name its folder with --dir"
    )]
    NoLab(PathBuf),
    #[error(
        "the lab in {dir} runs with other options ({runs}); ask for the same, or stop it with \
         `runner lab down`"
    )]
    OtherOptions { dir: PathBuf, runs: String },
    #[error(
        "another runner has been at work on the lab in {0} for too long; wait for it or end it, then \
         try again"
    )]
    Busy(PathBuf),
    #[error("{path} is of a newer runner (format {format}); use that one, or another --dir")]
    Format { path: PathBuf, format: u32 },
    #[error("{path}: {why}")]
    Unreadable { path: PathBuf, why: String },
    #[error("{path}: {source}")]
    Io { path: PathBuf, source: io::Error },
    #[error("{server} ended instead of starting:\n{said}\nIts log is {log}")]
    Died {
        server: String,
        said: String,
        log: PathBuf,
    },
    #[error("{server} is not {what} after {limit_s} s; its log is {log}")]
    TooSlow {
        server: String,
        what: &'static str,
        limit_s: u64,
        log: PathBuf,
    },
    #[error("{server} did not execute the command: {why}")]
    Refused { server: String, why: String },
    #[error("{server} is not running; start it with `runner lab fault restart {server}`")]
    NotRunning { server: String },
    #[error("no running node for {server} to join; `runner lab up` restarts the whole lab")]
    NothingToJoin { server: String },
    #[error("{server} did not end, even when it was killed (process {pid})")]
    Undying { server: String, pid: i32 },
    #[error("{0}")]
    Fault(String),
}

/// The error of a server, or of the lab as a whole, that refuses an action, with the reason.
pub(super) fn refused(server: impl Into<String>, why: impl Into<String>) -> LabError {
    let (server, why) = (server.into(), why.into());
    LabError::Refused { server, why }
}

/// Adds the path to an error of the file system.
pub(super) fn at(path: &Path) -> impl FnOnce(io::Error) -> LabError {
    let path = path.to_owned();
    move |source| LabError::Io { path, source }
}
