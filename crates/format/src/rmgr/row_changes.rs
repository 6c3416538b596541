//! What heap records do to rows, in every version. Every record is asked, so that bytes are read at once.
//!
//! ```text
//! 9.5 and later     the relation of the first block; DELETE: flags at 7; MULTI_INSERT: rows at 2
//! 9.4 and earlier   the relation at 0 of the data; MULTI_INSERT: rows at 18
//! ```

use crate::Generation;
use crate::record::{Block, BlockRef, Record, RecordHeader, RelFileLocator};
use crate::rmgr::fields::{self, number};
use crate::rmgr::heap::{DELETE, HOT_UPDATE, INSERT, TRUNCATE, UPDATE};
use crate::rmgr::vocabulary::Vocabulary;
use crate::rmgr::{HEAP, HEAP2};

/// MULTI_INSERT of "Heap2" (9.2 and later).
const MULTI_INSERT: u8 = 0x50;
/// Heap operations without the flag that a page is made anew (`XLOG_HEAP_OPMASK`).
const OPERATION: u8 = 0x70;
/// The page is made anew (`XLOG_HEAP_INIT_PAGE`).
const INIT_PAGE: u8 = 0x80;
/// A row that `INSERT … ON CONFLICT` takes back (`XLH_DELETE_IS_SUPER`, 9.5 and later).
const IS_SUPER: u8 = 0x08;
/// The row went to another partition (`XLH_DELETE_IS_PARTITION_MOVE`, 11 and later).
const IS_PARTITION_MOVE: u8 = 0x10;

/// What becomes of rows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RowChange {
    /// They are new.
    Inserted,
    /// They have new versions.
    Updated,
    /// They are deleted.
    Deleted,
    /// They are deleted here and inserted into another partition: an update.
    Moved,
}

/// What becomes of rows by operations of "Heap", in the order of their numbers: a table, since which one comes next
/// cannot be guessed.
const BY_HEAP: [Option<RowChange>; 8] = {
    let mut all = [None; 8];
    all[(INSERT >> 4) as usize] = Some(RowChange::Inserted);
    all[(DELETE >> 4) as usize] = Some(RowChange::Deleted);
    all[(UPDATE >> 4) as usize] = Some(RowChange::Updated);
    all[(HOT_UPDATE >> 4) as usize] = Some(RowChange::Updated);
    all
};

/// What a record does to rows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RowsChanged {
    /// The relation.
    pub rel: RelFileLocator,
    /// What becomes of them.
    pub change: RowChange,
    /// How many.
    pub rows: u32,
}

/// Reads what a record does to rows; `blocks`: those of the record. `None` for other records and for cut data.
pub fn changed(record: &Record<'_>, blocks: &[Block]) -> Option<RowsChanged> {
    changed_in(record, blocks.first().map(|block| block.reference.rel), record.main_data())
}

/// The same for whoever has them at hand; `first`: the relation of its first block, `data`: its main data.
#[inline(always)]
pub fn changed_in(record: &Record<'_>, first: Option<RelFileLocator>, data: &[u8]) -> Option<RowsChanged> {
    let (header, layout) = (&record.header, record.layout);
    let modern = layout.dialect.generation == Generation::Modern;
    let operation = header.operation() & OPERATION;
    let (change, many) = match header.rmid {
        HEAP => ((*BY_HEAP.get(usize::from(operation >> 4))?)?, false),
        HEAP2 if operation == MULTI_INSERT => (RowChange::Inserted, true),
        _ => return None,
    };
    let at = |at: usize| Some(layout.endian.u32(*data.get(at..)?.first_chunk()?));
    let rel = if modern { first? } else { RelFileLocator { spc: at(0)?, db: at(4)?, rel: at(8)? } };
    let rows =
        if many { u32::from(layout.endian.u16(*data.get(if modern { 2 } else { 18 }..)?.first_chunk()?)) } else { 1 };
    let change = match change {
        RowChange::Deleted if modern => match *data.get(7)? {
            flags if flags & IS_SUPER != 0 => return None,
            flags if flags & IS_PARTITION_MOVE != 0 => RowChange::Moved,
            _ => RowChange::Deleted,
        },
        change => change,
    };
    Some(RowsChanged { rel, change, rows })
}

/// Whether main data of a record of 9.5 or later is asked what it does to rows, and not its operation alone.
pub const fn reads_data(header: &RecordHeader) -> bool {
    let operation = header.operation() & OPERATION;
    header.rmid == HEAP && operation == DELETE || header.rmid == HEAP2 && operation == MULTI_INSERT
}

/// The version of a row that a record ends, at its place.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct OldVersion {
    /// What becomes of the row.
    pub change: RowChange,
    /// Its block.
    pub block: u32,
    /// Its line pointer, from 1 on.
    pub offset: u16,
}

