//! A record a line, a finding a line:
//!
//! ```text
//! 0/00AAC648  Heap        INSERT         xid       1234  len     54/    158  prev 0/00AAC610  1663/13010/16384:7 fpi 104
//! 0/00AAC690  *** WP201 error: the checksum of the record at 0/00AAC690 is wrong; 1,234 bytes are lost, until 0/00AACB60
//! start       manager     operation                length without images / whole    relation:block
//! ```
//! Where names are known, one stands before its relation: `shop.public.orders (1663/13010/16384:7) fpi 104`.
//! A block of another fork than the main one is written as its file is named, `16384_vm:0`; `fpi` is the size of a page
//! image, `init` says that the page is made anew. An operation without a name is `0xA0`. When a transaction ended, what
//! it drops and what is made or dropped stands at the end (`said`); what a record says besides is for the other
//! formats.

use crate::dump::digits::{column, column10, columns, hexadecimal, pad, position};
use crate::dump::line::LineBuffer;
use crate::dump::names::data_length;
use crate::dump::said;
use crate::dump::text_head::TextHeads;
use crate::figures::{grouped, plural};
use crate::outside::Shown;
use crate::relation_name::full;
use crate::time::Zone;
use pgwal_catalog::{Names, RelationName};
use pgwal_format::record::{Block, BlockRef, Record, RecordHeader};
use pgwal_format::rmgr::short::short;
use pgwal_format::rmgr::vocabulary::Vocabulary;
use pgwal_format::rmgr::{Rmgr, RmgrName};
use pgwal_format::{Layout, Lsn, TimelineId};
use pgwal_query::filter::{FORKS, Filter};
use pgwal_verify::records::{ListPart, NoEvent, Render, Rendered};
use pgwal_verify::{Finding, Severity};
use std::io::Write;
use std::sync::OnceLock;

/// The renderer.
pub struct TextList<'a> {
    /// What to show.
    pub filter: &'a Filter,
    /// What relations are called.
    pub names: Option<&'a Names>,
    /// Findings only.
    pub quiet: bool,
    /// What lines begin with in the version, once a record was seen.
    pub heads: OnceLock<TextHeads>,
    /// In which zone times are told.
    pub zone: &'a Zone,
}

impl Render for TextList<'_> {
    type Scratch = Vec<Block>;
    type Event = NoEvent;

    /// Whether data is long enough for its type, only all of it tells.
    fn wants(&self, header: &RecordHeader) -> bool {
        self.filter.looks_at(header)
    }

    fn record(
        &self,
        record: &Record<'_>,
        _: TimelineId,
        blocks: &mut Vec<Block>,
        out: &mut ListPart<NoEvent>,
    ) -> Option<Rendered> {
        let shape = record.blocks_or_none(blocks);
        if !self.filter.wants_record(record, blocks, &shape) {
            return None;
        }
        let heads = self.heads.get_or_init(|| TextHeads::new(record.layout.dialect));
        let images = shape.image_len as u64;
        let listed = !self.filter.only_damaged();
        if listed && !self.quiet {
            let mut line = LineBuffer::new(out.text());
            columns_of(record, heads, images, blocks.is_empty(), &mut line);
            for block in blocks.iter() {
                let name = self.names.and_then(|names| names.relation_at(block.reference.rel, record.lsn));
                reference(&mut line, &block.reference, name.as_ref());
            }
            said::write(record, blocks, self.names, self.zone, &mut line);
            line.byte(b'\n');
        }
        let short = short(heads.vocabulary, record, blocks);
        (listed || short.is_some()).then_some(Rendered { listed, image_bytes: images, short })
    }

    fn finding(&self, finding: &Finding, layout: Option<&Layout>, out: &mut ListPart<NoEvent>) {
        wrong(finding, self.zone.message(finding, layout), out.text());
    }
}

/// Numbers in their columns; they are put into their places.
const NUMBERS: &[u8; 43] = b"  xid             len       /         prev ";
const XID: usize = 6;
const LENGTH: usize = 22;
const TOTAL: usize = 29;

