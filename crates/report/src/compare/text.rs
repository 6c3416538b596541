//! A sentence, then a line for each segment that differs.

use super::next::next;
use super::{CompareAnswer, NOT_CHECKED, WrittenCopy};
use crate::figures::{counted, plural};
use crate::outside::Lines;
use pgwal_format::Layout;
use pgwal_verify::compare::{ComparedSegment, Comparison, CopyDifference, CopyState, DifferingFiles, RightCopy};
use pgwal_verify::{Code, SegmentSpan};
use std::io;

/// Lines of one kind.
const TOLD: usize = 20;

/// Writes it.
pub fn write(out: &mut Lines<'_>, answer: &CompareAnswer<'_>) -> io::Result<()> {
    let found = answer.found;
    writeln!(out, "{}", sentence(found))?;
    writeln!(out, "A        {}", answer.named[0])?;
    writeln!(out, "B        {}", answer.named[1])?;
    if found.foreign {
        let id = |id: Option<u64>| id.map_or_else(|| "unknown".to_owned(), |id| id.to_string());
        writeln!(out, "CLUSTER  A is of {}, B of {}", id(found.system_ids[0]), id(found.system_ids[1]))?;
        return writeln!(out, "NEXT     {}", next(answer));
    }
    writeln!(out, "SAME     {}, byte by byte", counted(found.same.into(), "segment"))?;
    for (number, name) in found.alike_damaged.iter().take(TOLD).enumerate() {
        let label = if number == 0 { "DAMAGED" } else { "" };
        writeln!(out, "{label:<8} {name}: damaged in both, with the same bytes")?;
    }
    more(out, found.alike_damaged.len())?;
    for (number, segment) in found.segments.iter().take(TOLD).enumerate() {
        let label = if number == 0 { "DIFFER" } else { "" };
        writeln!(out, "{label:<8} {}: {}", segment.name, said(segment, &found.layout))?;
    }
    more(out, found.segments.len())?;
    let twins: Vec<String> =
        ["A", "B"].iter().zip(&found.twins).flat_map(|(side, all)| all.iter().map(|t| twin(side, t))).collect();
    for (number, text) in twins.iter().take(TOLD).enumerate() {
        let label = if number == 0 { "TWICE" } else { "" };
        writeln!(out, "{label:<8} {text}")?;
    }
    more(out, twins.len())?;
    for (label, only) in ["ONLY A", "ONLY B"].into_iter().zip(&found.only) {
        let spans: Vec<String> = only.iter().take(TOLD).map(span).collect();
        if !spans.is_empty() {
            writeln!(out, "{label:<8} {}", spans.join(", "))?;
        }
        more(out, only.len())?;
    }
    for (number, file) in found.files.iter().take(TOLD).enumerate() {
        let label = if number == 0 { "FILES" } else { "" };
        let what = match (file.there, file.right) {
            ([true, false], _) => "only in A",
            ([false, true], _) => "only in B",
            (_, RightCopy::A) => "A is right, B makes no sense",
            (_, RightCopy::B) => "B is right, A makes no sense",
            (_, RightCopy::Neither) => "differs, and neither makes sense",
            _ => "differs",
        };
        writeln!(out, "{label:<8} {}: {what}", file.name)?;
    }
    more(out, found.files.len())?;
    if let Some(written) = &answer.written {
        tell_written(out, written)?;
    }
    writeln!(out, "NEXT     {}", next(answer))?;
    writeln!(out, "NOT CHECKED {}", NOT_CHECKED.join("; "))
}

