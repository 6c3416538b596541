//! What is said of timelines that have WAL beside the way that is read.

use crate::figures::counted;
use crate::time::{Zone, rfc3339};
use pgwal_verify::recovery::NewerBeside;
use pgwal_verify::{Detail, Outcome, TimelineAside};
use serde_json::{Value, json};

/// Timelines that are told.
const TOLD: usize = 5;

/// A sentence about each that is told; `option`: the one that asks for another timeline.
pub fn sentences(outcome: &Outcome, option: &str, zone: &Zone) -> Vec<String> {
    // What the way never was on hides nothing but commits: newer ones, or more.
    let told = |own: &TimelineAside| own.left_by.is_some() || own.newer_commit.is_some() || own.more_commits.is_some();
    let told: Vec<TimelineAside> = outcome.asides().filter(told).take(TOLD).collect();
    let beside = |f: &pgwal_verify::Finding| match &f.detail {
        Detail::NewerBeside(beside, ..) if told.iter().all(|own| own.timeline != beside.timeline) => {
            Some(of_restore(beside, option, zone))
        }
        _ => None,
    };
    let of_restore = outcome.counted().filter_map(beside);
    told.iter().map(|own| sentence(own, option, zone)).chain(of_restore).collect()
}

/// What a restore does not come to; the warning has the numbers.
fn of_restore(beside: &NewerBeside, option: &str, zone: &Zone) -> String {
    let NewerBeside { timeline, from, last, more } = beside;
    let what = if more.is_some() { "more" } else { "newer" };
    let to = zone.local(last.time).map(|time| format!(", up to {time}")).unwrap_or_default();
    format!(
        "timeline {timeline} goes on behind {from} with {what} commits than this restore keeps{to}: {option} {timeline}"
    )
}

/// A sentence about each that goes on behind the point where the way left it.
pub fn sentences_of_way(outcome: &Outcome, option: &str, zone: &Zone) -> Vec<String> {
    outcome.asides().filter(|own| own.left_by.is_some()).map(|own| sentence(&own, option, zone)).collect()
}

fn sentence(own: &TimelineAside, option: &str, zone: &Zone) -> String {
    let TimelineAside { timeline, from, to, left_by, newer_commit, more_commits } = own;
    let newest = newer_commit.and_then(|time| zone.local(time));
    let newest = newest.map(|time| format!(", with newer commits than these, up to {time}"));
    let more = || {
        let count = counted(u128::from((*more_commits)?), "commit");
        Some(format!(", with {count} more than these have behind the point where they part"))
    };
    let newest = newest.or_else(more).unwrap_or_default();
    match left_by {
        Some(child) => {
            format!(
                "timeline {timeline} goes on to {to} behind {from}, where timeline {child} left it{newest}: {option} {timeline}"
            )
        }
        None => format!("timeline {timeline} goes from {from} to {to}{newest}: {option} {timeline}"),
    }
}

/// All of them.
pub fn json(outcome: &Outcome) -> Vec<Value> {
    let one = |own: TimelineAside| {
        json!({
            "timeline": own.timeline,
            "from_lsn": own.from,
            "to_lsn": own.to,
            "left_by": own.left_by,
            "newer_commit_time": own.newer_commit.and_then(rfc3339),
        })
    };
    outcome.asides().map(one).collect()
}
