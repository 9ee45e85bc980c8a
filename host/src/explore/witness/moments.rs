//! Weights and texts of events in a timeline.

use super::participants::Participants;
use super::sql_text::{cut, filled_in, shown};
use crate::model::change::Nanos;
use crate::model::prose::Ms;
use crate::model::timeline::{Lane, TimelineEntry, Tone};
use crate::model::value::Value;
use crate::sim::event::{Actor, Answer, Event, LockCall, TransactionName, What};

/// An entry that a timeline may have.
pub struct ScoredEvent {
    pub weight: u32,
    pub moment: TimelineEntry,
    /// The write set that this entry gives its place in the order.
    pub ordered: Option<WriteSet>,
    pub caused_by: Option<CausedBy>,
    /// Of several with the same of these, the last one is enough: workers look again and again.
    pub once: Option<String>,
}

/// A write set in the order of the cluster.
pub struct WriteSet {
    pub position: u64,
    pub actor: Actor,
    /// The node of its transaction.
    pub node: u32,
}

/// The entry that leads to another one: the last before it for which this holds.
pub enum CausedBy {
    /// It gives the write set at this position its place.
    Position(u64),
    /// It gives a write set of this actor, from this node, its place.
    Writes { actor: Actor, node: u32 },
    /// It is on this lane.
    Lane(Lane),
}

impl ScoredEvent {
    pub fn new(weight: u32, at: Nanos, lane: Lane, tone: Tone, text: String) -> Self {
        let moment = TimelineEntry {
            at,
            lane,
            tone,
            text,
            after: None,
        };
        Self {
            weight,
            moment,
            ordered: None,
            caused_by: None,
            once: None,
        }
    }
}

impl CausedBy {
    pub fn is(&self, earlier: &ScoredEvent) -> bool {
        let ordered = earlier.ordered.as_ref();
        match self {
            Self::Position(position) => ordered.is_some_and(|set| set.position == *position),
            Self::Writes { actor, node } => {
                ordered.is_some_and(|set| set.actor == *actor && set.node == *node)
            }
            Self::Lane(lane) => earlier.moment.lane == *lane,
        }
    }
}

/// Weighs an event; `None` if it has nothing to do with the participants. An event after the last worker has
/// the row explains little.
pub fn weigh(participants: &Participants, event: &Event, let_go: Nanos) -> Option<ScoredEvent> {
    let at = event.at.checked_sub(let_go)?;
    let mut weighed = worth(participants, event, at, let_go)?;
    if at > participants.point {
        weighed.weight = weighed.weight * 2 / 3;
    }
    Some(weighed)
}

fn worth(
    participants: &Participants,
    event: &Event,
    at: Nanos,
    let_go: Nanos,
) -> Option<ScoredEvent> {
    if let Some((fault, lanes)) = participants.fault(event) {
        let text = format!("fault: {}", fault.what);
        return Some(ScoredEvent::new(96, at, *lanes.first()?, Tone::Fault, text));
    }
    if !(participants.from..=participants.to).contains(&at) {
        return None;
    }
    match &event.what {
        What::Answered {
            transaction,
            text,
            parameters,
            answer,
            ..
        } if participants.acts(transaction.actor, at) => Some(answered(
            participants,
            at,
            *transaction,
            text,
            parameters,
            answer,
        )),
        What::Lock {
            actor,
            call,
            names,
            token,
            ..
        } if participants.has(*actor) && participants.is_row(names) => {
            lock(participants, at, *actor, *call, names, *token, let_go)
        }
        What::LeaseEnded { owner, names } if participants.is_row(names) => {
            let text = format!("the lease of {} on {names} ends", owner_name(owner));
            Some(ScoredEvent::new(93, at, Lane::Locks, Tone::Lost, text))
        }
        What::Evicted { owner, names } if participants.is_row(names) => {
            let text = format!("the lock of {} on {names} is evicted", owner_name(owner));
            Some(ScoredEvent::new(93, at, Lane::Locks, Tone::Lost, text))
        }
        What::Members { nodes } => {
            let names: Vec<_> = nodes
                .iter()
                .map(|&node| Lane::Node(node).to_string())
                .collect();
            let lane = Lane::Node(nodes.first().copied().unwrap_or(0));
            let text = format!("the cluster is now {}", names.join(", "));
            Some(ScoredEvent::new(58, at, lane, Tone::Plain, text))
        }
        What::Promoted { node, position } => {
            let text = format!("is the primary now, with everything up to number {position}");
            Some(ScoredEvent::new(
                92,
                at,
                Lane::Node(*node),
                Tone::Plain,
                text,
            ))
        }
        What::FaultEnded(fault) => {
            let begun = Event {
                at: event.at,
                what: What::Fault(fault.clone()),
            };
            let (_, lanes) = participants.fault(&begun)?;
            let text = format!("over: {}", fault.what);
            Some(ScoredEvent::new(66, at, *lanes.first()?, Tone::Fault, text))
        }
        _ => of_the_cluster(participants, at, &event.what),
    }
}

