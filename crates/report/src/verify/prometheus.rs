//! Gauges in the text format of Prometheus, for the textfile collector of node_exporter.
//!
//! ```text
//! # HELP walproof_verdict 1 for the verdict of the last run, 0 for the others.
//! # TYPE walproof_verdict gauge
//! walproof_verdict{archive="/srv/wal",verdict="proven"} 1
//! ```
//! All are gauges: each run counts anew. Positions are bytes since the beginning of WAL, as `pg_wal_lsn_diff(LSN,
//! '0/0')` gives. A run that could not look at anything writes the metrics of the run alone, so that an old verdict
//! does not stay.

use crate::metrics::{Metrics, seconds};
use crate::restore::json::aim;
use crate::verify::{RunClock, VerifyAnswer};
use crate::words::depth;
use pgwal_format::{Layout, Lsn};
use pgwal_verify::recovery::outcome::{Restore, Status};
use pgwal_verify::{Code, Severity, Verdict};
use std::collections::BTreeMap;

/// The metrics.
pub fn metrics(told: &VerifyAnswer<'_>) -> String {
    let (outcome, layout) = (told.outcome, told.outcome.layout.as_ref());
    let mut out = Metrics::of(&[("archive", &told.archive)]);
    of_run(&mut out, &told.run, !told.could_not_tell());
    out.head("verdict", "1 for the verdict of the last run, 0 for the others");
    for each in [Verdict::Proven, Verdict::Refuted, Verdict::Unproven] {
        out.row("verdict", &[("verdict", each.name())], u8::from(each == outcome.verdict));
    }
    out.head("exit_code", "What the run exits with: 0 nothing wrong, 1 refuted, 2 could not tell");
    out.row("exit_code", &[], told.exit_code);
    out.head("archive_info", "What was verified; always 1");
    let (cluster, version) =
        (outcome.system_id.map(|id| id.to_string()), layout.map(|l| l.dialect.version.to_string()));
    let info = [
        ("system_identifier", cluster.as_deref().unwrap_or("")),
        ("postgresql", version.as_deref().unwrap_or("")),
        ("depth", depth(outcome.depth)),
        ("walproof", env!("CARGO_PKG_VERSION")),
    ];
    out.row("archive_info", &info, 1);
    findings(&mut out, told);
    replay(&mut out, told);
    if let Some(r) = &outcome.restore {
        restore(&mut out, r, layout);
    }
    timelines(&mut out, told);
    backups(&mut out, told);
    out.text
}

/// Of a run that could not look at anything.
pub fn failure(archive: &str, run: &RunClock) -> String {
    let mut out = Metrics::of(&[("archive", archive)]);
    of_run(&mut out, run, false);
    out.text
}

fn findings(out: &mut Metrics, told: &VerifyAnswer<'_>) {
    out.head("findings_by_severity", "Findings of a severity");
    for severity in [Severity::Error, Severity::Warning, Severity::Info] {
        out.row("findings_by_severity", &[("severity", &severity.to_string())], told.count(severity));
    }
    let mut counts: BTreeMap<(Code, Severity), u64> = BTreeMap::new();
    for f in told.outcome.counted() {
        *counts.entry((f.code, f.severity)).or_default() += 1 + f.more;
    }
    out.one("findings_accepted", "Findings that --known accepts, counted nowhere else", told.outcome.accepted());
    if !counts.is_empty() {
        out.head("findings", "Findings of a code");
    }
    for ((code, severity), count) in counts {
        out.row("findings", &[("code", code.id()), ("name", code.name()), ("severity", &severity.to_string())], count);
    }
}

fn replay(out: &mut Metrics, told: &VerifyAnswer<'_>) {
    let (outcome, layout) = (told.outcome, told.outcome.layout.as_ref());
    out.one("segments", "Segments that replay reads", outcome.replay_segments);
    out.one("records", "Records that replay reads", outcome.replayed.records);
    out.one("commits", "Commits that replay reaches", outcome.replayed.commits);
    if let (Some((from, to)), Some(layout)) = (outcome.replay, layout) {
        out.one("replay_start_lsn_bytes", "Where replay can begin", bytes(from, layout));
        out.one("replay_end_lsn_bytes", "Where replay ends", bytes(to, layout));
    }
    if let Some(last) = outcome.replayed.last_commit {
        out.one(
            "last_commit_timestamp_seconds",
            "Time of the last commit that replay reaches, since 1970",
            seconds(last),
        );
    }
}

