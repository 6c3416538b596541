//! `walproof.lag/1` of a running server: the members of a distance are those of the standby that is farthest behind,
//! and `live` has all.

use super::LiveLagAnswer;
use crate::time::rfc3339;
use pgwal_format::AddressScheme;
use pgwal_format::rmgr::xact::Timestamp;
use pgwal_query::lag::{ArchiverLag, FollowerKind, FollowerLag, LagJudgement, SlotLag, StageLag, WalBehind};
use serde_json::{Value, json};

/// The document.
pub fn document(answer: &LiveLagAnswer<'_>) -> Value {
    let lag = answer.lag;
    let farthest = answer.farthest();
    let stage = farthest.map(|(_, stage)| stage);
    let wal = stage.and_then(|stage| stage.wal);
    json!({
        "schema": "walproof.lag/1",
        "bytes": stage.map(|stage| stage.bytes),
        "segments": stage.map(|stage| stage.segments),
        "records": wal.map(|wal| wal.waiting.records),
        "commits": wal.map(|wal| wal.waiting.commits),
        "seconds": stage.and_then(|stage| seconds(stage.waits_micros())),
        "complete": wal.map(|wal| wal.waiting.complete),
        "a": {"input": lag.name, "lsn": lag.position},
        "b": {"input": farthest.map_or("", |(follower, _)| &follower.name), "lsn": stage.map(|stage| stage.at)},
        "segment_size": lag.segment_size.bytes(),
        "segment_size_assumed": false,
        "scheme": if lag.dialect.address == AddressScheme::Split { "split" } else { "linear" },
        "scheme_assumed": false,
        "live": {
            "status": judged(answer.judged),
            "time": rfc3339(lag.clock),
            "primary": {
                "name": lag.name,
                "version": lag.dialect.version.to_string(),
                "lsn": lag.position,
                "timeline": lag.timeline,
                "recovers": lag.recovers,
            },
            "standbys": lag.followers.iter().map(|one| follower(answer, one)).collect::<Vec<_>>(),
            "archiver": lag.archiver.as_ref().map(|one| archiver(answer, one)),
            "slots": lag.slots.as_ref().map(|slots| slots.iter().map(|one| slot(answer, one)).collect::<Vec<_>>()),
            "wal": lag.wal,
        },
    })
}

const fn judged(judged: LagJudgement) -> &'static str {
    match judged {
        LagJudgement::Fine => "ok",
        LagJudgement::Warning => "warning",
        LagJudgement::Unknown => "unknown",
        LagJudgement::TooFar => "critical",
    }
}

fn seconds(micros: Option<u64>) -> Option<f64> {
    micros.map(|micros| micros as f64 / 1e6)
}

fn follower(answer: &LiveLagAnswer<'_>, follower: &FollowerLag) -> Value {
    let (source, address, state, sync) = match &follower.kind {
        FollowerKind::Connected { address, state, sync } => ("primary", Some(address), Some(state), Some(sync)),
        FollowerKind::Asked => ("standby", None, None, None),
    };
    json!({
        "name": follower.name,
        "told_by": source,
        "address": address.filter(|text| !text.is_empty()),
        "state": state.filter(|text| !text.is_empty()),
        "sync_state": sync.filter(|text| !text.is_empty()),
        "status": judged(answer.limits.of_follower(follower)),
        "error": follower.unknown,
        "told_seconds": seconds(follower.told_micros),
        "stages": follower.stages.iter().map(stage).collect::<Vec<_>>(),
    })
}

fn slot(answer: &LiveLagAnswer<'_>, slot: &SlotLag) -> Value {
    let facts = &slot.facts;
    json!({
        "name": facts.name,
        "type": facts.kind,
        "active": facts.active,
        "status": judged(answer.limits.of_slot(slot)),
        "restart_lsn": facts.restart,
        "retained_bytes": slot.retained_bytes,
        "wal_status": facts.status,
        "safe_bytes": facts.safe_bytes,
        "invalidation_reason": facts.reason,
        "inactive_seconds": seconds(slot.inactive_micros),
    })
}

fn stage(stage: &StageLag) -> Value {
    json!({
        "stage": stage.stage.name(),
        "lsn": stage.at,
        "bytes": stage.bytes,
        "segments": stage.segments,
        "seconds": seconds(stage.waits_micros()),
        "wal": stage.wal.map(wal),
    })
}

fn wal(wal: WalBehind) -> Value {
    json!({
        "records": wal.waiting.records,
        "commits": wal.waiting.commits,
        "oldest_commit_time": wal.waiting.oldest.and_then(rfc3339),
        "complete": wal.waiting.complete,
    })
}

fn archiver(answer: &LiveLagAnswer<'_>, archiver: &ArchiverLag) -> Value {
    let event = |event: &Option<(String, Option<Timestamp>)>| {
        event.as_ref().map(|(file, time)| json!({"file": file, "time": time.and_then(rfc3339)}))
    };
    let ready = archiver.ready.as_ref();
    json!({
        "status": judged(answer.limits.of_archiver(answer.lag)),
        "archived_to": archiver.archived_to,
        "bytes": archiver.behind_bytes,
        "wal": archiver.wal.map(wal),
        "waiting_segments": ready.ok().map(|ready| ready.count),
        "waiting_bytes": archiver.owed_bytes,
        "waiting_seconds": seconds(archiver.owed_micros),
        "first_waiting": ready.ok().and_then(|ready| ready.first.as_ref()),
        "error": ready.err(),
        "last_archived": event(&archiver.archived),
        "last_failed": event(&archiver.failed),
        "failing": archiver.is_failing,
        "failures": archiver.failures,
    })
}