/// Names an action that a worker repeats in one step, so that the timeline shows only the last time.
fn once(participants: &Participants, actor: Actor, at: Nanos, what: &str) -> Option<String> {
    Some(format!("{actor} {} {what}", participants.phase(actor, at)))
}

/// Weighs the actions of nodes on the transactions of the participants on its row.
fn of_the_cluster(participants: &Participants, at: Nanos, what: &What) -> Option<ScoredEvent> {
    let acts = |name: &TransactionName| participants.has(name.actor);
    let moment_on =
        |weight, node, tone, text| Some(ScoredEvent::new(weight, at, Lane::Node(node), tone, text));
    match what {
        What::Ordered {
            transaction,
            position,
            rows,
        } if acts(transaction) && rows.iter().any(|row| participants.is_row(&row.key)) => {
            let text = format!(
                "{}'s write set is number {position} in the order",
                transaction.actor
            );
            let mut weighed = moment_on(84, transaction.node, Tone::Plain, text)?;
            weighed.ordered = Some(WriteSet {
                position: *position,
                actor: transaction.actor,
                node: transaction.node,
            });
            Some(weighed)
        }
        What::Applied {
            node,
            transaction,
            position,
        } if acts(transaction) && *node != transaction.node => {
            let text = format!("applies number {position} of {}", transaction.actor);
            let mut weighed = moment_on(56, *node, Tone::Plain, text)?;
            weighed.caused_by = Some(CausedBy::Position(*position));
            Some(weighed)
        }
        What::LostCommit {
            transaction,
            position,
        } if acts(transaction) => {
            let text = format!(
                "number {position}, a commit of {}, is on no server any more",
                transaction.actor
            );
            let mut weighed = moment_on(95, transaction.node, Tone::Lost, text)?;
            weighed.caused_by = Some(CausedBy::Position(*position));
            Some(weighed)
        }
        What::CertificationFailed {
            transaction,
            position,
            seen,
            against,
            against_position,
            row,
        } if acts(transaction) && participants.is_row(&row.key) => {
            let text = format!(
                "{}'s write set, number {position}, fails certification: {}'s number \
                 {against_position} changed {row} after {seen}, the last that the node had seen",
                transaction.actor, against.actor
            );
            let mut weighed = moment_on(90, transaction.node, Tone::Lost, text)?;
            weighed.caused_by = Some(CausedBy::Position(*against_position));
            Some(weighed)
        }
        What::BruteForceAborted {
            victim,
            by,
            position,
            row,
        } if acts(victim) && participants.is_row(&row.key) => {
            let text = format!(
                "number {position} of {} takes {row} and aborts {}'s transaction",
                by.actor, victim.actor
            );
            let mut weighed = moment_on(91, victim.node, Tone::Lost, text)?;
            weighed.caused_by = Some(CausedBy::Position(*position));
            Some(weighed)
        }
        What::Deadlock { victim, other, row } if acts(victim) && participants.is_row(&row.key) => {
            let text = format!(
                "{} and {} wait for each other on {row}; {} is rolled back",
                victim.actor, other.actor, victim.actor
            );
            moment_on(90, victim.node, Tone::Lost, text)
        }
        What::Replayed {
            transaction,
            position,
        } if acts(transaction) => {
            let text = format!("does number {position} of {} again", transaction.actor);
            moment_on(70, transaction.node, Tone::Plain, text)
        }
        What::RetriedByServer { transaction } if acts(transaction) => {
            let text = format!("tries the statement of {} again", transaction.actor);
            moment_on(52, transaction.node, Tone::Plain, text)
        }
        What::Waits {
            transaction,
            row,
            holder,
            is_gap,
        } if acts(transaction) && participants.is_row(&row.key) => {
            let what = if *is_gap { "the gap of " } else { "" };
            let text = format!(
                "{} waits for {}, which locks {what}{row}",
                transaction.actor, holder.actor
            );
            let mut weighed = moment_on(54, transaction.node, Tone::Plain, text)?;
            weighed.once = once(participants, transaction.actor, at, "waits");
            Some(weighed)
        }
        _ => None,
    }
}

