//! Transactions of a number that are on other timelines than those of the way that is read: one number is given out
//! again where a timeline is left.

use super::history::HistoryOptions;
use crate::several::NamedArchive;
use pgwal::catalog::Names;
use pgwal::forensics::{EventWish, SoughtXact, events};
use pgwal::format::{Lsn, TimelineId};
use pgwal::verify::records::ListRequest;
use pgwal::verify::{Outcome, TimelineAside, Which};

/// So many timelines are looked at.
const MOST_TIMELINES: usize = 16;

/// The timelines that have one, and where each record of its end lies. What cannot be read has none.
pub fn elsewhere(
    history: &HistoryOptions,
    xid: u32,
    opened: &NamedArchive,
    outcome: &Outcome,
) -> Vec<(TimelineId, Option<Lsn>)> {
    let wish = EventWish { sought: Some(SoughtXact::Xid(xid)), ..EventWish::for_names() };
    let mut found = Vec::new();
    for TimelineAside { timeline, from, .. } in outcome.asides().take(MOST_TIMELINES) {
        let mut options = history.input.options();
        options.timeline = Which::Number(timeline);
        options.start = Some(from);
        let wanted = ListRequest { options, limit: None };
        let answer = events(opened.source(), &wanted, &wish, &Names::default(), &|_, _, _| {}, &mut |_| Ok(()));
        found.extend(answer.into_iter().flat_map(|answer| answer.sought).map(|fate| (timeline, fate.end_lsn)));
    }
    found
}

/// A sentence about one.
pub fn told(xid: u32, timeline: TimelineId, end: Option<Lsn>) -> String {
    let at = end.map(|lsn| format!(", which ended at {lsn}")).unwrap_or_default();
    format!("timeline {timeline} has a transaction {xid} beside the way that is read{at}: -t {timeline}")
}
