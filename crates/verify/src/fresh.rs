//! Does the archive get far enough, and is it fresh enough? A lost tail cannot be seen from bytes: somebody has to say
//! what is expected.

use crate::codes::{Code, CodePattern, Severity};
use crate::finding::{Detail, Finding, set_severities};
use crate::outcome::{Outcome, Verdict, WalEnd};
use pgwal_archive::Depth;
use pgwal_format::rmgr::xact::Timestamp;
use pgwal_format::{Layout, Lsn, TimelineId};
use std::fmt;
use std::time::Duration;

/// How far replay must come, or comes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Reach {
    /// To a position.
    Lsn(Lsn),
    /// Into the segment that begins there, which an `XLOG_SWITCH` in the one before does not do.
    Segment(Lsn),
    /// To a commit of this time or later.
    Time(Timestamp),
}

/// What is expected of an archive.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Demand {
    /// Where replay must come.
    pub must_reach: Option<Reach>,
    /// The timeline on which that lies, where it was said.
    pub on: Option<TimelineId>,
    /// How old the last commit may be.
    pub max_age: Option<Duration>,
    /// This machine's time.
    pub now: Timestamp,
}

/// What came of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Fresh {
    /// What was expected.
    pub demand: Demand,
    /// How far replay comes.
    pub reached: Option<Lsn>,
    /// Time of the last commit that replays.
    pub last_commit: Option<Timestamp>,
}

/// The age of the last commit, and what was allowed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Age {
    /// Time of the last commit that replays; `None` where there is none.
    pub last_commit: Option<Timestamp>,
    /// This machine's time.
    pub now: Timestamp,
    /// What was allowed.
    pub allowed: Duration,
}

impl Fresh {
    /// Whether replay comes where it must; `None` where nobody asked, or records were not read.
    pub fn reaches(&self, outcome: &Outcome) -> Option<bool> {
        let wanted = self.demand.must_reach.filter(|_| outcome.depth == Depth::Records)?;
        Some(self.demand.on.is_none_or(|on| outcome.path.contains(&on)) && reaches(outcome, self, wanted))
    }

    /// Microseconds since the last commit; negative where it is ahead of this machine's clock.
    pub fn age(&self) -> Option<i64> {
        self.last_commit.map(|last| self.demand.now.0.saturating_sub(last.0))
    }
}

/// Adds what an outcome lacks to what is expected of it. Severities are those that a caller wants instead of the usual
/// ones.
pub fn demand(outcome: &mut Outcome, demand: Demand, severities: &[(CodePattern, Severity)]) {
    let (reached, last_commit) = match &outcome.restore {
        Some(restore) => (restore.replay_end, restore.replayed.last_commit.map(|commit| commit.time)),
        None => (outcome.replay.map(|(_, to)| to), outcome.replayed.last_commit),
    };
    let fresh = Fresh { demand, reached, last_commit };
    outcome.fresh = Some(fresh);
    // At a lesser depth nothing is proven, whatever it reaches.
    if outcome.depth != Depth::Records {
        return;
    }
    let timeline = outcome.path.last().copied();
    let mut findings = Vec::new();
    let off = demand.on.filter(|on| !outcome.path.contains(on));
    if let Some(wanted) = demand.must_reach
        && (off.is_some() || !reaches(outcome, &fresh, wanted) && !could_not_look(outcome, wanted))
    {
        let came = match wanted {
            Reach::Lsn(_) | Reach::Segment(_) => reached.map(Reach::Lsn),
            Reach::Time(_) => last_commit.map(Reach::Time),
        };
        findings.push(finding(Code::TooShort, timeline, Detail::TooShort { wanted, off, reached: came }));
    }
    if let Some(allowed) = demand.max_age {
        let age = Age { last_commit, now: demand.now, allowed };
        if !age.is_allowed() {
            findings.push(finding(Code::Stale, timeline, Detail::Age(age)));
        }
    }
    outcome.lowered += set_severities(&mut findings, severities);
    if findings.iter().any(|f| f.severity == Severity::Error) {
        outcome.verdict = Verdict::Refuted;
    }
    outcome.findings.extend(findings);
    outcome.findings.sort_by_key(|f| std::cmp::Reverse(f.severity));
}

fn finding(code: Code, timeline: Option<TimelineId>, detail: Detail) -> Finding {
    Finding { timeline, detail, ..Finding::of(code) }
}

fn reaches(outcome: &Outcome, fresh: &Fresh, wanted: Reach) -> bool {
    match wanted {
        Reach::Time(time) => fresh.last_commit.is_some_and(|last| last >= time),
        Reach::Segment(start) => fresh.reached.is_some_and(|to| to > start),
        Reach::Lsn(lsn) => {
            let Some((to, layout)) = fresh.reached.zip(outcome.layout.as_ref()) else { return false };
            behind_header(lsn, layout) <= end_of_switch(outcome, to, layout)
        }
    }
}

