//! The loader: whatever the bytes are, they are a strategy or there is a clear error, and what is loaded
//! is bounded when it is run.

mod mutation;

use self::mutation::mutated;
use super::effort::{Random, spend};
use contend::backend::lock_memory::MemoryLocks;
use contend::backend::sqlite::{Sqlite, SqliteLocation};
use contend::capability::clock::Clock;
use contend::capability::database::{Database, Target};
use contend::capability::printed::Unread;
use contend::capability::sql_policy::SqlPolicy;
use contend::capability::strategy::{Call, Capabilities, Strategy, Transition};
use contend::model::component::About;
use contend::wasm::{Engine, Limits, WasmFile, metadata};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Runtime;

const LIMITS: Limits = Limits {
    memory_bytes: 4 << 20,
    computing: Duration::from_millis(5),
};

/// An engine keeps what it compiled; this many components are not too much.
const CASES_OF_AN_ENGINE: u32 = 100;

/// A clock on which every wait is over at once.
struct Impatient;

#[async_trait::async_trait]
impl Clock for Impatient {
    fn now(&self) -> u64 {
        0
    }

    async fn sleep(&self, _: u64) {}
}

struct Bench {
    folder: tempfile::TempDir,
    valid: Vec<Vec<u8>>,
    runtime: Runtime,
    database: Arc<Sqlite>,
    engines: [Engine; 2],
    cases: u32,
}

fn engines() -> [Engine; 2] {
    [
        Engine::for_simulations(LIMITS, 2).unwrap(),
        Engine::new(LIMITS, 2).unwrap(),
    ]
}

impl Bench {
    fn new() -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let database = runtime.block_on(Sqlite::open(SqliteLocation::Memory));
        Self {
            folder: tempfile::tempdir().unwrap(),
            valid: valid(),
            runtime,
            database: Arc::new(database.unwrap()),
            engines: engines(),
            cases: 0,
        }
    }

    fn bytes(&self, random: &mut Random) -> Vec<u8> {
        match random.below(20) {
            0 => {
                let length = random.below(2000);
                let header = random.of_these(&[b"\0asm\x0d\0\x01\0", b"\0asm\x01\0\0\0"]);
                [&header[..], &random.bytes(length)].concat()
            }
            _ => {
                let component = random.of_these(&self.valid);
                mutated(random, component, &self.valid)
            }
        }
    }

    fn try_one(&mut self, random: &mut Random) {
        self.cases += 1;
        if self.cases.is_multiple_of(CASES_OF_AN_ENGINE) {
            self.engines = engines();
        }
        let bytes = self.bytes(random);
        let path = self.folder.path().join("x.wasm");
        std::fs::write(&path, &bytes).unwrap();
        look(&path, &bytes);
        let engine = &self.engines[usize::from(random.one_in(3))];
        match engine.load(&path) {
            Err(error) => is_clear(&error.to_string()),
            Ok(strategy) => self.runtime.block_on(self.run(&strategy)),
        }
    }

    /// Two calls of an instance, whatever they come to.
    async fn run(&self, strategy: &dyn Strategy) {
        let made = strategy.instantiate(self.capabilities()).await;
        let mut instance = match made {
            Ok(instance) => instance,
            Err(death) => return is_clear(&death.message),
        };
        for row in ["compute", "sleep"] {
            let call = Call::Change(Transition {
                row: row.to_owned(),
                from: "available".to_owned(),
                to: "deleting".to_owned(),
                marker: "0_0".to_owned(),
            });
            match instance.call(call).await {
                Err(death) => {
                    is_clear(&death.message);
                    break;
                }
                // What a strategy says may be nothing.
                Ok(Err(fault)) => is_clear(&format!("it says: {}", fault.message)),
                Ok(Ok(_)) => {}
            }
        }
        instance.end().await;
    }

    fn capabilities(&self) -> Capabilities {
        let clock = Arc::new(Impatient);
        Capabilities {
            database: self.database.clone(),
            sql_policy: Arc::new(SqlPolicy::new(&["volumes"], self.database.dialect())),
            locks: Arc::new(MemoryLocks::new(clock.clone())),
            clock,
            settings: Arc::default(),
            printed: Arc::new(Unread),
            shares: Default::default(),
            endpoint: Target::Endpoint,
            first_session: None,
            worker: 0,
            generation: 0,
            seed: 1,
            counts_statements: true,
        }
    }
}

/// The steps of `runner inspect` and `runner build` for a file.
fn look(path: &Path, bytes: &[u8]) {
    if let Ok(file) = WasmFile::read(path) {
        let _ = file.contents();
        if let Err(error) = file.wit() {
            is_clear(&error.to_string());
        }
    }
    let about = About {
        name: Some("x".to_owned()),
        ..About::default()
    };
    let _ = metadata::write(bytes, &about);
}

/// It says something, and steers no terminal.
#[track_caller]
fn is_clear(message: &str) {
    assert!(!message.trim().is_empty());
    assert!(message.len() < 20_000, "{} bytes", message.len());
    assert!(
        !message.contains(|c: char| c.is_control() && c != '\n'),
        "{message:?}"
    );
}

/// Strategies as they should be: one of a few lines, and ours as far as they are built.
fn valid() -> Vec<Vec<u8>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(root.join("wasm/src/fixtures.wat")).unwrap();
    let mut valid = vec![wat::parse_str(text).unwrap()];
    for built in ["strategies/cas.wasm", "test-components/wasi.wasm"] {
        valid.extend(std::fs::read(root.join("../target").join(built)));
    }
    // The small one is read and compiled in no time, and most of what can go wrong is in it.
    let small = valid[0].clone();
    valid.extend(std::iter::repeat_n(small, 6));
    valid
}

#[test]
fn a_component_from_a_stranger_is_loaded_or_refused_and_nothing_breaks() {
    let mut bench = Bench::new();
    spend("loader", 100, |random| bench.try_one(random));
}
