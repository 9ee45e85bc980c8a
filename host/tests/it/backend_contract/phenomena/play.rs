//! Plays one script.

use crate::backend_contract::databases::fixture::Fixture;
use contend::capability::database::Session;
use contend::capability::statement::{Action, Statement};
use contend::model::error::CallError;
use contend::model::value::{Row, Value};
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::sync::oneshot::Receiver;

/// A session without an answer by then waits.
const A_MOMENT: Duration = Duration::from_millis(700);

/// Attempts at what does not come out each time.
const ATTEMPTS: u32 = 100;

/// Makes the table `t` with the rows 10, 20 and 30.
const SETUP: &str = include_str!("setup.sql");

/// Before the code of an error.
const ERROR: char = '!';

type Ended = (Box<dyn Session>, String);

struct Stage<'a> {
    fixture: &'a Fixture,
    idle: BTreeMap<String, Box<dyn Session>>,
    waiting: BTreeMap<String, Receiver<Ended>>,
}

/// Plays a script on the table of the set-up.
pub(super) async fn play(fixture: &Fixture, script: &str) {
    let mut host = fixture.near().await;
    let setup = lines(SETUP).join(" ");
    for text in setup.split_terminator(';') {
        run(&mut host, text).await.unwrap();
    }
    for node in fixture.database.nodes() {
        let all = Statement::of_host("SELECT id FROM t", Action::Read);
        assert_eq!(fixture.read_at(node, &all).await.unwrap().len(), 3);
    }
    let mut lines = lines(script);
    let attempts = match lines.first() {
        Some(&"seldom") => ATTEMPTS,
        _ => 1,
    };
    lines.retain(|line| *line != "seldom");
    let (last, before) = lines.split_last().expect("a script has a line");
    for left in (0..attempts).rev() {
        let mut stage = Stage {
            fixture,
            idle: BTreeMap::new(),
            waiting: BTreeMap::new(),
        };
        for line in before {
            stage.step(line).await.unwrap();
        }
        let came_out = stage.step(last).await;
        assert!(stage.waiting.is_empty(), "somebody waits at the end");
        for (_, session) in stage.idle {
            session.close().await;
        }
        match came_out {
            Ok(()) => break,
            Err(why) => assert!(left > 0, "{why}, in each of {attempts} attempts"),
        }
        run(&mut host, "UPDATE t SET n = 0").await.unwrap();
        fixture.time.sleep(A_MOMENT).await;
    }
    host.close().await;
}

/// The lines of a text that are no comments.
fn lines(text: &str) -> Vec<&str> {
    let lines = text.lines().map(str::trim);
    lines
        .filter(|line| !line.is_empty() && !line.starts_with("--"))
        .collect()
}

impl Stage<'_> {
    /// An error says what came out instead.
    async fn step(&mut self, line: &str) -> Result<(), String> {
        if line == "wait" {
            self.fixture.time.sleep(A_MOMENT).await;
            return Ok(());
        }
        let (step, outcomes) = line.split_once(" -> ").unwrap_or((line, "ok"));
        let (step, at_once) = match step.split_once(" & ") {
            Some((step, at_once)) => (step, Some(at_once)),
            None => (step, None),
        };
        let (who, statement) = step.split_once(' ').expect(line);
        let session = self.session(who).await;
        if let Some(at_once) = at_once {
            let (other, statement) = at_once.split_once(' ').expect(line);
            let session = self.session(other).await;
            let said = self.fixture.time.spawn(say(session, statement.to_owned()));
            self.waiting.insert(other.to_owned(), said);
        }
        let said = self.fixture.time.spawn(say(session, statement.to_owned()));
        let mut told = vec![self.ends(who, said).await];
        let allowed: Vec<Vec<_>> = outcomes
            .split(" | ")
            .map(|outcomes| outcomes.split("; ").collect())
            .collect();
        for other in &allowed[0][1..] {
            let (who, _) = other.split_once(' ').expect(line);
            let waiting = self.waiting.remove(who).expect(line);
            told.push(self.ends(who, waiting).await);
        }
        let came_out = allowed.iter().any(|outcomes| {
            let wanted = outcomes.iter().enumerate().map(|(i, outcome)| match i {
                0 => outcome,
                _ => outcome.split_once(' ').expect(line).1,
            });
            told.iter()
                .zip(wanted)
                .all(|(told, wanted)| is_reported(told.as_deref(), wanted))
        });
        for (who, waiting) in &mut self.waiting {
            let told = waiting.try_recv().map(|(_, told)| told);
            assert!(told.is_err(), "{line}: {who} still waits, and not {told:?}");
        }
        match came_out {
            true => Ok(()),
            false => Err(format!("{line}: {told:?}")),
        }
    }

    async fn session(&mut self, who: &str) -> Box<dyn Session> {
        if let Some(session) = self.idle.remove(who) {
            return session;
        }
        let node = who.split_once('@').map_or("1", |(_, node)| node);
        let node = node.parse::<usize>().unwrap() - 1;
        self.fixture.on(&self.fixture.database.nodes()[node]).await
    }

    /// The result of the call; nothing if it waits.
    async fn ends(&mut self, who: &str, mut said: Receiver<Ended>) -> Option<String> {
        match self.fixture.time.timeout(A_MOMENT, &mut said).await {
            Some(ended) => {
                let (session, told) = ended.unwrap();
                self.idle.insert(who.to_owned(), session);
                Some(told)
            }
            None => {
                self.waiting.insert(who.to_owned(), said);
                None
            }
        }
    }
}

fn is_reported(told: Option<&str>, wanted: &str) -> bool {
    match (told, wanted) {
        (None, wanted) => wanted == "waits",
        (Some(told), "ok") => !told.starts_with(ERROR),
        (Some(told), wanted) => told.trim_start_matches(ERROR) == wanted,
    }
}

async fn say(mut session: Box<dyn Session>, statement: String) -> Ended {
    let told = match run(&mut session, &statement).await {
        Ok(told) => told,
        Err(error) => format!("{ERROR}{}", error.code),
    };
    (session, told)
}

async fn run(session: &mut Box<dyn Session>, text: &str) -> Result<String, CallError> {
    let action = match text.split_whitespace().next().unwrap() {
        "BEGIN" => return session.begin().await.map(|()| "ok".to_owned()),
        "COMMIT" => return session.commit().await.map(|()| "ok".to_owned()),
        "ROLLBACK" => return session.rollback().await.map(|()| "ok".to_owned()),
        "SELECT" => Action::Read,
        "SET" => Action::Set,
        "CREATE" => Action::Define,
        _ => Action::Write,
    };
    let statement = Statement::of_host(text, action);
    if action == Action::Read {
        return session
            .query(&statement, &[])
            .await
            .map(|rows| first_column(&rows));
    }
    let affected = session.execute(&statement, &[]).await?;
    Ok(format!("{affected} row"))
}

fn first_column(rows: &[Row]) -> String {
    let one = |row: &Row| match &row[0] {
        Value::Integer(integer) => integer.to_string(),
        other => format!("{other:?}"),
    };
    match rows {
        [] => "no row".to_owned(),
        rows => rows.iter().map(one).collect::<Vec<_>>().join(", "),
    }
}
