//! The record that goes over from the segment before, which no segment holds alone.

use super::asker::AskingServer;
use super::copy::{self, CopyFault, SegmentWanted};
use super::place::GetPlace;
use pgwal_archive::alone::{SegmentAlone, SegmentEnd};
use pgwal_format::{FileName, Layout, Lsn, SegmentName, SegmentNo, TimelineId};
use pgwal_source::{NameSought, Source};
use pgwal_verify::segment::{Checked, WalExtent};
use std::path::Path;

/// Checks a segment that is right in itself together with the one before: the one that the server has, and where the
/// two do not fit, the one of the archive.
pub(super) fn check(
    places: &mut [GetPlace],
    server: &AskingServer,
    name: SegmentName,
    bytes: &[u8],
    checked: &Checked,
    wanted: &SegmentWanted,
) -> Result<(), CopyFault> {
    let layout = &checked.layout;
    let Some(wal) = server.wal() else { return Ok(()) };
    let Some(before) = number_before(name, layout) else { return Ok(()) };
    let fits = |end: SegmentEnd| {
        let wanted = SegmentWanted { before: Some(end), ..wanted.clone() };
        copy::check(bytes, name, &wanted, WalExtent::Whole).map(drop)
    };
    let Some(Err(fault)) = end_in_folder(&wal, name.timeline, before, layout).map(&fits) else { return Ok(()) };
    // What lies in the server's folder may be of the backup, and be cut short.
    match end_in_archive(places, name.timeline, before, layout).map(fits) {
        Some(Ok(())) => Ok(()),
        Some(Err(fault)) => Err(fault),
        None => Err(fault),
    }
}

/// Bytes of the next segment that are read for the rest of a record.
const HEAD: u64 = 256 << 10;

/// The record that goes over into the next segment, where it is wrong together with every copy of that one which is
/// there. Which of the two is damaged, only another copy of this one can tell.
pub(super) fn parts_ahead(places: &mut [GetPlace], name: SegmentName, checked: &Checked) -> Option<Lsn> {
    let begun = checked.end.begun()?;
    let layout = &checked.layout;
    let next = name.number(layout.address(), layout.segment)?.next();
    let next = SegmentName::new(name.timeline, next, layout.address(), layout.segment);
    let mut parts = None;
    for place in places {
        let Ok(found) = place.find(NameSought::One(FileName::Segment(next))) else { continue };
        let Ok(source) = place.source() else { continue };
        for entry in &found.entries {
            let Some(head) = copy::head(source, entry, HEAD) else { continue };
            let Ok(alone) = SegmentAlone::scan(&head, Some(next.timeline), Some(&checked.end)) else { continue };
            match alone.joint.broken() {
                Some(_) => parts = Some(begun),
                None => return None,
            }
        }
    }
    parts
}

fn number_before(name: SegmentName, layout: &Layout) -> Option<SegmentNo> {
    name.number(layout.address(), layout.segment)?.0.checked_sub(1).map(SegmentNo)
}

/// The end of the newest file of a number in the server's folder.
fn end_in_folder(wal: &Path, newest: TimelineId, number: SegmentNo, layout: &Layout) -> Option<SegmentEnd> {
    let of = |timeline: TimelineId| SegmentName::new(timeline, number, layout.address(), layout.segment);
    let named = of(newest);
    let timeline = match wal.join(named.to_string()).is_file() {
        true => newest,
        false => {
            let names = std::fs::read_dir(wal).ok()?.flatten();
            let names = names.filter_map(|entry| SegmentName::parse(entry.file_name().to_str()?));
            let same = names.filter(|name| (name.log, name.seg) == (named.log, named.seg) && name.timeline < newest);
            same.map(|name| name.timeline).max()?
        }
    };
    let source = pgwal_source::open(&[wal.join(of(timeline).to_string())]).ok()?;
    let entry = source.list().ok()?.entries.into_iter().next()?;
    end_of(source.as_ref(), &entry, of(timeline))
}

/// The same in the archive.
fn end_in_archive(
    places: &mut [GetPlace],
    newest: TimelineId,
    number: SegmentNo,
    layout: &Layout,
) -> Option<SegmentEnd> {
    let name = SegmentName::new(newest, number, layout.address(), layout.segment);
    places.iter_mut().find_map(|place| {
        let found = place.find(NameSought::One(FileName::Segment(name))).ok()?;
        let source = place.source().ok()?;
        found.entries.iter().find_map(|entry| end_of(source, entry, name))
    })
}

/// Where a segment ends, if it is good and goes to its end.
fn end_of(source: &dyn Source, entry: &pgwal_source::Entry, name: SegmentName) -> Option<SegmentEnd> {
    let good = copy::segment(source, entry, name, &SegmentWanted::default()).ok()??;
    let end = good.checked?.end;
    end.stops().is_none().then_some(end)
}
