//! WAL of several clusters, versions or sizes in one place: what is said of the lines beside the one that decides.

use crate::codes::{Code, Severity};
use crate::finding::{Detail, Finding};
use crate::options::Options;
use crate::outcome::{LineReport, Outcome, Verdict};
use pgwal_archive::Archive;
use pgwal_archive::whose::Cluster;
use pgwal_format::{Lsn, SegmentName};

/// A line by its names, not judged yet.
pub(crate) fn named(archive: &Archive<'_>) -> LineReport {
    let (layout, segments) = (&archive.cluster.layout, &archive.inventory.segments);
    let name =
        |s: &pgwal_archive::names::Segment| SegmentName::new(s.timeline, s.number, layout.address(), layout.segment);
    let first = segments.iter().map(|s| s.number).min();
    let start = first.map_or(Lsn::ZERO, |number| layout.address().segment_start(number, layout.segment));
    LineReport {
        system_id: archive.cluster.system_id,
        version: layout.dialect.version,
        segment_size: layout.segment,
        names: segments.first().map(name).zip(segments.last().map(name)),
        segments: segments.len() as u64,
        from: start,
        to: start,
        verdict: Verdict::Unproven,
        why: None,
    }
}

/// A line, judged.
pub(crate) fn judged(archive: &Archive<'_>, outcome: &Outcome) -> LineReport {
    let blank = named(archive);
    LineReport {
        to: outcome.timelines.iter().map(|t| t.to).max().unwrap_or(blank.to),
        verdict: outcome.verdict,
        why: outcome.worst().map(|f| f.message(outcome.layout.as_ref())),
        ..blank
    }
}

/// A line of which only the cluster is known.
pub(crate) fn of(cluster: &Cluster) -> LineReport {
    LineReport {
        system_id: cluster.system_id,
        version: cluster.layout.dialect.version,
        segment_size: cluster.layout.segment,
        names: None,
        segments: 0,
        from: Lsn::ZERO,
        to: Lsn::ZERO,
        verdict: Verdict::Unproven,
        why: None,
    }
}

/// What is said of the place where two lines meet.
pub(crate) fn meeting(own: &LineReport, other: &LineReport, options: &Options<'_>) -> Finding {
    // Who names a backup, or its cluster, has chosen.
    let severity = if options.cluster.is_some() { Severity::Info } else { Code::OtherWal.severity() };
    Finding {
        severity,
        file: other.names.map(|(first, _)| first.to_string()),
        detail: Detail::Meeting { own: Box::new(own.clone()), other: Box::new(other.clone()) },
        ..Finding::of(Code::OtherWal)
    }
}

/// As people call a line beside another: by what tells the two apart.
pub(crate) fn called(line: &LineReport, beside: &LineReport) -> String {
    if line.version != beside.version {
        format!("PostgreSQL {}", line.version)
    } else if line.system_id != beside.system_id {
        format!("cluster {}", line.system_id)
    } else {
        format!("WAL with segments of {} bytes", line.segment_size.bytes())
    }
}

/// Where two lines meet, in a sentence without a full stop.
pub(crate) fn says(own: &LineReport, other: &LineReport) -> String {
    let (us, them) = (called(own, other), called(other, own));
    if other.names.is_none() {
        return format!("WAL of {them} lies in the same place; this is of {us} and takes nothing of it");
    }
    let place = |name: SegmentName| (name.log, name.seg);
    let meet = match (own.names, other.names) {
        (Some((first, _)), Some((_, last))) if place(last) < place(first) => {
            format!("{them} up to {last}, {us} from {first} on")
        }
        (Some((_, last)), Some((first, _))) if place(last) < place(first) => {
            format!("{us} up to {last}, {them} from {first} on")
        }
        (_, Some((first, last))) => format!("{them} from {first} to {last}, among WAL of {us}"),
        _ => format!("{them} beside {us}"),
    };
    let verdict = match (other.verdict, &other.why) {
        (Verdict::Proven, _) => "proven".to_owned(),
        (Verdict::Refuted, Some(why)) => format!("refuted: {why}"),
        (Verdict::Refuted, None) => "refuted".to_owned(),
        (Verdict::Unproven, _) => "unproven".to_owned(),
    };
    format!("two lines of WAL in one place: {meet}; this verdict is of {us}, {them} by itself is {verdict}")
}
