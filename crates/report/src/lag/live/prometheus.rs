//! Lag as gauges, for the textfile collector.

use super::LiveLagAnswer;
use crate::metrics::{Metrics, seconds};
use pgwal_format::Lsn;
use pgwal_query::lag::{FollowerLag, SlotLag, StageLag};

/// The metrics.
pub fn metrics(answer: &LiveLagAnswer<'_>) -> String {
    let lag = answer.lag;
    let mut out = Metrics::of(&[("primary", &lag.name)]);
    let position = lag.dialect.address.distance(lag.position, Lsn::ZERO, lag.segment_size);
    out.one("lag_success", "1 where the server answered", 1);
    out.one("lag_timestamp_seconds", "The server's time when it was asked, since 1970", seconds(lag.clock));
    out.one("lag_position_bytes", "How far the server has written, since the beginning of WAL", position);
    let unknown = lag.followers.iter().filter(|follower| follower.unknown.is_some()).count();
    out.one("lag_standbys", "Standbys that stream or were asked", lag.followers.len());
    out.one("lag_standbys_unknown", "Those that do not say how far they are", unknown);
    stages(&mut out, answer, "lag_bytes", "Bytes that the server is ahead", |stage| Some(stage.bytes.to_string()));
    stages(&mut out, answer, "lag_seconds", "Since the oldest commit that waits; absent where not known", |stage| {
        Some(format!("{:.6}", stage.waits_micros()? as f64 / 1e6))
    });
    stages(&mut out, answer, "lag_records", "Records in between, of the WAL at hand", |stage| {
        Some(stage.wal?.waiting.records.to_string())
    });
    stages(&mut out, answer, "lag_commits", "Commits in between, of the WAL at hand", |stage| {
        Some(stage.wal?.waiting.commits.to_string())
    });
    slots(&mut out, answer, "slot_retained_bytes", "WAL that is kept for a slot", |slot| slot.retained_bytes);
    slots(&mut out, answer, "slot_active", "1 where somebody uses the slot", |slot| Some(slot.facts.active.into()));
    slots(&mut out, answer, "slot_lost", "1 where the server gave the slot up, or the next checkpoints may", |slot| {
        Some((slot.is_lost() || slot.is_unreserved()).into())
    });
    let Some(archiver) = &lag.archiver else { return out.text };
    if let Ok(ready) = &archiver.ready {
        out.one("archiver_waiting_segments", "Finished segments that are not archived yet", ready.count);
    }
    if let Some(micros) = archiver.owed_micros {
        out.one("archiver_waiting_seconds", "Since the first of them waits", format!("{:.6}", micros as f64 / 1e6));
    }
    if let Some(behind) = archiver.behind_bytes {
        out.one("archiver_behind_bytes", "WAL that is not archived yet, of the unfinished segment as well", behind);
    }
    out.one("archiver_failing", "1 where the last attempt failed", u8::from(archiver.is_failing));
    out.text
}

fn slots(
    out: &mut Metrics,
    answer: &LiveLagAnswer<'_>,
    name: &str,
    help: &str,
    value: impl Fn(&SlotLag) -> Option<u64>,
) {
    let rows: Vec<(&SlotLag, u64)> =
        answer.lag.slots.iter().flatten().filter_map(|slot| Some((slot, value(slot)?))).collect();
    if rows.is_empty() {
        return;
    }
    out.head(name, help);
    for (slot, value) in rows {
        out.row(name, &[("slot", slot.facts.name.as_str()), ("type", slot.facts.kind.as_str())], value);
    }
}

/// Of a server that did not answer.
pub fn failure(primary: &str) -> String {
    let mut out = Metrics::of(&[("primary", primary)]);
    out.one("lag_success", "1 where the server answered", 0);
    out.text
}

fn stages(
    out: &mut Metrics,
    answer: &LiveLagAnswer<'_>,
    name: &str,
    help: &str,
    value: impl Fn(&StageLag) -> Option<String>,
) {
    let followers: &[FollowerLag] = &answer.lag.followers;
    let rows: Vec<(usize, &FollowerLag, &StageLag, String)> = followers
        .iter()
        .enumerate()
        .flat_map(|(at, follower)| follower.stages.iter().map(move |stage| (at, follower, stage)))
        .filter_map(|(at, follower, stage)| Some((at, follower, stage, value(stage)?)))
        .collect();
    if rows.is_empty() {
        return;
    }
    out.head(name, help);
    for (at, follower, stage, value) in rows {
        // Two may have one name.
        let labels = [("standby", follower.name.as_str()), ("number", &at.to_string()), ("stage", stage.stage.name())];
        out.row(name, &labels, value);
    }
}
