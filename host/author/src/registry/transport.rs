//! HTTP with an untrusted registry. Everything received has a bound, and everything sent is encrypted:
//! HTTPS, or HTTP within this machine.

use super::error::Failure;
use super::reference::{Reference, is_loopback};
use reqwest::redirect::{Attempt, Policy};
use reqwest::{Client, RequestBuilder, Response, StatusCode};
use std::time::Duration;
use url::Url;

const CONNECT_LIMIT: Duration = Duration::from_secs(10);

/// The longest silence in the middle of an answer.
const SILENCE_LIMIT: Duration = Duration::from_secs(30);

/// The most redirects of one request.
const MAX_REDIRECTS: usize = 5;

/// The most bytes of an answer that explains an error; what comes after them is not read.
const MAX_EXPLANATION: usize = 64 << 10;

/// A client for the registry of a reference. It keeps no cookies, and a redirect to another host gets
/// neither the password nor the token.
pub(super) fn client(reference: &Reference) -> Result<Client, Failure> {
    // Fails only if there is one already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let is_here = reference.is_on_loopback();
    let builder = Client::builder()
        .connect_timeout(CONNECT_LIMIT)
        .read_timeout(SILENCE_LIMIT)
        .redirect(Policy::custom(move |attempt| follow(attempt, is_here)))
        .referer(false)
        .user_agent(concat!("contend/", env!("CARGO_PKG_VERSION")));
    // Loopback never uses a proxy: one from the environment could carry the request off the machine, in
    // plain text.
    let builder = match is_here {
        true => builder.no_proxy(),
        false => builder,
    };
    builder.build().map_err(Failure::Transport)
}

/// The URL of a path at the registry of a reference.
pub(super) fn url(reference: &Reference, path: &str) -> Result<Url, Failure> {
    let scheme = match reference.is_on_loopback() {
        true => "http",
        false => "https",
    };
    let registry = reference.named().resolve_registry();
    let text = format!("{scheme}://{registry}/v2/{path}");
    Url::parse(&text).map_err(|error| Failure::Refused(format!("{text} is no address: {error}")))
}

/// Says why nothing is sent to an address: plain text stays within this machine, and only a registry
/// of this machine may lead there.
pub(super) fn check(url: &Url, is_here: bool) -> Result<(), Failure> {
    let why = match (url.scheme(), is_here) {
        ("https", _) => return Ok(()),
        ("http", true) if url.host().is_some_and(|host| is_loopback(&host)) => return Ok(()),
        ("http", _) => "in plain text (HTTP)",
        _ => "by that protocol",
    };
    let place = shown(url);
    let why = format!("it leads to {place}, and nothing is sent there {why}");
    Err(Failure::Refused(why))
}

/// An address without what may be secret or long in it.
pub(super) fn shown(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    let port = url.port().map(|port| format!(":{port}"));
    format!("{}://{host}{}", url.scheme(), port.unwrap_or_default())
}

fn follow(attempt: Attempt, is_here: bool) -> reqwest::redirect::Action {
    if attempt.previous().len() > MAX_REDIRECTS {
        return attempt.error(format!("more than {MAX_REDIRECTS} redirects"));
    }
    match check(attempt.url(), is_here) {
        Ok(()) => attempt.follow(),
        Err(failure) => attempt.error(failure.to_string()),
    }
}

/// Sends a request, and gives the answer if it is a success. Another answer is an error, with the
/// beginning of its explanation.
pub(super) async fn send(request: RequestBuilder) -> Result<Response, Failure> {
    let mut response = request.send().await.map_err(Failure::of_request)?;
    let status = response.status();
    if status.is_success() {
        return Ok(response);
    }
    let mut explanation = Vec::new();
    while explanation.len() < MAX_EXPLANATION {
        // An explanation that breaks off is as good as none: the code says enough.
        let Ok(Some(part)) = response.chunk().await else {
            break;
        };
        explanation.extend_from_slice(&part);
    }
    explanation.truncate(MAX_EXPLANATION);
    Err(Failure::of_answer(status.as_u16(), &explanation))
}

/// The body of an answer; an error as soon as it is larger than this.
pub(super) async fn body(mut response: Response, most: usize) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    while let Some(part) = response.chunk().await.map_err(Failure::Transport)? {
        bytes.extend_from_slice(&part);
        if bytes.len() > most {
            return Err(Failure::TooLarge { most });
        }
    }
    Ok(bytes)
}

/// True if the requested resource exists.
pub(super) async fn exists(request: RequestBuilder) -> Result<bool, Failure> {
    match send(request).await {
        Ok(_) => Ok(true),
        Err(Failure::Status { code, .. }) if code == StatusCode::NOT_FOUND.as_u16() => Ok(false),
        Err(failure) => Err(failure),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_text_stays_within_this_machine() {
        let is_allowed = |url: &str, is_here| check(&url.parse().unwrap(), is_here).is_ok();
        for here in ["http://localhost/", "http://127.0.0.9:5/x", "http://[::1]/"] {
            assert!(is_allowed(here, true), "{here}");
            assert!(!is_allowed(here, false), "{here}");
        }
        for is_here in [true, false] {
            assert!(is_allowed("https://blobs.example/", is_here));
            for never in [
                "http://registry.example/",
                "http://127.0.0.1.example/",
                "http://localhost.example/",
                "http://10.0.0.1/",
                "ftp://registry.example/",
                "file:///etc/passwd",
            ] {
                assert!(!is_allowed(never, is_here), "{never}");
            }
        }
    }

    #[test]
    fn refusal_shows_no_secret_of_an_address() {
        let url = "http://user:secret@registry.example:81/x?token=secret";
        let message = check(&url.parse().unwrap(), false).unwrap_err().to_string();
        assert!(message.contains("http://registry.example:81,"), "{message}");
        assert!(!message.contains("secret"), "{message}");
    }
}
