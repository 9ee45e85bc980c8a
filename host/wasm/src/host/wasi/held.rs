//! Handles and output of one instance.

use super::printing::{Printing, Stream};
use crate::capability::strategy::Death;
use crate::model::change::Nanos;
use slab::Slab;
use wasmtime::Result;
use wasmtime::component::Resource;

/// Something to wait for.
pub struct Pollable;
/// Standard output or standard error.
pub struct OutputStream;
/// A resource that does nothing.
pub struct Nothing;

/// Real guests hold a handful at a time.
pub const MAX_WASI_HANDLES: usize = 1024;

#[derive(Debug, Clone, Copy)]
pub enum Thing {
    /// A timer that ends at this time of the run.
    Until(Nanos),
    Stream(Stream),
    Nothing,
}

/// The WASI state of an instance.
#[derive(Default)]
pub struct Wasi {
    pub(super) held: Held,
    pub printing: Printing,
}

/// The values of the guest's handles, by number.
#[derive(Debug, Default)]
pub struct Held(Slab<Thing>);

impl Held {
    /// A new handle. Traps if the guest holds too many.
    pub fn hold<T: 'static>(&mut self, thing: Thing) -> Result<Resource<T>> {
        if self.0.len() >= MAX_WASI_HANDLES {
            return Err(wasmtime::Error::new(Death {
                code: "handle-limit",
                message: format!("wanted more than {MAX_WASI_HANDLES} handles of WASI at once"),
            }));
        }
        Ok(Resource::new_own(self.0.insert(thing) as u32))
    }

    /// The time at which it is ready; now, if it is not a timer.
    pub fn until(&self, handle: &Resource<Pollable>) -> Nanos {
        match self.0.get(handle.rep() as usize) {
            Some(Thing::Until(time)) => *time,
            _ => 0,
        }
    }

    pub fn stream(&self, handle: &Resource<OutputStream>) -> Stream {
        match self.0.get(handle.rep() as usize) {
            Some(Thing::Stream(stream)) => *stream,
            _ => Stream::Error,
        }
    }

    pub fn drop(&mut self, number: u32) {
        self.0.try_remove(number as usize);
    }
}
