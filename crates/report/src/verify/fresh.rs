//! How far an archive comes and how old its last commit is, where that was asked.

use crate::time::{Zone, rfc3339};
use pgwal_verify::Outcome;
use pgwal_verify::reach::{Fresh, Reach, span};
use serde_json::{Value, json};
use std::time::Duration;

/// `freshness` of `walproof.verify/1`.
pub fn json(fresh: &Fresh, outcome: &Outcome) -> Value {
    let (lsn, time) = match fresh.demand.must_reach {
        Some(Reach::Lsn(lsn) | Reach::Segment(lsn)) => (Some(lsn), None),
        Some(Reach::Time(time)) => (None, rfc3339(time)),
        None => (None, None),
    };
    json!({
        "must_reach_lsn": lsn,
        "must_reach_timeline": fresh.demand.on,
        "must_reach_time": time,
        "reached": fresh.reaches(outcome),
        "max_age_seconds": fresh.demand.max_age.map(|age| age.as_secs()),
        "age_seconds": fresh.age().map(|micros| micros as f64 / 1e6),
        "last_commit_time": fresh.last_commit.and_then(rfc3339),
        "now": rfc3339(fresh.demand.now),
    })
}

/// A line for people; nothing where something was missed, since a finding says that.
pub fn text(fresh: &Fresh, outcome: &Outcome, zone: &Zone) -> Option<String> {
    let mut told = Vec::new();
    if let (Some(wanted), Some(true)) = (fresh.demand.must_reach, fresh.reaches(outcome)) {
        let tell = |time| zone.local(time).unwrap_or_default();
        told.push(match wanted {
            Reach::Lsn(_) | Reach::Segment(_) => format!("replay reaches {}", wanted.told(&tell)),
            Reach::Time(time) => format!("a commit of {} or later replays", tell(time)),
        });
    }
    if let (Some(allowed), Some(age)) = (fresh.demand.max_age, fresh.age().filter(|_| fresh.demand.max_age.is_some())) {
        let (old, allowed) = (span(Duration::from_micros(age.unsigned_abs())), span(allowed));
        told.push(match age < 0 {
            true => format!("the last commit is {old} ahead of this machine's clock, {allowed} are allowed"),
            false => format!("the last commit is {old} old, {allowed} are allowed"),
        });
    }
    (!told.is_empty()).then(|| told.join("; "))
}
