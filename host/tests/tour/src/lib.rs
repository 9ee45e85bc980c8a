//! Uses every function of the contract once, within the first acquire, and ends `rejected` with the
//! code `TOUR` at the first answer that is not what the contract promises. Then it is a
//! compare-and-swap. Made for one worker on one row of the embedded database.

use contend_guest::db::{self, Target};
use contend_guest::group::{self, End};
use contend_guest::lock::SessionOptions;
use contend_guest::prelude::*;
use contend_guest::replication::{self, Answer, Column};
use contend_guest::timing;

const SWAP: &str = "UPDATE volumes SET status = ?, attach_status = ? WHERE id = ? AND status = ?";
const LOOK: &str = "SELECT status FROM volumes WHERE id = ?";
const SECOND: u64 = 1_000_000_000;

struct Tour {
    session: Session,
    done: bool,
}

impl StateStrategy for Tour {
    fn new() -> Result<Self, Error> {
        let session = connect()?;
        Ok(Self {
            session,
            done: false,
        })
    }

    fn change(&mut self, t: Transition) -> Result<(), Error> {
        if !self.done {
            self.done = true;
            self.statements(&t.row)?;
            self.prepared(&t.row)?;
            self.transactions(&t.row)?;
            self.replication(&t.row)?;
            clock_and_settings()?;
            locks()?;
            groups()?;
        }
        let values = [t.to, t.marker, t.row, t.from].map(Value::from);
        let affected = self.session.execute(SWAP, &values)?;
        expect(affected == 1, "the swap affects its row")
    }
}

impl Tour {
    fn statements(&self, row: &str) -> Result<(), Error> {
        expect(db::dialect() == "sqlite", "the dialect")?;
        let rows = self.session.query(LOOK, &[row.into()])?;
        let available = vec![vec![Value::from("available")]];
        expect(rows == available, "the row is available")?;
        let values = "SELECT ?, ?, ?, ?, NULL FROM volumes LIMIT 1";
        let bytes = Value::Bytes(vec![0, 255]);
        let given = [
            Value::Integer(i64::MIN),
            Value::Real(0.5),
            "ä".into(),
            bytes.clone(),
        ];
        let mut expected = given.to_vec();
        expected.push(Value::Null);
        let rows = self.session.query(values, &given)?;
        expect(rows == [expected], "values come back as they went")?;
        let too_few = self.session.query(LOOK, &[]);
        refused(too_few, "parameter-count")?;
        let wrong_call = self.session.query("DELETE FROM volumes", &[]);
        refused(wrong_call, "not-a-query")?;
        let nodes = replication::nodes();
        db::connect(&Target::Node(nodes[0].clone()))?;
        refused(db::connect(&Target::Node("none".into())), "no-such-node")
    }

    fn prepared(&self, row: &str) -> Result<(), Error> {
        let look = self.session.prepare(LOOK)?;
        let available = vec![vec![Value::from("available")]];
        let again = [look.query(&[row.into()])?, look.query(&[row.into()])?];
        expect(
            again == [available.clone(), available],
            "it is queried twice",
        )?;
        refused(look.query(&[]), "parameter-count")?;
        refused(look.execute(&[row.into()]), "not-an-update")?;
        refused(
            self.session.prepare("DROP TABLE volumes").map(drop),
            "not-allowed",
        )?;
        let delete = self.session.prepare("DELETE FROM volumes WHERE id = ?")?;
        self.session.begin()?;
        expect(
            delete.execute(&[row.into()])? == 1,
            "it is in the transaction of its session",
        )?;
        expect(look.query(&[row.into()])?.is_empty(), "which sees it")?;
        self.session.rollback()?;
        expect(look.query(&[row.into()])?.len() == 1, "and rolls it back")?;
        let other = connect()?;
        let closed = other.prepare(LOOK)?;
        expect(
            closed.query(&[row.into()])?.len() == 1,
            "on a session of its own",
        )?;
        drop(other);
        let next = connect()?;
        refused(closed.query(&[row.into()]), "session-closed")?;
        refused(closed.execute(&[row.into()]), "session-closed")?;
        next.query(LOOK, &[row.into()]).map(drop)
    }

    fn transactions(&self, row: &str) -> Result<(), Error> {
        let session = &self.session;
        refused(session.commit(), "no-transaction")?;
        session.begin()?;
        refused(session.begin(), "transaction-open")?;
        let lock = format!("{LOOK} FOR UPDATE");
        expect(
            session.query(&lock, &[row.into()])?.len() == 1,
            "FOR UPDATE finds the row",
        )?;
        session.execute("DELETE FROM volumes WHERE id = ?", &[row.into()])?;
        session.rollback()?;
        session.rollback()?;
        expect(
            session.query(LOOK, &[row.into()])?.len() == 1,
            "rolled back",
        )
    }

    fn replication(&self, row: &str) -> Result<(), Error> {
        let column = |name: &str, value: &str| Column {
            name: name.into(),
            value: value.into(),
        };
        let check = |table: &str, id: &str, status: &str| {
            replication::check(table, &[column("id", id)], &[column("status", status)])
        };
        let answers = check("volumes", row, "available")?;
        expect(answers.len() == 1, "one node answers")?;
        expect(answers[0].answer == Answer::Agrees, "it agrees")?;
        let differs = Answer::Differs(vec!["available".into()]);
        expect(
            check("volumes", row, "gone")?[0].answer == differs,
            "it differs",
        )?;
        let missing = check("volumes", "none", "available")?;
        expect(missing[0].answer == Answer::Missing, "no such row")?;
        refused(check("sqlite_master", row, "x"), "not-allowed")?;
        refused(
            check("volumes", row, "x").and(replication::check("volumes", &[], &[])),
            "no-column",
        )?;
        replication::sync(&self.session)
    }
}

