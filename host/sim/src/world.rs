//! Everything that is simulated beside the workers, and what it is made to suffer.

use super::active_faults::ActiveFaults;
use super::cluster::Cluster;
use super::crash::CrashSignal;
use super::kernel::{Event, Kernel};
use super::locks::SimLockService;
use crate::event::{Actor, What};
use crate::model::sim_fault::{FaultAction, SimFault, SimFaultEvent};
use std::cell::RefCell;
use std::sync::Arc;

/// The simulated world.
pub struct World {
    pub kernel: Kernel,
    pub cluster: Arc<Cluster>,
    /// Absent where locks are in memory.
    pub locks: Option<Arc<SimLockService>>,
    pub crashes: CrashSignal,
    schedule: RefCell<ActiveFaults>,
}

impl World {
    pub fn new(
        kernel: Kernel,
        cluster: Arc<Cluster>,
        locks: Option<Arc<SimLockService>>,
        schedule: Vec<SimFault>,
    ) -> Self {
        Self {
            kernel,
            cluster,
            locks,
            crashes: CrashSignal::default(),
            schedule: RefCell::new(ActiveFaults::new(schedule)),
        }
    }

    /// The workers are let go now: the times of the schedule count from here.
    pub fn begin_schedule(&self) {
        let now = self.kernel.now();
        for (number, fault) in (0..).zip(self.schedule.borrow().schedule()) {
            let begins = now.saturating_add(fault.at);
            self.kernel.schedule(begins, Event::FaultBegins(number));
            if let Some(lasts) = fault.what.lasts() {
                let ends = begins.saturating_add(lasts);
                self.kernel.schedule(ends, Event::FaultEnds(number));
            }
        }
    }

    /// Ends what the schedule did and has not ended yet, and does nothing more of it, so that what
    /// is left can be read from all nodes.
    pub fn make_whole(&self) {
        for fault in self.schedule.borrow_mut().call_off() {
            self.end(&fault.what);
        }
    }

    /// The fate of each fault of the schedule so far, in the order of the schedule.
    pub fn fates(&self) -> Vec<SimFaultEvent> {
        self.schedule.borrow().fates(self.cluster.uncut())
    }

    fn begin(&self, action: &FaultAction) {
        self.cluster.begin(action);
        if let Some(locks) = &self.locks {
            locks.begin(action);
        }
        match action {
            FaultAction::PauseWorker { worker, lasts } => {
                let until = self.kernel.now().saturating_add(*lasts);
                self.kernel.pause(Actor::Worker(*worker), until);
            }
            FaultAction::CrashWorker { worker } => self.crash(*worker),
            _ => {}
        }
    }

    /// A pause ends by itself.
    fn end(&self, action: &FaultAction) {
        self.cluster.end(action);
        if let Some(locks) = &self.locks {
            locks.end(action);
        }
    }

    /// Its connections break before its instance ends: a dead process closes nothing itself.
    fn crash(&self, worker: u32) {
        let actor = Actor::Worker(worker);
        self.cluster.break_connections(actor);
        if let Some(locks) = &self.locks {
            locks.worker_crashed(actor);
        }
        self.crashes.crash(worker);
    }
}

impl contend_dst::World<Event> for World {
    fn handle(&self, event: Event) {
        match event {
            Event::Cluster(event) => self.cluster.happen(event),
            Event::Locks(event) => {
                if let Some(locks) = &self.locks {
                    locks.happen(event);
                }
            }
            Event::FaultBegins(number) => {
                let begun = self.schedule.borrow_mut().begin(number);
                if let Some((fault, is_new)) = begun {
                    self.kernel.log(|| What::Fault(fault.clone()));
                    // A pause is as long as the longest of those that are under way.
                    if is_new || matches!(fault.what, FaultAction::PauseWorker { .. }) {
                        self.begin(&fault.what);
                    }
                }
            }
            Event::FaultEnds(number) => {
                let ended = self.schedule.borrow_mut().end(number);
                if let Some(fault) = ended {
                    self.kernel.log(|| What::FaultEnded(fault.clone()));
                    self.end(&fault.what);
                }
            }
        }
    }
}
