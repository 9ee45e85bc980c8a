//! References into a registry: `oci://host[:port]/name:tag` or `oci://host/name@sha256:…`.

use super::digest::Digest;
use std::fmt;
use std::str::FromStr;
use url::{Host, Url};

/// The prefix of every reference.
const SCHEME: &str = "oci://";

/// Digits of a digest that distinguish strategies in names.
const SHORT_DIGEST: usize = 12;

/// The location of a strategy in a registry. It has a tag, which may be moved to other bytes, or the
/// digest of a manifest, or both; then the digest decides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    named: oci_client::Reference,
    is_on_loopback: bool,
    digest: Option<Digest>,
}

/// The reason why it names nothing.
#[derive(Debug, thiserror::Error)]
pub enum ReferenceError {
    #[error(
        "{given:?} names nothing in a registry: {why}; write oci://HOST[:PORT]/NAME:TAG or \
         oci://HOST[:PORT]/NAME@sha256:…"
    )]
    Malformed { given: String, why: String },
    /// The text is not repeated: it may have a password in it.
    #[error(
        "a reference to a registry has no user and no password in it; log in with `docker login HOST`, \
         or write them into ~/.docker/config.json as that does"
    )]
    Credentials,
}

impl Reference {
    /// Parses an argument as a reference if it starts with `oci://`; `None` if it does not.
    pub fn meant(given: &str) -> Result<Option<Self>, ReferenceError> {
        given.starts_with(SCHEME).then(|| given.parse()).transpose()
    }

    /// The registry, with its port where that is not the usual one.
    pub fn registry(&self) -> &str {
        self.named.registry()
    }

    /// True if the registry is on this machine, so that no request leaves it.
    pub fn is_on_loopback(&self) -> bool {
        self.is_on_loopback
    }

    pub fn tag(&self) -> Option<&str> {
        self.named.tag()
    }

    /// Digest of the manifest.
    pub fn digest(&self) -> Option<&Digest> {
        self.digest.as_ref()
    }

    /// The same with this manifest, whatever becomes of the tag.
    pub fn at(&self, manifest: &Digest) -> String {
        let tag = self.tag().map(|tag| format!(":{tag}")).unwrap_or_default();
        let (registry, repository) = (self.registry(), self.named.repository());
        format!("{SCHEME}{registry}/{repository}{tag}@{manifest}")
    }

    /// The name of a strategy from this reference: `cas@1.0`, or `cas@` with the first digits of the
    /// digest if there is no tag. So one run can contain two versions.
    pub fn strategy_name(&self) -> String {
        let repository = self.named.repository();
        let name = repository
            .rsplit_once('/')
            .map_or(repository, |(_, name)| name);
        let digits = self.digest.iter().map(|it| &it.digits()[..SHORT_DIGEST]);
        let version = self.tag().into_iter().chain(digits).next();
        format!("{name}@{}", version.unwrap_or_default())
    }

    pub(super) fn named(&self) -> &oci_client::Reference {
        &self.named
    }
}

impl FromStr for Reference {
    type Err = ReferenceError;

    fn from_str(given: &str) -> Result<Self, ReferenceError> {
        let malformed = |why: String| ReferenceError::Malformed {
            given: given.to_owned(),
            why,
        };
        let rest = given.strip_prefix(SCHEME).unwrap_or_default();
        let Some((registry, name)) = rest.split_once('/') else {
            return Err(malformed("it has no name behind its host".to_owned()));
        };
        if registry.contains('@') {
            return Err(ReferenceError::Credentials);
        }
        let (host, port) = host_and_port(registry).map_err(malformed)?;
        let is_on_loopback = is_loopback(&host);
        // The library takes a first part without a dot for a name at one certain registry. Here the
        // first part is the host, whatever it looks like.
        let read: oci_client::Reference = format!("host.invalid/{name}")
            .parse()
            .map_err(|error| malformed(format!("{error}")))?;
        let digest = read.digest().map(Digest::from_str).transpose();
        let digest = digest.map_err(malformed)?;
        let usual = if is_on_loopback { 80 } else { 443 };
        let registry = match port.filter(|port| *port != usual) {
            Some(port) => format!("{host}:{port}"),
            None => host.to_string(),
        };
        let (repository, tag) = (read.repository().to_owned(), read.tag().map(str::to_owned));
        type Named = oci_client::Reference;
        let named = match (tag, digest.as_ref().map(Digest::to_string)) {
            (Some(tag), Some(digest)) => {
                Named::with_tag_and_digest(registry, repository, tag, digest)
            }
            (None, Some(digest)) => Named::with_digest(registry, repository, digest),
            (tag, None) => Named::with_tag(registry, repository, tag.unwrap_or_default()),
        };
        Ok(Self {
            named,
            is_on_loopback,
            digest,
        })
    }
}

