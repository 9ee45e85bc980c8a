//! A look at the data right after a step that ended ok: is its effect there?
//!
//! A guest does not run between its calls. So an effect that a causal reading does not show now can't
//! come before the next call: the strategy said ok with nothing behind it, or another worker has moved
//! the row on since. Which of the two, `check/effect_before_ok` finds out from the audit.

use super::site::Site;
use crate::model::error::CallError;
use crate::model::seen::{Seen, Sight};

/// The answer that shows the effect, or else any: one causal reading knows all that was committed
/// before it. `None` if no node gave one, or if the run is to end at once.
pub async fn at_nodes<'a, F>(
    site: &'a Site,
    read: impl Fn(&'a str) -> F,
    is_effect: impl Fn(&Sight) -> bool,
) -> Option<Box<Seen>>
where
    F: Future<Output = Result<Sight, CallError>>,
{
    let began = site.clock.now();
    let named = |node: &'a str| {
        let found = read(node);
        async move { found.await.map(|found| (node, found)) }
    };
    let answers = tokio::select! {
        biased;
        () = site.stop.abandoned() => return None,
        answers = site.ask_nodes(named) => answers.given,
    };
    let place = answers.iter().position(|(_, found)| is_effect(found));
    let (node, found) = answers.into_iter().nth(place.unwrap_or(0))?;
    Some(Box::new(Seen {
        node: node.to_owned(),
        began,
        ended: site.clock.now(),
        found,
    }))
}
