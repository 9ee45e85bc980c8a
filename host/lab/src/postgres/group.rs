//! The nodes as a group: a primary, and standbys that stream from it.

use super::client::{Client, View};
use super::data;
use crate::error::{LabError, at, refused};
use crate::launch::Launcher;
use crate::options::LabOptions;
use crate::process::{Process, ProcessState};
use crate::record::{self, Record, living, running};
use crate::server::Server;
use crate::wait::{LOOK, wait_for};
use crate::{stop, whole};
use rustix::process::Signal;
use std::fs;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

/// Timeout for a node to start and to replay what it has.
const START: Duration = Duration::from_secs(90);

/// Timeout for a standby to keep step with its primary, after which its data are made to fit.
const FOLLOW: Duration = Duration::from_secs(30);

/// Timeout of a promotion.
const PROMOTE: Duration = Duration::from_secs(60);

/// The nodes, and what is needed to work on them.
pub(super) struct Group<'a> {
    launcher: &'a Launcher,
    client: Client<'a>,
    pub(super) primary: Server,
    nodes: Vec<Server>,
}

/// Ways to make a standby follow, each more thorough than the one before.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    AsItIs,
    Rewound,
    Anew,
}

/// The file that says that a node is isolated.
fn mark(node: Server, lab: &Path) -> PathBuf {
    node.dir(lab).join("isolated")
}

pub(super) fn is_isolated(node: Server, lab: &Path) -> bool {
    mark(node, lab).exists()
}

/// The node from which this one is to stream: the primary, unless one of the two is isolated.
pub(super) fn upstream(node: Server, options: &LabOptions) -> Result<Option<Server>, LabError> {
    let lab = &options.dir;
    let primary = Record::read(lab)?.map(|record| record.primary());
    Ok(primary.filter(|&primary| {
        primary != node && !is_isolated(primary, lab) && !is_isolated(node, lab)
    }))
}

impl<'a> Group<'a> {
    pub(super) fn of(launcher: &'a Launcher) -> Result<Self, LabError> {
        let (lab, options) = (launcher.lab(), &launcher.options);
        let Some(record) = Record::read(lab)? else {
            return Err(LabError::NoLab(lab.to_owned()));
        };
        let (primary, nodes) = (record.primary(), options.node_servers());
        if !nodes.contains(&primary) {
            let why = format!(
                "its primary is {}; start it with as many nodes as before",
                primary.name()
            );
            return Err(refused("the lab", why));
        }
        Ok(Self {
            launcher,
            client: Client::find(options).map_err(|why| refused("the client", why))?,
            primary,
            nodes,
        })
    }

    /// Starts the nodes that are missing, undoes faults, and waits until every standby keeps step. A new
    /// password is given to the data that are there.
    pub(super) fn raise(
        &mut self,
        password: &str,
        new_password: bool,
        progress: &mut dyn FnMut(String),
    ) -> Result<(), LabError> {
        let lab = self.launcher.lab();
        for &node in &self.nodes {
            self.set_isolated(node, false)?;
        }
        let first = !self.nodes.iter().any(|&node| data::exist(node, lab));
        if first {
            data::make(self.primary, self.launcher)?;
            progress("first data made".to_owned());
        } else if !data::exist(self.primary, lab) {
            let has_data = |node: &&Server| data::exist(**node, lab);
            let heir = *self.nodes.iter().find(has_data).expect("one has");
            self.start_if_dead(heir)?;
            self.make_primary(heir)?;
        }
        self.start_if_dead(self.primary)?;
        self.accepts(self.primary)?;
        if self.view(self.primary)?.in_recovery {
            // Its promotion was cut off.
            self.make_primary(self.primary)?;
        }
        if first || new_password {
            data::make_users(self.primary, &self.client, password)?;
        }
        progress(format!("{} is primary", self.primary.name()));
        self.bring(&self.standbys())?;
        for standby in self.standbys() {
            self.follows(standby)?;
            progress(format!("{} streams", standby.name()));
        }
        Ok(())
    }

