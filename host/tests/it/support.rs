//! The runner as a user has it: a program, a folder to stand in, and what it says.

pub mod certificates;
pub mod lab;
pub mod languages;
pub mod server;
pub mod simulated;

use contend::lab::Lab;
use serde_json::Value;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::OnceLock;
use tempfile::TempDir;

/// A folder of its own, which is where the runner is started.
pub struct Sandbox {
    folder: TempDir,
    /// The runner's usual lab: none, unless a test says which. Never one that the
    /// user may have.
    lab: PathBuf,
    /// Beside what every sandbox has.
    environment: Vec<(String, OsString)>,
}

/// The `src` folders of the runner and of each crate beneath it.
pub fn source_folders() -> Vec<PathBuf> {
    let host = Path::new(env!("CARGO_MANIFEST_DIR"));
    let beneath = std::fs::read_dir(host).unwrap().flatten();
    let crates = beneath.map(|entry| entry.path());
    let mut folders: Vec<_> = crates
        .filter(|folder| folder.join("Cargo.toml").is_file())
        .map(|folder| folder.join("src"))
        .collect();
    folders.sort();
    folders.insert(0, host.join("src"));
    folders
}

/// The output of a finished runner.
pub struct Finished {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Sandbox {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let lab = folder.path().join("no-lab");
        Self {
            folder,
            lab,
            environment: Vec::new(),
        }
    }

    pub fn with_lab(self, lab: &Lab) -> Self {
        let lab = lab.options().dir.clone();
        Self { lab, ..self }
    }

    pub fn with_variable(mut self, name: &str, value: impl Into<OsString>) -> Self {
        self.environment.push((name.to_owned(), value.into()));
        self
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, content).unwrap();
        path
    }

    fn command(&self, arguments: &str) -> Command {
        self.command_of(Path::new(env!("CARGO_BIN_EXE_runner")), arguments)
    }

    fn command_of(&self, program: &Path, arguments: &str) -> Command {
        let mut command = Command::new(program);
        command.args(arguments.split_whitespace());
        self.enter(&mut command);
        command
    }

    /// Nothing that is the user's own is read or written: no lab, no cache of what was pulled, no
    /// credentials.
    fn enter(&self, command: &mut Command) {
        command
            .env("CONTEND_LAB", &self.lab)
            .env("CONTEND_CACHE", self.path("cache"))
            .env("DOCKER_CONFIG", self.path("docker"))
            .envs(self.environment.iter().cloned())
            .current_dir(self.folder.path())
            .stdin(Stdio::null());
    }

    /// Runs to the end. Arguments are split at white space.
    pub fn run(&self, arguments: &str) -> Finished {
        finished(self.command(arguments).output().unwrap())
    }

    /// The same with another build of the runner.
    pub fn run_program(&self, program: &Path, arguments: &str) -> Finished {
        finished(self.command_of(program, arguments).output().unwrap())
    }

    /// Runs a script of the shell, in which `$runner` is the program.
    pub fn shell(&self, script: &str) -> Finished {
        let mut command = Command::new("bash");
        command
            .args(["-c", script])
            .env("runner", env!("CARGO_BIN_EXE_runner"));
        self.enter(&mut command);
        finished(command.output().unwrap())
    }

    /// Starts a script of the shell, as in `shell`, and leaves it running.
    pub fn start_shell(&self, script: &str) -> Child {
        let mut command = Command::new("bash");
        command
            .args(["-c", script])
            .env("runner", env!("CARGO_BIN_EXE_runner"));
        self.enter(&mut command);
        command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    }

    /// Starts, and leaves it running.
    pub fn start(&self, arguments: &str) -> Child {
        self.command(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    }

    /// Runs with `--json` and gives the first trial, with the exit code.
    pub fn trial(&self, arguments: &str) -> (i32, Value) {
        let finished = self.run(&format!("{arguments} --json"));
        let report: Value = serde_json::from_str(&finished.stdout)
            .unwrap_or_else(|error| panic!("{error}: {}{}", finished.stdout, finished.stderr));
        (finished.code, report["trials"][0].clone())
    }

    /// The output of `runner report` for the first trial in a folder, with its exit code.
    pub fn report(&self, folder: &str) -> (i32, Value) {
        self.trial(&format!("report {folder}"))
    }
}

/// One of our own strategies, as `make test` has built it.
pub fn component(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/strategies");
    folder.join(format!("{name}.wasm"))
}

pub fn finished(output: Output) -> Finished {
    Finished {
        code: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// Sends a running runner a signal, such as `-INT`.
pub fn signal(child: &Child, name: &str) {
    let pid = child.id().to_string();
    let sent = Command::new("kill").args([name, &pid]).status();
    assert!(sent.unwrap().success());
}

impl Finished {
    /// It ended with exit code 2 and one message that has all these words in it.
    #[track_caller]
    pub fn refused_with(&self, words: &[&str]) {
        assert_eq!(self.code, 2, "{}{}", self.stdout, self.stderr);
        // What was built before may be told first.
        let (_, message) = self.stderr.split_once("error: ").unwrap_or_default();
        assert!(!message.is_empty(), "{}", self.stderr);
        assert!(!message.contains("panicked"), "{message}");
        for word in words {
            assert!(message.contains(word), "no {word:?} in: {message}");
        }
    }
}

/// The word of a trial's verdict, and of one checker's.
pub fn verdict(trial: &Value) -> String {
    word(trial)
}

pub fn answer(trial: &Value, checker: &str) -> String {
    let answers = trial["answers"].as_array().unwrap();
    let found = answers.iter().find(|answer| answer["checker"] == checker);
    word(found.expect(checker))
}

/// The witness or reason of a trial's verdict.
pub fn why(trial: &Value) -> String {
    trial["why"].as_str().expect("a reason").to_owned()
}

fn word(judged: &Value) -> String {
    judged["verdict"].as_str().expect("a verdict").to_owned()
}

pub fn count(trial: &Value, figure: &str) -> u64 {
    trial["summary"][figure].as_u64().expect(figure)
}

/// The component that misbehaves.
pub fn hostile() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| build("hostile"))
}

/// The component that uses every function of the contract.
pub fn tour() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| build("tour"))
}

/// The component that imports WASI.
pub fn wasi() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| build("wasi"))
}

/// Builds a component of the tests, from the folder of its name.
fn build(name: &str) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let components = root.join("../target/test-components");
    let component = components.join(format!("{name}.wasm"));
    let built = Command::new(env!("CARGO_BIN_EXE_runner"))
        .arg("build")
        .arg(root.join("tests").join(name))
        .arg("--out")
        .arg(&component)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&built.stderr);
    assert!(built.status.success(), "{said}");
    component
}
