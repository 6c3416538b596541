//! The bytes of a record as they lie in files: pages, their headers, padding.

use pgwal_format::rmgr::sink::Value;
use pgwal_format::spans::{FieldSpan, SpanPart};
use pgwal_format::{FileName, Generation, Layout, Lsn, SegmentNo, TimelineId};
use pgwal_source::{Entry, Source};

/// The longest record that a server writes, and a little more.
const LONGEST: u32 = 1 << 30;

/// A record's bytes.
#[derive(Default)]
pub struct RawRecord {
    /// Those of the record alone.
    pub bytes: Vec<u8>,
    pieces: Vec<RawPiece>,
    whole: bool,
}

/// A stretch of a file.
struct RawPiece {
    lsn: Lsn,
    file: String,
    offset: u64,
    kind: RawKind,
}

enum RawKind {
    /// Of the record, from this offset in it on, so many bytes.
    Record(usize, usize),
    /// A page header.
    Page(Vec<u8>),
    /// What fills up to the next slot.
    Pad(Vec<u8>),
}

/// Bytes of one field, as they lie there.
pub struct ByteRow<'a> {
    /// Where the first one is.
    pub lsn: Lsn,
    /// In which file.
    pub file: &'a str,
    /// Its offset there.
    pub offset: u64,
    /// All of them.
    pub bytes: &'a [u8],
    /// What they are part of.
    pub part: SpanPart,
    /// The block of the record.
    pub block: Option<u8>,
    /// The field; empty where no table names one.
    pub name: &'static str,
    /// What it says.
    pub value: Option<Value<'a>>,
    /// The field began on the page before.
    pub continued: bool,
}

/// Where a record starts that cannot start before `lsn`.
pub fn skip_page_header(layout: &Layout, lsn: Lsn) -> Lsn {
    let offset = layout.address().offset(lsn, layout.segment);
    match (offset % layout.page.bytes(), offset) {
        (0, 0) => lsn.plus_within(layout.long_header() as u64),
        (0, _) => lsn.plus_within(layout.short_header() as u64),
        _ => lsn,
    }
}

impl RawRecord {
    /// Reads a record from `start` on: as long as its header says, as far as pages go on with it.
    pub fn read(source: &dyn Source, layout: &Layout, start: Lsn, timeline: TimelineId) -> RawRecord {
        let mut raw = RawRecord::default();
        let Ok(listing) = source.list() else { return raw };
        let (address, size, page) = (layout.address(), layout.segment, layout.page.bytes());
        let mut held: Option<(SegmentNo, String, Vec<u8>)> = None;
        let mut at = start;
        loop {
            let number = address.segment(at, size);
            if held.as_ref().is_none_or(|(held, ..)| *held != number) {
                let Some(entry) = file_of(&listing.entries, layout, number, timeline) else { return raw };
                let Ok((bytes, _)) = source.small(entry, size.bytes()) else { return raw };
                held = Some((number, entry.shown(), bytes));
            }
            let Some((_, file, bytes)) = &held else { return raw };
            let offset = address.offset(at, size);
            let page_end = ((offset / page + 1) * page).min(bytes.len() as u64);
            let Some(mut rest) = bytes.get(offset as usize..page_end as usize).filter(|rest| !rest.is_empty()) else {
                return raw;
            };
            let mut lsn = at;
            if offset.is_multiple_of(page) {
                let header = layout.page_header(rest);
                let Some((head, data)) = rest.split_at_checked(header.data) else { return raw };
                raw.pieces.push(RawPiece { lsn, file: file.clone(), offset, kind: RawKind::Page(head.to_vec()) });
                let goes_on =
                    header.continues() && header.address == at && u64::from(header.rem_len) == raw.missing(layout);
                if !raw.bytes.is_empty() && !goes_on {
                    return raw;
                }
                (rest, lsn) = (data, lsn.plus_within(header.data as u64));
            }
            let part = &rest[..rest.len().min(raw.missing(layout) as usize)];
            let from = raw.bytes.len();
            raw.bytes.extend_from_slice(part);
            // Only now the length may be known, and found out to be less.
            let taken = part.len().min((from as u64 + raw.missing_of(layout, from)) as usize - from);
            raw.bytes.truncate(from + taken);
            let own = offset + lsn.minus_within(at);
            raw.pieces.push(RawPiece { lsn, file: file.clone(), offset: own, kind: RawKind::Record(from, taken) });
            if raw.missing(layout) == 0 {
                raw.whole = true;
                let end = own + taken as u64;
                let next = layout.align_up(end).min(page_end);
                if let Some(pad) = bytes.get(end as usize..next as usize).filter(|pad| !pad.is_empty()) {
                    let lsn = lsn.plus_within(taken as u64);
                    raw.pieces.push(RawPiece {
                        lsn,
                        file: file.clone(),
                        offset: end,
                        kind: RawKind::Pad(pad.to_vec()),
                    });
                }
                return raw;
            }
            let Some(next) = address.advance(at, page - offset % page, size) else { return raw };
            at = next;
        }
    }

