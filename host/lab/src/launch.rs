//! Starting programs: servers that outlive us, and helpers that end soon.

use super::account::Account;
use super::cluster::Cluster;
use super::config;
use super::error::{LabError, at};
use super::extra;
use super::folder;
use super::options::LabOptions;
use super::process::Process;
use super::programs::{self, Programs};
use super::server::Server;
use super::service::Service;
use std::fs::{self, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// Closes descriptors that the caller left open, such as the write end of a pipe whose reader waits for
/// its end, and executes the program.
const CLOSE_AND_BECOME: &str = r#"exec "$0" "$@" 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&-"#;

/// Everything that starting a server needs.
#[derive(Clone)]
pub(super) struct Launcher {
    pub(super) options: LabOptions,
    pub(super) cluster: &'static dyn Cluster,
    pub(super) programs: Programs,
    pub(super) account: Account,
    open_files: u64,
}

impl Launcher {
    /// Finds all that is needed. Raises the limit of open files, which the servers inherit.
    pub(super) fn new(
        options: LabOptions,
        cluster: &'static dyn Cluster,
    ) -> Result<Self, LabError> {
        let mut needed = cluster.needed().to_vec();
        needed.extend(options.services.each().flat_map(Service::needed));
        let programs = Programs::find(&needed, &|name| cluster.program(name))?;
        let account = Account::find()?;
        let open_files = rlimit::increase_nofile_limit(65_536).unwrap_or(1024);
        Ok(Self {
            options,
            cluster,
            programs,
            account,
            open_files,
        })
    }

    pub(super) fn lab(&self) -> &Path {
        &self.options.dir
    }

    /// Makes the folders of a server and writes its configuration.
    pub(super) fn prepare(&self, server: Server) -> Result<(), LabError> {
        folder::make_for(server, self.lab(), &self.account)?;
        let options = &self.options;
        let files = match server {
            Server::Proxy => vec![(
                server.config_name(),
                config::proxy(options, self.open_files, &self.cluster.proxied(options)),
            )],
            Server::Redis => vec![(server.config_name(), config::redis(options))],
            Server::Service(service, number) => extra::files(service, number, options),
            _ => self.cluster.files(server, self)?,
        };
        for (name, text) in files {
            let path = server.dir(self.lab()).join(name);
            fs::write(&path, text).map_err(at(&path))?;
            self.account.own(&path).map_err(at(&path))?;
        }
        Ok(())
    }

    /// Starts a server and leaves it running: in a session of its own, so that nothing that ends us
    /// ends it, and with nothing of ours open.
    pub(super) fn start(&self, server: Server, more: &[&str]) -> Result<Process, LabError> {
        self.prepare(server)?;
        let path = server.log(self.lab());
        let log = OpenOptions::new()
            .create(true)
            .append(true)
            .mode(0o600)
            .open(&path)
            .map_err(at(&path))?;
        self.account.own(&path).map_err(at(&path))?;
        let program = self.programs.path(server.program());
        let mut command = self.command(self.programs.path("setsid"));
        command.args(["sh", "-c", CLOSE_AND_BECOME]).arg(program);
        match server {
            Server::Proxy => drop(command.args(["-db", "-f"])),
            Server::Service(service, number) => {
                let arguments = extra::arguments(service, number, &self.options, &self.programs);
                command.args(arguments);
            }
            _ => {}
        }
        command
            .arg(server.config_argument(self.lab()))
            .args(more)
            .current_dir(server.dir(self.lab()))
            .stdin(Stdio::null())
            .stdout(log.try_clone().map_err(at(&path))?)
            .stderr(log);
        let mut child = command.spawn().map_err(at(program))?;
        // It can't be gone yet, since only this process can reap it.
        let process = Process::with_pid(child.id() as i32).ok_or_else(|| LabError::Died {
            server: server.name(),
            said: String::new(),
            log: path,
        })?;
        // Buries it if it ends before we do.
        thread::spawn(move || child.wait());
        Ok(process)
    }

    /// A command that runs as the servers' user, with an empty environment.
    pub(super) fn command(&self, program: &Path) -> Command {
        let mut command = clean(program);
        command.env("HOME", self.lab());
        self.account.apply(&mut command);
        command
    }
}

/// A command with nothing of our environment but where programs are.
pub(super) fn clean(program: &Path) -> Command {
    let mut command = Command::new(program);
    command
        .env_clear()
        .env("PATH", programs::search_path())
        .env("LC_ALL", "C");
    command
}

/// Runs a program and returns its output. The input goes through a pipe, so that it never appears in a
/// process list. Returns the program's error output as the error, or a timeout, after which the program
/// is killed.
pub(super) fn answer(
    command: &mut Command,
    input: &str,
    limit: Duration,
) -> Result<String, String> {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| format!("{}: {error}", command.get_program().display()))?;
    let stdin = child.stdin.take();
    let input = input.to_owned();
    let written = thread::spawn(move || {
        // A program that ends without reading says why on its own.
        stdin.map(|mut stdin| stdin.write_all(input.as_bytes()));
    });
    let stdout = read_all(child.stdout.take());
    let stderr = read_all(child.stderr.take());
    let deadline = Instant::now() + limit;
    let status = loop {
        match child.try_wait() {
            Ok(Some(status)) => break status,
            Ok(None) if Instant::now() < deadline => thread::sleep(Duration::from_millis(2)),
            _ => {
                child.kill().ok();
                child.wait().ok();
                return Err(format!("no answer within {} s", limit.as_secs()));
            }
        }
    };
    written.join().ok();
    let (stdout, stderr) = (stdout.join(), stderr.join());
    let (stdout, stderr) = (stdout.unwrap_or_default(), stderr.unwrap_or_default());
    match status.success() {
        true => Ok(stdout),
        false => Err(format!("{} {}", stdout.trim(), stderr.trim())
            .trim()
            .to_owned()),
    }
}

fn read_all(pipe: Option<impl Read + Send + 'static>) -> thread::JoinHandle<String> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut pipe) = pipe {
            pipe.read_to_end(&mut bytes).ok();
        }
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_does_not_answer_is_ended() {
        let mut sleep = clean(Path::new("/bin/sleep"));
        let error = answer(sleep.arg("600"), "", Duration::from_millis(50)).unwrap_err();
        assert!(error.contains("no answer"), "{error}");
    }

    #[test]
    fn input_and_answer_go_by_pipes() {
        let limit = Duration::from_secs(10);
        let said = answer(&mut clean(Path::new("/bin/cat")), "a word", limit);
        assert_eq!(said.as_deref(), Ok("a word"));
        let mut fails = clean(Path::new("/bin/sh"));
        fails.args(["-c", "echo no >&2; exit 3"]);
        assert_eq!(answer(&mut fails, "", limit).unwrap_err(), "no");
    }
}
