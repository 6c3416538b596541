//! `walproof dump --format jsonl`: a document a line, in the order of WAL. The schema is `schema/dump-line.json`.
//!
//! ```text
//! {"type":"record","lsn":"0/00AAC648","end_lsn":"0/00AAC6E8","prev":"0/00AAC610","timeline":1,"xid":1234,"rmgr":"Heap",
//!  "record":"INSERT","length":54,"total_length":158,"fpi_length":104,"blocks":[…],"data":{"off":7,"flags":0}}
//! {"type":"finding","code":"WP201",…}       as in walproof.verify/1
//! {"type":"end","complete":false,"records":19323,…}
//! ```
//! `record` is the name of the operation, `UNKNOWN (a0)` where that version has none with these bits. `timeline` is that of the
//! file in which the record starts. `data` has the fields that `walproof fields` lists, as `json_sink` says, and `origin`
//! and `top_xid` where the record has them. Where the data is shorter than its operation needs, what could be read is there, and
//! behind it `"data_error":"the data ends before FIELD"`; a finding (WP212) follows the record.
//!
//! Lines are written straight into the segment's buffer: a record makes neither a string nor a tree.

use super::digits::{decimal, hexadecimal, position};
use super::dump_text::data_length;
use super::json;
use super::json_sink::{Fields, key, text};
use crate::filter::{FORKS, Filter};
use pgwal::format::record::{Block, BlockRef, Image, Record, RecordHeader, Shape};
use pgwal::format::rmgr::describe::{Cx, Vocabulary, describe};
use pgwal::format::rmgr::short::short;
use pgwal::format::rmgr::table::Short;
use pgwal::format::rmgr::{Rmgr, RmgrName};
use pgwal::format::{Dialect, Layout, Lsn, TimelineId};
use pgwal::verify::Finding;
use pgwal::verify::records::{Listed, Render, Rendered};
use serde::Serialize;
use std::io::Write;

