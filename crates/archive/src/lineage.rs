//! The timelines and how they descend from each other.

use crate::fresh::settled;
use crate::names::Inventory;
use pgwal_format::text::history::{self, Ancestor, HistoryFault, Switch};
use pgwal_format::{FileName, Layout, Lsn, SegmentNo, TimelineId};
use pgwal_source::{Codec, Entry, ReadState, Source};
use std::collections::BTreeMap;
use std::time::Duration;

/// A history file.
#[derive(Clone, Debug)]
pub struct Node {
    /// Its timeline.
    pub timeline: TimelineId,
    /// The timelines that it comes from, oldest first ([`history::passed`]); empty where the file cannot be read.
    pub ancestors: Vec<Ancestor>,
    /// What the file says: a server looks for files of these, too.
    pub written: Vec<Ancestor>,
    /// The file.
    pub file: String,
    /// The file cannot be used.
    pub broken: bool,
    /// What it says is not known here: this user may not read it, or has no key. A server may.
    pub closed: bool,
}

/// Every history file, by timeline.
#[derive(Clone, Debug, Default)]
pub struct Lineage {
    /// One a timeline.
    pub nodes: Vec<Node>,
}

/// What is wrong with a history file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HistoryFlaw {
    /// The timeline in its name.
    pub timeline: TimelineId,
    /// The file.
    pub file: String,
    /// What it is.
    pub flaw: Flaw,
}

/// Why a history file cannot be used.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Flaw {
    /// Refused by the operating system.
    Unreadable(String),
    /// Packed, and not whole.
    NotWhole(Codec),
    /// It is encrypted, or packed in a way that is not read: in which, and whether there are keys, none of them right.
    Closed(Codec, bool),
    /// It names no ancestor.
    Empty,
    /// A server does not take it.
    Fault(HistoryFault),
}

/// Two history files that tell different stories of one switch.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Disagreement {
    /// The timeline of the one file, and the file.
    pub timeline: TimelineId,
    /// The file.
    pub file: String,
    /// The timeline that was left, as it says.
    pub parent: TimelineId,
    /// Where.
    pub says: Switch,
    /// The other file, of the child itself.
    pub other: String,
    /// What that says.
    pub other_says: Switch,
}

/// A timeline that a history file names, with or without WAL here.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Branch {
    /// The timeline.
    pub timeline: TimelineId,
    /// The timeline that it left.
    pub parent: Option<TimelineId>,
    /// Where it left it.
    pub switch: Option<Switch>,
    /// Why, in the server's words.
    pub reason: Option<String>,
    /// The file that says so: its own, or that of a descendant.
    pub file: Option<String>,
}

/// The ancestors that a history file names, and what is wrong with it; `None` where it is gone.
type HistoryRead = (Vec<Ancestor>, Option<Flaw>);

fn read(source: &dyn Source, entry: &Entry, timeline: TimelineId) -> Option<HistoryRead> {
    Some(match source.small(entry, LIMIT) {
        Err(error) => (Vec::new(), Some(Flaw::Unreadable(error.to_string()))),
        Ok((_, read)) if read.state == ReadState::Vanished => return None,
        Ok((_, read)) if matches!(read.state, ReadState::Closed | ReadState::WrongKey) => {
            (Vec::new(), Some(Flaw::Closed(read.codec, read.state == ReadState::WrongKey)))
        }
        Ok((_, read)) if read.state != ReadState::Whole => (Vec::new(), Some(Flaw::NotWhole(read.codec))),
        Ok((bytes, _)) => match history::parse(&bytes, timeline) {
            Ok(ancestors) if ancestors.is_empty() && timeline > TimelineId::FIRST => (ancestors, Some(Flaw::Empty)),
            Ok(ancestors) => (ancestors, None),
            Err(fault) => (Vec::new(), Some(Flaw::Fault(fault))),
        },
    })
}

/// More than any history file has.
const LIMIT: u64 = 1 << 20;