fn clock_and_settings() -> Result<(), Error> {
    let before = timing::now();
    timing::sleep(2_000_000);
    expect(timing::now() >= before + 2_000_000, "sleep takes its time")?;
    expect(
        timing::random() != timing::random(),
        "random numbers differ",
    )?;
    expect(setting("given", 0u32)? == 7, "the setting that was given")?;
    expect(setting("not-given", 3u32)? == 3, "the one that was not")
}

fn locks() -> Result<(), Error> {
    let traits = lock::traits();
    for name in [
        "lease",
        "fencing",
        "shared",
        "shared-limit",
        "fair",
        "across-processes",
        "across-hosts",
    ] {
        expect(traits.iter().any(|(known, _)| known == name), name)?;
    }
    let leased = SessionOptions {
        lease: Some(SECOND),
        poll: None,
    };
    refused(lock::open(leased).map(drop), "unsupported")?;
    let session = open_locks()?;
    let names = ["b".to_owned(), "a".to_owned()];
    let lock = session.lock(&names, Mode::Exclusive)?;
    refused(lock.renew().map(drop), "unsupported")?;
    expect(lock.current_grant().is_none(), "nothing is held yet")?;
    let grant = lock.acquire(SECOND)?;
    expect(
        !grant.owner.is_empty() && grant.lease_ends.is_none() && grant.last_heartbeat.is_none(),
        "a grant without a lease",
    )?;
    expect(lock.current_grant() == Some(grant), "the same grant")?;
    expect(lock.is_owner()?, "held")?;
    let rival = session.lock(&names[1..], Mode::Shared(None))?;
    let waited = rival.acquire(0);
    let busy = matches!(&waited, Err(Error::Conflict(d)) if d.code == "lock-wait-timeout");
    expect(busy, "a rival waits in vain")?;
    expect(lock.release()? == ReleaseOutcome::Released, "released")?;
    expect(
        lock.release()? == ReleaseOutcome::NotOwner,
        "not held any more",
    )?;
    rival.acquire(0)?;
    match rival.break_() {
        Ok(()) => expect(!rival.is_owner()?, "broken")?,
        // Not every service can; then it says so.
        refusal => refused(refusal, "unsupported")?,
    }
    refused(session.lock(&[], Mode::Exclusive).map(drop), "no-names")
}

fn groups() -> Result<(), Error> {
    refused(group::join("", None).map(drop), "empty-name")?;
    refused(group::join("g", Some(SECOND)).map(drop), "unsupported")?;
    let has_tokens = ("fencing".to_owned(), "yes".to_owned());
    if !lock::traits().contains(&has_tokens) {
        return refused(group::join("g", None).map(drop), "unsupported");
    }
    let one = group::join("g", None)?;
    let two = group::join("g", None)?;
    let both = one.members()?;
    let mut names = vec![one.name(), two.name()];
    names.sort();
    expect(names[0] != names[1] && both.members == names, "two members")?;
    expect(one.changes(both.cursor)?.is_empty(), "no changes")?;
    conflict(one.confirm().map(drop), "not-leader")?;
    let led = one.lead(SECOND)?;
    expect(led.lease.is_none(), "a term without a lease")?;
    refused(one.lead(0).map(drop), "already-leads")?;
    conflict(two.lead(0).map(drop), "lock-wait-timeout")?;
    expect(one.confirm()?.term == led.term, "confirmed")?;
    let current = one.current_leadership();
    expect(current.is_some_and(|now| now.term == led.term), "it leads")?;
    let leader = two.leader()?;
    expect(
        leader.is_some_and(|leader| (leader.member, leader.term) == (one.name(), led.term)),
        "the other knows the leader",
    )?;
    expect(one.resign()? == End::Ended, "resigned")?;
    expect(one.resign()? == End::NotHeld, "leads no more")?;
    let next = two.lead(SECOND)?;
    expect(next.term > led.term, "terms grow")?;
    let left = two.name();
    expect(two.leave()? == End::Ended && !two.is_member(), "left")?;
    let changes = one.changes(both.cursor)?;
    let gone = changes.iter().map(|c| (&c.member, c.joined));
    expect(gone.eq([(&left, false)]), "the other has left")?;
    conflict(two.lead(0).map(drop), "not-member")
}

fn conflict(answer: Result<(), Error>, code: &str) -> Result<(), Error> {
    let is_it = matches!(&answer, Err(Error::Conflict(detail)) if detail.code == code);
    expect(is_it, code)
}

fn expect(holds: bool, what: &str) -> Result<(), Error> {
    match holds {
        true => Ok(()),
        false => Err(Error::rejected("TOUR", what)),
    }
}

fn refused<T>(answer: Result<T, Error>, code: &str) -> Result<(), Error> {
    match answer {
        Err(Error::Rejected(detail)) if detail.code == code => Ok(()),
        Err(other) => Err(Error::rejected(
            "TOUR",
            format!("{code}, but: {}", other.into_detail().message),
        )),
        Ok(_) => Err(Error::rejected(
            "TOUR",
            format!("{code}, but it was not refused"),
        )),
    }
}

contend_guest::state_strategy!(Tour);
