use super::{HostState, MAX_LOCKS, Named, dangling, too_many};
use crate::bindings::contend::strategy::{lock, types};
use crate::bindings::{LockHandle, LockSessionHandle};
use crate::capability::lock::{Lock, LockSession, ReleaseOutcome};
use crate::convert;
use crate::model::error::CallError;
use wasmtime::Result;
use wasmtime::component::Resource;

type Answer<T> = Result<std::result::Result<T, types::Error>>;

impl HostState {
    fn held(&mut self, handle: &Resource<LockHandle>) -> Result<&mut Box<dyn Lock>> {
        let named = self.locks.get_mut(handle.rep() as usize);
        named.map(|named| &mut named.lock).ok_or_else(dangling)
    }

    async fn open_lock_session(
        &mut self,
        options: lock::SessionOptions,
    ) -> std::result::Result<Box<dyn LockSession>, CallError> {
        let share = self.shares().sessions;
        if self.lock_sessions.len() + self.members.len() >= share {
            return Err(too_many("lock sessions and members", share));
        }
        let owner = format!(
            "worker-{}.{}.{}",
            self.capabilities.worker,
            self.capabilities.generation,
            self.lock_sessions.vacant_key()
        );
        let options = convert::session_options(options);
        self.capabilities.locks.open(owner, options).await
    }
}

impl lock::Host for HostState {
    fn traits(&mut self) -> Result<Vec<(String, String)>> {
        self.idle.call()?;
        Ok(self.capabilities.locks.traits())
    }

    async fn open(&mut self, options: lock::SessionOptions) -> Answer<Resource<LockSessionHandle>> {
        let opened = self.open_lock_session(options).await;
        let handle = opened.map(|session| self.lock_sessions.insert(session) as u32);
        self.answer(handle.map(Resource::new_own))
    }
}

impl lock::HostSession for HostState {
    async fn lock(
        &mut self,
        handle: Resource<LockSessionHandle>,
        names: Vec<String>,
        mode: lock::Mode,
    ) -> Answer<Resource<LockHandle>> {
        if self.locks.len() >= MAX_LOCKS {
            return self.answer(Err(too_many("locks", MAX_LOCKS)));
        }
        let session = self
            .lock_sessions
            .get_mut(handle.rep() as usize)
            .ok_or_else(dangling)?;
        // A long name takes as much as several.
        let names_taken = names.iter().map(|name| 1 + name.len() / 1024).sum();
        let charge = self.lock_names.charge(names_taken);
        let named = charge.and_then(|charge| {
            Ok(Named {
                lock: session.lock(names, convert::mode(mode))?,
                _names: charge,
            })
        });
        let handle = named.map(|named| self.locks.insert(named) as u32);
        self.answer(handle.map(Resource::new_own))
    }

    async fn drop(&mut self, handle: Resource<LockSessionHandle>) -> Result<()> {
        let session = self.lock_sessions.try_remove(handle.rep() as usize);
        session.ok_or_else(dangling)?.close().await;
        self.computing.resume();
        Ok(())
    }
}

impl lock::HostLock for HostState {
    async fn acquire(&mut self, handle: Resource<LockHandle>, wait: u64) -> Answer<lock::Grant> {
        let granted = self.held(&handle)?.acquire(wait).await;
        self.answer(granted.map(convert::grant))
    }

    async fn release(&mut self, handle: Resource<LockHandle>) -> Answer<lock::ReleaseOutcome> {
        let released = self.held(&handle)?.release().await;
        match released {
            Ok(ReleaseOutcome::NotOwner) => self.lost_locks.not_owner += 1,
            Ok(ReleaseOutcome::Expired) => self.lost_locks.expired += 1,
            Ok(ReleaseOutcome::Released) | Err(_) => {}
        }
        self.answer(released.map(convert::release_outcome))
    }

    async fn renew(&mut self, handle: Resource<LockHandle>) -> Answer<lock::Grant> {
        let renewed = self.held(&handle)?.renew().await;
        self.answer(renewed.map(convert::grant))
    }

    async fn is_owner(&mut self, handle: Resource<LockHandle>) -> Answer<bool> {
        let owner = self.held(&handle)?.is_owner().await;
        self.answer(owner)
    }

    fn current_grant(&mut self, handle: Resource<LockHandle>) -> Result<Option<lock::Grant>> {
        self.idle.call()?;
        Ok(self.held(&handle)?.current_grant().map(convert::grant))
    }

    async fn break_(&mut self, handle: Resource<LockHandle>) -> Answer<()> {
        let broken = self.held(&handle)?.break_lock().await;
        self.answer(broken)
    }

    async fn drop(&mut self, handle: Resource<LockHandle>) -> Result<()> {
        let named = self.locks.try_remove(handle.rep() as usize);
        named.ok_or_else(dangling)?.lock.close().await;
        self.computing.resume();
        Ok(())
    }
}
