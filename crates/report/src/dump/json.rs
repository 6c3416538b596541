//! `walproof dump --format jsonl`: a document a line, in the order of WAL. The schema is `schema/dump-line.json`.
//!
//! ```text
//! {"type":"record","lsn":"0/00AAC648","end_lsn":"0/00AAC6E8","prev":"0/00AAC610","timeline":1,"xid":1234,"rmgr":"Heap",
//!  "record":"INSERT","length":54,"total_length":158,"fpi_length":104,"blocks":[…],"data":{"off":7,"flags":0}}
//! {"type":"finding","code":"WP201",…}       as in walproof.verify/1
//! {"type":"end","complete":false,"records":19323,…}
//! ```
//! `record` is the name of the operation, `UNKNOWN (a0)` where that version has none with these bits. `timeline` is
//! that of the file in which the record starts. `data` has the fields that `walproof fields` lists, as `json_sink`
//! says, and `origin` and `top_xid` where the record has them. Where the data is shorter than its operation needs, what
//! could be read is there, and behind it `"data_error":"the data ends before FIELD"`; a finding (WP212) follows the
//! record.
//!
//! Lines are written straight into the segment's buffer: a record makes neither a string nor a tree.

use crate::dump::json_fields::JsonFields;
use crate::dump::line::LineBuffer;
use crate::dump::names::{data_length, manager, operation};
use crate::relation_name::full;
use crate::verify::json;
use pgwal_catalog::{Names, RelationName};
use pgwal_format::record::{Block, BlockRef, BodyShape, Image, Record, RecordHeader, RelFileLocator};
use pgwal_format::rmgr::describe::{Cx, describe};
use pgwal_format::rmgr::short::short;
use pgwal_format::rmgr::table::Short;
use pgwal_format::rmgr::vocabulary::Vocabulary;
use pgwal_format::{Dialect, Layout, Lsn, TimelineId};
use pgwal_query::filter::{FORKS, Filter};
use pgwal_verify::Finding;
use pgwal_verify::records::{ListPart, Listed, NoEvent, Render, Rendered};
use serde::Serialize;
use std::io::Write;
use std::sync::OnceLock;

/// The renderer.
pub struct JsonList<'a> {
    /// What to show.
    pub filter: &'a Filter,
    /// What relations are called.
    pub relation_names: Option<&'a Names>,
    /// The parts of lines that are the same for an operation, once a record was seen.
    pub names: OnceLock<OperationNames>,
}

/// JsonRoom that is used again.
#[derive(Default)]
pub struct JsonRoom {
    blocks: Vec<Block>,
    /// By the low bits of the relation's number.
    relations: [Relation; 16],
}

/// A relation that was told not long before.
#[derive(Default)]
struct Relation {
    of: (RelFileLocator, u8, u8),
    /// The beginning of the block reference, up to the block's number.
    text: Vec<u8>,
}

/// `,"rmgr":"Heap","record":"INSERT","length":` of every operation of a version.
pub struct OperationNames {
    vocabulary: &'static Vocabulary,
    /// By id × 16 + high half of `xl_info`.
    names: Vec<Vec<u8>>,
}

/// The last line.
#[derive(Serialize)]
struct ListEnd<'a> {
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
struct FindingLine {
    r#type: &'static str,
    #[serde(flatten)]
    finding: serde_json::Value,
}

