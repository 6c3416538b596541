//! Rows of catalogs by place, and what records do to them.

use crate::change::{CatalogChange, SeenRow};
use crate::files::{Catalog, CatalogFiles};
use crate::marked::MarkedDatabase;
use crate::page::{MadeBy, tuples};
use crate::row::CatalogRow;
use crate::tuple::{HeapTuple, SharedEnds};
use pgwal_format::image::{Unpack, restore};
use pgwal_format::record::{Block, Record, RelFileLocator};
use pgwal_format::rmgr::heap::{DELETE, HOT_UPDATE, INPLACE, INSERT, UPDATE};
use pgwal_format::rmgr::{HEAP, HEAP2};
use std::collections::HashMap;

/// MULTI_INSERT of "Heap2", and its flag that the page is made anew.
const MULTI_INSERT: u8 = 0x50;
const INIT_PAGE: u8 = 0x80;
const OPERATION: u8 = 0x70;
const PREFIX_FROM_OLD: u8 = 0x20;
const SUFFIX_FROM_OLD: u8 = 0x40;
/// So many rows are kept: some 50 MiB.
const MOST: usize = 200_000;

/// Where a row lies.
type RowPlace = (RelFileLocator, u32, u16);

/// The rows of catalogs that WAL has shown so far, whether they are visible or not.
pub struct CatalogRows<'a> {
    /// Which files hold them.
    pub files: CatalogFiles,
    rows: HashMap<RowPlace, HeapTuple>,
    unpack: &'a (dyn Unpack + Sync),
    page: Vec<u8>,
    /// Rows that were not kept, for there are too many.
    pub left_out: u64,
}

/// Told of each change: the file that holds the catalog, the change.
pub type TakeChange<'t> = dyn FnMut(RelFileLocator, CatalogChange) + 't;

