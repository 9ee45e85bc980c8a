//! `wasi:io/streams`: what is printed. There is nothing to read.

use super::held::{Nothing, OutputStream, Pollable, Thing};
use super::linking::{Context, Interface};
use crate::host::HostState;
use wasmtime::Result;
use wasmtime::component::{ComponentType, Lower, Resource};

/// Largest write.
const WRITE_BYTES: u64 = 4096;

#[derive(ComponentType, Lower)]
#[component(variant)]
enum StreamError {
    #[component(name = "last-operation-failed")]
    #[expect(dead_code, reason = "no operation fails, but the type has this case")]
    Failed(Resource<Nothing>),
    #[component(name = "closed")]
    Closed,
}

type StreamResult<T> = Result<(std::result::Result<T, StreamError>,)>;
type One = (Resource<OutputStream>,);

impl HostState {
    fn print(&mut self, stream: &Resource<OutputStream>, bytes: &[u8]) -> StreamResult<()> {
        self.idle.call()?;
        let stream = self.wasi.held.stream(stream);
        let (printed, worker) = (&self.capabilities.printed, self.capabilities.worker);
        self.wasi.printing.write(stream, bytes, &mut |line| {
            printed.line(worker, line);
        });
        Ok((Ok(()),))
    }
}

pub fn link(given: &mut Interface, interface: &str, name: &str) -> Result<bool> {
    if interface != "io/streams" {
        return Ok(false);
    }
    match name {
        "[method]output-stream.check-write" => {
            given.func_wrap(name, |_: Context, (_,): One| -> StreamResult<u64> {
                Ok((Ok(WRITE_BYTES),))
            })?;
        }
        "[method]output-stream.write" | "[method]output-stream.blocking-write-and-flush" => {
            given.func_wrap(
                name,
                |mut context: Context, (stream, bytes): (Resource<OutputStream>, Vec<u8>)| {
                    context.data_mut().print(&stream, &bytes)
                },
            )?;
        }
        "[method]output-stream.flush" | "[method]output-stream.blocking-flush" => {
            given.func_wrap(name, |_: Context, (_,): One| -> StreamResult<()> {
                Ok((Ok(()),))
            })?;
        }
        "[method]output-stream.subscribe" => {
            given.func_wrap(name, |mut context: Context, (_,): One| {
                let state = context.data_mut();
                Ok((state.wasi.held.hold::<Pollable>(Thing::Nothing)?,))
            })?;
        }
        "[method]input-stream.subscribe" => {
            given.func_wrap(name, |mut context: Context, (_,): (Resource<Nothing>,)| {
                let state = context.data_mut();
                Ok((state.wasi.held.hold::<Pollable>(Thing::Nothing)?,))
            })?;
        }
        "[method]input-stream.read" | "[method]input-stream.blocking-read" => {
            given.func_wrap(
                name,
                |_: Context, _: (Resource<Nothing>, u64)| -> StreamResult<Vec<u8>> {
                    Ok((Err(StreamError::Closed),))
                },
            )?;
        }
        _ => return Ok(false),
    }
    Ok(true)
}