impl Lineage {
    /// Reads the history files, and says what is wrong with them. One that was written just now has `settle` to become
    /// whole.
    pub fn read(
        source: &dyn Source,
        entries: &[Entry],
        inventory: &Inventory,
        settle: Duration,
    ) -> (Lineage, Vec<HistoryFlaw>) {
        let (mut tree, mut flaws) = (Lineage::default(), Vec::new());
        for &(timeline, index) in &inventory.histories {
            let Some(entry) = entries.get(index) else { continue };
            let file = entry.shown();
            let is_wrong = |(_, flaw): &HistoryRead| flaw.is_some();
            let read = settled(source, entry, settle, is_wrong, || read(source, entry, timeline));
            let Some((ancestors, flaw)) = read else { continue };
            let (broken, written) = (flaw.is_some(), ancestors);
            let ancestors = history::passed(&written);
            let closed = matches!(flaw, Some(Flaw::Unreadable(_) | Flaw::Closed(..)));
            flaws.extend(flaw.map(|flaw| HistoryFlaw { timeline, file: file.clone(), flaw }));
            match tree.nodes.iter_mut().find(|n| n.timeline == timeline) {
                // A second copy counts only where the first cannot be used.
                Some(node) if node.broken && !broken => {
                    *node = Node { timeline, ancestors, written, file, broken, closed };
                }
                Some(_) => {}
                None => tree.nodes.push(Node { timeline, ancestors, written, file, broken, closed }),
            }
        }
        (tree, flaws)
    }

    /// The history of a timeline.
    pub fn get(&self, timeline: TimelineId) -> Option<&Node> {
        self.nodes.iter().find(|n| n.timeline == timeline)
    }

    /// The timeline that this one left, and where.
    pub fn parent(&self, timeline: TimelineId) -> Option<&Ancestor> {
        self.get(timeline)?.ancestors.last()
    }

    /// A timeline and its ancestors, oldest first, each with the segment in which it left the one before, as its file
    /// says it.
    pub fn line(&self, timeline: TimelineId, layout: &Layout) -> Vec<(TimelineId, SegmentNo)> {
        self.descent(timeline, layout).segments()
    }

    /// Where a timeline comes from.
    pub fn descent(&self, timeline: TimelineId, layout: &Layout) -> Descent {
        Descent::of(timeline, self.get(timeline).map_or(&[][..], |node| &node.written), layout)
    }

    /// The timeline that a server takes for the latest, starting from `start`: it tries one number after another.
    pub fn latest(&self, start: TimelineId) -> TimelineId {
        let mut newest = start;
        while self.get(TimelineId(newest.0.wrapping_add(1))).is_some() {
            newest = TimelineId(newest.0.wrapping_add(1));
        }
        newest
    }

    /// Every timeline that a history file names. What its own file says of it goes before what a descendant's says.
    pub fn branches(&self) -> Vec<Branch> {
        let mut out: BTreeMap<TimelineId, Branch> = BTreeMap::new();
        for node in &self.nodes {
            for (i, ancestor) in node.ancestors.iter().enumerate() {
                let child = node.ancestors.get(i + 1).map_or(node.timeline, |next| next.timeline);
                let branch = Branch {
                    timeline: child,
                    parent: Some(ancestor.timeline),
                    switch: Some(ancestor.switch),
                    reason: Some(ancestor.reason.clone()).filter(|reason| !reason.is_empty()),
                    file: Some(node.file.clone()),
                };
                if child == node.timeline || out.get(&child).is_none_or(|known| known.parent.is_none()) {
                    out.insert(child, branch);
                }
                let blank =
                    Branch { timeline: ancestor.timeline, parent: None, switch: None, reason: None, file: None };
                out.entry(ancestor.timeline).or_insert(blank);
            }
            if node.ancestors.is_empty() {
                let blank = Branch {
                    timeline: node.timeline,
                    parent: None,
                    switch: None,
                    reason: None,
                    file: Some(node.file.clone()),
                };
                out.entry(node.timeline).or_insert(blank);
            }
        }
        out.into_values().collect()
    }

    /// Where two files tell different stories of one switch.
    pub fn disagreements(&self) -> Vec<Disagreement> {
        let mut out = Vec::new();
        for node in &self.nodes {
            for (i, ancestor) in node.ancestors.iter().enumerate() {
                let child = node.ancestors.get(i + 1).map_or(node.timeline, |next| next.timeline);
                let Some(own) = self.get(child).filter(|own| own.timeline != node.timeline && !own.broken) else {
                    continue;
                };
                let Some(other) = own.ancestors.last() else { continue };
                if (other.timeline, other.switch) != (ancestor.timeline, ancestor.switch) {
                    out.push(Disagreement {
                        timeline: node.timeline,
                        file: node.file.clone(),
                        parent: ancestor.timeline,
                        says: ancestor.switch,
                        other: own.file.clone(),
                        other_says: other.switch,
                    });
                }
            }
        }
        out
    }
}

