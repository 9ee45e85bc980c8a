//! The identity of a server, without its address.

use super::answer::{Failure, rows};
use super::classify::classify;
use super::options::{Address, DIRECT, hang_up};
use crate::capability::operation::Operation;
use crate::model::error::CallError;
use crate::model::value::Value;
use crate::patience::within;
use sqlx::postgres::PgConnection;
use std::time::Duration;

/// Timeout for a connected server to report its identity.
const INTRODUCTION_TAKES_AT_MOST: Duration = Duration::from_secs(5);

const IDENTITY: &str = "SELECT system_identifier::text, current_setting('port'), \
     current_setting('cluster_name'), pg_postmaster_start_time()::text, \
     current_setting('standard_conforming_strings'), \
     coalesce(current_setting('contend.session', true), '') FROM pg_control_system()";

/// Identity of a server without its address: behind a proxy every connection has the same address.
/// Standbys have the system identifier of their primary.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Identity {
    /// System identifier, port and `cluster_name`.
    lasting: [String; 3],
    /// The start of the server, which tells apart those that share the rest.
    started: String,
}

impl Identity {
    /// Says whether they are the same server, if perhaps started again.
    pub(super) fn is_like(&self, other: &Self) -> bool {
        self.lasting == other.lasting
    }

    /// The name that the server gives itself, if it has one.
    pub(super) fn own_name(&self) -> Option<&str> {
        Some(&*self.lasting[2]).filter(|name| !name.is_empty())
    }
}

/// Asks a server for its identity.
pub(super) async fn meet(address: &Address) -> Result<Identity, CallError> {
    let (connection, identity) = introduce(address).await?;
    hang_up(connection).await;
    Ok(identity)
}

/// Connects, and asks the server for its identity.
pub(super) async fn introduce(address: &Address) -> Result<(PgConnection, Identity), CallError> {
    let mut connection = address.connect().await?;
    let identity = ask_identity(&mut connection, address).await?;
    Ok((connection, identity))
}

/// Asks the server behind a connection for its identity.
pub(super) async fn ask_identity(
    connection: &mut PgConnection,
    address: &Address,
) -> Result<Identity, CallError> {
    let asking = within(INTRODUCTION_TAKES_AT_MOST, identify(connection));
    let failed = |why: &str| {
        let message = format!("{} does not report its identity: {why}", address.name);
        CallError::unavailable("08006", message)
    };
    match asking.await {
        Ok(Ok(told)) if !told.standard_strings => {
            let message = format!(
                "{} has standard_conforming_strings off, so it reads texts otherwise than they were \
                 checked; switch it on",
                address.name
            );
            Err(CallError::rejected("standard-conforming-strings", message))
        }
        Ok(Ok(told)) if !address.is_pooler && !told.is_direct => {
            let message = format!(
                "{} loses the settings of a session; {}",
                address.name,
                address.may_be_a_pooler()
            );
            Err(CallError::rejected("pooler", message))
        }
        Ok(Ok(told)) => Ok(told.identity),
        Ok(Err(failure)) => Err(failed(&classify(&failure, Operation::Reading).message)),
        Err(_) => Err(failed("no answer in time")),
    }
}

/// The answer of a server about itself and the connection.
struct Introduction {
    identity: Identity,
    /// It reads texts as the standard has them.
    standard_strings: bool,
    /// The connection has the settings with which it was opened.
    is_direct: bool,
}

async fn identify(connection: &mut PgConnection) -> Result<Introduction, Failure> {
    let told = rows(connection, IDENTITY).await?;
    let mut told = told.into_iter().flatten().filter_map(Value::into_text);
    let mut next = || told.next().unwrap_or_default();
    Ok(Introduction {
        identity: Identity {
            lasting: [next(), next(), next()],
            started: next(),
        },
        standard_strings: next() == "on",
        is_direct: next() == DIRECT,
    })
}

/// A node is called what it calls itself, if no two call themselves the same.
pub(super) fn names(addresses: &[Address], identities: &[Identity]) -> Vec<String> {
    let own: Option<Vec<String>> = identities
        .iter()
        .map(|one| one.own_name().map(str::to_owned))
        .collect();
    let unique = |names: &Vec<String>| {
        let distinct: std::collections::BTreeSet<_> = names.iter().collect();
        distinct.len() == names.len()
    };
    own.filter(unique)
        .unwrap_or_else(|| addresses.iter().map(|one| one.name.clone()).collect())
}
