//! Pools of addresses, as a workload file and the command line write them.

use crate::model::pool::{Pool, address_at, number};
use std::net::IpAddr;

/// The pools, if each lies in its subnet and no two of a subnet meet.
pub fn pools(given: &[Pool]) -> Result<Vec<Pool>, String> {
    let wrong = |why: String| Err(format!("a pool: {why}"));
    if given.is_empty() {
        return wrong("there is no pool; say at least one".to_owned());
    }
    let mut pools: Vec<Pool> = Vec::new();
    for pool in given {
        let (subnet, first, last) = (&pool.subnet, pool.first, pool.last);
        let Some(whole) = whole(subnet) else {
            return wrong(format!(
                "{subnet:?} is no subnet; write 192.168.0.0/24 or 2001:db8::/64"
            ));
        };
        if !whole.has(first) || !whole.has(last) || number(first) > number(last) {
            return wrong(format!(
                "{first} to {last} is no range of addresses in {subnet}"
            ));
        }
        let meets = |other: &&Pool| {
            other.subnet == pool.subnet && (other.has(first) || pool.has(other.first))
        };
        if let Some(other) = pools.iter().find(meets) {
            return wrong(format!(
                "{first} to {last} and {} to {} of {subnet} have addresses in common",
                other.first, other.last
            ));
        }
        pools.push(pool.clone());
    }
    Ok(pools)
}

/// All addresses of a subnet.
fn whole(subnet: &str) -> Option<Pool> {
    let (address, length) = subnet.split_once('/')?;
    let (address, length): (IpAddr, u32) = (address.parse().ok()?, length.parse().ok()?);
    let bits = if address.is_ipv4() { 32 } else { 128 };
    let host_bits = u32::checked_sub(bits, length)?;
    // A shift by all 128 bits is none that u128 has.
    let hosts = 1u128.checked_shl(host_bits).map_or(u128::MAX, |n| n - 1);
    let first = number(address) & !hosts;
    (first == number(address)).then_some(Pool {
        subnet: subnet.to_owned(),
        first: address,
        last: address_at(first | hosts, address)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(given: &[&str]) -> Result<Vec<Pool>, String> {
        let options: Result<Vec<Pool>, _> = given.iter().map(|text| text.parse()).collect();
        pools(&options?)
    }

    #[test]
    fn pools_lie_in_their_subnets() {
        let pools = read(&[
            "192.168.0.0/24 192.168.0.2-192.168.0.99",
            "192.168.0.0/24 192.168.0.100-192.168.0.254",
            "2001:db8::/64 2001:db8::-2001:db8::ffff:ffff:ffff:ffff",
            "10.0.0.7/32 10.0.0.7-10.0.0.7",
            "0.0.0.0/0 1.0.0.0-2.0.0.0",
            "::/0 ::1-::2",
            "::1/128 ::1-::1",
        ]);
        assert_eq!(pools.unwrap().len(), 7);
    }

    #[test]
    fn impossible_pool_is_refused() {
        for (given, says) in [
            (&[][..], "say at least one"),
            (&["192.168.0.0/24"], "it is SUBNET,FIRST-LAST"),
            (&["192.168.0.0/24,a-b"], "it is SUBNET,FIRST-LAST"),
            (&["here 10.0.0.1-10.0.0.2"], "is no subnet"),
            (&["10.0.0.1/24 10.0.0.1-10.0.0.2"], "is no subnet"),
            (&["10.0.0.0/33 10.0.0.1-10.0.0.2"], "is no subnet"),
            (&["::/129 ::1-::2"], "is no subnet"),
            (&["10.0.0.0/24 10.0.0.9-10.0.0.2"], "is no range"),
            (&["10.0.0.0/24 10.0.0.9-10.0.1.2"], "is no range"),
            (&["10.0.0.0/24 ::1-::2"], "is no range"),
            (
                &[
                    "10.0.0.0/24 10.0.0.1-10.0.0.9",
                    "10.0.0.0/24 10.0.0.9-10.0.0.20",
                ],
                "addresses in common",
            ),
            (
                &[
                    "10.0.0.0/24 10.0.0.5-10.0.0.6",
                    "10.0.0.0/24 10.0.0.1-10.0.0.20",
                ],
                "addresses in common",
            ),
        ] {
            let error = read(given).unwrap_err();
            assert!(error.contains(says), "{given:?}: {error}");
        }
    }
}
