//! How many old row versions of mass changes are still in their files, as far as WAL tells. Only the end of a
//! transaction says that its changes are such ones: the archive is read once more, from the first of them on.

use crate::dead_rows::{DeadRowsOfAll, HeapAct, HeapStep};
use crate::event::{EventEnd, RowsOnDisk, WalEvent, WalEventKind};
use crate::heap_log::HeapLog;
use foldhash::fast::RandomState;
use pgwal_format::image::{line_pointers, restore};
use pgwal_format::record::{Block, BlockRef, Record, RecordHeader, RelFileLocator};
use pgwal_format::rmgr::database::{self, DatabaseChange};
use pgwal_format::rmgr::row_changes::{self, OldVersion, RowChange};
use pgwal_format::rmgr::sink::Value;
use pgwal_format::rmgr::{DATABASE, HEAP, HEAP2, STORAGE, TRANSACTION, fields, storage, xact};
use pgwal_format::{Generation, Lsn, TimelineId};
use pgwal_source::{Images, Source};
use pgwal_verify::records::{ListError, ListPart, ListRequest, NoEvent, Render, Rendered, gather};
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// Events of which it is told.
const MOST_EVENTS: usize = 10_000;

/// Reads on to the end of WAL, and adds to each mass change that was committed what is left of it.
///
/// # Errors
/// Those of [`gather`].
pub fn add_rows_on_disk(
    source: &dyn Source,
    wanted: &ListRequest<'_>,
    events: &mut [WalEvent],
) -> Result<(), ListError> {
    let sought = SoughtRows::of(events);
    let Some(start) = sought.start else { return Ok(()) };
    let mut options = wanted.options.beside();
    (options.start, options.end) = (Some(start), None);
    let make = || RowsLooker { sought: &sought, left: Mutex::new(RowsLeft::of(&sought)) };
    let (looker, gathered) = gather(source, &ListRequest { options, limit: None }, &make, &mut |_| Ok(()))?;
    let mut left = looker.left.into_inner().unwrap_or_else(PoisonError::into_inner);
    if !gathered.complete {
        left.rows.hole();
    }
    for (own, rows) in sought.events.iter().zip(&left.rows.events) {
        let Some(event) = events.get_mut(own.at) else { continue };
        // Rows of subtransactions that are not listed were not followed.
        let is_known = !rows.is_unknown && Some(rows.all) == event.rows;
        event.on_disk = Some(RowsOnDisk { rows: is_known.then_some(rows.left), first_gone: rows.first_gone });
    }
    Ok(())
}

/// A mass change that is followed.
struct SoughtEvent {
    /// Its place in the list of events.
    at: usize,
    from: Lsn,
    to: Lsn,
}

/// What is followed.
#[derive(Default)]
struct SoughtRows {
    start: Option<Lsn>,
    files: HashMap<RelFileLocator, usize, RandomState>,
    /// Their numbers modulo 64, a bit each: most relations are not among them.
    maybe: u64,
    events: Vec<SoughtEvent>,
    changes: HashMap<SoughtChange, Vec<usize>, RandomState>,
}

/// File, transaction, and whether rows are updated.
type SoughtChange = (usize, u32, bool);

impl SoughtRows {
    fn of(events: &[WalEvent]) -> SoughtRows {
        let mut out = SoughtRows::default();
        let is_mass = |event: &WalEvent| matches!(event.kind, WalEventKind::Delete | WalEventKind::Update);
        let committed = events.iter().enumerate().filter(|(_, event)| is_mass(event) && !event.partial);
        for (at, event) in committed.filter(|(_, e)| e.end == Some(EventEnd::Committed)).take(MOST_EVENTS) {
            let rel = event.relations.first().and_then(|relation| relation.file);
            let (Some(rel), Some(xid), Some(to)) = (rel, event.xid, event.end_lsn) else { continue };
            let new = out.files.len();
            let file = *out.files.entry(rel).or_insert(new);
            out.maybe |= 1 << (rel.rel % 64);
            let own = out.events.len();
            out.events.push(SoughtEvent { at, from: event.lsn, to });
            for xid in event.subxacts.iter().copied().chain([xid]) {
                out.changes.entry((file, xid, event.kind == WalEventKind::Update)).or_default().push(own);
            }
            out.start = Some(out.start.map_or(event.lsn, |start| start.min(event.lsn)));
        }
        out
    }

    /// The event to which a change belongs: a number comes again after 4 billion others.
    fn event(&self, change: SoughtChange, lsn: Lsn) -> Option<usize> {
        let all = self.changes.get(&change)?;
        all.iter().copied().find(|own| self.is_in(*own, lsn))
    }