/// A server names the place behind a page's header before it has written anything to the page.
fn behind_header(lsn: Lsn, layout: &Layout) -> Lsn {
    let offset = layout.address().offset(lsn, layout.segment);
    let (page, in_page) = (offset - offset % layout.page.bytes(), offset % layout.page.bytes());
    let header = if page == 0 { layout.long_header() } else { layout.short_header() };
    let number = layout.address().segment(lsn, layout.segment);
    if in_page <= header as u64 {
        layout.address().segment_start(number, layout.segment).plus_within(page)
    } else {
        lsn
    }
}

/// Behind a segment switch there is nothing up to the next segment.
fn end_of_switch(outcome: &Outcome, to: Lsn, layout: &Layout) -> Lsn {
    let switched = outcome
        .timelines
        .iter()
        .any(|t| t.end == WalEnd::Switch && t.to == to && outcome.path.last() == Some(&t.timeline));
    let (address, size) = (layout.address(), layout.segment);
    if !switched || address.offset(to, size) == 0 {
        return to;
    }
    address.segment_start(address.segment(to, size).next(), size)
}

/// Replay is proven only up to what could not be looked at, and what lies behind may well get there: that is unproven,
/// not refuted.
fn could_not_look(outcome: &Outcome, wanted: Reach) -> bool {
    let errors = || outcome.counted().filter(|f| f.severity == Severity::Error);
    let last = outcome.path.last().and_then(|path| outcome.timelines.iter().find(|t| t.timeline == *path));
    let may = match wanted {
        Reach::Lsn(lsn) | Reach::Segment(lsn) => last.is_none_or(|t| t.to >= lsn),
        Reach::Time(time) => last.is_none_or(|t| t.tally.last_commit.is_none_or(|last| last >= time)),
    };
    may && errors().next().is_some() && errors().all(|f| f.code.is_could_not_look())
}

impl Age {
    /// A clock that is ahead tells no age either.
    fn is_allowed(&self) -> bool {
        let allowed = i64::try_from(self.allowed.as_micros()).unwrap_or(i64::MAX).unsigned_abs();
        self.last_commit.is_some_and(|last| self.now.0.abs_diff(last.0) <= allowed)
    }
}

impl fmt::Display for Age {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let allowed = span(self.allowed);
        let Some(last) = self.last_commit else {
            return write!(f, "no commit is here whose age could be told; {allowed} are allowed");
        };
        let distance = span(Duration::from_micros(self.now.0.abs_diff(last.0)));
        match self.now >= last {
            true => write!(f, "the last commit is of {}, {distance} ago; {allowed} are allowed", Reach::Time(last)),
            false => write!(
                f,
                "the last commit is of {}, {distance} ahead of this machine's clock: its age cannot be told",
                Reach::Time(last)
            ),
        }
    }
}

impl fmt::Display for Reach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reach::Lsn(lsn) => lsn.fmt(f),
            Reach::Segment(start) => write!(f, "the segment at {start}"),
            Reach::Time(time) => match jiff::Timestamp::from_microsecond(time.unix_micros()) {
                Ok(time) => time.fmt(f),
                Err(_) => f.write_str("a time that no calendar has"),
            },
        }
    }
}

/// `1 h 14 min`: the two largest units.
pub fn span(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let parts = [(seconds / 86_400, "d"), (seconds / 3600 % 24, "h"), (seconds / 60 % 60, "min"), (seconds % 60, "s")];
    let told: Vec<String> = parts
        .iter()
        .skip_while(|(n, _)| *n == 0)
        .take(2)
        .filter(|(n, _)| *n > 0)
        .map(|(n, unit)| format!("{n} {unit}"))
        .collect();
    if told.is_empty() { "0 s".into() } else { told.join(" ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: i64 = 60_000_000;

    fn age(last: Option<i64>, now: i64) -> Age {
        Age { last_commit: last.map(Timestamp), now: Timestamp(now), allowed: Duration::from_secs(900) }
    }

    #[test]
    fn an_age_on_either_side_of_the_clock() {
        for (minutes, allowed) in [(0, true), (15, true), (16, false), (-15, true), (-16, false)] {
            assert_eq!(age(Some(0), minutes * MINUTE).is_allowed(), allowed, "{minutes}");
        }
        assert!(
            !age(None, 0).is_allowed()
                && !age(Some(i64::MIN), i64::MAX).is_allowed()
                && !age(Some(i64::MAX), 0).is_allowed()
        );
    }

    #[test]
    fn ages_in_words() {
        assert_eq!(
            age(Some(0), 74 * MINUTE).to_string(),
            "the last commit is of 2000-01-01T00:00:00Z, 1 h 14 min ago; 15 min are allowed"
        );
        let ahead = age(Some(86_400_000_000), 0).to_string();
        assert!(ahead.contains("1 d ahead of this machine's clock"), "{ahead}");
        assert!(age(None, 0).to_string().starts_with("no commit"));
        assert_eq!([0, 59, 3600, 90_061].map(|s| span(Duration::from_secs(s))), ["0 s", "59 s", "1 h", "1 d 1 h"]);
    }
}
