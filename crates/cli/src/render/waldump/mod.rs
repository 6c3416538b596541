//! `walproof dump --format waldump`: what `pg_waldump` (`pg_xlogdump` up to 9.6) of the WAL's own version prints
//! (`src/bin/pg_waldump/pg_waldump.c`, `contrib/pg_xlogdump`). Earlier servers had no such program; their records get the line of 9.3.
//!
//! ```text
//! 9.5-19    rmgr: Heap        len (rec/tot):     54/   158, tx:       1234, lsn: 0/00AAC648, prev 0/00AAC610, desc: INSERT off 7, blkref #0: …
//! 8.2-9.4   rmgr: Heap        len (rec/tot):     21/    53, tx:       1234, lsn: 0/00AAC648, prev 0/00AAC610, bkp: 0000, desc: insert: …
//! ```
//! Findings are lines that begin with `***`: no program of PostgreSQL goes on behind damage.

mod blocks;
mod head;
mod text;
mod zone;

use super::digits::hexadecimal;
use super::dump_text::damage;
use crate::filter::Filter;
use pgwal::format::record::{Block, Record, RecordHeader};
use pgwal::format::rmgr::describe::{Cx, Vocabulary, describe};
use pgwal::format::rmgr::managers::{self, Unknown};
use pgwal::format::rmgr::short::short;
use pgwal::format::rmgr::table::Short;
use pgwal::format::rmgr::{Rmgr, RmgrName};
use pgwal::format::{Generation, Layout, TimelineId};
use pgwal::verify::records::{Render, Rendered};
use pgwal::verify::{Finding, Severity};
use std::io::Write;
use std::sync::OnceLock;
use text::Text;
pub use zone::Zone;

/// The renderer.
pub struct Waldump<'a> {
    /// What to show.
    pub filter: &'a Filter,
    /// Details of blocks on lines of their own.
    pub details: bool,
    /// Where times are told in.
    pub zone: &'a Zone,
    /// The operations of the version, once a record was seen.
    pub vocabulary: OnceLock<&'static Vocabulary>,
}

impl Render for Waldump<'_> {
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
        let vocabulary = self.vocabulary.get_or_init(|| Vocabulary::of(record.layout.dialect));
        if self.filter.only_damaged() {
            let short = short(vocabulary, record, blocks)?;
            damage(&Finding::short(record, timeline, short), Some(record.layout), out);
            return Some(Rendered { listed: false, image_bytes: 0, findings: 1 });
        }
        let images = shape.image_len as u64;
        head::write(record, images, out);
        let cx = Cx { record, main: record.main_data_of(&shape), blocks };
        let findings = u64::from(self.description(vocabulary, &cx, out).is_err());
        if self.details {
            out.push(b'\n');
            blocks::lines(record, blocks, out);
        } else {
            if record.layout.dialect.generation == Generation::Modern {
                blocks::short(record, blocks, out);
            }
            out.push(b'\n');
        }
        Some(Rendered { findings, ..images.into() })
    }

    fn finding(&self, finding: &Finding, layout: Option<&Layout>, out: &mut Vec<u8>) {
        // What costs nothing has no place in a text that programs compare.
        if finding.severity == Severity::Error {
            damage(finding, layout, out);
        }
    }
}

impl Waldump<'_> {
    /// Its text. What is wrong with the data stands in it: a line of its own has no place in a text that programs compare.
    fn description(&self, vocabulary: &Vocabulary, cx: &Cx<'_>, out: &mut Vec<u8>) -> Result<(), Short> {
        let record = cx.record;
        let (rmid, info) = (record.header.rmid, record.header.info);
        let modern = record.layout.dialect.generation == Generation::Modern;
        if modern {
            match vocabulary.name(rmid, info) {
                Some(name) => out.extend_from_slice(name.as_bytes()),
                None => unknown(info, out),
            }
            out.push(b' ');
        }
        let op = vocabulary.op(rmid, info);
        let Some(op) = op else {
            match Rmgr(rmid).name(record.layout.dialect) {
                RmgrName::Custom(_) => drop(write!(out, "rmid: {rmid}")),
                _ if !modern => unknown_legacy(rmid, info, out),
                _ => {}
            }
            return Ok(());
        };
        let mut text = Text { out, dialect: record.layout.dialect, zone: self.zone };
        let told = describe(op, cx, &mut text);
        if let Err(short) = told {
            let _ = write!(out, " *** the data ends before {}", short.0);
        }
        told
    }
}

/// What 9.4 and earlier said of an operation that they did not know.
fn unknown_legacy(rmid: u8, info: u8, out: &mut Vec<u8>) {
    match managers::ALL.get(usize::from(rmid)).map(|m| m.legacy_unknown) {
        Some(Unknown::Words(words)) => out.extend_from_slice(words.as_bytes()),
        Some(Unknown::Number(words)) => drop(write!(out, "{words}{}", info & 0xF0)),
        None => {}
    }
}

fn unknown(info: u8, out: &mut Vec<u8>) {
    out.extend_from_slice(b"UNKNOWN (");
    let digits = out.len();
    hexadecimal(out, u32::from(info & 0xF0), 1);
    if let Some(digits) = out.get_mut(digits..) {
        digits.make_ascii_lowercase();
    }
    out.push(b')');
}
