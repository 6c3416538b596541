//! `walproof dump --format csv`: chosen fields of records, a header line first, quoted as RFC 4180 says, lines ended by
//! a newline. Findings go to standard error, when they are found ([`crate::dump::aside`]).
//!
//! A column is one of [`COLUMNS`], or `data.NAME` for a field that `walproof fields` lists: empty where the record has
//! none. Values are those of JSON lines without their quotes; a relation is `1663/5/16384`, with its fork
//! `1663/5/16384_vm`, a tuple `7/2`, a list or an object stays JSON.

use crate::dump::aside::Aside;
use crate::dump::digits::{decimal, position};
use crate::dump::json_fields::{key, value};
use crate::dump::names::data_length;
use crate::dump::names::relation;
use crate::dump::names::{manager, operation};
use crate::dump::text::damage;
use crate::outside::cell;
use crate::time::Zone;
use pgwal_format::record::{Block, BodyShape, Record, RecordHeader};
use pgwal_format::rmgr::describe::{Cx, describe};
use pgwal_format::rmgr::short::short;
use pgwal_format::rmgr::sink::{Nest, Show, Sink, Value};
use pgwal_format::rmgr::table::Short;
use pgwal_format::rmgr::vocabulary::Vocabulary;
use pgwal_format::{Layout, TimelineId};
use pgwal_query::filter::{FORKS, Filter, time_of};
use pgwal_verify::Finding;
use pgwal_verify::records::{ListPart, Render, Rendered};
use std::ops::Range;

/// The usual columns.
const USUAL: &str = "lsn,xid,rmgr,record,length,total_length,fpi_length,blocks";

/// The usual columns, read.
pub fn usual() -> Vec<Column> {
    USUAL.split(',').filter_map(|name| column(name).ok()).collect()
}

/// What the option that chooses them does.
pub fn help() -> String {
    format!(
        "Columns of --format csv, with commas between; data.NAME is a field that walproof fields lists [default: {USUAL}]"
    )
}

/// The fixed columns: name, type, meaning.
pub const COLUMNS: [(&str, &str, &str); 18] = [
    ("lsn", "lsn", "start of the record"),
    ("end_lsn", "lsn", "its end, aligned"),
    ("prev", "lsn", "the record before it"),
    ("timeline", "unsigned", "of the file in which it starts"),
    ("xid", "unsigned", "transaction, 0 for none"),
    ("top_xid", "unsigned", "top-level transaction, where the record names it"),
    ("rmgr", "text", "resource manager"),
    ("record", "text", "type"),
    ("length", "unsigned", "bytes without page images; up to 9.4 the resource manager's data alone"),
    ("total_length", "unsigned", "bytes in all"),
    ("fpi_length", "unsigned", "bytes of page images"),
    ("origin", "unsigned", "replication origin"),
    ("time", "time", "of records that have one"),
    ("rel", "relation", "of the first block"),
    ("fork", "text", "of the first block"),
    ("blk", "unsigned", "number of the first block"),
    ("blocks", "text", "every block: relation:block, with spaces between"),
    ("database", "unsigned", "of the first block"),
];

/// A column.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Column {
    /// One of the fixed ones.
    Fixed(&'static str),
    /// A field of the record's data.
    Data(&'static str),
}

/// Reads the name of a column.
pub fn column(text: &str) -> Result<Column, String> {
    if let Some(name) = text.strip_prefix("data.") {
        let found = pgwal_query::fields::names().find(|known| *known == name);
        return found
            .map(Column::Data)
            .ok_or_else(|| format!("no record has a field {name}; walproof fields lists them"));
    }
    let found = COLUMNS.iter().find(|(name, ..)| *name == text).map(|(name, ..)| Column::Fixed(name));
    found.ok_or_else(|| {
        format!("no such column; there are {}, and data.NAME", COLUMNS.map(|(name, ..)| name).join(", "))
    })
}

/// The renderer.
pub struct CsvList<'a> {
    filter: &'a Filter,
    columns: &'a [Column],
    /// Names of data fields, in the order of their columns.
    wanted: Vec<&'static str>,
    /// Where the times of findings are told in.
    zone: &'a Zone,
}

/// Room that is used again.
#[derive(Default)]
pub struct CsvRow {
    blocks: Vec<Block>,
    text: Vec<u8>,
    cell: Vec<u8>,
    found: Vec<Range<usize>>,
}

