//! Nodes that stand still, are cut off or are dead. One test at a time has the lab for it.

use super::*;
use crate::support::lab::lab_to_break;
use contend::capability::database::{Freshness, Target};
use contend::lab::Lab;
use contend::model::lab_fault::{LabAction, LabFault};
use futures_util::future::join_all;
use std::sync::MutexGuard;
use std::time::Duration;
use tokio::task::block_in_place;
use tokio::time::{Instant, sleep};

const NODE: &str = "n3";

/// Held across everything that the test waits for: the others wait in threads of their own.
struct OwnLab(MutexGuard<'static, Lab>);

/// The cluster of a test that gives it a fault.
struct Faulty {
    fixture: Fixture,
    lab: OwnLab,
}

impl Faulty {
    async fn start() -> Self {
        let lab = OwnLab(lab_to_break());
        let fixture = galera_of(&lab.0).await;
        Self { fixture, lab }
    }

    async fn fault(&self, action: LabAction) {
        let target = NODE.to_owned();
        let fault = LabFault { action, target };
        block_in_place(|| self.lab.0.fault(&fault)).unwrap();
    }

    async fn end(self) {
        block_in_place(|| self.lab.0.make_whole(&mut |_| {})).unwrap();
        self.fixture.close().await;
    }

    async fn read(&self, freshness: Freshness) -> Result<Vec<Row>, CallError> {
        let statement = self.fixture.statement(READ);
        let read = self.fixture.database.read(NODE, freshness, &statement, &[]);
        read.await
    }

    /// The error of a reading, once the node knows that it is cut off.
    async fn refused(&self) -> CallError {
        let deadline = Instant::now() + Duration::from_secs(20);
        loop {
            match self.read(Freshness::AsItIs).await {
                Err(error) => return error,
                Ok(_) => assert!(Instant::now() < deadline, "it answers still"),
            }
            sleep(Duration::from_millis(100)).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_stands_still_holds_no_other_up_for_long() {
    let faulty = Faulty::start().await;
    let mut session = faulty.fixture.on(NODE).await;
    session.begin().await.unwrap();
    let mut abandoned = faulty.fixture.on(NODE).await;
    faulty.read(Freshness::AsItIs).await.unwrap();
    faulty.fault(LabAction::Pause).await;

    let begun = Instant::now();
    let reads = join_all((0..100).map(|_| faulty.read(Freshness::AsItIs))).await;
    for read in reads {
        assert_error(read, ErrorKind::Unavailable, "2013");
    }
    assert!(begun.elapsed() < Duration::from_secs(10));
    let read = faulty.read(Freshness::Causal).await;
    assert_eq!(read.unwrap_err().kind, ErrorKind::Unavailable);

    let target = Target::Node(NODE.to_owned());
    let opened = faulty.fixture.database.connect(&target).await.map(|_| ());
    assert_error(opened, ErrorKind::Unavailable, "2003");
    let write = faulty.fixture.execute(&mut abandoned, ADD_ONE);
    must_wait(write, "a node that stands still answered").await;
    let begun = Instant::now();
    tokio::join!(session.close(), abandoned.close());
    assert!(begun.elapsed() < Duration::from_secs(20));
    // The others know it by now.
    assert_eq!(faulty.fixture.database.members().await.unwrap(), 2);
    assert_eq!(faulty.fixture.database.counters().await.len(), 2);

    faulty.fault(LabAction::Resume).await;
    faulty.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_is_cut_off_says_so() {
    let faulty = Faulty::start().await;
    let mut session = faulty.fixture.on(NODE).await;
    let mut committing = faulty.fixture.on(NODE).await;
    committing.begin().await.unwrap();
    faulty
        .fixture
        .execute(&mut committing, ADD_ONE)
        .await
        .unwrap();
    faulty.fault(LabAction::Isolate).await;
    // It does not know yet, and waits until it does.
    let error = committing.commit().await.unwrap_err();
    assert_error(Err::<(), _>(error), ErrorKind::Indefinite, "1180");
    assert_rejected(committing.commit().await, "no-transaction");

    let error = faulty.refused().await;
    assert_error(Err::<(), _>(error), ErrorKind::Unavailable, "1047");
    let read = faulty.read(Freshness::Causal).await;
    assert_eq!(read.unwrap_err().kind, ErrorKind::Unavailable);
    let written = faulty.fixture.execute(&mut session, ADD_ONE).await;
    assert_error(written, ErrorKind::Unavailable, "1047");
    let synced = session.sync().await.unwrap_err();
    assert_eq!(synced.kind, ErrorKind::Unavailable, "{synced}");
    // The others may notice later than it does.
    let mut members = faulty.fixture.database.members().await.unwrap();
    for _ in 0..60 {
        if members == 2 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(500)).await;
        members = faulty.fixture.database.members().await.unwrap();
    }
    assert_eq!(members, 2);
    // It is asked for its counters all the same.
    assert_eq!(faulty.fixture.database.counters().await.len(), 3);

    faulty.fault(LabAction::Heal).await;
    faulty.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_dies_takes_its_sessions_along_until_it_is_back() {
    let faulty = Faulty::start().await;
    let mut holder = faulty.fixture.on(NODE).await;
    holder.begin().await.unwrap();
    faulty
        .fixture
        .query(&mut holder, READ_LOCKED)
        .await
        .unwrap();
    let writer = faulty.fixture.on(NODE).await;
    let mut writing = spawn_execute(&faulty.fixture, writer, ADD_ONE);
    must_wait(&mut writing, "a write passed a row lock").await;
    faulty.read(Freshness::AsItIs).await.unwrap();
    faulty.fault(LabAction::Kill).await;

    let (mut writer, written) = writing.await.unwrap();
    assert_error(written, ErrorKind::Indefinite, "2013");
    let written = faulty.fixture.execute(&mut writer, ADD_ONE).await;
    assert_error(written, ErrorKind::Unavailable, "2003");
    assert_error(
        faulty.read(Freshness::AsItIs).await,
        ErrorKind::Unavailable,
        "2003",
    );
    // A COMMIT is a text of its own, so nobody can say that it was not on its way.
    assert_error(holder.commit().await, ErrorKind::Indefinite, "2013");
    assert_rejected(holder.commit().await, "no-transaction");
    holder.close().await;

    faulty.fault(LabAction::Restart).await;
    faulty.fixture.execute(&mut writer, ADD_ONE).await.unwrap();
    // Connections from before are replaced without a word.
    let seen = faulty.read(Freshness::Causal).await.unwrap();
    assert_eq!(seen, [[Value::Integer(1)]]);
    faulty.end().await;
}
