//! A network between a session and its server, which can hold back what is under way.

use std::net::SocketAddr;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

pub(super) struct Network {
    address: SocketAddr,
    /// The number of connections that were made.
    made: watch::Receiver<usize>,
    /// The connections before this one are held.
    held: watch::Sender<usize>,
}

impl Network {
    pub(super) async fn to(port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (making, made) = watch::channel(0);
        let held = watch::Sender::new(0);
        let holding = held.subscribe();
        tokio::spawn(async move {
            for number in 0.. {
                let (client, _) = listener.accept().await.unwrap();
                let server = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
                making.send_replace(number + 1);
                carry(number, client, server, holding.clone());
            }
        });
        Self {
            address,
            made,
            held,
        }
    }

    pub(super) fn url(&self) -> String {
        format!("redis://{}", self.address)
    }

    /// Holds what is sent from now on over the connections that there are.
    pub(super) fn hold(&self) {
        self.held.send_replace(*self.made.borrow());
    }

    /// Delivers what was held, also if whoever sent it has hung up.
    pub(super) fn deliver(&self) {
        self.held.send_replace(0);
    }
}

fn carry(number: usize, client: TcpStream, server: TcpStream, mut held: watch::Receiver<usize>) {
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    tokio::spawn(async move {
        let mut bytes = vec![0; 4096];
        while let Ok(length @ 1..) = from_client.read(&mut bytes).await {
            let delivered = held.wait_for(|held| *held <= number).await.is_ok();
            if !delivered || to_server.write_all(&bytes[..length]).await.is_err() {
                return;
            }
        }
    });
    tokio::spawn(async move {
        tokio::io::copy(&mut from_server, &mut to_client).await.ok();
    });
}
