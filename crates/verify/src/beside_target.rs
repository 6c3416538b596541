//! What is to be said of a restore although it comes where it should: what its target keeps and leaves out.

use crate::codes::{Code, Severity};
use crate::finding::{Detail, Finding};
use pgwal_format::Lsn;
use pgwal_recovery::failure::Failure;
use pgwal_recovery::outcome::{Ending, Restore};
use pgwal_recovery::{Alternative, Instead, NewerBeside, Settings, Site, Target};

/// All of it.
pub(crate) fn findings(site: &Site<'_>, restore: &Restore) -> Vec<Finding> {
    if matches!(restore.ending, Ending::Fatal | Ending::Panic) || restore.replay_end.is_none() {
        return Vec::new();
    }
    let at = |lsn: Lsn, code: Code, severity: Severity, detail: Detail| {
        let layout = site.layout();
        let segment = site.name(restore.timeline, layout.address().segment(lsn, layout.segment));
        let (timeline, lsn) = (Some(restore.timeline), Some(lsn));
        Finding { severity, timeline, lsn, at: lsn, segment: Some(segment), detail, ..Finding::of(code) }
    };
    let mut out = Vec::new();
    if let Some((lsn, xid)) = rolled_back(restore) {
        out.push(at(lsn, Code::TargetRolledBack, Severity::Warning, Detail::RolledBack(xid)));
    }
    let positions = site.layout().dialect.lsn_target;
    for act in &restore.early_acts {
        let severity = if act.act.is_loss() { Severity::Warning } else { Severity::Info };
        out.push(at(act.lsn, Code::EarlyAct, severity, Detail::EarlyAct(*act, positions)));
    }
    if let Some(left) = restore.left_out {
        out.push(at(left.last.lsn, Code::TargetAmbiguous, Severity::Warning, Detail::LeftOut(left)));
    }
    if let (Some(Target::Name(name)), Some(&first)) =
        (restore.target.as_ref().map(|t| &t.target), restore.same_points.first())
    {
        let detail = Detail::SamePoints { name: name.clone(), others: restore.same_points.clone() };
        out.push(at(first, Code::TargetAmbiguous, Severity::Info, detail));
    }
    out
}

/// The time that is the target may be meant in another zone.
pub(crate) fn zone_doubt(settings: &Settings) -> Option<Finding> {
    let (said, doubt) = settings.time_read.clone().zip(settings.zone_doubt.clone())?;
    Some(Finding { detail: Detail::ZoneDoubt(said, doubt), ..Finding::of(Code::TargetZone) })
}

/// A timeline that the way does not come to has newer commits.
pub(crate) fn newer(restore: &Restore, beside: Option<NewerBeside>) -> Option<Finding> {
    let beside = beside?;
    let (timeline, lsn, kept) = (Some(beside.timeline), Some(beside.from), restore.replayed.last_commit);
    let detail = Detail::NewerBeside(beside, restore.timeline, kept);
    Some(Finding { timeline, lsn, at: lsn, detail, ..Finding::of(Code::NewerBeside) })
}

/// The target was reached, and it is the end of a transaction that was rolled back.
fn rolled_back(restore: &Restore) -> Option<(Lsn, u32)> {
    let target = restore.target.as_ref().filter(|target| target.reached)?;
    match target.target {
        Target::Xid(xid) => restore.rolled_back.map(|lsn| (lsn, xid)),
        _ => None,
    }
}

/// What comes to the target instead is what to do.
pub(crate) fn name_instead(findings: &mut [Finding], restore: &Restore) {
    // Whoever names a timeline means that one.
    if matches!(restore.failure, Some(Failure::NoTimeline(_))) {
        return;
    }
    let Some(best) = restore.alternatives.first().filter(|a| a.reaches_target).map(|a| &a.instead) else { return };
    let aimed =
        |f: &&mut Finding| matches!(f.code, Code::TargetUnreached | Code::RestoreInconsistent | Code::ReadAhead);
    for finding in findings.iter_mut().filter(aimed) {
        if let Detail::Restore { instead, .. } | Detail::RestoreLater { instead, .. } = &mut finding.detail {
            *instead = Some(best.clone());
        }
    }
}

/// Commits that a server leaves in a `.partial`.
pub(crate) fn partial_commits(restore: &Restore, other: &Alternative) -> Option<Finding> {
    let Instead::Partial(file) = &other.instead else { return None };
    let count = u64::try_from(other.more_commits).ok().filter(|count| *count > 0)?;
    let lsn = restore.replay_end;
    let detail = Detail::PartialCommits { count, last: other.last_commit };
    let (timeline, file) = (Some(restore.timeline), Some(file.clone()));
    Some(Finding { timeline, lsn, at: lsn, file, detail, ..Finding::of(Code::PartialCommits) })
}
