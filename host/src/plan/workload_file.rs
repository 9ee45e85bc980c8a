//! Workload files: TOML with a kind and its numbers.

use super::PlanError;
use super::faults::FaultOption;
use super::nearest::{closest, nearest};
use crate::workload::{CheckConnections, Kind, Workload, kinds};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// Options of a run from a file or the command line; an option that neither names has its default. Those
/// that are a flag with one value are serialized.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct WorkloadOptions {
    #[serde(skip_serializing)]
    pub kind: Option<Kind>,
    pub rows: Option<u32>,
    pub workers_per_row: Option<u32>,
    pub changes_per_worker: Option<u32>,
    pub pause_ms: Option<u64>,
    pub hold_ms: Option<u64>,
    pub check_tries: Option<u32>,
    pub check_wait_ms: Option<u64>,
    pub check: Option<CheckConnections>,
    pub background_generators: Option<u32>,
    pub background_selects_per_s: Option<u32>,
    pub background_updates_per_s: Option<u32>,
    pub audit: Option<bool>,
    /// The keys that only one kind has.
    #[serde(skip)]
    pub own: toml::Table,
    #[serde(skip_serializing)]
    pub seed: Option<u64>,
    pub change_timeout_s: Option<u64>,
    pub stuck_after_s: Option<u64>,
    pub time_limit_s: Option<u64>,
    /// `[[fault]]`, any number of times.
    #[serde(skip_serializing)]
    pub fault: Option<Vec<FaultOption>>,
    /// `[sim]`: the simulated cluster; on the command line `--db sim:…`, whose keys come first.
    #[serde(skip_serializing)]
    pub sim: Option<toml::Table>,
}

/// The keys of a file that every kind has; each but `kind` and `sim` is also a flag.
pub const KEYS: &[&str] = &[
    "kind",
    "rows",
    "workers_per_row",
    "changes_per_worker",
    "pause_ms",
    "hold_ms",
    "check_tries",
    "check_wait_ms",
    "check",
    "background_generators",
    "background_selects_per_s",
    "background_updates_per_s",
    "audit",
    "seed",
    "change_timeout_s",
    "stuck_after_s",
    "time_limit_s",
    "fault",
    "sim",
];

impl WorkloadOptions {
    /// These options, and for what they leave open, the others.
    pub fn or(self, other: Self) -> Self {
        Self {
            kind: self.kind.or(other.kind),
            rows: self.rows.or(other.rows),
            workers_per_row: self.workers_per_row.or(other.workers_per_row),
            changes_per_worker: self.changes_per_worker.or(other.changes_per_worker),
            pause_ms: self.pause_ms.or(other.pause_ms),
            hold_ms: self.hold_ms.or(other.hold_ms),
            check_tries: self.check_tries.or(other.check_tries),
            check_wait_ms: self.check_wait_ms.or(other.check_wait_ms),
            check: self.check.or(other.check),
            background_generators: self.background_generators.or(other.background_generators),
            background_selects_per_s: self
                .background_selects_per_s
                .or(other.background_selects_per_s),
            background_updates_per_s: self
                .background_updates_per_s
                .or(other.background_updates_per_s),
            audit: self.audit.or(other.audit),
            own: other.own.into_iter().chain(self.own).collect(),
            seed: self.seed.or(other.seed),
            change_timeout_s: self.change_timeout_s.or(other.change_timeout_s),
            stuck_after_s: self.stuck_after_s.or(other.stuck_after_s),
            time_limit_s: self.time_limit_s.or(other.time_limit_s),
            fault: self.fault.or(other.fault),
            sim: self.sim.or(other.sim),
        }
    }

