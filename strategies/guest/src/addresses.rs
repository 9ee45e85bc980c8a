//! IP addresses and ranges of them, as numbers and not as texts, whose order is another one.
//!
//! Nothing here lists a pool: what is free is what lies between the addresses that are taken, so a
//! pool of IPv6 costs no more than a small one.

use crate::{Error, Pool, Row, value::text_of};
use std::collections::BTreeSet;
use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

/// An address. The text of an IPv6 address is the canonical one (RFC 5952).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Address(IpAddr);

/// The addresses from `first` to `last`, of one family.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Range {
    first: Address,
    last: Address,
}

/// Ranges that have no address in common, in ascending order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ranges(Vec<Range>);

impl Address {
    /// Its place among those of its family.
    fn number(self) -> u128 {
        match self.0 {
            IpAddr::V4(address) => u32::from(address).into(),
            IpAddr::V6(address) => address.into(),
        }
    }

    fn of_same_family(self, number: u128) -> Option<Self> {
        let address = match self.0 {
            IpAddr::V4(_) => IpAddr::V4(u32::try_from(number).ok()?.into()),
            IpAddr::V6(_) => IpAddr::V6(number.into()),
        };
        Some(Self(address))
    }

    /// The address so many places on; nothing beyond the last of its family.
    pub fn plus(self, places: u128) -> Option<Self> {
        self.of_same_family(self.number().checked_add(places)?)
    }

    /// The one before; nothing before the first.
    pub fn before(self) -> Option<Self> {
        self.of_same_family(self.number().checked_sub(1)?)
    }
}

impl FromStr for Address {
    type Err = Error;

    /// `rejected` with `bad-address` for a text that is none.
    fn from_str(text: &str) -> Result<Self, Error> {
        let bad = |_| Error::rejected("bad-address", format!("`{text}` is no IP address"));
        text.parse().map(Self).map_err(bad)
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Range {
    /// From the texts of its ends. `rejected` with `bad-address` if they are none, or in no order.
    pub fn parse(first: &str, last: &str) -> Result<Self, Error> {
        let range = Self {
            first: first.parse()?,
            last: last.parse()?,
        };
        if range.first > range.last || range.first.0.is_ipv4() != range.last.0.is_ipv4() {
            let message = format!("there is no range from {first} to {last}");
            return Err(Error::rejected("bad-address", message));
        }
        Ok(range)
    }

    pub fn first(&self) -> Address {
        self.first
    }

    pub fn last(&self) -> Address {
        self.last
    }

    pub fn has(&self, address: Address) -> bool {
        (self.first..=self.last).contains(&address)
    }

    /// The number of its addresses; at most `u128::MAX`, which the whole of IPv6 exceeds by one.
    pub fn count(&self) -> u128 {
        let places = self.last.number() - self.first.number();
        places.saturating_add(1)
    }

    /// The rest of it without these: it is shrunk, split, or gone.
    pub fn without(&self, taken: &BTreeSet<Address>) -> Vec<Self> {
        let mut left = Vec::new();
        let mut from = Some(self.first);
        for &address in taken.range(self.first..=self.last) {
            if let (Some(first), Some(last)) = (from, address.before())
                && first <= last
            {
                left.push(Self { first, last });
            }
            from = address.plus(1);
        }
        if let Some(first) = from.filter(|first| *first <= self.last) {
            let last = self.last;
            left.push(Self { first, last });
        }
        left
    }
}

impl Ranges {
    /// The whole pool.
    pub fn of(pool: &Pool) -> Result<Self, Error> {
        Ok(Self(vec![Range::parse(&pool.first, &pool.last)?]))
    }

    /// From rows of `first_ip` and `last_ip`, in any order.
    pub fn of_rows(rows: &[Row]) -> Result<Self, Error> {
        let range = |row| Range::parse(text_of(row, 0)?, text_of(row, 1)?);
        let mut ranges: Vec<Range> = rows.iter().map(range).collect::<Result<_, _>>()?;
        ranges.sort_unstable();
        Ok(Self(ranges))
    }

    pub fn iter(&self) -> impl Iterator<Item = &Range> {
        self.0.iter()
    }

    pub fn has(&self, address: Address) -> bool {
        self.0.iter().any(|range| range.has(address))
    }

    /// The number of addresses, at most `u128::MAX`.
    pub fn count(&self) -> u128 {
        let counts = self.0.iter().map(Range::count);
        counts.fold(0, u128::saturating_add)
    }

    /// The address at this place, counted from 0 at the lowest.
    pub fn nth(&self, mut place: u128) -> Option<Address> {
        for range in &self.0 {
            let count = range.count();
            if place < count {
                return range.first.plus(place);
            }
            place -= count;
        }
        None
    }

    pub fn lowest(&self) -> Option<Address> {
        self.nth(0)
    }

    /// The rest without these.
    pub fn without(&self, taken: &BTreeSet<Address>) -> Self {
        let left = self.0.iter().flat_map(|range| range.without(taken));
        Self(left.collect())
    }
}

#[cfg(test)]
mod tests;
