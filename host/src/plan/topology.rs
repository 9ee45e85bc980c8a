//! The simulated cluster as `--db sim:KEY=VALUE,…` and the `[sim]` table of a workload file write it.

pub mod keys;
mod values;

use super::nearest::nearest;
use crate::model::endpoint::Endpoint;
use crate::model::topology::{ClusterKind, Topology};
use toml::{Table, Value};
use values::{HOUR_MS, Kind, MINUTE_MS, shown};

/// The key that has a flag of its own, too.
const ENDPOINT: &str = "endpoint";

/// A key of `Topology`: its name, its value, and the kind of cluster that alone has it.
type Key = (&'static str, Kind, Option<ClusterKind>);

const GALERA: Option<ClusterKind> = Some(ClusterKind::Galera);
const POSTGRES: Option<ClusterKind> = Some(ClusterKind::Postgres);

const KEYS: &[Key] = &[
    ("kind", Kind::Word(&["galera", "postgres"]), None),
    ("synchronous", Kind::Flag, POSTGRES),
    ("nodes", Kind::Count(1, 1000), None),
    ("regions", Kind::Count(1, 1000), None),
    ("region_latency_ms", Kind::Real(0.0, MINUTE_MS), None),
    ("latency_ms", Kind::Matrix, None),
    ("latency", Kind::Spread, None),
    ("client_latency", Kind::Spread, None),
    ("statement", Kind::Spread, None),
    ("commit", Kind::Spread, None),
    ("apply", Kind::Spread, None),
    ("processors", Kind::Count(0, 1_000_000), None),
    ("processors_shared", Kind::Flag, None),
    ("retry_autocommit", Kind::Count(0, 1000), GALERA),
    ("lock_wait_timeout_ms", Kind::Count(1, 24 * HOUR_MS), GALERA),
    ("sync_wait", Kind::Count(0, 15), GALERA),
    ("sync_wait_timeout_ms", Kind::Count(1, 24 * HOUR_MS), None),
    ("flow_control_limit", Kind::Count(1, 1_000_000), GALERA),
    ("flow_control_factor", Kind::Real(0.0, 1.0), GALERA),
    ("suspect_timeout_ms", Kind::Count(1, HOUR_MS), GALERA),
    ("rejoin_ms", Kind::Count(0, HOUR_MS), None),
    ("snapshot_isolation", Kind::Flag, GALERA),
    ("snapshot_race_us", Kind::Count(0, 60_000_000), GALERA),
    ("health_check_ms", Kind::Count(1, HOUR_MS), None),
    ("health_check_fall", Kind::Count(1, 1000), None),
    (ENDPOINT, Kind::Word(&["all", "one-writer"]), GALERA),
];

/// The cluster that what stands behind `sim:` describes, and for what that leaves open, the table of
/// the workload file. `endpoint` is that of the flag. The error names the key and what it may be.
pub fn topology(
    options: &str,
    file: Option<&Table>,
    endpoint: Option<Endpoint>,
) -> Result<Topology, String> {
    let mut table = file.cloned().unwrap_or_default();
    let mut given = read(options)?;
    if let Some(endpoint) = endpoint {
        let value = Value::String(endpoint.as_str().to_owned());
        if given.insert(ENDPOINT.to_owned(), value).is_some() {
            return Err("--endpoint and sim:endpoint= say the same; leave one out".to_owned());
        }
    }
    // A distance between regions on the command line is none to be overruled by the file's matrix.
    if ["regions", "region_latency_ms"]
        .iter()
        .any(|key| given.contains_key(*key))
    {
        table.remove("latency_ms");
    }
    if given.contains_key("latency_ms") {
        table.remove("regions");
        table.remove("region_latency_ms");
    }
    table.extend(given);
    from_table(table)
}

/// Reads `nodes=5,statement=90..400,latency_ms=[[0,3],[3,0]]`.
fn read(options: &str) -> Result<Table, String> {
    let mut table = Table::new();
    for option in split(options) {
        let Some((key, text)) = option.split_once('=') else {
            let message = format!("{option:?} is no option of sim; write KEY=VALUE, as in nodes=5");
            return Err(message);
        };
        let (key, text) = (key.trim(), text.trim());
        // What is no TOML, such as 90..400, is a text; its key knows what to do with it.
        let as_toml = format!("value = {text}").parse::<Table>().ok();
        let value = as_toml
            .and_then(|mut table| table.remove("value"))
            .unwrap_or_else(|| Value::String(text.to_owned()));
        if table.insert(key.to_owned(), value).is_some() {
            return Err(format!("sim: gives {key} twice"));
        }
    }
    Ok(table)
}

/// At the commas that are not within brackets.
fn split(options: &str) -> Vec<&str> {
    let mut depth = 0;
    let parts = options.split(|c| {
        match c {
            '[' => depth += 1,
            ']' => depth -= 1,
            _ => {}
        }
        c == ',' && depth == 0
    });
    parts.filter(|part| !part.trim().is_empty()).collect()
}

fn from_table(mut table: Table) -> Result<Topology, String> {
    check_keys(&mut table)?;
    let by_regions = table.contains_key("regions") || table.contains_key("region_latency_ms");
    if by_regions && table.contains_key("latency_ms") {
        let message = "latency_ms says how far each node is from each; leave out regions and \
                    region_latency_ms";
        return Err(message.to_owned());
    }
    let given: Vec<String> = table.keys().cloned().collect();
    let topology: Topology = table.try_into().map_err(|error| format!("sim: {error}"))?;
    check(&topology)?;
    check_kind(&topology, &given)?;
    Ok(topology)
}

/// Checks a cluster that was read from the folder of a run, as one that is given.
pub fn check_recorded(topology: &Topology) -> Result<(), String> {
    let mut table = Table::try_from(topology).map_err(|error| format!("sim: {error}"))?;
    check_keys(&mut table)?;
    check(topology)
}

/// Checks each value against what its key may be, and makes it what `Topology` reads.
fn check_keys(table: &mut Table) -> Result<(), String> {
    for (key, value) in table.iter_mut() {
        let Some((_, kind, _)) = KEYS.iter().find(|(known, ..)| known == key) else {
            let known = KEYS.iter().map(|(key, ..)| *key).collect::<Vec<_>>();
            return Err(format!("sim has no key `{key}`; {}", nearest(key, &known)));
        };
        kind.check(value)
            .map_err(|may| format!("{key} is {}; {may}", shown(value)))?;
    }
    Ok(())
}

/// Refuses keys that mean nothing for this kind of cluster.
fn check_kind(topology: &Topology, given: &[String]) -> Result<(), String> {
    for (key, _, of) in KEYS {
        if let Some(kind) = of
            && *kind != topology.kind
            && given.iter().any(|one| one == key)
        {
            let kind = kind.as_str();
            return Err(format!(
                "{key} is of kind={kind}; leave it out, or say kind={kind}"
            ));
        }
    }
    Ok(())
}

/// Checks the conditions that no key alone shows.
fn check(topology: &Topology) -> Result<(), String> {
    let Topology { nodes, regions, .. } = topology;
    if regions > nodes {
        return Err(format!(
            "regions is {regions}; it must be from 1 to {nodes}, the number of nodes"
        ));
    }
    if topology.synchronous && !topology.has_standbys() {
        return Err(
            "synchronous is true, and there is no standby that a commit could wait for; it \
                    needs kind=postgres and nodes from 2 on"
                .to_owned(),
        );
    }
    let Some(matrix) = &topology.latency_ms else {
        return Ok(());
    };
    let size = *nodes as usize;
    if matrix.len() != size || matrix.iter().any(|row| row.len() != size) {
        return Err(format!(
            "latency_ms must have {nodes} rows of {nodes} numbers each, one for each node"
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::topology::Spread;
    use std::collections::BTreeSet;

    fn wrong(options: &str) -> String {
        topology(options, None, None).unwrap_err()
    }

    #[test]
    fn every_key_of_a_topology_is_known_and_no_other() {
        let with_matrix = Topology {
            latency_ms: Some(vec![vec![0.0; 3]; 3]),
            kind: ClusterKind::Postgres,
            synchronous: true,
            endpoint: Endpoint::OneWriter,
            ..Topology::default()
        };
        let json = serde_json::to_value(with_matrix).unwrap();
        let fields: BTreeSet<_> = json.as_object().unwrap().keys().cloned().collect();
        let keys: BTreeSet<_> = KEYS.iter().map(|(key, ..)| (*key).to_owned()).collect();
        assert_eq!(fields, keys);
    }

    #[test]
    fn missing_key_has_its_default() {
        assert_eq!(topology("", None, None).unwrap(), Topology::default());
        let given = "nodes=5, regions=3,region_latency_ms=12.5,statement=90..400,commit=7,\
                     snapshot_isolation=true";
        let expected = Topology {
            nodes: 5,
            regions: 3,
            region_latency_ms: 12.5,
            statement: Spread {
                p50_us: 90.0,
                p99_us: 400.0,
            },
            commit: Spread {
                p50_us: 7.0,
                p99_us: 7.0,
            },
            snapshot_isolation: true,
            ..Topology::default()
        };
        assert_eq!(topology(given, None, None).unwrap(), expected);
    }

    #[test]
    fn the_command_line_comes_before_the_file() {
        let file: Table = "nodes = 2\napply = { p50_us = 1, p99_us = 2.5 }\nlatency_ms = [[0, 1], \
                           [1, 0]]"
            .parse()
            .unwrap();
        let from_file = topology("", Some(&file), None).unwrap();
        assert_eq!(
            from_file.latency_ms,
            Some(vec![vec![0.0, 1.0], vec![1.0, 0.0]])
        );
        assert_eq!(from_file.apply.p99_us, 2.5);
        let both = topology("nodes=4,regions=2", Some(&file), None).unwrap();
        assert_eq!((both.nodes, both.regions, both.latency_ms), (4, 2, None));
        assert_eq!(both.apply.p99_us, 2.5);
        let matrix = topology("nodes=1,latency_ms=[[0.5]]", Some(&file), None).unwrap();
        assert_eq!(matrix.latency_ms, Some(vec![vec![0.5]]));
        let file: Table = "endpoint = 'one-writer'".parse().unwrap();
        let endpoint = |given, flag| topology(given, Some(&file), flag).map(|it| it.endpoint);
        assert_eq!(endpoint("", None), Ok(Endpoint::OneWriter));
        assert_eq!(endpoint("endpoint=all", None), Ok(Endpoint::All));
        assert_eq!(endpoint("", Some(Endpoint::All)), Ok(Endpoint::All));
        let twice = endpoint("endpoint=all", Some(Endpoint::All)).unwrap_err();
        assert!(twice.contains("leave one out"), "{twice}");
    }

    #[test]
    fn impossible_value_is_refused_with_its_key_and_its_range() {
        for (options, says) in [
            ("nodes=0", "nodes is 0; it must be from 1 to 1000"),
            ("nodes=-3", "nodes is -3; it must be from 1 to 1000"),
            ("nodes=many", "nodes is many; it must be from 1 to 1000"),
            ("nodes=2.5", "nodes is 2.5; it must be from 1 to 1000"),
            ("nodes=1001", "nodes is 1001"),
            ("nodes=3,nodes=4", "gives nodes twice"),
            ("nodse=3", "sim has no key `nodse`; did you mean `nodes`?"),
            ("nodes", "write KEY=VALUE"),
            (
                "nodes=2,regions=3",
                "regions is 3; it must be from 1 to 2, the number of nodes",
            ),
            (
                "region_latency_ms=-1",
                "region_latency_ms is -1; it must be from 0 to 60000",
            ),
            ("region_latency_ms=nan", "region_latency_ms is"),
            (
                "flow_control_factor=1.5",
                "flow_control_factor is 1.5; it must be from 0 to 1",
            ),
            ("snapshot_isolation=1", "it must be true or false"),
            (
                "endpoint=two",
                "endpoint is two; it must be all or one-writer",
            ),
            (
                "statement=400..90",
                "statement is 400..90; it must be the median",
            ),
            ("statement=90..1000001", "in µs, from 0 to 1000000"),
            ("statement=-1..90", "as in 90..400"),
            ("statement=fast", "as in 90..400"),
            (
                "nodes=2,latency_ms=[[0,1],[1]]",
                "latency_ms must have 2 rows of 2 numbers",
            ),
            (
                "nodes=1,latency_ms=[[-1]]",
                "it must be rows of numbers from 0 to 60000",
            ),
            ("nodes=1,latency_ms=7", "it must be rows of numbers"),
            ("nodes=1,latency_ms=[7]", "it must be rows of numbers"),
            ("nodes=1,regions=1,latency_ms=[[0]]", "leave out regions"),
            (
                "kind=oracle",
                "kind is oracle; it must be galera or postgres",
            ),
            ("synchronous=true", "it needs kind=postgres"),
            ("kind=postgres,nodes=1,synchronous=true", "nodes from 2 on"),
            ("synchronous=false", "synchronous is of kind=postgres"),
            ("kind=postgres,sync_wait=1", "sync_wait is of kind=galera"),
        ] {
            let why = wrong(options);
            assert!(why.contains(says), "{options}: {why}");
        }
    }
}
