//! The verdict of a restore: the prediction, and what is wrong with the files that it asks for.

mod ruling;

use crate::codes::{Code, Severity};
use crate::failed::code_of;
use crate::filtered::FilteredSource;
use crate::finding::{Detail, Finding};
use crate::judge::{Ruling, RulingCase, segment_of};
use crate::of_backup::unusable;
use crate::options::Options;
use crate::outcome::{NotChecked, Outcome};
use crate::restored_report::RestoredEnd;
use crate::verify::examine_for;
use crate::wording::target_named;
use pgwal_archive::lineage::history_name;
use pgwal_archive::{Error, Which};
use pgwal_format::text::history::Switch;
use pgwal_format::{FileName, Lsn, SegmentName, TimelineId};
use pgwal_recovery::backup::Backup;
use pgwal_recovery::failure::{Failure, Lacking};
use pgwal_recovery::outcome::{Ending, LeftBranch, Restore, Status};
use pgwal_recovery::{RestoredCluster, Settings, SettingsError, Site, TargetTimeline, WalkEnd, first_there};
use pgwal_source::Entry;
use ruling::RestoreRuling;
use std::collections::BTreeSet;

/// Predicts a restore; a backup or settings that a server refuses are part of the prediction.
///
/// # Errors
/// An early end was asked for, there are no threads, or the settings hold a time in a spelling that is not read here.
pub fn predict(site: &Site<'_>, settings: Result<&Settings, &SettingsError>) -> Result<Restore, Error> {
    Ok(match (unusable(site.backup()), settings) {
        (Some(says), _) => site.refused(Failure::Backup(says)),
        (None, Ok(settings)) => site.predict(settings)?,
        (None, Err(error @ SettingsError::TimeNotRead { .. })) => return Err(Error::NotRead(error.to_string())),
        (None, Err(error)) => site.refused(Failure::Settings(error.clone())),
    })
}

/// Which files of an archive are judged for a restore.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RestoreFiles {
    /// Those that it asks for.
    Asked,
    /// Every one; what is wrong with the others does not change the verdict.
    All,
}

/// Predicts a restore, and judges it with the files that it asks for. A cluster that was restored may have got more
/// than whole segments, by its `restore_command` or by hand.
///
/// # Errors
/// The archive cannot be listed, an early end was asked for, or as [`predict`].
pub fn verify_restore(
    site: &mut Site<'_>,
    settings: Result<&Settings, &SettingsError>,
    files: RestoreFiles,
    options: &Options<'_>,
) -> Result<Outcome, Error> {
    let partials = options.restored.is_some_and(RestoredCluster::takes_partials);
    site.with_partials(partials);
    let outcome = verify_as(site, settings, files, options)?;
    let ended = |outcome: &Outcome| outcome.restored.as_ref().map(|left| left.ended);
    if partials || ended(&outcome) != Some(RestoredEnd::Further) || !site.has_partials() {
        return Ok(outcome);
    }
    site.with_partials(true);
    let other = verify_as(site, settings, files, options)?;
    Ok(if ended(&other) == Some(RestoredEnd::NothingExpected) { outcome } else { other })
}

fn verify_as(
    site: &mut Site<'_>,
    settings: Result<&Settings, &SettingsError>,
    files: RestoreFiles,
    options: &Options<'_>,
) -> Result<Outcome, Error> {
    let all = files == RestoreFiles::All;
    let mut restore = predict(site, settings)?;
    restore.first_there = settings.map(first_there).unwrap_or_default();
    let layout = *site.layout();
    let asked: BTreeSet<String> = restore.files.iter().map(|f| f.name.clone()).collect();
    let start = layout.address().segment(restore.redo_start, layout.segment);
    let number = |entry: &Entry| match entry.name {
        Some(FileName::Segment(name) | FileName::Partial(name)) => name.number(layout.address(), layout.segment),
        _ => None,
    };
    // What is lost behind the end can only be told from what lies there.
    let short = !restore.is_good() || restore.is_torn() || ends_early(&*site, &restore).is_some();
    let others_backups: BTreeSet<SegmentName> = match site.others().is_empty() {
        true => BTreeSet::new(),
        false => backups_of_others(site)?,
    };
    let taken = settings.map(|settings| site.taken_by_name(settings, &restore)).unwrap_or_default();
    // A server does not see the other files of a segment.
    let is_other =
        |entry: &Entry, name: &SegmentName| taken.get(&name.to_string()).is_some_and(|own| *own != entry.shown());
    let holds = |entry: &Entry| match entry.name {
        Some(FileName::Segment(name)) if !all && is_other(entry, &name) => false,
        Some(FileName::Segment(name)) => {
            all || asked.contains(&name.to_string()) || short && number(entry) >= Some(start)
        }
        Some(FileName::Partial(_)) => all || short && number(entry) >= Some(start),
        Some(FileName::BackupHistory(name, _)) => !others_backups.contains(&name),
        Some(FileName::History(_)) => true,
        None => all,
    };
    let part = FilteredSource { whole: site.archive(), holds: Box::new(holds) };
    let judged = Options {
        timeline: Which::Number(restore.target_timeline),
        followed: settings.is_ok_and(|settings| settings.timeline == TargetTimeline::Latest),
        cluster: Some(site.cluster()),
        severities: options.severities.clone(),
        ..*options
    };
    let system_id = site.system_id();
    let restored = None;
    let mut ruling = RestoreRuling { site, restore, settings, options: &judged, files, restored };
    let mut outcome = match examine_for(&part, &judged, &mut ruling) {
        Ok(outcome) => outcome,
        // Nothing that recovery asks for is here: the prediction says so.
        Err(Error::NoWal { unknown, .. }) => {
            let mut case = RulingCase {
                layout: Some(layout),
                system_id: Some(system_id),
                unknown,
                not_checked: vec![NotChecked::DataFiles],
                ..RulingCase::without_wal(Vec::new(), options.depth)
            };
            case.take_repository(options);
            let ruled = ruling.rule(&mut case)?;
            case.decided(ruled)
        }
        Err(error) => return Err(error),
    };
    outcome.restore = Some(Box::new(ruling.restore));
    outcome.restored = ruling.restored.map(Box::new);
    Ok(outcome)
}

