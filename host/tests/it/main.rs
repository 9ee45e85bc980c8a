//! The tests of the whole, in one binary: it links once.

mod support;

mod arrows;
mod backend_contract;
mod bad_input;
mod batch;
mod building;
mod bundle;
mod calibration;
mod check;
mod conditions;
mod conformance;
mod contract;
mod crash;
mod determinism;
mod documents;
mod hostile;
mod inspect;
mod install;
mod ip_allocation;
mod lab;
mod languages;
mod main_job;
mod new;
mod on_the_lab;
mod oracles;
mod output;
mod redis_server;
mod reference;
mod registry;
mod sim;
mod sim_sql;
mod stopping;
mod wasi;
mod worker;
mod workload;
