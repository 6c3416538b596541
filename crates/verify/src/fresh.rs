//! Does the archive get far enough, and is it fresh enough? A lost tail cannot be seen from bytes: somebody has to say
//! what is expected.

use crate::codes::{Code, CodePattern, Severity};
use crate::finding::{Detail, Finding, set_severities};
use crate::outcome::{Outcome, Verdict, WalEnd};
use crate::reach::{Age, Demand, Fresh, Reach};
use pgwal_archive::Depth;
use pgwal_format::rmgr::xact::Timestamp;
use pgwal_format::{Layout, Lsn, TimelineId};

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
    // What lies in an unfinished segment is here, and none the older for it.
    let newest = last_commit.max(in_unfinished(outcome));
    let told = if demand.max_age.is_some() { newest } else { last_commit };
    outcome.fresh = Some(Fresh { last_commit: told, ..fresh });
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
        for finding in &mut outcome.findings {
            let overdue = matches!(finding.detail, Detail::NotYet { newest: Some(newest), .. } if newest > allowed);
            if overdue && !severities.iter().any(|(pattern, _)| pattern.matches(finding.code)) {
                finding.severity = finding.severity.max(Severity::Warning);
            }
        }
        let age = Age { last_commit: newest, now: demand.now, allowed };
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

/// The last commit in the unfinished segment that goes on where replay of whole ones ends.
fn in_unfinished(outcome: &Outcome) -> Option<Timestamp> {
    let (_, to) = outcome.replay.filter(|_| outcome.restore.is_none())?;
    let last = outcome.timelines.iter().find(|report| Some(&report.timeline) == outcome.path.last())?;
    last.partial_commit.filter(|_| last.to == to)
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
