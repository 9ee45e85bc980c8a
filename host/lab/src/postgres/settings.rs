//! The settings of PostgreSQL that a user may not override.

use crate::options::OF_THE_LAB;

/// They hold the lab to its own folder, ports and group.
const OURS: &[&str] = &[
    "cluster_name",
    "config_file",
    "data_directory",
    "external_pid_file",
    "hba_file",
    "hot_standby",
    "ident_file",
    "include",
    "include_dir",
    "include_if_exists",
    "listen_addresses",
    "log_destination",
    "logging_collector",
    "port",
    "primary_conninfo",
    "primary_slot_name",
    "recovery_target_timeline",
    "synchronous_standby_names",
    "unix_socket_directories",
    "wal_log_hints",
];

pub(super) fn refusal(name: &str) -> Option<&'static str> {
    match name {
        "synchronous_standby_names" => Some("say --synchronous"),
        _ => OURS.contains(&name).then_some(OF_THE_LAB),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_that_would_leave_the_lab_are_refused() {
        for name in ["listen_addresses", "port", "include"] {
            assert_eq!(refusal(name), Some(OF_THE_LAB), "{name}");
        }
        let names = refusal("synchronous_standby_names").unwrap();
        assert!(names.contains("--synchronous"), "{names}");
        assert_eq!(refusal("fsync"), None);
    }
}
