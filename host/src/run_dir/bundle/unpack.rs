//! From a bundle, whose origin is unknown, to a folder.

use super::super::hashed::Hashed;
use super::manifest::{Head, Manifest, Packed, wrong};
use super::{BundleError, FORMAT, MANIFEST, MAX_FILES, MAX_MANIFEST_BYTES};
use flate2::read::GzDecoder;
use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, Read};
use std::path::Path;

/// Unpacks a bundle into a folder that is there and empty. An error if anything of it is not as its
/// manifest says, or nothing that a run has; what was written until then is left for the caller to
/// remove.
pub fn unpack(bundle: &Path, into: &Path, unpacked_mib: u64) -> Result<Manifest, BundleError> {
    Unpacking {
        bundle,
        into,
        unpacked_mib,
    }
    .run()
}

struct Unpacking<'a> {
    bundle: &'a Path,
    into: &'a Path,
    unpacked_mib: u64,
}

impl Unpacking<'_> {
    fn run(&self) -> Result<Manifest, BundleError> {
        let file = File::open(self.bundle).map_err(BundleError::at(self.bundle))?;
        let mut archive = tar::Archive::new(GzDecoder::new(BufReader::new(file)));
        // Raw: no entry says anything of another one, such as a longer name.
        let entries = archive.entries().map(|entries| entries.raw(true));
        let mut entries = entries.map_err(|error| self.not_a_bundle(error.to_string()))?;
        let first = match entries.next() {
            Some(Ok(first)) => first,
            Some(Err(error)) => return Err(self.not_a_bundle(error.to_string())),
            None => return Err(self.not_a_bundle("it is empty".to_owned())),
        };
        let manifest = self.manifest(first)?;
        for file in &manifest.files {
            let lacks = || self.damaged(format!("it ends before {:?}", file.path));
            let entry = entries.next().ok_or_else(lacks)?;
            let entry = entry.map_err(|error| self.damaged(error.to_string()))?;
            self.unpack_one(file, entry)?;
        }
        match entries.next() {
            None => Ok(manifest),
            Some(Ok(entry)) => Err(self.refused(&name(&entry), "is not in its manifest")),
            Some(Err(error)) => Err(self.damaged(error.to_string())),
        }
    }

    /// Reads the manifest from the first entry, if all that it says is allowed.
    fn manifest(&self, entry: tar::Entry<impl Read>) -> Result<Manifest, BundleError> {
        if name(&entry) != MANIFEST || !entry.header().entry_type().is_file() {
            return Err(self.not_a_bundle(format!("its first entry is no {MANIFEST}")));
        }
        let size = entry.size();
        if size > MAX_MANIFEST_BYTES {
            return Err(self.not_a_bundle(format!(
                "its {MANIFEST} has {size} bytes, and {MAX_MANIFEST_BYTES} are the most"
            )));
        }
        let mut text = Vec::new();
        let read = entry.take(size).read_to_end(&mut text);
        read.map_err(|error| self.damaged(error.to_string()))?;
        let unreadable =
            |error: serde_json::Error| self.not_a_bundle(format!("{MANIFEST}: {error}"));
        let head: Head = serde_json::from_slice(&text).map_err(unreadable)?;
        if head.bundle > FORMAT {
            return Err(BundleError::Newer {
                path: self.bundle.to_owned(),
                format: head.bundle,
            });
        }
        let manifest: Manifest = serde_json::from_slice(&text).map_err(unreadable)?;
        let path = self.bundle.to_owned();
        if manifest.files.len() > MAX_FILES {
            let files = manifest.files.len();
            return Err(BundleError::TooManyFiles { path, files });
        }
        if let Some((entry, why)) = manifest.wrong_path() {
            return Err(self.refused(entry, why));
        }
        let bytes = manifest.bytes();
        if bytes > self.unpacked_mib.saturating_mul(1 << 20) {
            return Err(BundleError::TooLarge {
                path,
                bytes,
                allowed_mib: self.unpacked_mib,
            });
        }
        Ok(manifest)
    }

    /// Writes an entry, if it is the one whose turn it is.
    fn unpack_one(
        &self,
        file: &Packed,
        mut entry: tar::Entry<impl Read>,
    ) -> Result<(), BundleError> {
        let found = name(&entry);
        if let Some(why) = wrong(&found) {
            return Err(self.refused(&found, why));
        }
        if !entry.header().entry_type().is_file() {
            return Err(self.refused(&found, "is no file, but a link, a folder or a device"));
        }
        if found != file.path {
            return Err(self.refused(&found, "is not the one that its manifest has here"));
        }
        if entry.size() != file.bytes {
            return Err(self.refused(&found, "has not the size that its manifest says"));
        }
        let path = self.into.join(&file.path);
        let folder = path.parent().unwrap_or(self.into);
        let made = fs::create_dir_all(folder).and_then(|()| File::create_new(&path));
        let mut out = BufWriter::new(made.map_err(BundleError::at(&path))?);
        let mut content = Hashed::new(&mut entry);
        copy(&mut content, &mut out).map_err(|error| match error {
            Copying::Reading(error) => self.damaged(format!("{:?}: {error}", file.path)),
            Copying::Writing(error) => BundleError::at(&path)(error),
        })?;
        if content.end() != (file.bytes, file.digest.clone()) {
            let why = format!(
                "the digest of {:?} is another than its manifest says",
                file.path
            );
            return Err(self.damaged(why));
        }
        Ok(())
    }

    fn refused(&self, entry: &str, why: &'static str) -> BundleError {
        BundleError::Refused {
            path: self.bundle.to_owned(),
            entry: entry.to_owned(),
            why,
        }
    }

    fn not_a_bundle(&self, why: String) -> BundleError {
        let path = self.bundle.to_owned();
        BundleError::NotABundle { path, why }
    }

    fn damaged(&self, why: String) -> BundleError {
        let path = self.bundle.to_owned();
        BundleError::Damaged { path, why }
    }
}

/// The name of an entry; not `/` turned into anything, nor `..` taken away.
fn name(entry: &tar::Entry<impl Read>) -> String {
    String::from_utf8_lossy(&entry.path_bytes()).into_owned()
}

/// Which of the two sides of a copy failed: a bundle that is damaged is no disk that is full.
enum Copying {
    Reading(io::Error),
    Writing(io::Error),
}

fn copy(from: &mut impl Read, to: &mut impl io::Write) -> Result<(), Copying> {
    let mut buffer = vec![0; 1 << 16];
    loop {
        match from.read(&mut buffer).map_err(Copying::Reading)? {
            0 => return to.flush().map_err(Copying::Writing),
            read => to.write_all(&buffer[..read]).map_err(Copying::Writing)?,
        }
    }
}
