//! No answer of a registry takes more than its bound of memory.

use super::server::{Asked, Hostile, Reply};
use crate::support::{Sandbox, component};
use serde_json::json;

/// Manifests have 4 MiB, and the rest less; the kernel's buffers hold some more. What a client reads
/// without a bound are 256 MiB.
const MOST_SERVED: u64 = 24 << 20;

const OK: &str = "HTTP/1.1 200 OK\r\n";
const NOT_FOUND: &str = "HTTP/1.1 404 Not Found\r\n";
const BROKEN: &str = "HTTP/1.1 500 Broken\r\n";

/// It answers an endless body with this head where the line begins so, and what is right elsewhere.
fn endless_at(line: &'static str, head: &'static str) -> Hostile {
    Hostile::start(move |asked| match asked.line.starts_with(line) {
        true if head.is_empty() => Reply::EndlessHead,
        true => Reply::endless(head),
        false => right(asked),
    })
}

/// As an honest registry with a token service answers.
fn right(asked: &Asked) -> Reply {
    let port = asked.host.rsplit(':').next().unwrap();
    let layer = json!({
        "mediaType": "application/wasm", "size": 1000,
        "digest": format!("sha256:{}", "0".repeat(64)),
    });
    let manifest = json!({"schemaVersion": 2, "config": layer, "layers": [layer]}).to_string();
    match asked.line.split_once(' ').unwrap() {
        ("GET", "/v2/") => Reply::head(&format!(
            "HTTP/1.1 401 Who\r\nWWW-Authenticate: Bearer realm=\"http://127.0.0.1:{port}/token\"\r\n"
        )),
        ("GET", path) if path.starts_with("/token") => {
            Reply::Whole(OK.to_owned(), br#"{"token":"t"}"#.to_vec())
        }
        ("GET", path) if path.contains("/manifests/") => {
            Reply::Whole(OK.to_owned(), manifest.into())
        }
        ("POST", _) => Reply::head("HTTP/1.1 202 Go on\r\nLocation: /v2/cas/blobs/uploads/1\r\n"),
        ("PUT", _) => Reply::head("HTTP/1.1 201 Done\r\n"),
        _ => Reply::head(NOT_FOUND),
    }
}

fn pull(registry: &Hostile) -> String {
    format!("pull {}", registry.reference())
}

fn push(registry: &Hostile) -> String {
    format!(
        "push {} {}",
        component("cas").display(),
        registry.reference()
    )
}

#[test]
fn endless_answer_of_a_registry_is_cut_at_its_bound() {
    type Command = fn(&Hostile) -> String;
    let cases: [(&str, &str, Command, &str); 12] = [
        (
            "GET /v2/cas/manifests/",
            OK,
            pull,
            "has more than 4194304 bytes",
        ),
        (
            "GET /v2/cas/manifests/",
            NOT_FOUND,
            pull,
            "not found in the registry",
        ),
        ("GET /v2/cas/manifests/", BROKEN, pull, "code 500"),
        ("GET /v2/cas/manifests/", "", pull, "can't be reached"),
        (
            "GET /v2/cas/blobs/",
            OK,
            pull,
            "received more than 1000 bytes",
        ),
        ("GET /v2/cas/blobs/", BROKEN, pull, "code 500"),
        ("GET /token", OK, pull, "has more than 262144 bytes"),
        ("GET /token", NOT_FOUND, pull, "denies this user"),
        ("GET /token", BROKEN, push, "code 500"),
        ("HEAD /v2/cas/blobs/", BROKEN, push, "code 500"),
        ("POST /v2/cas/blobs/", BROKEN, push, "code 500"),
        ("PUT /v2/cas/manifests/", BROKEN, push, "code 500"),
    ];
    for (line, head, command, words) in cases {
        let registry = endless_at(line, head);
        let sandbox = Sandbox::new();
        sandbox.run(&command(&registry)).refused_with(&[words]);
        let served = registry.served();
        assert!(served < MOST_SERVED, "{line}: {head}: {served} bytes");
        assert!(!sandbox.path("cache").exists() && !sandbox.path("strategies.lock").exists());
    }
}

#[test]
fn endless_answer_whose_body_is_of_no_use_is_not_read() {
    let registry = Hostile::start(|asked| match &*asked.line {
        "GET /v2/" => Reply::endless(OK),
        line if line.starts_with("POST") => {
            Reply::endless("HTTP/1.1 202 Go on\r\nLocation: /v2/cas/blobs/uploads/1\r\n")
        }
        line if line.starts_with("PUT") => Reply::endless("HTTP/1.1 201 Done\r\n"),
        _ => right(asked),
    });
    let pushed = Sandbox::new().run(&push(&registry));
    assert_eq!(pushed.code, 0, "{}", pushed.stderr);
    // Seven requests, and of each what the kernel takes before anybody looks.
    let served = registry.served();
    assert!(served < 4 * MOST_SERVED, "{served} bytes");
}

#[test]
fn honest_answers_of_the_same_server_are_taken() {
    let registry = Hostile::start(right);
    let sandbox = Sandbox::new();
    let pushed = sandbox.run(&push(&registry));
    assert_eq!(pushed.code, 0, "{}", pushed.stderr);
    let asked = registry.asked();
    let manifest = asked
        .iter()
        .find(|it| it.line.starts_with("PUT /v2/cas/manifests/1"));
    assert_eq!(manifest.unwrap().authorization.as_deref(), Some("Bearer t"));
}
