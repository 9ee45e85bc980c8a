//! Opening the files of a folder of unknown origin: regular files of a bounded size, and
//! no links, which may lead anywhere, nor FIFOs and devices, which may have no end.

use super::{CONDITIONS, EFFECTS, HISTOGRAMS, HISTORY, PLAN, PRINTED, RESULTS, ROWS, VERDICT};
use crate::workload::kinds;
use rustix::fs::OFlags;
use std::fs::{self, File, FileType, Metadata, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::path::Path;

/// The most bytes of what was in the tables.
const TABLES: u64 = 256 << 20;

/// The most bytes of a file. One that has a line for each change has no limit of its own: each line
/// has one, and the folder.
fn most(path: &Path) -> u64 {
    match path.file_name().and_then(|name| name.to_str()) {
        Some(HISTORY | EFFECTS) => u64::MAX - 1,
        Some(ROWS) => TABLES,
        Some(PLAN | CONDITIONS | RESULTS | HISTOGRAMS | PRINTED | VERDICT) => 32 << 20,
        Some(name) if kinds::files().any(|file| file.name == name) => TABLES,
        _ => 1 << 20,
    }
}

/// Reads a file's metadata without opening it; `None` if it is not there. Returns an error if it is
/// not a regular file, or is larger than any run makes it.
pub(super) fn look(path: &Path) -> io::Result<Option<Metadata>> {
    match fs::symlink_metadata(path) {
        Ok(metadata) => regular(path, metadata).map(Some),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Opens a file; `None` if it is not there.
pub(super) fn open(path: &Path) -> io::Result<Option<File>> {
    if look(path)?.is_none() {
        return Ok(None);
    }
    // It may have been exchanged since: neither a link is followed nor a FIFO's writer waited for.
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
    let mut options = OpenOptions::new();
    let file = options.read(true).custom_flags(flags.bits().cast_signed());
    let file = file.open(path)?;
    regular(path, file.metadata()?)?;
    Ok(Some(file))
}

/// Reads a file whole; `None` if it is not there.
pub(super) fn read(path: &Path) -> io::Result<Option<Vec<u8>>> {
    let Some(file) = open(path)? else {
        return Ok(None);
    };
    let most = most(path);
    let mut bytes = Vec::new();
    file.take(most + 1).read_to_end(&mut bytes)?;
    match bytes.len() as u64 <= most {
        true => Ok(Some(bytes)),
        false => Err(too_large(most)),
    }
}

/// Refuses a folder that is a link: what is in it would be elsewhere.
pub(super) fn look_at_folder(path: &Path) -> io::Result<()> {
    match fs::symlink_metadata(path) {
        Ok(metadata) if !metadata.is_dir() => Err(wrong(metadata.file_type(), "folder")),
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn regular(path: &Path, metadata: Metadata) -> io::Result<Metadata> {
    let most = most(path);
    match metadata.is_file() {
        false => Err(wrong(metadata.file_type(), "file")),
        true if metadata.len() > most => Err(too_large(most)),
        true => Ok(metadata),
    }
}

fn too_large(most: u64) -> io::Error {
    let why = format!("it has more than {most} bytes, which no run makes");
    io::Error::new(io::ErrorKind::InvalidData, why)
}

fn wrong(found: FileType, wanted: &str) -> io::Error {
    let found = match found {
        found if found.is_symlink() => "a link",
        found if found.is_dir() => "a folder",
        found if found.is_fifo() => "a FIFO",
        found if found.is_socket() => "a socket",
        found if found.is_file() => "a file",
        _ => "a device",
    };
    let why = format!("it is {found}, and a run has a {wanted} there");
    io::Error::new(io::ErrorKind::InvalidData, why)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    #[test]
    fn only_a_regular_file_is_opened() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::write(at("end.json"), "{}").unwrap();
        assert_eq!(read(&at("end.json")).unwrap(), Some(b"{}".to_vec()));
        assert_eq!(read(&at("missing")).unwrap(), None);
        symlink("end.json", at("link")).unwrap();
        symlink("/dev/zero", at("endless")).unwrap();
        fs::create_dir(at("folder")).unwrap();
        for (path, why) in [
            (at("link"), "a link"),
            (at("endless"), "a link"),
            (at("folder"), "a folder"),
            ("/dev/zero".into(), "a device"),
        ] {
            let refused = read(&path).unwrap_err().to_string();
            assert!(refused.contains(why), "{why}: {refused}");
        }
        assert!(look_at_folder(&at("folder")).is_ok());
        assert!(look_at_folder(&at("missing")).is_ok());
        assert!(look_at_folder(&at("link")).is_err());
    }

    #[test]
    fn a_file_that_is_too_large_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("end.json");
        File::create(&path).unwrap().set_len(1 << 40).unwrap();
        let refused = read(&path).unwrap_err().to_string();
        assert!(refused.contains("more than 1048576 bytes"), "{refused}");
    }
}
