//! `walproof dump --format waldump`: what `pg_waldump` (`pg_xlogdump` up to 9.6) of the WAL's own version prints
//! (`src/bin/pg_waldump/pg_waldump.c`, `contrib/pg_xlogdump`). Earlier servers had no such program; their records get
//! the line of 9.3.
//!
//! ```text
//! 9.5-19    rmgr: Heap        len (rec/tot):     54/   158, tx:       1234, lsn: 0/00AAC648, prev 0/00AAC610, desc: INSERT off 7, blkref #0: …
//! 8.2-9.4   rmgr: Heap        len (rec/tot):     21/    53, tx:       1234, lsn: 0/00AAC648, prev 0/00AAC610, bkp: 0000, desc: insert: …
//! ```
//! Findings are lines that begin with `***`: no program of PostgreSQL goes on behind damage.

mod blocks;
mod head;
mod relation;
pub mod start;
mod text;
mod zone;

use crate::dump::line::LineBuffer;
use crate::dump::text::damage;
use crate::time::Zone;
use blocks::KnownRelations;
use head::Heads;
use pgwal_format::record::{Block, Record, RecordHeader};
use pgwal_format::rmgr::describe::{Cx, describe};
use pgwal_format::rmgr::managers::{self, Unknown};
use pgwal_format::rmgr::short::short;
use pgwal_format::rmgr::{Rmgr, RmgrName};
use pgwal_format::{Generation, Layout, TimelineId};
use pgwal_query::filter::Filter;
use pgwal_verify::records::{ListPart, NoEvent, Render, Rendered};
use pgwal_verify::{Code, Finding, Severity};
use std::io::Write;
use std::sync::OnceLock;
use text::DescriptionText;
pub use zone::LocalZone;

/// The renderer.
pub struct Waldump<'a> {
    /// What to show.
    pub filter: &'a Filter,
    /// Details of blocks on lines of their own.
    pub details: bool,
    /// Where times are told in.
    pub zone: &'a LocalZone,
    /// Where the times of findings are told in.
    pub told_in: &'a Zone,
    /// What lines begin with in the version, once a record was seen.
    pub heads: OnceLock<Heads>,
}

/// WaldumpRoom that is used again.
#[derive(Default)]
pub struct WaldumpRoom {
    blocks: Vec<Block>,
    known: KnownRelations,
}

impl Render for Waldump<'_> {
    type Scratch = WaldumpRoom;
    type Event = NoEvent;

    #[inline]
    fn wants(&self, header: &RecordHeader) -> bool {
        self.filter.looks_at(header)
    }

    fn record(
        &self,
        record: &Record<'_>,
        _: TimelineId,
        WaldumpRoom { blocks, known }: &mut WaldumpRoom,
        out: &mut ListPart<NoEvent>,
    ) -> Option<Rendered> {
        let shape = record.blocks_or_none(blocks);
        if !self.filter.wants_record(record, blocks, &shape) {
            return None;
        }
        let dialect = record.layout.dialect;
        let heads = self.heads.get_or_init(|| Heads::new(dialect));
        if self.filter.only_damaged() {
            let short = short(heads.vocabulary, record, blocks)?;
            return Some(Rendered { listed: false, image_bytes: 0, short: Some(short) });
        }
        let images = shape.image_len as u64;
        let mut text = DescriptionText { line: LineBuffer::new(out.text()), dialect, zone: self.zone };
        heads.write(record, images, &mut text.line);
        let cx = Cx { record, main: record.main_data_of(&shape), blocks };
        let mut told = None;
        match heads.vocabulary.op(record.header.rmid, record.header.info) {
            Some(op) => {
                if let Err(short) = describe(op, &cx, &mut text) {
                    // A line of its own has no place in a text that programs compare.
                    told = Some(short);
                    text.line.with(|out| drop(write!(out, " *** the data ends before {}", short.0)));
                }
            }
            None => unknown(record, &mut text.line),
        }
        let line = &mut text.line;
        if self.details {
            line.byte(b'\n');
            blocks::lines(record, blocks, line);
        } else {
            if dialect.generation == Generation::Modern {
                blocks::short(record, blocks, known, line);
            }
            line.byte(b'\n');
        }
        Some(Rendered { short: told, ..images.into() })
    }

    fn finding(&self, finding: &Finding, layout: Option<&Layout>, out: &mut ListPart<NoEvent>) {
        // What costs nothing has no place in a text that programs compare, and what is said in a line is not said
        // twice.
        let is_wanted = match finding.code {
            Code::Data => self.filter.only_damaged(),
            _ => finding.severity == Severity::Error,
        };
        if is_wanted {
            damage(finding, layout, self.told_in, out.text());
        }
    }
}

/// An operation that the version does not have.
#[cold]
fn unknown(record: &Record<'_>, line: &mut LineBuffer<'_>) {
    let (rmid, dialect) = (record.header.rmid, record.layout.dialect);
    if let RmgrName::Custom(_) = Rmgr(rmid).name(dialect) {
        line.with(|out| drop(write!(out, "rmid: {rmid}")));
    } else if dialect.generation != Generation::Modern {
        match managers::ALL.get(usize::from(rmid)).map(|m| m.legacy_unknown) {
            Some(Unknown::Words(words)) => line.words(words.as_bytes()),
            Some(Unknown::Number(words)) => line.with(|out| drop(write!(out, "{words}{}", record.header.operation()))),
            None => {}
        }
    }
}
