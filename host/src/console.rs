//! The terminal, and the files that the user names for results. Nothing else prints.

mod output;
mod progress;
mod terminal;

pub use self::output::{
    Form, Output, OutputError, check_name, check_new, new_file, note, print, write_new,
};
pub use self::progress::{Screen, Waiting};
pub use self::terminal::width;
