//! Connection options and timeouts.

use super::answer::{Failure, rows};
use super::classify::classify;
use super::literals::quoted;
use crate::capability::operation::Operation;
use crate::model::error::CallError;
use crate::model::value::Value;
use crate::patience::within;
use crate::secret_url::{POOLER, SIGNS, SecretUrl};
use crate::tls;
use sqlx::postgres::{PgConnectOptions, PgConnection, PgSslMode};
use sqlx::{ConnectOptions, Connection};
use std::path::Path;
use std::str::FromStr;
use std::time::{Duration, Instant};
use tokio::time::{sleep, timeout};

const CONNECTING_TAKES_AT_MOST: Duration = Duration::from_secs(5);

/// Statements that a connection keeps prepared.
pub(super) const PREPARED_STATEMENTS: usize = 64;

/// A schema that was made on the primary comes to a standby within this time.
const REPLICATING_TAKES_AT_MOST: Duration = Duration::from_secs(10);
const BETWEEN_LOOKS: Duration = Duration::from_millis(20);

const DEFAULT_PORT: u16 = 5432;

/// Parameters of a URL that are about the connection, and none about the session.
const PARAMETERS: &[&str] = &["sslmode", FILE, "sslcert", "sslkey", POOLER];

/// The parameter that names a file of certificates.
const FILE: &str = "sslrootcert";

/// A setting that means nothing to a server, and its value on every connection straight to one: a
/// pooler that was not declared refuses it, or loses it.
pub(super) const SESSION_SIGN: &str = "contend.session";
pub(super) const DIRECT: &str = "direct";

/// One server, as a run reaches it.
#[derive(Clone)]
pub(crate) struct Address {
    /// Host and port.
    pub(super) name: String,
    options: PgConnectOptions,
    /// The schema that was made for the trial.
    pub(super) own_schema: Option<String>,
    /// A pooler gives each transaction whichever connection is free, so nothing that a session says
    /// when it begins holds for later.
    pub(super) is_pooler: bool,
}

impl Address {
    pub(super) fn from_url(url: &SecretUrl) -> Result<Self, CallError> {
        let name = url.address(DEFAULT_PORT);
        let wrong = |what: &str| {
            let message = format!(
                "the URL of {name} {what}; expected postgres://USER:PASSWORD@HOST:PORT/NAME, with \
                 ?sslmode=… and {POOLER}=true at most, {SIGNS}"
            );
            CallError::rejected("url", message)
        };
        let exposed = url.expose();
        let is_known = |key: &str| PARAMETERS.contains(&key);
        if !exposed.query_pairs().all(|(key, _)| is_known(&key)) || exposed.fragment().is_some() {
            return Err(wrong(
                "has other parameters than those of TLS and of a pooler",
            ));
        }
        if exposed.path().trim_start_matches('/').is_empty() {
            return Err(wrong("names no database"));
        }
        if exposed.path().matches('/').count() > 1 {
            return Err(wrong("has more than one name after the server"));
        }
        let is_pooler = match url.pooler().as_deref() {
            None | Some("false") => false,
            Some("true") => true,
            Some(_) => return Err(wrong(&format!("has {POOLER} neither true nor false"))),
        };
        // The driver's own message could repeat what is in the URL.
        let options = PgConnectOptions::from_str(url.without_pooler().as_str());
        let options = options.map_err(|_| wrong("is invalid"))?;
        let has_file = exposed.query_pairs().any(|(key, _)| key == FILE);
        let is_verified = matches!(
            options.get_ssl_mode(),
            PgSslMode::VerifyCa | PgSslMode::VerifyFull
        );
        if has_file && !is_verified {
            return Err(wrong(&format!(
                "has {FILE}, which is looked at with sslmode=verify-full or verify-ca"
            )));
        }
        for (_, file) in exposed.query_pairs().filter(|(key, _)| key == FILE) {
            tls::certificates(Path::new(&*file))?;
        }
        let options = match is_pooler {
            true => options,
            false => options.options([(SESSION_SIGN, DIRECT)]),
        };
        Ok(Self {
            name,
            options: options
                .disable_statement_logging()
                .extra_float_digits(None)
                .statement_cache_capacity(PREPARED_STATEMENTS),
            own_schema: None,
            is_pooler,
        })
    }

    /// The same server, with the sessions in a schema that was made just before.
    pub(super) fn in_new_schema(&self, schema: &str) -> Self {
        let own_schema = Some(schema.to_owned());
        self.with_options(&[("search_path", schema)], own_schema)
    }

    /// The same server, with a name for the connection and a limit for its statements.
    pub(super) fn for_a_session(&self, name: &str, limit: Option<Duration>) -> Self {
        let limit = limit.map(milliseconds);
        let limit = limit.as_deref().map(|limit| ("statement_timeout", limit));
        let mut address = self.with_options(limit.as_slice(), self.own_schema.clone());
        address.options = address.options.application_name(name);
        address
    }