/// The renderer.
pub struct Json<'a> {
    /// What to show.
    pub filter: &'a Filter,
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
        true
    }

    fn wants(&self, header: &RecordHeader) -> bool {
        self.filter.looks_at(header)
    }

    fn record(&self, record: &Record<'_>, timeline: TimelineId, blocks: &mut Vec<Block>, out: &mut Vec<u8>) -> Option<Rendered> {
        let shape = record.blocks(blocks).unwrap_or_default();
        if !self.filter.wants_record(record, blocks, &shape) {
            return None;
        }
        if self.filter.only_damaged() {
            let short = short(Vocabulary::of(record.layout.dialect), record, blocks)?;
            self.finding(&Finding::short(record, timeline, short), Some(record.layout), out);
            return Some(Rendered { listed: false, image_bytes: 0, findings: 1 });
        }
        let images = shape.image_len as u64;
        head(out, record, timeline, images);
        out.extend_from_slice(b",\"blocks\":[");
        for (i, block) in blocks.iter().enumerate() {
            if i > 0 {
                out.push(b',');
            }
            self::block(out, &block.reference, record.layout.dialect);
        }
        out.push(b']');
        let told = data(out, record, blocks, &shape);
        out.extend_from_slice(b"}\n");
        if let Err(short) = told {
            self.finding(&Finding::short(record, timeline, short), Some(record.layout), out);
        }
        Some(Rendered { findings: u64::from(told.is_err()), ..images.into() })
    }

    fn finding(&self, finding: &Finding, layout: Option<&Layout>, out: &mut Vec<u8>) {
        write(out, &Found { r#type: "finding", finding: json::finding(finding, layout) });
    }
}

/// The last line.
pub fn end(listed: &Listed, complete: bool) -> Vec<u8> {
    let mut out = Vec::new();
    let line = End {
        r#type: "end",
        complete,
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

/// Everything up to the blocks.
fn head(out: &mut Vec<u8>, record: &Record<'_>, timeline: TimelineId, images: u64) {
    let header = &record.header;
    let dialect = record.layout.dialect;
    let lsn = |out: &mut Vec<u8>, name: &[u8], lsn: Lsn| {
        out.extend_from_slice(name);
        position(out, lsn, 0);
    };
    let number = |out: &mut Vec<u8>, name: &[u8], n: u64| {
        out.extend_from_slice(name);
        decimal(out, n, 0);
    };
    lsn(out, b"{\"type\":\"record\",\"lsn\":\"", record.lsn);
    lsn(out, b"\",\"end_lsn\":\"", record.end);
    lsn(out, b"\",\"prev\":\"", header.prev);
    number(out, b"\",\"timeline\":", timeline.0.into());
    number(out, b",\"xid\":", header.xid.into());
    out.extend_from_slice(b",\"rmgr\":\"");
    manager(out, header.rmid, dialect);
    out.extend_from_slice(b"\",\"record\":\"");
    operation(out, header, Vocabulary::of(dialect));
    number(out, b"\",\"length\":", data_length(record, images));
    number(out, b",\"total_length\":", header.tot_len.into());
    number(out, b",\"fpi_length\":", images);
}

/// The name of a resource manager.
pub fn manager(out: &mut Vec<u8>, rmid: u8, dialect: &Dialect) {
    match Rmgr(rmid).name(dialect) {
        RmgrName::BuiltIn(name) => out.extend_from_slice(name.as_bytes()),
        other => drop(write!(out, "{other}")),
    }
}

/// The name of an operation; `UNKNOWN (a0)` where the version has none.
pub fn operation(out: &mut Vec<u8>, header: &RecordHeader, vocabulary: &Vocabulary) {
    match vocabulary.name(header.rmid, header.info) {
        Some(name) => out.extend_from_slice(name.as_bytes()),
        None => {
            out.extend_from_slice(b"UNKNOWN (");
            let from = out.len();
            hexadecimal(out, u32::from(header.info & 0xF0), 1);
            out.get_mut(from..).unwrap_or_default().make_ascii_lowercase();
            out.push(b')');
        }
    }
}

/// `,"data":{…}`, and what is wrong with it.
fn data(out: &mut Vec<u8>, record: &Record<'_>, blocks: &[Block], shape: &Shape) -> Result<(), Short> {
    out.extend_from_slice(b",\"data\":{");
    if let Some(origin) = shape.origin {
        key(out, "origin");
        decimal(out, origin.into(), 0);
    }
    if let Some(top) = shape.top_xid {
        key(out, "top_xid");
        decimal(out, top.into(), 0);
    }
    let told = Vocabulary::of(record.layout.dialect).op(record.header.rmid, record.header.info).map(|op| {
        let mut fields = Fields::new(out);
        let told = describe(op, &Cx { record, main: record.main_data(), blocks }, &mut fields);
        fields.close_all();
        told
    });
    out.push(b'}');
    let told = told.unwrap_or(Ok(()));
    if let Err(short) = told {
        key(out, "data_error");
        text(out, format!("the data ends before {}", short.0).as_bytes());
    }
    told
}

fn block(out: &mut Vec<u8>, b: &BlockRef, dialect: &Dialect) {
    let number = |out: &mut Vec<u8>, name: &[u8], n: u32| {
        out.extend_from_slice(name);
        decimal(out, n.into(), 0);
    };
    number(out, b"{\"id\":", b.id.into());
    number(out, b",\"tablespace\":", b.rel.spc);
    number(out, b",\"database\":", b.rel.db);
    number(out, b",\"relation\":", b.rel.rel);
    out.extend_from_slice(b",\"fork\":\"");
    out.extend_from_slice(FORKS.get(usize::from(b.fork)).copied().unwrap_or("unknown").as_bytes());
    number(out, b"\",\"block\":", b.block);
    number(out, b",\"data_length\":", b.data_len.into());
    out.extend_from_slice(if b.will_init { b",\"will_init\":true" } else { b",\"will_init\":false" });
    match b.image {
        None => out.extend_from_slice(b",\"image\":null}"),
        Some(image) => {
            number(out, b",\"image\":{\"length\":", image.length);
            number(out, b",\"hole_offset\":", image.hole_offset.into());
            // Only the size of data pages would tell the length of some holes.
            match image.hole_length {
                Some(length) => number(out, b",\"hole_length\":", length.into()),
                None => out.extend_from_slice(b",\"hole_length\":null"),
            }
            match compression(&image, dialect) {
                Some(method) => {
                    out.extend_from_slice(b",\"compression\":\"");
                    out.extend_from_slice(method.as_bytes());
                    out.push(b'"');
                }
                None => out.extend_from_slice(b",\"compression\":null"),
            }
            out.extend_from_slice(if image.apply { b",\"apply\":true}}" } else { b",\"apply\":false}}" });
        }
    }
}

fn compression(image: &Image, dialect: &Dialect) -> Option<&'static str> {
    let method = |(name, &bit): (&'static str, &u8)| (bit != 0 && image.info & bit != 0).then_some(name);
    ["pglz", "lz4", "zstd"].into_iter().zip(&dialect.image.methods).find_map(method).filter(|_| image.compressed)
}
