//! A network between a session and its server, which can hold back what is under way, and lose answers.

use std::net::SocketAddr;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

pub(in crate::backend_contract) struct Network {
    address: SocketAddr,
    /// The number of connections that were made.
    made: watch::Receiver<usize>,
    /// The connections before this one are held.
    held: watch::Sender<usize>,
    /// The answers of the connections before this one are lost.
    muted: watch::Sender<usize>,
}

impl Network {
    pub(in crate::backend_contract) async fn to(port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (making, made) = watch::channel(0);
        let held = watch::Sender::new(0);
        let muted = watch::Sender::new(0);
        let (holding, muting) = (held.subscribe(), muted.subscribe());
        tokio::spawn(async move {
            for number in 0.. {
                let (client, _) = listener.accept().await.unwrap();
                let server = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
                making.send_replace(number + 1);
                carry(number, client, server, holding.clone(), muting.clone());
            }
        });
        Self {
            address,
            made,
            held,
            muted,
        }
    }

    pub(in crate::backend_contract) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Holds what is sent from now on over the connections that there are.
    pub(in crate::backend_contract) fn hold(&self) {
        self.held.send_replace(*self.made.borrow());
    }

    /// The same over all connections, also those that are made from now on.
    pub(in crate::backend_contract) fn hold_all(&self) {
        self.held.send_replace(usize::MAX);
    }

    /// Loses what is answered from now on over the connections that there are.
    pub(in crate::backend_contract) fn mute(&self) {
        self.muted.send_replace(*self.made.borrow());
    }

    /// Delivers what was held, also if whoever sent it has hung up.
    pub(in crate::backend_contract) fn deliver(&self) {
        self.held.send_replace(0);
    }
}

fn carry(
    number: usize,
    client: TcpStream,
    server: TcpStream,
    mut held: watch::Receiver<usize>,
    muted: watch::Receiver<usize>,
) {
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
        let mut bytes = vec![0; 4096];
        while let Ok(length @ 1..) = from_server.read(&mut bytes).await {
            let is_lost = *muted.borrow() > number;
            if !is_lost && to_client.write_all(&bytes[..length]).await.is_err() {
                return;
            }
        }
    });
}
