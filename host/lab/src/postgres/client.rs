//! Talking to a node as its owner: over its socket, with PostgreSQL's own client.

use super::config::address;
use super::programs;
use crate::launch::{answer, clean};
use crate::options::LabOptions;
use crate::server::Server;
use std::path::PathBuf;
use std::time::Duration;

/// A node that runs answers in milliseconds; one that stands still never does.
const LIMIT: Duration = Duration::from_secs(5);

const VIEW: &str = "SELECT pg_is_in_recovery(),
    CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END,
    (SELECT status FROM pg_stat_wal_receiver),
    (SELECT string_agg(application_name, ',') FROM pg_stat_replication WHERE state = 'streaming');";

/// A node's state.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct View {
    pub(super) in_recovery: bool,
    /// The position of its data in the log, in bytes.
    pub(super) position: u64,
    /// State of its receiver: `streaming` in a standby that receives the primary's log.
    pub(super) stream: Option<String>,
    /// The nodes that it streams to, by name.
    pub(super) standbys: Vec<String>,
}

impl View {
    pub(super) fn streams(&self) -> bool {
        self.stream.as_deref() == Some("streaming")
    }

    fn parse(text: &str) -> Option<Self> {
        let mut columns = text.trim_end_matches('\n').split('\t');
        let in_recovery = columns.next()? == "t";
        let position = bytes(columns.next()?)?;
        let stream = columns.next().filter(|text| !text.is_empty());
        let standbys = columns.next().unwrap_or_default().split(',');
        Some(Self {
            in_recovery,
            position,
            stream: stream.map(str::to_owned),
            standbys: standbys.map(str::to_owned).collect(),
        })
    }
}

/// A position such as `0/16B3748`, in bytes.
fn bytes(position: &str) -> Option<u64> {
    let (high, low) = position.split_once('/')?;
    let part = |text| u32::from_str_radix(text, 16).ok().map(u64::from);
    Some((part(high)? << 32) | part(low)?)
}

/// A position as PostgreSQL writes it.
pub(super) fn written(position: u64) -> String {
    format!("{:X}/{:X}", position >> 32, position & u64::from(u32::MAX))
}

/// The client, ready to talk to the nodes of a lab.
#[derive(Debug, Clone)]
pub(super) struct Client<'a> {
    program: PathBuf,
    options: &'a LabOptions,
}

impl<'a> Client<'a> {
    pub(super) fn find(options: &'a LabOptions) -> Result<Self, String> {
        let program = programs::find("psql").ok_or("the program psql is missing")?;
        Ok(Self { program, options })
    }

    /// Runs statements, and returns what came back: a line for each row, tabs between columns. No
    /// statement waits for a standby.
    pub(super) fn run(&self, node: Server, statements: &str) -> Result<String, String> {
        self.run_within(LIMIT, node, statements)
    }

    pub(super) fn run_within(
        &self,
        limit: Duration,
        node: Server,
        statements: &str,
    ) -> Result<String, String> {
        let mut command = clean(&self.program);
        command
            .env("PGOPTIONS", "-c synchronous_commit=local")
            .env("PGCONNECT_TIMEOUT", "3")
            .args(["--no-psqlrc", "--quiet", "--no-align", "--tuples-only"])
            .args(["--field-separator=\t", "--set=ON_ERROR_STOP=1", "--dbname"])
            .arg(address(node, self.options));
        answer(&mut command, statements, limit)
    }

    /// Reads a node's state; the error says why it does not answer.
    pub(super) fn view(&self, node: Server) -> Result<View, String> {
        let text = self.run(node, VIEW)?;
        View::parse(&text).ok_or_else(|| format!("it answered {text:?}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn view_tells_a_primary_from_a_standby_that_streams() {
        let primary = View::parse("f\t1/16B3748\t\tn2,n3\n").unwrap();
        assert_eq!(primary.standbys, ["n2", "n3"]);
        assert!(!primary.in_recovery && !primary.streams());
        assert_eq!(primary.position, 0x1_016B_3748);
        let standby = View::parse("t\t0/A0\tstreaming\t\n").unwrap();
        assert!(standby.in_recovery && standby.streams());
        assert!(!View::parse("t\t0/A0\twaiting\t\n").unwrap().streams());
        assert_eq!(View::parse("t\t\t\n"), None);
    }

    #[test]
    fn position_is_written_as_it_is_read() {
        for text in ["0/16B3748", "A1/0", "0/0"] {
            assert_eq!(written(bytes(text).unwrap()), text);
        }
        assert_eq!(bytes("16B3748"), None);
    }
}