/// A record up to its block references.
#[inline(always)]
fn columns_of(record: &Record<'_>, heads: &TextHeads, images: u64, is_last: bool, line: &mut LineBuffer<'_>) {
    let header = &record.header;
    line.position_in_column::<12>(record.lsn);
    let length = data_length(record, images);
    match (heads.of(header), columns::<6>(length), columns::<7>(header.tot_len.into())) {
        (Some((head, head_length)), Some(length), Some(total)) => {
            line.put(head, head_length);
            line.put(NUMBERS, 0);
            let (first, last) = column10(header.xid);
            line.over(XID, &first);
            line.over(XID + 2, &last);
            line.over(LENGTH, &length);
            line.over(TOTAL, &total);
            line.skip(NUMBERS.len());
        }
        _ => line.with(|out| wide(record, heads.vocabulary, length, out)),
    }
    if is_last { line.position(header.prev) } else { line.position_in_column::<10>(header.prev) }
}

/// Columns of which one is wider than usual, or has no name.
#[cold]
fn wide(record: &Record<'_>, vocabulary: &Vocabulary, length: u64, out: &mut Vec<u8>) {
    let header = &record.header;
    manager(out, Rmgr(header.rmid).name(record.layout.dialect));
    out.extend_from_slice(b"  ");
    let from = out.len();
    match vocabulary.name(header.rmid, header.info) {
        Some(name) => out.extend_from_slice(name.as_bytes()),
        None => {
            out.extend_from_slice(b"0x");
            hexadecimal(out, u32::from(header.operation()), 2);
        }
    }
    pad(out, from, 13);
    out.extend_from_slice(b"  xid ");
    let (first, last) = column10(header.xid);
    out.extend_from_slice(&first);
    out.extend_from_slice(&last);
    out.extend_from_slice(b"  len ");
    column::<6>(out, length);
    out.push(b'/');
    column::<7>(out, u64::from(header.tot_len));
    out.extend_from_slice(b"  prev ");
}

/// A finding in its place, with times in a zone.
pub fn damage(finding: &Finding, layout: Option<&Layout>, zone: &Zone, out: &mut Vec<u8>) {
    wrong(finding, zone.message(finding, layout), out);
}

/// The same, in these words.
fn wrong(finding: &Finding, message: String, out: &mut Vec<u8>) {
    let from = out.len();
    match finding.lsn.or(finding.at) {
        Some(place) => position(out, place, 12),
        None => pad(out, from, 12),
    }
    let _ = write!(out, "*** {} {}: {}", finding.code, finding.severity, Shown(message));
    if let Some(lost) = finding
        .lost
        .filter(|_| !finding.code.is_of_replay())
        .filter(|_| finding.severity == Severity::Error || finding.code.is_hole())
    {
        let _ = match (lost.bytes, lost.until_lsn) {
            (Some(bytes), Some(until)) => {
                write!(out, "; {} {} lost, until {until}", grouped(bytes.into()), plural(bytes.into(), "byte"))
            }
            _ => write!(out, "; nothing behind it that can be read"),
        };
    }
    out.push(b'\n');
}

fn manager(out: &mut Vec<u8>, name: RmgrName) {
    let from = out.len();
    match name {
        RmgrName::BuiltIn(name) => out.extend_from_slice(name.as_bytes()),
        other => drop(write!(out, "{other}")),
    }
    pad(out, from, 11);
}

fn reference(line: &mut LineBuffer<'_>, block: &BlockRef, name: Option<&RelationName>) {
    line.all(b"  ");
    if let Some(name) = name {
        line.words(full(name).as_bytes());
        line.all(b" (");
    }
    line.decimal(block.rel.spc.into());
    line.byte(b'/');
    line.decimal(block.rel.db.into());
    line.byte(b'/');
    line.decimal(block.rel.rel.into());
    match (block.fork, FORKS.get(usize::from(block.fork))) {
        (0, _) => {}
        (_, Some(fork)) => {
            line.byte(b'_');
            line.words(fork.as_bytes());
        }
        (fork, None) => {
            line.words(b"_fork");
            line.decimal(fork.into());
        }
    }
    line.byte(b':');
    line.decimal(block.block.into());
    if name.is_some() {
        line.byte(b')');
    }
    if let Some(image) = block.image {
        line.all(b" fpi ");
        line.decimal(image.length.into());
    }
    if block.will_init {
        line.all(b" init");
    }
}

/// What is left to say when a list could not be complete.
pub fn incomplete(end: Option<Lsn>) -> String {
    match end {
        Some(end) => format!(
            "not every record asked for could be read (the last one listed ends at {end}); lines with *** say where"
        ),
        None => "no record asked for could be read; lines with *** say why".into(),
    }
}