fn answered(
    participants: &Participants,
    at: Nanos,
    transaction: TransactionName,
    text: &str,
    parameters: &[Value],
    answer: &Answer,
) -> ScoredEvent {
    let Actor::Worker(worker) = transaction.actor else {
        unreachable!("only workers are participants");
    };
    let verb = text
        .split_whitespace()
        .next()
        .unwrap_or_default()
        .to_uppercase();
    let (shown, tone) = match answer {
        Answer::Affected(rows) => (format!("{rows} changed"), Tone::Plain),
        Answer::Rows(None, _) => ("no row".to_owned(), Tone::Plain),
        Answer::Rows(Some(row), _) => {
            let columns: Vec<_> = row.iter().map(shown).collect();
            (columns.join(", "), Tone::Plain)
        }
        Answer::Done => ("done".to_owned(), Tone::Plain),
        Answer::Error { kind, code } => (format!("{kind} {code}"), Tone::Lost),
    };
    let weight = match (verb.as_str(), answer) {
        (_, Answer::Error { .. }) => 82,
        ("COMMIT", _) => 86,
        ("UPDATE" | "INSERT" | "DELETE", Answer::Affected(1..)) => 88,
        ("UPDATE" | "INSERT" | "DELETE", _) => 34,
        ("SELECT", Answer::Rows(Some(_), _)) => 76,
        ("SELECT", _) => 30,
        ("ROLLBACK", _) => 20,
        _ => 10,
    };
    let statement = cut(&filled_in(text, parameters));
    let node = Lane::Node(transaction.node);
    let mut weighed = ScoredEvent::new(
        weight,
        at,
        Lane::Worker(worker),
        tone,
        format!("{statement} on {node}: {shown}"),
    );
    // The answer to what was replicated.
    weighed.caused_by = (weight >= 86).then_some(CausedBy::Writes {
        actor: transaction.actor,
        node: transaction.node,
    });
    if weight < 80 {
        weighed.once = once(participants, transaction.actor, at, &verb);
    }
    weighed
}

fn lock(
    participants: &Participants,
    at: Nanos,
    actor: Actor,
    call: LockCall,
    names: &str,
    token: Option<u64>,
    let_go: Nanos,
) -> Option<ScoredEvent> {
    let token = token.map_or(String::new(), |token| format!(" with token {token}"));
    let (weight, text) = match call {
        LockCall::Granted { lease_ends } => {
            let until = lease_ends.map_or(String::new(), |ends| {
                format!(", until {}", Ms(ends.saturating_sub(let_go)))
            });
            (89, format!("grants {names} to {actor}{token}{until}"))
        }
        LockCall::NotGranted => (22, format!("{actor} does not get {names}")),
        // Its place before or after the COMMIT decides which side is to blame.
        LockCall::Released => (87, format!("{actor} gives {names} back")),
        LockCall::ReleasedLate => {
            let text = format!("{actor} gives {names} back after its lease");
            (68, text)
        }
        LockCall::NotOwner => (68, format!("{names} is not {actor}'s any more")),
        LockCall::Renewed => (40, format!("{actor} renews {names}")),
        LockCall::Broken => (80, format!("{actor} breaks {names}")),
        LockCall::Asked { held } => {
            let answer = if held { "holds it" } else { "does not hold it" };
            (24, format!("{actor} asks for {names}: {answer}"))
        }
        LockCall::GivenUp => (87, format!("{actor} gives up {names}")),
        LockCall::Lost => (60, format!("no answer for {actor} about {names}")),
    };
    let tone = match call {
        LockCall::ReleasedLate | LockCall::NotOwner | LockCall::Broken | LockCall::Lost => {
            Tone::Lost
        }
        _ => Tone::Plain,
    };
    let mut weighed = ScoredEvent::new(weight, at, Lane::Locks, tone, text);
    weighed.once = match call {
        LockCall::Granted { .. } => once(participants, actor, at, "granted"),
        LockCall::Released | LockCall::GivenUp => once(participants, actor, at, "released"),
        LockCall::NotGranted | LockCall::Renewed | LockCall::Asked { .. } | LockCall::Lost => {
            once(participants, actor, at, "other calls")
        }
        _ => None,
    };
    weighed.caused_by = worker_lane(actor).map(CausedBy::Lane);
    Some(weighed)
}

fn worker_lane(actor: Actor) -> Option<Lane> {
    match actor {
        Actor::Worker(worker) => Some(Lane::Worker(worker)),
        Actor::Host | Actor::Generator(_) => None,
    }
}

/// `worker-3.0.0` is what an instance calls itself; people say worker 3.
fn owner_name(owner: &str) -> String {
    let number = owner
        .strip_prefix("worker-")
        .and_then(|rest| rest.split('.').next());
    number.map_or_else(|| owner.to_owned(), |number| format!("worker {number}"))
}
