//! Measures what a lock service really gives, and holds it against what the service claims.
//!
//! Everything goes through the lock capability, so a new backend is measured as the others are. Each
//! question has a file and leaves one or more [`Line`]s: what the service claims, what was found, and the
//! witness where the two differ.
//!
//! *Example.* A service claims `fencing: yes`. Two clients take a lock in turn, and get the tokens 7, 8, 8:
//! the line `fencing` says `no`, with the witness `the grant after token 8 had token 8`.

mod bench;
mod clients;
mod death;
mod hand_over;
mod line;
mod modes;
mod outage;
mod queue;
mod rate;
mod tokens;

pub use self::clients::{Clients, Url, hold};
pub use self::death::Holder;
pub use self::line::{Line, Measured};
pub use self::outage::Breakable;

use self::bench::Bench;
use crate::capability::clock::Clock;
use crate::model::error::CallError;
use std::sync::Arc;

/// Numbers of waiters for which hand-over is measured.
const WAITERS: [usize; 3] = [1, 10, 100];

/// Measures one service, in about a minute. `progress` receives a line for each step. An error only if no
/// client can be opened; what fails later is noted in its line.
pub async fn measure(
    clients: &dyn Clients,
    clock: Arc<dyn Clock>,
    holder: Option<&Holder>,
    server: Option<&Breakable>,
    progress: &dyn Fn(&str),
) -> Result<Measured, CallError> {
    let bench = Bench::open(clients, clock).await?;
    let mut lines = Vec::new();
    progress("modes");
    lines.extend(modes::measure(&bench).await);
    progress("tokens");
    lines.push(tokens::measure(&bench).await);
    progress("order of hand-over");
    lines.push(queue::measure(&bench).await);
    for waiters in WAITERS {
        progress(&format!("hand-over with {waiters} waiters"));
        lines.extend(hand_over::measure(&bench, waiters).await);
    }
    progress("locks per second");
    lines.extend(rate::measure(&bench).await);
    if let Some(holder) = holder {
        progress("a holder that is killed");
        lines.push(death::measure(&bench, holder).await);
    }
    if let Some(server) = server {
        lines.extend(outage::measure(&bench, server, progress).await);
    }
    lines.push(bench.rivals());
    Ok(Measured {
        service: clients.name(),
        lines,
    })
}
