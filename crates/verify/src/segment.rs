//! One segment alone, as at the moment at which it is archived; with a token of the one before, its seam as well.

use crate::judge::code_of;
use crate::{Code, Detail, Finding, Severity};
use pgwal_archive::Tally;
use pgwal_archive::alone::SegmentAlone;
use pgwal_format::layout::NotWal;
use pgwal_format::{Layout, Lsn, SegmentName};
use pgwal_walk::{Damage, Tail};

pub use pgwal_archive::alone::{NoSegmentEnd, SegmentEnd};

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
    /// How far its records must go.
    pub extent: WalExtent,
}

/// How far the records of a segment must go.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WalExtent {
    /// To its end, or to where a server that ends leaves zeros.
    #[default]
    Whole,
    /// As far as they happen to go: a `.partial`, in which writing was broken off.
    Unfinished,
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

    /// The same, of this cluster.
    pub fn of_cluster(self, system_id: Option<u64>) -> Expect {
        Expect { system_id, ..self }
    }

    /// The same, a segment in which writing was broken off.
    pub fn unfinished(self) -> Expect {
        Expect { extent: WalExtent::Unfinished, ..self }
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
    /// The record that it lacks, where records end before the segment does, with nothing but zeros or what a recycled
    /// file holds behind them.
    pub stops: Option<Lsn>,
    /// Where it ends: for the check of the next one.
    pub end: SegmentEnd,
}

/// Checks a whole segment by itself: size, name, cluster, every page and every record that lies in it; with
/// [`Expect::after`], also the record over the seam with the one before it, and the link between them. Where that one
/// breaks off ([`SegmentEnd::stops`]) nothing follows it: that is a warning of the one before, which its finding names.
///
/// # Errors
/// The bytes do not begin with a page of WAL of any version.
pub fn check_segment(bytes: &[u8], expect: &Expect) -> Result<Checked, NotWal> {
    let before = expect.after.as_ref();
    let timeline = expect.name.map(|name| name.timeline);
    let SegmentAlone { layout, system_id, address, name, start, run, joint, begun, older_only, end } =
        SegmentAlone::scan(bytes, timeline, before)?;
    let timeline = name.timeline;
    // What lies in front of it is in the segment before.
    let lies_in = |lsn: Lsn, own: SegmentName| match before.filter(|_| lsn < start) {
        Some(end) => {
            let number = layout.address().segment(lsn, layout.segment);
            SegmentName::new(end.timeline(), number, layout.address(), layout.segment)
        }
        None => own,
    };
    let of = |code: Code, lsn: Lsn, at: Lsn, detail: Detail| Finding {
        timeline: Some(timeline),
        lsn: Some(lsn),
        at: Some(at),
        segment: Some(lies_in(lsn, name).to_string()),
        file: Some(lies_in(at, expect.name.unwrap_or(name)).to_string()),
        offset: Some(layout.address().offset(at, layout.segment)),
        readable_until: Some(lsn),
        detail,
        ..Finding::of(code)
    };
    let mut findings = Vec::new();
    if expect.name.is_some_and(|n| n != name) {
        let detail = Detail::Belongs { address, name: name.to_string() };
        findings.push(of(Code::Misplaced, start, start, detail));
    }
    let size = layout.segment.bytes();
    if bytes.len() as u64 != size {
        findings.push(of(Code::Size, start, start, Detail::Size { found: bytes.len() as u64, expected: size }));
    }
    if let Some(expected) = expect.system_id.or(before.map(SegmentEnd::system_id)).filter(|id| *id != system_id) {
        findings.push(of(Code::ForeignCluster, start, start, Detail::Cluster { found: system_id, expected }));
    }
    if let Some(found) = older_only {
        findings.push(of(Code::WrongTimeline, start, start, Detail::OldTimeline { found }));
    }
    let known = |lsn: Lsn, before: bool| if before { begun.unwrap_or(lsn) } else { lsn };
    if let Some((fault, lsn)) = joint.first_page {
        findings.push(of(code_of(&fault), lsn, start, Detail::Wal(fault)));
    }
    let at_seam = joint.damages().cloned();
    let inside = run.damages.iter().map(|damage| damage.clone().with(()));
    findings.extend(at_seam.chain(inside).map(|damage: Damage<()>| {
        let lsn = known(damage.lsn, damage.begun_before);
        let mut finding = of(code_of(&damage.fault), lsn, damage.at, Detail::Wal(damage.fault));
        // That the one before breaks off is no fault of this one.
        if damage.at < start && before.is_some_and(|end| end.stops().is_some()) {
            finding.severity = finding.severity.min(Severity::Warning);
        }
        finding
    }));
    if let Tail::Stopped(stop) = &run.tail
        && !stop.rest.clean
        && expect.extent == WalExtent::Whole
    {
        let lsn = known(stop.lsn, stop.begun_before);
        findings.push(of(code_of(&stop.fault), lsn, stop.at, Detail::Wal(stop.fault)));
    }
    let stops = end.stops().filter(|_| matches!(&run.tail, Tail::Stopped(stop) if stop.rest.clean));
    Ok(Checked { layout, system_id, name, tally: run.acc, findings, stops, end })
}
