use super::*;
use crate::model::topology::Topology;
use crate::plan::SimulatedWorld;
use crate::report::tests::run_report;

#[test]
fn placeholder() {}