impl<'a> CatalogRows<'a> {
    /// None yet; images are unpacked by this.
    pub fn new(files: CatalogFiles, unpack: &'a (dyn Unpack + Sync)) -> CatalogRows<'a> {
        CatalogRows { files, rows: HashMap::new(), unpack, page: Vec::new(), left_out: 0 }
    }

    /// Takes in a whole record of 9.5 or later, with its blocks; other records change nothing.
    pub fn record(&mut self, record: &Record<'_>, blocks: &[Block], take: &mut TakeChange<'_>) {
        for block in blocks.iter().filter(|block| block.reference.fork == 0) {
            if let Some(catalog) = self.files.catalog(block.reference.rel) {
                self.image(record, block, catalog, take);
            }
        }
        let Some(first) = blocks.first() else { return };
        let Some(catalog) = self.files.catalog(first.reference.rel) else { return };
        let row = CatalogRecord { record, blocks, first, rel: first.reference.rel, catalog };
        let change = match (record.header.rmid, record.header.operation() & OPERATION) {
            (HEAP, INSERT) => self.insert(&row),
            (HEAP, DELETE) => self.delete(&row),
            (HEAP, UPDATE | HOT_UPDATE) => self.update(&row),
            (HEAP, INPLACE) if catalog == Catalog::Database => self.in_place(&row),
            (HEAP2, MULTI_INSERT) => {
                self.many(&row, take);
                None
            }
            _ => None,
        };
        if let Some(change) = change {
            take(row.rel, change);
        }
    }

    /// Nothing is known any more of what lies where.
    pub fn forget(&mut self) {
        self.rows.clear();
    }

    fn image(&mut self, record: &Record<'_>, block: &Block, catalog: Catalog, take: &mut TakeChange<'_>) {
        let (layout, reference) = (record.layout, &block.reference);
        let Some(image) = reference.image.filter(|image| image.apply) else { return };
        let mut page = std::mem::take(&mut self.page);
        if restore(layout, &image, block.image(record), self.unpack, &mut page).is_ok() {
            for found in tuples(layout.endian, &page) {
                let own = record.header.xid != 0 && found.xmin == record.header.xid;
                if found.made != MadeBy::Aborted
                    && !own
                    && let Some(row) = CatalogRow::of(layout, catalog, &found.tuple)
                {
                    let (xmin, made, end) = (found.xmin, found.made, found.end);
                    take(reference.rel, CatalogChange::Seen(SeenRow { row, xmin, made, end }));
                }
                self.keep((reference.rel, reference.block, found.offset), found.tuple);
            }
        }
        self.page = page;
    }

    fn keep(&mut self, place: RowPlace, tuple: HeapTuple) {
        if self.rows.len() < MOST || self.rows.contains_key(&place) {
            self.rows.insert(place, tuple);
        } else {
            self.left_out += 1;
        }
    }

    fn read(&self, of: &CatalogRecord<'_>, place: RowPlace) -> Option<CatalogRow> {
        CatalogRow::of(of.record.layout, of.catalog, self.rows.get(&place)?)
    }

    fn insert(&mut self, of: &CatalogRecord<'_>) -> Option<CatalogChange> {
        let place = (of.rel, of.first.reference.block, of.number(0)?);
        if let Some(tuple) = HeapTuple::of_record(of.record.layout.endian, of.first.data(of.record)) {
            self.keep(place, tuple);
        }
        self.read(of, place).map(CatalogChange::Inserted)
    }

    fn delete(&mut self, of: &CatalogRecord<'_>) -> Option<CatalogChange> {
        Some(CatalogChange::Deleted(self.read(of, (of.rel, of.first.reference.block, of.number(4)?))))
    }

    fn update(&mut self, of: &CatalogRecord<'_>) -> Option<CatalogChange> {
        let endian = of.record.layout.endian;
        let block = of.first.reference.block;
        let old = of.blocks.iter().find(|b| b.reference.id == 1).map_or(block, |b| b.reference.block);
        let (old, new) = ((of.rel, old, of.number(4)?), (of.rel, block, of.number(12)?));
        let before = self.read(of, old);
        let flags = *of.record.main_data().get(7)?;
        let mut data = of.first.data(of.record);
        let mut length = |flag: u8| -> Option<usize> {
            if flags & flag == 0 || data.is_empty() {
                return Some(0);
            }
            let (length, rest) = data.split_first_chunk()?;
            data = rest;
            Some(endian.u16(*length).into())
        };
        let shared = SharedEnds { prefix: length(PREFIX_FROM_OLD)?, suffix: length(SUFFIX_FROM_OLD)? };
        if !data.is_empty() {
            match HeapTuple::of_update(endian, data, shared, self.rows.get(&old)) {
                Some(tuple) => self.keep(new, tuple),
                // What lay there before is not this row.
                None => drop(self.rows.remove(&new)),
            }
        }
        let after = self.read(of, new);
        // Of rows that name nothing, nobody minds that they are not known.
        let is_known = before.is_some() || after.is_some() || of.catalog.has_names();
        is_known.then_some(CatalogChange::Updated { before, after })
    }

    /// Of what is changed where it stands, that a database goes away: its data, where the page has no image instead.
    fn in_place(&self, of: &CatalogRecord<'_>) -> Option<CatalogChange> {
        let known = self.rows.get(&(of.rel, of.first.reference.block, of.number(0)?));
        MarkedDatabase::in_row(of.record.layout, of.first.data(of.record), known).map(CatalogChange::Marked)
    }

    fn many(&mut self, of: &CatalogRecord<'_>, take: &mut TakeChange<'_>) {
        let (record, endian) = (of.record, of.record.layout.endian);
        let count = of.number(2).unwrap_or(0);
        let mut rest = of.first.data(record);
        let whole = rest.len();
        for n in 0..count {
            let init = record.header.info & INIT_PAGE != 0;
            let offset = if init { Some(n.saturating_add(1)) } else { of.number(4 + 2 * usize::from(n)) };
            let Some(offset) = offset else { return };
            if !rest.is_empty() {
                rest = rest.get((whole - rest.len()) % 2..).unwrap_or(&[]);
                let Some((length, behind)) = rest.split_first_chunk() else { return };
                let length = usize::from(endian.u16(*length)) + 5;
                let Some((tuple, behind)) = behind.split_at_checked(length) else { return };
                rest = behind;
                if let Some(tuple) = HeapTuple::of_record(endian, tuple) {
                    self.keep((of.rel, of.first.reference.block, offset), tuple);
                }
            }
            if let Some(row) = self.read(of, (of.rel, of.first.reference.block, offset)) {
                take(of.rel, CatalogChange::Inserted(row));
            }
        }
    }
}

/// A record that changes rows of a catalog.
struct CatalogRecord<'r> {
    record: &'r Record<'r>,
    blocks: &'r [Block],
    first: &'r Block,
    rel: RelFileLocator,
    catalog: Catalog,
}

impl CatalogRecord<'_> {
    /// A number of two bytes in its main data.
    fn number(&self, at: usize) -> Option<u16> {
        let data = self.record.main_data();
        Some(self.record.layout.endian.u16(*data.get(at..)?.first_chunk()?))
    }
}
