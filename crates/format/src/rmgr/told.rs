//! For tests: what a made-up record says, as text and as a document.

use super::describe::{Cx, describe};
use super::managers;
use super::sink::{Nest, Show, Sink, Value};
use super::table::{Short, V9_5};
use super::vocabulary::Vocabulary;
use crate::Version;
use crate::dialect::DIALECTS;
use crate::record::{Record, RecordHeader};
use crate::{Align, Endian, Layout, Lsn, PageSize, SegmentSize};
use std::fmt::Write;

/// Text, and fields as `name=value`, lists in brackets, objects in braces.
#[derive(Default)]
pub(super) struct Transcript {
    pub text: String,
    pub document: String,
    open: Vec<Nest>,
}

impl Sink for Transcript {
    fn text(&mut self, words: &str) {
        self.text += words;
    }

    fn field(&mut self, name: &'static str, value: Value<'_>, show: Show) {
        assert_eq!(name.is_empty(), self.open.last() == Some(&Nest::List), "{name}: {}", self.document);
        let plain = match value {
            Value::Unsigned(n) | Value::FullXid(n) => n.to_string(),
            Value::Signed(n) => n.to_string(),
            Value::Float(n) => n.to_string(),
            Value::Bool(b) => b.to_string(),
            Value::Name(word) => word.to_owned(),
            Value::Rel(rel) => format!("{}/{}/{}", rel.spc, rel.db, rel.rel),
            Value::Tid(block, offset) => format!("{block}/{offset}"),
            Value::Text(bytes) => String::from_utf8_lossy(bytes).into_owned(),
            Value::Lsn(lsn) => lsn.to_string(),
            Value::Time(time) => format!("@{}", time.0),
            Value::Path(rel, fork) => format!("path {}/{}/{} {fork}", rel.spc, rel.db, rel.rel),
            other => format!("{other:?}"),
        };
        match (show, value) {
            (Show::Not, _) => {}
            (Show::Hex, Value::Unsigned(n)) => drop(write!(self.text, "0x{n:02X}")),
            (Show::TrueFalseLetter, Value::Bool(b)) => self.text.push(if b { 'T' } else { 'F' }),
            (Show::OnOff, Value::Bool(b)) => self.text += if b { "on" } else { "off" },
            (Show::Digit, Value::Bool(b)) => self.text.push(if b { '1' } else { '0' }),
            (Show::Fixed, Value::Float(n)) => drop(write!(self.text, "{n:.6}")),
            _ => self.text += &plain,
        }
        let equals = if name.is_empty() { "" } else { "=" };
        let _ = write!(self.document, "{name}{equals}{plain} ");
    }

    fn open(&mut self, name: &'static str, nest: Nest) {
        assert_eq!(name.is_empty(), self.open.last() == Some(&Nest::List), "{name}: {}", self.document);
        self.open.push(nest);
        let equals = if name.is_empty() { "" } else { "=" };
        let _ = write!(self.document, "{name}{equals}{}", if nest == Nest::List { "[" } else { "{" });
    }

    fn close(&mut self, nest: Nest) {
        assert_eq!(self.open.pop(), Some(nest));
        self.document = self.document.trim_end().to_owned();
        self.document += if nest == Nest::List { "] " } else { "} " };
    }
}

/// How records of a version lie on a server.
pub(super) fn layout(version: Version, align: Align, endian: Endian) -> Layout {
    Layout {
        dialect: version.dialect().unwrap(),
        align,
        endian,
        segment: SegmentSize::new(1 << 20).unwrap(),
        page: PageSize::DEFAULT,
    }
}

/// Describes a record of 9.5 or later with main data and data of block 0, the first page of a relation.
pub(super) fn tell(layout: &Layout, rmid: u8, info: u8, main: &[u8], block: &[u8]) -> (Transcript, Result<(), Short>) {
    let mut body = Vec::new();
    if !block.is_empty() {
        body.extend([0, 0x20]);
        body.extend(endian(layout, block.len() as u16));
        body.extend([0; 16]);
    }
    body.extend([255, main.len() as u8]);
    body.extend(block);
    body.extend(main);
    let header = RecordHeader { tot_len: body.len() as u32 + 24, xid: 7, prev: Lsn::ZERO, info, rmid, crc: 0, len: 0 };
    let record = Record { lsn: Lsn::ZERO, end: Lsn::ZERO, header, body: &body, layout };
    let mut blocks = Vec::new();
    record.blocks(&mut blocks).unwrap();
    let op = Vocabulary::of(layout.dialect).op(rmid, info).unwrap();
    let mut told = Transcript::default();
    let result = describe(op, &Cx { record: &record, main: record.main_data(), blocks: &blocks }, &mut told);
    assert!(told.open.is_empty(), "{}: {}", op.name, told.document);
    (told, result)
}

fn endian(layout: &Layout, n: u16) -> [u8; 2] {
    if layout.endian == Endian::Little { n.to_le_bytes() } else { n.to_be_bytes() }
}

/// Text and document of a record of a server on a usual machine.
pub(super) fn told(version: Version, rmid: u8, info: u8, main: &[u8], block: &[u8]) -> (String, String) {
    let (told, result) = tell(&layout(version, Align::Eight, Endian::Little), rmid, info, main, block);
    assert_eq!(result, Ok(()), "{}", told.document);
    (told.text, told.document.trim_end().to_owned())
}

/// Describes every operation of a resource manager in every version from 9.5 on over bytes of every kind and length:
/// there may be no panic, and no list may stay open.
pub(super) fn any_bytes(rmid: u8) {
    let mut seed = 0x9E37_79B9_7F4A_7C15u64;
    let mut next = move || {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        seed
    };
    for dialect in DIALECTS.iter().filter(|d| d.version >= V9_5) {
        for (align, endian) in
            [(Align::Eight, Endian::Little), (Align::Four, Endian::Little), (Align::Eight, Endian::Big)]
        {
            let layout = layout(dialect.version, align, endian);
            for op in managers::ALL[usize::from(rmid)].ops_of(dialect) {
                for round in 0..60u64 {
                    let mut bytes = |most: u64| -> Vec<u8> {
                        let length = next() % most;
                        // Small numbers, so that counts often fit.
                        (0..length).map(|_| if round % 3 == 0 { next() as u8 } else { (next() % 4) as u8 }).collect()
                    };
                    let (main, block) = (bytes(60), bytes(200));
                    let _ = tell(&layout, rmid, op.code, &main, &block);
                }
            }
        }
    }
}
