//! The last committed position of a node that does not run.

use crate::error::{LabError, at};
use crate::launch::{Launcher, answer};
use crate::server::Server;
use std::fs;
use std::path::PathBuf;
use std::time::Duration;

/// Timeout of the recovery of a node's data.
const LIMIT: Duration = Duration::from_secs(120);

/// The contents of a node's `grastate.dat`.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Note {
    /// Unknown after a crash.
    position: Option<i64>,
    /// True if it was the last node of its group to stop.
    last: bool,
}

impl Note {
    fn parse(text: &str) -> Option<Self> {
        let value = |name: &str| {
            let line = text.lines().find_map(|line| line.strip_prefix(name));
            line.map(|rest| rest.trim().to_owned())
        };
        let position: Option<i64> = value("seqno:")?.parse().ok();
        Some(Self {
            position: position.filter(|&position| position >= 0),
            last: value("safe_to_bootstrap:").as_deref() == Some("1"),
        })
    }
}

fn note_path(node: Server, launcher: &Launcher) -> PathBuf {
    node.dir(launcher.lab()).join("data/grastate.dat")
}

/// The node to start the group with again: the one that was stopped last if it is known, else the
/// one whose data have come furthest. Nothing if no node has data.
pub(super) fn most_advanced(
    nodes: &[Server],
    launcher: &Launcher,
) -> Result<Option<Server>, LabError> {
    let mut noted = Vec::new();
    for &node in nodes {
        if node.dir(launcher.lab()).join("data/mysql").exists() {
            let text = fs::read_to_string(note_path(node, launcher)).unwrap_or_default();
            noted.push((node, Note::parse(&text)));
        }
    }
    let is_last = |note: &Option<Note>| note.as_ref().is_some_and(|note| note.last);
    if noted.iter().any(|(_, note)| is_last(note)) {
        noted.retain(|(_, note)| is_last(note));
    }
    if let [(only, _)] = noted[..] {
        return Ok(Some(only));
    }
    let mut best: Option<(i64, Server)> = None;
    for (node, note) in noted {
        let position = match note.and_then(|note| note.position) {
            Some(position) => position,
            None => recover(node, launcher)?,
        };
        if best.is_none_or(|(best, _)| position > best) {
            best = Some((position, node));
        }
    }
    Ok(best.map(|(_, node)| node))
}

/// Asks the node's own data. -1 if they say nothing, as those of a copy that was cut off.
fn recover(node: Server, launcher: &Launcher) -> Result<i64, LabError> {
    launcher.prepare(node)?;
    let lab = launcher.lab();
    let log = node.dir(lab).join("recovery.log");
    let mut command = launcher.command(launcher.programs.path("mariadbd"));
    command
        .arg(node.config_argument(lab))
        .arg("--wsrep-recover")
        .arg(format!("--log-error={}", log.display()));
    fs::remove_file(&log).ok();
    let done = answer(&mut command, "", LIMIT);
    let text = fs::read_to_string(&log).unwrap_or_default();
    match (recovered(&text), done) {
        (Some(position), _) => Ok(position),
        (None, Ok(_)) => Ok(-1),
        (None, Err(why)) => Err(LabError::Died {
            server: format!("{} (asked how far its data have come)", node.name()),
            said: why,
            log,
        }),
    }
}

fn recovered(log: &str) -> Option<i64> {
    let (_, after) = log.rsplit_once("Recovered position:")?;
    let position = after.split_whitespace().next()?.rsplit_once(':')?.1;
    position.split(',').next()?.parse().ok()
}

/// Writes into a node's note that the group may be started with it.
pub(super) fn let_begin(node: Server, launcher: &Launcher) -> Result<(), LabError> {
    let path = note_path(node, launcher);
    let Ok(text) = fs::read_to_string(&path) else {
        // Without a note there is nothing that forbids it.
        return Ok(());
    };
    let text = text.replace("safe_to_bootstrap: 0", "safe_to_bootstrap: 1");
    fs::write(&path, text).map_err(at(&path))
}

#[cfg(test)]
mod tests {
    use super::*;

    const STOPPED: &str = "# GALERA saved state\nversion: 2.1\nuuid:    8bcf\nseqno:   17\n\
                           safe_to_bootstrap: 1\n";

    #[test]
    fn note_has_the_position_and_if_the_node_was_the_last() {
        let note = Note::parse(STOPPED).unwrap();
        assert_eq!((note.position, note.last), (Some(17), true));
        let crashed = STOPPED.replace("17", "-1").replace(": 1", ": 0");
        let note = Note::parse(&crashed).unwrap();
        assert_eq!((note.position, note.last), (None, false));
        assert_eq!(Note::parse("rubbish"), None);
    }

    #[test]
    fn a_recovered_position_is_read_with_and_without_a_server_id() {
        let log = "x\n2026 0 [Note] WSREP: Recovered position: 8bcf-1:42\n";
        assert_eq!(recovered(log), Some(42));
        assert_eq!(recovered("Recovered position: 8bcf-1:43,0-1-7"), Some(43));
        assert_eq!(recovered("no position"), None);
    }
}
