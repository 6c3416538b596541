//! Brings a backup and an archive together.

pub(crate) mod alternatives;
pub(crate) mod bare_start;
pub(crate) mod behind;
pub(crate) mod beyond;
pub(crate) mod choice;
pub(crate) mod data_age;
pub(crate) mod newer_beside;
mod timelines;
mod untaken;
mod whose;
pub(crate) mod why_missed;

use crate::at_hand::{FilePlace, FilesAtHand};
use crate::backup::{Backup, is_servers_own};
use crate::delivered::command_here::end_of_end_command;
use crate::failure::Failure;
use crate::outcome::{Restore, Status};
use crate::pages::{Blind, Extents};
use crate::recover::Recovery;
use crate::recover::own_wal;
use crate::settings::{Mode, Settings};
use crate::start::Start;
use crate::start::unlabelled::BackupUnderWay;
use crate::target::Target;
use crate::way::{WalkEnd, WalkOptions};
use pgwal_archive::names::Inventory;
use pgwal_archive::whose::{Cluster, FirstPage, beginning, whose as whose_wal};
use pgwal_archive::{Error, Lineage};
use pgwal_format::text::control::ControlState;
use pgwal_format::{FileName, Layout, Lsn, SegmentName, SegmentNo, TimelineId};
use pgwal_source::guard::MapGuard;
use pgwal_source::name::{self, NamePlace};
use pgwal_source::{Entry, Source, SourceError};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

/// The method that the label of an exclusive backup names (`do_pg_start_backup`; up to 14).
const EXCLUSIVE: &str = "pg_start_backup";

/// How to look.
#[derive(Clone, Copy, Default)]
pub struct SiteOptions<'a> {
    /// Threads.
    pub jobs: usize,
    /// Memory-map plain files.
    pub map: Option<MapGuard>,
    /// How long to wait for a file that is being written ([`SETTLE`](pgwal_archive::SETTLE)); zero: not at all.
    pub settle: Duration,
    /// Set to stop early.
    pub interrupt: Option<&'a AtomicBool>,
}

/// A backup beside the archive that it is to be restored with: everything that is read once, whatever the settings.
pub struct Site<'a> {
    archive: &'a dyn Source,
    shelf: FilesAtHand<'a>,
    /// Those in the server's own `pg_wal`.
    inside: FilesAtHand<'a>,
    start: Start,
    system_id: u64,
    wal_system_id: u64,
    /// Whose WAL the archive holds besides.
    others: Vec<Cluster>,
    look: SiteOptions<'a>,
    extents: Result<Arc<Extents>, Blind>,
    backup: &'a Backup,
    /// Backups that were being taken at the checkpoint of a start without `backup_label`.
    under_way: Vec<BackupUnderWay>,
}

