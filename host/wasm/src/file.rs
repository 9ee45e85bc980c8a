//! A file that may be a strategy, before anything of it is compiled.

use super::contents::Contents;
use super::contract::World;
use super::error::LoadError;
use super::wit;
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};

/// A file that begins like WebAssembly. Nothing else is known of it.
pub struct WasmFile {
    path: PathBuf,
    bytes: Vec<u8>,
    digest: String,
}

impl WasmFile {
    /// Reads it. An error if it can't be read or is no WebAssembly.
    pub fn read(path: &Path) -> Result<Self, LoadError> {
        let path = path.to_owned();
        let bytes = match std::fs::read(&path) {
            Ok(bytes) => bytes,
            Err(source) => return Err(LoadError::Unreadable { path, source }),
        };
        match bytes.get(..8) {
            Some([0, b'a', b's', b'm', _, _, 0 | 1, 0]) => {}
            _ => return Err(LoadError::NotWasm { path }),
        }
        let digest = format!("sha256:{}", hex(&Sha256::digest(&bytes)));
        Ok(Self {
            path,
            bytes,
            digest,
        })
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// `sha256:` and the digest of its bytes.
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// True for a component, false for a core module.
    pub fn is_component(&self) -> bool {
        self.bytes.get(6) == Some(&1)
    }

    /// Its metadata, imports and exports.
    pub fn contents(&self) -> Contents {
        Contents::read(&self.bytes)
    }

    /// Its world and the interfaces that this uses, as WIT text that can't steer a terminal.
    pub fn wit(&self) -> Result<String, LoadError> {
        let path = self.path.clone();
        if !self.is_component() {
            return Err(LoadError::CoreModule { path });
        }
        wit::print(&self.bytes).map_err(|why| LoadError::NoWit { path, why })
    }
}

/// The world of a component's file, from its exports; `None` if it is no strategy. Loading it returns
/// the reason.
pub fn world_of(path: &Path) -> Option<World> {
    WasmFile::read(path).ok()?.contents().world()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
