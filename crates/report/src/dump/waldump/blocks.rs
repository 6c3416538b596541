//! Block references: behind the description, or on lines of their own.

use super::relation::{fork, relation};
use crate::dump::line::LineBuffer;
use pgwal_format::record::{Block, BlockRef, Image, Record, RelFileLocator};
use pgwal_format::{Dialect, Generation};

/// The size of data pages that the dump programs are built for.
const DATA_PAGE: u64 = 8192;

/// `, blkref #0: rel 1663/5/16384 fork vm blk 7 FPW`, for each block.
#[inline(always)]
pub fn short(record: &Record<'_>, blocks: &[Block], known: &mut KnownRelations, line: &mut LineBuffer<'_>) {
    for block in blocks {
        let block = &block.reference;
        known.write(block, line);
        line.decimal(block.block.into());
        if let Some(image) = block.image {
            line.byte(b' ');
            line.words(purpose(&image, record.layout.dialect));
        }
    }
}

/// The text in front of block numbers, for relations that were told not long before.
#[derive(Default)]
pub struct KnownRelations {
    /// By the low bits of the relation's number.
    told: [ToldRelation; 16],
}

#[derive(Clone, Copy)]
struct ToldRelation {
    /// Of which relation and fork, and in which place of the record.
    of: (RelFileLocator, u8, u8),
    text: [u8; 64],
    /// 0: none.
    length: usize,
}

impl Default for ToldRelation {
    fn default() -> ToldRelation {
        ToldRelation { of: (RelFileLocator::default(), 0, 0), text: [0; 64], length: 0 }
    }
}

impl KnownRelations {
    #[inline(always)]
    fn write(&mut self, block: &BlockRef, line: &mut LineBuffer<'_>) {
        let of = (block.rel, block.fork, block.id);
        let told = &mut self.told[block.rel.rel as usize % 16];
        if told.of != of || told.length == 0 {
            told.fill(of);
        }
        if told.length <= told.text.len() {
            line.put(&told.text, told.length)
        } else {
            before(block.rel, block.fork, block.id, line)
        }
    }
}

impl ToldRelation {
    #[inline(never)]
    fn fill(&mut self, (rel, fork, id): (RelFileLocator, u8, u8)) {
        let mut text = Vec::new();
        before(rel, fork, id, &mut LineBuffer::new(&mut text));
        self.of = (rel, fork, id);
        self.length = text.len();
        self.text.iter_mut().zip(text).for_each(|(place, byte)| *place = byte);
    }
}

#[inline(never)]
fn before(rel: RelFileLocator, fork: u8, id: u8, line: &mut LineBuffer<'_>) {
    line.all(b", blkref #");
    line.decimal(id.into());
    line.all(b": rel ");
    relation(line, &rel);
    if fork != 0 {
        line.all(b" fork ");
        super::relation::fork(line, fork);
    }
    line.all(b" blk ");
}

/// A line a block.
pub fn lines(record: &Record<'_>, blocks: &[Block], line: &mut LineBuffer<'_>) {
    let dialect = record.layout.dialect;
    for block in blocks {
        let block = &block.reference;
        if dialect.generation != Generation::Modern {
            line.all(b"\tbackup bkp #");
            line.decimal(block.id.into());
            line.all(b"; rel ");
            relation(line, &block.rel);
            line.all(b"; fork: ");
            fork(line, block.fork);
            line.all(b"; block: ");
            line.decimal(block.block.into());
            if let Some(image) = block.image {
                line.all(b"; hole: offset: ");
                line.decimal(image.hole_offset.into());
                line.all(b", length: ");
                line.decimal(image.hole_length.unwrap_or(0).into());
            }
            line.byte(b'\n');
            continue;
        }
        line.all(b"\tblkref #");
        line.decimal(block.id.into());
        line.all(b": rel ");
        relation(line, &block.rel);
        line.all(b" fork ");
        fork(line, block.fork);
        line.all(b" blk ");
        line.decimal(block.block.into());
        if let Some(image) = block.image {
            line.all(b" (");
            line.words(purpose(&image, dialect));
            line.all(b"); hole: offset: ");
            line.decimal(image.hole_offset.into());
            line.all(b", length: ");
            let hole = image.hole_length.map_or(DATA_PAGE.saturating_sub(image.length.into()), u64::from);
            line.decimal(hole);
            if image.compressed {
                line.all(b", compression saved: ");
                line.decimal(DATA_PAGE.saturating_sub(hole).saturating_sub(image.length.into()));
                if let Some(method) = method(&image, dialect) {
                    line.all(b", method: ");
                    line.words(method.as_bytes());
                }
            }
        }
        line.byte(b'\n');
    }
}

fn purpose(image: &Image, _: &Dialect) -> &'static [u8] {
    if image.apply { b"FPW" } else { b"FPW for WAL verification" }
}

/// The compression method, in versions that have several.
fn method(image: &Image, dialect: &Dialect) -> Option<&'static str> {
    let several = dialect.image.methods.iter().filter(|&&bit| bit != 0).count() > 1;
    let found = ["pglz", "lz4", "zstd"].into_iter().zip(dialect.image.methods).find(|(_, bit)| image.info & bit != 0);
    several.then(|| found.map_or("unknown", |(name, _)| name))
}
