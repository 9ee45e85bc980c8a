//! Names for transactions, which a trigger can write down.
//!
//! InnoDB's own numbers can't be had in a trigger, and differ from node to node. So a session sets a
//! user variable together with BEGIN, in one packet, and the trigger writes it down while a transaction
//! is open. That the trigger asks the server for this, and not the session, keeps apart what is run
//! after the server ended a transaction without saying so. Outside of a transaction a statement is
//! named by its server, its connection and its start, which is the same for all rows that it changes.
//!
//! No strategy can set or read the variable: the SQL policy lets no variable of this sort through.

use std::sync::atomic::{AtomicU64, Ordering};

/// The name of the transaction, for a trigger. MySQL, which has no `in_transaction`, skips the comment
/// that MariaDB executes: there each statement has a name of its own.
pub(super) const EXPRESSION: &str = "IF(0 /*M! OR (@@in_transaction AND @contend_transaction IS NOT \
     NULL) */, @contend_transaction, CONCAT_WS('-', @@hostname, @@port, CONNECTION_ID(), NOW(6)))";

/// The number that is given next, in the whole process: no other one writes to the same tables.
static NEXT: AtomicU64 = AtomicU64::new(1);

/// BEGIN with a name.
pub(super) fn begin() -> String {
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    format!("SET @contend_transaction = {number}; BEGIN")
}
