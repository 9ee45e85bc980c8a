//! A server that answers as a test says, and keeps what it was asked and how much it sent.

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpListener};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

/// The end of an endless answer, so that a client that reads it all comes to an end.
const ENDLESS: u64 = 256 << 20;

/// Its requests.
#[derive(Debug, Clone)]
pub struct Asked {
    /// `GET /v2/`.
    pub line: String,
    pub host: String,
    pub authorization: Option<String>,
}

/// Its answers.
pub enum Reply {
    /// Status and headers, and the body.
    Whole(String, Vec<u8>),
    /// A body that has no end.
    Endless(String),
    /// A head that has no end.
    EndlessHead,
}

impl Reply {
    pub fn head(head: &str) -> Self {
        Self::Whole(head.to_owned(), Vec::new())
    }

    pub fn endless(head: &str) -> Self {
        Self::Endless(head.to_owned())
    }
}

type Answer = dyn Fn(&Asked) -> Reply + Send + Sync;

pub struct Hostile {
    port: u16,
    asked: Arc<Mutex<Vec<Asked>>>,
    served: Arc<AtomicU64>,
}

impl Hostile {
    pub fn start(answer: impl Fn(&Asked) -> Reply + Send + Sync + 'static) -> Self {
        Self::start_with(None, Arc::new(answer))
    }

    /// One that speaks HTTPS, with this key and certificate.
    pub fn start_with_tls(
        key: &str,
        certificate: &str,
        answer: impl Fn(&Asked) -> Reply + Send + Sync + 'static,
    ) -> Self {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let certificate = CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap();
        let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap();
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate], key);
        Self::start_with(Some(Arc::new(config.unwrap())), Arc::new(answer))
    }

    fn start_with(tls: Option<Arc<ServerConfig>>, answer: Arc<Answer>) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let server = Self {
            port: listener.local_addr().unwrap().port(),
            asked: Arc::default(),
            served: Arc::default(),
        };
        let (asked, served) = (server.asked.clone(), server.served.clone());
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let (tls, answer) = (tls.clone(), answer.clone());
                let (asked, served) = (asked.clone(), served.clone());
                thread::spawn(move || match tls {
                    None => serve(client, &*answer, &asked, &served),
                    Some(tls) => {
                        let connection = ServerConnection::new(tls).unwrap();
                        let client = StreamOwned::new(connection, client);
                        serve(client, &*answer, &asked, &served)
                    }
                });
            }
        });
        server
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    pub fn reference(&self) -> String {
        format!("oci://127.0.0.1:{}/cas:1", self.port)
    }

    pub fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    /// The number of bytes of endless answers that went out before the client hung up.
    pub fn served(&self) -> u64 {
        self.served.load(Ordering::Relaxed)
    }
}

fn serve(
    client: impl Read + Write,
    answer: &Answer,
    asked: &Mutex<Vec<Asked>>,
    served: &AtomicU64,
) {
    let mut client = BufReader::new(client);
    let Some(question) = question(&mut client) else {
        return;
    };
    asked.lock().unwrap().push(question.clone());
    let client = client.get_mut();
    let reply = answer(&question);
    let (head, endless) = match &reply {
        Reply::Whole(head, body) => (
            format!("{head}Content-Length: {}\r\n\r\n", body.len()),
            false,
        ),
        Reply::Endless(head) => (format!("{head}\r\n"), true),
        Reply::EndlessHead => ("HTTP/1.1 200 OK\r\n".to_owned(), true),
    };
    let head = head.replacen("\r\n", "\r\nConnection: close\r\n", 1);
    let mut sent = client.write_all(head.as_bytes());
    if let Reply::Whole(_, body) = &reply {
        sent = sent.and_then(|()| client.write_all(body));
    }
    let part = match reply {
        Reply::EndlessHead => b"X-More: and more\r\n".repeat(512),
        _ => vec![b' '; 16 << 10],
    };
    while endless && sent.is_ok() && served.load(Ordering::Relaxed) < ENDLESS {
        sent = client.write_all(&part);
        if sent.is_ok() {
            served.fetch_add(part.len() as u64, Ordering::Relaxed);
        }
    }
    client.flush().ok();
}

fn question(client: &mut impl BufRead) -> Option<Asked> {
    let mut line = String::new();
    client.read_line(&mut line).ok()?;
    let first = line.rsplit_once(' ')?.0.to_owned();
    let (mut host, mut authorization, mut length) = (String::new(), None, 0);
    loop {
        line.clear();
        client.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim_end().split_once(": ") else {
            break;
        };
        match name.to_ascii_lowercase().as_str() {
            "host" => host = value.to_owned(),
            "authorization" => authorization = Some(value.to_owned()),
            "content-length" => length = value.parse().ok()?,
            _ => {}
        }
    }
    std::io::copy(&mut client.take(length), &mut std::io::sink()).ok()?;
    Some(Asked {
        line: first,
        host,
        authorization,
    })
}