fn host_and_port(registry: &str) -> Result<(Host<String>, Option<u16>), String> {
    let parse = |scheme: &str| Url::parse(&format!("{scheme}://{registry}/"));
    let url = parse("https").map_err(|error| error.to_string())?;
    let is_bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
    // Each scheme leaves out its usual port.
    let port = url.port().or_else(|| parse("http").ok()?.port());
    match url.host() {
        Some(host) if is_bare => Ok((host.to_owned(), port)),
        _ => Err("that is no host".to_owned()),
    }
}

pub(super) fn is_loopback<S: AsRef<str>>(host: &Host<S>) -> bool {
    match host {
        Host::Domain(name) => name.as_ref() == "localhost",
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address.is_loopback(),
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{SCHEME}{}", self.named)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIGEST: &str = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    fn parse(given: &str) -> Reference {
        given
            .parse()
            .unwrap_or_else(|error| panic!("{given}: {error}"))
    }

    #[test]
    fn reference_prints_as_written_and_names_its_strategy() {
        for (given, name) in [
            ("oci://localhost:5000/cas:1.0", "cas@1.0"),
            (
                "oci://registry.example/team/strategies/my_cas:v2",
                "my_cas@v2",
            ),
            ("oci://[::1]:5000/cas:1.0", "cas@1.0"),
            (
                &format!("oci://registry.example/cas@{DIGEST}"),
                "cas@e3b0c44298fc",
            ),
            (
                &format!("oci://registry.example/cas:1.0@{DIGEST}"),
                "cas@1.0",
            ),
        ] {
            let reference = parse(given);
            assert_eq!(reference.to_string(), given);
            assert_eq!(reference.strategy_name(), name);
        }
        for port in [80, 443] {
            let on_loopback = format!("oci://localhost:{port}/cas:1");
            let usual = parse(&on_loopback).to_string() == "oci://localhost/cas:1";
            assert_eq!(usual, port == 80);
            let elsewhere = format!("oci://registry.example:{port}/cas:1");
            assert_eq!(parse(&elsewhere).to_string() == elsewhere, port == 80);
        }
        let latest = parse("oci://REGISTRY.example:443/cas");
        assert_eq!(latest.to_string(), "oci://registry.example/cas:latest");
        assert_eq!(
            latest.at(&DIGEST.parse().unwrap()),
            format!("oci://registry.example/cas:latest@{DIGEST}")
        );
    }

    #[test]
    fn only_the_loopback_is_the_loopback() {
        let is = |host: &str| parse(&format!("oci://{host}/cas:1")).is_on_loopback();
        for host in ["localhost", "localhost:5000", "127.0.0.1", "127.9.8.7:1"] {
            assert!(is(host), "{host}");
        }
        assert!(is("[::1]:5000"));
        for host in [
            "localhost.example",
            "127.0.0.1.example",
            "10.0.0.1",
            "0.0.0.0",
            "128.0.0.1",
            "[::2]",
            "registry",
        ] {
            assert!(!is(host), "{host}");
        }
    }

    #[test]
    fn invalid_reference_is_refused_without_repeating_a_password() {
        for wrong in [
            "oci://",
            "oci://localhost",
            "oci://localhost/",
            "oci:///cas:1",
            "oci://localhost/Cas:1",
            "oci://localhost/cas:1:2",
            "oci://localhost/cas@sha256:12",
            "oci://localhost/../cas:1",
            "oci://local host/cas:1",
            "oci://a?b/cas:1",
            &format!("oci://localhost/cas@sha512:{}", "0".repeat(128)),
        ] {
            let error = wrong.parse::<Reference>().expect_err(wrong);
            assert!(error.to_string().contains("names nothing"), "{error}");
        }
        let secret = "oci://me:secret@registry.example/cas:1".parse::<Reference>();
        let error = secret.unwrap_err().to_string();
        assert!(
            error.contains("docker login") && !error.contains("secret"),
            "{error}"
        );
    }
}
