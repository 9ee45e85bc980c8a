//! Workers compete for the addresses of pools.

mod access;
mod checkers;
mod data;
mod figures;
mod life;
mod look;
mod options;
mod pools;
mod schema;
mod settle;
mod tables;

use self::checkers::Evidence;
use self::options::Options;
use self::pools::pools;
use self::tables::{Allocations, NodeAllocations};
use super::Workload;
use super::key::Key;
use super::kind::{FinalFile, Picture, WorkloadKind};
use super::site::Site;
use super::turn::Turn;
use crate::capability::clock::Clock;
use crate::capability::database::{Database, Session};
use crate::model::change::{Change, Nanos};
use crate::model::error::CallError;
use crate::model::pool::Pool;
use crate::model::stuck::Waiting;
use crate::model::verdict::Judgement;
use crate::model::words;
use crate::record::figures::Figures;
use crate::wasm::World;
use crate::workload::final_state::FinalState;
use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

/// The options of this kind, beside the numbers that every workload has. Its rows are the pools, and a
/// change takes an address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IpAllocation {
    /// The n-th is row n.
    pub pools: Vec<Pool>,
    /// Each address is given back after the hold.
    pub release: bool,
    /// The servers to which workers connect.
    pub connect: Connect,
    /// Before each step of its algorithm a strategy waits a random time up to this, as the setting
    /// `step-wait-ms` has it.
    pub step_wait_ms: u64,
}

words! {
    /// The servers to which workers connect.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
    #[serde(rename_all = "kebab-case")]
    pub enum Connect {
        /// To the endpoint of the run.
        #[default]
        Endpoint = "endpoint",
        /// To the nodes in turn: worker n to node n modulo their number.
        Nodes = "nodes",
    }
}

/// No pool yet, and the published options.
pub(super) static USUAL: IpAllocation = IpAllocation {
    pools: Vec::new(),
    release: false,
    connect: Connect::Endpoint,
    step_wait_ms: 0,
};

impl IpAllocation {
    /// The published pool.
    pub fn published_pool() -> Pool {
        let address = |last| IpAddr::V4(Ipv4Addr::new(192, 168, 0, last));
        Pool {
            subnet: "192.168.0.0/24".to_owned(),
            first: address(2),
            last: address(254),
        }
    }
}

#[async_trait]
impl WorkloadKind for IpAllocation {
    fn name(&self) -> &'static str {
        "ip-allocation"
    }

    fn world(&self) -> Option<World> {
        Some(World::Allocation)
    }

    fn tables(&self) -> &'static [&'static str] {
        schema::TABLES
    }

    fn nouns(&self) -> [&'static str; 2] {
        ["pools", "allocations"]
    }

    fn item(&self, change: &Change) -> String {
        let address = change.allocation.as_ref().and_then(|it| it.address.clone());
        address.unwrap_or_else(|| format!("an address of pool {}", change.row))
    }

    fn prefix(&self) -> &'static str {
        "ip-"
    }

    fn keys(&self) -> &'static [Key] {
        options::KEYS
    }

    fn read(&self, file: &str) -> Result<toml::Table, String> {
        Options::read(file)
    }

    fn planned(&self, own: &toml::Table) -> Result<Workload, String> {
        Options::of(own)?.workload()
    }

    fn small(&self) -> &'static str {
        options::SMALL
    }

    fn recorded(&self) -> Value {
        serde_json::to_value(self).expect("plain numbers and texts")
    }

    fn with_recorded(&self, options: Value) -> serde_json::Result<Arc<dyn WorkloadKind>> {
        Ok(Arc::new(serde_json::from_value::<Self>(options)?))
    }

    fn resized(&self, rows: u32) -> Option<Arc<dyn WorkloadKind>> {
        let mut resized = self.clone();
        resized.pools.truncate(rows as usize);
        Some(Arc::new(resized))
    }

    /// Pools are given, each with its size.
    fn draws_rows(&self) -> bool {
        false
    }

    fn releasing(&self) -> Option<Arc<dyn WorkloadKind>> {
        let release = true;
        Some(Arc::new(Self {
            release,
            ..self.clone()
        }))
    }

    fn settings(&self) -> BTreeMap<String, String> {
        let wait = ("step-wait-ms".to_owned(), self.step_wait_ms.to_string());
        BTreeMap::from_iter((self.step_wait_ms > 0).then_some(wait))
    }

    fn bounded(&self) -> Vec<(&'static str, u64)> {
        vec![("step_wait_ms", self.step_wait_ms)]
    }

    fn check(&self, rows: u32) -> Result<(), String> {
        let known = pools(&self.pools)?;
        match known.len() == rows as usize {
            true => Ok(()),
            false => Err("its rows are not its pools".to_owned()),
        }
    }

    fn connects_to_nodes(&self) -> bool {
        self.connect == Connect::Nodes
    }

    fn counts_statements(&self) -> bool {
        true
    }

    async fn make(
        &self,
        session: &mut dyn Session,
        database: &dyn Database,
        _: &Workload,
    ) -> Result<(), CallError> {
        schema::make(session, database.dialect(), self).await
    }

    async fn change(&self, turn: &mut dyn Turn) -> Change {
        self.allocation(turn).await
    }

    async fn picture(&self, site: &Site, waiting: &[Waiting]) -> Option<Picture> {
        let found = data::read_allocations(&*site.database, &*site.clock).await;
        let nodes = found.ok()?.nodes;
        if !site.is_every_member(nodes.len()).await {
            return None;
        }
        let requests = nodes.iter().flat_map(|node| &node.requests);
        let mut pending = requests.filter(|request| request.is_pending());
        Some(Picture {
            seen: format!("{nodes:?}"),
            is_at_work: pending.any(|request| request.mark.among(waiting).is_some()),
            rows: BTreeMap::new(),
        })
    }

    async fn read_final(
        &self,
        database: &dyn Database,
        clock: &dyn Clock,
        _: &Workload,
    ) -> Result<FinalState, CallError> {
        let found = data::read_allocations(database, clock).await?;
        Ok(FinalState::own(found))
    }

    fn file(&self) -> Option<FinalFile> {
        Some(FinalFile::of::<NodeAllocations>())
    }

    fn figures(&self, changes: &[Change]) -> Figures {
        figures::figures(changes)
    }

    fn judge(
        &self,
        _: &Workload,
        changes: &[Change],
        found: Option<&FinalState>,
        whole_from: Option<Nanos>,
    ) -> Judgement {
        let evidence = Evidence {
            pools: &self.pools,
            changes,
            found: found.and_then(FinalState::of::<Allocations>),
        };
        checkers::judge(&evidence, whole_from)
    }
}
