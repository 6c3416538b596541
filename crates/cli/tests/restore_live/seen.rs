//! What a recovery was seen to do.

use serde_json::{Value, json};
use walproof_live::{Observed, RecoveryEnd};

/// What was seen, in the `restore` document's terms where it has them.
pub fn document(seen: &Observed) -> Value {
    json!({
        "outcome": seen.ended.map(RecoveryEnd::name),
        "starts": seen.started,
        "consistent_at": seen.consistent_at,
        "redo_starts_at": seen.redo_starts_at,
        "redo_end": seen.redo_done_at,
        "replay_end": seen.last_replay_lsn,
        "parent_timeline": seen.parent.as_ref().map(|parent| parent.0),
        "parent_lsn": seen.parent.as_ref().map(|parent| parent.1.clone()),
        "new_timeline": seen.new_timeline,
        "reached": seen.stopping.is_some(),
        "stopping": seen.stopping,
        "paused_for_parameters": seen.paused_for_parameters,
        "server_says": seen.died_of,
        "last_commit": seen.last_commit.as_ref().map(|(xid, time)| json!({ "xid": xid, "time": time })),
        "last_completed_at": seen.last_completed_at,
        "last_fact": seen.answer,
        "asked": seen.asked,
        "log": seen.log,
    })
}
