//! What heap records do to single tuples, by line pointer, in every version; read from the same rows as all else.
//!
//! ```text
//! INSERT, DELETE, LOCK …   off             on block 0 (9.4 and earlier: blk)
//! UPDATE, HOT_UPDATE       old_off         on block 1, or on block 0 where that is the only one
//!                          new_off         on block 0 (new_blk)
//! MULTI_INSERT             offsets, or 1 to ntuples on a page that is made anew
//! PRUNE*, CLEAN, VACUUM    redirected {from, to}, dead, unused; plans or tuples that are frozen
//! ```

use super::fields::{self, number};
use super::sink::Value;
use crate::Generation;
use crate::record::{Block, Record};
use crate::rmgr::heap::{DELETE, HOT_UPDATE, INPLACE, INSERT, UPDATE};
use crate::rmgr::row_changes::{RowChange, changed};
use crate::rmgr::{HEAP, HEAP2};

/// `XLOG_HEAP_OPMASK`.
const OPERATION: u8 = 0x70;
const INIT_PAGE: u8 = 0x80;
const CONFIRM: u8 = 0x50;
const LOCK: u8 = 0x60;
const MULTI_INSERT: u8 = 0x50;
const LOCK_UPDATED: u8 = 0x60;

/// Block and line pointer (`ctid`).
pub type TuplePlace = (u32, u16);

/// What becomes of a tuple or of its line pointer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TupleChange {
    /// It is new.
    Inserted,
    /// It has a new version there; `hot`: on the same page, and no index knows it.
    Updated {
        /// The new version.
        to: TuplePlace,
        /// `HOT_UPDATE`.
        hot: bool,
    },
    /// It is the new version of that one.
    Arrived {
        /// The old version.
        from: TuplePlace,
        /// `HOT_UPDATE`.
        hot: bool,
    },
    /// It is deleted.
    Deleted,
    /// It is deleted here, and inserted into another partition.
    Moved,
    /// `INSERT … ON CONFLICT` takes it back.
    TakenBack,
    /// `INSERT … ON CONFLICT` makes it final.
    Confirmed,
    /// It is locked.
    Locked,
    /// It is changed where it stands.
    InPlace,
    /// It is frozen.
    Frozen,
    /// The line pointer leads to another one.
    Redirected(u16),
    /// The line pointer is dead: the row is gone, and an index may still point here.
    Dead,
    /// The line pointer is free.
    Unused,
}

/// What a record does to tuples, in its order; empty for records of others than heaps, and where an image stands for
/// it.
pub fn tuple_changes(record: &Record<'_>, blocks: &[Block]) -> Vec<(TuplePlace, TupleChange)> {
    let header = &record.header;
    if !matches!(header.rmid, HEAP | HEAP2) {
        return Vec::new();
    }
    let operation = header.operation() & OPERATION;
    let told = TupleFields::of(record, blocks);
    let modern = record.layout.dialect.generation == Generation::Modern;
    let of = |id: u8| blocks.iter().find(|b| b.reference.id == id).map(|b| b.reference.block);
    // Up to 9.4 blocks stand there for their images alone.
    let (own, old) = if modern { (of(0), of(1).or(of(0))) } else { (told.new_block.or(told.block), told.block) };
    let (Some(own), Some(old)) = (own, old) else { return Vec::new() };
    let single = |change| told.offset.map(|offset| ((own, offset), change)).into_iter().collect();
    match (header.rmid, operation) {
        (HEAP, UPDATE | HOT_UPDATE) => {
            // Up to 8.2 the second number is CLEAN's.
            let (Some(from), Some(to)) = (told.old_offset, told.new_offset) else { return told.pointers(own) };
            let (from, to, hot) = ((old, from), (own, to), operation == HOT_UPDATE);
            vec![(from, TupleChange::Updated { to, hot }), (to, TupleChange::Arrived { from, hot })]
        }
        (HEAP, INSERT) => single(TupleChange::Inserted),
        (HEAP, DELETE) => single(match changed(record, blocks).map(|changed| changed.change) {
            None => TupleChange::TakenBack,
            Some(RowChange::Moved) => TupleChange::Moved,
            Some(_) => TupleChange::Deleted,
        }),
        (HEAP, CONFIRM) if modern => single(TupleChange::Confirmed),
        (HEAP, LOCK) | (HEAP2, LOCK_UPDATED) => single(TupleChange::Locked),
        (HEAP, INPLACE) => single(TupleChange::InPlace),
        (HEAP2, MULTI_INSERT) if header.info & INIT_PAGE != 0 => {
            (1..=told.tuples).map(|offset| ((own, offset), TupleChange::Inserted)).collect()
        }
        (HEAP2, MULTI_INSERT) => told.offsets.iter().map(|offset| ((own, *offset), TupleChange::Inserted)).collect(),
        _ => told.pointers(own),
    }
}

/// What the fields of a record say.
#[derive(Default)]
struct TupleFields {
    block: Option<u32>,
    new_block: Option<u32>,
    offset: Option<u16>,
    old_offset: Option<u16>,
    new_offset: Option<u16>,
    tuples: u16,
    offsets: Vec<u16>,
    redirected: Vec<u16>,
    dead: Vec<u16>,
    unused: Vec<u16>,
}

