//! What lies there and a server does not take, or would need and is not there.

use super::Site;
use crate::command::Delivery;
use crate::delivered::command_here::CommandHere;
use crate::delivered::named_files::{NamedFiles, NotTaken};
use crate::failure::Failure;
use crate::machine::readable::may_read;
use crate::outcome::Restore;
use crate::settings::Settings;
use crate::target::TargetTimeline;
use crate::way::WalkEnd;
use pgwal_format::text::history::Switch;
use pgwal_format::{FileName, Lsn, SegmentName, TimelineId};
use pgwal_source::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

impl Site<'_> {
    /// Where a segment is missing at the end of a restore, and a timeline that has WAL here left this one behind its
    /// start: that timeline, and where it did. The segment was there, in part at least.
    pub fn left_behind(&self, restore: &Restore) -> Option<(TimelineId, Lsn)> {
        let Some(WalkEnd::NoFile(name)) = &restore.end else { return None };
        let layout = &self.shelf.layout;
        let number = SegmentName::parse(name)?.number(layout.address(), layout.segment)?;
        let start = layout.address().segment_start(number, layout.segment);
        let places = || self.shelf.places.iter().filter(|place| place.archive);
        // What a .partial holds is told by itself.
        if places().any(|place| place.inventory.partial(restore.timeline, number).is_some()) {
            return None;
        }
        let has_wal = |timeline: TimelineId| {
            let segments = || places().flat_map(|place| place.inventory.of(timeline));
            segments().next().is_some_and(|first| self.others.is_empty() || self.is_own(timeline, first.number))
        };
        let nodes = places().flat_map(|place| &place.lineage.nodes).filter(|node| !node.broken);
        let left = nodes.filter_map(|node| {
            let own = node.ancestors.iter().find(|ancestor| ancestor.timeline == restore.timeline)?;
            match own.switch {
                Switch::At(fork) if fork > start => Some((node.timeline, fork)),
                _ => None,
            }
        });
        left.filter(|(child, _)| has_wal(*child)).min_by_key(|(_, fork)| *fork)
    }

    /// The first file on the way of a restore that a command takes by name, or `walproof archive-get` checks, and that
    /// a user may not read: by its own rights, where neither they nor those of a group let him. `None` for root, other
    /// commands, and where there is none.
    pub fn not_for(&self, user: u32, settings: &Settings, restore: &Restore) -> Option<String> {
        let checks = settings.archive_get().is_some_and(|_| !settings.planned);
        if user == 0 || !checks && self.named(settings).is_none() {
            return None;
        }
        let asked: BTreeMap<FileName, Option<&str>> = restore
            .files
            .iter()
            .filter_map(|asked| Some((FileName::parse(&asked.name)?, asked.file.as_deref())))
            .collect();
        // What was taken, or what was not and has the name.
        let is_asked = |entry: &Entry| {
            let taken = entry.name.and_then(|name| asked.get(&name));
            taken.is_some_and(|file| file.is_none_or(|file| file == entry.shown()))
        };
        self.shelf.places.iter().filter(|place| place.archive).find_map(|place| {
            let local = place.source.local()?;
            let own = |entry: &&Entry| is_asked(entry) && !may_read(&local.path(entry), user);
            place.entries.iter().find(own).map(Entry::shown)
        })
    }

    /// What its `restore_command` comes to on this machine.
    pub fn command_here(&self, settings: &Settings) -> CommandHere {
        CommandHere::of(settings, self.backup.has_most)
    }

    /// Where a server that is started here takes files by name from folders that are here, too: the first of those that
    /// the restore takes from the archive that lies in none of them, nor in the server's own `pg_wal`.
    pub fn lacks_where_named(&self, settings: &Settings, restore: &Restore) -> Option<(PathBuf, String)> {
        let is_here = self.backup.has_most && !settings.planned;
        let data = self.backup.folder.as_deref().filter(|_| is_here)?;
        let copies = Delivery::by_name_in(settings.restore_command.as_deref()?, data)?;
        let first = copies.first().filter(|_| copies.iter().all(|copy| copy.folder.is_dir()))?;
        let is_there = |name: &str| {
            let own = ["pg_wal", "pg_xlog"].iter().any(|wal| data.join(wal).join(name).exists());
            own || copies.iter().any(|copy| copy.folder.join(format!("{name}{}", copy.suffix)).exists())
        };
        let taken = restore.files.iter().filter(|asked| asked.file.is_some());
        let file = taken.map(|asked| &asked.name).find(|name| !is_there(name))?;
        Some((first.folder.clone(), file.clone()))
    }

    pub(super) fn named(&self, settings: &Settings) -> Option<NamedFiles> {
        NamedFiles::of(&self.command_here(settings), self.backup.owner, &self.shelf)
    }

    /// Which of several files of a segment a command that takes them by name delivered, by the name of the segment.
    /// Empty for other commands, and where one of elsewhere was taken.
    pub fn taken_by_name(&self, settings: &Settings, restore: &Restore) -> BTreeMap<String, String> {
        if self.named(settings).is_none() {
            return BTreeMap::new();
        }
        let archive = self.shelf.places.iter().filter(|place| place.archive).flat_map(|place| &place.entries);
        let shown: BTreeSet<String> = archive.map(Entry::shown).collect();
        let taken = restore.files.iter().filter_map(|asked| Some((asked.name.clone(), asked.file.clone()?)));
        taken.filter(|(_, file)| shown.contains(file)).collect()
    }

    /// What the command does not take of that for want of which a restore ends, or goes along another timeline.
    pub fn not_taken(&self, settings: &Settings, restore: &Restore) -> Option<NotTaken> {
        let named = self.named(settings)?;
        let elsewhere = self.lacks(settings, restore).any(|name| named.finds_elsewhere(&self.shelf, name));
        self.lacks(settings, restore).find_map(|name| named.amiss(&self.shelf, name)).filter(|_| !elsewhere)
    }

    /// Names for want of which a restore ends, or goes along another timeline: of a history file, and of a segment on
    /// each timeline on which it is looked for.
    pub(super) fn lacks(&self, settings: &Settings, restore: &Restore) -> impl Iterator<Item = FileName> {
        let history = match settings.timeline {
            TargetTimeline::Current => None,
            TargetTimeline::Latest => restore.target_timeline.0.checked_add(1).map(TimelineId),
            TargetTimeline::Number(number) => {
                Some(number).filter(|_| matches!(restore.failure, Some(Failure::NoTimeline(_))))
            }
        };
        let layout = self.shelf.layout;
        let missing = match &restore.end {
            Some(WalkEnd::NoFile(name) | WalkEnd::NotDelivered(name)) => SegmentName::parse(name),
            _ => None,
        };
        let number = missing.and_then(|name| name.number(layout.address(), layout.segment));
        let passed = self.shelf.line(restore.target_timeline).map(|line| line.passed).unwrap_or_default();
        let timelines: Vec<TimelineId> =
            passed.iter().rev().map(|(timeline, _)| *timeline).filter(|own| *own >= restore.timeline).collect();
        let segments = timelines.into_iter().filter_map(move |timeline| {
            Some(FileName::Segment(SegmentName::new(timeline, number?, layout.address(), layout.segment)))
        });
        history.map(FileName::History).into_iter().chain(segments)
    }
}