/// A good copy of a damaged file may lie in the backup itself.
fn name_copies(backup: &Backup, findings: &mut [Finding]) {
    let Some((place, listing)) =
        backup.wal.as_ref().and_then(|wal| Some((wal.source.describe(), wal.source.list().ok()?)))
    else {
        return;
    };
    for finding in findings.iter_mut().filter(|f| f.copy.is_none()) {
        let Some(name) = segment_of(finding) else { continue };
        let own = listing.entries.iter().find(|entry| entry.name == Some(FileName::Segment(name)));
        finding.copy = own.map(|entry| format!("{}/{}", place, entry.shown()));
    }
}

/// Backups of which the archive tells and that are not of this cluster.
fn backups_of_others(site: &Site<'_>) -> Result<BTreeSet<SegmentName>, Error> {
    let name = |entry: &Entry| match entry.name {
        Some(FileName::BackupHistory(name, _)) => Some(name),
        _ => None,
    };
    let all: BTreeSet<SegmentName> = site.archive().list()?.entries.iter().filter_map(name).collect();
    Ok(all.into_iter().filter(|name| site.is_of_another(*name)).collect())
}

/// Recovery ends although more of this timeline is here: the first segment behind the end that is.
fn ends_early(site: &Site<'_>, restore: &Restore) -> Option<(TimelineId, Lsn)> {
    match &restore.end {
        Some(WalkEnd::NoFile(_) | WalkEnd::Unreadable(_)) => site.segment_behind(restore),
        _ => None,
    }
}

/// Timelines with WAL that "latest" does not come to, for want of their history files: a promotion would take one of
/// their numbers.
fn orphans(site: &Site<'_>, restore: &Restore, settings: Result<&Settings, &SettingsError>) -> Vec<Finding> {
    let latest = settings.is_ok_and(|s| s.timeline == TargetTimeline::Latest);
    let severity = if restore.target.is_none() { Severity::Error } else { Severity::Warning };
    let finding = |timeline: TimelineId| Finding {
        severity,
        timeline: Some(timeline),
        lsn: restore.replay_end,
        file: Some(FileName::History(timeline).to_string()),
        ..Finding::of(Code::HistoryMissing)
    };
    let looked = latest && restore.replay_end.is_some();
    let hidden = site.hidden(restore.target_timeline).filter(|_| looked).map(|hides| {
        let missing = TimelineId(restore.target_timeline.0.saturating_add(1));
        Finding { detail: Detail::Hidden { latest: restore.target_timeline, hides }, ..finding(missing) }
    });
    let above = site.timelines_without_history().into_iter().filter(|t| latest && *t > restore.target_timeline);
    above.map(finding).chain(hidden).collect()
}

