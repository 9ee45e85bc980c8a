//! The addresses of one pool as numbers: what is free, what is allocated, what is lost.

use crate::model::pool::{Pool, number};
use crate::workload::ip_allocation::tables::Request;

/// The addresses that a node has of one pool.
pub struct Ledger<'a> {
    first: u128,
    last: u128,
    /// Within the pool.
    pub free: Vec<Free>,
    /// Within the pool, with their rows.
    pub allocated: Vec<(u128, &'a Request)>,
    /// Addresses that may be anywhere.
    pub excused: Vec<u128>,
    /// So many more may be nowhere, and it is not known which.
    pub unknown: u64,
}

/// A range, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Free {
    pub first: u128,
    pub last: u128,
}

/// The addresses that nothing accounts for.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Lost {
    pub first: Option<u128>,
    /// At most `u128::MAX`.
    pub count: u128,
}

impl<'a> Ledger<'a> {
    pub fn of(pool: &Pool) -> Self {
        Self {
            first: number(pool.first),
            last: number(pool.last),
            free: Vec::new(),
            allocated: Vec::new(),
            excused: Vec::new(),
            unknown: 0,
        }
    }

    /// To be done before anything is asked.
    pub fn sort(&mut self) {
        self.free.sort_unstable();
        self.allocated.sort_unstable();
        self.excused.sort_unstable();
    }

    /// Each range that begins within an earlier one, behind that one.
    pub fn overlaps(&self) -> impl Iterator<Item = (Free, Free)> {
        let mut longest: Option<Free> = None;
        self.free.iter().filter_map(move |&free| {
            let earlier = longest.filter(|longest| free.first <= longest.last);
            if longest.is_none_or(|longest| free.last > longest.last) {
                longest = Some(free);
            }
            Some((earlier?, free))
        })
    }

    /// Each row whose address is also in a range, with that range.
    pub fn in_both(&self) -> impl Iterator<Item = (&'a Request, Free)> {
        let mut free = self.free.iter().peekable();
        let mut longest: Option<Free> = None;
        self.allocated.iter().filter_map(move |(place, request)| {
            while let Some(begun) = free.next_if(|free| free.first <= *place) {
                if longest.is_none_or(|longest| begun.last > longest.last) {
                    longest = Some(*begun);
                }
            }
            let has = longest.filter(|longest| longest.last >= *place);
            Some((*request, has?))
        })
    }

    /// The addresses of the pool that are neither allocated nor in a range, with or without those that
    /// are excused.
    pub fn lost(&self, less_excused: bool) -> Lost {
        let single = |place: u128| Free {
            first: place,
            last: place,
        };
        let excused = match less_excused {
            true => &self.excused[..],
            false => &[],
        };
        let allocated = self.allocated.iter().map(|(place, _)| single(*place));
        let mut known: Vec<Free> = self.free.iter().copied().chain(allocated).collect();
        known.extend(excused.iter().map(|place| single(*place)));
        known.sort_unstable();
        let mut lost = Lost::default();
        // The first place that is not accounted for so far; none behind the end of the family.
        let mut next = Some(self.first);
        for Free { first, last } in known {
            let Some(place) = next else { break };
            if first > place {
                lost.add(place, first - 1);
            }
            if last >= place {
                next = last.checked_add(1);
            }
        }
        if let Some(place) = next.filter(|place| *place <= self.last) {
            lost.add(place, self.last);
        }
        lost
    }
}

