//! Random input, as strangers may send it: components for the loader, SQL for the policy.
//!
//! Without `FUZZ_MINUTES`, a few cases from a fixed seed; with it, as many as there is time for, from a
//! seed of the moment. A case that fails tells its name, and `FUZZ_CASE=…` runs that one again.

mod effort;
mod loader;
mod sql_policy;
