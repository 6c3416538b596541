//! Removes WAL that no restore needs, of an archive that no other tool keeps.
//!
//! ```text
//!        goes                                  stays
//! ──────────────────────┤ the first segment that is kept: what was asked for, or the start of the oldest backup ├─────
//! segments, .partial and .backup files before it, on every timeline; history files stay, whatever they are of
//! ```
//! A backup that can still be restored holds everything from its start on, unless it was said how many are kept: so
//! many for each timeline whose WAL goes to an end of its own (`lines`), for which of them is in use no file tells.

mod lines;

use crate::destination::Destination;
use crate::fault::ShipFault;
pub use lines::HeldLine;
use pgwal_format::text::control::ControlFile;
use pgwal_format::text::history::Switch;
use pgwal_format::{FileName, Layout, Lsn, SegmentName, SegmentNo, TimelineId};
use pgwal_source::name::DAMAGED;
use pgwal_source::{Entry, Source, SourceError};
use pgwal_verify::{Error, KnownBackup, Options, Outcome, verify};
use std::fmt;

/// From where on an archive is kept.
#[derive(Clone, Debug)]
pub enum KeepFrom {
    /// From a segment.
    Segment(SegmentName),
    /// From a position.
    Position(Lsn),
    /// From the start of a backup: the name of its backup history file, or its label.
    Backup(String),
    /// From where a server with this control file would begin to replay: a standby, or a backup that is kept up to
    /// date.
    Server(Box<ControlFile>),
    /// From the restart point that a server in recovery names as `%r`, and not behind what its control file says.
    RestartPoint(SegmentName, Box<ControlFile>),
    /// From the start of the newest backups that can be restored.
    Backups {
        /// So many for each timeline with an end of its own.
        count: usize,
        /// Timelines for which none is kept.
        without: Vec<TimelineId>,
    },
}

/// A folder that needs WAL of an archive: a data directory, or a base backup that is being taken into it.
#[derive(Clone, Debug)]
pub struct KeptPlace {
    /// As a user named it.
    pub place: String,
    /// Its control file, which comes last while a backup is taken.
    pub control: Option<Box<ControlFile>>,
    /// Where a backup began, by its `backup_label`.
    pub label: Option<Lsn>,
}

/// What can be removed.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct PrunePlan {
    /// From where on WAL is kept, whether or not that segment is there.
    pub keep: SegmentName,
    /// The first segment that is there and kept.
    pub first: Option<SegmentName>,
    /// The folder that keeps more than was asked for.
    pub held_for: Option<String>,
    /// The backup that keeps more than was asked for.
    pub held_by: Option<KnownBackup>,
    /// The backups that can be restored and still can be afterwards, oldest first.
    pub keeps: Vec<KnownBackup>,
    /// Those that can be restored now and not afterwards.
    pub gives_up: Vec<KnownBackup>,
    /// Timelines beside the way of recovery for which more is kept, as no other backup comes to their end.
    pub held_lines: Vec<HeldLine>,
    /// How many backups were asked for, where fewer can be restored.
    pub too_few: Option<usize>,
    /// What is removed, oldest first.
    pub remove: Vec<Entry>,
    /// Files of WAL that stay.
    pub stay: usize,
}

impl PrunePlan {
    /// Bytes that are removed, as they are stored.
    pub fn bytes(&self) -> u64 {
        self.remove.iter().filter_map(|entry| entry.size).sum()
    }
}

/// Why nothing is removed.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum NotPruned {
    /// It is a server's own `pg_wal`.
    Live,
    /// WAL of several clusters or versions lies there.
    SeveralClusters,
    /// What lies there cannot be looked at.
    Unread(Error),
    /// No file there says whose WAL it is.
    NoWal,
    /// The control file is of another cluster.
    OtherCluster {
        /// The cluster of the archive.
        archive: u64,
        /// That of the control file.
        control: u64,
    },
    /// There is no such backup.
    NoBackup(String),
    /// No backup can be restored with what is there.
    NoneRestores,
    /// All of it would go.
    Nothing {
        /// The first segment that would be kept.
        keep: SegmentName,
        /// The last one that is there.
        last: SegmentName,
    },
    /// No segment of this cluster has that name.
    NoSuchSegment(SegmentName),
}

impl fmt::Display for NotPruned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NotPruned::Live => f.write_str("that is a server's own pg_wal, which it keeps itself"),
            NotPruned::SeveralClusters => {
                f.write_str("WAL of several clusters or versions lies there: give each a place of its own first")
            }
            NotPruned::Unread(error) => error.fmt(f),
            NotPruned::NoWal => f.write_str("no file there says whose WAL it is"),
            NotPruned::OtherCluster { archive, control } => {
                write!(f, "the archive is of cluster {archive}, and the control file of {control}")
            }
            NotPruned::NoBackup(name) => write!(f, "no backup of that name or label is known there: {name}"),
            NotPruned::NoneRestores => f.write_str("no backup is known there that can be restored with what is there"),
            NotPruned::Nothing { keep, last } => {
                write!(f, "{last} is the last segment there, and only what comes from {keep} on would be kept")
            }
            NotPruned::NoSuchSegment(name) => write!(f, "the archive has segments of another size than {name} is of"),
        }
    }
}

