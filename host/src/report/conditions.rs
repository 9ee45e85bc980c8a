//! The conditions of a trial, in prose and in cells.

use crate::model::background::{Background, Load};
use crate::model::change::Nanos;
use crate::model::conditions::{Conditions, Simulated, Usage};
use crate::model::counters::NodeCounters;
use crate::model::lateness::{Late, Lateness};
use crate::model::membership::Membership;
use crate::record::figures::{cell, decimals, optional};

/// Counters of all nodes together; absent where no node has such a counter.
fn sum(conditions: &Conditions, pick: fn(&NodeCounters) -> Option<u64>) -> Option<u64> {
    conditions
        .counters
        .iter()
        .filter_map(pick)
        .reduce(|a, b| a + b)
}

/// Cells behind the ones of the trial itself: heading and value, empty where there is none.
pub fn cells(conditions: Option<&Conditions>) -> Vec<(String, String)> {
    let count = |heading: &str, pick: fn(&NodeCounters) -> Option<u64>| {
        let value = conditions.and_then(|conditions| sum(conditions, pick));
        cell(heading, optional(value))
    };
    let background = conditions.and_then(|conditions| conditions.background.as_ref());
    let statements = background.map(|b| b.selects.answered + b.updates.answered);
    let errors = background.map(|b| errors(&b.selects) + errors(&b.updates));
    let usage = conditions.map(|conditions| &conditions.usage);
    let seconds = |ns: u64| format!("{:.2}", ns as f64 / 1e9);
    let lateness = conditions.and_then(|conditions| conditions.lateness.as_ref());
    let late = |heading: &str, pick: fn(&Lateness) -> Option<Nanos>| {
        let ns = lateness.and_then(pick);
        cell(heading, decimals(ns.map(|ns| ns as f64 / 1e6)))
    };
    let mib = |kib: u64| format!("{:.1}", kib as f64 / 1024.0);
    let nodes = conditions.map(|conditions| &conditions.nodes);
    let looked_at = nodes.filter(|nodes| nodes.size() > 0);
    let runner_cpu = usage.and_then(|usage| usage.runner_cpu_ns);
    let (servers_cpu, peak) = (
        usage.and_then(servers_cpu),
        usage.and_then(|u| u.runner_peak_kib),
    );
    let if_any = |heading: &str, value: Option<u64>| cell(heading, optional(value));
    vec![
        if_any("nodes", looked_at.map(|it| it.nodes.len() as u64)),
        if_any("nodes unseen", looked_at.map(|it| it.unseen.len() as u64)),
        count("commits", |c| c.commits),
        count("certification failures", |c| c.certification_failures),
        count("brute-force aborts", |c| c.brute_force_aborts),
        count("replays", |c| c.replays),
        count("flow control pauses", |c| c.flow_control_pauses),
        if_any("background statements", statements),
        if_any("background errors", errors),
        cell("runner cpu s", optional(runner_cpu.map(seconds))),
        cell("servers cpu s", optional(servers_cpu.map(seconds))),
        cell("runner peak MiB", optional(peak.map(mib))),
        late("runner timers late p50 ms", |l| l.timers.p50_ns),
        late("runner timers late p99 ms", |l| l.timers.p99_ns),
        late("runner timers late max ms", |l| l.timers.max_ns),
        late("runner tasks late p50 ms", |l| l.tasks.p50_ns),
        late("runner tasks late p99 ms", |l| l.tasks.p99_ns),
        late("runner tasks late max ms", |l| l.tasks.max_ns),
        cell("lab faults", optional(conditions.map(all_faults))),
        cell("server", optional(conditions.map(server))),
    ]
}

/// Sentences for the report of a trial.
pub fn prose(conditions: &Conditions) -> Vec<String> {
    let mut lines = nodes(&conditions.nodes);
    if !conditions.counters.is_empty() {
        lines.push(counters(conditions));
    }
    if let Some(background) = &conditions.background {
        lines.push(load(background));
    }
    lines.extend(
        conditions
            .faults
            .iter()
            .map(|event| format!("fault: {event}")),
    );
    lines.extend(usage(&conditions.usage));
    lines.extend(conditions.lateness.as_ref().map(lateness));
    if let Some(simulated) = &conditions.simulated {
        lines.extend(
            simulated
                .faults
                .iter()
                .map(|event| format!("fault: {event}")),
        );
        lines.push(simulation(simulated));
    }
    lines
}

fn simulation(simulated: &Simulated) -> String {
    format!(
        "simulated in {:.2} s: {} statements",
        simulated.took_ns as f64 / 1e9,
        simulated.statements,
    )
}

