//! Another machine's registry, as far as the runner can tell: one behind a proxy, under a name that
//! only the proxy knows.

use super::server::RegistryServer;
use crate::support::Sandbox;
use crate::support::certificates::certified;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

pub const HOST: &str = "registry.example";

/// It writes down the first line of each connection. Those that ask for a way through get one to this
/// port, and all others nothing.
pub struct Proxy {
    port: u16,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Proxy {
    pub fn start(target: u16) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let lines = asked.clone();
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let lines = lines.clone();
                thread::spawn(move || serve(client, target, &lines));
            }
        });
        Self { port, asked }
    }

    /// Its requests, each once.
    pub fn asked(&self) -> Vec<String> {
        let mut asked = self.asked.lock().unwrap().clone();
        asked.dedup();
        asked
    }

    /// A sandbox in which everything goes through it.
    pub fn sandbox(&self) -> Sandbox {
        let url = format!("http://127.0.0.1:{}", self.port);
        ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy"]
            .into_iter()
            .fold(Sandbox::new(), |sandbox, name| {
                sandbox.with_variable(name, &url)
            })
            .with_variable("NO_PROXY", "")
            .with_variable("no_proxy", "")
    }
}

fn serve(client: TcpStream, target: u16, lines: &Mutex<Vec<String>>) {
    let mut reader = BufReader::new(client.try_clone().unwrap());
    let mut first = String::new();
    reader.read_line(&mut first).ok();
    lines.lock().unwrap().push(first.trim_end().to_owned());
    if !first.starts_with("CONNECT ") {
        return;
    }
    let mut line = first;
    while line != "\r\n" && !line.is_empty() {
        line.clear();
        reader.read_line(&mut line).ok();
    }
    let server = TcpStream::connect((Ipv4Addr::LOCALHOST, target)).unwrap();
    (&client).write_all(b"HTTP/1.1 200 OK\r\n\r\n").ok();
    let (from, to) = (server.try_clone().unwrap(), client);
    let back = thread::spawn(move || carry(from, to));
    carry(reader, server);
    back.join().ok();
}

fn carry(mut from: impl Read, mut to: TcpStream) {
    std::io::copy(&mut from, &mut to).ok();
    to.shutdown(std::net::Shutdown::Write).ok();
}

/// A registry with a certificate for `HOST`, and the certificate of who signed it.
pub fn registry() -> (RegistryServer, String) {
    let (key, certificate, issuer) = certified(&[HOST]);
    let server = RegistryServer::start_with_tls(&key, &certificate);
    (server, issuer)
}
