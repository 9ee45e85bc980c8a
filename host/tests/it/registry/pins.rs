//! The component of a reference does not change silently.

use super::server::RegistryServer;
use super::{SMALL, WORKLOAD, digest, lock, pushed};
use crate::support::Sandbox;
use std::fs;

#[test]
fn a_tag_that_was_moved_is_refused_until_that_is_accepted() {
    let registry = RegistryServer::start();
    let (reference, first) = pushed(&registry, "cas", "mine:1");
    let (run, pull) = (
        format!("--strategy {reference} {SMALL}"),
        format!("pull {reference}"),
    );
    let sandbox = Sandbox::new();
    assert_eq!(sandbox.run(&run).code, 0);
    let before = lock(&sandbox);
    assert!(
        before.contains(&reference) && before.contains(&digest("cas")),
        "{before}"
    );

    pushed(&registry, "for-update", "mine:1");
    // What is kept is what is pinned, so nobody is asked.
    assert_eq!(sandbox.run(&run).code, 0);
    let words = [
        &*reference,
        &digest("cas"),
        &digest("for-update"),
        "runner pull --update",
        &first,
    ];
    sandbox.run(&pull).refused_with(&words);
    // Somebody else's clone of the project: the pin is there and the cache is not.
    fs::remove_dir_all(sandbox.path("cache")).unwrap();
    sandbox.run(&run).refused_with(&words);
    let batch = format!("batch --workload w.toml --strategy {reference}");
    sandbox.write("w.toml", WORKLOAD);
    for command in [
        &*batch,
        &format!("check {reference}"),
        &format!("inspect {reference}"),
    ] {
        sandbox.run(command).refused_with(&words);
    }
    assert_eq!(lock(&sandbox), before);
    assert!(
        !sandbox.path("cache").exists(),
        "what is refused is not fetched"
    );
    // It can still be had by what it was then.
    assert_eq!(sandbox.run(&format!("--strategy {first} {SMALL}")).code, 0);

    let said = sandbox.run(&format!("{pull} --update"));
    assert_eq!(said.code, 0, "{}", said.stderr);
    let after = lock(&sandbox);
    let pinned = after
        .split("[[strategy]]")
        .find(|pin| pin.contains(&format!("{reference:?}")));
    assert!(pinned.unwrap().contains(&digest("for-update")), "{after}");
    assert_eq!(sandbox.run(&run).code, 0);
    assert_eq!(sandbox.run(&pull).code, 0);
}

#[test]
fn pinned_and_cached_strategy_needs_no_network() {
    let mut registry = RegistryServer::start();
    let (reference, exact) = pushed(&registry, "cas", "cas:1");
    let sandbox = Sandbox::new();
    for reference in [&reference, &exact] {
        let said = sandbox.run(&format!("inspect {reference}"));
        assert_eq!(said.code, 0, "{}", said.stderr);
    }
    registry.stop();
    let pinned = lock(&sandbox);
    for command in [
        format!("--strategy {reference} {SMALL}"),
        format!("--strategy {exact} {SMALL}"),
        format!("check {reference} --seeds 20 --quiet"),
        format!("inspect {exact}"),
    ] {
        let said = sandbox.run(&command);
        assert_eq!(said.code, 0, "{command}: {}", said.stderr);
    }
    assert_eq!(lock(&sandbox), pinned);
    sandbox
        .run(&format!("pull {reference}"))
        .refused_with(&["can't be reached", &registry.host()]);
}

#[test]
fn a_damaged_file_of_the_cache_is_reported_and_pulled_again() {
    let mut registry = RegistryServer::start();
    let (reference, _) = pushed(&registry, "cas", "cas:1");
    let sandbox = Sandbox::new();
    let kept = sandbox.run(&format!("pull {reference}")).stdout;
    let whole = fs::read(kept.trim()).unwrap();
    let mut bytes = whole.clone();
    *bytes.last_mut().unwrap() ^= 1;
    fs::write(kept.trim(), &bytes).unwrap();
    let said = sandbox.run(&format!("inspect {reference}"));
    assert_eq!(said.code, 0, "{}", said.stderr);
    let told = format!("{} is damaged, and is pulled again", kept.trim());
    assert!(said.stderr.contains(&told), "{}", said.stderr);
    assert_eq!(fs::read(kept.trim()).unwrap(), whole);

    fs::write(kept.trim(), &bytes).unwrap();
    registry.stop();
    let run = format!("--strategy {reference} {SMALL}");
    sandbox.run(&run).refused_with(&["can't be reached"]);
    registry.start_again();
    assert_eq!(sandbox.run(&run).code, 0);
}

#[test]
fn a_broken_lock_file_is_reported_and_left_as_it_is() {
    let registry = RegistryServer::start();
    let (reference, _) = pushed(&registry, "cas", "cas:1");
    let sandbox = Sandbox::new();
    sandbox.write("strategies.lock", "<<<<<<< ours");
    for command in [
        format!("--strategy {reference} {SMALL}"),
        format!("pull {reference} --update"),
    ] {
        let said = sandbox.run(&command);
        said.refused_with(&["strategies.lock", "remove it to pin everything anew"]);
    }
    assert_eq!(lock(&sandbox), "<<<<<<< ours");
}
