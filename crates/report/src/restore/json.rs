//! `restore` inside `walproof.verify/1`: what a restore would come to.
//!
//! ```text
//! {"starts":true,"consistent_at":LSN,"redo_start":LSN,"own_wal_to":LSN,"redo_end":LSN,"replay_end":LSN,
//!  "timeline":N,"new_timeline":N,"target_timeline":N,
//!  "target":{"kind","value","reached"},"outcome":"promotes|pauses|shuts_down|waits|fatal|panic","server_says","settings_assumed":{…},
//!  "left_branch":{"timeline","child","fork"},
//!  "invalid_pages":{"relation","fork","block","lsn","zeros","blocks_in_backup","count"},
//!  "last_commit":{"xid","time","lsn"},"first_dropped":{…},"records":N,"commits":N,"files":[{"name","status","needed","file","size"}],
//!  "backup_chosen":{"backup","reaches","known","untried",
//!                   "passed_over":[{"backup","why":"behind_target|fails|no_wal|incremental","server_says"}]},
//!  "alternatives":[{"kind":"earlier|before|partial|timeline|backup|setting","value","reaches_target",
//!                   "replay_end","timeline","last_commit","more_commits"}]}
//! ```

use crate::time::rfc3339;
use pgwal_verify::recovery::outcome::{FileAsked, Reached, Restore};
use pgwal_verify::recovery::sum::ReplayedCommit;
use pgwal_verify::recovery::{Alternative, BackupChoice, Instead, PassedOver, Target, WhyPassed};
use serde_json::{Map, Value, json};

/// The prediction.
pub fn restore(r: &Restore) -> Value {
    json!({
        "starts": r.starts,
        "consistent_at": r.consistent_at,
        "redo_start": r.redo_start,
        "own_wal_to": r.own_wal.map(|own| own.to),
        "redo_end": r.redo_end,
        "replay_end": r.replay_end,
        "timeline": r.timeline,
        "new_timeline": r.new_timeline,
        "target_timeline": r.target_timeline,
        "target": r.target.as_ref().map(target),
        "outcome": r.ending.name(),
        "server_says": r.server_says,
        "settings_assumed": r.assumed.iter().map(|(name, value)| (name.clone(), json!(value))).collect::<Map<_, _>>(),
        "respelled": r.respelled.as_ref().map(|r| {
            json!({"setting": "recovery_target_time", "given": r.given, "value": r.spelled, "refused": r.refused})
        }),
        "last_commit": r.replayed.last_commit.map(commit),
        "first_dropped": r.first_dropped.map(commit),
        "records": r.replayed.records,
        "commits": r.replayed.commits,
        "left_branch": r.left_branch.map(|b| json!({"timeline": b.timeline, "child": b.child, "fork": b.fork})),
        "invalid_pages": r.invalid_pages.map(|p| json!({
            "relation": format!("{}/{}/{}", p.first.rel.spc, p.first.rel.db, p.first.rel.rel),
            "fork": p.first.fork,
            "block": p.first.block,
            "lsn": p.first.lsn,
            "zeros": p.first.zeros,
            "blocks_in_backup": p.first.in_backup,
            "count": p.count,
        })),
        "backup_chosen": r.chosen.as_ref().map(chosen),
        "files": r.files.iter().map(file).collect::<Vec<_>>(),
        "alternatives": r.alternatives.iter().map(alternative).collect::<Vec<_>>(),
    })
}

/// Why this backup was chosen.
pub fn chosen(choice: &BackupChoice) -> Value {
    let passed = |passed: &PassedOver| {
        let (why, says) = match &passed.why {
            WhyPassed::BehindTarget => ("behind_target", None),
            WhyPassed::Fails(says) => ("fails", says.as_ref()),
            WhyPassed::NoWal => ("no_wal", None),
            WhyPassed::Incremental => ("incremental", None),
        };
        json!({"backup": passed.file, "why": why, "server_says": says})
    };
    json!({
        "backup": choice.file,
        "reaches": choice.reaches,
        "known": choice.known,
        "untried": choice.untried,
        "passed_over": choice.passed_over.iter().map(passed).collect::<Vec<_>>(),
    })
}

/// A file that the server asks for.
pub fn file(f: &FileAsked) -> Value {
    json!({"name": f.name, "status": f.status.name(), "needed": f.needed, "file": f.file, "size": f.size})
}

fn alternative(a: &Alternative) -> Value {
    let (kind, value) = match &a.instead {
        Instead::Earlier { last: Target::Xid(xid), .. } => ("earlier", json!(xid)),
        Instead::Earlier { last, .. } => ("earlier", json!(aim(last).1)),
        Instead::Before(lsn) => ("before", json!(lsn)),
        Instead::Partial(file) => ("partial", json!(file)),
        Instead::Timeline(timeline) => ("timeline", json!(timeline)),
        // Which timeline is to be asked for stands beside it.
        Instead::Backup(file) | Instead::BackupOn(file, _) => ("backup", json!(file)),
        Instead::Behind(file) => ("behind", json!(file)),
        Instead::Immediate => ("immediate", json!("immediate")),
        Instead::Setting(name, value) => ("setting", json!(format!("{name} = {value}"))),
    };
    json!({
        "kind": kind,
        "value": value,
        "reaches_target": a.reaches_target,
        "replay_end": a.replay_end,
        "timeline": a.timeline,
        "last_commit": a.last_commit.map(commit),
        "more_commits": a.more_commits,
    })
}

fn target(reached: &Reached) -> Value {
    let (kind, value) = aim(&reached.target);
    json!({"kind": kind, "value": value, "reached": reached.reached})
}

/// The kind of a target, and its value.
pub fn aim(target: &Target) -> (&'static str, String) {
    match target {
        Target::None => ("none", String::new()),
        Target::Immediate => ("immediate", "immediate".into()),
        Target::Time(time) => ("time", rfc3339(*time).unwrap_or_default()),
        Target::Lsn(lsn) => ("lsn", lsn.to_string()),
        Target::Xid(xid) => ("xid", xid.to_string()),
        Target::Name(name) => ("name", name.clone()),
    }
}

fn commit(c: ReplayedCommit) -> Value {
    json!({"xid": c.xid, "time": rfc3339(c.time), "lsn": c.lsn})
}