/// Reads which version of a row a record of 9.5 or later ends; `blocks` and `data`: blocks and main data of the record.
/// `None` for others.
pub fn old_version(record: &Record<'_>, blocks: &[Block], data: &[u8]) -> Option<OldVersion> {
    let first = &blocks.first()?.reference;
    let old = old_version_on(record, first, data)?;
    // The old version's page has a block of its own where it is another one.
    let own = blocks.iter().find(|block| block.reference.id == 1 && old.change == RowChange::Updated);
    Some(OldVersion { block: own.map_or(first.block, |block| block.reference.block), ..old })
}

/// The same of a record that has no other block than its first.
#[inline]
pub fn old_version_on(record: &Record<'_>, first: &BlockRef, data: &[u8]) -> Option<OldVersion> {
    let RowsChanged { change, .. } = changed_in(record, Some(first.rel), data)?;
    if change == RowChange::Inserted || record.layout.dialect.generation != Generation::Modern {
        return None;
    }
    let block = first.block;
    let offset = record.layout.endian.u16(*data.get(4..)?.first_chunk()?);
    Some(OldVersion { change, block, offset })
}

/// Whether a record of rows of 9.5 and later changes a page, in the main fork of the relation, that names the end of
/// the record as its position from then on.
pub const fn changes_pages(header: &RecordHeader) -> bool {
    let operation = header.operation() & OPERATION;
    header.rmid == HEAP && matches!(operation, INSERT | DELETE | UPDATE | HOT_UPDATE)
        || header.rmid == HEAP2 && operation == MULTI_INSERT
}

/// Whether a record of rows makes its first page anew (`XLOG_HEAP_INIT_PAGE`).
pub const fn makes_page(header: &RecordHeader) -> bool {
    let writes = matches!(header.operation() & OPERATION, INSERT | UPDATE | HOT_UPDATE);
    let many = header.rmid == HEAP2 && header.operation() & OPERATION == MULTI_INSERT;
    header.operation() & INIT_PAGE != 0 && (header.rmid == HEAP && writes || many)
}

/// Appends the line pointers that lose their tuples by a record of 9.5 or later, by pruning or by vacuum; `blocks` and
/// `data`: blocks and main data of the record. None where a page image stands in the place of the list.
pub fn pruned(record: &Record<'_>, blocks: &[Block], data: &[u8], out: &mut Vec<u16>) {
    let (header, dialect) = (&record.header, record.layout.dialect);
    if header.rmid != HEAP2 || dialect.generation != Generation::Modern {
        return;
    }
    match Vocabulary::of(dialect).op(header.rmid, header.info).map(|op| op.name) {
        // By far the most.
        Some("CLEAN" | "PRUNE") => {
            pruned_by_counts(record, blocks, data, out);
        }
        _ => fields::each_with(record, blocks, &mut |field| {
            let is_gone =
                matches!((field.inside, field.name), (Some("dead" | "unused"), _) | (Some("redirected"), "from"));
            out.extend(number(field.value).filter(|_| is_gone).and_then(|offset| u16::try_from(offset).ok()));
        }),
    }
}

/// Up to 16: redirected × (from u16, to u16), dead × u16, both counted in main data; unused × u16 to the end.
fn pruned_by_counts(record: &Record<'_>, blocks: &[Block], data: &[u8], out: &mut Vec<u16>) -> Option<()> {
    let u16 = |bytes: &[u8]| Some(record.layout.endian.u16(*bytes.first_chunk()?));
    let (redirected, dead) = (usize::from(u16(data.get(4..)?)?), usize::from(u16(data.get(6..)?)?));
    let lists = blocks.iter().find(|block| block.reference.id == 0)?.data(record);
    let (redirected, gone) = lists.split_at_checked(redirected * 4)?;
    if gone.len() < dead * 2 {
        return None;
    }
    let redirected = redirected.chunks_exact(4);
    out.extend(redirected.chain(gone.chunks_exact(2)).filter_map(u16));
    Some(())
}

/// A TRUNCATE as logical decoding needs it (`xl_heap_truncate`; 11 and later, with `wal_level` logical).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TruncateCommand {
    /// The database.
    pub database: u32,
    /// The tables, by OID and not by file number.
    pub tables: Vec<u32>,
}

/// Whether a record has the number of a TRUNCATE, which up to 8.4 is another operation's.
pub const fn is_truncate_command(header: &RecordHeader) -> bool {
    header.rmid == HEAP && header.operation() & OPERATION == TRUNCATE
}

