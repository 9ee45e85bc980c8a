//! Redirections of a registry, and the credentials that follow them.

use super::super::tls::Proxy;
use super::server::{Asked, Hostile, Reply};
use crate::support::Sandbox;
use crate::support::certificates::certified;
use base64::prelude::{BASE64_STANDARD, Engine};
use serde_json::json;
use std::fs;

const REGISTRY: &str = "registry.example";
const ELSEWHERE: &str = "elsewhere.example";

const OK: &str = "HTTP/1.1 200 OK\r\n";

/// The user as `docker login` leaves it, and what is sent of it.
fn log_in(sandbox: &Sandbox, registry: &str) -> String {
    let secret = BASE64_STANDARD.encode("author:open sesame");
    let config = json!({"auths": {registry: {"auth": secret}}});
    fs::create_dir_all(sandbox.path("docker")).unwrap();
    sandbox.write("docker/config.json", config.to_string());
    format!("Basic {secret}")
}

fn wants_token_from(realm: &str) -> Reply {
    Reply::head(&format!(
        "HTTP/1.1 401 Who\r\nWWW-Authenticate: Bearer realm=\"{realm}\",service=\"s\"\r\n"
    ))
}

fn token() -> Reply {
    Reply::Whole(OK.to_owned(), br#"{"access_token":"t"}"#.to_vec())
}

fn redirect(to: &str) -> Reply {
    Reply::head(&format!("HTTP/1.1 307 There\r\nLocation: {to}\r\n"))
}

/// Both hosts behind one proxy, by HTTPS; and the sandbox in which the runner believes them.
fn remote(answer: impl Fn(&Asked) -> Reply + Send + Sync + 'static) -> (Hostile, Proxy, Sandbox) {
    let (key, certificate, issuer) = certified(&[REGISTRY, ELSEWHERE]);
    let server = Hostile::start_with_tls(&key, &certificate, answer);
    let proxy = Proxy::start(server.port());
    let sandbox = proxy.sandbox();
    let issuer = sandbox.write("issuer.pem", issuer);
    let sandbox = sandbox.with_variable("SSL_CERT_FILE", issuer);
    (server, proxy, sandbox)
}

fn of_host<'a>(asked: &'a [Asked], host: &str) -> Vec<&'a Asked> {
    asked.iter().filter(|asked| asked.host == host).collect()
}

#[test]
fn password_is_not_sent_to_another_host_without_being_asked() {
    let (server, _proxy, sandbox) = remote(|asked| match &*asked.line {
        "GET /v2/" => wants_token_from("https://elsewhere.example/token"),
        line if line.starts_with("GET /token") => token(),
        _ => Reply::head("HTTP/1.1 404 None\r\n"),
    });
    let pull = format!("pull oci://{REGISTRY}/cas:1");

    // Nobody is logged in: there is nothing to keep.
    sandbox
        .run(&pull)
        .refused_with(&["not found in the registry"]);
    let asked = server.asked();
    let there = of_host(&asked, ELSEWHERE);
    assert_eq!(there.len(), 1, "{asked:?}");
    assert_eq!(there[0].authorization, None);

    let secret = log_in(&sandbox, REGISTRY);
    let agreed = format!("CONTEND_TOKEN_HOSTS={REGISTRY}={ELSEWHERE}");
    sandbox
        .run(&pull)
        .refused_with(&["token service", ELSEWHERE, &agreed]);
    assert_eq!(of_host(&server.asked(), ELSEWHERE).len(), 1);

    let sandbox = sandbox.with_variable("CONTEND_TOKEN_HOSTS", format!("{REGISTRY}={ELSEWHERE}"));
    sandbox
        .run(&pull)
        .refused_with(&["not found in the registry"]);
    let asked = server.asked();
    let there = of_host(&asked, ELSEWHERE);
    assert_eq!(there.len(), 2);
    assert_eq!(there[1].authorization.as_deref(), Some(&*secret));
    let manifest = asked.last().unwrap();
    assert_eq!(manifest.host, REGISTRY);
    assert_eq!(manifest.authorization.as_deref(), Some("Bearer t"));
}