impl<'a> Site<'a> {
    /// Lists the archive and the WAL inside the backup. `None` where the backup has neither label, history file nor
    /// control file (its fields `label`, `history` and `control`), else because no WAL says how it is laid out.
    ///
    /// # Errors
    /// A place cannot be listed.
    pub fn new(archive: &'a dyn Source, backup: &'a Backup, look: SiteOptions<'a>) -> Result<Option<Site<'a>>, Error> {
        let Some(start) = Start::of(backup) else { return Ok(None) };
        let own_wal = backup.wal.as_ref().map(|wal| (wal.source.as_ref() as &dyn Source, false));
        let mut listed = Vec::new();
        let (mut whose, mut all) = (None, Vec::new());
        for (source, archived) in std::iter::once((archive, true)).chain(own_wal) {
            let listing = source.list()?;
            let votes = whose_wal(source, &listing.entries, &|_| None, false);
            // Its own, where the backup says whose it is or one of its files is here; else what most files are.
            let own = |(cluster, _): &(Cluster, usize)| match &backup.control {
                Some(control) => control.system_id == cluster.system_id && control.segment == cluster.layout.segment,
                None => backup.system_id() == Some(cluster.system_id),
            };
            let named = votes.all.iter().find(|vote| own(vote)).map(|(cluster, _)| *cluster);
            let several = archived && votes.all.len() > 1;
            let first = || {
                let cluster = if archived { first_file(source, &listing.entries, backup) } else { None }?;
                (several || backup.system_id() == Some(cluster.system_id)).then_some(cluster)
            };
            let found = named.or_else(first).or_else(|| votes.most());
            if archived {
                all = votes.all.iter().map(|(cluster, _)| *cluster).collect();
            }
            whose = whose.or(found);
            listed.push((source, archived, listing, votes.names));
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
        let own = Cluster { layout, system_id };
        let others = all.into_iter().filter(|cluster| !cluster.is(&own)).collect();
        let (mut places, mut inside) = (Vec::new(), Vec::new());
        for (source, archived, listing, names) in listed {
            let (mut entries, refused) = (listing.entries, refused(&listing.unreadable));
            if !archived {
                entries.retain(|entry| is_servers_own(source, entry));
            }
            let named = |index: usize| {
                if !archived { None } else { names.iter().find(|(i, _)| *i == index).map(|(_, name)| *name) }
            };
            let place = |entries: Vec<Entry>| {
                let inventory = Inventory::new(&entries, &named, &layout);
                let (lineage, history_flaws) = Lineage::read(source, &entries, &inventory, look.settle);
                let refused = refused.clone();
                FilePlace { source, entries, inventory, lineage, history_flaws, refused, archive: archived }
            };
            inside.extend((!archived).then(|| place(entries.clone())));
            places.push(place(entries));
        }
        let extents = Extents::of(backup, layout.dialect.generation).map(Arc::new);
        let shelf = FilesAtHand { places, layout, partials: false };
        let inside = FilesAtHand { places: inside, layout, partials: false };
        let under_way = bare_start::under_way(&shelf, backup, &start, whose.system_id == system_id);
        let wal_system_id = whose.system_id;
        Ok(Some(Site {
            archive,
            shelf,
            inside,
            start,
            system_id,
            wal_system_id,
            others,
            look,
            extents,
            backup,
            under_way,
        }))
    }

    /// The archive.
    pub fn archive(&self) -> &'a dyn Source {
        self.archive
    }

    /// The backup.
    pub fn backup(&self) -> &'a Backup {
        self.backup
    }

