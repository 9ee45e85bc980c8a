//! A cluster as large as one can be, spread over the world.

use super::{Measured, case, measure, strategy};
use crate::child;
use crate::process::megabytes;
use crate::report::Figure;
use crate::spread::Spread;
use contend::explore::case::Case;
use contend::model::topology::Topology;
use contend::workload::Workload;

pub const CHILD: &str = "simulated-wide-area";

const NODES: u32 = 1_000;
const REGIONS: u32 = 10;

pub fn measure_nodes() -> Figure {
    let [cpu_s, simulated_s, changes, peak]: [f64; 4] = child::run(CHILD);
    Figure::new(
        "1,000 nodes in 10 regions: processor time of a run",
        Spread::new([cpu_s], "s"),
    )
    .method(format!(
        "{changes} changes of 60 workers with `cas.wasm`, each checked on all {NODES} nodes; \
         {REGIONS} regions 40 ms apart."
    ))
    .detail(format!(
        "{simulated_s:.1} s were simulated, in {peak:.0} MB at most"
    ))
}

pub fn child() -> serde_json::Value {
    let workload = Workload {
        rows: 20,
        workers_per_row: 3,
        changes_per_worker: 3,
        ..Workload::default()
    };
    let case = Case {
        topology: Topology {
            nodes: NODES,
            regions: REGIONS,
            ..Topology::default()
        },
        ..case(workload, None)
    };
    let strategy = strategy("cas", &case);
    let Measured {
        cpu_s,
        simulated_s,
        changes,
        ..
    } = measure(&case, &strategy);
    [cpu_s, simulated_s, changes as f64, megabytes("VmHWM")].into()
}
