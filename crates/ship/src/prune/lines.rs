//! Timelines whose WAL goes to an end of its own, and the backups that come to it.
//!
//! ```text
//! way     ── backup ──── 1 ────┬──── 2 ── backup ──►   a test restore, or the server in use after a recovery
//! beside                       └──── 1 ────────────►   what was left, or the server in use: a backup of 2 never
//!                                                      comes here, the older one of 1 does
//! ```

use super::Needed;
use pgwal_format::{Lsn, SegmentNo, TimelineId};
use pgwal_verify::{KnownBackup, TimelineAside};

/// A timeline beside the way of recovery, and the backup that is kept for it.
#[derive(Clone, Debug)]
pub struct HeldLine {
    /// The timeline, from where on it is not on the way, and its end.
    pub aside: TimelineAside,
    /// The oldest backup that is kept for it.
    pub backup: KnownBackup,
}

impl Needed<'_> {
    /// Timelines beside the way for which more is kept than what comes from a segment on: their newest backups, so
    /// many, begin before it.
    pub(super) fn lines(&self, count: usize, from: SegmentNo, without: &[TimelineId]) -> Vec<HeldLine> {
        let asides = self.outcome.asides().filter(|aside| !without.contains(&aside.timeline));
        let held = asides.filter_map(|aside| {
            let line = self.line(aside.timeline);
            let comes_to = |backup: &&KnownBackup| {
                let on_line = line.iter().find(|(timeline, _)| *timeline == backup.timeline);
                on_line.is_some_and(|(_, left)| left.is_none_or(|left| backup.stop <= left))
            };
            let backups = || self.outcome.backups.iter().filter(|b| b.complete == Some(true)).filter(comes_to);
            let mut newest: Vec<&KnownBackup> = backups().collect();
            newest.sort_unstable_by_key(|backup| std::cmp::Reverse(backup.start));
            newest.truncate(count.max(1));
            // An incremental one restores only with one that is whole by itself.
            let whole = backups().filter(|backup| backup.incremental_from.is_none()).max_by_key(|backup| backup.start);
            let oldest = newest.into_iter().chain(whole).min_by_key(|backup| backup.start)?;
            let is_more = self.number(oldest.start) < from;
            is_more.then(|| HeldLine { aside, backup: oldest.clone() })
        });
        held.collect()
    }

    /// The timelines over which one comes, each with the position at which it was left.
    fn line(&self, timeline: TimelineId) -> Vec<(TimelineId, Option<Lsn>)> {
        let mut out = vec![(timeline, None)];
        let mut own = timeline;
        // No timeline has one of a higher number as its parent, so this ends whatever the files say.
        while let Some(branch) = self.outcome.branches.iter().find(|branch| branch.timeline == own)
            && let Some(parent) = branch.parent.filter(|parent| *parent < own)
        {
            let left = branch.switch.and_then(|switch| self.position(switch));
            out.push((parent, left));
            own = parent;
        }
        out
    }
}
