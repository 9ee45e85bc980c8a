use super::HostState;
use crate::bindings::contend::strategy::settings::Host;

impl Host for HostState {
    fn get(&mut self, name: String) -> wasmtime::Result<Option<String>> {
        self.idle.call()?;
        let value = self.capabilities.settings.get(&name).cloned();
        self.asking.note(&name, value.is_some());
        Ok(value)
    }
}
