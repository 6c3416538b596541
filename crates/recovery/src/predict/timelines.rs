//! The timelines of an archive, as a restore sees them: which have histories, which are on its way, which beside it.

use crate::outcome::Restore;
use crate::predict::Site;
use crate::start::off_way::OffWay;
use pgwal_format::{Lsn, TimelineId};

impl Site<'_> {
    /// Whether a restore asks for a timeline that does not come from where it starts.
    pub fn off_way(&self, restore: &Restore) -> Option<OffWay> {
        OffWay::of(&self.start, &self.shelf.line(restore.target_timeline).ok()?)
    }

    /// Whether the timeline has a history file at hand: in the archive, or in the `pg_wal` of the directory.
    pub fn has_history(&self, timeline: TimelineId) -> bool {
        self.shelf.has_history(timeline)
    }

    /// The way of a restore: its timelines, oldest first, each with the position at which it is left, the last with the
    /// end. `None` where it comes to none, or where the history does not say positions.
    pub fn way_of(&self, restore: &Restore) -> Option<Vec<(TimelineId, Lsn)>> {
        let line = self.shelf.line(restore.target_timeline).ok()?;
        let begins = line.passed.iter().skip(1).map(|(_, begin)| begin.and_then(|begin| begin.lsn));
        let mut way = Vec::new();
        for ((timeline, _), left) in line.passed.iter().zip(begins.chain([None])) {
            if *timeline == restore.timeline {
                way.push((*timeline, restore.replay_end?));
                return Some(way);
            }
            way.push((*timeline, left?));
        }
        None
    }

    /// The timeline on which recovery starts.
    pub fn start_timeline(&self) -> TimelineId {
        self.start.timeline
    }

    /// Timelines that have WAL in the archive and no history file.
    pub fn timelines_without_history(&self) -> Vec<TimelineId> {
        let archive = self.shelf.places.iter().filter(|p| p.archive);
        archive
            .flat_map(|p| p.inventory.timelines())
            .filter(|t| *t > TimelineId::FIRST && !self.shelf.has_history(*t))
            .collect()
    }

    /// A timeline with WAL and a history file that is not found behind the latest, since a number between is missing.
    pub fn hidden(&self, latest: TimelineId) -> Option<TimelineId> {
        let archive = self.shelf.places.iter().filter(|p| p.archive);
        let behind = archive.flat_map(|p| p.inventory.timelines()).filter(|t| t.0 > latest.0.saturating_add(1));
        behind.filter(|t| self.shelf.has_history(*t)).min()
    }

    /// The newest timeline with WAL in the archive that left another one, and that is not on the way to `target`.
    pub fn goes_on_beside(&self, own: TimelineId, target: TimelineId) -> Option<TimelineId> {
        let line = self.shelf.line(target).ok()?;
        let is_beside = |timeline: &TimelineId| !line.passed.iter().any(|(passed, _)| passed == timeline);
        let archive = self.shelf.places.iter().filter(|place| place.archive);
        let nodes = archive.flat_map(|place| place.lineage.nodes.iter().map(move |node| (place, node)));
        let left = nodes.filter(|(_, node)| !node.broken && node.ancestors.iter().any(|a| a.timeline == own));
        let has_wal = left.filter(|(place, node)| !place.inventory.of(node.timeline).is_empty());
        has_wal.map(|(_, node)| node.timeline).filter(is_beside).max()
    }

    /// Timelines that have a history file or WAL in the archive.
    pub(crate) fn timelines(&self) -> Vec<TimelineId> {
        let archive = self.shelf.places.iter().filter(|p| p.archive);
        let all = archive
            .flat_map(|p| p.inventory.timelines().into_iter().chain(p.inventory.histories.iter().map(|(t, _)| *t)));
        let mut out: Vec<TimelineId> = all.collect();
        out.sort_unstable();
        out.dedup();
        out
    }
}
