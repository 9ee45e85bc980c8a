//! Settings of a session, as each of its transactions sets them for itself.
//!
//! A pooler gives a connection to a session for one transaction, so what one session sets there for good
//! would be gone at its next transaction, and be found by somebody else's.

use super::literals::quoted;
use super::options::milliseconds;
use std::time::Duration;

/// What stands before the level of a session, and before that of a transaction.
const OF_A_SESSION: &str = "SET SESSION CHARACTERISTICS AS TRANSACTION ";
const OF_A_TRANSACTION: &str = "SET TRANSACTION ";

/// The beginning of each transaction of one session.
pub(super) struct Pooled {
    /// The run's own settings.
    always: String,
    /// These and those of the strategy.
    text: String,
}

impl Pooled {
    pub(super) fn new(schema: Option<&str>, statement_limit: Option<Duration>) -> Self {
        let mut always = String::new();
        if let Some(schema) = schema {
            always += &format!("SET LOCAL search_path = {}; ", quoted(schema));
        }
        if let Some(limit) = statement_limit.map(milliseconds) {
            always += &format!("SET LOCAL statement_timeout = {limit}; ");
        }
        let text = always.clone();
        Self { always, text }
    }

    /// Takes the strategy's settings, as it made them for its session.
    pub(super) fn set(&mut self, settings: &[String]) {
        self.text.clone_from(&self.always);
        for setting in settings {
            self.text += &format!("{}; ", of_a_transaction(setting));
        }
    }

    /// What goes before the first statement of a transaction, in the same message.
    pub(super) fn text(&self) -> String {
        self.text.clone()
    }
}

/// A setting of a session as one of a transaction.
pub(super) fn of_a_transaction(setting: &str) -> String {
    match setting.strip_prefix(OF_A_SESSION) {
        Some(level) => format!("{OF_A_TRANSACTION}{level}"),
        None => {
            let assignment = setting.trim_start_matches("SET ");
            let assignment = assignment.trim_start_matches("SESSION ");
            format!("SET LOCAL {assignment}")
        }
    }
}

/// It has to stand before all else in a transaction.
pub(super) fn is_isolation(of_a_transaction: &str) -> bool {
    of_a_transaction.starts_with(OF_A_TRANSACTION)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_of_a_session_become_those_of_each_transaction() {
        let mut pooled = Pooled::new(Some("contend_run_1"), Some(Duration::from_millis(1500)));
        let always =
            "SET LOCAL search_path = 'contend_run_1'; SET LOCAL statement_timeout = 1500; ";
        assert_eq!(pooled.text(), always);
        let settings = [
            "SET SESSION lock_timeout = 100",
            "SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL SERIALIZABLE",
        ];
        pooled.set(&settings.map(str::to_owned));
        let set = "SET LOCAL lock_timeout = 100; SET TRANSACTION ISOLATION LEVEL SERIALIZABLE; ";
        assert_eq!(pooled.text(), format!("{always}{set}"));
        pooled.set(&[]);
        assert_eq!(pooled.text(), always);
    }
}
