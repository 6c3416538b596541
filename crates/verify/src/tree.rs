//! The timelines and how they descend from each other.

use crate::codes::Code;
use crate::finding::{Detail, Finding};
use crate::inventory::Inventory;
use crate::outcome::Branch;
use crate::settle::settled;
use pgwal_format::text::history::{self, Ancestor, HistoryFault, Switch};
use pgwal_format::{FileName, Layout, SegmentNo, TimelineId};
use pgwal_source::{Entry, ReadState, Source};
use std::collections::BTreeMap;

/// A history file.
#[derive(Clone, Debug)]
pub struct Node {
    /// Its timeline.
    pub timeline: TimelineId,
    /// Its ancestors, oldest first; empty where the file cannot be read.
    pub ancestors: Vec<Ancestor>,
    /// The file.
    pub file: String,
    /// The file cannot be used.
    pub broken: bool,
}

/// Every history file, by timeline.
#[derive(Clone, Debug, Default)]
pub struct Tree {
    /// One a timeline.
    pub nodes: Vec<Node>,
}

/// The ancestors that a history file names, and what is wrong with it; `None` where it is gone.
type Said = (Vec<Ancestor>, Option<(Code, String)>);

fn read(source: &dyn Source, entry: &Entry, timeline: TimelineId) -> Option<Said> {
    Some(match source.small(entry, LIMIT) {
        Err(error) => (Vec::new(), Some((Code::Unreadable, error.to_string()))),
        Ok((_, read)) if read.state == ReadState::Vanished => return None,
        Ok((_, read)) if read.state != ReadState::Whole => {
            (Vec::new(), Some((Code::HistorySyntax, format!("the file cannot be read whole ({})", read.codec))))
        }
        Ok((bytes, _)) => match history::parse(&bytes, timeline) {
            Ok(ancestors) if ancestors.is_empty() && timeline > TimelineId::FIRST => {
                (ancestors, Some((Code::HistoryEmpty, "it names no ancestor".into())))
            }
            Ok(ancestors) => (ancestors, None),
            Err(fault) => (Vec::new(), Some((code_of(&fault), said(&fault)))),
        },
    })
}

/// More than any history file has.
const LIMIT: u64 = 1 << 20;

impl Tree {
    /// Reads the history files. What is wrong with them goes to `findings`.
    pub fn read(source: &dyn Source, entries: &[Entry], inventory: &Inventory, findings: &mut Vec<Finding>) -> Tree {
        let mut tree = Tree::default();
        for &(timeline, index) in &inventory.histories {
            let Some(entry) = entries.get(index) else { continue };
            let file = entry.shown();
            let Some((ancestors, fault)) =
                settled(source, entry, |(_, fault): &Said| fault.is_some(), || read(source, entry, timeline))
            else {
                continue;
            };
            let fault = fault.map(|(code, what)| Finding {
                timeline: Some(timeline),
                file: Some(file.clone()),
                detail: Detail::History { what },
                ..Finding::of(code)
            });
            let broken = fault.is_some();
            findings.extend(fault);
            match tree.nodes.iter_mut().find(|n| n.timeline == timeline) {
                // A second copy counts only where the first cannot be used.
                Some(node) if node.broken && !broken => *node = Node { timeline, ancestors, file, broken },
                Some(_) => {}
                None => tree.nodes.push(Node { timeline, ancestors, file, broken }),
            }
        }
        tree
    }

    /// The history of a timeline.
    pub fn get(&self, timeline: TimelineId) -> Option<&Node> {
        self.nodes.iter().find(|n| n.timeline == timeline)
    }

    /// The timeline that this one left, and where.
    pub fn parent(&self, timeline: TimelineId) -> Option<&Ancestor> {
        self.get(timeline)?.ancestors.last()
    }

    /// A timeline and its ancestors, oldest first, each with the segment in which it left the one before.
    pub fn line(&self, timeline: TimelineId, layout: &Layout) -> Vec<(TimelineId, SegmentNo)> {
        let mut out = Vec::new();
        let mut begin = SegmentNo(0);
        for ancestor in self.get(timeline).map_or(&[][..], |n| &n.ancestors) {
            out.push((ancestor.timeline, begin));
            begin = switch_segment(&ancestor.switch, layout).unwrap_or(begin);
        }
        out.push((timeline, begin));
        out
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
    pub fn disagreements(&self) -> Vec<Finding> {
        let mut out = Vec::new();
        for node in &self.nodes {
            for (i, ancestor) in node.ancestors.iter().enumerate() {
                let child = node.ancestors.get(i + 1).map_or(node.timeline, |next| next.timeline);
                let Some(own) = self.get(child).filter(|own| own.timeline != node.timeline && !own.broken) else {
                    continue;
                };
                let Some(other) = own.ancestors.last() else { continue };
                if (other.timeline, other.switch) != (ancestor.timeline, ancestor.switch) {
                    out.push(Finding {
                        timeline: Some(node.timeline),
                        file: Some(node.file.clone()),
                        detail: Detail::Disagree {
                            parent: ancestor.timeline,
                            says: ancestor.switch,
                            other: own.file.clone(),
                            other_says: other.switch,
                        },
                        ..Finding::of(Code::HistoryDisagree)
                    });
                }
            }
        }
        out
    }
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

fn code_of(fault: &HistoryFault) -> Code {
    match fault {
        HistoryFault::NotRising { .. } | HistoryFault::NotBelow { .. } => Code::HistoryOrder,
        _ => Code::HistorySyntax,
    }
}

fn said(fault: &HistoryFault) -> String {
    match fault {
        HistoryFault::Syntax { line, text, .. } => format!("line {line}: {text}"),
        HistoryFault::NotRising { line, text } => {
            format!("line {line} does not name a higher timeline than the line before: {text}")
        }
        HistoryFault::NotBelow { timeline } => format!("timeline {timeline} cannot be an ancestor of this one"),
        _ => "it is no text".into(),
    }
}
