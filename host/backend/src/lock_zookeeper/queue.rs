//! The queue of a name: its nodes, in the order of their sequence numbers.
//!
//! *Example.* `…-s2-0000000007`, `…-s-0000000008`, `…-s-0000000009`, `…-x-0000000010`: the first reader
//! wants no more than two readers beside each other, so the first two hold the name, the third waits for one
//! of them, and the writer waits for all three.

use crate::capability::lock::Mode;
use crate::model::error::CallError;

/// One node of the queue.
struct Entry<'a> {
    node: &'a str,
    claim: &'a str,
    mode: Mode,
    sequence: i64,
}

/// The place of a claim in the queue of a name.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Place {
    Holds(String),
    /// Behind this node, which has to go first.
    Behind(String),
    /// Behind readers, of which some have to go.
    BehindReaders,
    /// Nowhere: its node is gone.
    Absent,
}

/// The name of a node of a claim, up to the number that the service appends.
pub(super) fn prefix(claim: &str, mode: Mode) -> String {
    match mode {
        Mode::Exclusive => format!("{claim}-x-"),
        Mode::Shared(None) => format!("{claim}-s-"),
        Mode::Shared(Some(limit)) => format!("{claim}-s{limit}-"),
    }
}

/// The place of a claim among these nodes. An error for a node that no claim can have made: it might hold
/// the name.
pub(super) fn place(children: &[String], claim: &str) -> Result<Place, CallError> {
    let entries = sorted(children)?;
    let holds = holding(&entries);
    let Some(own) = entries.iter().position(|entry| entry.claim == claim) else {
        return Ok(Place::Absent);
    };
    if own < holds {
        return Ok(Place::Holds(entries[own].node.to_owned()));
    }
    let before = &entries[..own];
    let awaited = match entries[own].mode {
        Mode::Exclusive => before.last(),
        Mode::Shared(_) => before.iter().rfind(|entry| !entry.mode.is_shared()),
    };
    Ok(match awaited {
        Some(entry) => Place::Behind(entry.node.to_owned()),
        None => Place::BehindReaders,
    })
}

/// The nodes that hold the name.
pub(super) fn holders(children: &[String]) -> Result<Vec<String>, CallError> {
    let entries = sorted(children)?;
    let holders = &entries[..holding(&entries)];
    Ok(holders.iter().map(|entry| entry.node.to_owned()).collect())
}

/// The nodes of a claim.
pub(super) fn of_claim<'a>(children: &'a [String], claim: &str) -> Vec<&'a str> {
    let entries = children.iter().filter_map(|node| parse(node));
    let own = entries.filter(|entry| entry.claim == claim);
    own.map(|entry| entry.node).collect()
}

/// The number of those that hold the name: strictly in order, since a reader that overtook a writer would
/// starve it.
fn holding(entries: &[Entry<'_>]) -> usize {
    let is_in = |place: &usize| {
        let before = entries[..*place].iter().map(|entry| entry.mode);
        entries[*place].mode.admits(before)
    };
    (0..entries.len()).take_while(is_in).count()
}

fn sorted(children: &[String]) -> Result<Vec<Entry<'_>>, CallError> {
    let entries = children.iter().map(|node| {
        parse(node).ok_or_else(|| {
            let message = format!(
                "the node {node:?} in the queue of a lock is none of this program's; remove it, or take another \
                 path in the URL"
            );
            CallError::rejected("foreign-node", message)
        })
    });
    let mut entries = entries.collect::<Result<Vec<_>, _>>()?;
    entries.sort_unstable_by_key(|entry| entry.sequence);
    Ok(entries)
}

fn parse(node: &str) -> Option<Entry<'_>> {
    let mut parts = node.splitn(3, '-');
    let (claim, mode, sequence) = (parts.next()?, parts.next()?, parts.next()?);
    let mode = match (mode, mode.strip_prefix('s')) {
        ("x", _) => Mode::Exclusive,
        ("s", _) => Mode::Shared(None),
        (_, Some(limit)) => Mode::Shared(Some(limit.parse().ok()?)),
        _ => return None,
    };
    // After 2³¹ nodes the service counts on with negative numbers, and the order would be lost.
    let sequence = sequence.parse().ok().filter(|sequence| *sequence >= 0)?;
    Some(Entry {
        node,
        claim,
        mode,
        sequence,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nodes(names: &[&str]) -> Vec<String> {
        names.iter().map(|&name| name.to_owned()).collect()
    }

    #[test]
    fn places_are_in_order_of_the_sequence_and_not_of_the_names() {
        let queue = nodes(&["c-x-0000000003", "b-x-0000000009", "a-x-0000000010"]);
        let behind = |node: &str| Place::Behind(node.to_owned());
        assert_eq!(place(&queue, "c"), Ok(Place::Holds(queue[0].clone())));
        assert_eq!(place(&queue, "b"), Ok(behind("c-x-0000000003")));
        assert_eq!(place(&queue, "a"), Ok(behind("b-x-0000000009")));
        assert_eq!(place(&queue, "d"), Ok(Place::Absent));
        assert_eq!(holders(&queue), Ok(vec![queue[0].clone()]));
        assert_eq!(of_claim(&queue, "a"), ["a-x-0000000010"]);
    }

    #[test]
    fn readers_share_up_to_the_smallest_limit_and_overtake_no_writer() {
        let queue = nodes(&[
            "a-s2-0000000007",
            "b-s-0000000008",
            "c-s-0000000009",
            "d-x-0000000010",
            "e-s-0000000011",
            "f-s-0000000012",
        ]);
        assert_eq!(holders(&queue).unwrap(), queue[..2]);
        assert_eq!(place(&queue, "c"), Ok(Place::BehindReaders));
        for (claim, awaited) in [("d", 2), ("e", 3), ("f", 3)] {
            let behind = Place::Behind(queue[awaited].clone());
            assert_eq!(place(&queue, claim), Ok(behind), "{claim}");
        }
        assert_eq!(holders(&queue[1..]).unwrap(), queue[1..3]);
    }

    #[test]
    fn a_name_is_parsed_as_it_was_written_and_a_foreign_node_is_no_free_lock() {
        for mode in [Mode::Exclusive, Mode::Shared(None), Mode::Shared(Some(3))] {
            let node = format!("{}0000000001", prefix("c", mode));
            assert_eq!(parse(&node).unwrap().mode, mode);
        }
        for foreign in ["x", "a-y-0000000001", "a-s0x-0000000001", "a-x--000000001"] {
            let refused = place(&nodes(&[foreign, "b-x-0000000002"]), "b");
            assert_eq!(refused.unwrap_err().code, "foreign-node", "{foreign}");
        }
    }
}