    /// What a pooler takes with a connection is a few settings, and none of these.
    fn with_options(&self, options: &[(&str, &str)], own_schema: Option<String>) -> Self {
        let all = self.options.clone();
        Self {
            options: match self.is_pooler || options.is_empty() {
                true => all,
                false => all.options(options.iter().copied()),
            },
            own_schema,
            ..self.clone()
        }
    }

    pub(super) async fn connect(&self) -> Result<PgConnection, CallError> {
        let mut connection = self.connect_once().await?;
        let began = Instant::now();
        while let Some(schema) = &self.own_schema {
            let look = format!("SELECT to_regnamespace({}) IS NOT NULL", quoted(schema));
            let looked = rows(&mut connection, &look).await;
            let looked = looked.map_err(|failure| classify(&failure, Operation::Connecting))?;
            if looked == [[Value::Boolean(true)]] {
                break;
            }
            if began.elapsed() > REPLICATING_TAKES_AT_MOST {
                let message = format!("the schema {schema} did not come to {}", self.name);
                return Err(CallError::unavailable("3F000", message));
            }
            sleep(BETWEEN_LOOKS).await;
        }
        Ok(connection)
    }

    /// Advice where a connection does not take the settings of a session.
    pub(super) fn may_be_a_pooler(&self) -> String {
        format!(
            "if {} is a pooler in transaction mode, add ?{POOLER}=true to its URL, and name each \
             server behind it with --node",
            self.name
        )
    }

    async fn connect_once(&self) -> Result<PgConnection, CallError> {
        let connecting = PgConnection::connect_with(&self.options);
        let failure = match within(CONNECTING_TAKES_AT_MOST, connecting).await {
            Ok(Ok(connection)) => return Ok(connection),
            Ok(Err(error)) => Failure::before(error),
            Err(_) => {
                let seconds = CONNECTING_TAKES_AT_MOST.as_secs();
                let message = format!("{} did not answer within {seconds} s", self.name);
                return Err(CallError::unavailable("08001", message));
            }
        };
        if let Some(why) = failure.of_tls() {
            return Err(tls::unsafe_server(&self.name, &why, FILE));
        }
        let error = classify(&failure, Operation::Connecting);
        let mut message = format!("can't connect to {}: {}", self.name, error.message);
        if error.message.contains("unsupported startup parameter") {
            message = format!("{message}; {}", self.may_be_a_pooler());
            return Err(CallError::rejected("pooler", message));
        }
        Err(CallError { message, ..error })
    }
}

/// A time as the server's settings have it: whole milliseconds, never less than was asked for, and never 0,
/// which would mean no limit.
pub(super) fn milliseconds(time: Duration) -> String {
    let nanos = time.as_nanos().max(1);
    nanos.div_ceil(1_000_000).to_string()
}

/// Ends a connection. A server that does not answer is left alone.
pub(super) async fn hang_up(connection: PgConnection) {
    timeout(Duration::from_secs(1), connection.close())
        .await
        .ok();
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> Result<Address, CallError> {
        Address::from_url(&SecretUrl::parse(text).unwrap())
    }

    #[test]
    fn signs_in_a_name_or_a_password_are_written_as_urls_write_them() {
        for scheme in ["postgres", "postgresql"] {
            let text = format!("{scheme}://a%40b:p%3A%2F%40%3F%23%25@db/shop?sslmode=require");
            let address = address(&text).unwrap();
            assert_eq!(address.name, "db:5432");
            assert_eq!(address.options.get_username(), "a@b");
            assert_eq!(address.options.get_host(), "db");
            assert_eq!(address.options.get_database(), Some("shop"));
        }
    }

    #[test]
    fn a_limit_is_never_shorter_than_it_was_asked_for() {
        for (nanos, written) in [(0, "1"), (1, "1"), (1_000_000, "1"), (1_000_001, "2")] {
            assert_eq!(milliseconds(Duration::from_nanos(nanos)), written);
        }
    }

    #[test]
    fn a_pooler_is_one_where_the_url_says_so() {
        for (parameters, is_pooler) in [
            ("", false),
            ("?pgbouncer=false", false),
            ("?pgbouncer=true", true),
            ("?sslmode=require&pgbouncer=true", true),
        ] {
            let address = address(&format!("postgres://db/shop{parameters}")).unwrap();
            assert_eq!(address.is_pooler, is_pooler, "{parameters}");
        }
    }

    #[test]
    fn a_url_that_would_change_the_session_is_refused_and_not_repeated() {
        for text in [
            "postgres://me:hunter2@db",
            "postgres://me:hunter2@db/a/b",
            "postgres://me:hunter2@db/a?options=-c%20search_path%3Dx",
            "postgres://me:hunter2@db/a?sslmode=maybe",
            "postgres://me:hunter2@db/a#x",
            "postgres://me:hunter2@db/a?pgbouncer=maybe",
            "postgres://me:hunter2@db/a?sslmode=require&sslrootcert=/no/such/file",
        ] {
            let error = address(text).map(|_| ()).unwrap_err();
            assert_eq!(error.code, "url");
            assert!(!error.message.contains("hunter2"), "{error}");
        }
    }
}