/// Reads a TRUNCATE. `None` for other records and for cut data.
pub fn truncate_command(record: &Record<'_>) -> Option<TruncateCommand> {
    if !is_truncate_command(&record.header) || record.layout.dialect.generation != Generation::Modern {
        return None;
    }
    let (mut database, mut tables) = (None, Vec::new());
    fields::each(record, &mut |field| match (field.inside, field.name) {
        (Some("relids"), _) => tables.extend(number(field.value)),
        (_, "db_id") => database = number(field.value),
        _ => {}
    });
    Some(TruncateCommand { database: database?, tables })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rmgr::table::{V9_4, V9_5, V15};
    use crate::rmgr::told::layout;
    use crate::{Align, Endian, Lsn, Version};

    fn told(version: Version, rmid: u8, info: u8, main: &[u8]) -> Option<(RowChange, u32, u32)> {
        let layout = layout(version, Align::Eight, Endian::Little);
        let modern = layout.dialect.generation == Generation::Modern;
        let block = [0, 0, 0, 0, 0x7F, 6, 0, 0, 5, 0, 0, 0, 9, 0, 0, 0, 3, 0, 0, 0, 255, main.len() as u8];
        let body = if modern { [&block[..], main].concat() } else { main.to_vec() };
        let (tot_len, len) = ((layout.record_header() + body.len()) as u32, main.len() as u32);
        let header = RecordHeader { tot_len, xid: 7, prev: Lsn::ZERO, info, rmid, crc: 0, len };
        let record = Record { lsn: Lsn::ZERO, end: Lsn::ZERO, header, body: &body, layout: &layout };
        let mut blocks = Vec::new();
        record.blocks(&mut blocks).unwrap();
        changed(&record, &blocks).map(|c| (c.change, c.rel.rel, c.rows))
    }

    #[test]
    fn rows_that_are_taken_back_or_go_to_another_partition_are_not_deleted() {
        let delete = |flags: u8| told(V15, HEAP, DELETE, &[7, 0, 0, 0, 1, 0, 0, flags]);
        assert_eq!(delete(0), Some((RowChange::Deleted, 9, 1)));
        assert_eq!(delete(IS_PARTITION_MOVE), Some((RowChange::Moved, 9, 1)));
        assert_eq!(delete(IS_SUPER), None);
        assert_eq!(told(V15, HEAP, 0xC0, &[0; 14]), Some((RowChange::Updated, 9, 1)));
        assert_eq!(told(V15, HEAP2, 0xD0, &[0, 0, 40, 0]), Some((RowChange::Inserted, 9, 40)));
        assert_eq!(told(V15, HEAP, 0x60, &[0; 8]), None);
    }

    fn with_block(version: Version, info: u8, main: &[u8], data: &[u8]) -> (Record<'static>, Vec<Block>) {
        let layout: &'static crate::Layout = Box::leak(Box::new(layout(version, Align::Eight, Endian::Little)));
        let has_data = if data.is_empty() { 0 } else { 0x20 };
        let block = [0, has_data, data.len() as u8, 0, 0x7F, 6, 0, 0, 5, 0, 0, 0, 9, 0, 0, 0, 3, 0, 0, 0];
        let body = [&block[..], &[255, main.len() as u8], data, main].concat();
        let tot_len = (layout.record_header() + body.len()) as u32;
        let header = RecordHeader { tot_len, xid: 7, prev: Lsn::ZERO, info, rmid: HEAP2, crc: 0, len: 0 };
        let record =
            Record { lsn: Lsn::ZERO, end: Lsn::ZERO, header, body: Box::leak(body.into_boxed_slice()), layout };
        let mut blocks = Vec::new();
        record.blocks(&mut blocks).unwrap();
        (record, blocks)
    }

    #[test]
    fn line_pointers_that_lose_their_tuples() {
        use crate::rmgr::table::{V13, V17};
        let gone = |version, info, main: &[u8], data: &[u8]| {
            let (record, blocks) = with_block(version, info, main, data);
            let mut out = Vec::new();
            pruned(&record, &blocks, record.main_data(), &mut out);
            out
        };
        let lists = [1, 0, 2, 0, 3, 0, 4, 0, 6, 0];
        for version in [V9_5, V13, V15] {
            assert_eq!(gone(version, 0x10, &[5, 0, 0, 0, 1, 0, 2, 0], &lists), [1, 3, 4, 6], "{version}");
        }
        assert_eq!(gone(V15, 0x20, &[2, 0], &[7, 0, 9, 0]), [7, 9]);
        let lists = [1, 0, 1, 0, 2, 0, 1, 0, 3, 0, 2, 0, 4, 0, 5, 0];
        assert_eq!(gone(V17, 0x20, &[1, 0xE0], &lists), [1, 3, 4, 5]);
        // Tuples that are frozen stay.
        assert_eq!(gone(V9_5, 0x20, &[5, 0, 0, 0, 1, 0], &[7, 0, 0, 0, 3, 0, 2, 0, 1, 9, 4, 0]), [0u16; 0]);
        assert_eq!(gone(V15, 0x10, &[5, 0, 0, 0, 1, 0, 2, 0], &[]), [0u16; 0]);
    }

    #[test]
    fn up_to_9_4_the_data_name_the_relation() {
        let mut main = [0; 26];
        main[8] = 9;
        main[18] = 3;
        assert_eq!(told(V9_4, HEAP, DELETE, &main), Some((RowChange::Deleted, 9, 1)));
        assert_eq!(told(V9_4, HEAP2, MULTI_INSERT, &main), Some((RowChange::Inserted, 9, 3)));
        assert_eq!(told(V9_4, HEAP, DELETE, &main[..11]), None);
    }
}