    pub(super) fn standbys(&self) -> Vec<Server> {
        let nodes = self.nodes.iter().copied();
        nodes.filter(|&node| node != self.primary).collect()
    }

    fn view(&self, node: Server) -> Result<View, LabError> {
        let view = self.client.view(node);
        view.map_err(|why| refused(node.name(), why))
    }

    fn start_if_dead(&self, node: Server) -> Result<(), LabError> {
        if living(node, self.launcher.lab())?.is_none() {
            self.start(node)?;
        }
        Ok(())
    }

    /// Starts a node of which no process lives.
    pub(super) fn start(&self, node: Server) -> Result<(), LabError> {
        data::forget_process(node, self.launcher.lab())?;
        whole::start(node, self.launcher, &[]).map(drop)
    }

    /// Waits until a node takes sessions.
    pub(super) fn accepts(&self, node: Server) -> Result<(), LabError> {
        let (lab, process) = (self.launcher.lab(), running(node, self.launcher.lab())?);
        wait_for(node, process, lab, "answering", START, &mut || {
            self.client.view(node).is_ok()
        })
    }

    /// True if a node can start as a standby without the primary.
    pub(super) fn has_data_of_standby(&self, node: Server) -> bool {
        data::are_of_a_standby(node, self.launcher.lab())
    }

    /// Starts dead standbys, and reloads the others so that they follow the present primary.
    pub(super) fn bring(&self, standbys: &[Server]) -> Result<(), LabError> {
        let lab = self.launcher.lab();
        for &standby in standbys {
            if let Some(process) = living(standby, lab)? {
                self.reload(standby, process)?;
                continue;
            }
            if !data::exist(standby, lab) {
                data::copy(standby, self.primary, self.launcher)?;
            } else if !self.has_data_of_standby(standby) {
                // It was the primary, and may have written what no other node has.
                self.mend(standby, Way::Rewound)?;
            }
            self.start(standby)?;
        }
        Ok(())
    }

    /// Makes a living node read its configuration again.
    fn reload(&self, node: Server, process: Process) -> Result<(), LabError> {
        self.launcher.prepare(node)?;
        process.signal(Signal::HUP);
        Ok(())
    }

    /// Waits until a standby that lives keeps step with the primary. One that does not gets data from
    /// which it can.
    pub(super) fn follows(&self, standby: Server) -> Result<(), LabError> {
        for way in [Way::AsItIs, Way::Rewound] {
            if way != Way::AsItIs {
                self.restart_with(standby, way)?;
            }
            if self.keeps_step_soon(standby)? {
                return Ok(());
            }
        }
        self.restart_with(standby, Way::Anew)?;
        let (lab, process) = (self.launcher.lab(), running(standby, self.launcher.lab())?);
        wait_for(standby, process, lab, "streaming", START, &mut || {
            self.keeps_step(standby)
        })
    }

    fn restart_with(&self, standby: Server, way: Way) -> Result<(), LabError> {
        if let Some(process) = living(standby, self.launcher.lab())? {
            stop::end(standby, process)?;
        }
        self.mend(standby, way)?;
        self.start(standby)
    }

    /// Makes the data of a node that does not run those of a standby of the primary.
    fn mend(&self, node: Server, way: Way) -> Result<(), LabError> {
        let rewound = way == Way::Rewound
            && data::rewind(node, self.primary, self.launcher, &self.client).is_ok();
        match rewound {
            true => Ok(()),
            false => data::copy(node, self.primary, self.launcher),
        }
    }

    /// False once it is clear that it does not come by itself.
    fn keeps_step_soon(&self, standby: Server) -> Result<bool, LabError> {
        let log = standby.log(self.launcher.lab());
        let deadline = Instant::now() + FOLLOW;
        while !self.keeps_step(standby) {
            let lives = living(standby, self.launcher.lab())?.is_some();
            if !lives || Instant::now() >= deadline || is_apart(&log) {
                return Ok(false);
            }
            thread::sleep(LOOK);
        }
        Ok(true)
    }

