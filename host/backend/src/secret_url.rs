//! The URL of a server, with the password that may be in it.

use super::url::UrlError;
use serde::{Deserialize, Serialize};
use std::fmt;
use url::Url;

/// Hint for a password with characters other than letters and digits.
pub(super) const SIGNS: &str = "and in a user or password the signs / : @ ? # % are written as %2F %3A %40 %3F \
                                %23 %25";

/// The parameter that says that a pooler in transaction mode is behind a URL, as other tools call it.
pub(super) const POOLER: &str = "pgbouncer";

/// A server's URL. It shows itself, in messages, results and debug output, without user and
/// password; only the backend that connects asks for the whole of it. So what was read back from a
/// run's folder names the server and opens nothing.
#[derive(Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct SecretUrl(Url);

impl SecretUrl {
    /// Takes a URL with a host. The messages never repeat what was given.
    pub fn parse(text: &str) -> Result<Self, UrlError> {
        let url = Url::parse(text).map_err(|error| {
            let scheme = text.split(':').next().unwrap_or_default();
            UrlError::new(format!("invalid {scheme} URL: {error}; {SIGNS}"))
        })?;
        if url.host_str().is_none_or(str::is_empty) {
            let scheme = url.scheme();
            return Err(UrlError::new(format!(
                "the {scheme} URL names no server; expected {scheme}://USER:PASSWORD@HOST:PORT/NAME, {SIGNS}"
            )));
        }
        Ok(Self(url))
    }

    /// The whole URL, credentials included: for connecting, and for nothing else.
    pub(super) fn expose(&self) -> &Url {
        &self.0
    }

    /// The value of a parameter, if it is there.
    pub(super) fn parameter(&self, name: &str) -> Option<String> {
        let mut pairs = self.0.query_pairs();
        pairs.find_map(|(key, value)| (key == name).then(|| value.into_owned()))
    }

    /// The same URL, less these parameters.
    pub(super) fn without_parameters(&self, names: &[&str]) -> Self {
        let mut url = self.0.clone();
        let others = self.0.query_pairs();
        let others = others.filter(|(key, _)| !names.contains(&&**key));
        let others: Vec<_> = others.collect();
        url.set_query(None);
        if !others.is_empty() {
            url.query_pairs_mut().extend_pairs(others);
        }
        Self(url)
    }

    /// The value of the parameter of a pooler, if it is there.
    pub(super) fn pooler(&self) -> Option<String> {
        self.parameter(POOLER)
    }

    /// The whole URL, as [`Self::expose`], less that parameter.
    pub(super) fn without_pooler(&self) -> Url {
        self.without_parameters(&[POOLER]).0
    }

    /// `host:port`, with the scheme's own port if none was given.
    pub fn address(&self, default_port: u16) -> String {
        let host = self.0.host_str().unwrap_or_default();
        format!("{host}:{}", self.0.port().unwrap_or(default_port))
    }
}

impl fmt::Display for SecretUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = self.0.clone();
        // A URL with a host takes both, and a query may hold more than it should.
        shown.set_username("").ok();
        shown.set_password(None).ok();
        shown.set_query(None);
        if self.pooler().as_deref() == Some("true") {
            shown.query_pairs_mut().append_pair(POOLER, "true");
        }
        shown.set_fragment(None);
        f.write_str(shown.as_str())
    }
}

impl fmt::Debug for SecretUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretUrl({self})")
    }
}

impl TryFrom<String> for SecretUrl {
    type Error = UrlError;

    fn try_from(text: String) -> Result<Self, UrlError> {
        Self::parse(&text)
    }
}

impl From<SecretUrl> for String {
    fn from(url: SecretUrl) -> Self {
        url.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_never_show_credentials() {
        let url = SecretUrl::parse("mysql://me:hunter2@db:3307/shop?password=hunter2#x").unwrap();
        let json = serde_json::to_string(&url).unwrap();
        for shown in [url.to_string(), format!("{url:?}"), json] {
            assert!(shown.contains("mysql://db:3307/shop"), "{shown}");
            assert!(
                !shown.contains("hunter2") && !shown.contains("me:"),
                "{shown}"
            );
        }
        let pooled = "postgres://me:hunter2@db/shop?password=hunter2&pgbouncer=true";
        let shown = SecretUrl::parse(pooled).unwrap().to_string();
        assert_eq!(shown, "postgres://db/shop?pgbouncer=true");
        assert_eq!(url.expose().password(), Some("hunter2"));
        assert_eq!(url.address(3306), "db:3307");
    }

    #[test]
    fn a_url_without_a_server_is_refused_and_not_repeated() {
        for text in [
            "mysql://",
            "mysql:hunter2",
            "mysql://me:hunter2@:77777/x",
            "mysql://me:hunter2/x@db/shop",
            "mysql://me:hunter2#x@db/shop",
            "mysql://me:hunter2?x@db/shop",
        ] {
            let message = SecretUrl::parse(text).unwrap_err().to_string();
            assert!(message.contains("mysql URL"), "{message}");
            assert!(
                message.contains("/ : @ ? # % are written as %2F"),
                "{message}"
            );
            assert!(!message.contains("hunter2"), "{message}");
        }
    }
}
