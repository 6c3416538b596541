//! Whether a cluster that was restored ended where the archive says that it should, and what it lacks.

use crate::filtered::FilteredSource;
use crate::finding::{Detail, Finding};
use crate::restored_report::{MissingCommits, RestoredEnd, RestoredReport};
use pgwal_archive::Error;
use pgwal_format::{FileName, Lsn, TimelineId};
use pgwal_recovery::outcome::Restore;
use pgwal_recovery::{RestoredCluster, Settings, SettingsError, Site, Target, WaysMeet, meet};
use pgwal_source::{Entry, Source};

/// An archive without what a cluster wrote into it after its recovery.
///
/// # Errors
/// The archive cannot be listed.
pub fn without_own<'a>(archive: &'a dyn Source, cluster: &RestoredCluster) -> Result<Box<dyn Source + 'a>, Error> {
    let own = cluster.own_timelines(archive)?;
    let timeline = |entry: &Entry| match entry.name {
        Some(FileName::Segment(name) | FileName::Partial(name) | FileName::BackupHistory(name, _)) => {
            Some(name.timeline)
        }
        Some(FileName::History(timeline)) => Some(timeline),
        None => None,
    };
    let holds = move |entry: &Entry| timeline(entry).is_none_or(|timeline| !own.contains(&timeline));
    Ok(Box::new(FilteredSource { whole: archive, holds: Box::new(holds) }))
}

/// Compares a cluster with what its restore should have come to.
///
/// # Errors
/// An early end was asked for.
pub(crate) fn judge(
    cluster: &RestoredCluster,
    site: &Site<'_>,
    restore: &Restore,
    settings: Result<&Settings, &SettingsError>,
) -> Result<RestoredReport, Error> {
    let expected = restore.replay_end.map(|end| (restore.timeline, end));
    let mut report = RestoredReport {
        place: cluster.place.clone(),
        ended: RestoredEnd::NothingExpected,
        at: cluster.way().and_then(|way| way.last().copied()).filter(|_| !cluster.is_in_recovery()),
        now: cluster.timeline,
        expected,
        missing: None,
    };
    let Some(right) = site.way_of(restore).filter(|_| !restore.closed) else {
        report.ended = first_doubt(cluster, site).unwrap_or(RestoredEnd::NothingExpected);
        return Ok(report);
    };
    // Where it left the way on which it should have gone on.
    let (ended, left) = ended(cluster, site, restore, &right);
    report.ended = ended;
    if let (Some(left), Ok(settings)) = (left, settings) {
        report.missing = Some(missing(site, restore, settings, left)?).filter(|missing| missing.count > 0);
    }
    Ok(report)
}

/// What keeps an answer back, whatever was expected.
fn first_doubt(cluster: &RestoredCluster, site: &Site<'_>) -> Option<RestoredEnd> {
    match () {
        () if cluster.system_id != site.system_id() => Some(RestoredEnd::OtherCluster(cluster.system_id)),
        () if cluster.is_unstarted => Some(RestoredEnd::NotStarted),
        () => None,
    }
}

fn ended(
    cluster: &RestoredCluster,
    site: &Site<'_>,
    restore: &Restore,
    right: &[(TimelineId, Lsn)],
) -> (RestoredEnd, Option<Lsn>) {
    if let Some(doubt) = first_doubt(cluster, site) {
        return (doubt, None);
    }
    let end = right.last().map_or(Lsn::ZERO, |(_, end)| *end);
    if cluster.is_in_recovery() {
        return (in_recovery(cluster, restore, end), None);
    }
    if cluster.timeline <= site.start_timeline() {
        let no_checkpoint = cluster.lacks_checkpoint;
        return (if no_checkpoint { RestoredEnd::NoCheckpointYet } else { RestoredEnd::WithoutRecovery }, None);
    }
    if cluster.ancestors.is_none() {
        return (RestoredEnd::WithoutHistory, None);
    }
    let Some(taken) = cluster.way() else { return (RestoredEnd::SegmentsOnly, None) };
    let breaks_off = !restore.is_good() || restore.more_behind;
    match meet(&taken, right) {
        WaysMeet::Same if breaks_off => (RestoredEnd::BrokenOff, None),
        WaysMeet::Same => (RestoredEnd::Right, None),
        WaysMeet::Early(at) => (RestoredEnd::Early, Some(at)),
        WaysMeet::Apart(at) => (RestoredEnd::Apart(at), Some(at)),
        WaysMeet::Beyond(_) if restore.target.as_ref().is_some_and(|target| target.reached) => {
            (RestoredEnd::Overshot, None)
        }
        WaysMeet::Beyond(_) => (RestoredEnd::Further, None),
    }
}

/// One that is paused, was shut down at its target, or is a standby says how far it got at least.
fn in_recovery(cluster: &RestoredCluster, restore: &Restore, end: Lsn) -> RestoredEnd {
    let at_least = cluster.at_least;
    let last = restore.replayed.last_commit.map(|commit| commit.lsn);
    let reached = restore.target.as_ref().is_some_and(|target| target.reached && target.target != Target::Immediate);
    match () {
        () if at_least > end && reached => RestoredEnd::Overshot,
        () if at_least > end => RestoredEnd::Further,
        // Nothing behind the last commit is missed by anybody.
        () if restore.is_good() && last.is_some_and(|last| at_least > last) => RestoredEnd::Right,
        () => RestoredEnd::GoesOn(at_least),
    }
}

/// The commits from a position on, up to where recovery should have ended.
fn missing(site: &Site<'_>, restore: &Restore, settings: &Settings, from: Lsn) -> Result<MissingCommits, Error> {
    let early = site.predict(&settings.in_front_of(from))?;
    let count = restore.replayed.commits.saturating_sub(early.replayed.commits);
    Ok(MissingCommits { count, first: early.first_dropped, last: restore.replayed.last_commit })
}

/// What is wrong, or cannot be told.
pub(crate) fn finding(report: &RestoredReport) -> Option<Finding> {
    let (timeline, lsn) = report.at.or(report.expected).unzip();
    let detail = Detail::Restored(Box::new(report.clone()));
    Some(Finding { timeline, lsn, at: lsn, detail, ..Finding::of(report.ended.code()?) })
}
