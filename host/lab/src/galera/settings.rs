//! The settings of MariaDB that a user may not override.

use crate::error::LabError;

/// Settings that the user may not override: they hold the lab to its own folder, ports and group.
const OURS: &[&str] = &[
    "basedir",
    "bind_address",
    "datadir",
    "innodb_data_home_dir",
    "innodb_log_group_home_dir",
    "innodb_undo_directory",
    "log_error",
    "pid_file",
    "port",
    "skip_networking",
    "socket",
    "tmpdir",
    "user",
    "wsrep_cluster_address",
    "wsrep_cluster_name",
    "wsrep_node_address",
    "wsrep_node_incoming_address",
    "wsrep_node_name",
    "wsrep_on",
    "wsrep_provider",
    "wsrep_sst_method",
    "wsrep_sst_receive_address",
];

pub(crate) fn check(name: &str, value: &str) -> Result<(), LabError> {
    let refuse = |why: &str| {
        Err(LabError::Setting {
            setting: format!("{name}={value}"),
            why: why.to_owned(),
        })
    };
    let named = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    if name.is_empty() || !name.chars().all(named) {
        return refuse("a setting is NAME=VALUE, and its name has letters, digits, _ and -");
    }
    if value.chars().any(char::is_control) {
        return refuse("a value is one line");
    }
    let plain = name.to_ascii_lowercase().replace('-', "_");
    let plain = plain.strip_prefix("loose_").unwrap_or(&plain);
    if OURS.contains(&plain) {
        return refuse("the lab sets that itself, to keep to its own folder and ports");
    }
    if plain == "wsrep_provider_options" {
        for option in [
            "gmcast.listen_addr",
            "ist.recv_addr",
            "base_host",
            "base_port",
        ] {
            if value.contains(option) {
                return refuse("the lab sets the provider's addresses itself");
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_that_would_leave_the_lab_are_refused() {
        for (name, value) in [
            ("bind-address", "0.0.0.0"),
            ("BIND_ADDRESS", "0.0.0.0"),
            ("loose-port", "3306"),
            (
                "wsrep_provider_options",
                "gmcast.listen_addr=tcp://0.0.0.0:4567",
            ),
            ("", "1"),
            ("max connections", "1"),
            ("max_connections", "1\nport=3306"),
        ] {
            assert!(check(name, value).is_err(), "{name}={value}");
        }
        assert!(check("max-connections", "500").is_ok());
        assert!(check("wsrep_provider_options", "gcs.fc_limit=32").is_ok());
    }
}
