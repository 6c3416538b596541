//! The whole of verification, in order: an archive is opened, read, and judged.

use crate::codes::Code;
use crate::index::Parts;
use crate::judge::{Judge, Reports, Ruling, RulingCase, facts_of, nobody};
use crate::lines;
use crate::options::Options;
use crate::outcome::{LineReport, Outcome, Verdict};
use pgwal_archive::way::Way;
use pgwal_archive::{Archive, ArchiveSurvey, Depth, Error, LineOfWal, Prior, ReadArchive, Readable, read_remembered};
use pgwal_format::{SegmentNo, TimelineId};
use pgwal_source::Source;
use std::collections::HashSet;

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
    let waits = outcome.live && options.depth == Depth::Records && !options.settle.is_zero();
    let mut again = 0;
    while waits && outcome.live && outcome.verdict != Verdict::Proven && again < LOOKS {
        // A look takes its time, too: whatever a server writes in between is seen.
        std::thread::sleep(options.settle / 3);
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
    let mut outcome = judged(&kept, options, Prior::Parts(&joined), None)?.0;
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
    judged(source, options, prior(options), None)
}

/// Looks at an archive, and has what was found ruled by somebody else.
pub(crate) fn examine_for(
    source: &dyn Source,
    options: &Options<'_>,
    ruling: &mut dyn Ruling,
) -> Result<Outcome, Error> {
    Ok(judged(source, options, prior(options), Some(ruling))?.0)
}

fn prior<'a>(options: &Options<'a>) -> Prior<'a> {
    options.index.map_or(Prior::None, Prior::Index)
}

fn judged<'a>(
    source: &'a dyn Source,
    options: &Options<'a>,
    memory: Prior<'a>,
    ruling: Option<&mut dyn Ruling>,
) -> Result<(Outcome, Option<ExaminedArchive<'a>>), Error> {
    match read_remembered(source, options.look(), memory)? {
        ReadArchive::Lines(lines) => {
            let (outcome, sight) = judge_lines(lines, options, ruling)?;
            Ok((outcome, Some(sight)))
        }
        ReadArchive::NoOwner(found) => {
            let (mut case, unread) = nobody(source, found, options.depth);
            case.take_repository(options);
            let ruled = match ruling {
                Some(ruling) => ruling.rule(&mut case)?,
                None => unread,
            };
            Ok((case.decided(ruled), None))
        }
    }
}

/// Judges an archive, and the WAL of others that lies beside it.
pub(crate) fn judge_lines<'a>(
    lines: Vec<LineOfWal<'a>>,
    options: &Options<'_>,
    ruling: Option<&mut dyn Ruling>,
) -> Result<(Outcome, ExaminedArchive<'a>), Error> {
    let mut lines = lines.into_iter();
    let Some(LineOfWal { archive, seen }) = lines.next() else { return Err(Error::Threads) };
    let mut index = None;
    let beside = |LineOfWal { archive, seen }| {
        // What is told of the repository is told once, with the line that decides.
        let options = Options { repository: None, severities: options.severities.clone(), ..*options };
        let (outcome, sight) = judge(archive, seen, &options)?;
        index = index.take().or(outcome.index.clone());
        Ok(lines::judged(&sight.archive, &outcome))
    };
    let others: Vec<LineReport> = lines.map(beside).collect::<Result<_, Error>>()?;
    let (mut outcome, sight) = judge_among(archive, seen, options, others, ruling)?;
    outcome.index = outcome.index.or(index);
    Ok((outcome, sight))
}

/// Judges what was seen of an archive.
pub(crate) fn judge<'a>(
    archive: Box<Archive<'a>>,
    seen: ArchiveSurvey,
    options: &Options<'_>,
) -> Result<(Outcome, ExaminedArchive<'a>), Error> {
    judge_among(archive, seen, options, Vec::new(), None)
}

/// The same, where WAL of others lies beside it.
fn judge_among<'a>(
    mut archive: Box<Archive<'a>>,
    seen: ArchiveSurvey,
    options: &Options<'_>,
    others: Vec<LineReport>,
    ruling: Option<&mut dyn Ruling>,
) -> Result<(Outcome, ExaminedArchive<'a>), Error> {
    let mut findings = facts_of(&archive, &seen);
    let own = lines::named(&archive);
    findings.extend(others.iter().map(|other| lines::meeting(&own, other, options)));
    let judge = Judge::new(&archive, options, archive.path(), seen, findings);
    let Reports { case, ruled, way, unusable } = judge.judge(ruling)?;
    let case = RulingCase { ignored: archive.ignored, unknown: archive.unknown.clone(), ..case };
    let mut outcome = case.decided(ruled);
    outcome.lines = std::iter::once(lines::judged(&archive, &outcome)).chain(others).collect();
    // One that is accepted has become what is proven; one that is only ignored has not.
    let accepted = outcome.findings.iter().filter(|f| f.code == Code::SegmentChanged && f.accepted);
    let accepted: HashSet<&str> = accepted.filter_map(|f| f.file.as_deref()).collect();
    outcome.index = archive.remember(&accepted);
    Ok((outcome, ExaminedArchive { archive, way, unusable }))
}
