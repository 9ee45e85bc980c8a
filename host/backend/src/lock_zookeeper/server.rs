//! An ensemble of ZooKeeper servers, as a run reaches it.

use super::classify::{Operation, classify};
use super::live::PATIENCE;
use crate::model::change::Nanos;
use crate::model::error::CallError;
use crate::patience::within;
use crate::secret_url::SecretUrl;
use std::time::Duration;
use zookeeper_client::{Acls, Client, Error};

const DEFAULT_PORT: u16 = 2181;

/// Never shown: it holds the password.
pub(super) struct Server {
    /// `host:port` of each server, with commas between them.
    hosts: String,
    /// Above all nodes of ours.
    root: String,
    /// `user:password`, for the scheme `digest`.
    credentials: Option<String>,
}

impl Server {
    pub(super) fn from_url(url: &SecretUrl) -> Result<Self, CallError> {
        let wrong = || {
            let message =
                "invalid URL; expected zookeeper://USER:PASSWORD@HOST:PORT,HOST:PORT/PATH at most";
            CallError::rejected("url", message)
        };
        let exposed = url.expose();
        if exposed.query().is_some() || exposed.fragment().is_some() {
            return Err(wrong());
        }
        let path = exposed.path().trim_end_matches('/');
        let decoded = |text: &str| percent_decoded(text).ok_or_else(wrong);
        let credentials = match (exposed.username(), exposed.password()) {
            ("", None) => None,
            (user, Some(password)) => Some(format!("{}:{}", decoded(user)?, decoded(password)?)),
            _ => return Err(wrong()),
        };
        Ok(Self {
            hosts: url.addresses(DEFAULT_PORT),
            root: format!("{path}/contend"),
            credentials,
        })
    }

    pub(super) fn root(&self) -> &str {
        &self.root
    }

    /// With credentials, nodes are their maker's alone.
    pub(super) fn acls(&self) -> Acls<'static> {
        match self.credentials {
            Some(_) => Acls::creator_all(),
            None => Acls::anyone_all(),
        }
    }

    /// Opens a session that ends when the service has not heard of it for so long.
    pub(super) async fn connect(&self, timeout: Nanos) -> Result<Client, CallError> {
        let timeout = Duration::from_nanos(timeout);
        // A server that is silent for so long is left for another one.
        let silence = PATIENCE.min(timeout * 2 / 5);
        let mut connector = Client::connector()
            .with_session_timeout(timeout)
            .with_connection_timeout(silence)
            .with_fail_eagerly();
        if let Some(credentials) = &self.credentials {
            connector = connector.with_auth("digest", credentials.as_bytes());
        }
        let client = within(PATIENCE, connector.connect(&self.hosts)).await;
        client.unwrap_or(Err(Error::Timeout)).map_err(|error| {
            let mut error = classify(&error, Operation::Connecting);
            error.message = format!(
                "ZooKeeper at {}: {}; is it running?",
                self.hosts, error.message
            );
            error
        })
    }
}

fn percent_decoded(text: &str) -> Option<String> {
    let decoded = percent_encoding::percent_decode_str(text).decode_utf8();
    decoded.ok().map(Into::into)
}
