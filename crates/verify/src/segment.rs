//! One segment alone, as at the moment at which it is archived; with a token of the one before, its seam as well.

use crate::judge::code_of;
use crate::{Code, Detail, Finding};
use pgwal_archive::Tally;
use pgwal_archive::whose::FirstPage;
use pgwal_format::layout::NotWal;
use pgwal_format::wire::Wire;
use pgwal_format::{Layout, Lsn, SegmentName, TimelineId, wire_fields};
use pgwal_walk::{Chain, Damage, Joint, KEEP, ScanExpect, Tail, scan};
use std::fmt;
use std::str::FromStr;

/// What a segment must be.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Expect {
    /// The name under which it is to be archived.
    pub name: Option<SegmentName>,
    /// The cluster.
    pub system_id: Option<u64>,
    /// Where the segment before it ended: the seam is checked, too.
    pub after: Option<SegmentEnd>,
}

impl Expect {
    /// A segment of this name.
    pub fn named(name: SegmentName) -> Expect {
        Expect { name: Some(name), ..Expect::default() }
    }

    /// The same, behind a segment that was checked before ([`Checked::end`]).
    pub fn after(self, end: SegmentEnd) -> Expect {
        Expect { after: Some(end), ..self }
    }
}

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

/// What a segment is.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Checked {
    /// How it is laid out.
    pub layout: Layout,
    /// The cluster that wrote it.
    pub system_id: u64,
    /// The name that its content says.
    pub name: SegmentName,
    /// What its records came to.
    pub tally: Tally,
    /// What is wrong, in the order of WAL.
    pub findings: Vec<Finding>,
    /// Where it ends: for the check of the next one.
    pub end: SegmentEnd,
}

/// Checks a whole segment by itself: size, name, cluster, every page and every record that lies in it; with
/// [`Expect::after`], also the record over the seam with the one before it, and the link between them.
///
/// # Errors
/// The bytes do not begin with a page of WAL of any version.
pub fn check_segment(bytes: &[u8], expect: &Expect) -> Result<Checked, NotWal> {
    let first = FirstPage::of(bytes)?;
    let (layout, system_id) = (first.layout, first.system_id);
    let number = layout.address().segment(first.address, layout.segment);
    let timeline = expect.name.map_or(first.timeline, |n| n.timeline);
    let name = SegmentName::new(timeline, number, layout.address(), layout.segment);
    let start = layout.address().segment_start(number, layout.segment);
    let of = |code: Code, lsn: Lsn, at: Lsn, detail: Detail| Finding {
        timeline: Some(timeline),
        lsn: Some(lsn),
        at: Some(at),
        segment: Some(name.to_string()),
        file: Some(expect.name.unwrap_or(name).to_string()),
        offset: Some(layout.address().offset(at, layout.segment)),
        readable_until: Some(lsn),
        detail,
        ..Finding::of(code)
    };
    let mut findings = Vec::new();
    if expect.name.is_some_and(|n| n != name) {
        let detail = Detail::Belongs { address: first.address, name: name.to_string() };
        findings.push(of(Code::Misplaced, start, start, detail));
    }
    let size = layout.segment.bytes();
    if bytes.len() as u64 != size {
        findings.push(of(Code::Size, start, start, Detail::Size { found: bytes.len() as u64, expected: size }));
    }
    let before = expect.after.as_ref();
    if let Some(expected) = expect.system_id.or(before.map(|end| end.system_id)).filter(|id| *id != system_id) {
        findings.push(of(Code::ForeignCluster, start, start, Detail::Cluster { found: system_id, expected }));
    }
    let scanned = scan(
        bytes,
        ScanExpect { layout: &layout, start, timeline: Some(timeline), system_id: None, keep: KEEP },
        Tally::default(),
    );
    // Only the end of the segment right before it says anything of this one.
    let fits =
        |end: &&SegmentEnd| end.system_id == system_id && end.timeline <= timeline && end.chain.layout() == &layout;
    let mut chain = before.filter(fits).map_or_else(|| Chain::new(&layout), |end| end.chain.clone());
    let begun = chain.begun();
    let joint: Joint = chain.push(&scanned).unwrap_or_default();
    let known = |lsn: Lsn, before: bool| if before { begun.unwrap_or(lsn) } else { lsn };
    if let Some((fault, lsn)) = joint.first_page {
        findings.push(of(code_of(&fault), lsn, start, Detail::Wal(fault)));
    }
    let at_seam = joint.damages().cloned();
    let inside = scanned.damages.iter().map(|damage| damage.clone().with(()));
    findings.extend(at_seam.chain(inside).map(|damage: Damage<()>| {
        let lsn = known(damage.lsn, damage.begun_before);
        of(code_of(&damage.fault), lsn, damage.at, Detail::Wal(damage.fault))
    }));
    if let Tail::Stopped(stop) = &scanned.tail
        && !stop.rest.clean
    {
        let lsn = known(stop.lsn, stop.begun_before);
        findings.push(of(code_of(&stop.fault), lsn, stop.at, Detail::Wal(stop.fault)));
    }
    let end = SegmentEnd { system_id, timeline, chain };
    Ok(Checked { layout, system_id, name, tally: scanned.acc, findings, end })
}
