//! Compiled components are kept from one run to the next: one that brings an interpreter along takes
//! many seconds to compile.
//!
//! The library keeps them by what they depend on: the component's bytes, how the engine is set up, and
//! its own version. It takes the oldest away when there are too many.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use wasmtime::{Cache, CacheConfig, Config};

/// Makes an engine look there before it compiles. Where there can be no such folder it compiles each
/// time.
pub fn keep(config: &mut Config) {
    static CACHE: OnceLock<Option<Cache>> = OnceLock::new();
    let cache = CACHE.get_or_init(|| cache(&folder()?));
    config.cache(cache.clone());
}

fn cache(folder: &Path) -> Option<Cache> {
    let mut config = CacheConfig::new();
    config
        .with_directory(folder)
        // Never: packing what is often used more tightly would take a processor from the workers.
        .with_optimized_compression_usage_counter_threshold(u64::MAX);
    Cache::new(config).ok()
}

/// `$XDG_CACHE_HOME/contend/compiled`, or the same in `~/.cache`.
fn folder() -> Option<PathBuf> {
    let set = |name| std::env::var_os(name).filter(|value| !value.is_empty());
    let cache = set("XDG_CACHE_HOME")
        .map(PathBuf::from)
        .filter(|path| path.is_absolute())
        .or_else(|| set("HOME").map(|home| Path::new(&home).join(".cache")))?;
    Some(cache.join("contend").join("compiled"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use wasmtime::Engine;
    use wasmtime::component::Component;

    #[test]
    fn engine_reuses_compiled_code_of_an_engine_with_the_same_settings() {
        let folder = tempfile::tempdir().unwrap();
        let cache = cache(folder.path()).unwrap();
        let bytes = wat::parse_str("(component (core module (func)))").unwrap();
        let compile = |fuel: bool| {
            let mut config = Config::new();
            config.consume_fuel(fuel).cache(Some(cache.clone()));
            let engine = Engine::new(&config).unwrap();
            Component::new(&engine, &bytes).unwrap();
            (cache.cache_hits(), cache.cache_misses())
        };
        assert_eq!(compile(false), (0, 1));
        assert_eq!(compile(false), (1, 1));
        assert_eq!(compile(true), (1, 2));
        assert_eq!(compile(true), (2, 2));
    }
}