    /// Bytes that are still to come, by the record's own account.
    fn missing(&self, layout: &Layout) -> u64 {
        self.missing_of(layout, self.bytes.len())
    }

    fn missing_of(&self, layout: &Layout, have: usize) -> u64 {
        let header = layout.record_header();
        // The length stands at the beginning; up to 9.2 a header is on one page anyway.
        let known = self.bytes.len() >= if layout.dialect.generation == Generation::LegacyA { header } else { 4 };
        let said = if known { layout.total_length(&self.bytes) } else { LONGEST };
        // A length that cannot be right: its header is all that can be shown.
        let length = if known && !(header as u32..=LONGEST).contains(&said) { header as u32 } else { said };
        u64::from(length).saturating_sub(have as u64)
    }

    /// Where it ends, if all of it is there: rounded up to the alignment.
    pub fn end(&self) -> Option<Lsn> {
        let last = self.pieces.last().filter(|_| self.whole)?;
        Some(match &last.kind {
            RawKind::Record(_, length) => last.lsn.plus_within(*length as u64),
            RawKind::Page(bytes) | RawKind::Pad(bytes) => last.lsn.plus_within(bytes.len() as u64),
        })
    }

    /// The position behind the last byte that is there.
    pub fn reaches(&self, start: Lsn) -> Lsn {
        self.pieces.last().map_or(start, |piece| match &piece.kind {
            RawKind::Record(_, length) => piece.lsn.plus_within(*length as u64),
            RawKind::Page(bytes) | RawKind::Pad(bytes) => piece.lsn.plus_within(bytes.len() as u64),
        })
    }

    /// Field by field.
    pub fn rows<'a>(&'a self, layout: &Layout, spans: &[FieldSpan<'a>]) -> Vec<ByteRow<'a>> {
        let mut out = Vec::new();
        for piece in &self.pieces {
            let mut row = |bytes: &'a [u8], span: &FieldSpan<'a>, from: usize, continued: bool| {
                if bytes.is_empty() {
                    return;
                }
                let (lsn, offset) = (piece.lsn.plus_within(from as u64), piece.offset + from as u64);
                let FieldSpan { part, block, name, value, .. } = *span;
                out.push(ByteRow {
                    lsn,
                    file: &piece.file,
                    offset,
                    bytes,
                    part,
                    block,
                    name,
                    value: value.filter(|_| !continued),
                    continued,
                });
            };
            match &piece.kind {
                RawKind::Page(bytes) => {
                    for span in layout.page_spans(bytes) {
                        row(bytes.get(span.start..span.end.min(bytes.len())).unwrap_or(&[]), &span, span.start, false);
                    }
                }
                RawKind::Pad(bytes) => {
                    row(
                        bytes,
                        &FieldSpan {
                            start: 0,
                            end: bytes.len(),
                            part: SpanPart::Pad,
                            block: None,
                            name: "",
                            value: None,
                        },
                        0,
                        false,
                    );
                }
                RawKind::Record(from, length) => {
                    let (from, to) = (*from, from + length);
                    for span in spans.iter().filter(|span| span.start < to && span.end > from) {
                        let (start, end) = (span.start.max(from), span.end.min(to));
                        row(self.bytes.get(start..end).unwrap_or(&[]), span, start - from, span.start < from);
                    }
                }
            }
        }
        out
    }
}

/// The file of a segment: of that timeline, else of the newest one before it, else of any.
fn file_of<'a>(entries: &'a [Entry], layout: &Layout, number: SegmentNo, timeline: TimelineId) -> Option<&'a Entry> {
    let rank = |entry: &Entry| match entry.name? {
        FileName::Segment(name) | FileName::Partial(name)
            if name.number(layout.address(), layout.segment) == Some(number) =>
        {
            let complete = matches!(entry.name, Some(FileName::Segment(_)));
            Some((name.timeline == timeline, name.timeline < timeline, complete, name.timeline))
        }
        _ => None,
    };
    entries.iter().filter_map(|entry| Some((rank(entry)?, entry))).max_by_key(|(rank, _)| *rank).map(|(_, entry)| entry)
}
