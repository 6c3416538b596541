//! Who touched a block or a tuple: every record that did, with the end of its transaction.

use crate::event::EventEnd;
use crate::history::{History, WalHole};
use crate::look::NoteFinding;
use crate::named::lacks_name;
use crate::over::{LookAtRecords, OverXact, TakeHistory};
use crate::reading::read_history;
use crate::volume::ImageReason;
use pgwal_catalog::{Names, RelationName};
use pgwal_format::record::{Block, Record, RelFileLocator};
use pgwal_format::rmgr::fields;
use pgwal_format::rmgr::sink::Value;
use pgwal_format::rmgr::tuple_changes::{TupleChange, TuplePlace, tuple_changes};
use pgwal_format::rmgr::xact::Timestamp;
use pgwal_format::{Generation, Lsn};
use pgwal_source::Source;
use pgwal_verify::records::{Gathered, ListError, ListRequest, ListSink, NoEvent};
use std::collections::HashMap;

/// So many records are listed.
const MOST_TOUCHES: usize = 200_000;

/// What is asked.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BlameWish {
    /// The relation: every file that it has, or had.
    pub files: Vec<RelFileLocator>,
    /// Its fork.
    pub fork: u8,
    /// The block.
    pub block: u32,
    /// Only this line pointer.
    pub offset: Option<u16>,
}

/// How the transaction ended that touched it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TouchEnd {
    /// That transaction: not the part of it behind a savepoint.
    pub xid: u32,
    /// How.
    pub end: EventEnd,
    /// The record that ended it.
    pub lsn: Option<Lsn>,
    /// When.
    pub time: Option<Timestamp>,
}

/// A record that touched the block.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BlockTouch {
    /// Where it starts.
    pub lsn: Lsn,
    /// Which of the relation's files.
    pub file: RelFileLocator,
    /// The transaction in its header; 0 for none.
    pub xid: u32,
    /// The resource manager, and `xl_info`.
    pub operation: (u8, u8),
    /// The reason of the page image that it has.
    pub image: Option<ImageReason>,
    /// The page is made anew.
    pub init: bool,
    /// What it did to tuples of the block: line pointers, and what became of each.
    pub changes: Vec<(u16, TupleChange)>,
    /// How its transaction ended; `None` for a record of none.
    pub end: Option<TouchEnd>,
}

/// What was found.
#[derive(Debug)]
pub struct BlameAnswer {
    /// The relation's files, and its name where that is known.
    pub files: Vec<(RelFileLocator, Option<RelationName>)>,
    /// Records, oldest first.
    pub touches: Vec<BlockTouch>,
    /// Files of the relation that transactions took away which were committed: DROP, TRUNCATE, or writing it anew.
    pub gone: Vec<(RelFileLocator, TouchEnd)>,
    /// Further ones, for which there was no room.
    pub more: u64,
    /// Relations, rows of catalogs and transactions that were not kept, for there were too many.
    pub left_out: u64,
    /// The first record and the last one.
    pub range: Option<(Lsn, Lsn)>,
    /// Where WAL could not be read.
    pub holes: Vec<WalHole>,
    /// What was read.
    pub gathered: Gathered,
}

impl BlameAnswer {
    /// The relation has no name, or none with its schema.
    pub fn lacks_names(&self) -> bool {
        self.files.iter().any(|(rel, name)| lacks_name(*rel, name.as_ref()))
    }

    /// Takes names that are known at every position.
    pub fn name_by(&mut self, names: &Names) {
        for (file, name) in &mut self.files {
            *name = names.last_relation(*file).or(name.take());
        }
    }
}

impl BlameAnswer {
    /// Where updates that were committed put the row of a line pointer, each with its record.
    pub fn versions(&self, offset: u16) -> impl Iterator<Item = (Lsn, TuplePlace)> {
        let committed = |touch: &&BlockTouch| touch.end.is_some_and(|end| end.end == EventEnd::Committed);
        self.touches.iter().filter(committed).flat_map(move |touch| {
            touch.changes.iter().filter_map(move |(own, change)| match change {
                TupleChange::Updated { to, .. } if *own == offset => Some((touch.lsn, *to)),
                _ => None,
            })
        })
    }

    /// Leaves out what comes behind the first record that frees a line pointer, and what lies in another file: it is of
    /// another row.
    pub fn end_with_row(&mut self) {
        if let Some(file) = self.touches.first().map(|touch| touch.file) {
            self.touches.retain(|touch| touch.file == file);
        }
        let frees = |touch: &BlockTouch| touch.changes.iter().any(|(_, change)| *change == TupleChange::Unused);
        if let Some(last) = self.touches.iter().position(frees) {
            self.touches.truncate(last + 1);
        }
    }
}

