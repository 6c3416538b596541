//! How far a restore can go instead, and from what.

use crate::backup;
use crate::failure::Failure;
use crate::outcome::Restore;
use crate::outcome::instead::{Alternative, Instead};
use crate::predict::Site;
use crate::settings::{Mode, Settings};
use crate::target::{Target, TargetTimeline};
use pgwal_archive::Error;
use pgwal_format::Lsn;

/// Backups and timelines that are tried.
const TRIED: usize = 6;

/// Other ways, best first. `known`: the backups that the archive knows of, by file and start.
///
/// # Errors
/// The archive cannot be listed, or an early end was asked for.
pub fn alternatives(
    site: &mut Site<'_>,
    settings: &Settings,
    restore: &Restore,
    known: &[(String, Lsn)],
) -> Result<Vec<Alternative>, Error> {
    let mut out = Vec::new();
    let of = |instead: Instead, other: &Restore| alternative(restore, instead, other);
    let further = |other: &Restore| is_further(restore, other);
    // Data that are not whole are so on every timeline and at every target.
    let whole = is_whole(restore);
    out.extend(in_partial(site, settings, restore)?);
    if restore.failure == Some(Failure::BeforeConsistency) {
        let other = site.outcome(&Settings { target: Target::Immediate, ..settings.clone() })?;
        let nearest = of(Instead::Immediate, &other).filter(|_| other.is_good());
        out.extend(nearest.map(|a| Alternative { reaches_target: false, ..a }));
    }
    if let Some(Failure::SizeAhead { .. } | Failure::TimelineAhead { .. }) = restore.failure {
        let other = site.outcome(&Settings { reads_ahead: None, ..settings.clone() })?;
        let (name, value) = ("recovery_prefetch".to_owned(), "off".to_owned());
        out.extend(of(Instead::Setting(name, value), &other).filter(|_| further(&other)));
    }
    let others = site.timelines().into_iter().filter(|t| *t != restore.target_timeline).rev().take(if whole {
        TRIED
    } else {
        0
    });
    for timeline in others {
        let other = site.outcome(&Settings { timeline: TargetTimeline::Number(timeline), ..settings.clone() })?;
        let short = restore.target.is_none() && site.segment_behind(&other).is_some();
        out.extend(of(Instead::Timeline(timeline), &other).filter(|_| further(&other)).map(|a| a.short_of_end(short)));
    }
    let mut behind = None;
    for (file, start) in known.iter().rev().filter(|(_, start)| *start != restore.redo_start).take(TRIED) {
        let Some(other) = backup::find(site.archive(), file)? else { continue };
        let Some(other_site) = Site::new(site.archive(), &other, site.look())? else { continue };
        let other = other_site.outcome(settings)?;
        // The nearest of those that were taken too late.
        let is_behind = other.failure == Some(Failure::BeforeConsistency) || other.is_late();
        if is_behind && *start > restore.redo_start && restore.failure != Some(Failure::BeforeConsistency) {
            let at_once = other_site.outcome(&Settings { target: Target::Immediate, ..settings.clone() })?;
            let nearest = of(Instead::Behind(file.clone()), &at_once).filter(|_| at_once.is_good());
            behind = nearest.map(|a| Alternative { more_commits: 0, reaches_target: false, ..a }).or(behind);
        }
        // From another start, its commits are other ones.
        let instead = of(Instead::Backup(file.clone()), &other).filter(|_| further(&other));
        let short = restore.target.is_none() && other_site.segment_behind(&other).is_some();
        out.extend(instead.map(|a| Alternative { more_commits: 0, ..a }.short_of_end(short)));
    }
    if restore.target.is_some() && !out.iter().any(|a| a.reaches_target) {
        out.extend(on_other(site, settings, restore, known)?);
    }
    out.extend(behind);
    // Where it dies of what it reads again, it does in that whole segment.
    let again = matches!(restore.failure, Some(Failure::PreparedGone { .. } | Failure::LastRecord { .. }));
    let here =
        whole && !again && !matches!(restore.failure, Some(Failure::SizeAhead { .. } | Failure::TimelineAhead { .. }));
    // Without a signal file no target is read.
    let here = here && settings.mode != Mode::Crash;
    if let Some(branch) = restore.left_branch {
        // Nobody is sent along the branch that was left.
        out.retain(|a| a.timeline != branch.timeline || a.replay_end <= branch.fork);
        let other = site.outcome(&settings.in_front_of(branch.fork))?;
        // Without a target that is a position, the last commit in front of it.
        let commit = || other.replayed.last_commit.map(|commit| Target::Xid(commit.xid));
        let way = match site.layout().dialect.lsn_target {
            true => Some(Instead::Before(branch.fork)),
            false => commit().map(|last| Instead::Earlier { last, without_reading_ahead: false }),
        };
        let instead = way.and_then(|way| of(way, &other)).filter(|_| whole && other.is_good());
        out.extend(instead.map(|a| Alternative { reaches_target: false, ..a }));
    } else if restore.consistent_at.is_some() && here {
        let positions = site.layout().dialect.lsn_target;
        let replayed = &restore.replayed;
        let last = match positions {
            true => replayed.last.map(|last| Target::Lsn(last.lsn)),
            false => replayed.last_commit.map(|commit| Target::Xid(commit.xid)),
        };
        // In what lies in its own pg_wal a server is consistent at the end alone.
        let last = match last {
            Some(own) if restore.own_wal.is_some() => {
                let stops = site.outcome(&Settings { target: own.clone(), inclusive: true, ..settings.clone() })?;
                Some(own).filter(|_| stops.is_good())
            }
            last => last,
        };
        let size = matches!(restore.failure, Some(Failure::Size { .. }));
        let without_reading_ahead = size && settings.reads_ahead.is_some();
        let earlier = last.and_then(|last| of(Instead::Earlier { last, without_reading_ahead }, restore));
        out.extend(earlier.map(|a| Alternative { reaches_target: false, ..a }));
    }
    out.sort_by_key(|a| {
        (
            !a.reaches_target,
            matches!(a.instead, Instead::Earlier { .. } | Instead::Before(_)),
            std::cmp::Reverse(a.replay_end),
        )
    });
    Ok(out)
}