impl std::error::Error for NotPruned {}

impl From<SourceError> for NotPruned {
    fn from(error: SourceError) -> NotPruned {
        NotPruned::Unread(error.into())
    }
}

/// Reads an archive, and says what of it can be removed. What the places in `also` need stays whatever is asked for.
///
/// # Errors
/// Nothing can be removed, or it is not known what can.
pub fn plan(
    archive: &dyn Source,
    keep: &KeepFrom,
    also: &[KeptPlace],
    options: &Options<'_>,
) -> Result<PrunePlan, NotPruned> {
    if archive.is_live() {
        return Err(NotPruned::Live);
    }
    let outcome = verify(archive, options).map_err(NotPruned::Unread)?;
    if outcome.lines.len() > 1 {
        return Err(NotPruned::SeveralClusters);
    }
    let (Some(layout), Some(system_id)) = (outcome.layout, outcome.system_id) else { return Err(NotPruned::NoWal) };
    let needed = Needed { outcome: &outcome, layout: &layout, system_id };
    let (mut from, mut held_by) = needed.from(keep)?;
    let (mut asked, mut held_lines, mut held_for) = (None, Vec::new(), None);
    if let KeepFrom::Backups { count, without } = keep {
        asked = Some(*count);
        held_lines = needed.lines(*count, from, without);
        from = held_lines.iter().map(|line| needed.number(line.backup.start)).fold(from, SegmentNo::min);
    }
    for place in also {
        if let Some(start) = needed.of_place(place)?.filter(|start| *start < from) {
            (from, held_by, held_for) = (start, None, Some(place.place.clone()));
        }
    }
    let entries = archive.list()?.entries;
    let number = |name: SegmentName| name.number(layout.address(), layout.segment);
    let segments = entries.iter().filter_map(|entry| match entry.name {
        Some(FileName::Segment(name)) => Some((number(name)?, name)),
        _ => None,
    });
    let timeline = outcome.path.last().copied().unwrap_or(TimelineId::FIRST);
    let keep = SegmentName::new(timeline, from, layout.address(), layout.segment);
    let first = segments.clone().filter(|(number, _)| *number >= from).min().map(|(_, name)| name);
    if let Some((last, name)) = segments.max().filter(|(last, _)| *last < from) {
        // Behind the last segment is where the next one comes.
        if last.next() < from {
            return Err(NotPruned::Nothing { keep, last: name });
        }
    }
    let goes = |entry: &Entry| match entry.name {
        Some(FileName::Segment(name) | FileName::Partial(name) | FileName::BackupHistory(name, _)) => {
            number(name).is_some_and(|number| number < from)
        }
        _ => false,
    };
    let all = entries.len();
    let mut remove: Vec<Entry> = entries.into_iter().filter(goes).collect();
    // Whoever is stopped in the middle has removed what is oldest.
    remove.sort_by_key(|entry| match entry.name {
        Some(FileName::Segment(name) | FileName::Partial(name) | FileName::BackupHistory(name, _)) => number(name),
        _ => None,
    });
    let restorable = outcome.backups.iter().filter(|backup| needed.may_restore(backup)).cloned();
    let (mut keeps, mut gives_up): (Vec<KnownBackup>, Vec<KnownBackup>) =
        restorable.partition(|backup| needed.number(backup.start) >= from);
    [&mut keeps, &mut gives_up].into_iter().for_each(|all| all.sort_by_key(|backup| backup.start));
    let too_few = asked.filter(|asked| keeps.len() < *asked);
    let stay = all - remove.len();
    Ok(PrunePlan { keep, first, held_for, held_by, keeps, gives_up, held_lines, too_few, stay, remove })
}

/// Removes what a plan says; `each` is told of every file.
///
/// # Errors
/// One cannot be removed; those before it are.
pub fn prune(place: &dyn Destination, plan: &PrunePlan, each: &mut dyn FnMut(&Entry)) -> Result<(), ShipFault> {
    for entry in &plan.remove {
        let shown = entry.shown();
        // A note without its segment would be found by nobody.
        let note = shown.strip_suffix(entry.suffix()).unwrap_or(&shown);
        place.remove(&format!("{note}{DAMAGED}"))?;
        place.remove(&shown)?;
        each(entry);
    }
    Ok(())
}

/// What of an archive is needed.
struct Needed<'a> {
    outcome: &'a Outcome,
    layout: &'a Layout,
    system_id: u64,
}