impl Render for JsonList<'_> {
    type Scratch = JsonRoom;
    type Event = NoEvent;

    #[inline]
    fn wants(&self, header: &RecordHeader) -> bool {
        self.filter.looks_at(header)
    }

    fn record(
        &self,
        record: &Record<'_>,
        timeline: TimelineId,
        JsonRoom { blocks, relations }: &mut JsonRoom,
        out: &mut ListPart<NoEvent>,
    ) -> Option<Rendered> {
        let shape = record.blocks_or_none(blocks);
        if !self.filter.wants_record(record, blocks, &shape) {
            return None;
        }
        if self.filter.only_damaged() {
            let short = short(Vocabulary::of(record.layout.dialect), record, blocks)?;
            return Some(Rendered { listed: false, image_bytes: 0, short: Some(short) });
        }
        let images = shape.image_len as u64;
        let dialect = record.layout.dialect;
        let names = self.names.get_or_init(|| OperationNames::new(dialect));
        let mut line = LineBuffer::new(out.text());
        head(&mut line, record, timeline, images, names);
        line.all(b",\"blocks\":[");
        for (i, block) in blocks.iter().enumerate() {
            if i > 0 {
                line.byte(b',');
            }
            let block = &block.reference;
            relations[block.rel.rel as usize % 16].write(block, &mut line);
            let name = self.relation_names.and_then(|names| names.relation_at(block.rel, record.lsn));
            self::block(&mut line, block, name.as_ref(), dialect);
        }
        line.all(b"],\"data\":{");
        let told = data(line, names.vocabulary, &Cx { record, main: record.main_data_of(&shape), blocks }, &shape);
        Some(Rendered { short: told.err(), ..images.into() })
    }

    fn finding(&self, finding: &Finding, layout: Option<&Layout>, out: &mut ListPart<NoEvent>) {
        write(out.text(), &FindingLine { r#type: "finding", finding: json::finding(finding, layout) });
    }
}

/// The last line.
pub fn end(listed: &Listed, complete: bool) -> Vec<u8> {
    let mut out = Vec::new();
    let line = ListEnd {
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
#[inline(always)]
fn head(line: &mut LineBuffer<'_>, record: &Record<'_>, timeline: TimelineId, images: u64, names: &OperationNames) {
    let header = &record.header;
    line.all(b"{\"type\":\"record\",\"lsn\":\"");
    line.position(record.lsn);
    line.all(b"\",\"end_lsn\":\"");
    line.position(record.end);
    line.all(b"\",\"prev\":\"");
    line.position(header.prev);
    line.all(b"\",\"timeline\":");
    line.decimal(timeline.0.into());
    line.all(b",\"xid\":");
    line.decimal(header.xid.into());
    match names.names.get(usize::from(header.rmid) * 16 + usize::from(header.info >> 4)) {
        // The low half of some names' `xl_info` counts.
        Some(name) if header.layout_flags() == 0 => line.words(name),
        _ => line.with(|out| out.extend_from_slice(&OperationNames::name(header, names.vocabulary))),
    }
    line.decimal(data_length(record, images));
    line.all(b",\"total_length\":");
    line.decimal(header.tot_len.into());
    line.all(b",\"fpi_length\":");
    line.decimal(images);
}

impl OperationNames {
    fn new(dialect: &'static Dialect) -> OperationNames {
        let vocabulary = Vocabulary::of(dialect);
        let header = |code: u16| RecordHeader {
            tot_len: 0,
            xid: 0,
            prev: Lsn::ZERO,
            info: (code << 4) as u8,
            rmid: (code >> 4) as u8,
            crc: 0,
            len: 0,
        };
        OperationNames {
            vocabulary,
            names: (0..256 * 16).map(|code| OperationNames::name(&header(code), vocabulary)).collect(),
        }
    }

    fn name(header: &RecordHeader, vocabulary: &Vocabulary) -> Vec<u8> {
        let mut out = b",\"rmgr\":\"".to_vec();
        manager(&mut out, header.rmid, vocabulary.dialect);
        out.extend_from_slice(b"\",\"record\":\"");
        operation(&mut out, header, vocabulary);
        out.extend_from_slice(b"\",\"length\":");
        out
    }
}

impl Relation {
    #[inline(always)]
    fn write(&mut self, block: &BlockRef, line: &mut LineBuffer<'_>) {
        let of = (block.rel, block.fork, block.id);
        if self.of != of || self.text.is_empty() {
            self.fill(of);
        }
        line.words(&self.text);
    }

    #[inline(never)]
    fn fill(&mut self, of: (RelFileLocator, u8, u8)) {
        let (rel, fork, id) = of;
        self.of = of;
        self.text.clear();
        let fork = FORKS.get(usize::from(fork)).copied().unwrap_or("unknown");
        let RelFileLocator { spc, db, rel } = rel;
        let _ = write!(
            self.text,
            "{{\"id\":{id},\"tablespace\":{spc},\"database\":{db},\"relation\":{rel},\"fork\":\"{fork}\",\"block\":"
        );
    }
}

/// The fields and the end of the line.
#[inline(always)]
fn data(line: LineBuffer<'_>, vocabulary: &Vocabulary, cx: &Cx<'_>, shape: &BodyShape) -> Result<(), Short> {
    let mut fields = JsonFields::new(line);
    if let Some(origin) = shape.origin {
        fields.key("origin");
        fields.line.decimal(origin.into());
    }
    if let Some(top) = shape.top_xid {
        fields.key("top_xid");
        fields.line.decimal(top.into());
    }
    let header = &cx.record.header;
    let told = vocabulary.op(header.rmid, header.info).map_or(Ok(()), |op| describe(op, cx, &mut fields));
    fields.close_all();
    let line = &mut fields.line;
    match told {
        Ok(()) => line.all(b"}}\n"),
        Err(short) => line.with(|out| drop(writeln!(out, "}},\"data_error\":\"the data ends before {}\"}}", short.0))),
    }
    told
}

/// A block reference behind the block's name.
#[inline(always)]
fn block(line: &mut LineBuffer<'_>, b: &BlockRef, name: Option<&RelationName>, dialect: &Dialect) {
    line.decimal(b.block.into());
    if let Some(name) = name {
        line.all(b",\"name\":");
        line.with(|out| drop(serde_json::to_writer(out, &full(name))));
    }
    line.all(b",\"data_length\":");
    line.decimal(b.data_len.into());
    match (b.will_init, b.image) {
        (false, None) => line.all(b",\"will_init\":false,\"image\":null}"),
        (true, None) => line.all(b",\"will_init\":true,\"image\":null}"),
        (will_init, Some(image)) => {
            line.words(if will_init { b",\"will_init\":true" } else { b",\"will_init\":false" });
            self::image(line, &image, dialect);
        }
    }
}

#[inline(never)]
fn image(line: &mut LineBuffer<'_>, image: &Image, dialect: &Dialect) {
    line.all(b",\"image\":{\"length\":");
    line.decimal(image.length.into());
    line.all(b",\"hole_offset\":");
    line.decimal(image.hole_offset.into());
    line.all(b",\"hole_length\":");
    // Only the size of data pages would tell the length of some holes.
    match image.hole_length {
        Some(length) => line.decimal(length.into()),
        None => line.all(b"null"),
    }
    match compression(image, dialect) {
        Some(method) => {
            line.all(b",\"compression\":\"");
            line.words(method.as_bytes());
            line.byte(b'"');
        }
        None => line.all(b",\"compression\":null"),
    }
    line.words(if image.apply { b",\"apply\":true}}" } else { b",\"apply\":false}}" });
}

fn compression(image: &Image, dialect: &Dialect) -> Option<&'static str> {
    let method = |(name, &bit): (&'static str, &u8)| (bit != 0 && image.info & bit != 0).then_some(name);
    ["pglz", "lz4", "zstd"].into_iter().zip(&dialect.image.methods).find_map(method).filter(|_| image.compressed)
}
