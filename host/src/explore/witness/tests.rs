use super::*;
use crate::model::change::{Allocation, Restored, Step};
use crate::model::marker::Marker;
use crate::model::outcome::Outcome;
use crate::model::sim_fault::{FaultAction, SimFault};
use crate::model::timeline::Tone;
use crate::model::value::Value;
use crate::sim::event::{Actor, Answer, LockCall, RowName, TransactionName, What};
use crate::workload::kinds;

const MS: u64 = 1_000_000;
const LET_GO: u64 = 100 * MS;

fn change(worker: u32, row: u32, times: [u64; 4]) -> Change {
    let step = |invoked: u64, returned: u64| Step {
        invoked: invoked * MS,
        returned: returned * MS,
        outcome: Outcome::Ok,
        errors: Vec::new(),
        lost_locks: Default::default(),
        settled: None,
        seen: None,
    };
    Change {
        worker,
        row,
        number: 0,
        acquire: step(times[0], times[1]),
        check: None,
        release: Some(step(times[2], times[3])),
        restored: Restored::No,
        nodes: Default::default(),
        allocation: None,
        purpose: None,
    }
}

/// The timeline of a workload of the usual kind.
fn timeline(
    about: Option<&Subject>,
    changes: &[Change],
    events: &[Event],
    let_go: Nanos,
) -> Timeline {
    super::timeline(&*kinds::usual(), about, changes, events, let_go)
}

fn about(row: u32, workers: &[u32]) -> Subject {
    let marker = |&worker: &u32| Marker { worker, number: 0 };
    Subject {
        row,
        markers: workers.iter().map(marker).collect(),
    }
}

fn at(ms: u64, what: What) -> Event {
    Event {
        at: LET_GO + ms * MS,
        what,
    }
}

fn of(worker: u32, number: u64, node: u32) -> TransactionName {
    TransactionName {
        number,
        actor: Actor::Worker(worker),
        node,
    }
}

fn row(number: u32) -> RowName {
    RowName {
        table: "volumes".into(),
        key: format!("volume-{number}").into(),
    }
}

fn update(transaction: TransactionName, affected: u64) -> What {
    What::Answered {
        transaction,
        sent: 0,
        text: "UPDATE `volumes` SET status = ? WHERE id = ?".into(),
        parameters: vec![Value::from("deleting"), Value::from("volume-1")],
        answer: Answer::Affected(affected),
    }
}

fn texts(timeline: &Timeline) -> Vec<String> {
    let moment =
        |m: &crate::model::timeline::TimelineEntry| format!("{} {}: {}", m.at / MS, m.lane, m.text);
    timeline.moments.iter().map(moment).collect()
}

#[test]
fn two_holders_through_a_paused_one_are_shown_in_order() {
    let changes = [
        change(0, 1, [0, 12_000, 12_001, 12_002]),
        change(1, 1, [5, 10_010, 12_500, 12_600]),
        change(2, 0, [0, 3, 4, 5]),
    ];
    let grant = |actor, token| What::Lock {
        actor,
        sent: 0,
        call: LockCall::Granted {
            lease_ends: Some(LET_GO + 10_001 * MS),
        },
        names: "volume-1".into(),
        token: Some(token),
    };
    let pause = SimFault {
        at: 2 * MS,
        what: FaultAction::PauseWorker {
            worker: 0,
            lasts: 11_000 * MS,
        },
    };
    let ended = What::LeaseEnded {
        owner: "worker-0.0.0".into(),
        names: "volume-1".into(),
    };
    let events = [
        at(1, grant(Actor::Worker(0), 1)),
        at(1, grant(Actor::Worker(2), 1)),
        at(2, What::Fault(pause.clone())),
        at(10_001, ended),
        at(10_002, grant(Actor::Worker(1), 2)),
        at(10_009, update(of(1, 7, 1), 1)),
        at(11_002, What::FaultEnded(pause)),
        at(11_900, update(of(0, 8, 0), 1)),
    ];
    let timeline = timeline(Some(&about(1, &[0, 1])), &changes, &events, LET_GO);
    let texts = texts(&timeline);
    assert_eq!(
        texts,
        [
            "1 lock service: grants volume-1 to worker 0 with token 1, until 10001.000 ms",
            "2 worker 0: fault: pause worker-0 for 11s",
            "10001 lock service: the lease of worker 0 on volume-1 ends",
            "10002 lock service: grants volume-1 to worker 1 with token 2, until 10001.000 ms",
            "10009 worker 1: UPDATE volumes SET status = 'deleting' WHERE id = 'volume-1' on n2: 1 \
             changed",
            "10010 worker 1: acquire of row 1 returns ok (marker 1_0)",
            "11002 worker 0: over: pause worker-0 for 11s",
            "11900 worker 0: UPDATE volumes SET status = 'deleting' WHERE id = 'volume-1' on n1: 1 \
             changed",
            "12000 worker 0: acquire of row 1 returns ok (marker 0_0)",
            "12002 worker 0: release of row 1 returns ok",
            "12600 worker 1: release of row 1 returns ok",
        ]
    );
    assert_eq!(
        timeline.lanes,
        [Lane::Worker(0), Lane::Worker(1), Lane::Locks]
    );
    let holds = timeline
        .stretches
        .iter()
        .filter(|s| s.kind == StretchKind::Holds);
    let holds: Vec<_> = holds.map(|s| (s.lane, s.from / MS, s.to / MS)).collect();
    assert_eq!(
        holds,
        [
            (Lane::Worker(0), 12_000, 12_001),
            (Lane::Worker(1), 10_010, 12_500)
        ]
    );
    let faults = timeline
        .stretches
        .iter()
        .filter(|s| s.kind == StretchKind::Fault);
    let faults: Vec<_> = faults.map(|s| (s.from / MS, s.to / MS)).collect();
    assert_eq!(faults, [(2, 11_002)]);
}

