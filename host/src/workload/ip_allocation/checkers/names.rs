//! From what a strategy wrote or said to the pool, the address and the change that it names.

use super::evidence::Evidence;
use crate::check::parts::{Trace, Witness};
use crate::model::change::Change;
use crate::model::marker::Marker;
use crate::model::pool::{Pool, pool_number};
use crate::workload::ip_allocation::tables::Request;
use core::net::IpAddr;
use std::collections::BTreeMap;

/// An address of a subnet: what must not be given twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The number of the subnet's first pool.
    subnet: u32,
    pub address: IpAddr,
}

/// Looks names up among the pools and the markers of a run.
pub struct Names<'a> {
    pools: &'a [Pool],
    changes: &'a [Change],
    trace: Trace,
    /// By pool: the number of the first pool of its subnet.
    subnets: Vec<u32>,
}

impl<'a> Names<'a> {
    /// n·log n.
    pub fn new(evidence: &Evidence<'a>) -> Self {
        let mut first = BTreeMap::new();
        let pools = evidence.pools.iter().zip(0..);
        let subnets = pools.map(|(pool, row)| *first.entry(&pool.subnet).or_insert(row));
        Self {
            pools: evidence.pools,
            changes: evidence.changes,
            trace: Trace::new(evidence.changes),
            subnets: subnets.collect(),
        }
    }

    /// The number of the pool with this `id`, if the workload made it.
    pub fn row(&self, pool: &str) -> Option<u32> {
        pool_number(pool).filter(|row| self.pool(*row).is_some())
    }

    /// A witness about a row of a table, which may be of no pool that there is.
    pub fn witness(&self, pool: &str, prose: String, marker: Option<Marker>) -> Witness {
        match self.row(pool) {
            Some(row) => Witness::about(prose, row, [marker]),
            None => prose.into(),
        }
    }

    pub fn pool(&self, row: u32) -> Option<&'a Pool> {
        self.pools.get(row as usize)
    }

    /// The index of the change whose marker the row has, if that is one of the row's pool.
    pub fn index(&self, request: &Request) -> Option<usize> {
        self.trace.find(self.row(&request.pool)?, &request.mark)
    }

    pub fn change(&self, request: &Request) -> Option<&'a Change> {
        self.index(request).map(|index| &self.changes[index])
    }

    /// The address of this pool that the text says, or why it is none.
    pub fn place(&self, row: u32, address: &str) -> Result<Place, &'static str> {
        let pool = self.pool(row).ok_or(NO_POOL)?;
        let address = address.parse().map_err(|_| "which is no address")?;
        if !pool.has(address) {
            return Err("which is outside of its pool");
        }
        let subnet = self.subnets[row as usize];
        Ok(Place { subnet, address })
    }

    /// The address that the row has, or what is wrong with it.
    pub fn place_of(&self, request: &Request) -> Result<Place, &'static str> {
        let row = self.row(&request.pool).ok_or(NO_POOL)?;
        let place = self.place(row, &request.address)?;
        match self.subnet(place) == request.subnet {
            true => Ok(place),
            false => Err("with a subnet that is not its pool's"),
        }
    }

    pub fn subnet(&self, place: Place) -> &'a str {
        &self.pools[place.subnet as usize].subnet
    }
}

const NO_POOL: &str = "of a pool that the workload never made";

#[cfg(test)]
mod tests {
    use super::super::synthetic::{address, kept, pools, row_of};
    use super::*;

    #[test]
    fn an_address_is_one_in_all_pools_of_its_subnet_and_in_any_spelling() {
        let pools = pools(3);
        let evidence = Evidence {
            pools: &pools,
            changes: &[],
            found: None,
        };
        let names = Names::new(&evidence);
        let subnets: Vec<_> = (0..3)
            .map(|row| {
                let place = names.place(row, &address(row, 0)).unwrap();
                names.subnet(place)
            })
            .collect();
        assert_eq!(subnets, ["10.0.0.0/8", "10.0.0.0/8", "2001:db8:2::/64"]);
        assert_eq!(
            names.place(2, "2001:db8:2::1"),
            names.place(2, "2001:DB8:2:0::0001")
        );
        for (row, text, why) in [
            (0, address(1, 0), "outside"),
            (0, address(2, 0), "outside"),
            (0, "10.0.0".to_owned(), "no address"),
            (0, String::new(), "no address"),
            (3, address(0, 0), "never made"),
        ] {
            let told = names.place(row, &text).unwrap_err();
            assert!(told.contains(why), "{text}: {told}");
        }
    }

    #[test]
    fn an_address_is_another_one_in_another_subnet_and_the_same_in_another_pool() {
        let pool = |subnet: &str| Pool {
            subnet: subnet.to_owned(),
            first: "10.0.0.1".parse().unwrap(),
            last: "10.0.0.9".parse().unwrap(),
        };
        let pools = ["10.0.0.0/8", "10.0.0.0/9", "10.0.0.0/8"].map(pool);
        let evidence = Evidence {
            pools: &pools,
            changes: &[],
            found: None,
        };
        let names = Names::new(&evidence);
        let [one, other, same] = [0, 1, 2].map(|row| names.place(row, "10.0.0.5"));
        assert_eq!(one, same);
        assert_ne!(one, other);
    }

    #[test]
    fn a_row_leads_to_the_change_of_its_own_pool_and_must_name_its_subnet() {
        let pools = pools(2);
        let changes = [kept(3, 0, 0, [0, 1], &address(0, 5))];
        let evidence = Evidence {
            pools: &pools,
            changes: &changes,
            found: None,
        };
        let names = Names::new(&evidence);
        let row = row_of(&changes[0]);
        assert_eq!(names.index(&row), Some(0));
        assert!(names.place_of(&row).is_ok());
        for pool in ["pool-1", "pool-2", "pool-00", "pool", ""] {
            let mut elsewhere = row.clone();
            elsewhere.pool = pool.to_owned();
            assert_eq!(names.index(&elsewhere), None);
            assert!(names.place_of(&elsewhere).is_err());
        }
        let mut elsewhere = row.clone();
        elsewhere.subnet = "10.0.0.0/9".to_owned();
        assert!(names.place_of(&elsewhere).unwrap_err().contains("subnet"));
    }
}
