//! Brings a backup and an archive together.

use crate::at_hand::{FilePlace, FilesAtHand};
use crate::backup::Backup;
use crate::events::{Ask, Events, Match};
use crate::failure::Failure;
use crate::outcome::Restore;
use crate::pages::{Blind, Extents};
use crate::recover::Recovery;
use crate::replay::ReplayStop;
use crate::settings::{Mode, Settings};
use crate::start::Start;
use crate::sum::{EventSum, ReplayedCommit};
use crate::unlabelled::{self, BackupUnderWay};
use crate::way::{Looking, WalWalk, WalkOptions};
use pgwal_archive::names::Inventory;
use pgwal_archive::whose::whose as whose_wal;
use pgwal_archive::{Error, Lineage};
use pgwal_format::rmgr::xact::Timestamp;
use pgwal_format::{Layout, Lsn, SegmentNo, TimelineId};
use pgwal_source::guard::MapGuard;
use pgwal_source::{Entry, Source};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// How to look.
#[derive(Clone, Copy, Default)]
pub struct SiteOptions<'a> {
    /// Threads.
    pub jobs: usize,
    /// Memory-map plain files.
    pub map: Option<MapGuard>,
    /// Set to stop early.
    pub interrupt: Option<&'a AtomicBool>,
}

/// A backup beside the archive that it is to be restored with: everything that is read once, whatever the settings.
pub struct Site<'a> {
    shelf: FilesAtHand<'a>,
    start: Start,
    system_id: u64,
    wal_system_id: u64,
    look: SiteOptions<'a>,
    extents: Result<Arc<Extents>, Blind>,
    backup: &'a Backup,
    /// Backups that were being taken at the checkpoint of a start without `backup_label`.
    under_way: Vec<BackupUnderWay>,
}

