//! Records: a header, block references, data.
//!
//! [`header`] is the fixed part of every version; [`block`] the tagged fragments of 9.5 and later; [`legacy`] the
//! backup blocks of 9.4 and earlier.

pub mod block;
pub mod header;
pub mod legacy;

pub use block::{BlockRef, BodyShape, Image, RelFileLocator};
pub use header::{HeaderFault, RecordHeader};

use crate::{Generation, Layout, Lsn};
use std::ops::Range;

/// A record whose checksum is right, in one piece or cut to its beginning.
#[derive(Clone, Copy, Debug)]
pub struct Record<'a> {
    /// Where it starts.
    pub lsn: Lsn,
    /// Where it ends, rounded up to the alignment: where the next one may start.
    pub end: Lsn,
    /// Its fixed part.
    pub header: RecordHeader,
    /// The bytes behind the header, headers of the pages it crosses taken out. May be fewer than the record has: a
    /// walk that only checks keeps the beginning of records that cross pages.
    pub body: &'a [u8],
    /// How to read it.
    pub layout: &'a Layout,
}

/// What is wrong inside a record whose checksum is right, in the words of `DecodeXLogRecord`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum BodyFault {
    /// A fragment id that no version knows.
    FragmentId {
        /// The id.
        id: u8,
    },
    /// Block references are not in ascending order.
    OutOfOrder {
        /// The id.
        id: u8,
    },
    /// The flag for data and the data's length contradict each other.
    DataFlag,
    /// The flags, hole and length of an image contradict each other.
    Image,
    /// "Same relation" without a relation before it.
    SameRelation,
    /// The lengths inside do not add up to the record's.
    Length,
    /// A hole that reaches beyond its page (9.4 and earlier).
    Hole,
}

impl<'a> Record<'a> {
    /// Bytes behind the header that the record has, whether or not [`Record::body`] holds them all.
    pub fn body_len(&self) -> usize {
        (self.header.tot_len as usize).saturating_sub(self.layout.record_header())
    }

    /// Whether [`Record::body`] holds all of it.
    pub fn is_whole(&self) -> bool {
        self.body.len() >= self.body_len()
    }

    /// Reads the structure of the record, handing out each block reference. For records of 9.4 and earlier the body
    /// must be whole.
    pub fn shape(&self, blocks: &mut impl FnMut(BlockRef)) -> Result<BodyShape, BodyFault> {
        self.layout.shape(&self.header, self.body, blocks)
    }

    /// Bytes of page images. Needs block references only, and of most records the first few bytes.
    #[inline(always)]
    pub fn image_bytes(&self) -> u64 {
        if self.layout.dialect.generation == Generation::Modern && self.layout.plainly_without_images(self.body) {
            0
        } else {
            self.image_bytes_of_shape()
        }
    }

    #[inline(never)]
    fn image_bytes_of_shape(&self) -> u64 {
        self.shape(&mut |_| ()).map_or(0, |shape| shape.image_len as u64)
    }

    /// The data of the resource manager: main data from 9.5 on, else what lies before the backup blocks. Cut where the
    /// body is.
    pub fn main_data(&self) -> &'a [u8] {
        // Main data alone, as in nearly every commit.
        if let [255, len, rest @ ..] = self.body
            && self.layout.dialect.generation == Generation::Modern
            && rest.len() == usize::from(*len)
        {
            return rest;
        }
        let Ok(shape) = self.shape(&mut |_| ()) else { return &[] };
        let start = shape.main_start.min(self.body.len());
        let end = (shape.main_start + shape.main_len).min(self.body.len());
        self.body.get(start..end).unwrap_or(&[])
    }
}

impl Layout {
    /// Reads the structure of a record's body. `body` may be cut behind its first KiB from 9.5 on.
    #[inline]
    pub fn shape(
        &self,
        header: &RecordHeader,
        body: &[u8],
        blocks: &mut impl FnMut(BlockRef),
    ) -> Result<BodyShape, BodyFault> {
        match self.dialect.generation {
            Generation::Modern => block::shape(self, header, body, blocks),
            _ => legacy::shape(self, header, body, blocks),
        }
    }
}

