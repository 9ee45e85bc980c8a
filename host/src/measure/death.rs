//! The time until a dead holder's lock is free: a process of its own takes it, and is killed.

use super::bench::{Bench, MS, SECOND};
use super::line::Line;
use crate::model::error::CallError;
use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

/// Longest wait for the end of a lease that is not renewed.
const WAIT: u64 = 60 * SECOND;

const QUESTION: &str = "a killed holder's lock is free after";

/// The program that holds a lock: it reads a [`super::clients::Held`] from its standard input, says `held`,
/// and ends when the input does.
pub struct Holder {
    pub program: PathBuf,
    pub arguments: Vec<String>,
}

pub(super) async fn measure(bench: &Bench<'_>, holder: &Holder) -> Line {
    match free_after(bench, holder).await {
        Ok(Some(time)) => Line::number(QUESTION, time as f64 / MS as f64, "ms"),
        Ok(None) => Line::said(QUESTION, "never").noted("no other process reaches this service"),
        Err(error) => Line::failed(QUESTION, &error),
    }
}

async fn free_after(bench: &Bench<'_>, holder: &Holder) -> Result<Option<u64>, CallError> {
    let name = bench.new_name();
    let Some(held) = bench.clients.held_by_process(&name) else {
        return Ok(None);
    };
    let held = serde_json::to_string(&held).expect("plain texts");
    let mut process = Process::start(holder, &held)?;
    let mut waiter = bench.exclusive(&name).await?;
    if waiter.enter(0).await?.is_some() {
        let message = "another process got in while the holder's lock was held";
        return Err(CallError::rejected("not-held", message));
    }
    let clock = bench.clock.clone();
    let waiting = tokio::spawn(async move {
        let granted = waiter.enter(WAIT).await;
        (granted, clock.now())
    });
    // The waiter is in the queue, as it would be when a holder dies.
    bench.clock.sleep(500 * MS).await;
    let killed = bench.clock.now();
    process.kill();
    let (granted, at) = waiting
        .await
        .unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic()));
    match granted? {
        Some(_) => Ok(Some(at.saturating_sub(killed))),
        None => {
            let message = format!("it was still not free {} s after", WAIT / SECOND);
            Err(CallError::conflict("lock-wait-timeout", message))
        }
    }
}

/// The process, which ends with this.
struct Process(Child);

impl Process {
    /// Returns when it has the lock.
    fn start(holder: &Holder, held: &str) -> Result<Self, CallError> {
        let failed = |why: String| {
            let program = holder.program.display();
            CallError::unavailable("holder", format!("{program} does not hold the lock: {why}"))
        };
        let mut command = Command::new(&holder.program);
        command
            .args(&holder.arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit());
        let child = command.spawn().map_err(|error| failed(error.to_string()))?;
        let mut process = Self(child);
        let input = process.0.stdin.as_mut().expect("it is piped");
        writeln!(input, "{held}").map_err(|error| failed(error.to_string()))?;
        let output = process.0.stdout.take().expect("it is piped");
        let mut said = String::new();
        BufReader::new(output)
            .read_line(&mut said)
            .map_err(|error| failed(error.to_string()))?;
        match said.trim_end() {
            "held" => Ok(process),
            _ => Err(failed("it ended".to_owned())),
        }
    }

    fn kill(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}
