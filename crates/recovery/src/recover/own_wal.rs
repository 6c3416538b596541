//! WAL that lies in the server's own `pg_wal`.
//!
//! ```text
//! 09 │ 0A │ ── │ 0C │ 0D    crash recovery ends with 0A without a word: it cannot tell a hole from the end of WAL
//!                 │    └ recycled: WAL of another position
//!                 └ written by this server, whose data files may hold what it says
//! ```
//! A server syncs a segment before it begins the next (`XLogWrite`), so no crash leaves such a hole; nor one inside a
//! segment, behind which a record names the bad one.

use crate::at_hand::{FilesAtHand, FoundFile};
use crate::events::Ask;
use crate::failure::Failure;
use crate::outcome::{Ending, Restore};
use crate::recover::names::NamesAsked;
use crate::settings::{Mode, Settings};
use crate::start::Start;
use crate::way::reading::{EventReader, FileRead};
use crate::way::{Looking, WalWalk, WalkEnd, WalkOptions};
use pgwal_archive::lineage::Descent;
use pgwal_archive::{Buffers, Error};
use pgwal_format::{Lsn, SegmentNo};
use pgwal_source::Entry;
use pgwal_walk::{Fault, Tail};
use std::collections::BTreeSet;
use std::sync::Mutex;

/// Segments of `pg_wal` behind the end that are looked into.
const LOOKED_INTO: usize = 256;

/// WAL in `pg_wal` behind a place where crash recovery could not read on, and to whose end replay does not come: where
/// it begins.
pub(crate) fn behind(
    shelf: &FilesAtHand<'_>,
    reading: WalkOptions<'_>,
    restore: &Restore,
    settings: &Settings,
) -> Result<Option<Lsn>, Error> {
    let ends = restore.failure.is_none();
    let alone = settings.mode == Mode::Crash && ends;
    let ended = restore.own_wal.map(|own| own.to).or(restore.replay_end.filter(|_| ends));
    let Some((ended, replayed)) = ended.zip(restore.replay_end) else { return Ok(None) };
    let Ok(line) = shelf.line(restore.target_timeline) else { return Ok(None) };
    let last = OwnFile::of(shelf, reading, &line, ended);
    // Behind a label pg_wal is what is left where the archive has nothing; what is bad there is told as such.
    if restore.own_wal.is_none() && !alone {
        return Ok(last.filter(|last| last.is_alone && last.is_cut).map(|_| ended));
    }
    if let Some(next) = last.and_then(|last| last.next(ended)).filter(|next| *next >= replayed) {
        return Ok(Some(next));
    }
    let (address, size) = (shelf.layout.address(), shelf.layout.segment);
    let own = shelf.places.iter().filter(|place| !place.archive);
    let behind = |number: &SegmentNo| address.segment_start(*number, size) >= ended;
    let numbers: BTreeSet<SegmentNo> =
        own.flat_map(|place| &place.inventory.segments).map(|s| s.number).filter(behind).collect();
    let any = Ask::default();
    for number in numbers.into_iter().take(LOOKED_INTO) {
        let mut way = WalWalk::new(shelf, &line, WalkOptions { jobs: 1, ..reading });
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

/// The file of `pg_wal` in which replay ends.
struct OwnFile {
    /// Nothing else is here for its segment.
    is_alone: bool,
    /// It is shorter than a segment, and that is where replay ends. A server makes its files as large as they will be:
    /// what a short one lacks was there.
    is_cut: bool,
    /// The record that names the bad one as the one before it: no crash leaves the one without the other.
    named: Option<Lsn>,
}

impl OwnFile {
    fn of(shelf: &FilesAtHand<'_>, reading: WalkOptions<'_>, line: &Descent, ended: Lsn) -> Option<OwnFile> {
        let number = shelf.layout.address().segment(ended, shelf.layout.segment);
        let is_own = |file: &FoundFile| shelf.places.get(file.place).is_some_and(|place| !place.archive);
        let files = line.passed.iter().rev().flat_map(|(timeline, _)| shelf.files(*timeline, number));
        let files: Vec<FoundFile> = files.collect();
        let found = *files.iter().find(|file| is_own(file))?;
        let is_short = |entry: &Entry| entry.size.is_some_and(|size| size < shelf.layout.segment.bytes());
        let is_short = shelf.entry(&found).is_some_and(|entry| entry.has_bare_name() && is_short(entry));
        let (any, permit) = (Ask::default(), Mutex::default());
        let history = line.passed.iter().map(|(timeline, _)| *timeline).collect();
        let WalkOptions { system_id, map, settle, .. } = reading;
        let reader = EventReader { shelf, ask: &any, system_id, map, settle, named: None, history, permit };
        let FileRead::Records(run) = reader.read(&found, None, &mut Buffers::default()) else { return None };
        let is_cut = matches!(&run.tail, Tail::Stopped(stop) if stop.fault == Fault::CutOff);
        // What was read behind the end was not replayed, for another reason.
        let ends = run.last.is_none_or(|last| last < ended);
        let bad = run.damages.iter().find(|damage| !damage.begun_before && damage.lsn == ended);
        Some(OwnFile {
            is_alone: files.iter().all(is_own),
            is_cut: is_short && is_cut && ends,
            named: bad.and_then(|bad| bad.until.filter(|_| bad.until_prev == Some(ended))),
        })
    }

    /// Where more was: behind the bad record, or from where the file is cut.
    fn next(&self, ended: Lsn) -> Option<Lsn> {
        if self.is_cut { Some(ended) } else { self.named }
    }
}

/// The minimum recovery point in front of which crash recovery ends. A server asks for it in a recovery from the
/// archive alone; what data files hold, up to there, does not go by how they are started.
pub(crate) fn short_of_minimum(start: &Start, restore: &Restore, settings: &Settings) -> Option<Lsn> {
    let point = start.control.as_ref()?.min_recovery_point.filter(|_| !start.label)?;
    let alone = settings.mode == Mode::Crash && restore.failure.is_none();
    (alone && restore.replay_end.is_some_and(|end| end < point)).then_some(point)
}

/// What becomes of the last record, which a server reads once more before it promotes: now it asks the archive first,
/// and that may have a newer timeline's file of the segment, or one of wrong size.
pub(crate) fn last_is_gone(
    shelf: &FilesAtHand<'_>,
    reading: WalkOptions<'_>,
    restore: &Restore,
    names: &mut NamesAsked,
    of_file: &dyn Fn(Option<WalkEnd>) -> Option<Failure>,
) -> Result<Option<Failure>, Error> {
    let asked = restore.own_wal.is_some() && matches!(restore.ending, Ending::Promotes | Ending::Pauses);
    let rules = &shelf.layout.dialect.recovery;
    // Of a target that lies in front of a record, that one was read, and not replayed.
    let last = restore.replayed.last.map(|record| record.lsn).or(restore.redo_end);
    let Some(at) = last.filter(|_| asked && rules.rereads_last_record) else { return Ok(None) };
    let Ok(line) = shelf.line(restore.target_timeline) else { return Ok(None) };
    let any = Ask { ends: vec![Lsn::ZERO], ..Ask::default() };
    let mut way = WalWalk::new(shelf, &line, reading);
    let (record, end) = way.one(at, &any)?;
    names.again(&way);
    if let Some(failure) = of_file(end) {
        return Ok(Some(failure));
    }
    let file = way.requests.iter().rev().find(|request| request.found.is_some() || request.damaged);
    Ok(match (record, file) {
        (None, Some(file)) => Some(Failure::LastRecord { at, file: file.name.clone(), timeline: restore.timeline }),
        _ => None,
    })
}
