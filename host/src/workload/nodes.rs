//! Asking every node at once.

use super::site::{NANOS_PER_MS, Site};
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;

/// A node that takes longer than this to answer is not waited for any more if the others have shut
/// it out meanwhile: one that stands still gives no answer, and takes seconds to be given up.
const PATIENCE_MS: u64 = 250;

/// The answers of those nodes that answered.
pub struct Answers<T> {
    pub given: Vec<T>,
    /// Every node that can have a say is among them: one that the others have shut out can't commit
    /// any more.
    pub complete: bool,
}

impl Site {
    /// Asks all nodes for a reading.
    pub async fn ask_nodes<'a, T, E, F>(&'a self, read: impl Fn(&'a str) -> F) -> Answers<T>
    where
        F: Future<Output = Result<T, E>>,
    {
        let nodes = self.database.nodes();
        let mut asked: FuturesUnordered<_> = nodes.iter().map(|node| read(node)).collect();
        let mut given = Vec::new();
        loop {
            tokio::select! {
                biased;
                answer = asked.next() => match answer {
                    Some(Ok(answer)) => given.push(answer),
                    Some(Err(_)) => {}
                    None => break,
                },
                () = self.clock.sleep(PATIENCE_MS * NANOS_PER_MS) => {
                    if self.is_every_member(given.len()).await {
                        break;
                    }
                }
            }
        }
        Answers {
            complete: self.is_every_member(given.len()).await,
            given,
        }
    }

    /// No member of the cluster is missing among so many answers.
    pub async fn is_every_member(&self, answered: usize) -> bool {
        if answered == self.database.nodes().len() {
            return true;
        }
        let members = self.database.members().await;
        answered > 0 && members.is_ok_and(|members| answered >= members)
    }
}
