//! The parts of WASI that a strategy does not have. A call returns "access denied" if its type has that
//! error, and traps otherwise. The user is warned once of each kind of access.

use super::linking::{Context, Interface};
use crate::capability::strategy::Death;
use crate::convert::clean;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, OnceLock};
use wasmtime::Result;
use wasmtime::component::Val;
use wasmtime::component::types::{ComponentFunc, Type};

/// Files that an interpreter opens by itself to print a better error. These are refused as well, but
/// without a warning.
const LOOKS: &[&str] = &[
    "[method]descriptor.stat-at",
    "[method]descriptor.metadata-hash-at",
];

/// The refused accesses of the instances of one strategy: the first of each kind.
#[derive(Debug, Default)]
pub struct Refusals {
    files: Refusal,
    network: Refusal,
}

#[derive(Debug, Default)]
struct Refusal {
    first: OnceLock<String>,
    is_told: AtomicBool,
}

impl Refusals {
    /// A sentence for each kind that was not taken before.
    pub fn take(&self) -> Vec<String> {
        let kinds = [("a file", &self.files), ("the network", &self.network)];
        let fresh = |(kind, refusal): (&str, &Refusal)| {
            let first = refusal.first.get()?;
            let is_fresh = !refusal.is_told.swap(true, Relaxed);
            is_fresh.then(|| {
                format!(
                    "asked for {kind} ({first}) and received access-denied: a strategy has \
                     neither files nor a network"
                )
            })
        };
        kinds.into_iter().filter_map(fresh).collect()
    }

    fn get(&self, interface: &str) -> Option<&Refusal> {
        match interface.split('/').next()? {
            "filesystem" => Some(&self.files),
            "sockets" | "http" => Some(&self.network),
            _ => None,
        }
    }
}

/// Links a function that refuses.
pub fn link(
    given: &mut Interface,
    interface: &str,
    name: &str,
    refusals: Arc<Refusals>,
) -> Result<()> {
    let (interface, function) = (interface.to_owned(), name.to_owned());
    given.func_new_async(name, move |context, kind, arguments, results| {
        let answer = answer(&interface, &function, &kind, arguments, &refusals);
        Box::new(async move {
            let answer = answer?;
            give_back(context, arguments).await?;
            results
                .iter_mut()
                .for_each(|result| *result = answer.clone());
            Ok(())
        })
    })
}

/// Returns the handles that were lent to a call of this form.
async fn give_back(mut context: Context<'_>, arguments: &[Val]) -> Result<()> {
    for argument in arguments {
        if let Val::Resource(resource) = argument {
            resource.resource_drop_async(&mut context).await?;
        }
    }
    Ok(())
}

fn answer(
    interface: &str,
    function: &str,
    kind: &ComponentFunc,
    arguments: &[Val],
    refusals: &Refusals,
) -> Result<Val> {
    // The one folder that there is may say so.
    let harmless = match function {
        "[method]descriptor.get-type" => Some(Val::Enum("directory".to_owned())),
        "[method]descriptor.get-flags" => Some(Val::Flags(Vec::new())),
        _ => None,
    };
    if let Some(value) = harmless {
        return Ok(Val::Result(Ok(Some(Box::new(value)))));
    }
    if let Some(refusal) = refusals
        .get(interface)
        .filter(|_| !LOOKS.contains(&function))
    {
        refusal.first.get_or_init(|| call(function, arguments));
    }
    kind.results().next().and_then(denied).ok_or_else(|| {
        wasmtime::Error::new(Death {
            code: "access-denied",
            message: clean(&format!(
                "called {function} of wasi:{interface}: a strategy has neither files nor a network"
            )),
        })
    })
}

/// The value of this type that says no.
fn denied(kind: Type) -> Option<Val> {
    let no = match kind {
        Type::Option(_) => return Some(Val::Option(None)),
        Type::Result(result) => result.err()?,
        _ => return None,
    };
    // Of files, of sockets, of HTTP, of streams.
    let words = ["access", "access-denied", "HTTP-request-denied", "closed"];
    let error = match no {
        Type::Enum(cases) => {
            let word = cases.names().find(|name| words.contains(name))?;
            Val::Enum(word.to_owned())
        }
        Type::Variant(cases) => {
            let mut plain = cases.cases().filter(|case| case.ty.is_none());
            let case = plain.find(|case| words.contains(&case.name))?;
            Val::Variant(case.name.to_owned(), None)
        }
        _ => return None,
    };
    Some(Val::Result(Err(Some(Box::new(error)))))
}

/// `open-at "etc/passwd"`.
fn call(function: &str, arguments: &[Val]) -> String {
    let name = function.rsplit(['.', ']']).next().unwrap_or(function);
    let mut texts = arguments.iter().filter_map(|argument| match argument {
        Val::String(text) => Some(text),
        _ => None,
    });
    match texts.next() {
        Some(text) => format!("{name} {:?}", clean(text)),
        None => name.to_owned(),
    }
}