impl<'a> Site<'a> {
    /// Lists the archive and the WAL inside the backup. `None` where the backup does not say where it starts, or no WAL
    /// says how it is laid out.
    ///
    /// # Errors
    /// A place cannot be listed.
    pub fn new(archive: &'a dyn Source, backup: &'a Backup, look: SiteOptions<'a>) -> Result<Option<Site<'a>>, Error> {
        let mut sources: Vec<(&dyn Source, bool)> = vec![(archive, true)];
        sources.extend(backup.wal.as_ref().map(|wal| (wal.source.as_ref() as &dyn Source, false)));
        Site::of(&sources, Start::of(backup), backup, look)
    }

    fn of(
        sources: &[(&'a dyn Source, bool)],
        start: Option<Start>,
        backup: &'a Backup,
        look: SiteOptions<'a>,
    ) -> Result<Option<Site<'a>>, Error> {
        let Some(start) = start else { return Ok(None) };
        let mut listed = Vec::new();
        let mut whose = None;
        for &(source, archive) in sources {
            let listing = source.list()?;
            let (found, names) = whose_wal(source, &listing.entries, &|_| None);
            whose = whose.or(found);
            listed.push((source, archive, listing.entries, names));
        }
        let Some(whose) = whose else { return Ok(None) };
        let layout = match &backup.control {
            Some(c) => Layout {
                dialect: c.dialect,
                align: c.align,
                endian: c.endian,
                segment: c.segment,
                page: c.wal_page_size,
            },
            None => whose.layout,
        };
        let system_id = backup.system_id().unwrap_or(whose.system_id);
        let mut places = Vec::new();
        for (source, archive, entries, names) in listed {
            let named = |index: usize| names.iter().find(|(i, _)| *i == index).map(|(_, name)| *name);
            let inventory = Inventory::new(&entries, &named, &layout);
            let (lineage, history_flaws) = Lineage::read(source, &entries, &inventory);
            places.push(FilePlace { source, entries, inventory, lineage, history_flaws, archive });
        }
        let extents = Extents::of(backup, layout.dialect.generation).map(Arc::new);
        let shelf = FilesAtHand { places, layout, partials: false };
        let under_way = unlabelled::under_way(&shelf, backup, &start, whose.system_id == system_id);
        Ok(Some(Site { shelf, start, system_id, wal_system_id: whose.system_id, look, extents, backup, under_way }))
    }

    /// How the WAL is laid out.
    pub fn layout(&self) -> &Layout {
        &self.shelf.layout
    }

    /// The cluster of the backup, or of the WAL where the backup does not say it.
    pub fn system_id(&self) -> u64 {
        self.system_id
    }

    /// The cluster of the WAL.
    pub fn wal_system_id(&self) -> u64 {
        self.wal_system_id
    }

    /// What becomes of a restore whose settings or backup a server refuses before it looks for WAL.
    pub fn refused(&self, failure: Failure) -> Restore {
        let settings = Settings::none(self.shelf.layout.dialect.version);
        let recovery = Recovery {
            shelf: &self.shelf,
            start: &self.start,
            settings: &settings,
            reading: self.reading(),
            extents: &self.extents,
        };
        recovery.refused(failure)
    }

    /// The name of a segment.
    pub fn name(&self, timeline: TimelineId, number: SegmentNo) -> String {
        self.shelf.name(timeline, number)
    }

    /// The first segment behind the end of a restore that a timeline on its way has.
    pub fn segment_behind(&self, restore: &Restore) -> Option<(TimelineId, Lsn)> {
        let line = self.shelf.line(restore.target_timeline).ok()?;
        let layout = &self.shelf.layout;
        let last = layout.address().segment(restore.replay_end?, layout.segment);
        let archive = self.shelf.places.iter().filter(|p| p.archive);
        let behind = |(timeline, _): &(TimelineId, _)| {
            let all = archive.clone().flat_map(|p| p.inventory.of(*timeline));
            all.map(|s| s.number).filter(|n| *n > last).min().map(|n| (*timeline, n))
        };
        let (timeline, number) =
            line.timelines.iter().filter(|(t, _)| *t >= restore.timeline).filter_map(behind).min_by_key(|(_, n)| *n)?;
        Some((timeline, layout.address().segment_start(number, layout.segment)))
    }

    /// The `.partial` of the segment in which a restore ends.
    pub(crate) fn partial_behind(&self, restore: &Restore) -> Option<String> {
        let layout = &self.shelf.layout;
        let number = layout.address().segment(restore.replay_end?, layout.segment);
        let place = self.shelf.places.iter().find(|p| p.archive)?;
        let partial = place.inventory.partial(restore.timeline, number)?;
        place.entries.get(partial.entry).map(Entry::shown)
    }

    /// Timelines that have WAL in the archive and no history file.
    pub fn timelines_without_history(&self) -> Vec<TimelineId> {
        let archive = self.shelf.places.iter().filter(|p| p.archive);
        archive
            .flat_map(|p| p.inventory.timelines())
            .filter(|t| *t > TimelineId::FIRST && !self.shelf.has_history(*t))
            .collect()
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

    /// Counts `.partial` files as if they were renamed, or not.
    pub fn with_partials(&mut self, partials: bool) {
        self.shelf.partials = partials;
    }

    /// The segment in which replay starts: for a standby and for a backup the oldest that is still needed (`%r`).
    pub fn oldest_needed(&self) -> String {
        let layout = &self.shelf.layout;
        self.shelf.name(self.start.timeline, layout.address().segment(self.start.redo, layout.segment))
    }

    /// What a server would do with these settings.
    ///
    /// # Errors
    /// An early end was asked for, or there are no threads.
    pub fn predict(&self, settings: &Settings) -> Result<Restore, Error> {
        let mut restore = Recovery {
            shelf: &self.shelf,
            start: &self.start,
            settings,
            reading: self.reading(),
            extents: &self.extents,
        }
        .run()?;
        restore.own_wal_behind = self.own_wal_behind(&restore, settings)?;
        restore.unlabelled = unlabelled::judge(self.backup, &self.start, &self.under_way, &restore);
        if let Some(end) = restore.replay_end
            && settings.mode != Mode::Crash
        {
            restore.first_dropped = self.commit_behind(&restore, end)?;
        }
        Ok(restore)
    }

    /// WAL in the server's own `pg_wal` behind a place where crash recovery could not read on, and that replay does not
    /// come to: where it begins. Files that a server renamed for later hold WAL of other positions, and count for nothing.
    fn own_wal_behind(&self, restore: &Restore, settings: &Settings) -> Result<Option<Lsn>, Error> {
        let ended = match restore.own_wal {
            Some(own) => own.to,
            None if settings.mode == Mode::Crash && restore.failure.is_none() => match restore.replay_end {
                Some(end) => end,
                None => return Ok(None),
            },
            None => return Ok(None),
        };
        let (Ok(line), Some(replayed)) = (self.shelf.line(restore.target_timeline), restore.replay_end) else {
            return Ok(None);
        };
        let (address, size) = (self.shelf.layout.address(), self.shelf.layout.segment);
        let own = self.shelf.places.iter().filter(|place| !place.archive);
        let behind = |number: &SegmentNo| address.segment_start(*number, size) >= ended;
        let numbers: BTreeSet<SegmentNo> =
            own.flat_map(|place| &place.inventory.segments).map(|s| s.number).filter(behind).collect();
        let any = Ask::default();
        for number in numbers.into_iter().take(BEHIND) {
            let mut way = WalWalk::new(&self.shelf, &line, WalkOptions { jobs: 1, ..self.reading() });
            way.looking = Looking::Inside;
            let (mut first, mut last) = (None, None);
            way.walk(address.segment_start(number, size), &any, &mut |events, valid| {
                first = first.or(events.first.filter(|_| valid.records > 0).map(|record| record.lsn));
                last = valid.last.map(|record| record.end).or(last);
                None
            })?;
            if last.is_some() {
                return Ok(first.filter(|_| last > Some(replayed)));
            }
        }
        Ok(None)
    }

    fn reading(&self) -> WalkOptions<'a> {
        let look = &self.look;
        WalkOptions { jobs: look.jobs.max(1), map: look.map, system_id: self.system_id, interrupt: look.interrupt }
    }

    /// The first commit from a position on, in its segment or the few that follow it.
    fn commit_behind(&self, restore: &Restore, from: Lsn) -> Result<Option<ReplayedCommit>, Error> {
        let Ok(line) = self.shelf.line(restore.target_timeline) else { return Ok(None) };
        let any = Match::Time { time: Timestamp(i64::MIN), at: true, restore_points: false };
        let ask = Ask { target: Some(any), prepared: true, ..Ask::default() };
        let mut way = WalWalk::new(&self.shelf, &line, WalkOptions { jobs: 1, ..self.reading() });
        way.through_damage = true;
        let (mut found, mut segments) = (None, 0);
        let layout = &self.shelf.layout;
        let start = layout.address().segment_start(layout.address().segment(from, layout.segment), layout.segment);
        way.walk(start, &ask, &mut |events: &Events<'_>, _: &EventSum| {
            segments += 1;
            let commit = |e: &crate::events::RecoveryEvent| match e.what {
                crate::events::EventKind::Ended { commit: true, xid, time } if e.span.lsn >= from => {
                    Some(ReplayedCommit { xid, time, lsn: e.span.lsn })
                }
                _ => None,
            };
            found = events.list.iter().find_map(commit);
            (found.is_some() || segments > AHEAD).then_some(ReplayStop::Target)
        })?;
        Ok(found)
    }
}

/// Segments of `pg_wal` behind the end that are looked into.
const BEHIND: usize = 256;
/// Segments behind the end in which a dropped commit is looked for, twice counted where a record lies over their seam.
const AHEAD: u32 = 16;