impl TupleFields {
    fn of(record: &Record<'_>, blocks: &[Block]) -> TupleFields {
        let mut told = TupleFields::default();
        fields::each_with(record, blocks, &mut |field| {
            let Some(n) = number(field.value) else {
                if let (None, "new_tid", Value::Tid(block, offset)) = (field.inside, field.name, field.value) {
                    (told.new_block, told.new_offset) = (Some(block), Some(offset));
                }
                return;
            };
            let short = u16::try_from(n).ok();
            match (field.inside, field.name) {
                (None, "blk") => told.block = Some(n),
                (None, "off") => (told.offset, told.old_offset) = (short, told.old_offset.or(short)),
                (None, "old_off") => told.old_offset = short,
                (None, "new_off") => told.new_offset = short,
                (None, "ntuples") => told.tuples = short.unwrap_or(0),
                (Some("offsets"), _) | (Some("tuples"), "off") => told.offsets.extend(short),
                (Some("redirected"), _) => told.redirected.extend(short),
                (Some("dead"), _) => told.dead.extend(short),
                (Some("unused"), _) => told.unused.extend(short),
                _ => {}
            }
        });
        told
    }

    /// What pruning, freezing and vacuum do to line pointers.
    fn pointers(&self, block: u32) -> Vec<(TuplePlace, TupleChange)> {
        let redirected = self.redirected.chunks_exact(2).filter_map(|pair| match pair {
            [from, to] => Some((*from, TupleChange::Redirected(*to))),
            _ => None,
        });
        let each = |list: &'_ [u16], change| list.iter().map(move |offset| (*offset, change)).collect::<Vec<_>>();
        let all = each(&self.offsets, TupleChange::Frozen)
            .into_iter()
            .chain(redirected)
            .chain(each(&self.dead, TupleChange::Dead))
            .chain(each(&self.unused, TupleChange::Unused));
        all.map(|(offset, change)| ((block, offset), change)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::RecordHeader;
    use crate::rmgr::table::{V9_4, V15, V18};
    use crate::rmgr::told::layout;
    use crate::{Align, Endian, Lsn, Version};

    /// Changes of a record on block 3, with block 9 as the second where `second` says so.
    fn told(
        version: Version,
        (rmid, info): (u8, u8),
        main: &[u8],
        data: &[u8],
        second: bool,
    ) -> Vec<(TuplePlace, TupleChange)> {
        let layout = layout(version, Align::Eight, Endian::Little);
        let body = if layout.dialect.generation == Generation::Modern {
            let flags = if data.is_empty() { 0 } else { 0x20 };
            let mut body = vec![0, flags, data.len() as u8, 0, 0x7F, 6, 0, 0, 5, 0, 0, 0, 9, 0, 0, 0, 3, 0, 0, 0];
            if second {
                body.extend([1, 0x80, 0, 0, 9, 0, 0, 0]);
            }
            body.extend([255, main.len() as u8]);
            [&body[..], data, main].concat()
        } else {
            main.to_vec()
        };
        let (tot_len, len) = ((layout.record_header() + body.len()) as u32, main.len() as u32);
        let header = RecordHeader { tot_len, xid: 7, prev: Lsn::ZERO, info, rmid, crc: 0, len };
        let record = Record { lsn: Lsn::ZERO, end: Lsn::ZERO, header, body: &body, layout: &layout };
        let mut blocks = Vec::new();
        record.blocks(&mut blocks).unwrap();
        tuple_changes(&record, &blocks)
    }

    #[test]
    fn rows_come_change_and_go() {
        assert_eq!(told(V15, (HEAP, INSERT), &[7, 0, 0], &[], false), [((3, 7), TupleChange::Inserted)]);
        let delete = |flags: u8| told(V15, (HEAP, DELETE), &[7, 0, 0, 0, 1, 0, 0, flags], &[], false);
        assert_eq!(delete(0), [((3, 1), TupleChange::Deleted)]);
        assert_eq!(delete(0x08), [((3, 1), TupleChange::TakenBack)]);
        let update = [7, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 6, 0];
        for (info, second, old, hot) in [(UPDATE, true, 9, false), (HOT_UPDATE, false, 3, true)] {
            let (from, to) = ((old, 4), (3, 6));
            let changes = [(from, TupleChange::Updated { to, hot }), (to, TupleChange::Arrived { from, hot })];
            assert_eq!(told(V15, (HEAP, info), &update, &[], second), changes);
        }
        let many = told(V15, (HEAP2, MULTI_INSERT | INIT_PAGE), &[0, 0, 2, 0], &[], false);
        assert_eq!(many, [((3, 1), TupleChange::Inserted), ((3, 2), TupleChange::Inserted)]);
    }

    #[test]
    fn line_pointers_are_pruned() {
        let pruned = [((3, 1), TupleChange::Redirected(2)), ((3, 5), TupleChange::Dead), ((3, 6), TupleChange::Unused)];
        assert_eq!(told(V15, (HEAP2, 0x10), &[9, 0, 0, 0, 1, 0, 1, 0], &[1, 0, 2, 0, 5, 0, 6, 0], false), pruned);
        let sections = [1, 0, 1, 0, 2, 0, 1, 0, 5, 0, 1, 0, 6, 0];
        assert_eq!(told(V18, (HEAP2, 0x10), &[0, 0xE0], &sections, false).len(), 3);
    }

    #[test]
    fn up_to_9_4_the_data_name_the_block() {
        let mut main = vec![0; 26];
        (main[14], main[16]) = (3, 7);
        assert_eq!(told(V9_4, (HEAP, DELETE), &main, &[], false), [((3, 7), TupleChange::Deleted)]);
    }
}
