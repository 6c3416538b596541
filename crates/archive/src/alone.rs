//! One segment alone, as at the moment at which it is archived; with the end of the one before, its seam as well.

use crate::tally::Tally;
use crate::whose::FirstPage;
use pgwal_format::layout::NotWal;
use pgwal_format::record::RecordHeader;
use pgwal_format::rmgr::{XLOG, xlog};
use pgwal_format::wire::Wire;
use pgwal_format::{Layout, Lsn, SegmentName, TimelineId, wire_fields};
use pgwal_walk::{Chain, Joint, KEEP, Run, ScanExpect, Stream, Tail, scan};
use std::fmt;
use std::str::FromStr;

/// Where a segment ends: what the next one must go on with. A line of text as well ([`fmt::Display`], [`FromStr`]), to
/// be kept from one `archive_command` to the next.
#[derive(Clone, Debug)]
pub struct SegmentEnd {
    system_id: u64,
    timeline: TimelineId,
    chain: Chain,
}

wire_fields!(SegmentEnd { system_id, timeline, chain });

/// Rises whenever the bytes behind it mean something else.
const VERSION: u8 = 1;

impl fmt::Display for SegmentEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bytes = vec![VERSION];
        self.put(&mut bytes);
        bytes.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// Text that is no [`SegmentEnd`] of this version.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NoSegmentEnd;

impl fmt::Display for NoSegmentEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not the end of a segment as this version writes it")
    }
}

impl std::error::Error for NoSegmentEnd {}

impl FromStr for SegmentEnd {
    type Err = NoSegmentEnd;

    fn from_str(text: &str) -> Result<SegmentEnd, NoSegmentEnd> {
        let digit = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
        let bytes: Option<Vec<u8>> = text.as_bytes().chunks(2).map(digit).collect();
        let bytes = bytes.ok_or(NoSegmentEnd)?;
        let (VERSION, mut rest) = bytes.split_first().map(|(v, rest)| (*v, rest)).ok_or(NoSegmentEnd)? else {
            return Err(NoSegmentEnd);
        };
        let end = SegmentEnd::take(&mut rest).ok_or(NoSegmentEnd)?;
        if rest.is_empty() { Ok(end) } else { Err(NoSegmentEnd) }
    }
}

impl SegmentEnd {
    /// The cluster.
    pub fn system_id(&self) -> u64 {
        self.system_id
    }

    /// The timeline.
    pub fn timeline(&self) -> TimelineId {
        self.timeline
    }

    /// Where the next segment begins.
    pub fn to(&self) -> Option<Lsn> {
        self.chain.to()
    }

    /// The record that goes on in the next segment.
    pub fn begun(&self) -> Option<Lsn> {
        self.chain.begun()
    }

    /// The record that it lacks: it does not go on to its end, so that nothing can follow it.
    pub fn stops(&self) -> Option<Lsn> {
        self.chain.stops()
    }
}

/// A segment that was scanned alone.
#[derive(Clone, Debug)]
pub struct SegmentAlone {
    /// How it is laid out.
    pub layout: Layout,
    /// The cluster that wrote it.
    pub system_id: u64,
    /// The position that its first page says.
    pub address: Lsn,
    /// The name that its content says, on the timeline that it is taken for.
    pub name: SegmentName,
    /// Where the segment starts.
    pub start: Lsn,
    /// What its records came to.
    pub run: Run<Tally>,
    /// What is between it and the segment before.
    pub joint: Joint,
    /// The record that goes over that seam.
    pub begun: Option<Lsn>,
    /// The last timeline that its pages name, where that is an older one than its name says, and no record in it opens
    /// a newer.
    pub older_only: Option<TimelineId>,
    /// Where it ends.
    pub end: SegmentEnd,
}

impl SegmentAlone {
    /// Scans a segment; `timeline`: the one that its name says, where it has one.
    ///
    /// # Errors
    /// The bytes do not begin with a page of WAL of any version.
    pub fn scan(
        bytes: &[u8],
        timeline: Option<TimelineId>,
        before: Option<&SegmentEnd>,
    ) -> Result<SegmentAlone, NotWal> {
        let first = FirstPage::of(bytes)?;
        Ok(SegmentAlone::of(bytes, &first, first.layout, timeline, before))
    }

    /// The same, of a segment of which is known how it is laid out, and which it is. `None`: it is another one.
    pub fn named(bytes: &[u8], name: SegmentName, layout: &Layout) -> Option<SegmentAlone> {
        let first = FirstPage::of(bytes).ok().filter(|first| first.fits(layout))?;
        let alone = SegmentAlone::of(bytes, &first, *layout, Some(name.timeline), None);
        (alone.name == name && alone.address == alone.start).then_some(alone)
    }

    fn of(
        bytes: &[u8],
        first: &FirstPage,
        layout: Layout,
        timeline: Option<TimelineId>,
        before: Option<&SegmentEnd>,
    ) -> SegmentAlone {
        let system_id = first.system_id;
        let number = layout.address().segment(first.address, layout.segment);
        let timeline = timeline.unwrap_or(first.timeline);
        let name = SegmentName::new(timeline, number, layout.address(), layout.segment);
        let start = layout.address().segment_start(number, layout.segment);
        let expect =
            ScanExpect { layout: &layout, start, timeline: Some(timeline), system_id: None, keep: KEEP, history: &[] };
        let run = streamed(bytes, expect).unwrap_or_else(|| scan(bytes, expect, Tally::default()));
        let older_only = older_only(timeline, &run, &layout);
        // Only the end of the segment right before it says anything of this one.
        let fits =
            |end: &&SegmentEnd| end.system_id == system_id && end.timeline <= timeline && end.chain.layout() == &layout;
        let mut chain = before.filter(fits).map_or_else(|| Chain::new(&layout), |end| end.chain.clone());
        let begun = chain.begun();
        let joint = chain.push(&run).unwrap_or_default();
        let end = SegmentEnd { system_id, timeline, chain };
        SegmentAlone { layout, system_id, address: first.address, name, start, run, joint, begun, older_only, end }
    }
}

/// Nearly every segment is good, and read in half the time so.
fn streamed(bytes: &[u8], expect: ScanExpect<'_>) -> Option<Run<Tally>> {
    if bytes.len() as u64 != expect.layout.segment.bytes() {
        return None;
    }
    let mut stream = Stream::new(expect, Tally::default()).ok()?;
    stream.push(bytes).ok()?;
    stream.finish().ok()
}

/// Only the first segment of a timeline may hold pages of its parent, and it holds the record that opens it, or as much
/// of that as there was room for.
pub(crate) fn older_only(timeline: TimelineId, run: &Run<Tally>, layout: &Layout) -> Option<TimelineId> {
    let found = run.last_timeline.filter(|&t| t < timeline)?;
    let opens = run.acc.openings.iter().any(|opened| opened.timeline > found);
    let begins = || matches!(&run.tail, Tail::Open(open) if open.header_at_hand(layout).is_some_and(|h| may_open(&h)));
    (!opens && !begins()).then_some(found)
}

/// Bytes of the records that open timelines, and some more.
const LONGEST_OPENING: u32 = 256;

/// Whether a record may be one that opens a timeline. Of one that is cut the fields behind its length may be zeros.
fn may_open(header: &RecordHeader) -> bool {
    let operation = matches!(header.operation(), xlog::CHECKPOINT_SHUTDOWN | xlog::END_OF_RECOVERY);
    header.rmid == XLOG && operation && header.xid == 0 && header.tot_len <= LONGEST_OPENING
}
