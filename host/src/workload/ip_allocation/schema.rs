//! The tables, as `wit/allocation.wit` describes them.

use super::super::tables::{self, define, fill};
use super::IpAllocation;
use crate::capability::database::Session;
use crate::model::error::CallError;
use crate::model::pool::pool_id;
use crate::model::value::Value;

/// The tables that a strategy may read and write, which are all there are.
pub(super) const TABLES: &[&str] = &["ip_allocations", "ip_requests", "availability_ranges"];

/// Makes the tables; of each pool everything is free.
pub(super) async fn make(
    session: &mut dyn Session,
    dialect: &str,
    allocation: &IpAllocation,
) -> Result<(), CallError> {
    for (name, columns) in TABLES.iter().zip(COLUMNS) {
        define(session, tables::definition(dialect, name, columns)).await?;
    }
    let insert = "INSERT INTO availability_ranges (pool_id, first_ip, last_ip) VALUES (?, ?, ?)";
    let ranges = allocation.pools.iter().zip(0..).map(|(pool, row)| {
        let (first, last) = (pool.first.to_string(), pool.last.to_string());
        [pool_id(row), first, last].map(Value::from)
    });
    fill(session, insert, ranges).await
}

/// The columns of the tables, in the same order.
const COLUMNS: [&str; 3] = [
    "
    address varchar(45) NOT NULL,
    subnet_id varchar(36) NOT NULL,
    pool_id varchar(36) NOT NULL,
    status varchar(16) NOT NULL,
    expires_at bigint,
    marker varchar(255),
    PRIMARY KEY (address, subnet_id)",
    // The unique key is there to be looked up by: with the id in it, it forbids nothing.
    "
    id varchar(64) NOT NULL PRIMARY KEY,
    address varchar(45) NOT NULL,
    subnet_id varchar(36) NOT NULL,
    pool_id varchar(36) NOT NULL,
    status varchar(16) NOT NULL,
    requested_at varchar(64),
    marker varchar(255),
    UNIQUE (address, subnet_id, id)",
    "
    pool_id varchar(36) NOT NULL,
    first_ip varchar(45) NOT NULL,
    last_ip varchar(45) NOT NULL,
    PRIMARY KEY (pool_id, first_ip, last_ip),
    UNIQUE (first_ip, pool_id),
    UNIQUE (last_ip, pool_id)",
];
