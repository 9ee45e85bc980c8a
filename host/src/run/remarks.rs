//! Notes about a strategy, on standard error: its author should know why it does not work.

use crate::capability::strategy::Strategy;
use crate::console::note;
use crate::model::conditions::UnreadSetting;
use crate::wasm::clean_lines;

/// Notes what the strategy asked for in vain.
pub fn refusals(name: &str, strategy: &dyn Strategy) {
    for refusal in strategy.take_refusals() {
        note(&clean_lines(&format!("note: {name} {refusal}")));
    }
}

/// Warns of settings that it was given and did not ask for.
pub fn unread(name: &str, settings: &[UnreadSetting]) {
    for setting in settings {
        note(&clean_lines(&format!("warning: {name}: {setting}")));
    }
}
