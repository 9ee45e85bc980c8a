//! Keeps what was measured: the history while the run goes, histograms and figures afterwards.

pub mod figures;
pub mod histogram;
pub mod journal;
pub mod lines;
pub mod printed;
pub mod summary;
pub mod tally;

#[cfg(test)]
pub(crate) mod fixtures;