    /// How it is looked at.
    pub(crate) fn look(&self) -> SiteOptions<'a> {
        self.look
    }

    /// From where recovery starts.
    pub(crate) fn start(&self) -> &Start {
        &self.start
    }

    /// The files of both places.
    pub(crate) fn shelf(&self) -> &FilesAtHand<'a> {
        &self.shelf
    }

    /// How the WAL is laid out.
    pub fn layout(&self) -> &Layout {
        &self.shelf.layout
    }

    /// What becomes of a restore whose settings or backup a server refuses before it looks for WAL.
    pub fn refused(&self, failure: Failure) -> Restore {
        let settings = Settings::none(self.shelf.layout.dialect.version);
        let recovery = Recovery {
            shelf: &self.shelf,
            start: &self.start,
            settings: &settings,
            reading: self.reading(),
            named: None,
            extents: &self.extents,
            end: None,
            user: None,
            end_command: None,
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
        let end = restore.replay_end?;
        let last = layout.address().segment(end, layout.segment);
        // Unfinished segments count where a whole one is missing in front of them.
        let reached = layout.address().segment(Lsn::new(end.get().saturating_sub(1)), layout.segment).next();
        let archive = self.shelf.places.iter().filter(|p| p.archive);
        let behind = |(timeline, _): &(TimelineId, _)| {
            let all = archive.clone().flat_map(|p| self.shelf.written(p, *timeline));
            let partials = archive.clone().flat_map(|p| &p.inventory.partials).filter(|s| s.timeline == *timeline);
            let unfinished = partials.map(|s| s.number).filter(|n| *n > reached);
            let whole = all.map(|s| s.number).filter(|n| *n > last);
            let mut numbers: Vec<SegmentNo> = whole.chain(unfinished).collect();
            numbers.sort_unstable();
            let own = |n: &SegmentNo| self.others.is_empty() || self.is_own(*timeline, *n);
            numbers.into_iter().take(LOOKED_AT).find(own).map(|n| (*timeline, n))
        };
        let (timeline, number) =
            line.passed.iter().filter(|(t, _)| *t >= restore.timeline).filter_map(behind).min_by_key(|(_, n)| *n)?;
        Some((timeline, layout.address().segment_start(number, layout.segment)))
    }

    /// The checkpoint of `pg_control`, where a label of an exclusive backup (`pg_start_backup`) hides it, and the
    /// directory's own `pg_wal` has it: so looks what a primary left that crashed while a backup was taken, and so may
    /// a copy of one.
    pub fn hidden_checkpoint(&self) -> Option<Lsn> {
        let label = self.backup.label.as_ref().filter(|label| label.method.as_deref() == Some(EXCLUSIVE))?;
        let control = self.start.control.as_ref().filter(|control| control.state == ControlState::InProduction)?;
        let own = self.shelf.places.iter().filter(|place| !place.archive);
        let number = self.shelf.layout.address().segment(control.redo, self.shelf.layout.segment);
        let is_there = own.flat_map(|place| &place.inventory.segments).any(|segment| segment.number == number);
        (is_there && control.checkpoint > label.checkpoint).then_some(control.checkpoint)
    }

    /// The `.partial` of the segment in which a restore ends, or of the one that it lacks.
    pub(crate) fn partial_behind(&self, restore: &Restore) -> Option<String> {
        let layout = &self.shelf.layout;
        let lacks = match &restore.end {
            Some(WalkEnd::NoFile(name)) => SegmentName::parse(name),
            _ => None,
        };
        let number = match lacks {
            Some(name) => name.number(layout.address(), layout.segment)?,
            None => layout.address().segment(restore.replay_end?, layout.segment),
        };
        let place = self.shelf.places.iter().find(|p| p.archive)?;
        let timelines = [Some(restore.timeline), lacks.map(|name| name.timeline)];
        let partial = timelines.into_iter().flatten().find_map(|t| place.inventory.partial(t, number))?;
        let shown = place.entries.get(partial.entry).map(Entry::shown)?;
        // One that it takes already has nothing behind it.
        let is_taken = restore.files.iter().any(|asked| asked.file.as_ref() == Some(&shown));
        (!is_taken).then_some(shown)
    }

    /// The archive has unfinished segments.
    pub fn has_partials(&self) -> bool {
        self.shelf.places.iter().any(|place| place.archive && !place.inventory.partials.is_empty())
    }

    /// Counts `.partial` files as if they were renamed, or not. What it was before.
    pub fn with_partials(&mut self, partials: bool) -> bool {
        std::mem::replace(&mut self.shelf.partials, partials)
    }

    /// The segment in which replay starts: for a standby and for a backup the oldest that is still needed (`%r`).
    pub fn oldest_needed(&self) -> String {
        let layout = &self.shelf.layout;
        self.shelf.name(self.start.timeline, layout.address().segment(self.start.redo, layout.segment))
    }

    /// What a server would do with these settings, and what is to be known of where it ends.
    ///
    /// # Errors
    /// An early end was asked for, or there are no threads.
    pub fn predict(&self, settings: &Settings) -> Result<Restore, Error> {
        let mut restore = self.outcome(settings)?;
        let Some(end) = restore.replay_end.filter(|_| settings.mode != Mode::Crash) else { return Ok(restore) };
        let behind = behind::look(&self.shelf, self.reading(), &restore, settings, end)?;
        restore.first_dropped = behind.dropped;
        restore.dropped_cut = behind.cut;
        restore.left_out = behind.left_out;
        restore.same_points = behind.points;
        restore.early_acts = behind::early_acts(&self.shelf, self.reading(), &restore, end)?;
        restore.partial = self.partial_behind(&restore).filter(|_| restore.end.is_some());
        restore.more_behind = restore.end.is_some() && self.segment_behind(&restore).is_some();
        // What a missing file or damage keeps away may well be the target.
        let at_end = !restore.more_behind || matches!(settings.target, Target::Xid(_));
        let unreached = restore.target.as_ref().is_some_and(|t| !t.reached)
            && matches!(restore.failure, None | Some(Failure::NotReached));
        if unreached && restore.consistent_at.is_some() && at_end {
            let missed = why_missed::why(&self.shelf, self.reading(), &restore, settings)?;
            restore.missed = missed.filter(|missed| !(restore.more_behind && missed.may_come()));
        }
        if restore.missed.as_ref().is_some_and(|missed| !missed.may_come()) {
            // No file that is not here would bring it.
            restore.files.iter_mut().filter(|f| f.status == Status::Missing).for_each(|f| f.needed = false);
        }
        Ok(restore)
    }

    /// What a server would do with these settings, and no more.
    ///
    /// # Errors
    /// As [`Site::predict`].
    pub(crate) fn outcome(&self, settings: &Settings) -> Result<Restore, Error> {
        let here = self.command_here(settings);
        let named = self.named(settings).map(Arc::new);
        let delivered = named.as_ref().and_then(|named| named.delivered(&self.shelf, self.look.settle));
        let shelf = match settings.mode {
            Mode::Crash => &self.inside,
            Mode::Standby if settings.restore_command.is_none() => &self.inside,
            _ if settings.delivers_nothing || here.nothing => &self.inside,
            Mode::Standby | Mode::Archive => delivered.as_ref().unwrap_or(&self.shelf),
        };
        let (start, extents, reading) = (&self.start, &self.extents, self.reading());
        let user = self.backup.owner.filter(|_| !settings.planned);
        let end_command = end_of_end_command(settings, self.backup.has_most);
        let run = |shelf, named, end| {
            Recovery { shelf, start, settings, reading, named, extents, end, user, end_command }.run()
        };
        let mut restore = run(shelf, named.clone(), here.end)?;
        // It takes files from more folders than those that are looked at: what it does not lack is not missing.
        let more =
            named.filter(|named| self.lacks(settings, &restore).any(|name| named.finds_elsewhere(&self.shelf, name)));
        let shelf = if more.is_some() { &self.shelf } else { shelf };
        if let Some(more) = more {
            restore = run(shelf, None, here.end)?;
            let found = |file: &String| FileName::parse(file).is_some_and(|name| more.finds_elsewhere(shelf, name));
            if matches!(&restore.failure, Some(Failure::CommandEnds { file, .. }) if found(file)) {
                restore = run(shelf, None, None)?;
            }
        }
        restore.own_wal_behind = own_wal::behind(shelf, self.reading(), &restore, settings)?;
        restore.short_of_minimum = own_wal::short_of_minimum(&self.start, &restore, settings);
        restore.unlabelled = bare_start::judge(self.backup, &self.start, &self.under_way, &restore);
        Ok(restore)
    }

    pub(crate) fn reading(&self) -> WalkOptions<'a> {
        let SiteOptions { jobs, map, settle, interrupt } = self.look;
        WalkOptions { jobs: jobs.max(1), map, system_id: self.system_id, settle, interrupt }
    }
}