/// A timeline and where it comes from, as a server reads its history file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Descent {
    /// The timeline that is to be reached.
    pub target: TimelineId,
    /// It and its ancestors, oldest first, each with the position at which it begins where the history says so.
    pub timelines: Vec<(TimelineId, Option<BranchPoint>)>,
    /// Those of them that WAL really passed ([`history::passed`]).
    pub passed: Vec<(TimelineId, Option<BranchPoint>)>,
}

/// Where a timeline begins.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct BranchPoint {
    /// The position; up to 9.2 only its segment is known.
    pub lsn: Option<Lsn>,
    /// The segment.
    pub segment: SegmentNo,
}

impl Descent {
    /// The line of a timeline with these ancestors, oldest first, as its file names them.
    pub fn of(target: TimelineId, ancestors: &[Ancestor], layout: &Layout) -> Descent {
        let timelines = begins(target, ancestors, layout);
        let passed = begins(target, &history::passed(ancestors), layout);
        Descent { target, timelines, passed }
    }

    /// A timeline of whose ancestors nothing is known, or that has none.
    pub fn alone(target: TimelineId) -> Descent {
        Descent { target, timelines: vec![(target, None)], passed: vec![(target, None)] }
    }

    /// Each timeline with the segment in which it begins, oldest first.
    pub fn segments(&self) -> Vec<(TimelineId, SegmentNo)> {
        self.timelines.iter().map(first_segment).collect()
    }

    /// The same of those that WAL really passed.
    pub fn passed_segments(&self) -> Vec<(TimelineId, SegmentNo)> {
        self.passed.iter().map(first_segment).collect()
    }

    /// A timeline belongs to it.
    pub fn holds(&self, timeline: TimelineId) -> bool {
        self.timelines.iter().any(|(t, _)| *t == timeline)
    }

    /// The timeline on which a position lies (`tliOfPointInHistory`).
    pub fn at(&self, lsn: Lsn) -> TimelineId {
        let begun = |begin: &Option<BranchPoint>| begin.as_ref().is_none_or(|b| b.lsn.is_none_or(|at| at <= lsn));
        self.timelines.iter().rev().find(|(_, begin)| begun(begin)).map_or(self.target, |(t, _)| *t)
    }

    /// Where a timeline was left (`tliSwitchPoint`).
    pub fn left(&self, timeline: TimelineId) -> Option<Lsn> {
        let at = self.timelines.iter().position(|(t, _)| *t == timeline)?;
        self.timelines.get(at + 1)?.1?.lsn
    }
}

fn first_segment((timeline, begin): &(TimelineId, Option<BranchPoint>)) -> (TimelineId, SegmentNo) {
    (*timeline, begin.map_or(SegmentNo(0), |begin| begin.segment))
}

/// A timeline and its ancestors, each with where it begins.
fn begins(target: TimelineId, ancestors: &[Ancestor], layout: &Layout) -> Vec<(TimelineId, Option<BranchPoint>)> {
    let mut out = Vec::with_capacity(ancestors.len() + 1);
    let mut begin = None;
    for ancestor in ancestors {
        out.push((ancestor.timeline, begin));
        let lsn = if let Switch::At(lsn) = ancestor.switch { Some(lsn) } else { None };
        begin = switch_segment(&ancestor.switch, layout).map(|segment| BranchPoint { lsn, segment }).or(begin);
    }
    out.push((target, begin));
    out
}

/// The segment in which a timeline was left.
pub fn switch_segment(switch: &Switch, layout: &Layout) -> Option<SegmentNo> {
    match switch {
        Switch::At(lsn) => Some(layout.address().segment(*lsn, layout.segment)),
        Switch::In(name) => name.number(layout.address(), layout.segment),
    }
}

/// The name of a timeline's history file.
pub fn history_name(timeline: TimelineId) -> String {
    FileName::History(timeline).to_string()
}
