//! The URL of a server, with the password that may be in it.

use super::url::UrlError;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
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
pub struct SecretUrl {
    url: Url,
    /// `host:port` of the servers behind the first one, of a service that has several.
    others: Vec<String>,
}

/// The schemes of services that have several servers.
const SEVERAL: [&str; 2] = ["etcd", "zookeeper"];

impl SecretUrl {
    /// Takes a URL with a host. The messages never repeat what was given.
    ///
    /// ```
    /// # use contend_backend::secret_url::SecretUrl;
    /// let url = SecretUrl::parse("zookeeper://me:secret@a:2181,b/locks").unwrap();
    /// assert_eq!(url.addresses(2182), "a:2181,b:2182");
    /// assert_eq!(url.to_string(), "zookeeper://a:2181,b/locks");
    /// ```
    pub fn parse(text: &str) -> Result<Self, UrlError> {
        let (text, others) = first_server(text);
        let text = &*text;
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
        for other in &others {
            let other = Url::parse(&format!("{}://{other}", url.scheme()));
            let is_server = |url: &Url| {
                url.host_str().is_some_and(|host| !host.is_empty()) && url.username().is_empty()
            };
            if !other.as_ref().is_ok_and(is_server) {
                let scheme = url.scheme();
                return Err(UrlError::new(format!(
                    "the {scheme} URL names a server that is none; expected \
                     {scheme}://USER:PASSWORD@HOST:PORT,HOST:PORT/PATH, {SIGNS}"
                )));
            }
        }
        Ok(Self { url, others })
    }

    /// The whole URL, credentials included: for connecting, and for nothing else.
    pub(super) fn expose(&self) -> &Url {
        &self.url
    }

    /// The value of a parameter, if it is there.
    pub(super) fn parameter(&self, name: &str) -> Option<String> {
        let mut pairs = self.url.query_pairs();
        pairs.find_map(|(key, value)| (key == name).then(|| value.into_owned()))
    }

    /// The same URL, less these parameters.
    pub(super) fn without_parameters(&self, names: &[&str]) -> Self {
        let mut url = self.url.clone();
        let others = self.url.query_pairs();
        let others = others.filter(|(key, _)| !names.contains(&&**key));
        let others: Vec<_> = others.collect();
        url.set_query(None);
        if !others.is_empty() {
            url.query_pairs_mut().extend_pairs(others);
        }
        let others = self.others.clone();
        Self { url, others }
    }

    /// The value of the parameter of a pooler, if it is there.
    pub(super) fn pooler(&self) -> Option<String> {
        self.parameter(POOLER)
    }

    /// The whole URL, as [`Self::expose`], less that parameter.
    pub(super) fn without_pooler(&self) -> Url {
        self.without_parameters(&[POOLER]).url
    }

    /// `host:port`, with the scheme's own port if none was given.
    pub fn address(&self, default_port: u16) -> String {
        let host = self.url.host_str().unwrap_or_default();
        format!("{host}:{}", self.url.port().unwrap_or(default_port))
    }

    /// The same of each server, with commas between them.
    pub fn addresses(&self, default_port: u16) -> String {
        let mut addresses = self.address(default_port);
        for other in &self.others {
            // After an IPv6 address in brackets, as after a name.
            let has_port = other
                .rsplit(']')
                .next()
                .is_some_and(|end| end.contains(':'));
            addresses.push(',');
            addresses.push_str(other);
            if !has_port {
                addresses.push_str(&format!(":{default_port}"));
            }
        }
        addresses
    }
}

/// The ends of what names the servers in a URL.
fn authority(text: &str) -> (usize, usize) {
    let begin = text.find("://").map_or(text.len(), |place| place + 3);
    let end = text[begin..].find(['/', '?', '#']);
    let end = end.map_or(text.len(), |length| begin + length);
    let begin = text[begin..end]
        .rfind('@')
        .map_or(begin, |place| begin + place + 1);
    (begin, end)
}

/// The URL with its first server alone, and the other servers.
fn first_server(text: &str) -> (Cow<'_, str>, Vec<String>) {
    let scheme = text.split(':').next().unwrap_or_default();
    let (begin, end) = authority(text);
    match text[begin..end].split_once(',') {
        Some((first, others)) if SEVERAL.contains(&scheme) => {
            let url = format!("{}{first}{}", &text[..begin], &text[end..]);
            (url.into(), others.split(',').map(str::to_owned).collect())
        }
        _ => (text.into(), Vec::new()),
    }
}

impl fmt::Display for SecretUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = self.url.clone();
        // A URL with a host takes both, and a query may hold more than it should.
        shown.set_username("").ok();
        shown.set_password(None).ok();
        shown.set_query(None);
        if self.pooler().as_deref() == Some("true") {
            shown.query_pairs_mut().append_pair(POOLER, "true");
        }
        shown.set_fragment(None);
        if self.others.is_empty() {
            return f.write_str(shown.as_str());
        }
        let (first, rest) = shown.as_str().split_at(authority(shown.as_str()).1);
        write!(f, "{first},{}{rest}", self.others.join(","))
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
    fn several_servers_are_kept_and_shown_and_each_is_one() {
        let text = "zookeeper://me:hunter2@a:1,b,[::1]:3/locks?lease=2";
        let url = SecretUrl::parse(text).unwrap();
        assert_eq!(url.addresses(2181), "a:1,b:2181,[::1]:3");
        assert_eq!(url.to_string(), "zookeeper://a:1,b,[::1]:3/locks");
        let again = SecretUrl::parse(&url.to_string()).unwrap();
        assert_eq!(again.addresses(2181), url.addresses(2181));
        let less = url.without_parameters(&["lease"]);
        assert_eq!(less.addresses(2181), "a:1,b:2181,[::1]:3");
        for text in ["a,", "a,,b", "a,b:x", "a,b:hunter2"] {
            let message = SecretUrl::parse(&format!("zookeeper://{text}")).unwrap_err();
            let message = message.to_string();
            assert!(message.contains("zookeeper"), "{text}: {message}");
            assert!(!message.contains("hunter2"), "{message}");
        }
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
