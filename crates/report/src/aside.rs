//! What is said of timelines that have WAL beside the way that is read.

use crate::time::{Zone, rfc3339};
use pgwal_verify::{Outcome, TimelineAside};
use serde_json::{Value, json};

/// Timelines that are told.
const TOLD: usize = 5;

/// A sentence about each that is told; `option`: the one that asks for another timeline.
pub fn sentences(outcome: &Outcome, option: &str, zone: &Zone) -> Vec<String> {
    // What the way never was on hides nothing but newer commits.
    let told = |own: &TimelineAside| own.left_by.is_some() || own.newer_commit.is_some();
    outcome.asides().filter(told).take(TOLD).map(|own| sentence(&own, option, zone)).collect()
}

/// A sentence about each that goes on behind the point where the way left it.
pub fn sentences_of_way(outcome: &Outcome, option: &str, zone: &Zone) -> Vec<String> {
    outcome.asides().filter(|own| own.left_by.is_some()).map(|own| sentence(&own, option, zone)).collect()
}

fn sentence(own: &TimelineAside, option: &str, zone: &Zone) -> String {
    let TimelineAside { timeline, from, to, left_by, newer_commit } = own;
    let newest = newer_commit.and_then(|time| zone.local(time));
    let newest = newest.map(|time| format!(", with newer commits than these, up to {time}")).unwrap_or_default();
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
