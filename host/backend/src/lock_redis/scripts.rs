//! The scripts that Redis runs, each as one step that nothing comes between.

use redis::{Script, ScriptInvocation};
use std::sync::{Arc, LazyLock};

/// Lifetime of the mark of a released grant. Longer than a command can be in flight.
const MARK_MS: u64 = 60_000;

/// Lifetime of a token. Afterwards Redis's clock alone makes sure that tokens grow.
const TOKEN_MS: u64 = 24 * 60 * 60 * 1_000;

/// Every script begins with what they have in common.
macro_rules! script {
    ($file:literal) => {
        LazyLock::new(|| {
            let common = include_str!("scripts/common.lua");
            Script::new(&[common, include_str!(concat!("scripts/", $file))].concat())
        })
    };
}

static ACQUIRE: LazyLock<Script> = script!("acquire.lua");
static RENEW: LazyLock<Script> = script!("renew.lua");
static RELEASE: LazyLock<Script> = script!("release.lua");
static IS_OWNER: LazyLock<Script> = script!("is_owner.lua");
static GIVE_UP: LazyLock<Script> = script!("give_up.lua");
static HOLDERS: LazyLock<Script> = script!("holders.lua");
static BREAK: LazyLock<Script> = script!("break.lua");

/// One grant as Redis stores it: its identifier and its names.
#[derive(Clone)]
pub(super) struct Claim {
    /// Unique; never reused.
    grant: String,
    names: Arc<Names>,
}

/// The names of a lock and their keys.
pub(super) struct Names {
    pub(super) names: Vec<String>,
    keys: Vec<String>,
}

impl Names {
    pub(super) fn new(names: Vec<String>, prefix: &str) -> Self {
        let key = |kind: &'static str| {
            let names = names.iter();
            names.map(move |name| format!("contend:{kind}:{prefix}{name}"))
        };
        let keys = key("lock").chain(key("waiters")).chain(key("fence"));
        let keys = keys.collect();
        Self { names, keys }
    }

    /// The key of the list that wakes the waiters of a name.
    pub(super) fn waiters(&self, name: usize) -> &str {
        &self.keys[self.names.len() + name]
    }
}

impl Claim {
    pub(super) fn new(grant: String, names: Arc<Names>) -> Self {
        Self { grant, names }
    }

    pub(super) fn names(&self) -> &[String] {
        &self.names.names
    }

    /// Takes all names or none.
    pub(super) fn acquire(&self, lease_us: u64) -> ScriptInvocation<'static> {
        let mut script = self.invocation(&ACQUIRE);
        script.arg(lease_us).arg(TOKEN_MS);
        script
    }

    pub(super) fn renew(&self, lease_us: u64) -> ScriptInvocation<'static> {
        let mut script = self.invocation(&RENEW);
        script.arg(lease_us);
        script
    }

    pub(super) fn release(&self) -> ScriptInvocation<'static> {
        self.invocation(&RELEASE)
    }

    pub(super) fn is_owner(&self) -> ScriptInvocation<'static> {
        self.invocation(&IS_OWNER)
    }

    /// Gives up what was granted, and what may still be.
    pub(super) fn give_up(&self) -> ScriptInvocation<'static> {
        let mut script = self.invocation(&GIVE_UP);
        script.arg(MARK_MS);
        script
    }

    /// Lists all grants of the only name.
    pub(super) fn holders(&self) -> ScriptInvocation<'static> {
        self.invocation(&HOLDERS)
    }

    /// Takes the names from all their holders.
    pub(super) fn break_names(&self) -> ScriptInvocation<'static> {
        self.invocation(&BREAK)
    }

    fn invocation(&self, script: &'static Script) -> ScriptInvocation<'static> {
        let mut invocation = script.prepare_invoke();
        for key in &self.names.keys {
            invocation.key(key);
        }
        invocation.key(format!("contend:given-up:{}", self.grant));
        invocation.arg(&self.grant).arg(self.names.names.len());
        invocation
    }
}
