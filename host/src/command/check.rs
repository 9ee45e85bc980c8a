//! `runner check STRATEGY…`: many simulations, each from its own seed, until one goes wrong.

use crate::console::{self, Form, Screen, check_new, write_new};
use crate::exit::{CommandError, Exit};
use crate::plan::search::{SearchOptions, resolve_search};
use crate::report::check::{json, text};
use crate::report::html;
use crate::run::CancelFlag;
use crate::run::search::search;
use std::path::Path;

/// Checks each strategy in turn, and shows what came of it; at Ctrl-C what came of it so far.
pub fn check(asked: &SearchOptions, page: Option<&Path>, form: Form) -> Result<Exit, CommandError> {
    let cancel = CancelFlag::listen(Exit::Unknown.code())?;
    let screen = Screen::new(form == Form::Nothing);
    let resolved = resolve_search(asked, &screen)?;
    check_new(page, "--html")?;
    let report = search(&resolved, &cancel, &screen)?;
    let written = match page {
        Some(path) => write_new(path, "--html", html::write(&report).as_bytes()),
        None => Ok(()),
    };
    let shown = form.print(|| json(&report), || text(&report, console::width()));
    written.and(shown)?;
    Ok(Exit::of_check(&report))
}
