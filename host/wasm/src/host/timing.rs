use super::HostState;
use crate::bindings::contend::strategy::timing::Host;
use rand_pcg::rand_core::Rng;

impl Host for HostState {
    fn now(&mut self) -> wasmtime::Result<u64> {
        self.idle.call()?;
        Ok(self.capabilities.clock.now())
    }

    async fn sleep(&mut self, duration: u64) -> wasmtime::Result<()> {
        self.capabilities.clock.sleep(duration).await;
        self.computing.resume();
        self.idle.waited(duration)
    }

    fn random(&mut self) -> wasmtime::Result<u64> {
        self.idle.call()?;
        Ok(self.random.next_u64())
    }
}
