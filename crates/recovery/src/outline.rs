//! Which files a backup needs, as far as its own files tell: for an archive that is not here yet.

use crate::backup::Backup;
use crate::start::Start;
use crate::target::Target;
use pgwal_format::{AddressScheme, FileName, Lsn, SegmentName, SegmentNo, SegmentSize, TimelineId};

/// More than anybody fetches by a list.
const MOST: u64 = 1_000_000;

/// The files.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FetchOutline {
    /// Names in the order in which a server asks for them.
    pub files: Vec<OutlinedFile>,
    /// Bytes of a segment, unpacked.
    pub segment: SegmentSize,
    /// The timeline of the backup.
    pub timeline: TimelineId,
    /// Where replay starts.
    pub from: Lsn,
    /// Up to where, and what that is.
    pub to: OutlineEnd,
}

/// A file that will be asked for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OutlinedFile {
    /// Its name.
    pub name: String,
    /// The backup holds a copy, in its own `pg_wal`.
    pub inside: bool,
}

/// Up to where files are named.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum OutlineEnd {
    /// The end of the backup, where data are consistent.
    Backup(Lsn),
    /// The position that is the target.
    Target(Lsn),
    /// The backup does not say where it ends: what follows its first segment is not known.
    Unknown,
}

/// Names the files of a backup and of a target; `None` where the backup does not say where it starts.
pub fn outline(backup: &Backup, target: &Target) -> Option<FetchOutline> {
    let start = Start::of(backup)?;
    let (scheme, segment) = geometry(backup);
    let control = backup.control.as_ref();
    let stop = backup.stop().or_else(|| control.and_then(|c| c.min_recovery_point.max(c.backup_end)));
    let to = match (target, stop) {
        (Target::Lsn(lsn), stop) if stop.is_none_or(|stop| stop < *lsn) => OutlineEnd::Target(*lsn),
        (_, Some(stop)) => OutlineEnd::Backup(stop),
        (_, None) => OutlineEnd::Unknown,
    };
    let first = scheme.segment(start.redo, segment);
    let last = match to {
        OutlineEnd::Target(lsn) => scheme.segment(lsn, segment),
        // A position at the beginning of a segment needs nothing of it.
        OutlineEnd::Backup(lsn) => scheme.prev_segment(lsn, segment),
        OutlineEnd::Unknown => first,
    };
    let inside = names_inside(backup);
    let mut files = Vec::new();
    let timeline = start.own_timeline();
    if timeline > TimelineId::FIRST {
        let name = FileName::History(timeline).to_string();
        let inside = backup.histories.iter().any(|(own, _)| *own == timeline);
        files.push(OutlinedFile { name, inside });
    }
    let count = last.0.saturating_sub(first.0).min(MOST);
    files.extend((first.0..=first.0.saturating_add(count)).map(|number| {
        let name = SegmentName::new(start.timeline, SegmentNo(number), scheme, segment).to_string();
        OutlinedFile { inside: inside.contains(&name), name }
    }));
    Some(FetchOutline { files, segment, timeline, from: start.redo, to })
}

/// How positions map to segments: the control file says it, or the name of the first segment fits its position with
/// one size only.
fn geometry(backup: &Backup) -> (AddressScheme, SegmentSize) {
    if let Some(control) = &backup.control {
        return (control.dialect.address, control.segment);
    }
    let scheme = backup.version.and_then(|v| v.dialect()).map_or(AddressScheme::Linear, |d| d.address);
    let named = backup
        .label
        .as_ref()
        .map(|l| (l.start, l.start_file))
        .or_else(|| backup.history.as_ref().map(|h| (h.start, h.start_file)));
    let fits = |size: SegmentSize| {
        named.is_none_or(|(start, file)| file.number(scheme, size) == Some(scheme.segment(start, size)))
    };
    let sizes = (20..=30).filter_map(|bits| SegmentSize::new(1 << bits));
    let size = std::iter::once(SegmentSize::DEFAULT).chain(sizes).find(|size| fits(*size));
    (scheme, size.unwrap_or(SegmentSize::DEFAULT))
}

fn names_inside(backup: &Backup) -> Vec<String> {
    let listed = backup.wal.as_ref().and_then(|wal| wal.source.list().ok());
    let names = listed.into_iter().flat_map(|listing| listing.entries).filter_map(|entry| entry.name);
    names.filter(|name| matches!(name, FileName::Segment(_))).map(|name| name.to_string()).collect()
}
