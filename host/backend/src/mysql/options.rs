//! Connection options and timeouts.

use super::answer::Failure;
use super::classify::classify;
use super::tls::{self, FILE, MODE, Tls};
use crate::capability::operation::Operation;
use crate::model::error::CallError;
use crate::patience::within;
use crate::secret_url::{SIGNS, SecretUrl};
use crate::session_options::AffectedRows;
use crate::tls::unsafe_server;
use mysql_async::{Conn, Error, IoError, Opts, OptsBuilder};
use std::time::{Duration, Instant};
use tokio::time::{sleep, timeout};

/// Timeout of one attempt to connect, after which the server counts as unreachable.
const CONNECTING_TAKES_AT_MOST: Duration = Duration::from_secs(5);

/// A strategy has a handful of statements; one that builds its text anew for each change must not
/// fill the memory, here or on the server.
const PREPARED_STATEMENTS: usize = 64;

/// The longest packet that this side sends or takes. The server has a bound of its own.
const MAX_PACKET_BYTES: usize = 64 * 1024 * 1024;

/// Timeout for a schema created on one server to replicate to another.
const REPLICATING_TAKES_AT_MOST: Duration = Duration::from_secs(10);

const BETWEEN_LOOKS: Duration = Duration::from_millis(20);

const UNKNOWN_SCHEMA: &str = "1049";

const DEFAULT_PORT: u16 = 3306;

/// The code of a server that does not let a user in.
const ACCESS_DENIED: &str = "1045";

/// Possible causes of "access denied": the server returns the same error for each.
const WHY_DENIED: &str = ". The user or the password is wrong (in a URL, a sign such as / is written as %2F), \
                          or the account takes encrypted connections only (REQUIRE SSL): add \
                          ?ssl-mode=REQUIRED";

/// One address with what it takes to connect there. Never shown: it holds the password.
#[derive(Clone)]
pub(crate) struct Address {
    /// `host:port`.
    pub(super) name: String,
    options: Opts,
    /// The schema was made a moment ago: a server that does not know it yet will.
    is_new_schema: bool,
}

impl Address {
    /// Reads a URL. `rejected` where it says something that is not understood: a parameter that did
    /// nothing would be a surprise later.
    pub(super) fn from_url(url: &SecretUrl, counts: AffectedRows) -> Result<Self, CallError> {
        let name = url.address(DEFAULT_PORT);
        let wrong = |what: &str| {
            let message = format!(
                "the URL of {name} {what}; expected mysql://USER:PASSWORD@HOST:PORT/NAME, with ?{MODE}=REQUIRED \
                 or {MODE}=VERIFY_IDENTITY&{FILE}=FILE at most, {SIGNS}"
            );
            CallError::rejected("url", message)
        };
        let exposed = url.expose();
        if exposed.fragment().is_some() {
            return Err(wrong("has something after the name of the database"));
        }
        let tls = Tls::from_url(exposed).map_err(|what| wrong(&what))?;
        let mut plain = exposed.clone();
        plain.set_query(None);
        let text = plain.as_str().replacen("mariadb:", "mysql:", 1);
        // The driver's own message could repeat what is in the URL.
        let options = Opts::from_url(&text).map_err(|_| wrong("is invalid"))?;
        if options.db_name().is_none_or(str::is_empty) {
            return Err(wrong("names no database"));
        }
        if exposed.path().matches('/').count() > 1 {
            return Err(wrong("has more than one name after the server"));
        }
        let options = OptsBuilder::from_opts(options)
            .ssl_opts(tls.options()?)
            // What the server changed is counted unless the run says otherwise: a compare-and-swap
            // that writes what is there already must not look like one that won.
            .client_found_rows(counts == AffectedRows::Found)
            .stmt_cache_size(PREPARED_STATEMENTS)
            // A URL that says TCP means TCP. Given these three, the driver asks the server nothing
            // and sets nothing when it connects, so a session is what the server makes of it.
            .prefer_socket(false)
            .max_allowed_packet(Some(MAX_PACKET_BYTES))
            .wait_timeout(Some(28_800));
        Ok(Self {
            name,
            options: options.into(),
            is_new_schema: false,
        })
    }

