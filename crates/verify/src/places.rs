//! An archive in several places: which copies are good, and what each place has.
//!
//! ```text
//! read, each file from the first place that has it ──► an error names files that a later place has, too
//!        ▲                                                        │ looked at again with the other copy
//!        └── again, without the copies that were passed over ◄────┘ and nothing is wrong any more
//! ```
//! So the first good copy of each file counts, whatever was wrong with the one before it: its size, its bytes, the
//! record that goes over its end, its key.

mod rows;

use crate::codes::{Code, Severity};
use crate::finding::{Detail, Finding, set_severities};
use crate::options::Options;
use crate::outcome::{Outcome, Verdict};
use crate::verify::verify;
use pgwal_archive::{Error, Which};
use pgwal_format::{FileName, Layout, Lsn, SegmentName, SegmentNo, TimelineId};
use pgwal_source::{PlacesSource, Source};
use std::collections::{BTreeMap, BTreeSet};

/// A segment by its place in WAL.
pub(crate) type NumberedSegment = (TimelineId, SegmentNo);

/// How often an archive is read anew because other copies of its files are better.
const ROUNDS: usize = 8;

/// Errors for which another copy is looked for before the archive is read anew.
const AT_ONCE: usize = 50;

/// A copy that was passed over for a better one.
#[derive(Clone, PartialEq, Debug)]
pub struct SkippedCopy {
    /// Its place and name.
    copy: (usize, FileName),
    /// It, as it is shown.
    pub file: String,
    /// What was found of it.
    finding: Finding,
}

/// Verifies an archive in several places. `run` answers for what is listed at that moment, and is asked again as long
/// as a later place has a better copy of what is wrong.
///
/// # Errors
/// Those of `run`, and as [`verify`].
pub fn verify_places<E: From<Error>>(
    places: &PlacesSource,
    options: &Options<'_>,
    run: &mut dyn FnMut() -> Result<Outcome, E>,
) -> Result<Outcome, E> {
    let mut passed: Vec<SkippedCopy> = Vec::new();
    let mut outcome = run()?;
    let first_there = outcome.restore.as_ref().map(|restore| restore.first_there.clone()).unwrap_or_default();
    // Whoever copies the first file there is does not look for a better one; from elsewhere it may get a good one.
    let ordered = if first_there.is_empty() { None } else { places.ask_first(&first_there) };
    if let Some(other) = ordered {
        if other {
            outcome = run()?;
        }
        name_others(places, &mut outcome)?;
        tell(places, &mut outcome, options, &passed)?;
        return Ok(outcome);
    }
    for _ in 0..ROUNDS {
        let better = pass_over(places, &outcome, options)?;
        if better.is_empty() {
            break;
        }
        passed.extend(better);
        outcome = run()?;
    }
    if let Some(restore) = &mut outcome.restore {
        restore.first_there.clear();
    }
    tell(places, &mut outcome, options, &passed)?;
    Ok(outcome)
}

/// Has the good copies listed, for whoever reads an archive in several places for anything else than a verdict.
///
/// # Errors
/// As [`verify`].
pub fn choose_copies(places: &PlacesSource, options: &Options<'_>) -> Result<(), Error> {
    let options = options.beside();
    verify_places(places, &options, &mut || verify(places, &options)).map(drop)
}

/// What is wrong with a file that lies in another place as well.
fn name_others(places: &PlacesSource, outcome: &mut Outcome) -> Result<(), Error> {
    let entries = places.list().map_err(Error::Source)?.entries;
    for finding in outcome.findings.iter_mut().filter(|f| f.severity == Severity::Error && f.copy.is_none()) {
        let own = |file: &String| entries.iter().find(|entry| entry.shown() == *file);
        let entry = finding.file.as_ref().and_then(own);
        finding.copy = entry.and_then(|entry| places.copy_of(entry));
    }
    Ok(())
}