    /// The numbers of the workload, defaults filled in. What is for workloads of another kind is an
    /// error, since it would be ignored.
    pub fn workload(&self) -> Result<Workload, PlanError> {
        let kind = self.kind.unwrap_or_else(kinds::usual);
        let is_wrong = |key: &&str| !takes(kind, key);
        let wrong: Vec<_> = self.given().into_iter().filter(is_wrong).collect();
        if let Some(key) = wrong.first() {
            let mut others = kinds::all().iter().copied();
            return Err(PlanError::OtherKind {
                keys: wrong.join(", "),
                of: others.find(|other| takes(*other, key)).unwrap_or(kind),
                kind,
            });
        }
        let default = kind.planned(&self.own).map_err(PlanError::Options)?;
        Ok(Workload {
            rows: self.rows.unwrap_or(default.rows),
            workers_per_row: self.workers_per_row.unwrap_or(default.workers_per_row),
            changes_per_worker: self
                .changes_per_worker
                .unwrap_or(default.changes_per_worker),
            pause_ms: self.pause_ms.unwrap_or(default.pause_ms),
            hold_ms: self.hold_ms.unwrap_or(default.hold_ms),
            check_tries: self.check_tries.unwrap_or(default.check_tries),
            check_wait_ms: self.check_wait_ms.unwrap_or(default.check_wait_ms),
            check: self.check.unwrap_or(default.check),
            background_generators: self
                .background_generators
                .unwrap_or(default.background_generators),
            background_selects_per_s: self
                .background_selects_per_s
                .unwrap_or(default.background_selects_per_s),
            background_updates_per_s: self
                .background_updates_per_s
                .unwrap_or(default.background_updates_per_s),
            audit: self.audit.unwrap_or(default.audit),
            kind: default.kind,
        })
    }

    /// The keys that were given and that not every kind has.
    fn given(&self) -> Vec<&str> {
        // In JSON, which has room for every number that a flag can have.
        let options = serde_json::to_value(self).expect("plain data");
        let shared = Workload::OF_SOME_KINDS.into_iter();
        let shared = shared.filter(|key| !options[*key].is_null());
        shared.chain(self.own.keys().map(String::as_str)).collect()
    }
}

fn takes(kind: Kind, key: &str) -> bool {
    kind.takes().contains(&key) || kind.keys().iter().any(|own| own.name == key)
}

/// Finds a workload by the path of its file, or by its name in `folder`.
pub fn find(given: &str, folder: Option<&Path>) -> Result<PathBuf, PlanError> {
    let path = Path::new(given);
    if path
        .extension()
        .is_some_and(|extension| extension == "toml")
    {
        return Ok(path.to_owned());
    }
    let mut known = Vec::new();
    if let Some(folder) = folder {
        let named = folder.join(format!("{given}.toml"));
        if named.is_file() {
            return Ok(named);
        }
        let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
        known.extend(entries.filter_map(|entry| {
            let name = entry.file_name().into_string().ok()?;
            name.strip_suffix(".toml").map(str::to_owned)
        }));
        known.sort();
    }
    Err(PlanError::NoWorkload {
        name: given.to_owned(),
        meant: match closest(given, known.iter().map(String::as_str)) {
            Some(meant) => format!("did you mean `{meant}`? T"),
            None => "t".to_owned(),
        },
        known: if known.is_empty() {
            "none here".to_owned()
        } else {
            known.join(", ")
        },
    })
}

/// Reads a workload file. An unknown key is an error that names the line and the nearest known key.
pub fn read(path: &Path) -> Result<WorkloadOptions, PlanError> {
    let error = |why: String| PlanError::File {
        path: path.to_owned(),
        why,
    };
    let text = std::fs::read_to_string(path).map_err(|e| error(e.to_string()))?;
    parse(&text).map_err(error)
}

fn parse(text: &str) -> Result<WorkloadOptions, String> {
    let options = part(text)?;
    match options.kind {
        Some(_) => Ok(options),
        None => Err(format!("no kind; say {}", kinds::choice())),
    }
}