#[test]
fn nothing_is_sent_in_plain_text_off_the_machine() {
    let here = Hostile::start(|_| token());
    let plain = format!("http://127.0.0.1:{}/token", here.port());
    let realm = plain.clone();
    let (server, proxy, sandbox) = remote(move |asked| match &*asked.line {
        "GET /v2/" => wants_token_from(&realm),
        _ => Reply::head("HTTP/1.1 404 None\r\n"),
    });
    let pull = format!("pull oci://{REGISTRY}/cas:1");
    sandbox
        .run(&pull)
        .refused_with(&["token service", "plain text"]);
    log_in(&sandbox, REGISTRY);
    sandbox
        .run(&pull)
        .refused_with(&["token service", "plain text"]);
    assert_eq!(server.asked().len(), 2);

    // A redirect is no other way there, neither of the registry nor of the token service.
    for at in ["GET /v2/", "GET /token", "GET /v2/cas/manifests/1"] {
        let to = plain.clone();
        let (_server, _proxy, sandbox) = remote(move |asked| match &*asked.line {
            line if line.starts_with(at) && (at != "GET /v2/" || line == at) => redirect(&to),
            "GET /v2/" => wants_token_from("https://registry.example/token"),
            line if line.starts_with("GET /token") => token(),
            _ => Reply::head("HTTP/1.1 404 None\r\n"),
        });
        log_in(&sandbox, REGISTRY);
        sandbox
            .run(&pull)
            .refused_with(&["plain text", "http://127.0.0.1"]);
    }
    assert!(here.asked().is_empty(), "{:?}", here.asked());
    assert!(
        proxy
            .asked()
            .iter()
            .all(|line| line.starts_with("CONNECT "))
    );

    // From this machine a registry leads to no other one, in plain text.
    let leading = Hostile::start(|asked| match &*asked.line {
        "GET /v2/" => wants_token_from("http://elsewhere.example/token"),
        _ => redirect("http://elsewhere.example/"),
    });
    let sandbox = Sandbox::new();
    let pull = format!("pull {}", leading.reference());
    for _ in 0..2 {
        sandbox.run(&pull).refused_with(&["plain text", ELSEWHERE]);
        log_in(&sandbox, &format!("127.0.0.1:{}", leading.port()));
    }
}

#[test]
fn redirect_to_another_host_takes_neither_password_nor_token_along() {
    for wants_basic in [true, false] {
        let (server, _proxy, sandbox) = remote(move |asked| match &*asked.line {
            "GET /v2/" if wants_basic => {
                Reply::head("HTTP/1.1 401 Who\r\nWWW-Authenticate: Basic realm=\"x\"\r\n")
            }
            "GET /v2/" => wants_token_from("https://registry.example/token"),
            line if line.starts_with("GET /token") => token(),
            line if line.starts_with("GET /v2/cas/manifests/") => {
                redirect("https://elsewhere.example/there")
            }
            _ => Reply::head("HTTP/1.1 404 None\r\n"),
        });
        let secret = log_in(&sandbox, REGISTRY);
        let pull = format!("pull oci://{REGISTRY}/cas:1");
        sandbox
            .run(&pull)
            .refused_with(&["not found in the registry"]);
        let asked = server.asked();
        let there = of_host(&asked, ELSEWHERE);
        assert_eq!(there.len(), 1, "{asked:?}");
        assert_eq!(there[0].authorization, None);
        let expected = if wants_basic { &*secret } else { "Bearer t" };
        let manifest = asked.iter().find(|it| it.line.contains("/manifests/"));
        assert_eq!(manifest.unwrap().authorization.as_deref(), Some(expected));
    }
}
