//! The number of cases to try.

use rand_pcg::Pcg64;
use rand_pcg::rand_core::{Rng, SeedableRng};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant, SystemTime};

/// Nothing that ends takes so long: the slowest cases take a second or two.
const HANGS: Duration = Duration::from_secs(120);

/// Numbers for one case.
pub struct Random(Pcg64);

impl Random {
    fn of(seed: u64, case: u64) -> Self {
        let mut key = [0; 32];
        key[..8].copy_from_slice(&seed.to_le_bytes());
        // The generator ignores the lowest bit of a stream's number.
        key[16..24].copy_from_slice(&(case << 1).to_le_bytes());
        Self(Pcg64::from_seed(key))
    }

    /// Less than `end`, which is at least 1.
    pub fn below(&mut self, end: usize) -> usize {
        (self.0.next_u64() % end as u64) as usize
    }

    pub fn one_in(&mut self, many: usize) -> bool {
        self.below(many) == 0
    }

    pub fn of_these<T: Clone>(&mut self, things: &[T]) -> T {
        things[self.below(things.len())].clone()
    }

    pub fn bytes(&mut self, count: usize) -> Vec<u8> {
        let mut bytes = vec![0; count];
        self.0.fill_bytes(&mut bytes);
        bytes
    }
}

/// Tells which case it was if it panics.
struct Named {
    what: &'static str,
    seed: u64,
    case: u64,
}

impl Drop for Named {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let Self { what, seed, case } = self;
            eprintln!("{what}: FUZZ_CASE={seed}:{case} runs this case again");
        }
    }
}

/// Tries `usual` cases, or those that fit into the time that was asked for, and tells how many.
pub fn spend(what: &'static str, usual: u64, mut try_one: impl FnMut(&mut Random)) {
    let mut try_case = |seed, case| {
        let _named = Named { what, seed, case };
        try_one(&mut Random::of(seed, case));
    };
    if let Ok(name) = std::env::var("FUZZ_CASE") {
        let (seed, case) = name.split_once(':').expect("FUZZ_CASE=SEED:CASE");
        return try_case(seed.parse().unwrap(), case.parse().unwrap());
    }
    let Ok(minutes) = std::env::var("FUZZ_MINUTES") else {
        return (0..usual).for_each(|case| try_case(1, case));
    };
    let time = Duration::from_secs_f64(60.0 * minutes.parse::<f64>().expect("FUZZ_MINUTES=10"));
    let seed = SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs();
    let (began, case) = (Instant::now(), Arc::new(AtomicU64::new(0)));
    watch(what, seed, case.clone());
    let mut slowest = (Duration::ZERO, 0);
    while began.elapsed() < time {
        let (number, since) = (case.load(Relaxed), Instant::now());
        try_case(seed, number);
        slowest = slowest.max((since.elapsed(), number));
        case.fetch_add(1, Relaxed);
    }
    println!(
        "{what}: {} cases in {minutes} minutes from seed {seed}; the slowest, {}, took {:.2?}; memory at \
         most {}",
        case.load(Relaxed),
        slowest.1,
        slowest.0,
        memory()
    );
}

/// Ends the process if a case does not come to an end.
fn watch(what: &'static str, seed: u64, case: Arc<AtomicU64>) {
    std::thread::spawn(move || {
        let mut before = None;
        loop {
            let now = case.load(Relaxed);
            if before == Some(now) {
                eprintln!("{what}: FUZZ_CASE={seed}:{now} does not end");
                std::process::abort();
            }
            before = Some(now);
            std::thread::sleep(HANGS);
        }
    });
}

fn memory() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.map_or("(not told here)".to_owned(), |line| line.trim().to_owned())
}
