//! One record of an archive: the one that holds a position, whole or damaged.

mod catch;
mod raw;

pub use raw::ByteRow;

use catch::{CaughtRecords, RecordCatch};
use pgwal_format::record::{Record, RecordHeader};
use pgwal_format::rmgr::short::short;
use pgwal_format::rmgr::vocabulary::Vocabulary;
use pgwal_format::spans::{FieldSpan, SpanPart, record_spans};
use pgwal_format::{Layout, Lsn, SegmentNo, TimelineId};
use pgwal_source::Source;
use pgwal_verify::records::{ListError, ListRequest, list};
use pgwal_verify::{Code, Error, Finding, Options, Which, verify};
use raw::RawRecord;

/// Segments on both sides that are looked at, until the record is found. The largest one has 1 GiB.
const AROUND: [u64; 3] = [1, 16, 1100];

/// A record as it lies there.
pub struct One {
    /// How it is laid out.
    pub layout: Layout,
    /// The timeline of the file in which it starts.
    pub timeline: TimelineId,
    /// Where it starts.
    pub start: Lsn,
    /// Where it ends, rounded up to the alignment; `None` where it is not whole.
    pub end: Option<Lsn>,
    /// Its header, as far as there is one.
    pub header: Option<RecordHeader>,
    /// What is wrong with it.
    pub findings: Vec<Finding>,
    /// What is to be said of it otherwise.
    pub note: Option<String>,
    /// Its bytes and those of the page headers between them.
    raw: RawRecord,
}

/// Why none is shown.
#[derive(Debug)]
pub enum NoRecord {
    /// The archive cannot be looked at.
    Verify(Error),
    /// Its records cannot be listed.
    List(ListError),
    /// No file could be read.
    Unreadable,
    /// The position holds none; why.
    Nowhere(String),
}

/// Finds the record that holds `lsn`. Of `options` only how to read counts.
///
/// # Errors
/// There is none, or nothing could be looked at.
pub fn find(
    source: &dyn Source,
    lsn: Lsn,
    timeline: Option<TimelineId>,
    options: &Options<'_>,
) -> Result<One, NoRecord> {
    let Some(layout) = verify(source, &options.any_names()).map_err(NoRecord::Verify)?.layout else {
        return Err(NoRecord::Unreadable);
    };
    let (address, size) = (layout.address(), layout.segment);
    let number = address.segment(lsn, size).0;
    let mut caught = CaughtRecords::default();
    for around in AROUND {
        let catch = RecordCatch::new(lsn);
        let mut options = options.beside();
        options.timeline = timeline.map_or(Which::Latest, Which::Number);
        options.start = Some(address.segment_start(SegmentNo(number.saturating_sub(around)), size));
        options.end = Some(address.segment_start(SegmentNo(number.saturating_add(around + 1)), size));
        list(source, &ListRequest { options, limit: None }, &catch, &mut |_| Ok(())).map_err(NoRecord::List)?;
        caught = catch.caught();
        if caught.is_settled() {
            break;
        }
    }
    show(source, layout, lsn, timeline, &caught)
}

