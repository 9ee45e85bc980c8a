//! Width of a report.

use rustix::termios::tcgetwinsize;
use std::io::{IsTerminal, stdout};

/// The width where standard output is no terminal.
const USUAL: u16 = 100;

/// Narrower, a table can't be read any more; wider, a line can't.
const NARROWEST: u16 = 60;
const WIDEST: u16 = 160;

/// The columns of the terminal that standard output is, within bounds; else 100.
pub fn width() -> u16 {
    let output = stdout();
    let size = output.is_terminal().then(|| tcgetwinsize(&output).ok());
    let columns = size.flatten().map(|size| size.ws_col);
    let columns = columns.filter(|columns| *columns > 0);
    columns.map_or(USUAL, |columns| columns.clamp(NARROWEST, WIDEST))
}