/// Reads what may be a part of a workload file.
pub fn part(text: &str) -> Result<WorkloadOptions, String> {
    let table = toml::de::DeTable::parse(text).map_err(|error| error.to_string())?;
    let own = kinds::keys().map(|key| key.name);
    let known: Vec<_> = KEYS.iter().copied().chain(own).collect();
    for key in table.get_ref().keys() {
        let name = key.get_ref().as_ref();
        if !known.contains(&name) {
            let line = 1 + text[..key.span().start].matches('\n').count();
            return Err(format!(
                "line {line}: unknown key `{name}`; {}",
                nearest(name, &known)
            ));
        }
    }
    let mut options: WorkloadOptions = toml::from_str(text).map_err(|error| error.to_string())?;
    for kind in kinds::all() {
        options.own.extend(kind.read(text)?);
    }
    Ok(options)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workload::ip_allocation::IpAllocation;

    #[test]
    fn small_workload_of_each_kind_can_be_planned() {
        for kind in kinds::all() {
            let options = WorkloadOptions {
                kind: Some(*kind),
                ..part(kind.small()).unwrap()
            };
            let workload = options.workload().unwrap();
            assert!(workload.workers_per_row > 1, "{kind} has no rivals");
        }
    }

    #[test]
    fn a_misspelt_key_is_named_with_its_line_and_its_nearest() {
        let why = parse("kind = \"volume-state\"\n\nworkers_per_rwo = 3\n").unwrap_err();
        assert!(why.contains("line 3"), "{why}");
        assert!(why.contains("did you mean `workers_per_row`?"), "{why}");
    }

    #[test]
    fn broken_toml_and_wrong_types_name_their_line() {
        for text in ["kind = ", "kind = \"volume-state\"\nrows = \"many\"\n"] {
            let why = parse(text).unwrap_err();
            assert!(why.contains("line"), "{why}");
        }
        let why = parse("kind = \"volume-state\"\nrows = -3\n").unwrap_err();
        assert!(why.contains("rows = -3"), "{why}");
    }

    #[test]
    fn another_kind_or_none_is_refused() {
        let why = parse("kind = \"volumes\"").unwrap_err();
        assert!(
            why.contains("volume-state") && why.contains("ip-allocation"),
            "{why}"
        );
        assert!(parse("rows = 1").unwrap_err().contains("kind"));
    }

    #[test]
    fn flags_come_before_the_file_and_the_file_before_defaults() {
        let file = parse("kind = \"volume-state\"\nrows = 7\nhold_ms = 1\n").unwrap();
        let flags = WorkloadOptions {
            rows: Some(9),
            ..WorkloadOptions::default()
        };
        let workload = flags.or(file).workload().unwrap();
        assert_eq!((workload.rows, workload.hold_ms), (9, 1));
        assert_eq!(workload.pause_ms, Workload::default().pause_ms);
    }

    #[test]
    fn the_rows_of_ip_allocation_are_its_pools() {
        let text = |pools: &str| format!("kind = \"ip-allocation\"\nrelease = true\n{pools}");
        let pool = |last| {
            format!(
                "[[pool]]\nsubnet = \"10.0.0.0/24\"\nfirst = \"10.0.0.{last}\"\nlast = \"10.0.0.{last}\"\n"
            )
        };
        let two = text(&format!("{}{}", pool(1), pool(2)));
        let workload = parse(&two).unwrap().workload().unwrap();
        let recorded = workload.kind.recorded();
        assert_eq!(workload.rows, 2);
        assert_eq!(recorded["pools"].as_array().unwrap().len(), 2);
        assert_eq!(recorded["release"], true);
        let published = parse(&text("")).unwrap().workload().unwrap();
        let pools = serde_json::to_value([IpAllocation::published_pool()]).unwrap();
        assert_eq!(published.kind.recorded()["pools"], pools);
    }

    #[test]
    fn key_of_another_kind_is_refused_with_its_kind() {
        for (text, says) in [
            (
                "kind = \"ip-allocation\"\nrows = 3\naudit = true\n",
                "rows, audit",
            ),
            ("kind = \"volume-state\"\nrelease = true\n", "release"),
        ] {
            let error = parse(text).unwrap().workload().unwrap_err().to_string();
            assert!(error.starts_with(says), "{error}");
        }
    }

    #[test]
    fn a_schedule_of_faults_is_read_and_a_misspelt_key_of_it_is_named() {
        let fault = |key: &str| {
            let head = "kind = \"volume-state\"\n";
            format!("{head}[[fault]]\n{key} = \"2s\"\naction = \"kill\"\ntarget = \"n2\"\n")
        };
        let read = parse(&fault("at")).unwrap().fault.unwrap();
        let flag = FaultOption::parse("2s kill n2").unwrap();
        assert_eq!(read, [flag]);
        let why = parse(&fault("when")).unwrap_err();
        assert!(why.contains("when") && why.contains("line 3"), "{why}");
    }

    #[test]
    fn the_table_of_the_simulated_cluster_is_kept_as_it_is() {
        let read = parse("kind = \"volume-state\"\n[sim]\nnodes = 5\n").unwrap();
        assert_eq!(read.sim.unwrap()["nodes"].as_integer(), Some(5));
    }
}