/// A block reference, and where its image and its data lie in the record's body.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Block {
    /// The reference.
    pub reference: BlockRef,
    image: Range<usize>,
    data: Range<usize>,
}

impl Block {
    /// The stored bytes of its image; empty where it has none, or where the body is cut.
    pub fn image<'a>(&self, record: &Record<'a>) -> &'a [u8] {
        record.body.get(self.image.clone()).unwrap_or(&[])
    }

    /// Its data; empty where it has none, or where the body is cut.
    pub fn data<'a>(&self, record: &Record<'a>) -> &'a [u8] {
        record.body.get(self.data.clone()).unwrap_or(&[])
    }
}

impl<'a> Record<'a> {
    /// Main data, where the structure is known: what [`Record::main_data`] says, sooner.
    pub fn main_data_of(&self, shape: &BodyShape) -> &'a [u8] {
        let start = shape.main_start.min(self.body.len());
        self.body.get(start..(start + shape.main_len).min(self.body.len())).unwrap_or(&[])
    }

    /// Reads the structure of the record into `blocks`, which is emptied first.
    #[inline(always)]
    pub fn blocks(&self, blocks: &mut Vec<Block>) -> Result<BodyShape, BodyFault> {
        match self.plain_blocks(blocks) {
            Some((main_start, main_len)) => Ok(BodyShape { main_start, main_len, ..BodyShape::default() }),
            None => self.blocks_at_length(blocks),
        }
    }

    /// What [`Record::blocks`] reads, with the default where the structure is wrong. Most shapes are made without being
    /// copied.
    #[inline(always)]
    pub fn blocks_or_none(&self, blocks: &mut Vec<Block>) -> BodyShape {
        match self.plain_blocks(blocks) {
            Some((main_start, main_len)) => BodyShape { main_start, main_len, ..BodyShape::default() },
            None => self.blocks_at_length(blocks).unwrap_or_default(),
        }
    }

    /// The structure of most records: where main data starts, and its length.
    #[inline(always)]
    fn plain_blocks(&self, blocks: &mut Vec<Block>) -> Option<(usize, usize)> {
        blocks.clear();
        if self.layout.dialect.generation != Generation::Modern {
            return None;
        }
        let (start, main, reference) = self.layout.plain_shape(self.body_len(), self.body)?;
        if let Some(reference) = reference {
            let data = 22..22 + usize::from(reference.data_len);
            blocks.push(Block { reference, image: 22..22, data });
        }
        Some((start, main))
    }

    /// The one block of a record of 9.5 or later, and main data, where there is no image and no origin: of most records
    /// that is all.
    #[inline(always)]
    pub fn plain_block(&self) -> Option<(BlockRef, &'a [u8])> {
        if self.layout.dialect.generation != Generation::Modern {
            return None;
        }
        let (start, main, reference) = self.layout.plain_shape(self.body_len(), self.body)?;
        Some((reference?, self.body.get(start..start + main)?))
    }

    #[inline(never)]
    fn blocks_at_length(&self, blocks: &mut Vec<Block>) -> Result<BodyShape, BodyFault> {
        let shape = self.shape(&mut |reference| blocks.push(Block { reference, image: 0..0, data: 0..0 }))?;
        let modern = self.layout.dialect.generation == Generation::Modern;
        let stored = |b: &Block| b.reference.image.map_or(0, |i| i.length as usize);
        // Payloads end with main data (9.5 and later), or begin behind it, each behind its header.
        let all: usize = blocks.iter().map(|b| stored(b) + usize::from(b.reference.data_len)).sum();
        let mut at = if modern { shape.main_start.saturating_sub(all) } else { shape.main_len };
        for block in blocks.iter_mut() {
            at += if modern { 0 } else { self.layout.dialect.backup_blocks.size };
            block.image = at..at + stored(block);
            block.data = block.image.end..block.image.end + usize::from(block.reference.data_len);
            at = block.data.end;
        }
        Ok(shape)
    }
}
