//! Whether a cluster that was restored ended where the archive says that it should, and what it lacks.

use crate::filtered::FilteredSource;
use crate::finding::{Detail, Finding};
use crate::restored_report::{MissingCommits, RestoredEnd, RestoredReport};
use pgwal_archive::Error;
use pgwal_format::rmgr::xact::Timestamp;
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
        later: None,
        recovers: cluster.is_in_recovery(),
        seen: cluster.seen,
        was_started: cluster.was_started,
        target: restore.target.as_ref().map(|reached| reached.target.clone()),
        other_aim: cluster.aim().filter(|_| cluster.other_target),
        stopped: cluster.unknown_aim().map(str::to_owned),
    };
    let Some(right) = site.way_of(restore).filter(|_| !restore.closed) else {
        report.ended = first_doubt(cluster, site).unwrap_or(RestoredEnd::NothingExpected);
        return Ok(report);
    };
    // Where it left the way on which it should have gone on.
    let (ended, left) = ended(cluster, site, restore, &right);
    report.ended = ended;
    if let (Some(left), Ok(settings)) = (left, settings) {
        let early = site.predict(&settings.in_front_of(left))?;
        let count = restore.replayed.commits.saturating_sub(early.replayed.commits);
        let behind = MissingCommits { count, first: early.first_dropped, last: restore.replayed.last_commit };
        let behind_it = Some(behind).filter(|behind| behind.count > 0);
        // A target that was set is one that all WAL was asked for.
        let all = ended == RestoredEnd::Early && restore.target.is_none();
        // A clock by which the cluster was promoted before its last commit tells nothing.
        let is_witness = |at: &Timestamp| early.replayed.last_ended.is_none_or(|last| last <= *at);
        if let Some(at) = cluster.ended.filter(is_witness).filter(|_| all)
            && went_on(site, settings, left, &behind, at)?
        {
            (report.ended, report.later) = (RestoredEnd::WentOn, behind_it);
        } else {
            report.missing = behind_it;
        }
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
        return match astray(&cluster.reached, right) {
            Some(left) => (RestoredEnd::Apart(left), Some(left)),
            None => (in_recovery(cluster, restore, end, right), None),
        };
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
        WaysMeet::Early(_) if restore.target.is_none() && cluster.unknown_aim().is_some() => {
            (RestoredEnd::AtUnknownTarget, None)
        }
        WaysMeet::Early(at) => (RestoredEnd::Early, Some(at)),
        WaysMeet::Apart(at) => (RestoredEnd::Apart(at), Some(at)),
        WaysMeet::Beyond(_) if restore.target.as_ref().is_some_and(|target| target.reached) => {
            (RestoredEnd::Overshot, None)
        }
        WaysMeet::Beyond(_) => (RestoredEnd::Further, None),
    }
}

/// One that is paused, was shut down at its target, or is a standby says how far it got at least.
fn in_recovery(cluster: &RestoredCluster, restore: &Restore, end: Lsn, right: &[(TimelineId, Lsn)]) -> RestoredEnd {
    let at_least = cluster.at_least;
    let last = restore.replayed.last_commit.map(|commit| commit.lsn);
    let reached = restore.target.as_ref().is_some_and(|target| target.reached && target.target != Target::Immediate);
    match () {
        () if at_least > end && reached => RestoredEnd::Overshot,
        () if at_least > end => RestoredEnd::Further,
        // Nothing behind the last commit is missed by anybody.
        () if restore.is_good() && last.is_some_and(|last| at_least > last) => {
            if is_on_way(cluster, at_least, right) {
                RestoredEnd::Right
            } else {
                RestoredEnd::SomeTimeline(at_least)
            }
        }
        () => RestoredEnd::GoesOn(at_least),
    }
}

/// Where one that is still in recovery left the right way: it has replayed on a timeline behind the point where that
/// was to be left, or on one that is no part of it.
fn astray(reached: &[(TimelineId, Lsn)], right: &[(TimelineId, Lsn)]) -> Option<Lsn> {
    let (_, end) = *right.last()?;
    reached.iter().find_map(|(timeline, at)| {
        let own = right.iter().position(|(own, _)| own == timeline);
        let left = own.and_then(|own| right.get(own)).map(|(_, left)| *left);
        match left {
            // Behind the end of the last one it went on, which is another matter.
            Some(left) => (*at > left && own.is_some_and(|own| own + 1 < right.len())).then_some(left),
            None => (*at <= end).then_some(Lsn::ZERO),
        }
    })
}

