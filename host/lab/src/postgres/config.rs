//! The configuration of PostgreSQL, of PgBouncer, and the proxy's part, as text.

use crate::config::{HEALTH_USER, USER};
use crate::options::LabOptions;
use crate::server::Server;
use std::fmt::Write;

/// The name of the superuser.
pub(super) const OWNER: &str = "postgres";

/// Settings without which data can't be rewound.
pub(super) const REWINDABLE: &str = "wal_log_hints=on
wal_keep_size=128MB
";

/// Names of the proxy's two ports in its table.
pub(super) const TO_PRIMARY: &str = "primary";
pub(super) const TO_STANDBYS: &str = "read";

/// Small, and durable as a user's own server is: a commit is on the disk, and with `--synchronous` on
/// that of a standby too. A standby ends a query that has held its replay up for a second. Who falls
/// silent is given up after ten seconds, as a node of Galera is after some.
pub(super) fn node(node: Server, upstream: Option<Server>, options: &LabOptions) -> String {
    let name = node.name();
    let upstream = upstream.map(|upstream| {
        format!(
            "{} application_name={name} connect_timeout=3",
            address(upstream, options)
        )
    });
    let others = options.names().into_iter().filter(|other| *other != name);
    let waits_for = match options.synchronous {
        true => format!("ANY 1 ({})", others.collect::<Vec<_>>().join(",")),
        false => String::new(),
    };
    let mut text = format!(
        "data_directory='{dir}/data'
hba_file='{dir}/pg_hba.conf'
ident_file='{dir}/data/pg_ident.conf'
unix_socket_directories='{dir}'
listen_addresses='127.0.0.1'
port={port}
cluster_name='{name}'
primary_conninfo='{upstream}'
synchronous_standby_names='{waits_for}'
hot_standby=on
max_connections=1000
shared_buffers=32MB
wal_level=replica
max_wal_size=256MB
{REWINDABLE}hot_standby_feedback=on
max_standby_streaming_delay=1s
wal_receiver_status_interval=1s
wal_retrieve_retry_interval=200ms
wal_receiver_timeout=10s
wal_sender_timeout=10s
",
        dir = node.dir(&options.dir).display(),
        port = node.port(options.ports()),
        upstream = upstream.unwrap_or_default(),
    );
    for (name, value) in &options.settings {
        // The last line wins.
        let (name, value) = (name.replace('-', "_"), value.replace('\'', "''"));
        writeln!(text, "{name}='{value}'").expect("a string takes all");
    }
    text
}

/// Clients come over the network with a password, the proxy to ask its one question. Only the servers'
/// own user and root can enter the folder of the socket.
pub(super) fn access() -> String {
    format!(
        "local all,replication {OWNER} trust
host postgres {HEALTH_USER} 127.0.0.1/32 trust
host all {USER} 127.0.0.1/32 scram-sha-256
"
    )
}

/// The address at which the lab itself reaches a node: its socket.
pub(super) fn address(node: Server, options: &LabOptions) -> String {
    let dir = node.dir(&options.dir);
    let (dir, port) = (dir.display(), node.port(options.ports()));
    format!("host={dir} port={port} user={OWNER} dbname=postgres")
}

/// It goes through the proxy, and so to whichever node is the primary.
pub(super) fn pooler(options: &LabOptions) -> String {
    let ports = options.ports();
    format!(
        "[databases]
* = host=127.0.0.1 port={proxy}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = scram-sha-256
auth_file = {dir}/users.txt
pool_mode = transaction
default_pool_size = 200
max_client_conn = 2000
server_login_retry = 1
ignore_startup_parameters = extra_float_digits
",
        proxy = ports.proxy(),
        port = ports.pooler(),
        dir = Server::Pooler.dir(&options.dir).display(),
    )
}

pub(super) fn pooler_users(password: &str) -> String {
    format!("\"{USER}\" \"{password}\"\n")
}

