//! What a side's WAL holds, in sums: of two sides the stretches whose sums are equal have the same records.

use super::DivergeSide;
use crate::look::NoteFinding;
use pgwal_format::record::{Record, RecordHeader};
use pgwal_format::rmgr::{XLOG, xlog};
use pgwal_format::{Layout, Lsn, TimelineId};
use pgwal_verify::records::{Gathered, ListError, ListPart, ListRequest, NoEvent, Render, Rendered, gather};
use pgwal_verify::{Finding, Severity};
use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Mutex, PoisonError};

/// Bits of a position inside a stretch: 1 MiB.
const STRETCH_BITS: u32 = 20;
/// So many checkpoints are kept; of more, the first ones are not.
const MOST_CHECKPOINTS: usize = 100_000;

/// The stretch in which a record starts.
pub(super) fn stretch(lsn: Lsn) -> u64 {
    lsn.get() >> STRETCH_BITS
}

/// Where a stretch begins.
pub(super) fn stretch_start(stretch: u64) -> Lsn {
    Lsn::new(stretch << STRETCH_BITS)
}

/// A record, as it is compared.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RecordPrint {
    /// Where it starts.
    pub lsn: Lsn,
    /// Where it ends.
    pub end: Lsn,
    /// Its fixed part, with its checksum.
    pub header: RecordHeader,
}

impl RecordPrint {
    fn of(record: &Record<'_>) -> RecordPrint {
        RecordPrint { lsn: record.lsn, end: record.end, header: record.header }
    }
}

/// A checkpoint.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct CheckpointPrint {
    pub lsn: Lsn,
    pub redo: Lsn,
}

/// A side's WAL.
#[derive(Debug, Default)]
pub(super) struct SidePrints {
    /// The sum of the records that start in each stretch.
    pub stretches: BTreeMap<u64, u64>,
    sum: DefaultHasher,
    current: Option<u64>,
    first: Option<Lsn>,
    last: Option<RecordPrint>,
    /// In order.
    pub checkpoints: Vec<CheckpointPrint>,
    /// Images were written for hint bits alone: hints are logged.
    pub has_hint_images: bool,
    /// `wal_log_hints`, as records say it that tell of settings.
    pub hints_logged: Option<bool>,
}

impl SidePrints {
    /// The start of the first record, and the end of the last.
    pub fn range(&self) -> Option<(Lsn, Lsn)> {
        Some((self.first?, self.last?.end))
    }

    pub fn last(&self) -> Option<RecordPrint> {
        self.last
    }

    fn add(&mut self, print: RecordPrint) {
        self.first.get_or_insert(print.lsn);
        let own = stretch(print.lsn);
        if self.current != Some(own) {
            self.close();
            self.current = Some(own);
        }
        let RecordHeader { tot_len, prev, crc, .. } = print.header;
        (print.lsn.get(), tot_len, prev.get(), crc).hash(&mut self.sum);
        self.last = Some(print);
    }

    fn close(&mut self) {
        if let Some(done) = self.current.take() {
            self.stretches.insert(done, std::mem::take(&mut self.sum).finish());
        }
    }
}

/// What one part comes to.
#[derive(Default)]
pub(super) struct PrintedPart {
    records: Vec<RecordPrint>,
    checkpoints: Vec<CheckpointPrint>,
    has_hint_images: bool,
    hints_logged: Option<bool>,
}

struct Printer<'a> {
    tell: &'a NoteFinding<'a>,
    found: Mutex<SidePrints>,
}

impl Render for Printer<'_> {
    type Scratch = PrintedPart;
    type Event = NoEvent;

    fn whole(&self) -> bool {
        false
    }

    fn record(
        &self,
        record: &Record<'_>,
        _: TimelineId,
        part: &mut PrintedPart,
        _: &mut ListPart<NoEvent>,
    ) -> Option<Rendered> {
        part.records.push(RecordPrint::of(record));
        if record.header.rmid == XLOG {
            if record.header.is(XLOG, xlog::FPI_FOR_HINT) {
                part.has_hint_images = true;
            } else if let Some(checkpoint) = xlog::checkpoint(record) {
                part.checkpoints.push(CheckpointPrint { lsn: record.lsn, redo: checkpoint.redo });
            } else if let Some(settings) = xlog::parameter_change(record) {
                part.hints_logged = settings.wal_log_hints.or(part.hints_logged);
            }
        }
        Some(0.into())
    }

    fn finding(&self, finding: &Finding, layout: Option<&Layout>, out: &mut ListPart<NoEvent>) {
        if finding.severity != Severity::Info {
            (self.tell)(finding, layout, out.text());
        }
    }

    fn done(&self, part: &mut PrintedPart) {
        let part = std::mem::take(part);
        let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        part.records.into_iter().for_each(|print| found.add(print));
        found.checkpoints.extend(part.checkpoints);
        let surplus = found.checkpoints.len().saturating_sub(MOST_CHECKPOINTS);
        found.checkpoints.drain(..surplus);
        found.has_hint_images |= part.has_hint_images;
        found.hints_logged = part.hints_logged.or(found.hints_logged);
    }
}

/// Reads a side.
pub(super) fn prints(
    side: &DivergeSide<'_>,
    tell: &NoteFinding<'_>,
    note: &mut dyn FnMut(&[u8]),
) -> Result<(SidePrints, Gathered), ListError> {
    let make = || Printer { tell, found: Mutex::default() };
    let wanted = ListRequest { options: side.options.clone(), limit: None };
    let (printer, gathered) = gather(side.source, &wanted, &make, &mut |part| {
        note(part.as_text());
        Ok(())
    })?;
    let mut found = printer.found.into_inner().unwrap_or_else(PoisonError::into_inner);
    found.close();
    Ok((found, gathered))
}

/// The records of a side that start in a stretch of WAL and end in it.
struct PrintLister {
    found: Mutex<Vec<RecordPrint>>,
}

impl Render for PrintLister {
    type Scratch = Vec<RecordPrint>;
    type Event = NoEvent;

    fn whole(&self) -> bool {
        false
    }

    fn record(
        &self,
        record: &Record<'_>,
        _: TimelineId,
        part: &mut Vec<RecordPrint>,
        _: &mut ListPart<NoEvent>,
    ) -> Option<Rendered> {
        part.push(RecordPrint::of(record));
        Some(0.into())
    }

    fn done(&self, part: &mut Vec<RecordPrint>) {
        self.found.lock().unwrap_or_else(PoisonError::into_inner).append(part);
    }
}

/// Reads the records of a side from one position up to another.
pub(super) fn records(side: &DivergeSide<'_>, from: Lsn, to: Lsn) -> Result<Vec<RecordPrint>, ListError> {
    let mut options = side.options.clone();
    let (start, end) =
        (side.options.start.unwrap_or(Lsn::ZERO).max(from), side.options.end.unwrap_or(Lsn::MAX).min(to));
    (options.start, options.end) = (Some(start), Some(end));
    let wanted = ListRequest { options, limit: None };
    let make = || PrintLister { found: Mutex::default() };
    let (lister, _) = gather(side.source, &wanted, &make, &mut |_| Ok(()))?;
    Ok(lister.found.into_inner().unwrap_or_else(PoisonError::into_inner))
}
