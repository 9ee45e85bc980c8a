//! `wasi:io/poll`: waiting goes through the same sleep as that of `timing`.

use super::held::Pollable;
use super::linking::{Context, Interface};
use crate::host::HostState;
use crate::model::change::Nanos;
use wasmtime::Result;
use wasmtime::component::Resource;

impl HostState {
    /// Waits until this time, and gives the time that it then is. Before the run begins its clock
    /// stands still; what was waited for is over all the same.
    async fn wait_until(&mut self, until: Nanos) -> Result<Nanos> {
        let now = self.capabilities.clock.now();
        self.idle.waited(until.saturating_sub(now))?;
        if now >= until {
            return Ok(now);
        }
        self.capabilities.clock.sleep(until - now).await;
        self.computing.resume();
        Ok(self.capabilities.clock.now().max(until))
    }

    /// The places of those that are over. Waits for the first if none is.
    async fn poll(&mut self, all: &[Resource<Pollable>]) -> Result<Vec<u32>> {
        let times: Vec<Nanos> = all.iter().map(|one| self.wasi.held.until(one)).collect();
        let Some(first) = times.iter().copied().min() else {
            return Err(wasmtime::Error::msg("a poll of nothing never ends"));
        };
        let now = self.wait_until(first).await?;
        let places = (0u32..).zip(times);
        Ok(places
            .filter(|(_, time)| *time <= now)
            .map(|(place, _)| place)
            .collect())
    }
}

pub fn link(given: &mut Interface, interface: &str, name: &str) -> Result<bool> {
    type One = (Resource<Pollable>,);
    match (interface, name) {
        ("io/poll", "poll") => {
            given.func_wrap_async(
                name,
                |mut context: Context, (all,): (Vec<Resource<Pollable>>,)| {
                    Box::new(async move { Ok((context.data_mut().poll(&all).await?,)) })
                },
            )?;
        }
        ("io/poll", "[method]pollable.block") => {
            given.func_wrap_async(name, |mut context: Context, (one,): One| {
                Box::new(async move {
                    context.data_mut().poll(&[one]).await?;
                    Ok(())
                })
            })?;
        }
        ("io/poll", "[method]pollable.ready") => {
            given.func_wrap(name, |mut context: Context, (one,): One| {
                let state = context.data_mut();
                state.idle.call()?;
                let until = state.wasi.held.until(&one);
                Ok((state.capabilities.clock.now() >= until,))
            })?;
        }
        _ => return Ok(false),
    }
    Ok(true)
}
