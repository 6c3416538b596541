//! `walproof dump --format jsonl`: a document a line, in the order of WAL. The schema is `schema/dump-line.json`.
//!
//! ```text
//! {"type":"record","lsn":"0/00AAC648","end_lsn":"0/00AAC6E8","prev":"0/00AAC610","timeline":1,"xid":1234,"rmgr":"Heap",
//!  "record":"0x00","length":54,"total_length":158,"fpi_length":104,"blocks":[…],"data":{}}
//! {"type":"finding","code":"WP201",…}       as in walproof.verify/1
//! {"type":"end","complete":false,"records":19323,…}
//! ```
//! `record` is the operation as the four high bits of `xl_info` in hexadecimal: names of operations are to come and will
//! take its place. `timeline` is that of the file in which the record starts. `data` has `origin` and `top_xid` where the
//! record does.

use super::dump_text::data_length;
use super::json;
use crate::filter::{FORKS, Filter};
use pgwal::format::record::{Block, BlockRef, Image, Record, RecordHeader};
use pgwal::format::rmgr::Rmgr;
use pgwal::format::{Dialect, Layout, Lsn, TimelineId};
use pgwal::verify::Finding;
use pgwal::verify::records::{Listed, Render};
use serde::Serialize;

/// The renderer.
pub struct Json<'a> {
    /// What to show.
    pub filter: &'a Filter,
}

#[derive(Serialize)]
struct Line<'a> {
    r#type: &'static str,
    lsn: Lsn,
    end_lsn: Lsn,
    prev: Lsn,
    timeline: TimelineId,
    xid: u32,
    rmgr: String,
    record: &'a str,
    length: u64,
    total_length: u32,
    fpi_length: u64,
    blocks: Vec<BlockLine<'a>>,
    data: Data,
}

#[derive(Serialize)]
struct Data {
    #[serde(skip_serializing_if = "Option::is_none")]
    origin: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_xid: Option<u32>,
}

#[derive(Serialize)]
struct BlockLine<'a> {
    id: u8,
    tablespace: u32,
    database: u32,
    relation: u32,
    fork: &'a str,
    block: u32,
    data_length: u16,
    will_init: bool,
    image: Option<PageImage>,
}

#[derive(Serialize)]
struct PageImage {
    length: u32,
    hole_offset: u16,
    /// `null` where only the size of data pages would tell.
    hole_length: Option<u16>,
    compression: Option<&'static str>,
    apply: bool,
}

/// The last line.
#[derive(Serialize)]
struct End<'a> {
    r#type: &'static str,
    complete: bool,
    records: u64,
    total_length: u64,
    fpi_length: u64,
    findings: u64,
    segments: u64,
    timelines: &'a [TimelineId],
    first_lsn: Option<Lsn>,
    end_lsn: Option<Lsn>,
}

#[derive(Serialize)]
struct Found {
    r#type: &'static str,
    #[serde(flatten)]
    finding: serde_json::Value,
}

impl Render for Json<'_> {
    type Scratch = Vec<Block>;

    fn whole(&self) -> bool {
        false
    }

    fn wants(&self, header: &RecordHeader) -> bool {
        self.filter.wants(header)
    }

    fn record(&self, record: &Record<'_>, timeline: TimelineId, blocks: &mut Vec<Block>, out: &mut Vec<u8>) -> Option<u64> {
        let shape = record.blocks(blocks).unwrap_or_default();
        if !self.filter.wants_blocks(blocks) {
            return None;
        }
        let header = &record.header;
        let dialect = record.layout.dialect;
        let fpi_length = shape.image_len as u64;
        let line = Line {
            r#type: "record",
            lsn: record.lsn,
            end_lsn: record.end,
            prev: header.prev,
            timeline,
            xid: header.xid,
            rmgr: Rmgr(header.rmid).name(dialect).to_string(),
            record: OPERATIONS[usize::from(header.info >> 4)],
            length: data_length(record, fpi_length),
            total_length: header.tot_len,
            fpi_length,
            blocks: blocks.iter().map(|b| block(&b.reference, dialect)).collect(),
            data: Data { origin: shape.origin, top_xid: shape.top_xid },
        };
        write(out, &line);
        Some(fpi_length)
    }

    fn finding(&self, finding: &Finding, layout: Option<&Layout>, out: &mut Vec<u8>) {
        write(out, &Found { r#type: "finding", finding: json::finding(finding, layout) });
    }
}

/// The last line.
pub fn end(listed: &Listed) -> Vec<u8> {
    let mut out = Vec::new();
    let line = End {
        r#type: "end",
        complete: listed.complete,
        records: listed.records,
        total_length: listed.bytes,
        fpi_length: listed.image_bytes,
        findings: listed.findings,
        segments: listed.segments,
        timelines: &listed.outcome.path,
        first_lsn: listed.first,
        end_lsn: listed.end,
    };
    write(&mut out, &line);
    out
}

fn write(out: &mut Vec<u8>, line: &impl Serialize) {
    serde_json::to_writer(&mut *out, line).expect("these lines have string keys, and a Vec takes everything");
    out.push(b'\n');
}

const OPERATIONS: [&str; 16] =
    ["0x00", "0x10", "0x20", "0x30", "0x40", "0x50", "0x60", "0x70", "0x80", "0x90", "0xA0", "0xB0", "0xC0", "0xD0", "0xE0", "0xF0"];

fn block(b: &BlockRef, dialect: &Dialect) -> BlockLine<'static> {
    BlockLine {
        id: b.id,
        tablespace: b.rel.spc,
        database: b.rel.db,
        relation: b.rel.rel,
        fork: FORKS.get(usize::from(b.fork)).copied().unwrap_or("unknown"),
        block: b.block,
        data_length: b.data_len,
        will_init: b.will_init,
        image: b.image.map(|image| page_image(&image, dialect)),
    }
}

fn page_image(image: &Image, dialect: &Dialect) -> PageImage {
    let method = |(name, &bit): (&'static str, &u8)| (bit != 0 && image.info & bit != 0).then_some(name);
    let compression = ["pglz", "lz4", "zstd"].into_iter().zip(&dialect.image.methods).find_map(method).filter(|_| image.compressed);
    PageImage { length: image.length, hole_offset: image.hole_offset, hole_length: image.hole_length, compression, apply: image.apply }
}
