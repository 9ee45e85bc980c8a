//! The tests of the whole, in one binary: it links once.

mod backend_contract;
