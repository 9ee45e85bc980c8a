use super::{HostState, dangling, too_many};
use crate::bindings::MemberHandle;
use crate::bindings::contend::strategy::{group, types};
use crate::capability::group::{Member, join};
use crate::convert;
use crate::model::error::CallError;
use wasmtime::Result;
use wasmtime::component::Resource;

type Answer<T> = Result<std::result::Result<T, types::Error>>;

impl HostState {
    fn member(&mut self, handle: &Resource<MemberHandle>) -> Result<&mut Member> {
        let member = self.members.get_mut(handle.rep() as usize);
        member.ok_or_else(dangling)
    }

    /// A membership has a session of its own, out of the share of sessions with the lock service.
    async fn join(
        &mut self,
        name: &str,
        lease: Option<u64>,
    ) -> std::result::Result<Member, CallError> {
        let share = self.shares().sessions;
        if self.members.len() + self.lock_sessions.len() >= share {
            return Err(too_many("lock sessions and members", share));
        }
        let given = &self.capabilities;
        let (worker, generation) = (given.worker, given.generation);
        let member = format!("worker-{worker}.{generation}.member-{}", self.joined);
        self.joined += 1;
        join(&*given.locks, given.clock.clone(), member, name, lease).await
    }
}

impl group::Host for HostState {
    async fn join(&mut self, name: String, lease: Option<u64>) -> Answer<Resource<MemberHandle>> {
        let joined = HostState::join(self, &name, lease).await;
        let handle = joined.map(|member| self.members.insert(member) as u32);
        self.answer(handle.map(Resource::new_own))
    }
}

impl group::HostMember for HostState {
    fn name(&mut self, handle: Resource<MemberHandle>) -> Result<String> {
        self.idle.call()?;
        Ok(self.member(&handle)?.name().to_owned())
    }

    async fn members(&mut self, handle: Resource<MemberHandle>) -> Answer<group::Roster> {
        let listed = self.member(&handle)?.members().await;
        let roster = |(members, cursor)| group::Roster { members, cursor };
        self.answer(listed.map(roster))
    }

    async fn changes(
        &mut self,
        handle: Resource<MemberHandle>,
        since: u64,
    ) -> Answer<Vec<group::Change>> {
        let changes = self.member(&handle)?.changes(since).await;
        self.answer(changes.map(|changes| changes.into_iter().map(convert::change).collect()))
    }

    async fn lead(
        &mut self,
        handle: Resource<MemberHandle>,
        wait: u64,
    ) -> Answer<group::Leadership> {
        let led = self.member(&handle)?.lead(wait).await;
        self.answer(led.map(convert::leadership))
    }

    async fn confirm(&mut self, handle: Resource<MemberHandle>) -> Answer<group::Leadership> {
        let confirmed = self.member(&handle)?.confirm().await;
        self.answer(confirmed.map(convert::leadership))
    }

    fn current_leadership(
        &mut self,
        handle: Resource<MemberHandle>,
    ) -> Result<Option<group::Leadership>> {
        self.idle.call()?;
        let current = self.member(&handle)?.current_leadership();
        Ok(current.map(convert::leadership))
    }

    async fn resign(&mut self, handle: Resource<MemberHandle>) -> Answer<group::End> {
        let resigned = self.member(&handle)?.resign().await;
        self.answer(resigned.map(convert::end))
    }

    async fn leader(&mut self, handle: Resource<MemberHandle>) -> Answer<Option<group::Leader>> {
        let named = self.member(&handle)?.leader().await;
        let leader = |(member, term)| group::Leader { member, term };
        self.answer(named.map(|named| named.map(leader)))
    }

    fn is_member(&mut self, handle: Resource<MemberHandle>) -> Result<bool> {
        self.idle.call()?;
        Ok(self.member(&handle)?.is_member())
    }

    async fn leave(&mut self, handle: Resource<MemberHandle>) -> Answer<group::End> {
        let left = self.member(&handle)?.leave().await;
        self.answer(left.map(convert::end))
    }

    async fn drop(&mut self, handle: Resource<MemberHandle>) -> Result<()> {
        let member = self.members.try_remove(handle.rep() as usize);
        member.ok_or_else(dangling)?.close().await;
        self.computing.resume();
        Ok(())
    }
}
