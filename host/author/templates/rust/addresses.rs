//! Which addresses of a pool are free. They are counted as numbers, IPv4 and IPv6 alike, since their
//! texts do not sort as they do.

use crate::contend::strategy::types::{Row, Value};
use crate::exports::contend::strategy::allocation::Pool;
use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv6Addr};

/// The lowest `count` addresses of the pool that are not taken; fewer if there are no more.
pub fn next_free(pool: &Pool, taken: &[Row], count: usize) -> Vec<String> {
    let taken: BTreeSet<u128> = taken
        .iter()
        .filter_map(|row| match row.first() {
            Some(Value::Text(address)) => number(address),
            _ => None,
        })
        .collect();
    let (Some(first), Some(last)) = (number(&pool.first), number(&pool.last)) else {
        return Vec::new();
    };
    let free = (first..=last).filter(|address| !taken.contains(address));
    free.take(count).map(text).collect()
}

fn number(address: &str) -> Option<u128> {
    Some(match address.parse().ok()? {
        IpAddr::V4(address) => address.to_ipv6_mapped().into(),
        IpAddr::V6(address) => address.into(),
    })
}

fn text(number: u128) -> String {
    Ipv6Addr::from(number).to_canonical().to_string()
}
