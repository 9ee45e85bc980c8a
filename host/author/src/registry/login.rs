//! Login at a registry. The credentials go to the registry itself, or to the token service that it
//! names, if the user's password may go there.

use super::error::Failure;
use super::reference::Reference;
use super::transport;
use http_auth::ChallengeParser;
use reqwest::header::WWW_AUTHENTICATE;
use reqwest::{Client, RequestBuilder, Response, StatusCode};
use serde::Deserialize;
use url::Url;

/// Token services on another host than their registry. Others are agreed to by [`AGREED`].
const KNOWN: &[(&str, &str)] = &[
    ("docker.io", "auth.docker.io"),
    ("registry.gitlab.com", "gitlab.com"),
];

/// The variable with the token services that the user agrees to: `REGISTRY=HOST`, separated by commas.
pub const AGREED: &str = "CONTEND_TOKEN_HOSTS";

/// The most bytes of a token's answer; a token goes into a header, which servers bound to some KiB.
const MAX_TOKEN: usize = 256 << 10;

/// A user and a password.
#[derive(Clone, PartialEq, Eq)]
pub struct User {
    pub name: String,
    pub password: String,
}

/// Authentication of a request.
pub(super) enum Pass {
    Anonymous,
    User(User),
    Token(String),
}

impl Pass {
    /// Adds it to a request, if that goes to the registry itself.
    pub(super) fn show(&self, request: RequestBuilder) -> RequestBuilder {
        match self {
            Self::Anonymous => request,
            Self::User(user) => request.basic_auth(&user.name, Some(&user.password)),
            Self::Token(token) => request.bearer_auth(token),
        }
    }
}

/// A token service, as a registry names it.
#[derive(Debug, PartialEq, Eq)]
struct Challenge {
    realm: String,
    service: Option<String>,
}

#[derive(Deserialize)]
struct Token {
    token: Option<String>,
    access_token: Option<String>,
}

/// Asks the registry for its method of authentication, and the token service that it names for a token.
/// `actions` are `pull` or `pull,push`.
pub(super) async fn log_in(
    client: &Client,
    reference: &Reference,
    user: Option<&User>,
    actions: &str,
) -> Result<Pass, Failure> {
    let request = client.get(transport::url(reference, "")?);
    let answer = request.send().await.map_err(Failure::of_request)?;
    let pass = || user.cloned().map_or(Pass::Anonymous, Pass::User);
    if answer.status() != StatusCode::UNAUTHORIZED {
        return Ok(Pass::Anonymous);
    }
    let Some(challenge) = challenge(&answer) else {
        return Ok(pass());
    };
    let agreed = std::env::var(AGREED).unwrap_or_default();
    let mut url = realm(reference, &challenge.realm, user.is_some(), &agreed)?;
    let scope = format!("repository:{}:{actions}", reference.named().repository());
    url.query_pairs_mut()
        .append_pair("scope", &scope)
        .extend_pairs(challenge.service.map(|service| ("service", service)));
    let answer = transport::send(pass().show(client.get(url))).await;
    let answer = answer.map_err(|failure| match failure {
        Failure::Status { code, .. } if (400..500).contains(&code) => Failure::Unauthorized,
        other => other,
    })?;
    let text = transport::body(answer, MAX_TOKEN).await?;
    let token: Token = serde_json::from_slice(&text).map_err(|error| {
        // The answer itself may be a secret.
        Failure::Refused(format!("its token service returned no token: {error}"))
    })?;
    match token.token.or(token.access_token) {
        Some(token) => Ok(Pass::Token(token)),
        None => Err(Failure::Refused(
            "its token service returned no token".to_owned(),
        )),
    }
}

/// The first token service of an answer.
fn challenge(answer: &Response) -> Option<Challenge> {
    let headers = answer.headers().get_all(WWW_AUTHENTICATE).iter();
    headers
        .filter_map(|header| header.to_str().ok())
        .find_map(parse)
}

