//! Does a second client get in? Each mode, from the same connection and from another one.

use super::bench::{Bench, CONTRACT, MS, SOON};
use super::line::Line;
use crate::capability::lock::Mode;
use crate::model::error::{CallError, ErrorKind};

/// The wait of a client that is expected to be kept out.
const PATIENCE: u64 = 200 * MS;

const LIMIT: u32 = 2;

pub(super) async fn measure(bench: &Bench<'_>) -> Vec<Line> {
    vec![
        answer(bench, "exclusive", exclusive(bench).await),
        answer(bench, "shared", shared(bench).await),
        answer(bench, "shared-limit", limited(bench).await),
        answer(bench, "across-processes", across(bench).await),
        answer(bench, "lease", lease(bench).await),
    ]
}

/// A mode is given, or it is not for this reason.
type Found = Result<Result<(), String>, CallError>;

fn answer(bench: &Bench<'_>, question: &str, found: Found) -> Line {
    let claim = match question {
        "exclusive" => Some(CONTRACT.to_owned()),
        trait_name => bench.claim(trait_name),
    };
    match found {
        Ok(found) => Line::judged(question, claim, found),
        Err(error) if error.kind == ErrorKind::Rejected => {
            Line::judged(question, claim, Err(error.to_string()))
        }
        Err(error) => Line::failed(question, &error).claimed(claim),
    }
}

async fn exclusive(bench: &Bench<'_>) -> Found {
    let name = bench.new_name();
    let (mut first, mut second) = (bench.exclusive(&name).await?, bench.exclusive(&name).await?);
    first.lock.acquire(SOON).await?;
    for wait in [0, PATIENCE] {
        if let Some(grant) = second.enter(wait).await? {
            let other = first.lock.current_grant().map(|grant| grant.owner);
            let other = other.unwrap_or_else(|| "the first client".to_owned());
            return Ok(Err(format!(
                "{} got the exclusive lock while {other} held it",
                grant.owner
            )));
        }
    }
    first.lock.release().await?;
    let after = second.enter(SOON).await?;
    Ok(after
        .map(drop)
        .ok_or_else(|| "a released lock was not to be had for 20 s".to_owned()))
}

async fn shared(bench: &Bench<'_>) -> Found {
    let (name, mode) = (bench.new_name(), Mode::Shared(None));
    let (mut first, mut second) = (
        bench.client(&name, mode).await?,
        bench.client(&name, mode).await?,
    );
    let mut writer = bench.exclusive(&name).await?;
    first.lock.acquire(SOON).await?;
    if second.enter(SOON).await?.is_none() {
        return Ok(Err("a second reader was kept out for 20 s".to_owned()));
    }
    match writer.enter(PATIENCE).await? {
        Some(grant) => Ok(Err(format!(
            "{} got the exclusive lock beside two readers",
            grant.owner
        ))),
        None => Ok(Ok(())),
    }
}

async fn limited(bench: &Bench<'_>) -> Found {
    let (name, mode) = (bench.new_name(), Mode::Shared(Some(LIMIT)));
    let mut readers = Vec::new();
    for _ in 0..LIMIT {
        let mut reader = bench.client(&name, mode).await?;
        if reader.enter(SOON).await?.is_none() {
            return Ok(Err(format!(
                "fewer than {LIMIT} readers got in, with that limit"
            )));
        }
        readers.push(reader);
    }
    let mut further = bench.client(&name, mode).await?;
    match further.enter(PATIENCE).await? {
        Some(grant) => Ok(Err(format!(
            "{} got in as reader number {}, with a limit of {LIMIT}",
            grant.owner,
            LIMIT + 1
        ))),
        None => Ok(Ok(())),
    }
}

/// A grant with a lease says when that ends.
async fn lease(bench: &Bench<'_>) -> Found {
    let mut client = bench.exclusive(&bench.new_name()).await?;
    let grant = client.lock.acquire(SOON).await?;
    Ok(match grant.lease_ends {
        Some(_) => Ok(()),
        None => Err("a grant had no end of a lease".to_owned()),
    })
}

/// Another connection is what another process would have.
async fn across(bench: &Bench<'_>) -> Found {
    let name = bench.new_name();
    let mut first = bench.exclusive(&name).await?;
    let mut stranger = bench.stranger(&name, Mode::Exclusive).await?;
    first.lock.acquire(SOON).await?;
    match stranger.enter(PATIENCE).await? {
        Some(grant) => Ok(Err(format!(
            "{} got the exclusive lock over another connection while it was held",
            grant.owner
        ))),
        None => Ok(Ok(())),
    }
}
