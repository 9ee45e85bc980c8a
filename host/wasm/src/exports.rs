//! Exports of a component: one of the contract's worlds.

use super::bindings::access::{AccessStrategy, AccessStrategyPre};
use super::bindings::allocation::{AllocationStrategy, AllocationStrategyPre};
use super::bindings::{StateStrategy, StateStrategyPre};
use super::contract::World;
use super::convert;
use super::host::HostState;
use crate::capability::strategy::{Allocated, Call, Death};
use crate::model::error::CallError;
use wasmtime::component::InstancePre;
use wasmtime::{Engine, Result, Store};

/// A component, linked, with its exports looked up.
#[derive(Clone)]
pub enum Linked {
    State(StateStrategyPre<HostState>),
    Allocation(AllocationStrategyPre<HostState>),
    Access(AccessStrategyPre<HostState>),
}

/// An instance's exports.
pub enum Exports {
    State(StateStrategy),
    Allocation(AllocationStrategy),
    Access(AccessStrategy),
}

impl Linked {
    pub fn new(world: World, pre: InstancePre<HostState>) -> Result<Self> {
        Ok(match world {
            World::State => Self::State(StateStrategyPre::new(pre)?),
            World::Allocation => Self::Allocation(AllocationStrategyPre::new(pre)?),
            World::Access => Self::Access(AccessStrategyPre::new(pre)?),
        })
    }

    pub fn world(&self) -> World {
        match self {
            Self::State(_) => World::State,
            Self::Allocation(_) => World::Allocation,
            Self::Access(_) => World::Access,
        }
    }

    pub fn engine(&self) -> &Engine {
        match self {
            Self::State(pre) => pre.engine(),
            Self::Allocation(pre) => pre.engine(),
            Self::Access(pre) => pre.engine(),
        }
    }

    pub async fn instantiate(&self, store: &mut Store<HostState>) -> Result<Exports> {
        Ok(match self {
            Self::State(pre) => Exports::State(pre.instantiate_async(store).await?),
            Self::Allocation(pre) => Exports::Allocation(pre.instantiate_async(store).await?),
            Self::Access(pre) => Exports::Access(pre.instantiate_async(store).await?),
        })
    }
}

impl Exports {
    /// Calls what is asked for, if the world has it.
    pub async fn call(
        &self,
        store: &mut Store<HostState>,
        call: Call,
    ) -> Result<std::result::Result<Option<Allocated>, CallError>> {
        match (self, call) {
            (Self::State(strategy), Call::Change(transition)) => {
                let transition = convert::transition(transition);
                let exported = strategy.contend_strategy_state_change();
                let result = exported.call_change(store, &transition).await?;
                Ok(result.map(|()| None).map_err(convert::error_from_guest))
            }
            // Apart, so that the future of a change stays within the 1,032 bytes that the C library's
            // allocator keeps at hand for each thread.
            (Self::Allocation(strategy), call) => Box::pin(allocation(strategy, store, call)).await,
            (Self::Access(strategy), call) => Box::pin(access(strategy, store, call)).await,
            (Self::State(_), _) => Err(other_world()),
        }
    }
}

async fn allocation(
    strategy: &AllocationStrategy,
    store: &mut Store<HostState>,
    call: Call,
) -> Result<std::result::Result<Option<Allocated>, CallError>> {
    let exported = strategy.contend_strategy_allocation();
    match call {
        Call::Allocate {
            pool_id,
            pool,
            marker,
        } => {
            let pool = convert::pool(pool_id, &pool);
            let result = exported.call_allocate(store, &pool, &marker).await?;
            Ok(result
                .map(|allocated| Some(convert::allocated(allocated)))
                .map_err(convert::error_from_guest))
        }
        Call::Release {
            pool_id,
            pool,
            address,
            marker,
        } => {
            let pool = convert::pool(pool_id, &pool);
            let result = exported
                .call_release(store, &pool, &address, &marker)
                .await?;
            Ok(result.map(|()| None).map_err(convert::error_from_guest))
        }
        Call::Change(_) | Call::Enter(_) | Call::Leave(_) => Err(other_world()),
    }
}

async fn access(
    strategy: &AccessStrategy,
    store: &mut Store<HostState>,
    call: Call,
) -> Result<std::result::Result<Option<Allocated>, CallError>> {
    let exported = strategy.contend_strategy_access();
    let result = match call {
        Call::Enter(visit) => exported.call_enter(store, &convert::visit(visit)).await?,
        Call::Leave(visit) => exported.call_leave(store, &convert::visit(visit)).await?,
        Call::Change(_) | Call::Allocate { .. } | Call::Release { .. } => return Err(other_world()),
    };
    Ok(result.map(|()| None).map_err(convert::error_from_guest))
}

fn other_world() -> wasmtime::Error {
    wasmtime::Error::new(Death {
        code: "other-world",
        message: "the strategy is for workloads of another kind".to_owned(),
    })
}
