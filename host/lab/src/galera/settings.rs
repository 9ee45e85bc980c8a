//! The settings of MariaDB that a user may not override.

use crate::options::OF_THE_LAB;

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

pub(super) fn refusal(name: &str, value: &str) -> Option<&'static str> {
    let name = name.strip_prefix("loose_").unwrap_or(name);
    if OURS.contains(&name) {
        return Some(OF_THE_LAB);
    }
    let addresses = [
        "gmcast.listen_addr",
        "ist.recv_addr",
        "base_host",
        "base_port",
    ];
    let sets_one = addresses.iter().any(|option| value.contains(option));
    (name == "wsrep_provider_options" && sets_one)
        .then_some("the lab sets the provider's addresses itself")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_that_would_leave_the_lab_are_refused() {
        for (name, value) in [
            ("bind_address", "0.0.0.0"),
            ("loose_port", "3306"),
            (
                "wsrep_provider_options",
                "gmcast.listen_addr=tcp://0.0.0.0:4567",
            ),
        ] {
            assert!(refusal(name, value).is_some(), "{name}={value}");
        }
        assert_eq!(refusal("max_connections", "500"), None);
        assert_eq!(refusal("wsrep_provider_options", "gcs.fc_limit=32"), None);
    }
}
