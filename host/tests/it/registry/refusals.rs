//! Refusals of a registry: each says what may be concluded, and leaves nothing behind.

use super::server::RegistryServer;
use super::{SMALL, digest, lock, pushed};
use crate::support::{Sandbox, component};
use std::fs;

/// Neither a pin nor a file.
fn assert_nothing_is_left(sandbox: &Sandbox) {
    assert_eq!(lock(sandbox), "");
    assert!(!sandbox.path("cache").exists());
}

#[test]
fn a_registry_that_is_not_there_is_reported_so() {
    let mut registry = RegistryServer::start();
    let reference = registry.reference("cas:1");
    registry.stop();
    let sandbox = Sandbox::new();
    let words = ["can't be reached by HTTP", &reference, "Connection refused"];
    for command in [
        format!("--strategy {reference} {SMALL}"),
        format!("pull {reference}"),
        format!("push {} {reference}", component("cas").display()),
    ] {
        sandbox.run(&command).refused_with(&words);
    }
    assert_nothing_is_left(&sandbox);
}

#[test]
fn reference_unknown_to_the_registry_is_reported() {
    let registry = RegistryServer::start();
    let (_, exact) = pushed(&registry, "cas", "cas:1");
    let sandbox = Sandbox::new();
    let no_digest = format!("{}0000", &exact[..exact.len() - 4]);
    for reference in [
        registry.reference("cas:2"),
        registry.reference("other:1"),
        no_digest,
    ] {
        let said = sandbox.run(&format!("--strategy {reference} {SMALL}"));
        said.refused_with(&["not found in the registry", &reference]);
    }
    assert_nothing_is_left(&sandbox);
}

#[test]
fn file_that_is_no_strategy_is_not_pushed() {
    let registry = RegistryServer::start();
    let sandbox = Sandbox::new();
    sandbox.write("text.wasm", "text");
    sandbox.write("core.wasm", wat::parse_str("(module)").unwrap());
    let other = r#"(component (import "other:thing/part@1.0.0" (instance)))"#;
    sandbox.write("other.wasm", wat::parse_str(other).unwrap());
    for (file, why) in [
        ("text.wasm", "is not WebAssembly"),
        ("core.wasm", "is a core WebAssembly module"),
        ("other.wasm", "does not fit this runner"),
        ("none.wasm", "there is no strategy"),
    ] {
        let said = sandbox.run(&format!("push {file} {}", registry.reference("x:1")));
        said.refused_with(&[why]);
    }
    let answer = registry.get("/v2/_catalog");
    let repositories = String::from_utf8(answer.body).unwrap();
    assert_eq!(repositories.trim(), r#"{"repositories":[]}"#);
    let (_, exact) = pushed(&registry, "cas", "cas:1");
    sandbox
        .run(&format!("push {} {exact}", component("cas").display()))
        .refused_with(&["has a digest", "name a tag"]);
}

#[test]
fn file_that_is_no_strategy_is_not_cached() {
    let registry = RegistryServer::start();
    let layer = "application/vnd.oci.image.layer.v1.tar+gzip";
    registry.push("image", "1", layer, b"layer");
    registry.push("text", "1", "application/wasm", b"text");
    registry.push(
        "core",
        "1",
        "application/wasm",
        &wat::parse_str("(module)").unwrap(),
    );
    let sandbox = Sandbox::new();
    for (name, why) in [
        ("image:1", layer),
        ("text:1", "no WebAssembly component"),
        ("core:1", "no WebAssembly component"),
    ] {
        let reference = registry.reference(name);
        let said = sandbox.run(&format!("--strategy {reference} {SMALL}"));
        said.refused_with(&[&reference, "is no strategy", why]);
    }
    assert_nothing_is_left(&sandbox);
}

/// A component of something else is kept, so that it can be looked at.
#[test]
fn misfit_is_reported_with_its_reference() {
    let registry = RegistryServer::start();
    let other = r#"(component (import "other:thing/part@1.0.0" (instance)))"#;
    let other = wat::parse_str(other).unwrap();
    registry.push("other", "1", "application/wasm", &other);
    let (sandbox, reference) = (Sandbox::new(), registry.reference("other:1"));
    for command in [
        format!("--strategy {reference} {SMALL}"),
        format!("check {reference}"),
    ] {
        let words = [
            &*reference,
            "was pulled, and can't be run",
            "does not fit this runner",
        ];
        sandbox.run(&command).refused_with(&words);
    }
    let said = sandbox.run(&format!("inspect {reference}"));
    assert_eq!(said.code, 2, "{}", said.stderr);
    assert!(
        said.stdout.contains("other:thing/part@1.0.0"),
        "{}",
        said.stdout
    );
}

#[test]
fn a_component_that_was_damaged_in_the_registry_is_refused() {
    let registry = RegistryServer::start();
    let (reference, exact) = pushed(&registry, "cas", "cas:1");
    let damage = |digest: &str| {
        let file = registry.blob(digest);
        let mut bytes = fs::read(&file).unwrap();
        *bytes.last_mut().unwrap() ^= 1;
        fs::write(&file, bytes).unwrap();
    };
    let sandbox = Sandbox::new();
    damage(&digest("cas"));
    for reference in [&reference, &exact] {
        let said = sandbox.run(&format!("--strategy {reference} {SMALL}"));
        said.refused_with(&[reference, "digest mismatch", &digest("cas")]);
    }
    assert_nothing_is_left(&sandbox);
    damage(&digest("cas"));
    assert_eq!(sandbox.run(&format!("pull {reference}")).code, 0);
}

#[test]
fn a_reference_that_is_none_is_refused_before_anything_is_asked() {
    let sandbox = Sandbox::new();
    for given in [
        "oci://localhost",
        "oci://localhost/Cas:1",
        "oci://localhost/cas@sha256:0",
    ] {
        for command in [format!("--strategy {given}"), format!("pull {given}")] {
            sandbox
                .run(&command)
                .refused_with(&[given, "oci://HOST[:PORT]/NAME:TAG"]);
        }
    }
}

/// A download is bounded by its announced size, however much there is.
#[test]
fn a_component_that_is_larger_than_announced_is_refused() {
    let registry = RegistryServer::start();
    let bytes = fs::read(component("cas")).unwrap();
    registry.push_as("cas", "1", "application/wasm", &bytes, 1000);
    let sandbox = Sandbox::new();
    let reference = registry.reference("cas:1");
    let said = sandbox.run(&format!("--strategy {reference} {SMALL}"));
    said.refused_with(&[&reference, "digest mismatch"]);
    assert_nothing_is_left(&sandbox);
}
