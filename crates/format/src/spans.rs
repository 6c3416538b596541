//! Which field each byte belongs to: of a record, of a page header.
//!
//! ```text
//! record   ▕ header fields ▏fragment fields ▏images, data of blocks ▏fields of main data ▏
//! page     ▕ xlp_magic xlp_info … ▏ rest of a record, or records
//! ```
//! Spans follow each other without holes and cover everything. What no table names is told as bytes of the part that it
//! lies in.

use crate::bytes::at;
use crate::page::CONTRECORD;
use crate::record::{Block, BlockRef, Record, RecordHeader, RelFileLocator};
use crate::rmgr::sink::Value;
use crate::rmgr::table::{Field, FieldSize, OpPart};
use crate::rmgr::{cursor::read, vocabulary::Vocabulary};
use crate::{Align, Generation, Layout};

/// What a byte is part of.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
#[non_exhaustive]
pub enum SpanPart {
    /// A page header, or the continuation header behind it (9.2 and earlier).
    Page,
    /// The record's header.
    Header,
    /// A block reference, or another fragment header.
    Reference,
    /// A page image.
    Image,
    /// Data of a block.
    BlockData,
    /// Main data.
    Main,
    /// Padding.
    Pad,
}

impl SpanPart {
    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            SpanPart::Page => "page header",
            SpanPart::Header => "record header",
            SpanPart::Reference => "reference",
            SpanPart::Image => "image",
            SpanPart::BlockData => "block data",
            SpanPart::Main => "main data",
            SpanPart::Pad => "padding",
        }
    }
}

/// Bytes of one field.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct FieldSpan<'a> {
    /// Offset of the first, in the record or the page.
    pub start: usize,
    /// Offset behind the last.
    pub end: usize,
    /// What they are part of.
    pub part: SpanPart,
    /// The block in the record.
    pub block: Option<u8>,
    /// The field; empty where no table names one.
    pub name: &'static str,
    /// What the bytes say, where they are a field.
    pub value: Option<Value<'a>>,
}

/// Writes spans one after another.
struct Writer<'a, 'b> {
    out: &'b mut Vec<FieldSpan<'a>>,
    at: usize,
    part: SpanPart,
    block: Option<u8>,
}

impl<'a> Writer<'a, '_> {
    fn field(&mut self, name: &'static str, length: usize, value: Value<'a>) {
        self.span(self.part, name, length, Some(value));
    }

    fn number(&mut self, name: &'static str, length: usize, value: impl Into<u64>) {
        self.field(name, length, Value::Unsigned(value.into()));
    }

    fn bytes(&mut self, part: SpanPart, name: &'static str, length: usize) {
        self.span(part, name, length, None);
    }

    fn span(&mut self, part: SpanPart, name: &'static str, length: usize, value: Option<Value<'a>>) {
        if length > 0 {
            self.out.push(FieldSpan { start: self.at, end: self.at + length, part, block: self.block, name, value });
            self.at += length;
        }
    }
}

