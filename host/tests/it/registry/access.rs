//! Users of a registry, and the way to it.

use super::server::{PASSWORD, RegistryServer, USER};
use super::tls::{HOST, Proxy, registry};
use super::{SMALL, pushed};
use crate::support::{Finished, Sandbox, component};
use base64::prelude::{BASE64_STANDARD, Engine};
use std::fs;
use std::os::unix::fs::PermissionsExt;

/// As `docker login` leaves it.
fn log_in(sandbox: &Sandbox, registry: &RegistryServer, password: &str) {
    let secret = BASE64_STANDARD.encode(format!("{USER}:{password}"));
    let config = format!(
        r#"{{"auths":{{"{}":{{"auth":"{secret}"}}}}}}"#,
        registry.host()
    );
    configure(sandbox, &config);
}

fn configure(sandbox: &Sandbox, config: &str) {
    fs::create_dir_all(sandbox.path("docker")).unwrap();
    sandbox.write("docker/config.json", config);
}

fn assert_nothing_is_reported(said: &Finished, secrets: &[&str]) {
    for secret in secrets {
        let encoded = BASE64_STANDARD.encode(format!("{USER}:{secret}"));
        for text in [&said.stdout, &said.stderr] {
            assert!(!text.contains(secret) && !text.contains(&encoded), "{text}");
        }
    }
}

#[test]
fn the_docker_configuration_has_the_user_and_no_output_shows_it() {
    let registry = RegistryServer::start_with_users();
    let reference = registry.reference("cas:1");
    let push = format!("push {} {reference}", component("cas").display());
    let run = format!("--strategy {reference} {SMALL}");
    let sandbox = Sandbox::new();

    for command in [&push, &run] {
        let said = sandbox.run(command);
        said.refused_with(&[&registry.host(), "log in with `docker login`"]);
    }
    log_in(&sandbox, &registry, "wrong guess");
    for command in [&push, &run] {
        let said = sandbox.run(command);
        said.refused_with(&[&registry.host(), "check the user and password"]);
        assert_nothing_is_reported(&said, &["wrong guess"]);
    }
    log_in(&sandbox, &registry, PASSWORD);
    for command in [&push, &run] {
        let said = sandbox.run(command);
        assert_eq!(said.code, 0, "{}", said.stderr);
        assert_nothing_is_reported(&said, &[PASSWORD]);
    }
    let left = sandbox.shell(&format!(
        "grep -r '{PASSWORD}' results cache strategies.lock"
    ));
    assert_eq!((left.code, &*left.stdout), (1, ""));
}

#[test]
fn a_credential_helper_is_asked() {
    let registry = RegistryServer::start_with_users();
    let sandbox = Sandbox::new();
    let helper = sandbox.write(
        "docker-credential-test",
        format!(
            "#!/bin/sh\nread server\n[ \"$server\" = {} ] || exit 1\n\
             echo '{{\"Username\":\"{USER}\",\"Secret\":\"{PASSWORD}\"}}'\n",
            registry.host()
        ),
    );
    fs::set_permissions(&helper, fs::Permissions::from_mode(0o755)).unwrap();
    let path = format!(
        "{}:{}",
        helper.parent().unwrap().display(),
        std::env::var("PATH").unwrap()
    );
    let sandbox = sandbox.with_variable("PATH", path);
    let push = format!(
        "push {} {}",
        component("cas").display(),
        registry.reference("cas:1")
    );
    configure(&sandbox, r#"{"credsStore":"test"}"#);
    let said = sandbox.run(&push);
    assert_eq!(said.code, 0, "{}", said.stderr);
    configure(&sandbox, r#"{"credsStore":"missing"}"#);
    sandbox
        .run(&push)
        .refused_with(&["the Docker configuration can't be used", "helper"]);
    configure(&sandbox, "{");
    sandbox
        .run(&push)
        .refused_with(&["the Docker configuration can't be used", "config.json"]);
}

/// Credentials that are for another registry are not sent to this one.
#[test]
fn credentials_go_to_their_own_registry_only() {
    let (mine, other) = (
        RegistryServer::start_with_users(),
        RegistryServer::start_with_users(),
    );
    let sandbox = Sandbox::new();
    log_in(&sandbox, &mine, PASSWORD);
    let said = sandbox.run(&format!("pull {}", other.reference("cas:1")));
    said.refused_with(&[&other.host(), "there is no user for it"]);
}

#[test]
fn remote_registry_is_reached_by_https_only() {
    let (server, issuer) = registry();
    let proxy = Proxy::start(server.port());
    let reference = format!("oci://{HOST}/cas:1");
    let push = format!("push {} {reference}", component("cas").display());

    // Who signed it is unknown: not a word was said.
    let sandbox = proxy.sandbox();
    sandbox
        .run(&push)
        .refused_with(&["can't be reached by HTTPS", "certificate"]);
    assert_eq!(server.blobs(), 0);

    let issuer = sandbox.write("issuer.pem", issuer);
    let sandbox = sandbox.with_variable("SSL_CERT_FILE", issuer);
    let said = sandbox.run(&push);
    assert_eq!(said.code, 0, "{}", said.stderr);
    let said = sandbox.run(&format!("--strategy {reference} {SMALL}"));
    assert_eq!(said.code, 0, "{}", said.stderr);
    assert_eq!(proxy.asked(), [format!("CONNECT {HOST}:443 HTTP/1.1")]);
}

#[test]
fn local_registry_is_reached_without_a_proxy() {
    let registry = RegistryServer::start();
    let (reference, _) = pushed(&registry, "cas", "cas:1");
    let proxy = Proxy::start(registry.port());
    let said = proxy.sandbox().run(&format!("pull {reference}"));
    assert_eq!(said.code, 0, "{}", said.stderr);
    assert_eq!(proxy.asked(), [""; 0]);
}
