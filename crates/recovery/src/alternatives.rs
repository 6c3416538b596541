//! How far a restore can go instead, and from what.

use crate::backup;
use crate::failure::Failure;
use crate::instead::{Alternative, Instead};
use crate::outcome::Restore;
use crate::predict::{Site, SiteOptions};
use crate::settings::Settings;
use crate::target::TargetTimeline;
use pgwal_archive::Error;
use pgwal_format::Lsn;
use pgwal_source::Source;

/// Backups and timelines that are tried.
const TRIED: usize = 6;

/// Other ways, best first. `known`: the backups that the archive knows of, by file and start.
///
/// # Errors
/// The archive cannot be listed, or an early end was asked for.
pub fn alternatives(
    archive: &dyn Source,
    site: &mut Site<'_>,
    settings: &Settings,
    restore: &Restore,
    known: &[(String, Lsn)],
    look: SiteOptions<'_>,
) -> Result<Vec<Alternative>, Error> {
    let mut out = Vec::new();
    let kept = i64::try_from(restore.replayed.commits).unwrap_or(i64::MAX);
    let of = |instead: Instead, other: &Restore| {
        let commits = i64::try_from(other.replayed.commits).unwrap_or(i64::MAX);
        Some(Alternative {
            instead,
            reaches_target: other.is_good(),
            replay_end: other.replay_end?,
            timeline: other.timeline,
            last_commit: other.replayed.last_commit,
            more_commits: commits.saturating_sub(kept),
        })
    };
    // Data that are not whole are so on every timeline and at every target.
    let whole = !restore.is_torn();
    let further = |other: &Restore| {
        other.is_good() && (restore.target.is_some() || !whole || other.replay_end > restore.replay_end)
    };
    if let Some(partial) = site.partial_behind(restore).filter(|_| whole) {
        site.with_partials(true);
        let other = site.predict(settings)?;
        site.with_partials(false);
        out.extend(of(Instead::Partial(partial), &other).filter(|_| further(&other)));
    }
    let others = site.timelines().into_iter().filter(|t| *t != restore.target_timeline).rev().take(if whole {
        TRIED
    } else {
        0
    });
    for timeline in others {
        let other = site.predict(&Settings { timeline: TargetTimeline::Number(timeline), ..settings.clone() })?;
        out.extend(of(Instead::Timeline(timeline), &other).filter(|_| further(&other)));
    }
    for (file, _) in known.iter().rev().filter(|(_, start)| *start != restore.redo_start).take(TRIED) {
        let Some(other) = backup::find(archive, file)? else { continue };
        let Some(other_site) = Site::new(archive, &other, look)? else { continue };
        let other = other_site.predict(settings)?;
        // From another start, its commits are other ones.
        let instead = of(Instead::Backup(file.clone()), &other).filter(|_| further(&other));
        out.extend(instead.map(|a| Alternative { more_commits: 0, ..a }));
    }
    // Where it dies of a prepared transaction, it does in that whole segment.
    let here = whole && !matches!(restore.failure, Some(Failure::PreparedGone { .. }));
    if let (Some(_), Some(last), true) = (restore.consistent_at, restore.replayed.last, here) {
        out.extend(of(Instead::Earlier(last.lsn), restore).map(|a| Alternative { reaches_target: false, ..a }));
    }
    out.sort_by_key(|a| (!a.reaches_target, matches!(a.instead, Instead::Earlier(_)), std::cmp::Reverse(a.replay_end)));
    Ok(out)
}
