//! The nodes of one request for a lock: one in the queue of each name, all with the request's own identifier.
//!
//! The answer to a create may be lost. So each node has the identifier in its name, which is never reused:
//! a create without an answer looks for its node before it makes another one, as the published recipe says.

use super::classify::{Operation, classify};
use super::live::Live;
use super::queue::{self, Place};
use super::server::Server;
use crate::capability::clock::Clock;
use crate::capability::lock::Mode;
use crate::capability::lock_names;
use crate::lock_connection::Key;
use crate::model::change::Nanos;
use crate::model::error::{CallError, ErrorKind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use zookeeper_client::{CreateMode, Error};

/// Attempts to make a node whose folder goes away, or whose answer is lost.
const ATTEMPTS: u32 = 5;

/// The names of a lock, and the folder of each.
pub(super) struct Names {
    pub(super) names: Vec<String>,
    folders: Vec<String>,
}

impl Names {
    pub(super) fn new(names: Vec<String>, prefix: &str, server: &Server) -> Self {
        let folder = |name: &String| {
            let key = Key::new("lock", prefix, name).text();
            format!("{}/{key}", server.root())
        };
        Self {
            folders: names.iter().map(folder).collect(),
            names,
        }
    }

    /// The nodes in the queue of one of the names.
    pub(super) async fn children(
        &self,
        live: &Live,
        name: usize,
    ) -> Result<Vec<String>, CallError> {
        children(live, &self.folders[name]).await
    }
}

async fn children(live: &Live, folder: &str) -> Result<Vec<String>, CallError> {
    let client = live.client()?;
    let listed = client.list_children(folder);
    match live.answer(Operation::Reading, listed).await? {
        Ok(children) => Ok(children),
        Err(Error::NoNode) => Ok(Vec::new()),
        Err(error) => Err(classify(&error, Operation::Reading)),
    }
}

/// A node that holds a name.
pub(super) struct Node {
    path: String,
    /// The number of the transaction that made it.
    pub(super) token: u64,
}

pub(super) struct Claim {
    pub(super) live: Arc<Live>,
    server: Arc<Server>,
    clock: Arc<dyn Clock>,
    pub(super) names: Arc<Names>,
    mode: Mode,
    identifier: String,
    /// The number of names for which it may have a node.
    reached: AtomicUsize,
}

impl Claim {
    pub(super) fn new(
        live: Arc<Live>,
        server: Arc<Server>,
        clock: Arc<dyn Clock>,
        names: Arc<Names>,
        mode: Mode,
        identifier: String,
    ) -> Self {
        Self {
            live,
            server,
            clock,
            names,
            mode,
            identifier,
            reached: AtomicUsize::new(0),
        }
    }

    /// Takes all names in their order, and waits for each. An error leaves nodes, which `give_up` removes.
    pub(super) async fn take_all(&self, deadline: Nanos) -> Result<Vec<Node>, CallError> {
        loop {
            let mut nodes = Vec::new();
            for name in 0..self.names.names.len() {
                self.reached.fetch_max(name + 1, Ordering::Relaxed);
                nodes.push(self.take(name, deadline).await?);
            }
            // A name may have been taken from it while it waited for another one.
            if nodes.len() == 1 || self.stands(&nodes).await? {
                return Ok(nodes);
            }
            self.remove().await?;
        }
    }

    async fn take(&self, name: usize, deadline: Nanos) -> Result<Node, CallError> {
        let folder = &self.names.folders[name];
        loop {
            let (made, mut place) = self.enqueue(folder).await?;
            while place != Place::Absent {
                if let Place::Holds(node) = &place {
                    let path = format!("{folder}/{node}");
                    return match made {
                        Some(token) => Ok(Node { path, token }),
                        None => match self.token(&path).await? {
                            Some(token) => Ok(Node { path, token }),
                            None => break,
                        },
                    };
                }
                place = self.wait(name, &place, deadline).await?;
            }
        }
    }

    /// Makes a node, unless there is one. Returns its token, if this call made it, and its place.
    async fn enqueue(&self, folder: &str) -> Result<(Option<u64>, Place), CallError> {
        let options = CreateMode::EphemeralSequential.with_acls(self.server.acls());
        let path = format!("{folder}/{}", queue::prefix(&self.identifier, self.mode));
        let mut attempts = 0..ATTEMPTS;
        loop {
            let client = self.live.client()?;
            let created = client.create(&path, b"", &options);
            match self.live.answer(Operation::Changing, created).await {
                Ok(Ok((stat, _))) => {
                    return Ok((Some(stat.czxid as u64), self.place(folder).await?));
                }
                Ok(Err(Error::NoNode)) if attempts.next().is_some() => {
                    // The service removes a container that is empty.
                    let options = CreateMode::Container.with_acls(self.server.acls());
                    let made = client.mkdir(folder, &options);
                    let made = self.live.answer(Operation::Changing, made).await?;
                    if let Err(error) = made
                        && error != Error::NodeExists
                    {
                        return Err(classify(&error, Operation::Changing));
                    }
                }
                Ok(Err(error)) => return Err(classify(&error, Operation::Changing)),
                Err(error) if error.kind != ErrorKind::Indefinite || attempts.next().is_none() => {
                    return Err(error);
                }
                Err(_) => loop {
                    match self.found(folder).await {
                        Ok(Place::Absent) => break,
                        Ok(place) => return Ok((None, place)),
                        // It may have been asked over the connection that is about to be given up.
                        Err(error) if error.kind != ErrorKind::Unavailable => return Err(error),
                        Err(error) if attempts.next().is_none() => return Err(error),
                        Err(_) => {}
                    }
                },
            }
        }
    }

    /// The place of a node whose create was not answered.
    async fn found(&self, folder: &str) -> Result<Place, CallError> {
        self.live.sync(folder).await?;
        self.place(folder).await
    }

    async fn children(&self, folder: &str) -> Result<Vec<String>, CallError> {
        children(&self.live, folder).await
    }

    async fn place(&self, folder: &str) -> Result<Place, CallError> {
        queue::place(&self.children(folder).await?, &self.identifier)
    }

    async fn token(&self, path: &str) -> Result<Option<u64>, CallError> {
        let client = self.live.client()?;
        let stat = client.check_stat(path);
        let stat = self.live.answer(Operation::Reading, stat).await?;
        let stat = stat.map_err(|error| classify(&error, Operation::Reading))?;
        Ok(stat.map(|stat| stat.czxid as u64))
    }

    /// Waits until a place may have changed. Returns the one that it is then.
    async fn wait(&self, name: usize, place: &Place, deadline: Nanos) -> Result<Place, CallError> {
        let folder = &self.names.folders[name];
        let client = self.live.client()?;
        let watcher = match place {
            Place::Behind(node) => {
                let path = format!("{folder}/{node}");
                let watched = client.check_and_watch_stat(&path);
                let watched = self.live.answer(Operation::Reading, watched).await?;
                let (stat, watcher) =
                    watched.map_err(|error| classify(&error, Operation::Reading))?;
                stat.map(|_| watcher)
            }
            _ => {
                let watched = client.list_and_watch_children(folder);
                let watched = self.live.answer(Operation::Reading, watched).await?;
                let (children, watcher) =
                    watched.map_err(|error| classify(&error, Operation::Reading))?;
                let now = queue::place(&children, &self.identifier)?;
                if now != *place {
                    return Ok(now);
                }
                Some(watcher)
            }
        };
        if let Some(watcher) = watcher {
            let left = deadline.saturating_sub(self.clock.now());
            tokio::select! {
                biased;
                () = self.live.until_lost() => {
                    let message = "the session at ZooKeeper was lost while it waited";
                    return Err(CallError::unavailable("session-expired", message));
                }
                _ = watcher.changed() => {}
                () = self.clock.sleep(left) => {
                    return Err(lock_names::wait_timeout(&self.names.names[name]));
                }
            }
        }
        self.place(folder).await
    }

    /// True if all nodes are still there.
    pub(super) async fn stands(&self, nodes: &[Node]) -> Result<bool, CallError> {
        let Some(first) = self.names.folders.first() else {
            return Ok(false);
        };
        self.live.sync(first).await?;
        for node in nodes {
            if self.token(&node.path).await? != Some(node.token) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Releases what it has. False if a node was gone before.
    pub(super) async fn release(&self, nodes: &[Node]) -> Result<bool, CallError> {
        let mut had_all = true;
        for node in nodes {
            had_all &= self.delete(&node.path).await?;
        }
        Ok(had_all)
    }

    /// False if there is no such node.
    async fn delete(&self, path: &str) -> Result<bool, CallError> {
        let client = self.live.client()?;
        let deleted = client.delete(path, None);
        match self.live.answer(Operation::Changing, deleted).await? {
            Ok(()) => Ok(true),
            Err(Error::NoNode) => Ok(false),
            Err(error) => Err(classify(&error, Operation::Changing)),
        }
    }

    /// Removes every node that it may have, also one whose create was not answered.
    pub(super) async fn remove(&self) -> Result<(), CallError> {
        let reached = self.reached.load(Ordering::Relaxed);
        for folder in &self.names.folders[..reached] {
            self.live.sync(folder).await?;
            for node in queue::of_claim(&self.children(folder).await?, &self.identifier) {
                self.delete(&format!("{folder}/{node}")).await?;
            }
        }
        Ok(())
    }

    pub(super) async fn pause(&self, duration: Nanos) {
        self.clock.sleep(duration).await;
    }

    /// Takes the names from all that hold them.
    pub(super) async fn break_names(&self) -> Result<(), CallError> {
        for folder in &self.names.folders {
            self.live.sync(folder).await?;
            for node in queue::holders(&self.children(folder).await?)? {
                self.delete(&format!("{folder}/{node}")).await?;
            }
        }
        Ok(())
    }
}
