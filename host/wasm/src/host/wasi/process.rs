//! The environment of a process, `wasi:cli` and the few required parts of others: all empty. There is
//! one folder, in which every access is denied. Without it a guest's own library would return that the
//! file does not exist, and the user would never learn of the access.

use super::held::{Nothing, OutputStream, Thing};
use super::linking::{Context, Interface};
use super::printing::Stream;
use crate::capability::strategy::Death;
use wasmtime::Result;
use wasmtime::component::Resource;

fn hold<T: 'static>(context: &mut Context, thing: Thing) -> Result<Resource<T>> {
    context.data_mut().wasi.held.hold(thing)
}

fn exit(said: &str) -> wasmtime::Error {
    wasmtime::Error::new(Death {
        code: "exit",
        message: format!("the strategy ended itself: exit {said}"),
    })
}

pub fn link(given: &mut Interface, interface: &str, name: &str) -> Result<bool> {
    match (interface, name) {
        ("cli/environment", "get-environment") => {
            let none = Vec::<(String, String)>::new;
            given.func_wrap(name, move |_: Context, (): ()| Ok((none(),)))?;
        }
        ("cli/environment", "get-arguments") => {
            given.func_wrap(name, |_: Context, (): ()| Ok((Vec::<String>::new(),)))?;
        }
        ("cli/environment", "initial-cwd") => {
            given.func_wrap(name, |_: Context, (): ()| Ok((None::<String>,)))?;
        }
        ("cli/exit", "exit") => {
            given.func_wrap(
                name,
                |_: Context, (status,): (std::result::Result<(), ()>,)| {
                    Err::<(), _>(exit(if status.is_ok() { "0" } else { "1" }))
                },
            )?;
        }
        ("cli/exit", "exit-with-code") => {
            given.func_wrap(name, |_: Context, (code,): (u8,)| {
                Err::<(), _>(exit(&code.to_string()))
            })?;
        }
        (
            "cli/terminal-stdin" | "cli/terminal-stdout" | "cli/terminal-stderr",
            "get-terminal-stdin" | "get-terminal-stdout" | "get-terminal-stderr",
        ) => {
            given.func_wrap(name, |_: Context, (): ()| Ok((None::<Resource<Nothing>>,)))?;
        }
        ("cli/stdout", "get-stdout") => {
            given.func_wrap(name, |mut context: Context, (): ()| {
                let stream = Thing::Stream(Stream::Output);
                Ok((hold::<OutputStream>(&mut context, stream)?,))
            })?;
        }
        ("cli/stderr", "get-stderr") => {
            given.func_wrap(name, |mut context: Context, (): ()| {
                let stream = Thing::Stream(Stream::Error);
                Ok((hold::<OutputStream>(&mut context, stream)?,))
            })?;
        }
        ("cli/stdin", "get-stdin") | ("sockets/instance-network", "instance-network") => {
            given.func_wrap(name, |mut context: Context, (): ()| {
                Ok((hold::<Nothing>(&mut context, Thing::Nothing)?,))
            })?;
        }
        ("filesystem/preopens", "get-directories") => {
            given.func_wrap(name, |mut context: Context, (): ()| {
                let folder = hold::<Nothing>(&mut context, Thing::Nothing)?;
                Ok((vec![(folder, "/".to_owned())],))
            })?;
        }
        _ => return Ok(false),
    }
    Ok(true)
}