    /// The same, with connections that send and take no longer packets: one holds a whole row, which
    /// is in memory before it could be looked at.
    pub(super) fn with_packets_of(&self, bytes: usize) -> Self {
        let most = bytes.clamp(1 << 20, MAX_PACKET_BYTES);
        let options = OptsBuilder::from_opts(self.options.clone());
        Self {
            name: self.name.clone(),
            options: options.max_allowed_packet(Some(most)).into(),
            is_new_schema: self.is_new_schema,
        }
    }

    /// The same server, with a schema that was made a moment ago on one of the servers.
    pub(super) fn in_new_schema(&self, schema: &str) -> Self {
        let options = OptsBuilder::from_opts(self.options.clone()).db_name(Some(schema));
        Self {
            name: self.name.clone(),
            options: options.into(),
            is_new_schema: true,
        }
    }

    /// The same user and database at another server, `host:port`.
    pub(super) fn at(&self, server: &str) -> Self {
        let (host, port) = match server.rsplit_once(':') {
            Some((host, port)) if !host.is_empty() && !host.ends_with(':') => (host, port),
            _ => (server, ""),
        };
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let port = port.parse().unwrap_or(DEFAULT_PORT);
        let options = OptsBuilder::from_opts(self.options.clone())
            .ip_or_hostname(host)
            .tcp_port(port);
        Self {
            name: server.to_owned(),
            options: options.into(),
            is_new_schema: self.is_new_schema,
        }
    }

    /// Connects, within a bound.
    pub(super) async fn connect(&self) -> Result<Conn, CallError> {
        let began = Instant::now();
        loop {
            match self.connect_once().await {
                Err(error) if error.code == UNKNOWN_SCHEMA && self.is_new_schema => {
                    if began.elapsed() > REPLICATING_TAKES_AT_MOST {
                        return Err(error);
                    }
                    sleep(BETWEEN_LOOKS).await;
                }
                done => return done,
            }
        }
    }

    async fn connect_once(&self) -> Result<Conn, CallError> {
        let connecting = within(CONNECTING_TAKES_AT_MOST, Conn::new(self.options.clone()));
        let failure = match connecting.await {
            Ok(Ok(connection)) => return Ok(connection),
            Ok(Err(error)) => Failure::before(error),
            Err(_) => {
                let seconds = CONNECTING_TAKES_AT_MOST.as_secs();
                return Err(CallError::unavailable(
                    2003,
                    format!("{} did not answer within {seconds} s", self.name),
                ));
            }
        };
        if let Some(why) = tls::refusal(&failure.error) {
            return Err(unsafe_server(&self.name, &why, FILE));
        }
        let error = match &failure.error {
            // The classic code for a server that takes no connection.
            Error::Io(IoError::Io(error)) => CallError::unavailable(2003, error.to_string()),
            _ => classify(&failure, Operation::Connecting),
        };
        let hint = match &*error.code {
            ACCESS_DENIED => WHY_DENIED,
            _ => "",
        };
        let message = format!("can't connect to {}: {}{hint}", self.name, error.message);
        Err(CallError { message, ..error })
    }
}

/// Says good-bye, and doesn't wait for one from a server that gives none.
pub(super) async fn hang_up(connection: Conn) {
    timeout(Duration::from_secs(1), connection.disconnect())
        .await
        .ok();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_in_a_name_or_a_password_are_written_as_urls_write_them() {
        for scheme in ["mysql", "mariadb"] {
            let text = format!("{scheme}://a%40b:p%3A%2F%40%3F%23%25@db:3307/shop");
            let address =
                Address::from_url(&SecretUrl::parse(&text).unwrap(), AffectedRows::Changed)
                    .unwrap();
            assert_eq!(address.name, "db:3307");
            assert_eq!(address.options.user(), Some("a@b"));
            assert_eq!(address.options.pass(), Some("p:/@?#%"));
            assert_eq!(address.options.db_name(), Some("shop"));
            assert_eq!(address.options.ip_or_hostname(), "db");
            assert_eq!(address.options.tcp_port(), 3307);
        }
    }
}
