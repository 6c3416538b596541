//! The whole of verification, in order: an archive is opened, read, and judged.

use crate::codes::Code;
use crate::index::Parts;
use crate::judge::{Judge, Reports, facts_of, nobody};
use crate::lines;
use crate::options::Options;
use crate::outcome::{LineReport, Outcome, Verdict};
use pgwal_archive::way::Way;
use pgwal_archive::{Archive, ArchiveSurvey, Depth, Error, LineOfWal, Prior, ReadArchive, Readable, read_remembered};
use pgwal_format::{SegmentNo, TimelineId};
use pgwal_source::Source;
use std::collections::HashSet;
use std::time::Duration;

/// Verifies what lies in a source.
///
/// # Errors
/// The source cannot be listed, nothing there has the name of WAL, or the caller asked for an early end. What is wrong
/// with files is in the outcome.
pub fn verify(source: &dyn Source, options: &Options<'_>) -> Result<Outcome, Error> {
    let mut outcome = examine(source, options)?.0;
    // Whatever was asked whose WAL this is went away meanwhile.
    let gone =
        |outcome: &Outcome| outcome.layout.is_none() && outcome.findings.iter().any(|f| f.code == Code::Vanished);
    for _ in 0..LOOKS {
        if gone(&outcome) {
            outcome = examine(source, options)?.0;
        }
    }
    // A server writes while we read: what was looked at before it was written does not fit what was looked at after.
    // What is still wrong when looked at again is wrong.
    let mut again = 0;
    while outcome.live && outcome.verdict != Verdict::Proven && options.depth == Depth::Records && again < LOOKS {
        std::thread::sleep(Duration::from_millis(200));
        outcome = examine(source, options)?.0;
        again += 1;
    }
    Ok(outcome)
}

/// Verifies an archive of which other processes summarised the parts: what one run over all of it would say. Of
/// `options`, an index is not looked at.
///
/// # Errors
/// As [`verify`]; also where the parts do not say enough.
pub fn verify_parts(parts: Parts, options: &Options<'_>) -> Result<Outcome, Error> {
    let used = parts.used();
    let (kept, joined) = parts.join();
    let mut outcome = judged(&kept, options, Prior::Parts(&joined))?.0;
    outcome.parts = Some(used);
    match joined.unclear() {
        Some(file) => Err(Error::Unclear { file }),
        None => Ok(outcome),
    }
}

/// How often a live directory that does not prove itself is looked at again.
const LOOKS: u32 = 4;

/// What a second look at the same files needs to know.
pub(crate) struct ExaminedArchive<'a> {
    pub archive: Box<Archive<'a>>,
    /// The way of recovery.
    pub way: Way,
    /// Files on it that a server cannot use.
    pub unusable: Vec<(TimelineId, SegmentNo, Readable)>,
}

/// Verifies, and keeps what was learned of the files. No sight where no file could be read.
pub(crate) fn examine<'a>(
    source: &'a dyn Source,
    options: &Options<'a>,
) -> Result<(Outcome, Option<ExaminedArchive<'a>>), Error> {
    judged(source, options, options.index.map_or(Prior::None, Prior::Index))
}

fn judged<'a>(
    source: &'a dyn Source,
    options: &Options<'a>,
    memory: Prior<'a>,
) -> Result<(Outcome, Option<ExaminedArchive<'a>>), Error> {
    match read_remembered(source, options.look(), memory)? {
        ReadArchive::Lines(lines) => {
            let mut lines = lines.into_iter();
            let Some(LineOfWal { archive, seen }) = lines.next() else { return Err(Error::Threads) };
            let mut index = None;
            let mut beside = |LineOfWal { archive, seen }| {
                let (outcome, sight) = judge_among(archive, seen, options, Vec::new());
                index = index.take().or(outcome.index.clone());
                lines::judged(&sight.archive, &outcome)
            };
            let others: Vec<LineReport> = lines.map(&mut beside).collect();
            let (mut outcome, sight) = judge_among(archive, seen, options, others);
            outcome.index = outcome.index.or(index);
            Ok((outcome, Some(sight)))
        }
        ReadArchive::NoOwner(found) => Ok((nobody(source, found, options.depth), None)),
    }
}

/// Judges what was seen of an archive.
pub(crate) fn judge<'a>(
    archive: Box<Archive<'a>>,
    seen: ArchiveSurvey,
    options: &Options<'_>,
) -> (Outcome, ExaminedArchive<'a>) {
    judge_among(archive, seen, options, Vec::new())
}

/// The same, where WAL of others lies beside it.
fn judge_among<'a>(
    mut archive: Box<Archive<'a>>,
    seen: ArchiveSurvey,
    options: &Options<'_>,
    others: Vec<LineReport>,
) -> (Outcome, ExaminedArchive<'a>) {
    let mut findings = facts_of(&archive, &seen);
    let own = lines::named(&archive);
    findings.extend(others.iter().map(|other| lines::meeting(&own, other, options)));
    let mut reports = Judge::new(&archive, options, archive.path(), seen, findings).judge();
    let (way, unusable) = (std::mem::take(&mut reports.way), std::mem::take(&mut reports.unusable));
    let mut outcome = outcome(reports, &archive, options);
    outcome.lines = std::iter::once(lines::judged(&archive, &outcome)).chain(others).collect();
    // One that is accepted has become what is proven; one that is only ignored has not.
    let accepted = outcome.findings.iter().filter(|f| f.code == Code::SegmentChanged && f.accepted);
    let accepted: HashSet<&str> = accepted.filter_map(|f| f.file.as_deref()).collect();
    outcome.index = archive.remember(&accepted);
    (outcome, ExaminedArchive { archive, way, unusable })
}

fn outcome(reports: Reports, archive: &Archive<'_>, options: &Options<'_>) -> Outcome {
    Outcome {
        verdict: reports.verdict,
        depth: options.depth,
        layout: Some(archive.cluster.layout),
        system_id: Some(archive.cluster.system_id),
        path: reports.path,
        lines: Vec::new(),
        timelines: reports.timelines,
        branches: archive.lineage.branches(),
        backups: reports.backups,
        findings: reports.findings,
        lowered: reports.lowered,
        replay: reports.replay,
        replayed: reports.replayed,
        facts: reports.facts,
        not_checked: reports.not_checked,
        ignored: archive.ignored,
        unknown: archive.unknown.clone(),
        replay_segments: reports.replay_segments,
        live: archive.live,
        restore: None,
        index: None,
        parts: None,
        fresh: None,
        repository: None,
    }
}