    /// True if a standby streams from the primary, as both say, and has replayed what the primary had written
    /// when it was asked. Just after a promotion, a standby has the state of its stream from the old one.
    fn keeps_step(&self, standby: Server) -> bool {
        let (Ok(primary), Ok(view)) = (self.client.view(self.primary), self.client.view(standby))
        else {
            return false;
        };
        let both_say = view.streams() && primary.standbys.contains(&standby.name());
        view.in_recovery && both_say && view.position >= primary.position
    }

    /// Isolates a node, or ends that, for its next start and its next reload.
    pub(super) fn set_isolated(&self, node: Server, isolated: bool) -> Result<(), LabError> {
        let mark = mark(node, self.launcher.lab());
        let done = match isolated {
            true => fs::write(&mark, ""),
            false if mark.exists() => fs::remove_file(&mark),
            false => Ok(()),
        };
        done.map_err(at(&mark))
    }

    /// The standbys that stream or not by whether this node is isolated, if they live.
    pub(super) fn cut_off_with(&self, node: Server) -> Result<Vec<(Server, Process)>, LabError> {
        let mut found = Vec::new();
        for standby in self.standbys() {
            if let Some(process) = living(standby, self.launcher.lab())?
                && [standby, self.primary].contains(&node)
            {
                found.push((standby, process));
            }
        }
        Ok(found)
    }

    /// Reloads standbys, and waits until they do not stream.
    pub(super) fn cut_off(&self, standbys: &[(Server, Process)]) -> Result<(), LabError> {
        for &(standby, process) in standbys {
            self.reload(standby, process)?;
        }
        let lab = self.launcher.lab();
        for &(standby, process) in standbys {
            if process.state() == ProcessState::Paused {
                // It finds out when it goes on.
                continue;
            }
            wait_for(standby, process, lab, "cut off", FOLLOW, &mut || {
                let view = self.client.view(standby);
                view.is_ok_and(|view| view.stream.is_none())
            })?;
        }
        Ok(())
    }

    /// The standby that has most of the log, of those that run and are not isolated; of several the first.
    pub(super) fn heir(&self) -> Result<Server, LabError> {
        let lab = self.launcher.lab();
        let mut found: Option<(Server, u64)> = None;
        for standby in self.standbys() {
            let runs = living(standby, lab)?.is_some_and(|p| p.state() == ProcessState::Running);
            if !runs || is_isolated(standby, lab) {
                continue;
            }
            let Ok(view) = self.client.view(standby) else {
                continue;
            };
            if found.is_none_or(|(_, position)| view.position > position) {
                found = Some((standby, view.position));
            }
        }
        let none = || refused("the lab", "no standby runs that could be promoted");
        found.map(|(standby, _)| standby).ok_or_else(none)
    }

    /// Ends the old primary, if it lives, and makes a living standby the new one.
    pub(super) fn make_primary(&mut self, heir: Server) -> Result<(), LabError> {
        let lab = self.launcher.lab();
        if heir != self.primary
            && let Some(old) = living(self.primary, lab)?
        {
            stop::kill(self.primary, old)?;
        }
        self.set_isolated(heir, false)?;
        self.accepts(heir)?;
        record::change(lab, |record| record.set_primary(heir))?;
        self.primary = heir;
        if !self.view(heir)?.in_recovery {
            return Ok(());
        }
        let promote = format!("SELECT pg_promote(true, {});", PROMOTE.as_secs());
        match self.client.run_within(PROMOTE, heir, &promote) {
            Ok(done) if done.trim() == "t" => Ok(()),
            Ok(_) => Err(refused(heir.name(), "it is still no primary")),
            Err(why) => Err(refused(heir.name(), why)),
        }
    }
}

/// True if a standby's log ends with the refusal of data that do not go with its own.
fn is_apart(log: &Path) -> bool {
    let text = fs::read(log).unwrap_or_default();
    let text = String::from_utf8_lossy(&text[text.len().saturating_sub(2_000)..]).into_owned();
    let last_start = text.rfind("starting PostgreSQL").unwrap_or(0);
    let text = &text[last_start..];
    [
        "forked off current database system timeline",
        "is not in this server's history",
        "has already been removed",
    ]
    .iter()
    .any(|words| text.contains(words))
}