impl Lost {
    fn add(&mut self, first: u128, last: u128) {
        self.first = self.first.or(Some(first));
        self.count = self.count.saturating_add(last - first).saturating_add(1);
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::synthetic::{address, kept, row_of};
    use super::*;

    fn ledger<'a>(
        [first, last]: [u8; 2],
        free: &[(u8, u8)],
        allocated: &[u8],
        row: &'a Request,
    ) -> Ledger<'a> {
        let place = |n: u8| u128::from(0x0a00_0000 + u32::from(n));
        let mut ledger = Ledger::of(&Pool {
            subnet: "10.0.0.0/8".into(),
            first: [10, 0, 0, first].into(),
            last: [10, 0, 0, last].into(),
        });
        let free = free.iter().map(|(first, last)| Free {
            first: place(*first),
            last: place(*last),
        });
        ledger.free = free.collect();
        ledger.allocated = allocated.iter().map(|n| (place(*n), row)).collect();
        ledger.sort();
        ledger
    }

    fn row() -> Request {
        row_of(&kept(0, 0, 0, [0, 1], &address(0, 0)))
    }

    fn ends(free: Free) -> (u8, u8) {
        (free.first as u8, free.last as u8)
    }

    #[test]
    fn address_in_no_range_and_not_allocated_is_lost() {
        type Case<'a> = (&'a [(u8, u8)], &'a [u8], Option<u8>, u128);
        let cases: [Case; 8] = [
            (&[(2, 9)], &[], None, 0),
            (&[(4, 9)], &[3, 2], None, 0),
            (&[(6, 9), (2, 4)], &[5], None, 0),
            (&[(3, 9)], &[], Some(2), 1),
            (&[(2, 3), (6, 8)], &[], Some(4), 3),
            (&[(2, 7)], &[4, 4], Some(8), 2),
            (&[(2, 7), (3, 4)], &[8], Some(9), 1),
            (&[], &[], Some(2), 8),
        ];
        let row = row();
        for (free, allocated, first, count) in cases {
            let lost = ledger([2, 9], free, allocated, &row).lost(false);
            let found = (lost.first.map(|place| place as u8), lost.count);
            assert_eq!(found, (first, count), "{free:?} {allocated:?}");
        }
    }

    #[test]
    fn excused_address_is_lost_only_where_that_is_asked() {
        let row = row();
        let mut ledger = ledger([2, 9], &[(5, 9)], &[2], &row);
        ledger.excused = vec![0x0a00_0003, 0x0a00_0003, 0x0a00_0006];
        assert_eq!(ledger.lost(false).count, 2);
        let lost = ledger.lost(true);
        assert_eq!((lost.first, lost.count), (Some(0x0a00_0004), 1));
    }

    #[test]
    fn ranges_that_share_an_address_overlap_and_those_that_touch_do_not() {
        let row = row();
        let overlaps = |free: &[(u8, u8)]| -> Vec<_> {
            let ledger = ledger([2, 99], free, &[], &row);
            let pairs = ledger.overlaps();
            pairs.map(|(a, b)| (ends(a), ends(b))).collect()
        };
        assert_eq!(overlaps(&[(2, 4), (5, 9)]), []);
        assert_eq!(overlaps(&[(5, 9), (2, 5)]), [((2, 5), (5, 9))]);
        assert_eq!(
            overlaps(&[(2, 50), (3, 4), (40, 60), (61, 62)]),
            [((2, 50), (3, 4)), ((2, 50), (40, 60))]
        );
    }

    #[test]
    fn allocated_address_in_a_range_is_found_behind_shorter_ranges() {
        let row = row();
        let free = [(2, 50), (3, 4), (70, 80)];
        let ledger = ledger([2, 99], &free, &[1, 2, 20, 50, 51, 69, 80, 81], &row);
        let found: Vec<_> = ledger.in_both().map(|(_, free)| ends(free)).collect();
        assert_eq!(found, [(2, 50), (2, 50), (2, 50), (70, 80)]);
    }

    #[test]
    fn the_whole_of_ipv6_can_be_counted_without_listing_it() {
        let mut ledger = Ledger::of(&Pool {
            subnet: "::/0".into(),
            first: "::".parse().unwrap(),
            last: "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff".parse().unwrap(),
        });
        assert_eq!(ledger.lost(false).count, u128::MAX, "one is not counted");
        ledger.free = vec![Free {
            first: 0,
            last: u128::MAX,
        }];
        assert_eq!(ledger.lost(false), Lost::default());
        ledger.free[0].first = 1 << 64;
        assert_eq!(ledger.lost(false).count, 1 << 64);
    }
}
