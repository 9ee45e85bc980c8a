//! Errors of statements that are wrong, or outside of the subset.

use crate::model::fault::Fault;
use std::fmt::Display;

/// The construct is real SQL, but the simulator has none of it.
pub(super) fn unsupported(construct: impl Display) -> Fault {
    let message = format!("the simulator's SQL does not have {construct}");
    Fault::rejected("unsupported", message)
}

pub(super) fn syntax(message: impl Into<String>) -> Fault {
    Fault::rejected("syntax", message)
}

pub(super) fn no_such_table(name: impl Display) -> Fault {
    Fault::rejected(1146, format!("there is no table {name}"))
}

pub(super) fn no_such_column(name: impl Display) -> Fault {
    Fault::rejected(1054, format!("there is no column {name}"))
}

/// The host counts the parameters before it runs a plan, so this is a mistake of the host.
pub(super) fn no_such_parameter(number: usize) -> Fault {
    let message = format!("the statement's parameter {} was not given", number + 1);
    Fault::rejected("parameter-count", message)
}
