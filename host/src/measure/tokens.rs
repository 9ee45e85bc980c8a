//! Are fencing tokens monotone? Two clients take a lock in turn.

use super::bench::{Bench, SOON};
use super::line::Line;
use crate::capability::lock::Grant;
use crate::model::error::CallError;

const TURNS: usize = 20;

pub(super) const FENCING: &str = "fencing";

pub(super) async fn measure(bench: &Bench<'_>) -> Line {
    let claim = bench.claim(FENCING);
    match take(bench).await {
        Ok(tokens) => Line::judged(FENCING, claim, monotone(&tokens)),
        Err(error) => Line::failed(FENCING, &error).claimed(claim),
    }
}

async fn take(bench: &Bench<'_>) -> Result<Vec<Option<u64>>, CallError> {
    let name = bench.new_name();
    let mut clients = [bench.exclusive(&name).await?, bench.exclusive(&name).await?];
    let mut tokens = Vec::new();
    for turn in 0..TURNS {
        let lock = &mut clients[turn % 2].lock;
        tokens.push(token(&lock.acquire(SOON).await?));
        lock.release().await?;
    }
    Ok(tokens)
}

/// The token of a grant of one name.
pub(super) fn token(grant: &Grant) -> Option<u64> {
    grant.fencing.first().map(|(_, token)| *token)
}

/// Every token is greater than the one before; if not, says which.
pub(super) fn monotone(tokens: &[Option<u64>]) -> Result<(), String> {
    for pair in tokens.windows(2) {
        match (pair[0], pair[1]) {
            (Some(before), Some(after)) if after > before => {}
            (Some(before), Some(after)) => {
                return Err(format!("the grant after token {before} had token {after}"));
            }
            _ => return Err("a grant had no token".to_owned()),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_tokens_that_grow_are_monotone() {
        assert_eq!(monotone(&[Some(1), Some(2), Some(9)]), Ok(()));
        let equal = monotone(&[Some(1), Some(8), Some(8)]).unwrap_err();
        assert_eq!(equal, "the grant after token 8 had token 8");
        assert!(monotone(&[Some(2), Some(1)]).is_err());
        assert!(monotone(&[Some(2), None]).is_err());
    }
}
