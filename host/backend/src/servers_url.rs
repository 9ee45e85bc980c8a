//! The URL of several servers of one service: `etcd://USER:PASSWORD@HOST:PORT,HOST:PORT?lease=10`.

use super::secret_url::SecretUrl;
use super::url::UrlError;
use serde::{Deserialize, Serialize};
use std::fmt;

/// At least one server. Each is a URL of its own, with the credentials and parameters of the whole; shown
/// without them.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct ServersUrl(Vec<SecretUrl>);

impl ServersUrl {
    /// The messages never repeat what was given.
    pub fn parse(text: &str) -> Result<Self, UrlError> {
        let (scheme, rest) = text.split_once("://").unwrap_or((text, ""));
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, tail) = rest.split_at(end);
        let (user, servers) = match authority.rsplit_once('@') {
            Some((user, servers)) => (format!("{user}@"), servers),
            None => (String::new(), authority),
        };
        let url = |server: &str| SecretUrl::parse(&format!("{scheme}://{user}{server}{tail}"));
        servers
            .split(',')
            .map(url)
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// The same servers, less these parameters.
    pub(super) fn without_parameters(&self, names: &[&str]) -> Self {
        let urls = self.0.iter().map(|url| url.without_parameters(names));
        Self(urls.collect())
    }

    pub(super) fn each(&self) -> &[SecretUrl] {
        &self.0
    }
}

impl fmt::Display for ServersUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (first, others) = self.0.split_first().expect("at least one");
        let shown = first.to_string();
        f.write_str(shown.trim_end_matches('/'))?;
        others.iter().try_for_each(|other| {
            let shown = other.to_string();
            let (_, server) = shown.split_once("://").unwrap_or(("", &shown));
            write!(f, ",{}", server.trim_end_matches('/'))
        })
    }
}

impl TryFrom<String> for ServersUrl {
    type Error = UrlError;

    fn try_from(text: String) -> Result<Self, UrlError> {
        Self::parse(&text)
    }
}

impl From<ServersUrl> for String {
    fn from(url: ServersUrl) -> Self {
        url.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_are_read_one_by_one_and_shown_without_credentials() {
        let url = ServersUrl::parse("etcd://me:hunter2@a:1,b:2,[::1]:3?lease=4&x=hunter2").unwrap();
        let ports: Vec<_> = url.each().iter().map(|url| url.expose().port()).collect();
        assert_eq!(ports, [Some(1), Some(2), Some(3)]);
        assert_eq!(url.each()[2].expose().password(), Some("hunter2"));
        assert_eq!(url.each()[1].parameter("lease").as_deref(), Some("4"));
        assert_eq!(url.to_string(), "etcd://a:1,b:2,[::1]:3");
        let again = ServersUrl::parse(&url.to_string()).unwrap();
        assert_eq!(again.to_string(), url.to_string());
    }

    #[test]
    fn server_that_is_none_is_refused_and_not_repeated() {
        for text in [
            "etcd://",
            "etcd:a",
            "etcd://a,",
            "etcd://me:hunter2@a:1,b:77777",
        ] {
            let message = ServersUrl::parse(text).unwrap_err().to_string();
            assert!(message.contains("etcd URL"), "{message}");
            assert!(!message.contains("hunter2"), "{message}");
        }
    }
}
