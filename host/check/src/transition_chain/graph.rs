//! The states of all rows as numbers, and the net changes as edges between them.

use super::super::evidence::Evidence;
use super::super::findings::Findings;
use super::super::trace::Trace;
use super::prose;
use super::takeover::{Takeover, takeover};
use crate::model::data::{AuditEntry, NodeRows, RowState, Status};
use crate::model::marker::Mark;
use std::collections::{BTreeSet, HashSet};

/// In place of an effect or a state: there is none.
const NONE: u32 = u32::MAX;

/// One row's place in the graph.
#[derive(Clone, Copy, Default)]
struct Row {
    /// Edges linked so far.
    edges: u32,
    /// The state in which the path from the row's beginning ends, once it was walked.
    end: u32,
    /// Something was found already; what follows from it is not reported again.
    broken: bool,
}

/// Change c owns two states, 2c (deleting) and 2c+1 (available); behind these comes one initial
/// state per row. Vectors of `u32` instead of maps: some 20 bytes per change.
pub struct Graph<'a> {
    evidence: &'a Evidence<'a>,
    trace: &'a Trace,
    effects: &'a [AuditEntry],
    /// By state: the effect that left it, the effect that entered it.
    left: Vec<u32>,
    entered: Vec<u32>,
    /// By effect: the state that it led to.
    led_to: Vec<u32>,
    rows: Vec<Row>,
    /// Some row was taken over from a worker of which it is not known if it still held it.
    is_unclear: bool,
}

impl<'a> Graph<'a> {
    pub fn new(evidence: &'a Evidence<'a>, trace: &'a Trace, effects: &'a [AuditEntry]) -> Self {
        let rows = evidence.rows as usize;
        let states = 2 * evidence.changes.len() + rows;
        Self {
            evidence,
            trace,
            effects,
            left: vec![NONE; states],
            entered: vec![NONE; states],
            led_to: vec![NONE; effects.len()],
            rows: vec![Row::default(); rows],
            is_unclear: false,
        }
    }

    /// Finds illegal changes, and states that were left or entered twice.
    pub fn link(&mut self, findings: &mut Findings) {
        let (mut illegal, mut strange) = (BTreeSet::new(), HashSet::new());
        for (index, effect) in self.effects.iter().enumerate() {
            let Some((from, to)) = self.legal(effect) else {
                self.mark_broken(effect.row);
                illegal.insert(index);
                if self.place(effect.row, &effect.to).is_none() {
                    strange.insert((effect.row, &effect.to));
                }
                continue;
            };
            let (left, entered) = (self.left[from], self.entered[to]);
            if left == NONE && entered == NONE {
                self.left[from] = index as u32;
                self.entered[to] = index as u32;
                self.led_to[index] = to as u32;
                self.rows[effect.row as usize].edges += 1;
                continue;
            }
            self.mark_broken(effect.row);
            // Where a row of another key was given this one, that is what is wrong.
            let others = [left, entered].into_iter().filter(|other| *other != NONE);
            let mut both = others.map(|other| other as usize).chain([index]);
            if let Some(moved) = both.find(|one| self.effects[*one].is_moved()) {
                illegal.insert(moved);
                continue;
            }
            let at = prose::time_of(self, effect);
            match self.effects.get(left as usize) {
                Some(other) => findings.add(at, || prose::left_twice(self, other, effect)),
                None => findings.add(at, || prose::entered_twice(self, effect)),
            }
        }
        // What led a row out of a state in which another transaction had no business to bring it only
        // follows from that one, which is reported first.
        let illegal = illegal.into_iter().map(|index| &self.effects[index]);
        let (follows, causes): (Vec<_>, Vec<_>) =
            illegal.partition(|effect| strange.contains(&(effect.row, &effect.from)));
        for effect in causes {
            let at = prose::time_of_cause(self, effect);
            findings.add(at, || prose::illegal(self, effect));
        }
        for effect in follows {
            findings.add(None, || prose::illegal(self, effect));
        }
    }

    /// Finds changes that no path from their row's beginning leads to.
    pub fn find_loose_ends(&mut self, findings: &mut Findings) {
        let loose = self.walk_all();
        if loose.is_empty() {
            return;
        }
        let mut headless = loose.clone();
        for effect in self.effects.iter().filter(|e| loose.contains(&e.row)) {
            let Some(from) = self.place(effect.row, &effect.from) else {
                continue;
            };
            if from != self.initial(effect.row as usize) && self.entered[from] == NONE {
                let at = prose::time_of(self, effect);
                findings.add(at, || prose::loose(self, effect));
                headless.remove(&effect.row);
            }
        }
        // Without a change that hangs loose, the row's unreached ones lead back to themselves.
        for &row in &headless {
            findings.add(None, || prose::circle(row));
        }
        for row in loose {
            self.mark_broken(row);
        }
    }

