//! `runner locks`: what lock services really give.

use crate::backend::clock::RealClock;
use crate::backend::url::LockUrl;
use crate::capability::clock::Clock;
use crate::console::{Output, note, print};
use crate::exit::{CommandError, Exit, Refusal};
use crate::lab::Lab;
use crate::measure::{self, Breakable, Clients, Holder, Url, measure};
use crate::plan::lab::{find_running, lock_url, own_lock_urls, server_of};
use crate::plan::resolve::parse_url;
use crate::report::locks;
use crate::run::runtime;
use std::io::{self, BufRead};
use std::path::PathBuf;
use std::sync::Arc;

/// The flag with which the runner starts itself as a holder that can be killed.
pub const HOLD: &str = "--hold";

/// Measures the services that are named; if none is, those that need no server, and those of a lab. The
/// servers of a lab are broken only if it is named.
pub fn locks(
    given: &[String],
    lab: Option<Option<PathBuf>>,
    output: &Output,
) -> Result<Exit, CommandError> {
    output.check()?;
    let may_break = lab.is_some();
    let lab = find_running(lab)?;
    let folder = tempfile::tempdir()
        .map_err(|error| Refusal::Hold(format!("no folder for locks in files: {error}")))?;
    let given = match given {
        [] => usual(
            folder.path().join("locks").display().to_string(),
            lab.as_ref(),
        ),
        given => given.to_vec(),
    };
    let clock = Arc::new(RealClock::new());
    clock.start();
    let services = given.iter().map(|text| {
        let text = lock_url(text, lab.as_ref(), None);
        let url = parse_url::<LockUrl>(&text)?;
        let own = lab.as_ref().filter(|_| may_break);
        let server = own.and_then(|lab| {
            let server = server_of(&text, lab)?;
            Some(Breakable {
                lab: lab.clone(),
                server,
            })
        });
        Ok((Url::new(text, url, clock.clone()), server))
    });
    let services: Vec<_> = services.collect::<Result<_, CommandError>>()?;
    let program = std::env::current_exe().map_err(|error| Refusal::Hold(error.to_string()))?;
    let arguments = vec!["locks".to_owned(), HOLD.to_owned()];
    let holder = Holder { program, arguments };
    let measured = runtime()?.block_on(async {
        // All of them answer, or nothing is begun.
        for (clients, _) in &services {
            clients.open().await.map_err(|why| cannot(clients, why))?;
        }
        let mut measured = Vec::new();
        for (clients, server) in &services {
            let progress = |step: &str| {
                if !output.is_quiet() {
                    note(&format!("{}: {step}", clients.name()));
                }
            };
            let clock: Arc<dyn Clock> = clock.clone();
            let done = measure(clients, clock, Some(&holder), server.as_ref(), &progress).await;
            measured.push(done.map_err(|why| cannot(clients, why))?);
        }
        Ok::<_, CommandError>(measured)
    })?;
    output.show(
        || locks::csv(&measured),
        || locks::json(&measured),
        || locks::text(&measured),
    )?;
    Ok(Exit::of_locks(&measured))
}

/// Those that need no server, and those of a lab.
fn usual(folder: String, lab: Option<&Lab>) -> Vec<String> {
    let mut usual = vec!["memory".to_owned(), format!("file:{folder}")];
    usual.extend(lab.map(own_lock_urls).unwrap_or_default());
    usual
}

fn cannot(clients: &Url, why: crate::model::error::CallError) -> CommandError {
    let service = clients.name();
    Refusal::Locks { service, why }.into()
}

/// Holds the lock that standard input names, until that ends: the part of a holder that is killed.
pub fn hold() -> Result<Exit, CommandError> {
    let mut line = String::new();
    let read = io::stdin().lock().read_line(&mut line);
    read.map_err(|error| Refusal::Hold(error.to_string()))?;
    let held = serde_json::from_str(&line).map_err(|error| Refusal::Hold(error.to_string()))?;
    let clock = Arc::new(RealClock::new());
    clock.start();
    let says_held = || {
        // A parent that does not read is gone, and then the input ends as well.
        print(b"held\n").ok();
    };
    let input_ends = async {
        let ends = || io::copy(&mut io::stdin().lock(), &mut io::sink());
        tokio::task::spawn_blocking(ends).await.ok();
    };
    let done = runtime()?.block_on(measure::hold(held, clock, says_held, input_ends));
    done.map_err(|why| Refusal::Hold(why.to_string()))?;
    Ok(Exit::Done)
}
