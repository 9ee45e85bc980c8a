use super::HostState;
use crate::strategy::wasm::bindings::contend::strategy::settings::Host;

impl Host for HostState {
    fn get(&mut self, name: String) -> wasmtime::Result<Option<String>> {
        Ok(self.capabilities.settings.get(&name).cloned())
    }
}