/// A port that leads to the primary, and one that leads to the standbys in turn. The proxy asks every
/// node which it is, in PostgreSQL's own protocol, so it follows a failover by itself.
pub(super) fn proxied(options: &LabOptions) -> String {
    let ports = options.ports();
    let mut text = String::new();
    for (name, port, in_recovery, more) in [
        // No session stays on a node that is the primary no more.
        (
            TO_PRIMARY,
            ports.proxy(),
            'f',
            " on-marked-down shutdown-sessions",
        ),
        (TO_STANDBYS, ports.second(), 't', ""),
    ] {
        write!(
            text,
            "listen {name}
  bind 127.0.0.1:{port}
  option tcp-check
  tcp-check connect linger
  tcp-check send-binary {login}
  tcp-check expect binary {ready}
  tcp-check send-binary {question}
  tcp-check expect min-recv {whole} binary {answer}
  tcp-check send-binary {goodbye}
  default-server check inter 1s fastinter 200ms downinter 300ms fall 2 rise 1{more}
",
            login = hex(&login()),
            ready = hex(&message(b'Z', b"I")),
            question = hex(&message(b'Q', b"SELECT pg_is_in_recovery()\0")),
            // Less is no whole answer yet; in as much, the other answer shows at once.
            whole = 55,
            answer = hex(&row(in_recovery)),
            goodbye = hex(&message(b'X', b"")),
        )
        .expect("a string takes all");
        for node in options.node_servers() {
            let (name, port) = (node.name(), node.port(ports));
            writeln!(text, "  server {name} 127.0.0.1:{port}").expect("a string takes all");
        }
    }
    text
}

/// The first message to a server, of version 3.0, which has no letter.
fn login() -> Vec<u8> {
    let user = format!("user\0{HEALTH_USER}\0database\0postgres\0\0");
    let body = [&[0, 3, 0, 0], user.as_bytes()].concat();
    message(0, &body)[1..].to_vec()
}

/// A row of one column of one letter.
fn row(letter: char) -> Vec<u8> {
    message(b'D', &[0, 1, 0, 0, 0, 1, letter as u8])
}

/// A letter, the length of the rest with these four bytes, and the rest.
fn message(letter: u8, body: &[u8]) -> Vec<u8> {
    let length = (body.len() as u32 + 4).to_be_bytes();
    [&[letter], &length[..], body].concat()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kind::Kind;
    use std::path::PathBuf;

    fn options() -> LabOptions {
        LabOptions {
            kind: Kind::Postgres,
            ..LabOptions::new(PathBuf::from("/lab"))
        }
    }

    fn second(options: &LabOptions) -> String {
        let nodes = options.node_servers();
        node(nodes[1], Some(nodes[0]), options)
    }

    #[test]
    fn node_and_pooler_listen_on_this_machine_only() {
        let options = options();
        assert!(second(&options).contains("\nlisten_addresses='127.0.0.1'\n"));
        assert!(pooler(&options).contains("\nlisten_addr = 127.0.0.1\n"));
        for line in access().lines() {
            assert!(line.starts_with("local ") || line.contains(" 127.0.0.1/32 "));
        }
    }

    #[test]
    fn standby_streams_from_its_upstream_and_a_node_without_one_from_none() {
        let options = options();
        let text = second(&options);
        let streams = "primary_conninfo='host=/lab/n1 port=13310 user=postgres dbname=postgres \
                       application_name=n2";
        assert!(text.contains(streams), "{text}");
        let alone = node(options.node_servers()[1], None, &options);
        assert!(alone.contains("primary_conninfo=''"), "{alone}");
    }

    #[test]
    fn whichever_is_the_primary_waits_for_one_of_the_others() {
        let mut options = options();
        let asynchronous = "synchronous_standby_names=''";
        assert!(second(&options).contains(asynchronous));
        options.synchronous = true;
        assert!(second(&options).contains("synchronous_standby_names='ANY 1 (n1,n3)'"));
    }

    #[test]
    fn a_setting_of_the_user_comes_after_ours_as_one_value() {
        let mut options = options();
        let setting = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        options.settings = vec![
            setting("max-connections", "7"),
            setting("log_line_prefix", "a'b"),
        ];
        let text = second(&options);
        let ours = text.find("max_connections=1000").unwrap();
        assert!(text.find("max_connections='7'").unwrap() > ours);
        assert!(text.contains("log_line_prefix='a''b'"));
    }

    /// As they were seen on the wire.
    #[test]
    fn messages_of_the_check_are_those_of_the_protocol() {
        assert!(hex(&login()).starts_with("000000280003000075736572"));
        assert_eq!(hex(&message(b'Z', b"I")), "5a0000000549");
        assert_eq!(hex(&message(b'X', b"")), "5800000004");
        assert_eq!(hex(&row('f')), "440000000b00010000000166");
    }
}