/// Finds who touched a block. `names`: what is known of names before anything is read. Findings are told with `tell`,
/// and what it writes is handed to `sink`.
///
/// # Errors
/// Those of [`gather`](pgwal_verify::records::gather).
pub fn blame(
    source: &dyn Source,
    wanted: &ListRequest<'_>,
    wish: &BlameWish,
    names: &Names,
    tell: &NoteFinding<'_>,
    sink: &mut ListSink<'_, NoEvent>,
) -> Result<BlameAnswer, ListError> {
    let make = || (BlameList { files: wish.files.clone(), ..BlameList::default() }, BlameLook { wish: wish.clone() });
    let (history, gathered) = read_history(source, wanted, names, &make, tell, sink)?;
    let (left_out, range) = (history.left_out(), history.range());
    let History { list: BlameList { touches, gone, more, .. }, holes, keeper, .. } = history;
    let names = keeper.finish();
    let files = wish.files.iter().map(|file| (*file, names.last_relation(*file))).collect();
    Ok(BlameAnswer { files, touches, gone, more, left_out, range, holes, gathered })
}

/// What looks at records.
struct BlameLook {
    wish: BlameWish,
}

impl LookAtRecords for BlameLook {
    type Part = Vec<BlockTouch>;

    fn record(&self, record: &Record<'_>, blocks: &[Block], part: &mut Vec<BlockTouch>) {
        let wish = &self.wish;
        let own = blocks.iter().find(|block| {
            let reference = &block.reference;
            reference.block == wish.block && reference.fork == wish.fork && wish.files.contains(&reference.rel)
        });
        let modern = record.layout.dialect.generation == Generation::Modern;
        let told = || if modern { None } else { self.told(record) };
        let Some(file) = own.map(|block| block.reference.rel).or_else(told) else { return };
        let changes = if wish.fork == 0 { tuple_changes(record, blocks) } else { Vec::new() };
        let is_own = |offset: u16| wish.offset.is_none_or(|asked| asked == offset);
        let changes: Vec<(u16, TupleChange)> = changes
            .into_iter()
            .filter(|((block, offset), _)| *block == wish.block && is_own(*offset))
            .map(|((_, offset), change)| (offset, change))
            .collect();
        let init = own.is_some_and(|block| block.reference.will_init);
        let image = own.and_then(|block| block.reference.image).map(|image| ImageReason::of(record, &image));
        // A page that is made anew has no tuple from before; one that comes as a whole may have any.
        let is_whole = init || image == Some(ImageReason::NewPage);
        if wish.offset.is_some() && changes.is_empty() && !is_whole {
            return;
        }
        part.push(BlockTouch {
            lsn: record.lsn,
            file,
            xid: record.header.xid,
            operation: (record.header.rmid, record.header.info),
            image,
            init,
            changes,
            end: None,
        });
    }
}

impl BlameLook {
    /// The relation, where a record of 9.4 or earlier names it and the block.
    fn told(&self, record: &Record<'_>) -> Option<RelFileLocator> {
        let (mut file, mut has_block) = (None, false);
        fields::each(record, &mut |field| match (field.inside, field.name, field.value) {
            (None, _, Value::Rel(rel)) => file = file.or(self.wish.files.iter().find(|file| **file == rel).copied()),
            (None, _, Value::Tid(block, _)) => has_block |= block == self.wish.block,
            (None, "blk" | "block" | "blkno" | "blocknum", Value::Unsigned(block)) => {
                has_block |= block == u64::from(self.wish.block);
            }
            _ => {}
        });
        file.filter(|_| has_block && self.wish.fork == 0)
    }
}

/// Records so far.
#[derive(Default)]
struct BlameList {
    files: Vec<RelFileLocator>,
    touches: Vec<BlockTouch>,
    gone: Vec<(RelFileLocator, TouchEnd)>,
    /// Those whose transaction is open, by its number.
    open: HashMap<u32, Vec<usize>>,
    more: u64,
}

impl TakeHistory for BlameList {
    type Look = BlameLook;

    fn looked(&mut self, part: Vec<BlockTouch>) {
        for touch in part {
            if self.touches.len() >= MOST_TOUCHES {
                self.more += 1;
                continue;
            }
            if touch.xid != 0 {
                self.open.entry(touch.xid).or_default().push(self.touches.len());
            }
            self.touches.push(touch);
        }
    }

    fn over(&mut self, over: &OverXact<'_>, _: &Names, _: Option<Timestamp>) {
        let ending = over.ending;
        if self.open.is_empty() && ending.dropped.is_empty() {
            return;
        }
        let end = TouchEnd { xid: ending.xid, end: ending.end, lsn: ending.lsn, time: ending.time };
        if ending.end == EventEnd::Committed {
            let own = ending.dropped.iter().filter(|rel| self.files.contains(rel));
            self.gone.extend(own.take(MOST_TOUCHES - self.gone.len()).map(|rel| (*rel, end)));
        }
        for xid in std::iter::once(&ending.xid).chain(&ending.subxacts) {
            for at in self.open.remove(xid).into_iter().flatten() {
                if let Some(touch) = self.touches.get_mut(at) {
                    touch.end = Some(end);
                }
            }
        }
    }
}