/// Passes over the copies of what is wrong for which a later place has a better one.
fn pass_over(places: &PlacesSource, outcome: &Outcome, options: &Options<'_>) -> Result<Vec<SkippedCopy>, Error> {
    let mut others = places.with_others().map_err(Error::Source)?;
    let mut passed = Vec::new();
    for finding in outcome.counted().filter(|f| f.severity == Severity::Error).take(AT_ONCE) {
        let named = finding.file.iter().chain(finding.span.iter().map(|range| &range.file));
        let files: BTreeSet<&String> = named.filter(|file| others.contains_key(*file)).collect();
        let copies: Vec<(String, (usize, FileName))> =
            files.into_iter().filter_map(|file| Some((file.clone(), *others.get(file)?))).collect();
        // Which file of a record that goes over several is wrong, its bytes do not say.
        let alone = copies.iter().map(std::slice::from_ref);
        let together = Some(copies.as_slice()).filter(|all| all.len() > 1);
        let Some(layout) = &outcome.layout else {
            // Nothing could be read, so that anything is better.
            for (file, copy) in copies {
                places.pass_over(copy);
                passed.push(SkippedCopy { copy, file, finding: finding.clone() });
            }
            continue;
        };
        let around = Around::of(finding, &copies, layout);
        let before = around.errors(places, options)?;
        for tried in alone.chain(together) {
            tried.iter().for_each(|(_, copy)| places.pass_over(*copy));
            if around.errors(places, options)? < before {
                for (file, copy) in tried {
                    others.remove(file);
                    passed.push(SkippedCopy { copy: *copy, file: file.clone(), finding: finding.clone() });
                }
                break;
            }
            tried.iter().for_each(|(_, copy)| places.take_back(*copy));
        }
    }
    Ok(passed)
}

/// The segments around what is wrong.
struct Around {
    start: Option<Lsn>,
    end: Option<Lsn>,
}

impl Around {
    fn of(finding: &Finding, copies: &[(String, (usize, FileName))], layout: &Layout) -> Around {
        let (address, size) = (layout.address(), layout.segment);
        let named = copies.iter().filter_map(|(_, (_, name))| segment_of(*name)?.number(address, size));
        let placed = finding.lsn.into_iter().chain(finding.at).map(|lsn| address.segment(lsn, size));
        let all: BTreeSet<SegmentNo> = named.chain(placed).collect();
        let start = all.first().map(|first| address.segment_start(SegmentNo(first.0.saturating_sub(1)), size));
        let end = all.last().map(|last| address.segment_start(last.next().next(), size));
        Around { start, end }
    }

    /// How many errors are there as the files are listed now.
    fn errors(&self, places: &PlacesSource, options: &Options<'_>) -> Result<u64, Error> {
        // A history file lies at no position: names tell what is wrong with it.
        let base = if self.start.is_some() { options.beside() } else { options.names() };
        let asked = Options {
            start: self.start,
            end: self.end,
            timeline: Which::All,
            settle: std::time::Duration::ZERO,
            ..base
        };
        let outcome = match verify(places, &asked) {
            Err(Error::NoWal { .. }) => return Ok(0),
            outcome => outcome?,
        };
        let errors = outcome.counted().filter(|f| f.severity == Severity::Error);
        Ok(errors.map(|finding| 1 + finding.more).sum())
    }
}

fn segment_of(name: FileName) -> Option<SegmentName> {
    match name {
        FileName::Segment(name) | FileName::Partial(name) => Some(name),
        FileName::History(_) | FileName::BackupHistory(..) => None,
    }
}

/// Adds what each place has, and which copies were passed over.
fn tell(
    places: &PlacesSource,
    outcome: &mut Outcome,
    options: &Options<'_>,
    passed: &[SkippedCopy],
) -> Result<(), Error> {
    let listed = places.list().map_err(Error::Source)?.entries;
    let taken: BTreeMap<FileName, String> = listed.iter().filter_map(|e| Some((e.name?, e.shown()))).collect();
    let mut findings: Vec<Finding> = passed
        .iter()
        .map(|copy| Finding {
            timeline: copy.finding.timeline,
            at: copy.finding.at,
            file: Some(copy.file.clone()),
            detail: Detail::BadCopy {
                good: taken.get(&copy.copy.1).cloned().unwrap_or_default(),
                why: copy.finding.message(outcome.layout.as_ref()),
            },
            ..Finding::of(Code::BadCopy)
        })
        .collect();
    outcome.lowered += set_severities(&mut findings, &options.severities);
    if findings.iter().any(|f| f.severity == Severity::Error) {
        outcome.verdict = Verdict::Refuted;
    }
    outcome.findings.extend(findings);
    outcome.findings.sort_by_key(|f| std::cmp::Reverse(f.severity));
    let over: Vec<(usize, String)> = passed.iter().map(|copy| (copy.copy.0, copy.file.clone())).collect();
    outcome.places = rows::rows(places, &listed, outcome, options, &over);
    Ok(())
}