/// What the prediction itself finds.
fn found(site: &Site<'_>, restore: &Restore) -> Option<Finding> {
    let layout = site.layout();
    let at = restore.replay_end.unwrap_or(restore.redo_start);
    let missing = restore.files.iter().find(|f| f.needed && f.status != Status::Present).map(|f| f.name.clone());
    if restore.left_branch.is_some() && restore.failure.is_none() {
        return None;
    }
    // Another timeline was asked for, which the backup's is no part of.
    let is_lost = matches!(
        restore.failure,
        Some(
            Failure::NoCheckpoint { .. }
                | Failure::NotAChild { .. }
                | Failure::Waits { lacks: Lacking::Checkpoint | Lacking::Redo, .. }
        )
    );
    let beside = site.off_way(restore).filter(|_| is_lost);
    let missing = missing.filter(|_| beside.is_none());
    let target = restore.target.as_ref().map(|t| target_named(&t.target)).unwrap_or_default();
    let missed = restore.missed.clone().map(|missed| (missed, target));
    let of = |failure: &Failure| Detail::Restore {
        failure: failure.clone(),
        missing: missing.clone(),
        beside,
        hidden: site.hidden_checkpoint().filter(|_| matches!(failure, Failure::NoCheckpoint { label: true, .. })),
        missed: missed
            .clone()
            .filter(|_| matches!(failure, Failure::NotReached | Failure::Waits { lacks: Lacking::Target, .. })),
        instead: None,
    };
    let (code, detail) = match &restore.failure {
        Some(Failure::InvalidPages) => return None,
        Some(failure) => (code_of(failure), of(failure)),
        None if restore.target.is_none() => {
            let more = ends_early(site, restore).map(|(_, next)| Detail::RestoreShort { next });
            let left = || site.left_behind(restore).map(|(child, fork)| Detail::ShortOfFork { child, fork });
            (Code::RestoreShort, more.or_else(left)?)
        }
        None if restore.is_late() => {
            (Code::TargetUnreached, Detail::RestoreLater { from: restore.data_from()?, instead: None })
        }
        None => match restore.target.as_ref().filter(|t| !t.reached) {
            Some(_) => {
                let failure = match restore.ending {
                    Ending::Waits => Failure::Waits { lacks: Lacking::Target, at },
                    _ => Failure::NotReached,
                };
                (Code::TargetUnreached, of(&failure))
            }
            None => return None,
        },
    };
    let segment = layout.address().segment(at, layout.segment);
    Some(Finding {
        timeline: Some(restore.timeline),
        lsn: Some(at),
        at: Some(at),
        segment: Some(site.name(restore.timeline, segment)),
        file: missing,
        detail,
        ..Finding::of(code)
    })
}

/// Replay goes on along a branch that was left.
fn left_branch(site: &Site<'_>, restore: &Restore, branch: LeftBranch) -> Finding {
    let layout = site.layout();
    let LeftBranch { timeline, child, fork } = branch;
    Finding {
        timeline: Some(timeline),
        lsn: Some(fork),
        at: Some(fork),
        segment: Some(site.name(timeline, layout.address().segment(fork, layout.segment))),
        file: Some(site.name(timeline, layout.address().segment(fork, layout.segment))),
        offset: Some(layout.address().offset(fork, layout.segment)),
        detail: Detail::LeftBranch { child, switch: Switch::At(fork), to: restore.replay_end.unwrap_or(fork) },
        ..Finding::of(Code::LeftBranch)
    }
}

/// The history says that a branch was left inside of a record.
fn others_history(site: &Site<'_>, branch: LeftBranch, record: Lsn) -> Finding {
    let LeftBranch { timeline: own, child, fork: at } = branch;
    let beside = site.goes_on_beside(own, child);
    Finding {
        severity: if beside.is_some() { Severity::Error } else { Severity::Warning },
        timeline: Some(child),
        at: Some(at),
        file: Some(history_name(child)),
        detail: Detail::InsideRecord { own, at, record, beside },
        ..Finding::of(Code::OthersHistory)
    }
}

/// The file for want of which it does not start is here, and another cluster's.
fn others_file(site: &Site<'_>, restore: &Restore) -> Option<Finding> {
    let lacks = matches!(restore.failure, Some(Failure::NoCheckpoint { .. } | Failure::NoRedo { .. }));
    let missing = restore.files.iter().find(|f| f.needed && f.status != Status::Present).filter(|_| lacks)?;
    let found = site.stranger(SegmentName::parse(&missing.name)?)?;
    let detail = Detail::Cluster { found, expected: site.system_id() };
    Some(Finding { file: Some(missing.name.clone()), detail, ..Finding::of(Code::ForeignCluster) })
}

/// The file of wrong size was written when segments had another one: left over, where no newer one took its name yet.
fn left_over(site: &Site<'_>, restore: &Restore) -> Option<Finding> {
    let Some(Failure::Size { file, .. } | Failure::SizeAhead { file, .. }) = &restore.failure else { return None };
    let layout = site.layout();
    let (found, expected) = (site.other_sizes(SegmentName::parse(file)?)?, (layout.segment, layout.page));
    let detail = Detail::Geometry { found, expected };
    Some(Finding { file: Some(file.clone()), detail, ..Finding::of(Code::Geometry) })
}

/// Blocks that are not there: an error where the server dies of them.
fn invalid_pages(site: &Site<'_>, restore: &Restore) -> Option<Finding> {
    let pages = restore.invalid_pages?;
    let dies = restore.failure == Some(Failure::InvalidPages);
    if !dies && matches!(restore.ending, Ending::Fatal | Ending::Panic) {
        return None;
    }
    let layout = site.layout();
    let lsn = pages.first.lsn;
    Some(Finding {
        severity: if dies { Severity::Error } else { Severity::Warning },
        timeline: Some(restore.timeline),
        lsn: Some(lsn),
        at: Some(lsn),
        segment: Some(site.name(restore.timeline, layout.address().segment(lsn, layout.segment))),
        detail: Detail::InvalidPages(pages),
        more: pages.count.saturating_sub(1),
        ..Finding::of(Code::InvalidPages)
    })
}