/// Names of WAL at which a server may get something that we do not. A copy of a folder, of a link to nothing or of a
/// socket fails at once: to a server these are not there.
fn refused(unreadable: &[(String, SourceError)]) -> Vec<String> {
    // A folder of them lies on a volume that may be mounted where the server is.
    let may_be_had = |name: &str, error: &SourceError| name.ends_with('/') || !error.is_no_file();
    let names = unreadable.iter().filter(|(name, error)| may_be_had(name, error));
    // Whatever a tool puts behind the name that a server asks for.
    let last = |name: &str| {
        let file = name.trim_end_matches('/').rsplit('/').next().unwrap_or(name);
        match name::place(file) {
            NamePlace::Wal(placed) => placed.name.to_string(),
            _ => file.to_owned(),
        }
    };
    names.map(|(name, _)| last(name)).collect()
}

/// The cluster of the file in which a backup begins.
fn first_file(source: &dyn Source, entries: &[Entry], backup: &Backup) -> Option<Cluster> {
    let own = backup.label.as_ref().map(|l| l.start_file).or_else(|| backup.history.as_ref().map(|h| h.start_file))?;
    let entry = entries.iter().find(|entry| entry.name == Some(FileName::Segment(own)))?;
    let first = FirstPage::of(&beginning(source, entry)?.0).ok()?;
    Some(Cluster { layout: first.layout, system_id: first.system_id })
}

/// Files behind the end that are asked whose they are.
const LOOKED_AT: usize = 1000;
