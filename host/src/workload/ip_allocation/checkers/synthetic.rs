//! Right histories of any size, for the checkers' tests.

use crate::check::synthetic;
use crate::model::change::{Allocation, Change, Nanos};
use crate::model::marker::Mark;
use crate::model::outcome::{Outcome, Reason};
use crate::model::pool::{Pool, pool_id};
use crate::model::statements::Statements;
use crate::workload::ip_allocation::tables::{Allocations, NodeAllocations, Range, Request, Table};
use core::net::{Ipv4Addr, Ipv6Addr};
use std::collections::BTreeSet;

const STEP: Nanos = 700_000;

/// The addresses of a pool of IPv4.
const SIZE: u32 = 1 << 20;

/// So many pools, at most 16. Every third has a subnet and 2⁶⁴ addresses of IPv6 to itself; the others
/// share one of IPv4.
pub fn pools(count: u32) -> Vec<Pool> {
    let pools = (0..count).map(|row| Pool {
        subnet: subnet(row),
        first: address(row, 0).parse().expect("an address"),
        last: match row % 3 {
            2 => address(row, u64::MAX).parse().expect("an address"),
            _ => address(row, u64::from(SIZE) - 1)
                .parse()
                .expect("an address"),
        },
    });
    pools.collect()
}

fn subnet(row: u32) -> String {
    match row % 3 {
        2 => format!("2001:db8:{row:x}::/64"),
        _ => "10.0.0.0/8".to_owned(),
    }
}

/// The n-th address of the pool, from 0.
pub fn address(row: u32, n: u64) -> String {
    match row % 3 {
        2 => {
            let net = Ipv6Addr::new(0x2001, 0xdb8, row as u16, 0, 0, 0, 0, 0);
            Ipv6Addr::from(u128::from(net) + u128::from(n)).to_string()
        }
        _ => {
            let net = u32::from(Ipv4Addr::new(10, 0, 0, 0));
            Ipv4Addr::from(net + row * SIZE + n as u32).to_string()
        }
    }
}

/// A history without fault: worker `w` is at pool `w % pools`, and all ask at once, again and again.
/// Each gets the lowest address that is free, and every other time gives it back, so addresses are
/// given anew. Two nodes; the ranges are kept.
pub fn history(
    workers: u32,
    pool_count: u32,
    changes: u32,
) -> (Vec<Pool>, Vec<Change>, Allocations) {
    let turns = u64::from(workers.div_ceil(pool_count));
    let mut free: Vec<_> = (0..pool_count).map(|_| Free::default()).collect();
    let mut history = Vec::with_capacity(workers as usize * changes as usize);
    for number in 0..changes {
        let start = u64::from(number) * STEP * 2 * (turns + 2);
        let mut returned = Vec::new();
        for worker in 0..workers {
            let row = worker % pool_count;
            let taken = free[row as usize].take();
            let turn = u64::from(worker / pool_count);
            let acquired = start + STEP * (1 + turn);
            let address = &address(row, taken);
            history.push(match (worker + number) % 2 {
                0 => {
                    let release = start + STEP * (2 + turns + turn);
                    returned.push((row, taken));
                    let times = [start, acquired, release, release + STEP];
                    given_back(worker, row, number, times, address)
                }
                _ => kept(worker, row, number, [start, acquired], address),
            });
        }
        for (row, taken) in returned {
            free[row as usize].given_back.insert(taken);
        }
    }
    let pools = pools(pool_count);
    let found = found(&pools, &history, &free);
    (pools, history, found)
}

/// The free addresses of a pool: those given back, and everything from `next` on.
#[derive(Default)]
struct Free {
    given_back: BTreeSet<u64>,
    next: u64,
}

impl Free {
    fn take(&mut self) -> u64 {
        self.given_back.pop_first().unwrap_or_else(|| {
            self.next += 1;
            self.next - 1
        })
    }
}

fn found(pools: &[Pool], history: &[Change], free: &[Free]) -> Allocations {
    let kept = history.iter().filter(|change| change.release.is_none());
    let mut requests: Vec<_> = kept.map(row_of).collect();
    requests.sort_unstable();
    let mut ranges = Vec::new();
    for ((pool, free), row) in pools.iter().zip(free).zip(0..) {
        let range = |first: u64, last: String| Range {
            pool: pool_id(row),
            first: address(row, first),
            last,
        };
        let single = |n: &u64| range(*n, address(row, *n));
        ranges.extend(free.given_back.iter().map(single));
        ranges.push(range(free.next, pool.last.to_string()));
    }
    ranges.sort_unstable();
    let node = |name: &str| NodeAllocations {
        node: name.to_owned(),
        requests: requests.clone(),
        ranges: ranges.clone(),
    };
    Allocations {
        nodes: vec![node("a"), node("b")],
        silent: Vec::new(),
        unseen: 0,
        has_primary: false,
        breakdowns: Vec::new(),
    }
}

/// The row that an allocation leaves which is not given back.
pub fn row_of(change: &Change) -> Request {
    let allocation = change.allocation.as_ref().expect("an allocation");
    Request {
        table: Table::IpAllocations,
        address: allocation.address.clone().expect("an address"),
        subnet: subnet(change.row),
        pool: pool_id(change.row),
        status: "ALLOCATED".to_owned(),
        mark: Mark::Of(change.marker()),
    }
}

/// An ok allocation: acquire invoked and returned, release invoked and returned.
pub fn given_back(worker: u32, row: u32, number: u32, times: [Nanos; 4], address: &str) -> Change {
    let mut change = synthetic::change(worker, row, number, times);
    change.check = None;
    change.allocation = Some(Box::new(Allocation {
        address: Some(address.to_owned()),
        attempts: Some(1),
        statements: Statements::default(),
    }));
    change
}

/// An ok allocation that is never given back.
pub fn kept(worker: u32, row: u32, number: u32, times: [Nanos; 2], address: &str) -> Change {
    let [invoked, returned] = times;
    let times = [invoked, returned, returned, returned];
    let mut change = given_back(worker, row, number, times, address);
    change.release = None;
    change
}

/// An allocation that failed with this code.
pub fn refused(worker: u32, row: u32, number: u32, times: [Nanos; 2], code: &str) -> Change {
    let mut change = kept(worker, row, number, times, "");
    change.acquire.outcome = Outcome::Failed(Box::new(Reason {
        code: code.to_owned(),
        message: String::new(),
    }));
    change.allocation = Some(Box::default());
    change
}