impl Layout {
    /// The fields of a page's header.
    pub fn page_spans(&self, page: &[u8]) -> Vec<FieldSpan<'static>> {
        let header = self.page_header(page);
        let mut out = Vec::new();
        let mut w = Writer { out: &mut out, at: 0, part: SpanPart::Page, block: None };
        w.number("xlp_magic", 2, header.magic);
        w.number("xlp_info", 2, header.info);
        w.number("xlp_tli", 4, header.timeline.0);
        w.field("xlp_pageaddr", 8, Value::Lsn(header.address));
        let old = self.dialect.generation == Generation::LegacyA;
        if !old {
            w.number("xlp_rem_len", 4, header.rem_len);
        }
        w.bytes(SpanPart::Pad, "", self.short_header() - w.at);
        if let Some(long) = header.long {
            w.number("xlp_sysid", 8, long.system_id);
            w.number("xlp_seg_size", 4, long.segment_size);
            w.number("xlp_xlog_blcksz", 4, long.page_size);
        }
        if old && header.info & CONTRECORD != 0 {
            w.number("xl_rem_len", 4, header.rem_len);
        }
        out
    }

    /// The fields of a record's header.
    pub fn header_spans(&self, h: &RecordHeader) -> Vec<FieldSpan<'static>> {
        let mut out = Vec::new();
        let mut w = Writer { out: &mut out, at: 0, part: SpanPart::Header, block: None };
        let prev = Value::Lsn(h.prev);
        match self.dialect.generation {
            Generation::LegacyA => {
                w.number("xl_crc", 4, h.crc);
                w.field("xl_prev", 8, prev);
                w.number("xl_xid", 4, h.xid);
                w.number("xl_tot_len", 4, h.tot_len);
                w.number("xl_len", 4, h.len);
                w.number("xl_info", 1, h.info);
                w.number("xl_rmid", 1, h.rmid);
            }
            Generation::LegacyB => {
                w.number("xl_tot_len", 4, h.tot_len);
                w.number("xl_xid", 4, h.xid);
                w.number("xl_len", 4, h.len);
                w.number("xl_info", 1, h.info);
                w.number("xl_rmid", 1, h.rmid);
                w.bytes(SpanPart::Pad, "", 2);
                w.field("xl_prev", 8, prev);
                w.number("xl_crc", 4, h.crc);
            }
            Generation::Modern => {
                w.number("xl_tot_len", 4, h.tot_len);
                w.number("xl_xid", 4, h.xid);
                w.field("xl_prev", 8, prev);
                w.number("xl_info", 1, h.info);
                w.number("xl_rmid", 1, h.rmid);
                w.bytes(SpanPart::Pad, "", 2);
                w.number("xl_crc", 4, h.crc);
            }
        }
        w.bytes(SpanPart::Pad, "", self.record_header().saturating_sub(w.at));
        out
    }
}

/// The fields of a whole record. Where its structure is wrong, what is behind its header is told as bytes.
pub fn record_spans<'a>(record: &Record<'a>) -> Vec<FieldSpan<'a>> {
    let layout = record.layout;
    let mut out = layout.header_spans(&record.header);
    let (size, all) = (layout.record_header(), layout.record_header() + record.body.len());
    let mut blocks: Vec<Block> = Vec::new();
    let Ok(shape) = record.blocks(&mut blocks) else {
        out.push(FieldSpan { start: size, end: all, part: SpanPart::Main, block: None, name: "", value: None });
        out.retain(|span| span.start < span.end);
        return out;
    };
    match layout.dialect.generation {
        Generation::Modern => {
            references(record, &mut out);
            for block in &blocks {
                let at = out.last().map_or(size, |span| span.end);
                let mut w = Writer { out: &mut out, at, part: SpanPart::BlockData, block: Some(block.reference.id) };
                w.bytes(SpanPart::Image, "", block.image(record).len());
                w.bytes(SpanPart::BlockData, "", block.data(record).len());
            }
            main_data(record, size + shape.main_start, &mut out);
        }
        _ => {
            main_data(record, size, &mut out);
            for block in &blocks {
                backup_block(layout, block, record, &mut out);
            }
        }
    }
    out
}

/// The fragment headers of 9.5 and later. The structure is known to be right.
fn references(record: &Record<'_>, out: &mut Vec<FieldSpan<'_>>) {
    let (layout, body) = (record.layout, record.body);
    let (e, size) = (layout.endian, layout.record_header());
    let mut refs: Vec<BlockRef> = Vec::new();
    let _ = record.shape(&mut |block| refs.push(block));
    let mut refs = refs.into_iter();
    let mut w = Writer { out, at: size, part: SpanPart::Reference, block: None };
    while let Some(rest) = body.get(w.at - size..).filter(|rest| !rest.is_empty()) {
        let [id, ..] = *rest else { break };
        w.block = None;
        match id {
            255 if rest.len() >= 2 => {
                w.number("id", 1, id);
                w.number("main_data_length", 1, rest[1]);
                break;
            }
            254 if rest.len() >= 5 => {
                w.number("id", 1, id);
                w.number("main_data_length", 4, e.u32(at(rest, 1)));
                break;
            }
            253 if rest.len() >= 3 => {
                w.number("id", 1, id);
                w.number("origin", 2, e.u16(at(rest, 1)));
            }
            252 if rest.len() >= 5 => {
                w.number("id", 1, id);
                w.number("top_xid", 4, e.u32(at(rest, 1)));
            }
            _ => {
                let (Some(block), true) = (refs.next().filter(|block| block.id == id), rest.len() >= 4) else { break };
                let flags = rest[1];
                w.block = Some(id);
                w.number("id", 1, id);
                w.number("fork_flags", 1, flags);
                w.number("data_length", 2, block.data_len);
                if let Some(image) = block.image {
                    w.number("image_length", 2, image.length);
                    w.number("hole_offset", 2, image.hole_offset);
                    w.number("bimg_info", 1, image.info);
                    if let Some(hole) = image.hole_length.filter(|&hole| hole > 0) {
                        w.number("hole_length", 2, hole);
                    }
                }
                // The same relation as before is not written again.
                if flags & 0x80 == 0 {
                    locator(&mut w, block.rel);
                }
                w.number("block", 4, block.block);
            }
        }
    }
}