fn show(
    source: &dyn Source,
    layout: Layout,
    lsn: Lsn,
    asked: Option<TimelineId>,
    caught: &CaughtRecords,
) -> Result<One, NoRecord> {
    let read = |start: Lsn, timeline: TimelineId| RawRecord::read(source, &layout, start, timeline);
    let one = |start: Lsn, timeline: TimelineId, raw: RawRecord| One {
        layout,
        timeline,
        start,
        end: raw.end(),
        header: layout.record_header_at(&raw.bytes),
        findings: Vec::new(),
        note: None,
        raw,
    };
    if let Some(record) = &caught.holds {
        let mut one = one(record.lsn, record.timeline, read(record.lsn, record.timeline));
        one.end = Some(record.end);
        // A wrong link does not keep a record from being read.
        one.findings = caught.findings.iter().filter(|f| f.lsn == Some(record.lsn)).cloned().collect();
        let switched = one.header.is_some_and(|h| h.is_switch()) && lsn >= one.raw.reaches(record.lsn);
        let place =
            if switched { "behind this switch, which leaves the rest of the segment empty" } else { "inside of it" };
        one.note = (record.lsn != lsn).then(|| format!("{lsn} lies {place}"));
        one.read_meaning();
        return Ok(one);
    }
    if let Some(finding) = caught.findings.first() {
        let (start, timeline) = (finding.lsn.unwrap_or(lsn), finding.timeline.or(asked).unwrap_or(TimelineId::FIRST));
        let raw = read(start, timeline);
        if raw.bytes.is_empty() {
            return Err(NoRecord::Nowhere(finding.message(Some(&layout))));
        }
        let mut one = one(start, timeline, raw);
        one.note = (start != lsn).then(|| format!("{lsn} lies in what cannot be read from here on"));
        one.findings = caught.findings.clone();
        return Ok(one);
    }
    let before = caught.before.as_ref();
    let page = layout.page.bytes();
    let follows = |next: &&catch::SeenRecord| {
        before.map_or(next.lsn.get() / page == lsn.get() / page, |before| next.prev == before.lsn)
    };
    if let Some(next) = caught.next.as_ref().filter(follows) {
        let mut one = one(next.lsn, next.timeline, read(next.lsn, next.timeline));
        one.end = Some(next.end);
        one.note = Some(format!("{lsn} lies between records, this is the next one"));
        one.read_meaning();
        return Ok(one);
    }
    let Some(before) = before else { return Err(NoRecord::Nowhere(format!("no record holds {lsn}"))) };
    // The last record may go on in a segment that is not here.
    let start = raw::skip_page_header(&layout, before.end);
    let raw = read(start, before.timeline);
    let begun = layout.record_header_at(&raw.bytes).filter(|h| layout.check_header(h).is_ok() && h.prev == before.lsn);
    match begun {
        Some(_) if lsn < raw.reaches(start) => {
            let mut one = one(start, before.timeline, raw);
            one.end = None;
            one.note = Some("it goes on in a segment that is not here".into());
            Ok(one)
        }
        _ => Err(NoRecord::Nowhere(format!("no record holds {lsn}: the last one before it ends at {}", before.end))),
    }
}

impl One {
    /// Says where its data is too short for its type.
    fn read_meaning(&mut self) {
        let (Some(header), size) = (self.header, self.layout.record_header()) else { return };
        let Some(body) = self.raw.bytes.get(size..header.tot_len as usize) else { return };
        let record =
            Record { lsn: self.start, end: self.end.unwrap_or(self.start), header, body, layout: &self.layout };
        let mut blocks = Vec::new();
        if record.blocks(&mut blocks).is_ok()
            && let Some(short) = short(Vocabulary::of(self.layout.dialect), &record, &blocks)
        {
            self.findings.push(Finding::short(&record, self.timeline, short));
        }
    }

    /// It is whole and can be replayed, whatever it says.
    pub fn is_right(&self) -> bool {
        self.end.is_some() && self.findings.iter().all(|f| f.code == Code::Data)
    }

    /// Its bytes field by field, page headers between them.
    pub fn rows(&self) -> Vec<ByteRow<'_>> {
        let size = self.layout.record_header();
        let all = self.raw.bytes.len();
        let spans = match self.header {
            Some(header) if all == header.tot_len as usize => {
                let body = self.raw.bytes.get(size..).unwrap_or(&[]);
                record_spans(&Record {
                    lsn: self.start,
                    end: self.end.unwrap_or(self.start),
                    header,
                    body,
                    layout: &self.layout,
                })
            }
            Some(header) => self.layout.header_spans(&header),
            None => Vec::new(),
        };
        let told = spans.last().map_or(0, |span: &FieldSpan<'_>| span.end);
        let rest = FieldSpan { start: told, end: all, part: SpanPart::Main, block: None, name: "", value: None };
        let spans: Vec<FieldSpan<'_>> = spans.into_iter().chain((told < all).then_some(rest)).collect();
        self.raw.rows(&self.layout, &spans)
    }
}
