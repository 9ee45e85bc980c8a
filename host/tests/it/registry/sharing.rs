//! From one author to another user.

use super::server::RegistryServer;
use super::{SMALL, WORKLOAD, digest, lock, pushed};
use crate::documents::{REGISTRY, commands_of_a_registry};
use crate::support::{Sandbox, component};
use serde_json::{Value, json};
use std::fs;

#[test]
fn pushed_strategy_is_pulled_byte_by_byte() {
    let registry = RegistryServer::start();
    let (tagged, exact) = pushed(&registry, "cas", "team/strategies/cas:1.0");
    assert!(exact.starts_with(&format!("{tagged}@sha256:")), "{exact}");
    let original = fs::read(component("cas")).unwrap();
    let digest = digest("cas");

    let other = Sandbox::new();
    let said = other.run(&format!("pull {tagged} --out mine.wasm"));
    assert_eq!(
        (said.code, &*said.stdout),
        (0, "mine.wasm\n"),
        "{}",
        said.stderr
    );
    assert_eq!(fs::read(other.path("mine.wasm")).unwrap(), original);
    assert!(said.stderr.contains(&digest), "{}", said.stderr);
    let kept = other.run(&format!("pull {exact}"));
    let file = format!(
        "cache/strategies/sha256/{}.wasm",
        &digest["sha256:".len()..]
    );
    assert_eq!(kept.stdout.trim(), other.path(&file).to_str().unwrap());
    assert_eq!(fs::read(kept.stdout.trim()).unwrap(), original);
    // By the digest alone, as it is found in other tools.
    let (_, manifest) = exact.split_once('@').unwrap();
    let by_digest = format!("{}@{manifest}", registry.reference("team/strategies/cas"));
    assert_eq!(other.run(&format!("pull {by_digest}")).code, 0);
    assert_eq!(lock(&other).matches(&digest).count(), 3);
    other
        .run(&format!("pull {tagged} --out mine.wasm"))
        .refused_with(&["mine.wasm", "nothing is ever overwritten"]);
}

/// The annotations that other tools read: `wkg`, and everything else that speaks OCI.
#[test]
fn in_the_registry_it_lies_as_other_tools_have_it() {
    let registry = RegistryServer::start();
    let (_, exact) = pushed(&registry, "cas", "cas:1.0");
    let manifest = registry.manifest("cas", "1.0");
    let (size, digest) = (fs::metadata(component("cas")).unwrap().len(), digest("cas"));
    assert_eq!(
        manifest["mediaType"],
        "application/vnd.oci.image.manifest.v1+json"
    );
    assert_eq!(
        manifest["layers"],
        json!([{"mediaType": "application/wasm", "digest": digest, "size": size}])
    );
    let noted = &manifest["annotations"];
    assert_eq!(noted["org.opencontainers.image.title"], "cas");
    assert_eq!(noted["org.opencontainers.image.licenses"], "Apache-2.0");
    assert!(noted["org.opencontainers.image.version"].is_string());
    assert!(noted["org.opencontainers.image.description"].is_string());
    assert!(noted["org.opencontainers.image.authors"].is_string());
    // What the component does not say.
    assert_eq!(noted.get("org.opencontainers.image.revision"), None);
    let blob = registry.get(&format!("/v2/cas/blobs/{digest}"));
    assert_eq!(blob.body, fs::read(component("cas")).unwrap());

    let config = &manifest["config"];
    assert_eq!(config["mediaType"], "application/vnd.wasm.config.v0+json");
    let place = format!("/v2/cas/blobs/{}", config["digest"].as_str().unwrap());
    let config: Value = serde_json::from_slice(&registry.get(&place).body).unwrap();
    assert_eq!(
        (&config["os"], &config["architecture"]),
        (&json!("wasip2"), &json!("wasm"))
    );
    assert_eq!(config["layerDigests"], json!([digest]));
    assert_eq!(
        config["component"]["exports"],
        json!(["contend:strategy/state-change@0.2.0"])
    );

    // The same component makes the same manifest, whenever it is pushed.
    assert_eq!(pushed(&registry, "cas", "cas:1.0").1, exact);
    let told = registry.get("/v2/cas/manifests/1.0");
    let told = told.header("Docker-Content-Digest").unwrap().to_owned();
    assert!(exact.ends_with(&told), "{exact} {told}");
}

/// `oras` and others make a config of their own.
#[test]
fn strategy_pushed_by_another_tool_can_be_run() {
    let registry = RegistryServer::start();
    let bytes = fs::read(component("cas")).unwrap();
    registry.push("cas", "1", "application/wasm", &bytes);
    let sandbox = Sandbox::new();
    let said = sandbox.run(&format!(
        "--strategy {} {SMALL}",
        registry.reference("cas:1")
    ));
    assert_eq!(said.code, 0, "{}", said.stderr);
}