fn locator(w: &mut Writer<'_, '_>, rel: RelFileLocator) {
    w.number("tablespace", 4, rel.spc);
    w.number("database", 4, rel.db);
    w.number("relation", 4, rel.rel);
}

/// A backup block of 9.4 and earlier.
fn backup_block<'a>(layout: &Layout, block: &Block, record: &Record<'a>, out: &mut Vec<FieldSpan<'a>>) {
    let b = &block.reference;
    let at = out.last().map_or(layout.record_header(), |span| span.end);
    let mut w = Writer { out, at, part: SpanPart::Reference, block: Some(b.id) };
    locator(&mut w, b.rel);
    if layout.dialect.backup_blocks.size == 24 {
        w.number("fork", 4, b.fork);
    }
    w.number("block", 4, b.block);
    let image = b.image.as_ref();
    w.number("hole_offset", 2, image.map_or(0, |i| i.hole_offset));
    w.number("hole_length", 2, image.and_then(|i| i.hole_length).unwrap_or(0));
    w.bytes(SpanPart::Image, "", block.image(record).len());
}

/// The fields of main data that stand at fixed places.
fn main_data<'a>(record: &Record<'a>, start: usize, out: &mut Vec<FieldSpan<'a>>) {
    let main = record.main_data();
    let layout = record.layout;
    let op = Vocabulary::of(layout.dialect).op(record.header.rmid, record.header.info);
    let mut fields: Vec<(usize, usize, &'static Field)> = Vec::new();
    for piece in op.map_or(&[][..], |op| op.parts) {
        let OpPart::Field(field) = piece else { continue };
        let offset = usize::from(field.at[usize::from(layout.align == Align::Four)]);
        let room = main.get(offset..).unwrap_or(&[]);
        let length = match field.kind.size() {
            FieldSize::Fixed(length) => length,
            FieldSize::AtMost(most) => {
                room.iter().take(most).position(|&b| b == 0).map_or(most.min(room.len()), |end| end + 1)
            }
        };
        if length > 0 && length <= room.len() {
            fields.push((offset, length, field));
        }
    }
    fields.sort_by_key(|&(offset, ..)| offset);
    let mut w = Writer { out, at: start, part: SpanPart::Main, block: None };
    for (offset, length, field) in fields {
        let at = start + offset;
        let Some(value) = read(field, main, layout).ok().filter(|_| at >= w.at) else { continue };
        w.bytes(SpanPart::Main, "", at - w.at);
        w.field(field.name, length, value);
    }
    w.bytes(SpanPart::Main, "", (start + main.len()).saturating_sub(w.at));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Endian, Lsn, PageSize, SegmentSize};
    use proptest::prelude::*;

    proptest! {
        /// Whatever the bytes are, spans follow each other and cover them.
        #[test]
        fn spans_cover_everything(body in prop::collection::vec(any::<u8>(), 0..300), rmid in 0u8..24, info: u8, len in 0u32..64, which in 0usize..20, small: bool) {
            let dialect = &crate::dialect::DIALECTS[which % crate::dialect::DIALECTS.len()];
            let align = if small { Align::Four } else { Align::Eight };
            let layout = Layout { dialect, endian: Endian::Little, align, page: PageSize::DEFAULT, segment: SegmentSize::DEFAULT };
            let tot_len = (layout.record_header() + body.len()) as u32;
            let header = RecordHeader { tot_len, xid: 1, prev: Lsn::ZERO, info, rmid, crc: 0, len };
            let record = Record { lsn: Lsn::new(100), end: Lsn::new(1000), header, body: &body, layout: &layout };
            let spans = record_spans(&record);
            prop_assert_eq!(spans.first().map(|s| s.start), Some(0));
            prop_assert_eq!(spans.last().map(|s| s.end), Some(tot_len as usize));
            prop_assert!(spans.windows(2).all(|pair| pair[0].end == pair[1].start));
        }
    }
}
