//! A pool of addresses, as the contract has it.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// The addresses from `first` to `last`, of one family; as a `[[pool]]` of a workload file has them, too.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pool {
    /// The subnet's name, as `192.168.0.0/24`.
    pub subnet: String,
    pub first: IpAddr,
    pub last: IpAddr,
}

impl Pool {
    /// The number of its addresses; at most `u128::MAX`, which the whole of IPv6 exceeds by one.
    pub fn capacity(&self) -> u128 {
        let span = number(self.last).saturating_sub(number(self.first));
        span.saturating_add(1)
    }

    /// Says whether the pool contains the address.
    pub fn has(&self, address: IpAddr) -> bool {
        let is_of_family = address.is_ipv4() == self.first.is_ipv4();
        let place = number(self.first)..=number(self.last);
        is_of_family && place.contains(&number(address))
    }
}

/// `SUBNET,FIRST-LAST`.
impl FromStr for Pool {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts = text
            .split_once([' ', ','])
            .and_then(|(subnet, range)| Some((subnet, range.split_once('-')?)));
        let parsed = parts.and_then(|(subnet, (first, last))| {
            Some(Self {
                subnet: subnet.to_owned(),
                first: first.trim().parse().ok()?,
                last: last.trim().parse().ok()?,
            })
        });
        parsed.ok_or_else(|| {
            "it is SUBNET,FIRST-LAST, as in 192.168.0.0/24,192.168.0.2-192.168.0.254".to_owned()
        })
    }
}

/// As it is read.
impl fmt::Display for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{},{}-{}", self.subnet, self.first, self.last)
    }
}

/// The address's place among those of its family.
pub fn number(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => u32::from(address).into(),
        IpAddr::V6(address) => address.into(),
    }
}

/// The address of this place, of the other one's family; `None` beyond its end.
pub fn address_at(number: u128, family_of: IpAddr) -> Option<IpAddr> {
    match family_of {
        IpAddr::V4(_) => Some(Ipv4Addr::from(u32::try_from(number).ok()?).into()),
        IpAddr::V6(_) => Some(Ipv6Addr::from(number).into()),
    }
}

/// The `id` of the pool of this number.
pub fn pool_id(row: u32) -> String {
    format!("pool-{row}")
}

/// The number of the pool with this `id`, if that is how `pool_id` writes it.
pub fn pool_number(id: &str) -> Option<u32> {
    let row = id.strip_prefix("pool-")?.parse().ok()?;
    (pool_id(row) == id).then_some(row)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pool(first: &str, last: &str) -> Pool {
        Pool {
            subnet: "any".to_owned(),
            first: first.parse().unwrap(),
            last: last.parse().unwrap(),
        }
    }

    #[test]
    fn a_pool_has_its_ends_and_nothing_of_the_other_family() {
        let four = pool("192.168.0.2", "192.168.0.254");
        assert_eq!(four.capacity(), 253);
        for (address, has) in [
            ("192.168.0.1", false),
            ("192.168.0.2", true),
            ("192.168.0.254", true),
            ("192.168.0.255", false),
            ("::c0a8:2", false),
        ] {
            assert_eq!(four.has(address.parse().unwrap()), has, "{address}");
        }
        let six = pool("2001:db8::", "2001:db8::ffff:ffff:ffff:ffff");
        assert_eq!(six.capacity(), 1 << 64);
        assert_eq!(
            pool("::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff").capacity(),
            u128::MAX
        );
    }

    #[test]
    fn an_address_is_had_again_from_its_place() {
        for text in ["0.0.0.0", "192.168.0.254", "::", "2001:db8::ff"] {
            let address = text.parse().unwrap();
            assert_eq!(address_at(number(address), address), Some(address));
        }
        assert_eq!(
            address_at(1 << 32, "::".parse().unwrap())
                .unwrap()
                .to_string(),
            "::1:0:0"
        );
        assert_eq!(address_at(1 << 32, "0.0.0.0".parse().unwrap()), None);
    }

    #[test]
    fn only_an_id_as_it_is_written_has_a_number() {
        assert_eq!(pool_number(&pool_id(0)), Some(0));
        assert_eq!(pool_number(&pool_id(u32::MAX)), Some(u32::MAX));
        for id in [
            "pool-01",
            "pool-+1",
            "pool-",
            "pool-x",
            "1",
            "pool-4294967296",
        ] {
            assert_eq!(pool_number(id), None, "{id}");
        }
    }
}
