//! Strategies in a real registry: Debian's `docker-registry`, one process for each test.

mod access;
mod hostile;
mod pins;
mod refusals;
mod server;
mod sharing;
mod tls;

use self::server::RegistryServer;
use crate::support::{Sandbox, component};

/// Enough for a verdict.
const SMALL: &str = "--rows 5 --workers-per-row 2 --quiet";
const WORKLOAD: &str = "kind = 'volume-state'\nrows = 5\nworkers_per_row = 2\n";

/// Pushes one of our own under this name; gives the reference with the tag, and that with the digest.
fn pushed(registry: &RegistryServer, strategy: &str, name: &str) -> (String, String) {
    let reference = registry.reference(name);
    let file = component(strategy);
    let said = Sandbox::new().run(&format!("push {} {reference}", file.display()));
    assert_eq!(said.code, 0, "{}", said.stderr);
    (reference, said.stdout.trim().to_owned())
}

/// `strategies.lock` of a sandbox.
fn lock(sandbox: &Sandbox) -> String {
    std::fs::read_to_string(sandbox.path("strategies.lock")).unwrap_or_default()
}

/// The digest of one of our own.
fn digest(strategy: &str) -> String {
    let bytes = std::fs::read(component(strategy)).unwrap();
    contend::author::registry::digest::Digest::from_content(&bytes).to_string()
}
