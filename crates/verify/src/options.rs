//! What a caller may ask for.

use crate::codes::{CodePattern, Severity};
use crate::index::Index;
use crate::known::AcceptedFindings;
use pgwal_archive::whose::Cluster;
use pgwal_archive::{Depth, Look, Progress, Which};
use pgwal_format::Lsn;
use pgwal_source::guard::MapGuard;
use std::sync::atomic::AtomicBool;

/// What to verify, and how.
#[derive(Clone)]
#[non_exhaustive]
pub struct Options<'a> {
    /// How thoroughly.
    pub depth: Depth,
    /// Which timeline.
    pub timeline: Which,
    /// Whose WAL is asked for, where the archive holds that of several; `None`: the newest.
    pub cluster: Option<Cluster>,
    /// Only segments that hold something from here on.
    pub start: Option<Lsn>,
    /// Only segments that hold something before this.
    pub end: Option<Lsn>,
    /// Threads.
    pub jobs: usize,
    /// Memory-map plain files: the proof that the guard against vanishing bytes is installed.
    pub map: Option<MapGuard>,
    /// Severities that differ from the table; the last that matches counts.
    pub severities: Vec<(CodePattern, Severity)>,
    /// Findings that are accepted.
    pub known: Option<&'a AcceptedFindings>,
    /// Who wants to know how far it is.
    pub progress: Option<&'a dyn Progress>,
    /// What earlier runs proved; counts where every record is looked at.
    pub index: Option<&'a Index>,
    /// Gather where transactions end and restore points stand: [`Tally::facts`](crate::Tally::facts).
    pub facts: bool,
    /// Set to stop early.
    pub interrupt: Option<&'a AtomicBool>,
}

impl Default for Options<'_> {
    fn default() -> Self {
        Options {
            depth: Depth::Records,
            timeline: Which::Latest,
            cluster: None,
            start: None,
            end: None,
            jobs: 1,
            map: None,
            severities: Vec::new(),
            known: None,
            progress: None,
            index: None,
            facts: false,
            interrupt: None,
        }
    }
}

impl<'a> Options<'a> {
    /// How the archive is to be looked at.
    pub fn look(&self) -> Look<'a> {
        Look {
            depth: self.depth,
            timeline: self.timeline,
            cluster: self.cluster,
            start: self.start,
            end: self.end,
            jobs: self.jobs,
            map: self.map,
            progress: self.progress,
            facts: self.facts,
            interrupt: self.interrupt,
        }
    }
}