impl<'a> CsvList<'a> {
    /// These columns of what the filter leaves; findings tell times in a zone.
    pub fn new(filter: &'a Filter, columns: &'a [Column], zone: &'a Zone) -> CsvList<'a> {
        let wanted = columns
            .iter()
            .filter_map(|column| if let Column::Data(name) = column { Some(*name) } else { None })
            .collect();
        CsvList { filter, columns, wanted, zone }
    }

    /// The first line.
    pub fn header(&self) -> Vec<u8> {
        let name = |column: &Column| match column {
            Column::Fixed(name) => (*name).to_owned(),
            Column::Data(name) => format!("data.{name}"),
        };
        let names: Vec<String> = self.columns.iter().map(name).collect();
        (names.join(",") + "\n").into_bytes()
    }
}

impl Render for CsvList<'_> {
    type Scratch = CsvRow;
    type Event = Aside;

    fn wants(&self, header: &RecordHeader) -> bool {
        self.filter.looks_at(header)
    }

    fn record(
        &self,
        record: &Record<'_>,
        timeline: TimelineId,
        row: &mut CsvRow,
        out: &mut ListPart<Aside>,
    ) -> Option<Rendered> {
        let shape = record.blocks(&mut row.blocks).unwrap_or_default();
        if !self.filter.wants_record(record, &row.blocks, &shape) {
            return None;
        }
        let listed = !self.filter.only_damaged();
        let short = if listed {
            self.row(record, timeline, &shape, row, out.text()).err()
        } else {
            short(Vocabulary::of(record.layout.dialect), record, &row.blocks)
        };
        (listed || short.is_some()).then_some(Rendered { listed, image_bytes: shape.image_len as u64, short })
    }

    fn finding(&self, finding: &Finding, layout: Option<&Layout>, out: &mut ListPart<Aside>) {
        out.event(Aside::of(|words| damage(finding, layout, self.zone, words)));
    }
}

impl CsvList<'_> {
    /// A record. `Err` where its data ends too early: what came before was told.
    fn row(
        &self,
        record: &Record<'_>,
        timeline: TimelineId,
        shape: &BodyShape,
        row: &mut CsvRow,
        out: &mut Vec<u8>,
    ) -> Result<(), Short> {
        let CsvRow { blocks, text, cell, found } = row;
        let mut told = Ok(());
        text.clear();
        found.clear();
        found.resize(self.wanted.len(), 0..0);
        if let Some(op) = Vocabulary::of(record.layout.dialect).op(record.header.rmid, record.header.info) {
            let mut cells = Cells { text, wanted: &self.wanted, found, depth: 0, open: None };
            told = describe(op, &Cx { record, main: record.main_data(), blocks }, &mut cells);
        }
        let mut data = found.iter();
        for (i, column) in self.columns.iter().enumerate() {
            if i > 0 {
                out.push(b',');
            }
            match column {
                Column::Fixed(name) => {
                    cell.clear();
                    fixed(cell, name, record, timeline, blocks, shape);
                    cell::quoted(out, cell);
                }
                Column::Data(_) => {
                    cell::quoted(out, data.next().and_then(|range| text.get(range.clone())).unwrap_or_default())
                }
            }
        }
        out.push(b'\n');
        told
    }
}

fn fixed(
    out: &mut Vec<u8>,
    name: &str,
    record: &Record<'_>,
    timeline: TimelineId,
    blocks: &[Block],
    shape: &BodyShape,
) {
    let header = &record.header;
    let dialect = record.layout.dialect;
    let images = shape.image_len as u64;
    let first = blocks.first().map(|b| &b.reference);
    let number = |out: &mut Vec<u8>, n: Option<u64>| {
        if let Some(n) = n {
            decimal(out, n, 0);
        }
    };
    match name {
        "lsn" => position(out, record.lsn, 0),
        "end_lsn" => position(out, record.end, 0),
        "prev" => position(out, header.prev, 0),
        "timeline" => number(out, Some(timeline.0.into())),
        "xid" => number(out, Some(header.xid.into())),
        "top_xid" => number(out, shape.top_xid.map(u64::from)),
        "rmgr" => manager(out, header.rmid, dialect),
        "record" => operation(out, header, Vocabulary::of(dialect)),
        "length" => number(out, Some(data_length(record, images))),
        "total_length" => number(out, Some(header.tot_len.into())),
        "fpi_length" => number(out, Some(images)),
        "origin" => number(out, shape.origin.map(u64::from)),
        "time" => {
            if let Some(time) = time_of(record, blocks) {
                plain(out, Value::Time(time));
            }
        }
        "rel" => out.extend(first.map(|b| relation(&b.rel, 0).into_bytes()).unwrap_or_default()),
        "fork" => out.extend_from_slice(
            first.map_or("", |b| FORKS.get(usize::from(b.fork)).copied().unwrap_or("unknown")).as_bytes(),
        ),
        "blk" => number(out, first.map(|b| b.block.into())),
        "database" => number(out, first.map(|b| b.rel.db.into())),
        _ => {
            for (i, block) in blocks.iter().enumerate() {
                let block = &block.reference;
                if i > 0 {
                    out.push(b' ');
                }
                out.extend_from_slice(relation(&block.rel, block.fork).as_bytes());
                out.push(b':');
                decimal(out, block.block.into(), 0);
            }
        }
    }
}

