//! What is contended and how. One file for each kind, with its schema and its operations; the
//! checkers that judge it are in `check`.

pub mod volume_state;