fn parse(header: &str) -> Option<Challenge> {
    let challenges = ChallengeParser::new(header).filter_map(Result::ok);
    let mut bearers = challenges.filter(|it| it.scheme.eq_ignore_ascii_case("Bearer"));
    bearers.find_map(|bearer| {
        let parameter = |name: &str| {
            let mut parameters = bearer.params.iter();
            let found = parameters.find(|(key, _)| key.eq_ignore_ascii_case(name));
            found.map(|(_, value)| value.to_unescaped())
        };
        Some(Challenge {
            realm: parameter("realm")?,
            service: parameter("service"),
        })
    })
}

/// The address of the token service. Returns an error if it would use plain text, or if the user's
/// password would go to a host other than the registry's without the user's consent.
fn realm(
    reference: &Reference,
    realm: &str,
    has_password: bool,
    agreed: &str,
) -> Result<Url, Failure> {
    let refused = |why: String| Failure::Refused(format!("its token service {why}"));
    let url = Url::parse(realm).map_err(|error| refused(format!("has no address: {error}")))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(refused("has a user in its address".to_owned()));
    }
    let is_here = reference.is_on_loopback();
    transport::check(&url, is_here).map_err(|failure| refused(format!("is refused: {failure}")))?;
    let host = url.host_str().unwrap_or_default();
    let own = transport::url(reference, "")?;
    // In plain text it is within this machine, where names are many and the host is one.
    let is_own = own.host_str() == Some(host) || url.scheme() == "http";
    let registry = reference.registry();
    let mut pairs = agreed
        .split(',')
        .filter_map(|pair| pair.trim().split_once('='));
    let is_agreed = KNOWN.contains(&(registry, host)) || pairs.any(|pair| pair == (registry, host));
    match is_own || is_agreed || !has_password {
        true => Ok(url),
        false => Err(refused(format!(
            "is on another host, {host}, and the user and password for {registry} are not sent there \
             unasked; if they belong there, set {AGREED}={registry}={host}"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn token_service_of_a_challenge_is_found_among_others() {
        let found = |header: &str| parse(header).map(|it| (it.realm, it.service));
        assert_eq!(
            found(r#"Basic realm="x", Bearer realm="https://a.example/t",service="s",scope="y""#),
            Some(("https://a.example/t".to_owned(), Some("s".to_owned())))
        );
        assert_eq!(found(r#"Basic realm="x""#), None);
        assert_eq!(found(r#"Bearer service="s""#), None);
        assert_eq!(found("\u{1}"), None);
    }

    #[test]
    fn password_goes_where_it_belongs_or_where_the_user_agreed() {
        let is_allowed = |registry: &str, to: &str, has_password, agreed: &str| {
            let reference = format!("oci://{registry}/cas:1").parse().unwrap();
            realm(&reference, to, has_password, agreed).is_ok()
        };
        let elsewhere = "https://auth.example/token";
        for (registry, to) in [
            ("registry.example", "https://registry.example/token"),
            ("registry.example", "https://registry.example:8443/token"),
            ("registry.example:5000", "https://registry.example/token"),
            ("docker.io", "https://auth.docker.io/token"),
            ("registry.gitlab.com", "https://gitlab.com/jwt/auth"),
            ("localhost:5000", "http://127.0.0.1:5001/token"),
        ] {
            assert!(is_allowed(registry, to, true, ""), "{registry} {to}");
        }
        for registry in ["registry.example", "localhost:5000"] {
            assert!(!is_allowed(registry, elsewhere, true, ""));
            assert!(!is_allowed(
                registry,
                elsewhere,
                true,
                "other.example=auth.example"
            ));
            let agreed = format!("other=x, {registry}=auth.example");
            assert!(is_allowed(registry, elsewhere, true, &agreed));
            // Without a password there is nothing to keep.
            assert!(is_allowed(registry, elsewhere, false, ""));
            for has_password in [true, false] {
                let plain = "http://auth.example/token";
                let agreed = format!("{registry}=auth.example");
                assert!(!is_allowed(registry, plain, has_password, &agreed));
                let with_user = "https://a:b@registry.example/token";
                assert!(!is_allowed(registry, with_user, has_password, ""));
                assert!(!is_allowed(registry, "/token", has_password, ""));
            }
        }
        assert!(!is_allowed(
            "registry.example",
            "http://localhost/token",
            false,
            ""
        ));
        assert!(!is_allowed(
            "docker.io",
            "https://auth.docker.io.example/",
            true,
            ""
        ));
    }
}
