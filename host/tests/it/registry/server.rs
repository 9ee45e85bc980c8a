//! A real registry, and a few lines of HTTP that know nothing of ours.

use crate::support::server::{Server, free_port};
use serde_json::Value;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::path::PathBuf;
use std::process::Command;
use tempfile::TempDir;

/// The one user of a registry with users, as `htpasswd -B` writes it.
pub const USER: &str = "author";
pub const PASSWORD: &str = "open sesame";
const USERS: &str = "author:$2y$05$k4mg/dn6h0f9gVoO/h4HHukQLCes19.R4MmBXYp7p0gl0cf0iUa7m\n";

pub struct RegistryServer {
    port: u16,
    folder: TempDir,
    running: Option<Server>,
}

/// Its answers.
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: Vec<u8>,
}

impl RegistryServer {
    /// One that lets everybody do everything.
    pub fn start() -> Self {
        Self::start_with("")
    }

    /// One that wants a user and a password.
    pub fn start_with_users() -> Self {
        Self::start_with("auth: {htpasswd: {realm: test, path: FOLDER/users}}\n")
    }

    /// One that speaks HTTPS. The folder has its key and its certificate.
    pub fn start_with_tls(key: &str, certificate: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("key.pem"), key).unwrap();
        std::fs::write(folder.path().join("certificate.pem"), certificate).unwrap();
        Self::start_in(
            folder,
            "  tls: {key: FOLDER/key.pem, certificate: FOLDER/certificate.pem}\n",
        )
    }

    fn start_with(more: &str) -> Self {
        Self::start_in(tempfile::tempdir().unwrap(), more)
    }

    /// The last lines of its configuration are these.
    fn start_in(folder: TempDir, more: &str) -> Self {
        let mut server = Self {
            port: 0,
            folder,
            running: None,
        };
        let folder = server.folder.path().to_str().unwrap().to_owned();
        std::fs::write(server.path("users"), USERS).unwrap();
        for _ in 0..5 {
            server.port = free_port();
            let config = format!(
                "version: 0.1\nlog: {{level: error, accesslog: {{disabled: true}}}}\n\
                 storage: {{filesystem: {{rootdirectory: {folder}/data}}}}\n\
                 http:\n  addr: 127.0.0.1:{}\n  secret: of no use\n{}",
                server.port,
                more.replace("FOLDER", &folder)
            );
            std::fs::write(server.path("config.yml"), config).unwrap();
            if server.try_start() {
                return server;
            }
        }
        let log = std::fs::read_to_string(server.path("log")).unwrap_or_default();
        panic!("docker-registry does not start: {log}");
    }

    /// Ends it. What was pushed stays, for when it is started again.
    pub fn stop(&mut self) {
        self.running = None;
    }

    pub fn start_again(&mut self) {
        assert!(self.try_start(), "docker-registry does not start again");
    }

    fn try_start(&mut self) -> bool {
        let installed = Command::new("docker-registry").arg("--version").output();
        assert!(
            installed.is_ok(),
            "these tests need a registry: apt-get install docker-registry"
        );
        let config = self.path("config.yml");
        let command = ["docker-registry", "serve", config.to_str().unwrap()];
        self.running = Server::start(&command, self.port, &self.path("log"));
        self.running.is_some()
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    pub fn host(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    pub fn reference(&self, name: &str) -> String {
        format!("oci://{}/{name}", self.host())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The file in which it keeps what has this digest.
    pub fn blob(&self, digest: &str) -> PathBuf {
        let digits = digest.strip_prefix("sha256:").unwrap();
        let blobs = "data/docker/registry/v2/blobs/sha256";
        self.path(&format!("{blobs}/{}/{digits}/data", &digits[..2]))
    }

    /// The number of blobs and manifests it keeps.
    pub fn blobs(&self) -> usize {
        let folder = self.path("data/docker/registry/v2/blobs/sha256");
        std::fs::read_dir(folder).map_or(0, Iterator::count)
    }

    pub fn get(&self, path: &str) -> Answer {
        let accept = "Accept: application/vnd.oci.image.manifest.v1+json\r\n";
        self.ask("GET", path, accept, b"")
    }

    /// The manifest of a tag.
    pub fn manifest(&self, name: &str, tag: &str) -> Value {
        let answer = self.get(&format!("/v2/{name}/manifests/{tag}"));
        assert_eq!(answer.status, 200, "{}", answer.head);
        serde_json::from_slice(&answer.body).unwrap()
    }

    /// Pushes a manifest with this layer, of this type, as any other tool would.
    pub fn push(&self, name: &str, tag: &str, media_type: &str, bytes: &[u8]) {
        self.push_as(name, tag, media_type, bytes, bytes.len());
    }

    /// The same, with a manifest that says that it is of this size.
    pub fn push_as(&self, name: &str, tag: &str, media_type: &str, bytes: &[u8], size: usize) {
        let digest = contend::author::registry::digest::Digest::from_content(bytes);
        let begun = self.ask("POST", &format!("/v2/{name}/blobs/uploads/"), "", b"");
        let place = begun.header("Location").expect("a place for it");
        let (_, place) = place.split_once(&self.host()).unwrap();
        let sent = self.ask("PUT", &format!("{place}&digest={digest}"), "", bytes);
        assert_eq!(sent.status, 201, "{}", sent.head);
        let layer = format!(r#"{{"mediaType":"{media_type}","digest":"{digest}","size":{size}}}"#);
        let kind = "application/vnd.oci.image.manifest.v1+json";
        let manifest = format!(
            r#"{{"schemaVersion":2,"mediaType":"{kind}","config":{layer},"layers":[{layer}]}}"#
        );
        let path = format!("/v2/{name}/manifests/{tag}");
        let kind = format!("Content-Type: {kind}\r\n");
        let sent = self.ask("PUT", &path, &kind, manifest.as_bytes());
        assert_eq!(sent.status, 201, "{}", sent.head);
    }

    fn ask(&self, method: &str, path: &str, headers: &str, body: &[u8]) -> Answer {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).unwrap();
        let (host, length) = (self.host(), body.len());
        let head = format!(
            "{method} {path} HTTP/1.0\r\nHost: {host}\r\nContent-Length: {length}\r\n{headers}\r\n"
        );
        stream.write_all(head.as_bytes()).unwrap();
        stream.write_all(body).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        let end = answer.windows(4).position(|it| it == b"\r\n\r\n").unwrap();
        let head = String::from_utf8(answer[..end].to_vec()).unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        let body = answer[end + 4..].to_vec();
        Answer { status, head, body }
    }
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        let name = format!("{name}: ");
        self.head.lines().find_map(|line| line.strip_prefix(&name))
    }
}
