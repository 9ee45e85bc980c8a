//! How wide a report may be.

use std::io::{IsTerminal, stdout};
use std::os::fd::AsRawFd;

/// Where standard output is no terminal.
const USUAL: u16 = 100;

/// Narrower, a table can't be read any more; wider, a line can't.
const NARROWEST: u16 = 60;
const WIDEST: u16 = 160;

/// The columns of the terminal that standard output is, within bounds; else 100.
pub fn width() -> u16 {
    let output = stdout();
    let columns = output.is_terminal().then(|| columns(&output)).flatten();
    columns.map_or(USUAL, |columns| columns.clamp(NARROWEST, WIDEST))
}

fn columns(output: &impl AsRawFd) -> Option<u16> {
    let mut size = libc::winsize {
        ws_row: 0,
        ws_col: 0,
        ws_xpixel: 0,
        ws_ypixel: 0,
    };
    // SAFETY: the descriptor is open as long as `output` is borrowed, and the kernel writes one
    // `winsize`, whose memory is ours.
    let asked = unsafe { libc::ioctl(output.as_raw_fd(), libc::TIOCGWINSZ, &raw mut size) };
    (asked == 0 && size.ws_col > 0).then_some(size.ws_col)
}
