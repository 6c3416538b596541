//! Records made from bytes, and what a description of them tells.
#![allow(dead_code)]

use pgwal_format::record::{Block, Record, RecordHeader};
use pgwal_format::rmgr::describe::{Cx, describe};
use pgwal_format::rmgr::sink::{Nest, Show, Sink, Value};
use pgwal_format::rmgr::table::{Op, Short};
use pgwal_format::rmgr::vocabulary::Vocabulary;
use pgwal_format::{Align, Endian, Generation, Layout, Lsn, PageSize, SegmentSize, Version};

/// A cluster of a version.
pub fn layout(version: Version, align: Align, endian: Endian) -> Layout {
    let dialect = version.dialect().unwrap();
    Layout { dialect, align, endian, segment: SegmentSize::new(1 << 24).unwrap(), page: PageSize::DEFAULT }
}

/// A block of a record of 9.5 or later: its data, and an image of 1 KiB with a hole in it, to be applied or not.
#[derive(Clone, Default)]
pub struct Part {
    pub data: Vec<u8>,
    pub image: Option<bool>,
}

/// The bytes behind the header. Up to 9.4 blocks leave no trace.
pub fn body(layout: &Layout, main: &[u8], blocks: &[Part]) -> Vec<u8> {
    if layout.dialect.generation != Generation::Modern {
        return main.to_vec();
    }
    let e = layout.endian;
    let (mut head, mut payload) = (Vec::new(), Vec::new());
    for (id, block) in blocks.iter().enumerate() {
        head.extend([
            id as u8,
            if block.image.is_some() { 0x10 } else { 0 } | if block.data.is_empty() { 0 } else { 0x20 },
        ]);
        head.extend(e.put_u16(block.data.len() as u16));
        if let Some(apply) = block.image {
            head.extend(e.put_u16(16));
            head.extend(e.put_u16(24));
            head.push(0x01 | if apply { layout.dialect.image.apply } else { 0 });
            payload.extend([0; 16]);
        }
        for part in [1663u32, 5, 16_384, id as u32] {
            head.extend(e.put_u32(part));
        }
        payload.extend_from_slice(&block.data);
    }
    head.push(254);
    head.extend(e.put_u32(main.len() as u32));
    head.extend(payload);
    head.extend_from_slice(main);
    head
}

/// Describes a record as the dump does.
pub fn tell(layout: &Layout, op: &Op, rmid: u8, info: u8, body: &[u8], sink: &mut dyn Sink) -> Result<(), Short> {
    let modern = layout.dialect.generation == Generation::Modern;
    let header = RecordHeader {
        tot_len: (layout.record_header() + body.len()) as u32,
        xid: 700,
        prev: Lsn::new(0x0100_0028),
        info,
        rmid,
        crc: 0,
        len: if modern { 0 } else { body.len() as u32 },
    };
    let record = Record {
        lsn: Lsn::new(0x0100_0060),
        end: Lsn::new(0x0100_0060 + u64::from(header.tot_len)),
        header,
        body,
        layout,
    };
    let mut blocks: Vec<Block> = Vec::new();
    record.blocks(&mut blocks).unwrap_or_default();
    let cx = Cx { record: &record, main: record.main_data(), blocks: &blocks };
    let mut sink = sink;
    describe(op, &cx, &mut sink)
}

/// What is shown, as text.
#[derive(Default)]
pub struct Words {
    pub shown: String,
    /// `name=value` of what only documents have.
    pub hidden: String,
}

impl Sink for Words {
    fn text(&mut self, words: &str) {
        self.shown.push_str(words);
    }

    fn field(&mut self, name: &'static str, value: Value<'_>, show: Show) {
        let text = match (value, show) {
            (Value::Bool(b), Show::TrueFalseLetter) => if b { "T" } else { "F" }.to_owned(),
            (Value::Unsigned(n), _) => n.to_string(),
            (Value::Signed(n), _) => n.to_string(),
            (Value::Float(n), _) => n.to_string(),
            (Value::Bool(b), _) => b.to_string(),
            (Value::FullXid(n), _) => format!("{}:{}", n >> 32, n & 0xFFFF_FFFF),
            (Value::Rel(r), _) => format!("{}/{}/{}", r.spc, r.db, r.rel),
            (Value::Tid(block, line), _) => format!("{block}/{line}"),
            (Value::Name(name), _) => name.to_owned(),
            (other, _) => format!("{other:?}"),
        };
        if show == Show::Not { self.hidden.push_str(&format!("{name}={text} ")) } else { self.shown.push_str(&text) }
    }

    fn open(&mut self, name: &'static str, nest: Nest) {
        self.hidden.push_str(&format!("{name}{} ", if nest == Nest::List { '[' } else { '{' }));
    }

    fn close(&mut self, nest: Nest) {
        self.hidden.push_str(if nest == Nest::List { "] " } else { "} " });
    }
}

/// Text and hidden fields of a record of an 8-byte aligned little-endian server.
pub fn words(version: Version, (rmid, info): (u8, u8), main: &[u8], blocks: &[Part]) -> (String, String) {
    words_of(&layout(version, Align::Eight, Endian::Little), (rmid, info), main, blocks)
}

/// Text and hidden fields of a record.
pub fn words_of(layout: &Layout, (rmid, info): (u8, u8), main: &[u8], blocks: &[Part]) -> (String, String) {
    let op = Vocabulary::of(layout.dialect).op(rmid, info).unwrap();
    let mut words = Words::default();
    if let Err(short) = tell(layout, op, rmid, info, &body(layout, main, blocks), &mut words) {
        words.shown.push_str(&format!(" !{}", short.0));
    }
    (words.shown, words.hidden)
}

/// Numbers of many sizes as the server writes them.
pub struct Bytes(pub Endian, pub Vec<u8>);

impl Bytes {
    pub fn u8(mut self, n: u8) -> Bytes {
        self.1.push(n);
        self
    }

    pub fn u16(mut self, n: u16) -> Bytes {
        self.1.extend(self.0.put_u16(n));
        self
    }

    pub fn u32(mut self, n: u32) -> Bytes {
        self.1.extend(self.0.put_u32(n));
        self
    }

    pub fn u64(mut self, n: u64) -> Bytes {
        self.1.extend(self.0.put_u64(n));
        self
    }
}

/// Nothing yet, little-endian. With room: rustc 1.95 takes two empty ones for one and the same value where it optimises
/// without incremental compilation (its pass GVN; mended by 1.97).
pub fn bytes() -> Bytes {
    Bytes(Endian::Little, Vec::with_capacity(64))
}
