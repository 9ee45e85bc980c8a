//! The holders of a name, as Redis lists their grants.

use super::classify::Operation;
use super::scripts::{Claim, Names};
use super::session::SharedSession;
use crate::capability::lock::Holders;
use crate::capability::lock_names;
use crate::model::error::CallError;
use std::sync::Arc;

pub(super) async fn list(session: &SharedSession, name: &str) -> Result<Holders, CallError> {
    session.refuse_if_closed()?;
    let names = lock_names::sorted(vec![name.to_owned()])?;
    // No grant: it only names the keys.
    let claim = Claim::new(String::new(), Arc::new(Names::new(names, &session.prefix)));
    let answer: Vec<String> = session
        .link
        .run(&claim.holders(), Operation::Reading)
        .await?;
    parse(&answer).ok_or_else(|| {
        let message = format!("Redis answered a list of holders with {answer:?}");
        CallError::rejected("answer", message)
    })
}

/// The last token, and grants behind it: `MODE:IDENTITY:SESSION:OWNER:NUMBER`.
fn parse(answer: &[String]) -> Option<Holders> {
    let (token, grants) = answer.split_first()?;
    let owners = grants.iter().map(|grant| owner(grant));
    let is_exclusive = grants.iter().any(|grant| grant.starts_with("x:"));
    Some(Holders {
        owners: owners.collect::<Option<_>>()?,
        token: match is_exclusive {
            true => Some(token.parse().ok()?),
            false => None,
        },
    })
}

/// An owner may have colons itself.
fn owner(grant: &str) -> Option<String> {
    let (rest, _) = grant.rsplit_once(':')?;
    rest.splitn(4, ':').nth(3).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(answer: &[&str]) -> Option<Holders> {
        let answer: Vec<String> = answer.iter().map(|&text| text.to_owned()).collect();
        parse(&answer)
    }

    #[test]
    fn only_an_exclusive_holder_has_the_last_token() {
        let (one, two) = ("s:ab:0:worker-1.0.0:4", "s2:ab:1:a:b:7");
        let shared = parsed(&["12", one, two]).unwrap();
        assert_eq!(
            (&*shared.owners, shared.token),
            (&["worker-1.0.0".to_owned(), "a:b".to_owned()][..], None)
        );
        let exclusive = parsed(&["12", "x:ab:0:me:4"]).unwrap();
        assert_eq!(exclusive.token, Some(12));
        assert_eq!(parsed(&[""]), Some(Holders::default()));
    }

    #[test]
    fn answer_that_is_no_list_of_grants_is_refused() {
        for answer in [&[][..], &["1", "x:short"], &["", "x:ab:0:me:4"]] {
            assert_eq!(parsed(answer), None, "{answer:?}");
        }
    }
}