/// Takes the fields that are wanted.
struct Cells<'a> {
    text: &'a mut Vec<u8>,
    wanted: &'a [&'static str],
    found: &'a mut [Range<usize>],
    depth: u32,
    /// The field that a list or an object is being written for.
    open: Option<(usize, usize)>,
}

impl Cells<'_> {
    fn place(&self, name: &str) -> Option<usize> {
        let place = self.wanted.iter().position(|wanted| *wanted == name)?;
        self.found.get(place).filter(|range| range.is_empty()).map(|_| place)
    }

    fn put(&mut self, place: usize, from: usize) {
        let end = self.text.len();
        // A column may be asked for twice.
        for (wanted, found) in self.wanted.iter().zip(self.found.iter_mut()) {
            if self.wanted.get(place) == Some(wanted) {
                *found = from..end;
            }
        }
    }
}

impl Sink for Cells<'_> {
    fn text(&mut self, _: &str) {}

    fn field(&mut self, name: &'static str, value: Value<'_>, _: Show) {
        if self.depth > 0 {
            if self.open.is_some() {
                key(self.text, name);
                self::value(self.text, value);
            }
        } else if let Some(place) = self.place(name) {
            let from = self.text.len();
            plain(self.text, value);
            self.put(place, from);
        }
    }

    fn open(&mut self, name: &'static str, nest: Nest) {
        if self.depth == 0 {
            self.open = self.place(name).map(|place| (place, self.text.len()));
        } else if self.open.is_some() {
            key(self.text, name);
        }
        if self.open.is_some() {
            self.text.push(if nest == Nest::Object { b'{' } else { b'[' });
        }
        self.depth += 1;
    }

    fn close(&mut self, nest: Nest) {
        self.depth = self.depth.saturating_sub(1);
        if self.open.is_some() {
            self.text.push(if nest == Nest::Object { b'}' } else { b']' });
        }
        if self.depth == 0
            && let Some((place, from)) = self.open.take()
        {
            self.put(place, from);
        }
    }
}

/// A value that is no document of its own.
fn plain(out: &mut Vec<u8>, value: Value<'_>) {
    match value {
        Value::Rel(rel) => out.extend_from_slice(relation(&rel, 0).as_bytes()),
        Value::Path(rel, fork) => out.extend_from_slice(relation(&rel, fork).as_bytes()),
        Value::Tid(block, offset) => {
            decimal(out, block.into(), 0);
            out.push(b'/');
            decimal(out, offset.into(), 0);
        }
        Value::Name(name) => out.extend_from_slice(name.as_bytes()),
        Value::Text(bytes) => cell::text(out, bytes),
        value => {
            let from = out.len();
            self::value(out, value);
            match out.get(from..) {
                Some(b"null") => out.truncate(from),
                Some([b'"', .., b'"']) => {
                    out.pop();
                    out.remove(from);
                }
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_stay_documents() {
        let wanted = ["list", "n", "list"];
        let (mut text, mut found) = (Vec::new(), vec![0..0; 3]);
        let mut cells = Cells { text: &mut text, wanted: &wanted, found: &mut found, depth: 0, open: None };
        cells.field("other", Value::Unsigned(1), Show::Plain);
        cells.open("list", Nest::List);
        cells.field("", Value::Unsigned(1), Show::Plain);
        cells.open("", Nest::Object);
        cells.field("a", Value::Name("b"), Show::Plain);
        cells.close(Nest::Object);
        cells.close(Nest::List);
        cells.open("unwanted", Nest::List);
        cells.field("", Value::Unsigned(9), Show::Plain);
        cells.close(Nest::List);
        cells.field("n", Value::Text(b"x\xFF"), Show::Plain);
        let shown: Vec<&[u8]> = found.iter().map(|range| &text[range.clone()]).collect();
        assert_eq!(shown, [&b"[1,{\"a\":\"b\"}]"[..], b"x\\xFF", b"[1,{\"a\":\"b\"}]"]);
    }

    #[test]
    fn columns() {
        assert_eq!(column("lsn"), Ok(Column::Fixed("lsn")));
        assert_eq!(column("data.blkno"), Ok(Column::Data("blkno")));
        assert!(column("moon").is_err() && column("data.moon").is_err());
        assert!(USUAL.split(',').all(|name| column(name).is_ok()));
    }
}