/// What a restore of the backup given would come to.
fn restore(out: &mut Metrics, r: &Restore, layout: Option<&Layout>) {
    let (kind, value) = r.target.as_ref().map(|reached| aim(&reached.target)).unwrap_or(("none", String::new()));
    let timeline = r.timeline.to_string();
    let info =
        [("outcome", r.ending.name()), ("target_kind", kind), ("target", value.as_str()), ("timeline", &timeline)];
    out.head("restore_info", "What was asked of the restore, and how recovery ends; always 1");
    out.row("restore_info", &info, 1);
    out.one("restore_starts", "1 where the restored server accepts connections", u8::from(r.starts));
    if let Some(target) = &r.target {
        out.one("restore_target_reached", "1 where the restore reaches its target", u8::from(target.reached));
    }
    if let (Some(consistent), Some(layout)) = (r.consistent_at, layout) {
        out.one("restore_consistent_lsn_bytes", "Where the data are consistent", bytes(consistent, layout));
    }
    let lacks = r.files.iter().filter(|file| file.needed && file.status != Status::Present).count();
    out.one("restore_files_wanting", "Files that the restore needs and that are missing or damaged", lacks as u64);
}

fn timelines(out: &mut Metrics, told: &VerifyAnswer<'_>) {
    let Some(layout) = &told.outcome.layout else { return };
    let all = &told.outcome.timelines;
    if all.is_empty() {
        return;
    }
    out.head("timeline_start_lsn_bytes", "Start of the timeline's first segment");
    for t in all {
        out.row("timeline_start_lsn_bytes", &[("timeline", &t.timeline.to_string())], bytes(t.from, layout));
    }
    out.head("timeline_end_lsn_bytes", "End of the timeline's last record; where none was read, of its last segment");
    for t in all {
        out.row("timeline_end_lsn_bytes", &[("timeline", &t.timeline.to_string())], bytes(t.to, layout));
    }
    out.head("timeline_segments", "Complete segments of the timeline");
    for t in all {
        out.row("timeline_segments", &[("timeline", &t.timeline.to_string())], t.segments);
    }
    out.head("timeline_records", "Records in the timeline's segments");
    for t in all {
        out.row("timeline_records", &[("timeline", &t.timeline.to_string())], t.tally.records);
    }
    if all.iter().any(|t| t.tally.last_commit.is_some()) {
        out.head("timeline_last_commit_timestamp_seconds", "Time of the timeline's last commit, since 1970");
    }
    for t in all {
        if let Some(last) = t.tally.last_commit {
            out.row("timeline_last_commit_timestamp_seconds", &[("timeline", &t.timeline.to_string())], seconds(last));
        }
    }
}

fn backups(out: &mut Metrics, told: &VerifyAnswer<'_>) {
    let all = &told.outcome.backups;
    out.one("backups", "Base backups known", all.len());
    if all.iter().any(|b| b.complete.is_some()) {
        out.head("backup_wal_complete", "1 where all WAL that the backup needs is here and right");
    }
    for b in all {
        if let Some(complete) = b.complete {
            out.row("backup_wal_complete", &[("backup", &b.file)], u8::from(complete));
        }
    }
}

fn of_run(out: &mut Metrics, run: &RunClock, success: bool) {
    out.one("run_success", "1 where the archive could be looked at, whatever was found", u8::from(success));
    out.one("run_timestamp_seconds", "When the run began, since 1970", seconds(run.began));
    out.one("run_duration_seconds", "How long the run took", format_args!("{:.6}", run.took().as_secs_f64()));
}

fn bytes(lsn: Lsn, layout: &Layout) -> i128 {
    layout.address().distance(lsn, Lsn::new(0), layout.segment)
}
