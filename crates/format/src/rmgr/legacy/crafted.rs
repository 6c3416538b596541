//! Crafted records, for tests: what one says, its hidden fields in braces.

use crate::Version;
use crate::dialect::DIALECTS;
use crate::record::{Block, Record, RecordHeader};
use crate::rmgr::describe::{Cx, describe};
use crate::rmgr::sink::{Nest, Show, Sink, Value};
use crate::rmgr::vocabulary::Vocabulary;
use crate::{Align, Dialect, Endian, Layout, Lsn, PageSize, SegmentSize};
use std::fmt::Write;
use std::ops::RangeInclusive;

/// Main data in the making. Every structure starts with relation 1663/5/16384.
pub struct Data {
    pub bytes: Vec<u8>,
    align: usize,
}

impl Data {
    /// `16384` and the number of a block are easy to tell apart in a failure.
    pub fn rel(self) -> Data {
        self.u32(1663).u32(5).u32(16384)
    }

    pub fn u8(mut self, n: u8) -> Data {
        self.bytes.push(n);
        self
    }

    pub fn u16(mut self, n: u16) -> Data {
        self.bytes.extend(n.to_le_bytes());
        self
    }

    pub fn u32(mut self, n: u32) -> Data {
        self.bytes.extend(n.to_le_bytes());
        self
    }

    pub fn u64(mut self, n: u64) -> Data {
        self.bytes.extend(n.to_le_bytes());
        self
    }

    /// Pads to a multiple of so many bytes, or of the server's alignment if that is less. The padding is no zero.
    pub fn pad(mut self, to: usize) -> Data {
        self.bytes.resize(self.bytes.len().next_multiple_of(to.min(self.align)), 0xEE);
        self
    }

    pub fn block_id(self, n: u32) -> Data {
        self.u16((n >> 16) as u16).u16(n as u16)
    }

    pub fn tid(self, block: u32, off: u16) -> Data {
        self.block_id(block).u16(off)
    }

    /// An index tuple of so many bytes, padded.
    pub fn tuple(self, size: u16) -> Data {
        let mut tuple = self.u32(0xAAAA_AAAA).u16(0xAAAA).u16(0xE000 | size);
        let end = tuple.bytes.len() + usize::from(size) - 8;
        tuple.bytes.resize(end, 0xAA);
        // Not all of them start aligned: it is the size that is.
        let padded = usize::from(size).next_multiple_of(tuple.align) - usize::from(size);
        tuple.bytes.resize(end + padded, 0xAA);
        tuple
    }
}

/// Asserts what a record says in versions and on servers of both alignments. `images`: which backup blocks it has.
#[track_caller]
pub fn says(
    [rmid, info]: [u8; 2],
    versions: RangeInclusive<Version>,
    images: &[usize],
    make: impl Fn(Data) -> Data,
    expected: &str,
) {
    let mut tried = 0;
    for dialect in DIALECTS.iter().filter(|d| versions.contains(&d.version)) {
        for (align, bytes) in [(Align::Eight, 8), (Align::Four, 4)] {
            let main = make(Data { bytes: Vec::new(), align: bytes }).bytes;
            assert_eq!(
                told(dialect, align, rmid, info, images, &main),
                expected,
                "{} aligned to {bytes}",
                dialect.version
            );
            tried += 1;
        }
    }
    assert!(tried > 0);
}

/// What a record tells; `(unknown)` where the version does not know its operation.
pub fn told(dialect: &'static Dialect, align: Align, rmid: u8, info: u8, images: &[usize], main: &[u8]) -> String {
    let layout =
        Layout { dialect, align, endian: Endian::Little, segment: SegmentSize::DEFAULT, page: PageSize::DEFAULT };
    let (mut body, mut info) = (main.to_vec(), info);
    for &image in images {
        info |= dialect.backup_blocks.bits[image];
        let mut header = Data { bytes: Vec::new(), align: 8 }.rel();
        if dialect.backup_blocks.size == 24 {
            header = header.u32(0);
        }
        // A page with a hole that leaves one byte of it.
        body.extend(header.u32(7).u16(1).u16(8191).u8(0).bytes);
    }
    let tot_len = (layout.record_header() + body.len()) as u32;
    let header = RecordHeader { tot_len, xid: 9, prev: Lsn::new(0), info, rmid, crc: 0, len: main.len() as u32 };
    let record = Record { lsn: Lsn::new(0), end: Lsn::new(0), header, body: &body, layout: &layout };
    let mut blocks: Vec<Block> = Vec::new();
    record.blocks(&mut blocks).unwrap();
    assert_eq!(blocks.len(), images.len());
    let mut told = LegacyTranscript::default();
    let Some(op) = Vocabulary::of(dialect).op(rmid, info) else { return String::from("(unknown)") };
    if let Err(short) = describe(op, &Cx { record: &record, main: record.main_data(), blocks: &blocks }, &mut told) {
        let _ = write!(told.text, "(short of {})", short.0);
    }
    // Data that end in a list leave it open.
    assert!(told.depth == 0 || told.text.contains("(short of "));
    told.text
}

#[derive(Default)]
struct LegacyTranscript {
    text: String,
    depth: usize,
}

impl Sink for LegacyTranscript {
    fn text(&mut self, words: &str) {
        self.text.push_str(words);
    }

    fn field(&mut self, name: &'static str, value: Value<'_>, show: Show) {
        let shown = match value {
            Value::Unsigned(n) => n.to_string(),
            Value::Signed(n) => n.to_string(),
            Value::Bool(b) => if b { "T" } else { "F" }.to_string(),
            Value::Lsn(lsn) => format!("{lsn}"),
            Value::Rel(rel) => format!("{}/{}/{}", rel.spc, rel.db, rel.rel),
            Value::Tid(block, off) => format!("{block}/{off}"),
            Value::Name(name) => name.to_string(),
            other => format!("{other:?}"),
        };
        let _ = match show {
            Show::Not if name.is_empty() => write!(self.text, "{{{shown}}}"),
            Show::Not => write!(self.text, "{{{name}={shown}}}"),
            _ => write!(self.text, "{shown}"),
        };
    }

    fn open(&mut self, name: &'static str, _: Nest) {
        self.depth += 1;
        let _ = write!(self.text, "{name}<");
    }

    fn close(&mut self, _: Nest) {
        self.depth -= 1;
        self.text.push('>');
    }
}

#[test]
fn no_bytes_make_a_decoder_panic() {
    let mut seed = 0x2545_F491_4F6C_DD1D_u64;
    let mut next = || {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        seed
    };
    for dialect in DIALECTS.iter().filter(|d| d.version < Version::new(9, 5)) {
        for (rmid, code) in (11..=16).flat_map(|rmid| (0..16).map(move |code| (rmid, code << 4))) {
            for length in (0..130).step_by(3) {
                // Small numbers are counts that fit more often than others.
                let main: Vec<u8> =
                    (0..length).map(|_| if next() % 3 == 0 { (next() % 4) as u8 } else { next() as u8 }).collect();
                let images: &[usize] = [&[][..], &[0], &[1], &[0, 1]][(next() % 4) as usize];
                let align = if next() % 2 == 0 { Align::Eight } else { Align::Four };
                told(dialect, align, rmid, code, images, &main);
            }
        }
    }
}