impl Needed<'_> {
    /// The first segment that is kept, and the backup that keeps more than was asked for.
    fn from(&self, keep: &KeepFrom) -> Result<(SegmentNo, Option<KnownBackup>), NotPruned> {
        let asked = match keep {
            KeepFrom::Segment(name) => self.numbered(*name)?,
            KeepFrom::Position(lsn) => self.number(*lsn),
            KeepFrom::Backup(name) => self.number(self.named(name)?.start),
            KeepFrom::Server(control) => self.number(self.redo(control)?),
            KeepFrom::RestartPoint(name, control) => self.numbered(*name)?.min(self.number(self.redo(control)?)),
            KeepFrom::Backups { count, .. } => return Ok((self.number(self.newest(*count)?), None)),
        };
        let oldest = self.outcome.backups.iter().filter(|backup| self.may_restore(backup)).min_by_key(|b| b.start);
        match oldest.filter(|backup| self.number(backup.start) < asked) {
            Some(backup) => Ok((self.number(backup.start), Some(backup.clone()))),
            None => Ok((asked, None)),
        }
    }

    fn numbered(&self, name: SegmentName) -> Result<SegmentNo, NotPruned> {
        name.number(self.layout.address(), self.layout.segment).ok_or(NotPruned::NoSuchSegment(name))
    }

    fn number(&self, lsn: Lsn) -> SegmentNo {
        self.layout.address().segment(lsn, self.layout.segment)
    }

    fn named(&self, name: &str) -> Result<&KnownBackup, NotPruned> {
        let is_file = |backup: &&KnownBackup| {
            let file = backup.file.rsplit('/').next().unwrap_or(&backup.file);
            file == name || file.strip_prefix(name).is_some_and(|rest| rest.starts_with('.'))
        };
        let backups = &self.outcome.backups;
        let found = backups.iter().find(is_file);
        // Of several with one label, the oldest needs most.
        let labelled = || backups.iter().filter(|backup| backup.label.as_deref() == Some(name)).min_by_key(|b| b.start);
        found.or_else(labelled).ok_or_else(|| NotPruned::NoBackup(name.to_owned()))
    }

    /// Where a timeline was left; up to 9.2 the end of the segment in which it was.
    fn position(&self, switch: Switch) -> Option<Lsn> {
        match switch {
            Switch::At(lsn) => Some(lsn),
            Switch::In(name) => {
                let number = name.number(self.layout.address(), self.layout.segment)?;
                Some(self.layout.address().segment_start(number.next(), self.layout.segment))
            }
        }
    }

    fn redo(&self, control: &ControlFile) -> Result<Lsn, NotPruned> {
        if control.system_id != self.system_id {
            return Err(NotPruned::OtherCluster { archive: self.system_id, control: control.system_id });
        }
        Ok(control.backup_start.map_or(control.redo, |start| start.min(control.redo)))
    }

    /// Where the WAL begins that a place needs.
    fn of_place(&self, place: &KeptPlace) -> Result<Option<SegmentNo>, NotPruned> {
        let redo = place.control.as_ref().map(|control| self.redo(control)).transpose()?;
        Ok(redo.into_iter().chain(place.label).min().map(|lsn| self.number(lsn)))
    }

    /// Where the newest backups begin that can be restored; where there are fewer, all of them are kept. Those of which
    /// it is not known stay, too.
    fn newest(&self, count: usize) -> Result<Lsn, NotPruned> {
        let (well, open): (Vec<&KnownBackup>, Vec<&KnownBackup>) = self
            .outcome
            .backups
            .iter()
            .filter(|backup| self.may_restore(backup))
            .partition(|backup| backup.complete == Some(true));
        let oldest_of = |all: &mut dyn Iterator<Item = &&KnownBackup>| {
            let mut starts: Vec<Lsn> = all.map(|backup| backup.start).collect();
            starts.sort_unstable_by_key(|&start| std::cmp::Reverse(start));
            starts.truncate(count.max(1));
            starts.last().copied()
        };
        let oldest = oldest_of(&mut well.iter()).ok_or(NotPruned::NoneRestores)?;
        // A timeline that was left may have come farther than the one that is followed.
        let on_way = oldest_of(&mut well.iter().filter(|backup| backup.beside.is_none()));
        let oldest = on_way.map_or(oldest, |on_way| on_way.min(oldest));
        // One of them is to restore by itself, not only with those on which it builds.
        let whole = well.iter().filter(|backup| backup.incremental_from.is_none()).map(|backup| backup.start).max();
        let oldest = whole.map_or(oldest, |whole| whole.min(oldest));
        Ok(open.iter().map(|backup| backup.start).fold(oldest, Lsn::min))
    }

    /// It can be restored, as far as is known: whether all is there of the others was not looked at, or is yet to come.
    fn may_restore(&self, backup: &KnownBackup) -> bool {
        let end = self.outcome.timelines.iter().map(|timeline| timeline.to).max().unwrap_or_default();
        backup.complete != Some(false) || backup.stop > end
    }
}