    fn is_in(&self, event: usize, lsn: Lsn) -> bool {
        self.events.get(event).is_some_and(|own| own.from <= lsn && lsn <= own.to)
    }
}

/// Takes from records what they do to rows that are followed.
struct RowsLooker<'s> {
    sought: &'s SoughtRows,
    left: Mutex<RowsLeft>,
}

struct RowsLeft {
    rows: DeadRowsOfAll,
    last: Lsn,
}

impl RowsLeft {
    fn of(sought: &SoughtRows) -> RowsLeft {
        RowsLeft { rows: DeadRowsOfAll::new(sought.events.len(), sought.files.len()), last: Lsn::ZERO }
    }
}

/// Room for a part.
#[derive(Default)]
struct StepsOfPart {
    blocks: Vec<Block>,
    page: Vec<u8>,
    offsets: Vec<u16>,
    /// The record before the first, as that names it, and the last.
    ends: Option<(Lsn, Lsn)>,
    /// The last file that was asked for.
    asked: Option<(RelFileLocator, Option<usize>)>,
    /// The last change that was found, and its event: most rows are changed one after the other.
    latest: Option<(SoughtChange, usize)>,
    steps: HeapLog,
}

impl Render for RowsLooker<'_> {
    type Scratch = StepsOfPart;
    type Event = NoEvent;

    #[inline(always)]
    fn record(
        &self,
        record: &Record<'_>,
        _: TimelineId,
        room: &mut StepsOfPart,
        _: &mut ListPart<NoEvent>,
    ) -> Option<Rendered> {
        let (lsn, prev) = (record.lsn, record.header.prev);
        match &mut room.ends {
            Some((_, last)) => {
                if *last != prev {
                    room.steps.hole(lsn);
                }
                *last = lsn;
            }
            ends => *ends = Some((prev, lsn)),
        }
        if record.layout.dialect.generation == Generation::Modern {
            match record.plain_block().filter(|_| !is_of_files(&record.header)) {
                // Most are of relations that are not followed.
                Some((block, _)) if !self.is_likely(&block.rel) => {}
                Some((block, data)) if record.header.rmid == HEAP => self.row(record, &block, data, room),
                _ => self.steps(record, room),
            }
        }
        Some(0.into())
    }

    fn needs_rest(&self, record: &Record<'_>) -> bool {
        let mut is_likely = is_of_files(&record.header);
        let shape = record.shape(&mut |block| is_likely |= self.is_likely(&block.rel));
        is_likely || shape.is_err()
    }

    fn done(&self, room: &mut StepsOfPart) {
        let Some((prev, last)) = room.ends.take() else { return };
        let mut left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        let RowsLeft { rows, last: before } = &mut *left;
        if *before != Lsn::ZERO && *before != prev {
            rows.hole();
        }
        room.steps.take_into(rows);
        *before = last;
    }
}

/// Whether a record is of those that may do something to whole files.
const fn is_of_files(header: &RecordHeader) -> bool {
    matches!(header.rmid, TRANSACTION | STORAGE | DATABASE)
}