#[test]
fn a_reference_is_a_strategy_wherever_one_is_named() {
    let registry = RegistryServer::start();
    let (cas, exact) = pushed(&registry, "cas", "cas:1.0");
    let (second, _) = pushed(&registry, "for-update", "cas:2.0");
    let (locked, _) = pushed(&registry, "lock-change", "locked:1.0");
    let setting = "lock-wait-ms=20000";
    let sandbox = Sandbox::new();

    // Two versions, and one of them with settings of its own, in one run.
    let said = sandbox.run(&format!(
        "--strategy {cas} --strategy {second} --strategy {locked}+{setting} --out run {SMALL}"
    ));
    assert_eq!(said.code, 0, "{}", said.stderr);
    let plan = fs::read_to_string(sandbox.path("run/plan.json")).unwrap();
    let plan: Value = serde_json::from_str(&plan).unwrap();
    let trial = |n: usize, key: &str| plan["trials"][n][key].as_str().unwrap().to_owned();
    for (n, name, reference, strategy) in [
        (0, "cas@1.0", &cas, "cas"),
        (1, "cas@2.0", &second, "for-update"),
        (2, "locked@1.0+lock-wait-ms=20000", &locked, "lock-change"),
    ] {
        assert_eq!(trial(n, "name"), name);
        assert_eq!(trial(n, "reference"), *reference);
        assert_eq!(trial(n, "digest"), digest(strategy));
        assert!(sandbox.path("run").join(name).join("verdict.json").exists());
    }
    assert_eq!(sandbox.run("report run --quiet").code, 0);

    let batch =
        format!("batch --workload w.toml --strategy {cas},{second} --csv batch.csv --quiet");
    sandbox.write("w.toml", WORKLOAD);
    let said = sandbox.run(&batch);
    assert_eq!(said.code, 0, "{}", said.stderr);

    let said = sandbox.run(&format!("inspect {exact}"));
    assert_eq!(said.code, 0, "{}", said.stderr);
    assert!(
        said.stdout.contains(&format!("pulled from {exact}\n")),
        "{}",
        said.stdout
    );
    let said = sandbox.run(&format!("check {cas} --seeds 20 --quiet"));
    assert_eq!(said.code, 0, "{}", said.stderr);

    // Pushing what is in one registry to another place.
    let copied = sandbox.run(&format!("push {cas} {}", registry.reference("copy:1")));
    assert_eq!(copied.code, 0, "{}", copied.stderr);
    let manifest = registry.manifest("copy", "1");
    assert_eq!(manifest["layers"][0]["digest"], digest("cas"));
}

#[test]
fn violation_replays_by_its_reference() {
    let registry = RegistryServer::start();
    let (wrong, _) = pushed(&registry, "unguarded", "unguarded:1");
    let sandbox = Sandbox::new();
    let said = sandbox.run(&format!("check {wrong} --faults none --json"));
    assert_eq!(said.code, 1, "{}", said.stderr);
    let report: Value = serde_json::from_str(&said.stdout).unwrap();
    let replay = report["checked"][0]["witness"]["replay"].as_str().unwrap();
    let again = replay.strip_prefix("runner ").unwrap();
    assert!(again.starts_with(&format!("check {wrong} ")), "{again}");
    let again = sandbox.run(again);
    assert_eq!(again.code, 1, "{}", again.stderr);
}

#[test]
fn a_run_of_a_reference_is_bundled_and_run_again() {
    let mut registry = RegistryServer::start();
    let (sandbox, reference) = (Sandbox::new(), registry.reference("cas:1"));
    // With a note in it, so that none of our own has its digest.
    let mut bytes = fs::read(component("cas")).unwrap();
    bytes.extend([0, 3, 1, b'n', 0]);
    sandbox.write("cas.wasm", bytes);
    let push = sandbox.run(&format!("push ./cas.wasm {reference}"));
    assert_eq!(push.code, 0, "{}", push.stderr);
    let run = format!("--strategy {reference} --db sim --rows 2 --workers-per-row 2 --out run");
    assert_eq!(sandbox.run(&run).code, 0);
    registry.stop();
    for again in ["rerun run", "rerun run --other-components", "bundle run"] {
        let said = sandbox.run(again);
        assert_eq!(said.code, 0, "{again}: {}{}", said.stdout, said.stderr);
    }
    // Of another user who has pulled the same: it is found by its digest.
    let moved = sandbox.path("moved");
    fs::rename(sandbox.path("cache"), &moved).unwrap();
    sandbox.run("rerun run").refused_with(&["cas@1"]);
    let bundle = sandbox.run("rerun run.tar.gz");
    assert_eq!(bundle.code, 0, "{}{}", bundle.stdout, bundle.stderr);
    let sandbox = sandbox.with_variable("CONTEND_CACHE", moved);
    let said = sandbox.run("rerun run");
    assert_eq!(said.code, 0, "{}{}", said.stdout, said.stderr);

    let said = sandbox.run(&format!("test {reference} --seeds 5 --json"));
    assert_eq!(said.code, 0, "{}{}", said.stdout, said.stderr);
    let tested: Value = serde_json::from_str(&said.stdout).unwrap();
    assert_eq!(tested["strategy"], "cas@1");
}

/// They name a registry at a port of its own.
#[test]
fn the_commands_of_the_documents_do_what_they_say() {
    let registry = RegistryServer::start();
    let commands = commands_of_a_registry();
    assert!(commands.len() >= 4, "{commands:?}");
    let sandbox = Sandbox::new();
    let here = format!("localhost:{}", registry.port());
    for command in commands {
        let (arguments, _) = command.split_once('#').unwrap_or((&command, ""));
        let arguments = arguments.trim().strip_prefix("runner ").unwrap();
        let said = sandbox.run(&arguments.replace(REGISTRY, &here));
        assert_eq!(said.code, 0, "{command}\n{}{}", said.stdout, said.stderr);
    }
    assert!(lock(&sandbox).contains(&here));
}
