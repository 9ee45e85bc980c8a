//! Strategies in OCI registries: pushing, pulling, keeping, pinning.

mod cache;
mod client;
mod credentials;
pub mod digest;
mod error;
mod login;
mod manifest;
mod pins;
pub mod reference;
mod transport;

pub use self::error::RegistryError;

use self::cache::{Cache, Kept};
use self::client::Client;
use self::digest::Digest;
use self::pins::{LOCK_FILE, Pin, Pins};
use self::reference::Reference;
use crate::wasm::WasmFile;
use std::path::{Path, PathBuf};

/// The cache of pulled components, and the pins of the current folder.
pub struct Store {
    cache: Cache,
    lock: PathBuf,
}

impl Store {
    pub fn usual() -> Result<Self, RegistryError> {
        Ok(Self {
            cache: Cache::usual()?,
            lock: Path::new(LOCK_FILE).to_owned(),
        })
    }

    /// The component's file. A pinned and cached component is used without a request; everything else
    /// is pulled.
    pub fn find(
        &self,
        reference: &Reference,
        progress: &mut dyn FnMut(&str),
    ) -> Result<PathBuf, RegistryError> {
        if let Some(pin) = Pins::read(&self.lock)?.get(reference) {
            match self.cache.get(&pin.component)? {
                Kept::Whole(path) => return Ok(path),
                Kept::Damaged(path) => progress(&format!(
                    "{} is damaged, and is pulled again",
                    path.display()
                )),
                Kept::Missing => {}
            }
        }
        self.pull(reference, false, progress)
    }

    /// The component with this digest, if it was ever pulled and is whole.
    pub fn kept(&self, digest: &Digest) -> Option<PathBuf> {
        match self.cache.get(digest) {
            Ok(Kept::Whole(path)) => Some(path),
            Ok(Kept::Damaged(_) | Kept::Missing) | Err(_) => None,
        }
    }

    /// The component's file, after asking the registry what it is now. It is pinned if it was not; if it
    /// is another than the pinned one, that is an error, unless it is to be accepted.
    pub fn pull(
        &self,
        reference: &Reference,
        accepts_other: bool,
        progress: &mut dyn FnMut(&str),
    ) -> Result<PathBuf, RegistryError> {
        let pins = Pins::read(&self.lock)?;
        let client = Client::new(reference)?;
        let (text, manifest) = client.manifest()?;
        let layer = manifest::layer(reference, &text)?;
        let pinned = pins.get(reference);
        let other = pinned.filter(|pin| pin.component != layer.digest);
        if let Some(pin) = other.filter(|_| !accepts_other) {
            return Err(moved(reference, pin, layer.digest));
        }
        let path = match self.cache.get(&layer.digest)? {
            Kept::Whole(path) => path,
            Kept::Damaged(_) | Kept::Missing => {
                let bytes = client.component(&layer)?;
                manifest::check_component(reference, &bytes)?;
                self.cache.put(&layer.digest, &bytes)?
            }
        };
        let digest = &layer.digest;
        match (pinned, other) {
            (Some(_), None) => progress(&format!("pulled {reference}: {digest}, as it is pinned")),
            (_, Some(pin)) => progress(&format!(
                "pulled {reference}: {digest}; {LOCK_FILE} had {}",
                pin.component
            )),
            (None, None) => progress(&format!(
                "pulled {reference}: {digest}; {LOCK_FILE} pins it"
            )),
        }
        if pinned.is_none() || accepts_other {
            pins.write(Pin {
                reference: reference.to_string(),
                component: layer.digest,
                manifest,
            })?;
        }
        Ok(path)
    }
}

fn moved(reference: &Reference, pin: &Pin, now: Digest) -> RegistryError {
    // With a digest there is no tag to get back behind.
    let kept = match reference.digest() {
        Some(_) => String::new(),
        None => format!(
            "; what was pinned may still be there as {}",
            reference.at(&pin.manifest)
        ),
    };
    RegistryError::Moved {
        what: reference.to_string(),
        pinned: pin.component.clone(),
        now,
        kept,
    }
}

/// Puts a component into a registry, under the tag of the reference. Gives the digest of the manifest.
pub fn push(reference: &Reference, file: &WasmFile) -> Result<Digest, RegistryError> {
    Client::new(reference)?.push(&manifest::pack(file))
}