    /// Finds rows that do not end, on some node, where their path ends. To be asked after
    /// [`Self::find_loose_ends`], which walks the paths.
    pub fn compare_ends(&self, nodes: &[NodeRows], findings: &mut Findings) {
        for row in self.unbroken() {
            let end = self.rows[row as usize].end as usize;
            let expected = self.state_named(end);
            let differing = nodes.iter().find_map(|node| {
                let found = node.rows.get(row as usize).and_then(Option::as_ref);
                (found != Some(&expected)).then_some((node, found))
            });
            if let Some((node, found)) = differing {
                let last = self.entered[end];
                let at = self.effects.get(last as usize);
                let at = at.and_then(|effect| prose::time_of(self, effect));
                findings.add(at, || prose::other_end(row, &expected, &node.node, found));
            }
        }
    }

    /// True if some row was taken over from a worker that may still have held it.
    pub fn is_unclear(&self) -> bool {
        self.is_unclear
    }

    /// The index of the change of this row that wrote the mark.
    pub fn change(&self, row: u32, mark: &Mark) -> Option<usize> {
        self.trace.find(row, mark)
    }

    pub fn trace(&self) -> &Trace {
        self.trace
    }

    pub fn evidence(&self) -> &Evidence<'a> {
        self.evidence
    }

    /// The ends of the edge, if it is a legal one.
    fn legal(&mut self, effect: &AuditEntry) -> Option<(usize, usize)> {
        let (from, to) = (effect.from.as_ref()?, effect.to.as_ref()?);
        let ends = (
            self.place(effect.row, &effect.from)?,
            self.place(effect.row, &effect.to)?,
        );
        let allowed = match (&from.status, &to.status) {
            (Status::Available, Status::Deleting) => true,
            (Status::Deleting, Status::Available) => from.mark == to.mark,
            (Status::Deleting, Status::Deleting) => self.may_take_over(ends),
            _ => false,
        };
        allowed.then_some(ends)
    }

    /// From the change of one state to that of another.
    fn may_take_over(&mut self, (from, to): (usize, usize)) -> bool {
        let of = |state: usize| &self.evidence.changes[state / 2];
        match takeover(of(from), of(to)) {
            Takeover::Repeated => return false,
            Takeover::Proven | Takeover::AfterItsEnd => {}
            Takeover::Unclear => self.is_unclear = true,
        }
        true
    }

    fn place(&self, row: u32, state: &Option<RowState>) -> Option<usize> {
        self.state(row, state.as_ref()?)
    }

    fn state(&self, row: u32, state: &RowState) -> Option<usize> {
        if *state == RowState::initial() {
            return (row < self.evidence.rows).then(|| self.initial(row as usize));
        }
        let offset = match state.status {
            Status::Deleting => 0,
            Status::Available => 1,
            Status::Other(_) => return None,
        };
        let in_range = row < self.evidence.rows;
        let change = self.change(row, &state.mark).filter(|_| in_range)?;
        Some(2 * change + offset)
    }

    fn state_named(&self, state: usize) -> RowState {
        let Some(change) = self.evidence.changes.get(state / 2) else {
            return RowState::initial();
        };
        let status = match state % 2 {
            0 => Status::Deleting,
            _ => Status::Available,
        };
        let mark = Mark::Of(change.marker());
        RowState { status, mark }
    }

    fn initial(&self, row: usize) -> usize {
        2 * self.evidence.changes.len() + row
    }

    /// Notes where each path ends; gives the rows with changes that are not on theirs.
    fn walk_all(&mut self) -> BTreeSet<u32> {
        let mut torn = BTreeSet::new();
        for row in self.unbroken().collect::<Vec<_>>() {
            let (end, edges) = self.walk(row);
            let noted = &mut self.rows[row as usize];
            noted.end = end as u32;
            if edges < noted.edges {
                torn.insert(row);
            }
        }
        torn
    }

    /// Follows the edges from the row's beginning: the last state, and how many edges there were.
    /// Ends, because no state is entered twice and nothing enters the initial one.
    fn walk(&self, row: u32) -> (usize, u32) {
        let (mut state, mut edges) = (self.initial(row as usize), 0);
        while self.left[state] != NONE {
            state = self.led_to[self.left[state] as usize] as usize;
            edges += 1;
        }
        (state, edges)
    }

    fn unbroken(&self) -> impl Iterator<Item = u32> {
        let rows = self.rows.iter().zip(0..);
        rows.filter(|(row, _)| !row.broken)
            .map(|(_, number)| number)
    }

    fn mark_broken(&mut self, row: u32) {
        if let Some(row) = self.rows.get_mut(row as usize) {
            row.broken = true;
        }
    }
}