/// Another backup and another timeline that come to the target together: the newest timeline on which one does, and
/// the newest backup.
fn on_other(
    site: &Site<'_>,
    settings: &Settings,
    restore: &Restore,
    known: &[(String, Lsn)],
) -> Result<Option<Alternative>, Error> {
    let timelines = site.timelines().into_iter().filter(|t| *t != restore.target_timeline).rev();
    for timeline in timelines.take(TRIED) {
        let asked = Settings { timeline: TargetTimeline::Number(timeline), ..settings.clone() };
        for (file, _) in known.iter().rev().filter(|(_, start)| *start != restore.redo_start).take(TRIED) {
            let Some(other) = backup::find(site.archive(), file)? else { continue };
            let Some(other_site) = Site::new(site.archive(), &other, site.look())? else { continue };
            let other = other_site.outcome(&asked)?;
            if other.is_good() {
                // From another start, its commits are other ones.
                let found = alternative(restore, Instead::BackupOn(file.clone(), timeline), &other);
                return Ok(found.map(|a| Alternative { more_commits: 0, ..a }));
            }
        }
    }
    Ok(None)
}

/// What comes of a `.partial` that is copied to its name, where that is more.
///
/// # Errors
/// As [`alternatives`].
pub fn in_partial(site: &mut Site<'_>, settings: &Settings, restore: &Restore) -> Result<Option<Alternative>, Error> {
    let Some(partial) = site.partial_behind(restore).filter(|_| is_whole(restore)) else { return Ok(None) };
    let counted = site.with_partials(true);
    let other = site.outcome(settings);
    site.with_partials(counted);
    let other = other?;
    Ok(alternative(restore, Instead::Partial(partial), &other).filter(|_| is_further(restore, &other)))
}

fn alternative(restore: &Restore, instead: Instead, other: &Restore) -> Option<Alternative> {
    let commits = |restore: &Restore| i64::try_from(restore.replayed.commits).unwrap_or(i64::MAX);
    Some(Alternative {
        instead,
        reaches_target: other.is_good(),
        replay_end: other.replay_end?,
        timeline: other.timeline,
        last_commit: other.replayed.last_commit,
        more_commits: commits(other).saturating_sub(commits(restore)),
    })
}

fn is_further(restore: &Restore, other: &Restore) -> bool {
    other.is_good() && (restore.target.is_some() || !is_whole(restore) || other.replay_end > restore.replay_end)
}

fn is_whole(restore: &Restore) -> bool {
    !restore.is_torn()
}