/// The nodes that were read, unless they are exactly those that the user named.
fn nodes(nodes: &Membership) -> Vec<String> {
    let mut lines = Vec::new();
    if !nodes.found.is_empty() {
        let (all, found) = (nodes.nodes.join(", "), nodes.found.join(", "));
        lines.push(match nodes.found.len() == nodes.nodes.len() {
            true => format!("nodes: {all} (discovered; none was named)"),
            false => format!("nodes: {all} (discovered, not named: {found})"),
        });
    }
    if !nodes.unseen.is_empty() {
        let (unseen, size) = (nodes.unseen.len(), nodes.size());
        let which = nodes.unseen.join("; ");
        lines.push(format!("not looked at: {unseen} of {size} nodes: {which}"));
    }
    lines
}

fn counters(conditions: &Conditions) -> String {
    let count = |pick| sum(conditions, pick).map_or("-".to_owned(), |n| n.to_string());
    let (counted, size) = (conditions.counters.len(), conditions.nodes.size());
    let of = match counted < size {
        true => format!(" ({counted} of {size} nodes)"),
        false => String::new(),
    };
    let paused = sum(conditions, |c| c.flow_control_paused_ns).unwrap_or(0);
    format!(
        "the servers counted{of}: commits {}, certification failures {}, brute-force aborts {}, \
         replays {}, flow-control pauses {} ({:.1} ms)",
        count(|c| c.commits),
        count(|c| c.certification_failures),
        count(|c| c.brute_force_aborts),
        count(|c| c.replays),
        count(|c| c.flow_control_pauses),
        paused as f64 / 1e6,
    )
}

/// A time in ms without its unit; a dash where there is none.
pub(super) fn ms(ns: Option<Nanos>) -> String {
    ns.map_or("-".to_owned(), |ns| format!("{:.2}", ns as f64 / 1e6))
}

fn lateness(lateness: &Lateness) -> String {
    let kind = |late: &Late| {
        let [p50, p99, max] = [late.p50_ns, late.p99_ns, late.max_ns].map(ms);
        format!("p50 {p50} ms, p99 {p99} ms, max {max} ms")
    };
    let mut lines = format!(
        "the runner itself: timers late by {}; tasks resumed after {}",
        kind(&lateness.timers),
        kind(&lateness.tasks),
    );
    if let Some((second, worst)) = lateness.worst() {
        let worst = ms(Some(worst));
        lines += &format!("; worst from second {second} on, {worst} ms");
    }
    lines
}

fn load(background: &Background) -> String {
    let kind = |name: &str, load: &Load| {
        format!(
            "{} {name} (p50 {} ms, p99 {} ms, errors {}, skipped {})",
            load.answered,
            ms(load.p50_ns),
            ms(load.p99_ns),
            errors(load),
            load.left_out,
        )
    };
    format!(
        "background: {} generators, {}, {}",
        background.generators,
        kind("selects", &background.selects),
        kind("updates", &background.updates),
    )
}

fn usage(usage: &Usage) -> Option<String> {
    let runner = usage.runner_cpu_ns? as f64 / 1e9;
    let mut lines = format!("processor time: runner {runner:.2} s");
    if let Some(servers) = servers_cpu(usage) {
        let servers = servers as f64 / 1e9;
        let share = 100.0 * runner / (runner + servers);
        lines += &format!(", servers {servers:.2} s (the runner's share is {share:.1} %)");
    }
    if let Some(kib) = usage.runner_peak_kib {
        lines += &format!("; runner's memory at most {:.1} MiB", kib as f64 / 1024.0);
    }
    Some(lines)
}

fn servers_cpu(usage: &Usage) -> Option<u64> {
    let all = usage.servers_cpu_ns.values().copied();
    all.reduce(|a, b| a + b).filter(|&ns| ns > 0)
}

fn errors(load: &Load) -> u64 {
    load.errors.values().sum()
}

fn server(conditions: &Conditions) -> String {
    let each = |(name, value): (&String, &String)| format!("{name}={value}");
    let lines: Vec<_> = conditions.server.iter().map(each).collect();
    lines.join("; ")
}

/// Of the lab's servers, or of the simulator.
fn all_faults(conditions: &Conditions) -> String {
    let simulated = conditions.simulated.iter().flat_map(|s| &s.faults);
    let lines = conditions.faults.iter().map(ToString::to_string);
    let lines: Vec<_> = lines.chain(simulated.map(ToString::to_string)).collect();
    lines.join("; ")
}
