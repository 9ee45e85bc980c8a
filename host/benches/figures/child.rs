//! Parts that run in a process of their own.

use serde::de::DeserializeOwned;
use serde_json::Value;
use std::path::Path;
use std::process::{Command, Stdio};

const ARGUMENT: &str = "--child";

/// A name, and what a process of that name does and reports.
pub type Child = (&'static str, fn() -> Value);

/// If this process was started as a child, does its part and reports what came out.
pub fn answer(children: &[Child]) -> bool {
    let mut arguments = std::env::args().skip_while(|argument| argument != ARGUMENT);
    let Some(name) = arguments.nth(1) else {
        return false;
    };
    let part = children.iter().find(|(known, _)| *known == name);
    let (_, part) = part.expect("a part of ours");
    println!("{}", part());
    true
}

/// Starts a child, waits for it, and returns what it reported.
pub fn run<T: DeserializeOwned>(name: &str) -> T {
    run_with(name, &[])
}

/// The same with some variables of its environment set.
pub fn run_with<T: DeserializeOwned>(name: &str, set: &[(&str, &Path)]) -> T {
    let this = std::env::current_exe().expect("this program");
    let done = Command::new(this)
        .args([ARGUMENT, name])
        .envs(set.iter().copied())
        .stderr(Stdio::inherit())
        .output()
        .expect("a child process");
    assert!(done.status.success(), "{name}: {}", done.status);
    serde_json::from_slice(&done.stdout).expect("what it measured")
}