impl RowsLooker<'_> {
    /// What a record of "Heap" does that has one block, and no image of that.
    #[inline(never)]
    fn row(&self, record: &Record<'_>, block: &BlockRef, data: &[u8], room: &mut StepsOfPart) {
        let file = match room.asked {
            Some((rel, file)) if rel == block.rel => file,
            _ => room.asked.insert((block.rel, self.file(&block.rel))).1,
        };
        let Some(file) = file.filter(|_| block.fork == 0) else { return };
        if let Some(old) = row_changes::old_version_on(record, block, data) {
            self.dead(record, (file, old), &mut room.latest, &mut room.steps);
        }
        if row_changes::makes_page(&record.header) {
            room.steps.push(record.lsn, HeapStep { file, act: HeapAct::Shown(block.block, &[]) });
        }
    }

    /// A version of a row ends.
    fn dead(
        &self,
        record: &Record<'_>,
        (file, old): (usize, OldVersion),
        latest: &mut Option<(SoughtChange, usize)>,
        steps: &mut HeapLog,
    ) {
        let change = (file, record.header.xid, old.change != RowChange::Deleted);
        let is_same = |own: &(SoughtChange, usize)| own.0 == change && self.sought.is_in(own.1, record.lsn);
        if !latest.as_ref().is_some_and(is_same) {
            *latest = self.sought.event(change, record.lsn).map(|event| (change, event));
        }
        if let Some((_, event)) = *latest {
            steps.push(record.lsn, HeapStep { file, act: HeapAct::Dead(event, old.block, &[old.offset]) });
        }
    }

    /// What any other record does.
    #[inline(never)]
    fn steps(&self, record: &Record<'_>, room: &mut StepsOfPart) {
        let StepsOfPart { blocks, page, offsets, latest, steps, .. } = room;
        let push = |steps: &mut HeapLog, file: usize, act: HeapAct<'_>| steps.push(record.lsn, HeapStep { file, act });
        let shape = match record.header.rmid {
            TRANSACTION => {
                if record.header.info & xact::HAS_INFO == 0 {
                    return;
                }
                let Some(ended) = xact::ended(record).filter(|own| own.outcome == xact::XactOutcome::Commit) else {
                    return;
                };
                for file in xact::dropped_relations(record).iter().filter_map(|rel| self.file(rel)) {
                    let mut leaves = |xid| push(steps, file, HeapAct::Left(xid));
                    leaves(ended.xid);
                    fields::each(record, &mut |field| {
                        if let (Some("subxacts"), Value::Unsigned(xid)) = (field.inside, field.value) {
                            leaves(xid as u32);
                        }
                    });
                    push(steps, file, HeapAct::Cut(0));
                }
                return;
            }
            STORAGE => {
                let cut = storage::truncated(record)
                    .filter(|own| own.cuts_main())
                    .and_then(|own| Some((self.file(&own.rel)?, own.blocks)));
                cut.into_iter().for_each(|(file, blocks)| push(steps, file, HeapAct::Cut(blocks)));
                if let Some(made) = storage::created(record).filter(|made| made.fork == 0) {
                    let is_elsewhere = |rel: &RelFileLocator| rel.db == made.rel.db && rel.spc != made.rel.spc;
                    let all = self.sought.files.iter().filter(|(rel, _)| is_elsewhere(rel));
                    all.for_each(|(_, file)| push(steps, *file, HeapAct::Copied(record.header.xid)));
                }
                return;
            }
            DATABASE => {
                let mut of = |database: u32, tablespaces: &[u32], acts: &[HeapAct<'_>]| {
                    let is_in = |rel: &RelFileLocator| rel.db == database && tablespaces.contains(&rel.spc);
                    let all = self.sought.files.iter().filter(|(rel, _)| is_in(rel));
                    all.for_each(|(_, file)| acts.iter().for_each(|act| push(steps, *file, *act)));
                };
                match database::change(record) {
                    // ALTER DATABASE … SET TABLESPACE.
                    Some(DatabaseChange::Copied { from, to }) if from.database == to.database => {
                        of(from.database, &[from.tablespace], &[HeapAct::Copied(0)]);
                    }
                    Some(DatabaseChange::Dropped { database, tablespaces }) => {
                        of(database, &tablespaces, &[HeapAct::Left(0), HeapAct::Cut(0)]);
                    }
                    _ => {}
                }
                return;
            }
            _ => record.blocks_or_none(blocks),
        };
        let own = |block: &&Block| block.reference.fork == 0;
        let Some(file) = blocks.iter().filter(own).find_map(|block| self.file(&block.reference.rel)) else { return };
        if matches!(record.header.rmid, HEAP | HEAP2) {
            let data = record.main_data_of(&shape);
            if let Some(old) = row_changes::old_version(record, blocks, data) {
                self.dead(record, (file, old), latest, steps);
            }
            if let (true, Some(first)) = (row_changes::makes_page(&record.header), blocks.first()) {
                push(steps, file, HeapAct::Shown(first.reference.block, &[]));
            }
            offsets.clear();
            row_changes::pruned(record, blocks, data, offsets);
            if let (false, Some(first)) = (offsets.is_empty(), blocks.first()) {
                offsets.sort_unstable();
                push(steps, file, HeapAct::Gone(first.reference.block, offsets));
            }
        }
        for block in blocks.iter().filter(own) {
            let reference = &block.reference;
            let (Some(image), Some(file)) = (reference.image.filter(|own| own.apply), self.file(&reference.rel)) else {
                continue;
            };
            offsets.clear();
            let act = match restore(record.layout, &image, block.image(record), &Images, page) {
                Ok(()) => {
                    let pointers = line_pointers(record.layout.endian, page);
                    offsets.extend(pointers.map(|pointer| pointer.offset));
                    HeapAct::Shown(reference.block, offsets)
                }
                Err(_) => HeapAct::Unread,
            };
            push(steps, file, act);
        }
    }

    #[inline]
    fn is_likely(&self, rel: &RelFileLocator) -> bool {
        self.sought.maybe >> (rel.rel % 64) & 1 == 1
    }

    #[inline]
    fn file(&self, rel: &RelFileLocator) -> Option<usize> {
        if self.is_likely(rel) { self.sought.files.get(rel).copied() } else { None }
    }
}