fn sentence(found: &Comparison) -> String {
    let slack = found.slack();
    if found.foreign {
        return "A and B are of different clusters, versions or sizes.".into();
    }
    if !found.differs() {
        let word = match slack {
            0 => String::new(),
            n => format!(", but for bytes that replay does not read in {}", counted(n.into(), "segment")),
        };
        let damaged = match found.alike_damaged.len() {
            0 => String::new(),
            n => format!("; {} damaged in both alike", counted(n as u128, "segment")),
        };
        return format!("A and B have the same records{word}{damaged}.");
    }
    let right = |right| found.segments.iter().filter(|segment| segment.right == right).count();
    let parts = [
        (right(RightCopy::A), "A is right"),
        (right(RightCopy::B), "B is right"),
        (right(RightCopy::Neither), "neither is"),
        (right(RightCopy::Unknown), "two histories meet"),
    ];
    let parts: Vec<String> =
        parts.into_iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!("in {n} of them {what}")).collect();
    let differ = found.segments.len() as u64 - slack;
    let twice = found.twins.iter().any(|twins| !twins.is_empty());
    let alone = found.only.iter().any(|only| !only.is_empty()) || !found.files.is_empty();
    match (differ, twice) {
        (0, true) if !alone => return "A and B differ: of a segment, one has several files that differ.".into(),
        (0, _) => return "A and B differ: one has what the other has not.".into(),
        _ => {}
    }
    format!("A and B differ in {} {}: {}.", differ, plural(differ.into(), "segment"), parts.join(", "))
}

/// Files of one segment that lie in one place.
fn twin(side: &str, files: &DifferingFiles) -> String {
    let mut text = format!("{side} has {} files of {} that differ", files.others.len() + 1, files.name);
    if files.withheld {
        text += ", and pgBackRest gives out none of them";
    }
    for (file, wrong) in std::iter::once(&files.taken).chain(&files.others) {
        text += &match wrong {
            Some(wrong) if wrong.code == Code::NameChecksum => {
                format!("; {file}: its content has another SHA-1 than its name says ({})", wrong.code)
            }
            Some(wrong) => {
                let offset = wrong.offset.map(|offset| format!(" byte {offset}")).unwrap_or_default();
                format!("; {file}{offset}: {} ({})", wrong.message(None), wrong.code)
            }
            None => format!("; {file}: whole by itself"),
        };
    }
    text
}

fn said(segment: &ComparedSegment, layout: &Layout) -> String {
    let right = match segment.right {
        RightCopy::A => "A is right",
        RightCopy::B => "B is right",
        RightCopy::Both => "both are right",
        RightCopy::Neither => "neither is right",
        RightCopy::Unknown => "which is right, bytes do not say",
    };
    let what = match segment.difference {
        CopyDifference::Slack => "the records are the same; they differ in bytes that replay does not read".to_owned(),
        CopyDifference::Records(lsn, alike) => format!(
            "both are good by themselves, and their records are others from {lsn} on, behind {} that are the same: two histories",
            counted(alike.into(), "record")
        ),
        CopyDifference::Missing | CopyDifference::Damage => {
            let sides = ["A", "B"].into_iter().zip(&segment.copies).filter_map(|(side, state)| match state {
                CopyState::Good => None,
                CopyState::Missing => Some(format!("{side} has none")),
                CopyState::Bad(finding) => {
                    let offset = finding.offset.map(|offset| format!(" byte {offset}")).unwrap_or_default();
                    Some(format!("{side}{offset}: {} ({})", finding.message(Some(layout)), finding.code))
                }
            });
            sides.collect::<Vec<_>>().join("; ")
        }
    };
    format!("{right}; {what}")
}

fn span(span: &SegmentSpan) -> String {
    match span.count {
        1 => span.first.to_string(),
        count => format!("{} to {} ({count})", span.first, span.last),
    }
}

fn more(out: &mut Lines<'_>, all: usize) -> io::Result<()> {
    match all.saturating_sub(TOLD) {
        0 => Ok(()),
        more => writeln!(out, "         and {more} more (--format json has all)"),
    }
}

fn tell_written(out: &mut Lines<'_>, written: &WrittenCopy) -> io::Result<()> {
    let WrittenCopy { folder, files: [a, b], left_out, verdict, why } = written;
    let why = why.as_ref().map(|why| format!(": {why}")).unwrap_or_default();
    writeln!(out, "WRITTEN  {}: {a} from A, {b} from B, read again and the same", folder.display())?;
    if let Some(first) = left_out.first() {
        writeln!(out, "LEFT OUT {first}{}: no good copy", if left_out.len() > 1 { " and others" } else { "" })?;
    }
    writeln!(out, "VERDICT  of what was written: {}{why}", verdict.name())
}