#[test]
fn never_more_than_twelve_and_polls_only_once() {
    let changes = [
        change(0, 1, [0, 900, 901, 902]),
        change(1, 1, [0, 800, 801, 802]),
    ];
    let events: Vec<_> = (1..700)
        .flat_map(|ms| {
            [
                at(ms, update(of(0, ms, 0), 0)),
                at(ms, update(of(1, ms, 0), ms % 2)),
            ]
        })
        .collect();
    let timeline = timeline(Some(&about(1, &[0, 1])), &changes, &events, LET_GO);
    assert_eq!(timeline.moments.len(), MOST_MOMENTS);
    assert!(timeline.moments.is_sorted_by_key(|moment| moment.at));
    // What the workers were answered in the end is never crowded out.
    let gained = timeline.moments.iter().filter(|m| m.tone == Tone::Gained);
    assert_eq!(gained.count(), 2);
    let polls = texts(&timeline)
        .into_iter()
        .filter(|text| text.contains("0 changed"));
    assert!(polls.count() <= 2);
}

#[test]
fn abort_is_listed_with_node_transaction_key_and_position() {
    let changes = [change(0, 1, [0, 10, 20, 30]), change(1, 1, [0, 40, 50, 60])];
    let events = [
        at(
            5,
            What::Ordered {
                transaction: of(0, 11, 0),
                position: 7,
                rows: vec![row(1)],
            },
        ),
        at(
            6,
            What::BruteForceAborted {
                victim: of(1, 12, 1),
                by: of(0, 11, 0),
                position: 7,
                row: row(1),
            },
        ),
        at(
            8,
            What::CertificationFailed {
                transaction: of(1, 13, 1),
                position: 9,
                seen: 6,
                against: of(0, 11, 0),
                against_position: 7,
                row: row(1),
            },
        ),
        at(
            9,
            What::BruteForceAborted {
                victim: of(1, 14, 1),
                by: of(0, 11, 0),
                position: 7,
                row: row(11),
            },
        ),
    ];
    let timeline = timeline(Some(&about(1, &[0, 1])), &changes, &events, LET_GO);
    assert_eq!(
        timeline.aborts,
        [
            "6.000 ms: transaction 12 of worker 1 on n2 was aborted: n2 applied transaction 11 of \
             worker 0 on n1, number 7 in the order, which changes volumes volume-1",
            "8.000 ms: transaction 13 of worker 1 on n2 was aborted: its write set, number 9 in the \
             order, failed certification; transaction 11 of worker 0 on n1, number 7, had changed \
             volumes volume-1, and n2 had seen only 6 when COMMIT began",
        ]
    );
    // The abort points at the write set's place in the order.
    let texts = texts(&timeline);
    let abort = texts
        .iter()
        .position(|text| text.contains("aborts worker 1"));
    let ordered = texts.iter().position(|text| text.contains("is number 7"));
    assert_eq!(timeline.moments[abort.unwrap()].after, ordered);
    assert!(ordered.is_some());
}

#[test]
fn one_change_alone_gets_its_rival_and_none_at_all_the_first() {
    let changes = [
        change(0, 1, [0, 10, 20, 30]),
        change(1, 1, [40, 50, 60, 70]),
        change(2, 1, [45, 75, 80, 90]),
        change(3, 2, [40, 50, 60, 70]),
    ];
    let lanes = |about: Option<Subject>| timeline(about.as_ref(), &changes, &[], LET_GO).lanes;
    assert_eq!(
        lanes(Some(about(1, &[1]))),
        [Lane::Worker(1), Lane::Worker(2)]
    );
    assert_eq!(lanes(Some(about(2, &[]))), [Lane::Worker(3)]);
    assert_eq!(lanes(None), [Lane::Worker(0), Lane::Worker(1)]);
}

#[test]
fn text_of_a_strategy_can_not_steer_a_terminal() {
    let changes = [change(0, 1, [0, 10, 20, 30])];
    let select = What::Answered {
        transaction: of(0, 3, 0),
        sent: 0,
        text: "SELECT status FROM volumes".into(),
        parameters: Vec::new(),
        answer: Answer::Rows(Some(vec![Value::from("\x1b[2J")]), 1),
    };
    let timeline = timeline(Some(&about(1, &[0])), &changes, &[at(5, select)], LET_GO);
    assert!(
        texts(&timeline)[0].ends_with("on n1: '\\u{1b}[2J'"),
        "{:?}",
        texts(&timeline)
    );
}

#[test]
fn step_names_the_item_that_its_kind_has_and_every_key_is_of_a_pool() {
    let kind = kinds::named("ip-allocation").unwrap();
    let mut changes = [
        change(0, 1, [10, 20, 30, 40]),
        change(1, 1, [15, 25, 35, 45]),
    ];
    for (change, address) in changes.iter_mut().zip([Some("10.0.0.7"), None]) {
        change.allocation = Some(Box::new(Allocation {
            address: address.map(str::to_owned),
            attempts: None,
            statements: Default::default(),
        }));
    }
    let ordered = What::Ordered {
        transaction: of(0, 1, 0),
        position: 3,
        rows: vec![row(7)],
    };
    let events = [at(16, ordered)];
    let timeline = super::timeline(&*kind, Some(&about(1, &[0, 1])), &changes, &events, LET_GO);
    let texts = texts(&timeline).join("\n");
    for expected in [
        "acquire of 10.0.0.7",
        "acquire of an address of pool 1",
        "number 3 in the order",
    ] {
        assert!(texts.contains(expected), "{texts}");
    }
}
