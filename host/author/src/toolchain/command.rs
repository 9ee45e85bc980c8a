//! Running other programs: with an end to it, and with their own words when they fail.

use std::io::Read;
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

/// Timeout for programs that only read the disk.
const ANSWER_LIMIT: Duration = Duration::from_secs(30);

const POLL: Duration = Duration::from_millis(10);

/// The output of a program, without the final newline.
pub(super) fn answer(command: &mut Command) -> Result<String, String> {
    Ok(run(command, ANSWER_LIMIT)?.trim_end().to_owned())
}

/// Runs a program to its end, or ends it after `limit`. Gives its output, or why there is none.
pub(super) fn run(command: &mut Command, limit: Duration) -> Result<String, String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = bounded(command, limit).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => format!("there is no {name} here"),
        std::io::ErrorKind::TimedOut => {
            format!("{name} had not ended after {} s", limit.as_secs())
        }
        _ => format!("{name}: {error}"),
    })?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let words = String::from_utf8_lossy(&output.stderr);
    let last = words.lines().rfind(|line| !line.trim().is_empty());
    Err(format!("{name} failed: {}", last.unwrap_or("no reason")))
}

fn bounded(command: &mut Command, limit: Duration) -> std::io::Result<Output> {
    let end = Instant::now() + limit;
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    // Read on threads, since a full pipe would stop the child. Not joined: if the child is ended, a
    // process that it started may keep the pipe open.
    let stdout = read_all(child.stdout.take());
    let stderr = read_all(child.stderr.take());
    let status = loop {
        match child.try_wait()? {
            Some(status) => break status,
            None if Instant::now() < end => std::thread::sleep(POLL),
            None => return Err(stop(&mut child)),
        }
    };
    let left = end.saturating_duration_since(Instant::now()) + POLL;
    Ok(Output {
        status,
        stdout: stdout.recv_timeout(left).unwrap_or_default(),
        stderr: stderr.recv_timeout(left).unwrap_or_default(),
    })
}

fn read_all(pipe: Option<impl Read + Send + 'static>) -> Receiver<Vec<u8>> {
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut pipe) = pipe {
            let _ = pipe.read_to_end(&mut bytes);
        }
        let _ = sender.send(bytes);
    });
    receiver
}

fn stop(child: &mut Child) -> std::io::Error {
    let _ = child.kill();
    let _ = child.wait();
    std::io::ErrorKind::TimedOut.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn a_program_answers_or_says_why_not() {
        assert_eq!(answer(&mut shell("echo yes")).unwrap(), "yes");
        let error = answer(&mut shell("echo reason >&2; exit 1")).unwrap_err();
        assert_eq!(error, "sh failed: reason");
        let error = answer(&mut Command::new("no-such-program")).unwrap_err();
        assert_eq!(error, "there is no no-such-program here");
    }

    #[test]
    fn much_output_does_not_block() {
        let script = "i=0; while [ $i -lt 20000 ]; do echo 0123456789; i=$((i+1)); done";
        let output = run(&mut shell(script), Duration::from_secs(20)).unwrap();
        assert_eq!(output.len(), 220_000);
    }

    #[test]
    fn a_program_that_hangs_is_ended() {
        let start = Instant::now();
        let error = run(&mut shell("sleep 30"), Duration::from_millis(100)).unwrap_err();
        assert!(error.contains("had not ended"), "{error}");
        assert!(start.elapsed() < Duration::from_secs(10));
    }
}
