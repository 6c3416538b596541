//! The tree of timelines for people.
//!
//! ```text
//! Recovery to the latest timeline takes 1 > 2 > 3.
//! 1  0/00100000 to 0/0605ABE0, 86 segments, 648,211 records, goes on in the next segment, which is not here
//! └─ 2  left 1 at 0/0605ABE0 (no recovery target specified)
//!    0/06000000 to …
//! ```

use crate::figures::{counted, grouped};
use crate::outside::Lines;
use crate::time::Zone;
use crate::timelines::json::{Timeline, findings, timelines};
use crate::words::wal_end;
use pgwal_format::TimelineId;
use pgwal_repos::shell::quoted;
use pgwal_verify::codes::CodeFamily;
use pgwal_verify::{Depth, Detail, Finding, Outcome, Severity};
use std::collections::BTreeMap;
use std::io;

/// Writes it.
pub fn write(out: &mut Lines<'_>, outcome: &Outcome, archive: &str, zone: &Zone) -> io::Result<()> {
    let path: Vec<String> = outcome.path.iter().map(ToString::to_string).collect();
    match path.len() {
        0 => writeln!(out, "No timeline here has a segment on the way of recovery.")?,
        1 => writeln!(out, "Recovery stays on timeline {}.", path.join(""))?,
        _ => writeln!(out, "Recovery to the latest timeline takes {}.", path.join(" > "))?,
    }
    let all = timelines(outcome);
    let by_number: BTreeMap<TimelineId, &Timeline> = all.iter().map(|t| (t.timeline, t)).collect();
    let is_root =
        |t: &&Timeline| t.parent.is_none_or(|parent| parent >= t.timeline || !by_number.contains_key(&parent));
    let root =
        |timeline: &'_ Timeline| Twig { timeline: timeline.timeline, indent: String::new(), depth: 0, last: true };
    let mut waiting: Vec<Twig> = all.iter().filter(is_root).rev().map(root).collect();
    while let Some(twig) = waiting.pop() {
        let Some(t) = by_number.get(&twig.timeline) else { continue };
        let below = twig.write(out, outcome, t, zone)?;
        // Numbers rise from parent to child, so that this ends.
        let children: Vec<TimelineId> = t.children.iter().copied().filter(|child| *child > t.timeline).collect();
        for (i, &child) in children.iter().enumerate().rev() {
            waiting.push(Twig {
                timeline: child,
                indent: below.clone(),
                depth: twig.depth + 1,
                last: i + 1 == children.len(),
            });
        }
    }
    for f in findings(outcome) {
        writeln!(out, "{:<8} {} {}", f.severity.to_string(), f.code, zone.message(f, outcome.layout.as_ref()))?;
    }
    if outcome.timelines.iter().any(|t| t.tally.last_commit.is_some()) {
        writeln!(out, "Times are told {}.", zone.told())?;
    }
    let is_wrong = |f: &Finding| f.severity == Severity::Error && f.code.family() != CodeFamily::Timelines;
    if outcome.counted().any(is_wrong) {
        writeln!(out, "The archive is not whole: walproof verify {} says why", quoted(archive))?;
    }
    Ok(())
}

/// A timeline in its place in the tree.
struct Twig {
    timeline: TimelineId,
    indent: String,
    depth: usize,
    last: bool,
}

/// Levels that are moved to the right. A history file can name a hundred thousand.
const DEEPEST: usize = 24;

impl Twig {
    /// Writes it and returns the indent of its children.
    fn write(&self, out: &mut Lines<'_>, outcome: &Outcome, t: &Timeline, zone: &Zone) -> io::Result<String> {
        let indent = &self.indent;
        let (own, below) = match (self.depth, self.last) {
            (0, _) => (String::new(), String::new()),
            (DEEPEST.., _) => (format!("{indent}└─ "), indent.clone()),
            (_, true) => (format!("{indent}└─ "), format!("{indent}   ")),
            (_, false) => (format!("{indent}├─ "), format!("{indent}│  ")),
        };
        writeln!(out, "{own}{}  {}", t.timeline, origin(t))?;
        let bar = if t.children.is_empty() { " " } else { "│" };
        for line in holdings(outcome, t, zone).into_iter().chain(left_branch(outcome, t)) {
            writeln!(out, "{below}{bar}    {line}")?;
        }
        Ok(below)
    }
}

/// Replay goes on along a timeline behind the point where it was left.
fn left_branch(outcome: &Outcome, t: &Timeline) -> Option<String> {
    let own = |f: &&Finding| f.timeline == Some(t.timeline);
    outcome.counted().filter(own).find_map(|f| match f.detail {
        Detail::LeftBranch { child, to, .. } => {
            let lsn = f.lsn.map(|lsn| lsn.to_string()).unwrap_or_default();
            Some(format!("✗ a server goes on here from {lsn} to {to}: the segments of timeline {child} are missing"))
        }
        _ => None,
    })
}

fn origin(t: &Timeline) -> String {
    let reason = t.reason.as_ref().map(|r| format!(" ({r})")).unwrap_or_default();
    match (t.parent, t.switch_lsn, &t.switch_segment) {
        (Some(parent), Some(lsn), _) => format!("left {parent} at {lsn}{reason}"),
        (Some(parent), _, Some(segment)) => format!("left {parent} in segment {segment}{reason}"),
        (None, Some(lsn), _) if t.timeline > TimelineId::FIRST => {
            format!("begins at {lsn}; no history file says where it came from")
        }
        (None, ..) if t.timeline > TimelineId::FIRST => "no history file says where it came from".into(),
        _ => "the first".into(),
    }
}

fn holdings(outcome: &Outcome, t: &Timeline, zone: &Zone) -> Vec<String> {
    let Some(r) = &t.report else { return vec!["no WAL of it here".into()] };
    let path = if t.on_path { "" } else { ", not on the way of recovery" };
    let segments = counted(r.segments.into(), "segment");
    if outcome.depth != Depth::Records {
        return vec![format!("{} to {}, {segments}{path}", r.from, r.to)];
    }
    let mut out = vec![format!(
        "{} to {}, {segments}, {}, {}, {}{path}",
        r.from,
        r.to,
        counted(r.tally.records.into(), "record"),
        counted(r.tally.commits.into(), "commit"),
        wal_end(r.end)
    )];
    let local = |time| zone.local(time);
    if let (Some(first), Some(last)) = (r.tally.first_commit.and_then(local), r.tally.last_commit.and_then(local)) {
        out.push(format!("commits of {first} to {last}"));
    }
    if r.partial_records > 0 {
        out.push(format!("{} records more in an unfinished segment (.partial)", grouped(r.partial_records.into())));
    }
    out
}
