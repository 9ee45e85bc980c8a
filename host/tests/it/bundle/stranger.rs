//! A stranger's bundle: any entries, and what the runner makes of them.

use super::with_run;
use crate::support::{Finished, Sandbox};
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::fs::{self, File};
use std::io::{Read, Write};
use tar::EntryType;
/// An entry of an archive, whatever it claims.
#[derive(Clone)]
pub(super) struct Entry {
    pub(super) path: String,
    pub(super) kind: EntryType,
    pub(super) bytes: Vec<u8>,
}

impl Entry {
    pub(super) fn file(path: &str, bytes: impl Into<Vec<u8>>) -> Self {
        Self {
            path: path.to_owned(),
            kind: EntryType::Regular,
            bytes: bytes.into(),
        }
    }

    pub(super) fn of_kind(path: &str, kind: EntryType) -> Self {
        Self {
            kind,
            ..Self::file(path, "")
        }
    }
}

/// A bundle, its entries, and where the runner unpacks.
pub(super) struct Stranger {
    pub(super) sandbox: Sandbox,
    pub(super) entries: Vec<Entry>,
}

impl Stranger {
    pub(super) fn new() -> Self {
        let sandbox = with_run("");
        assert_eq!(sandbox.run("bundle run").code, 0);
        let file = File::open(sandbox.path("run.tar.gz")).unwrap();
        let mut archive = tar::Archive::new(GzDecoder::new(file));
        let read = |mut entry: tar::Entry<GzDecoder<File>>| {
            let mut bytes = Vec::new();
            entry.read_to_end(&mut bytes).unwrap();
            Entry::file(entry.path().unwrap().to_str().unwrap(), bytes)
        };
        let entries = archive.entries().unwrap().map(|entry| read(entry.unwrap()));
        let entries = entries.collect();
        fs::create_dir(sandbox.path("tmp")).unwrap();
        Self { sandbox, entries }
    }

    pub(super) fn manifest(&self) -> Value {
        serde_json::from_slice(&self.entries[0].bytes).unwrap()
    }

    /// The entries with a manifest that fits them.
    pub(super) fn fitting(&self, files: Vec<Entry>) -> Vec<Entry> {
        let described = files.iter().map(|file| {
            let digest = Sha256::digest(&file.bytes);
            let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
            json!({"path": file.path, "bytes": file.bytes.len(), "digest": format!("sha256:{hex}")})
        });
        let manifest = json!({"bundle": 1, "files": described.collect::<Vec<_>>()});
        let mut entries = vec![Entry::file("manifest.json", manifest.to_string())];
        entries.extend(files);
        entries
    }

    /// All files but the manifest.
    pub(super) fn files(&self) -> Vec<Entry> {
        self.entries[1..].to_vec()
    }

    /// The files with one more, in its place.
    pub(super) fn with(&self, entry: Entry) -> Vec<Entry> {
        let mut files = self.files();
        files.push(entry);
        files.sort_by(|one, other| one.path.cmp(&other.path));
        self.fitting(files)
    }

    /// The files with another content for one of them.
    pub(super) fn with_changed(&self, path: &str, from: &str, to: &str) -> Vec<Entry> {
        let mut files = self.files();
        let file = files.iter_mut().find(|file| file.path == path).unwrap();
        let text = String::from_utf8(file.bytes.clone()).unwrap();
        assert!(text.contains(from), "{text}");
        file.bytes = text.replace(from, to).into_bytes();
        self.fitting(files)
    }

    pub(super) fn write(&self, entries: &[Entry]) {
        let file = File::create(self.sandbox.path("stranger.tgz")).unwrap();
        let mut zipped = GzEncoder::new(file, Compression::fast());
        for entry in entries {
            let mut header = tar::Header::new_ustar();
            // As bytes: `set_path` would refuse what is to be refused here.
            let name = entry.path.as_bytes();
            header.as_ustar_mut().unwrap().name[..name.len()].copy_from_slice(name);
            header.set_entry_type(entry.kind);
            header.set_link_name("/etc/passwd").unwrap();
            header.set_size(entry.bytes.len() as u64);
            header.set_mode(0o644);
            header.set_cksum();
            zipped.write_all(header.as_bytes()).unwrap();
            zipped.write_all(&entry.bytes).unwrap();
            let rest = entry.bytes.len().next_multiple_of(512) - entry.bytes.len();
            zipped.write_all(&vec![0; rest]).unwrap();
        }
        zipped.write_all(&[0; 1024]).unwrap();
        zipped.finish().unwrap();
    }

    pub(super) fn run(&self, arguments: &str) -> Finished {
        let script = format!("TMPDIR=$PWD/tmp $runner {arguments}");
        self.sandbox.shell(&script)
    }

    /// Every command that reads a bundle refuses it with one message, and leaves nothing behind.
    #[track_caller]
    pub(super) fn refused(&self, what: &str, entries: &[Entry], words: &[&str]) {
        self.write(entries);
        self.refused_file(what, words);
    }

    #[track_caller]
    pub(super) fn refused_file(&self, what: &str, words: &[&str]) {
        let before = self.sandbox.shell("find . | sort").stdout;
        for command in [
            "report stranger.tgz",
            "rerun stranger.tgz --out again",
            "compare stranger.tgz run",
        ] {
            let refused = self.run(command);
            let told = &refused.stderr;
            assert_eq!(refused.code, 2, "{what}: {}{told}", refused.stdout);
            assert!(told.contains("stranger.tgz"), "{what}: {told}");
            for word in words {
                assert!(told.contains(word), "{what}: no {word:?} in {told}");
            }
            assert_eq!(told.matches("error: ").count(), 1, "{what}: {told}");
            assert!(!told.contains("panicked"), "{what}: {told}");
            assert!(!told.contains('\u{1b}'), "{what}: {told:?}");
            assert!(refused.stdout.is_empty(), "{what}: {}", refused.stdout);
        }
        let after = self.sandbox.shell("find . | sort").stdout;
        assert_eq!(before, after, "{what}");
    }
}