/// What it says of itself is of the timeline on which it should be there. Up to 9.2 it says nothing.
fn is_on_way(cluster: &RestoredCluster, at: Lsn, right: &[(TimelineId, Lsn)]) -> bool {
    let leg = right.iter().position(|(_, left)| at <= *left).unwrap_or(right.len().saturating_sub(1));
    let rest = right.get(leg..).unwrap_or_default();
    leg == 0
        || cluster.reached.is_empty()
        || cluster.reached.iter().any(|(timeline, _)| rest.iter().any(|(own, _)| own == timeline))
}

/// Whether the WAL behind an end was not in the archive yet when the cluster was promoted, `at`: its first commit is of
/// later, or its first segment holds one of later and so was not finished then.
fn went_on(
    site: &Site<'_>,
    settings: &Settings,
    end: Lsn,
    behind: &MissingCommits,
    at: Timestamp,
) -> Result<bool, Error> {
    let Some(first) = behind.first else { return Ok(false) };
    if first.time > at {
        return Ok(true);
    }
    let (address, size) = (site.layout().address(), site.layout().segment);
    let within = address.segment(end, size);
    // What went on behind it lay in the next segment, unless it ended with one.
    let lacked = if address.offset(end, size) == 0 { within } else { within.next() };
    if first.lsn < address.segment_start(lacked, size) {
        return Ok(false);
    }
    let through = site.predict(&settings.in_front_of(address.segment_start(lacked.next(), size)))?;
    Ok(through.replayed.last_commit.is_some_and(|last| last.time > at))
}

/// What is wrong, or cannot be told.
pub(crate) fn finding(report: &RestoredReport) -> Option<Finding> {
    let (timeline, lsn) = report.at.or(report.expected).unzip();
    let detail = Detail::Restored(Box::new(report.clone()));
    Some(Finding { timeline, lsn, at: lsn, detail, ..Finding::of(report.ended.code()?) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_replayed_behind_a_fork_on_the_old_timeline_is_astray() {
        let way = |all: &[(u32, u64)]| all.iter().map(|(t, at)| (TimelineId(*t), Lsn::new(*at))).collect::<Vec<_>>();
        let right = way(&[(1, 70), (2, 90)]);
        for (reached, left) in [
            (vec![(1, 71)], Some(70)),
            (vec![(1, 70)], None),
            (vec![(1, 60), (2, 80)], None),
            // It went on, on the right timeline.
            (vec![(2, 95)], None),
            (vec![(3, 80)], Some(0)),
            (vec![], None),
        ] {
            assert_eq!(astray(&way(&reached), &right), left.map(Lsn::new), "{reached:?}");
        }
        // What was to be left nowhere goes on.
        assert_eq!(astray(&way(&[(1, 95)]), &way(&[(1, 90)])), None);
    }

    #[test]
    fn a_position_alone_says_no_timeline() {
        let text = "Database system identifier:           7\n\
                    Database cluster state:               in archive recovery\n\
                    Latest checkpoint location:           0/40\n\
                    Latest checkpoint's TimeLineID:       1\n\
                    Minimum recovery ending location:     0/45\n\
                    Min recovery ending loc's timeline:   1\n";
        let mut cluster = RestoredCluster::of_controldata(text).unwrap();
        let one = TimelineId::FIRST;
        assert_eq!(cluster.reached, [(one, Lsn::new(0x45)), (one, Lsn::new(0x40))]);
        let right = [(one, Lsn::new(0x50)), (TimelineId(2), Lsn::new(0x60))];
        assert!(is_on_way(&cluster, Lsn::new(0x45), &right));
        assert!(!is_on_way(&cluster, Lsn::new(0x58), &right));
        cluster.reached.push((TimelineId(2), Lsn::new(0x52)));
        assert!(is_on_way(&cluster, Lsn::new(0x58), &right));
    }
}
