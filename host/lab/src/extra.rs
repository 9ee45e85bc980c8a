//! The configuration of the services that a lab has on request, and how each is started.

use super::options::LabOptions;
use super::programs::Programs;
use super::server::Server;
use super::service::{Service, ZOOKEEPER_JAR};

/// The least time in which ZooKeeper counts, in milliseconds: a session's timeout is 2 of them at least, so
/// 0.4 s here.
const TICK_MS: u32 = 200;

/// The longest session timeout, in milliseconds: not 20 ticks, which a busy machine can be late by.
const LONGEST_SESSION_MS: u32 = 600_000;

/// The configuration files of a server: each name in its folder, and the text.
pub(super) fn files(
    service: Service,
    number: u32,
    options: &LabOptions,
) -> Vec<(&'static str, String)> {
    let server = Server::Service(service, number);
    match service {
        Service::Etcd => vec![(server.config_name(), etcd(number, options))],
        Service::Zookeeper => vec![(server.config_name(), zookeeper(options))],
        Service::Memcached => Vec::new(),
    }
}

/// The arguments that go before the one that says which server it is.
pub(super) fn arguments(
    service: Service,
    number: u32,
    options: &LabOptions,
    programs: &Programs,
) -> Vec<String> {
    let server = Server::Service(service, number);
    match service {
        Service::Etcd => Vec::new(),
        Service::Zookeeper => {
            let jar = programs.path(ZOOKEEPER_JAR);
            // Which of the loggers writes is for the user of ZooKeeper's classes to say.
            let logger = jar.with_file_name("slf4j-simple.jar");
            let classes = format!("{}:{}", jar.display(), logger.display());
            let level = "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn";
            let main = "org.apache.zookeeper.server.quorum.QuorumPeerMain";
            ["-Xmx128m", level, "-cp", &classes, main]
                .map(str::to_owned)
                .to_vec()
        }
        Service::Memcached => {
            let port = server.port(options.ports()).to_string();
            ["-l", "127.0.0.1", "-p", &port, "-m", "32"]
                .map(str::to_owned)
                .to_vec()
        }
    }
}

/// A member that starts again finds the others in its data, and `new` is only for the first time.
/// With a file of configuration, the JSON gateway is off unless it is asked for.
fn etcd(number: u32, options: &LabOptions) -> String {
    let server = Server::Service(Service::Etcd, number);
    let peer = |number| format!("http://127.0.0.1:{}", options.ports().etcd_peer(number));
    let clients = format!("http://127.0.0.1:{}", server.port(options.ports()));
    let members: Vec<_> = (1..=Service::Etcd.servers())
        .map(|number| format!("etcd{number}={}", peer(number)))
        .collect();
    format!(
        "name: {name}
data-dir: {data}
listen-client-urls: {clients}
advertise-client-urls: {clients}
listen-peer-urls: {peer}
initial-advertise-peer-urls: {peer}
initial-cluster: {members}
initial-cluster-token: contend-{port}
initial-cluster-state: new
enable-grpc-gateway: true
logger: zap
log-level: warn
",
        name = server.name(),
        data = server.dir(&options.dir).join("data").display(),
        peer = peer(number),
        members = members.join(","),
        port = options.port,
    )
}

/// Each write reaches the operating system, as those of the lab's databases do; a kill loses nothing.
fn zookeeper(options: &LabOptions) -> String {
    let server = Server::Service(Service::Zookeeper, 1);
    format!(
        "tickTime={TICK_MS}
dataDir={data}
clientPort={port}
clientPortAddress=127.0.0.1
admin.enableServer=false
forceSync=no
4lw.commands.whitelist=ruok
maxClientCnxns=0
maxSessionTimeout={LONGEST_SESSION_MS}
",
        data = server.dir(&options.dir).join("data").display(),
        port = server.port(options.ports()),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;

    #[test]
    fn every_member_of_etcd_names_all_and_listens_on_this_machine_only() {
        let options = LabOptions::new(PathBuf::from("/lab"));
        let texts = [1, 2, 3].map(|number| etcd(number, &options));
        for text in &texts {
            assert_eq!(text.matches("=http://127.0.0.1:").count(), 3, "{text}");
            assert!(!text.contains("0.0.0.0"), "{text}");
        }
        assert_ne!(texts[0], texts[1]);
    }
}
