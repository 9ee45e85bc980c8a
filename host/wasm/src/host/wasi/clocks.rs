//! `wasi:clocks`: both clocks are that of `timing`.

use super::held::{Pollable, Thing};
use super::linking::{Context, Interface};
use crate::model::change::Nanos;
use wasmtime::Result;
use wasmtime::component::{ComponentType, Lower, Resource};

const NANOS_PER_S: u64 = 1_000_000_000;

/// The wall clock's time when the run begins, in seconds since 1970: the beginning of 2000. No
/// strategy may depend on the date, and a simulation has none.
const BEGINS: u64 = 946_684_800;

#[derive(ComponentType, Lower)]
#[component(record)]
struct Datetime {
    seconds: u64,
    nanoseconds: u32,
}

fn datetime(nanos: Nanos) -> Datetime {
    Datetime {
        seconds: nanos / NANOS_PER_S,
        nanoseconds: (nanos % NANOS_PER_S) as u32,
    }
}

fn now(context: &mut Context) -> Result<Nanos> {
    let state = context.data_mut();
    state.idle.call()?;
    Ok(state.capabilities.clock.now())
}

fn subscribe(context: &mut Context, until: Nanos) -> Result<(Resource<Pollable>,)> {
    let state = context.data_mut();
    Ok((state.wasi.held.hold(Thing::Until(until))?,))
}

pub fn link(given: &mut Interface, interface: &str, name: &str) -> Result<bool> {
    match (interface, name) {
        ("clocks/monotonic-clock", "now") => {
            given.func_wrap(name, |mut context: Context, (): ()| {
                Ok((now(&mut context)?,))
            })?;
        }
        ("clocks/monotonic-clock", "resolution") => {
            given.func_wrap(name, |_: Context, (): ()| Ok((1u64,)))?;
        }
        ("clocks/monotonic-clock", "subscribe-instant") => {
            given.func_wrap(name, |mut context: Context, (when,): (u64,)| {
                subscribe(&mut context, when)
            })?;
        }
        ("clocks/monotonic-clock", "subscribe-duration") => {
            given.func_wrap(name, |mut context: Context, (duration,): (u64,)| {
                let until = now(&mut context)?.saturating_add(duration);
                subscribe(&mut context, until)
            })?;
        }
        ("clocks/wall-clock", "now") => {
            given.func_wrap(name, |mut context: Context, (): ()| {
                let shown = datetime(now(&mut context)?);
                let seconds = BEGINS + shown.seconds;
                Ok((Datetime { seconds, ..shown },))
            })?;
        }
        ("clocks/wall-clock", "resolution") => {
            given.func_wrap(name, |_: Context, (): ()| Ok((datetime(1),)))?;
        }
        _ => return Ok(false),
    }
    Ok(true)
}
