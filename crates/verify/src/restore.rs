//! The verdict of a restore: the prediction, and what is wrong with the files that it asks for.

use crate::beside_target;
use crate::codes::{Code, Severity};
use crate::filtered::FilteredSource;
use crate::finding::{Detail, Finding, set_severities};
use crate::judge::segment_of;
use crate::lines;
use crate::of_settings;
use crate::options::Options;
use crate::outcome::{NotChecked, Outcome, Verdict};
use crate::starts::{own_wal_short, prepared_gone, unlabelled, waits_for_primary};
use crate::verify::examine;
use crate::wording::target_named;
use pgwal_archive::Error;
use pgwal_archive::Which;
use pgwal_format::recovery::data_directory::WithoutFolder;
use pgwal_format::text::history::Switch;
use pgwal_format::{FileName, Lsn, SegmentName, TimelineId, Version};
use pgwal_recovery::backup::{self, Backup, BackupFlaw, FlawKind, Weight};
use pgwal_recovery::failure::{Failure, Lacking};
use pgwal_recovery::outcome::{AsksArchive, Ending, LeftBranch, Restore, Status};
use pgwal_recovery::unlabelled::Unlabelled;
use pgwal_recovery::{Settings, SettingsError, Site, SiteOptions, TargetTimeline, WalkEnd};
use pgwal_recovery::{alternatives, in_partial};
use pgwal_source::{Entry, Source};
use std::collections::BTreeSet;

/// Predicts a restore; a backup or settings that a server refuses are part of the prediction.
///
/// # Errors
/// An early end was asked for, or there are no threads.
pub fn predict(
    site: &Site<'_>,
    backup: &Backup,
    settings: Result<&Settings, &SettingsError>,
) -> Result<Restore, Error> {
    Ok(match (unusable(backup), settings) {
        (Some(says), _) => site.refused(Failure::Backup(says)),
        (None, Ok(settings)) => site.predict(settings)?,
        (None, Err(error)) => site.refused(Failure::Settings(error.clone())),
    })
}

/// Predicts a restore and judges the files that it asks for; with `all`, every file of the archive is judged, and what
/// is wrong with the others does not change the verdict.
///
/// # Errors
/// The archive cannot be listed, or an early end was asked for.
pub fn verify_restore(
    archive: &dyn Source,
    site: &mut Site<'_>,
    backup: &Backup,
    settings: Result<&Settings, &SettingsError>,
    options: &Options<'_>,
    all: bool,
) -> Result<Outcome, Error> {
    let mut restore = predict(site, backup, settings)?;
    let layout = *site.layout();
    let asked: BTreeSet<&str> = restore.files.iter().map(|f| f.name.as_str()).collect();
    let start = layout.address().segment(restore.redo_start, layout.segment);
    let number = |entry: &Entry| match entry.name {
        Some(FileName::Segment(name) | FileName::Partial(name)) => name.number(layout.address(), layout.segment),
        _ => None,
    };
    // What is lost behind the end can only be told from what lies there.
    let short = !restore.is_good() || restore.is_torn() || ends_early(&*site, &restore).is_some();
    let others_backups: BTreeSet<SegmentName> = match site.others().is_empty() {
        true => BTreeSet::new(),
        false => backups_of_others(archive, site)?,
    };
    let holds = |entry: &Entry| match entry.name {
        Some(FileName::Segment(name)) => {
            all || asked.contains(name.to_string().as_str()) || short && number(entry) >= Some(start)
        }
        Some(FileName::Partial(_)) => all || short && number(entry) >= Some(start),
        Some(FileName::BackupHistory(name, _)) => !others_backups.contains(&name),
        Some(FileName::History(_)) => true,
        None => all,
    };
    let part = FilteredSource { whole: archive, holds: &holds };
    let judged = Options {
        timeline: Which::Number(restore.target_timeline),
        cluster: Some(site.cluster()),
        severities: options.severities.clone(),
        ..*options
    };
    let mut outcome = match examine(&part, &judged) {
        Ok((outcome, _)) => outcome,
        // Nothing that recovery asks for is here: the prediction says so.
        Err(Error::NoWal { unknown, .. }) => Outcome::nothing(layout, site.system_id(), options.depth, unknown),
        Err(error) => return Err(error),
    };
    let end = end_of(&restore);
    let reached = restore.target.as_ref().is_some_and(|t| t.reached);
    // The first page of the segment in which replay starts is read as well.
    let begun = layout.address().segment_start(start, layout.segment);
    let asked_from = match restore.asks_archive {
        AsksArchive::Never => None,
        AsksArchive::AtOnce => Some(restore.redo_start),
        // From the segment on in which its own WAL ends.
        AsksArchive::BehindOwnWal => restore.own_wal.map(|own| {
            layout.address().segment_start(layout.address().segment(own.to, layout.segment), layout.segment)
        }),
    };
    let begun = asked_from.filter(|_| restore.asks_archive != AsksArchive::AtOnce).unwrap_or(begun);
    for finding in &mut outcome.findings {
        // What a server never asks for decides nothing.
        let on_the_way = asked_from.is_some_and(|from| finding.at.is_none_or(|at| at >= from || at == begun))
            && !(reached && finding.lsn.or(finding.at).is_some_and(|at| at >= end));
        // Replay went on behind it: WAL inside the backup has what the archive lacks.
        let is_passed = finding.code == Code::Gap && finding.at.is_some_and(|at| at < end);
        let is_asked = |file: &str| match &finding.detail {
            Detail::Miswritten { right } => is_asked(&asked, right),
            _ => is_asked(&asked, file),
        };
        if !on_the_way
            || is_passed
            || finding.file.as_deref().is_some_and(|file| !is_asked(file)) && !finding.code.is_hole()
        {
            finding.severity = finding.severity.min(Severity::Info);
        }
    }
    name_copies(backup, &mut outcome.findings);
    // What is wrong with the backup counts wherever replay gets to.
    let mut of_backup = findings_of(backup);
    of_backup.extend(other_version(backup, layout.dialect.version));
    of_backup.extend(unlabelled(&restore));
    of_backup.extend(own_wal_short(&restore));
    outcome.lowered += set_severities(&mut of_backup, &options.severities);
    let refuted = |f: &Finding| f.severity == Severity::Error && !f.code.is_could_not_look();
    let bad_backup = of_backup.iter().any(refuted);
    let mut of_restore = Vec::new();
    if let Ok(settings) = settings {
        of_restore.extend(of_settings::findings(archive, backup, settings, &restore)?);
    }
    // What replay comes to is foretold, not judged by names.
    outcome.findings.retain(|f| !matches!(f.code, Code::LeftBranch | Code::Stopped));
    // Where recovery takes what is the backup's own, WAL of others beside it is no obstacle.
    let foreign = backup::of_archive(backup, site.wal_system_id());
    let severity = if restore.replay_end.is_some() { Severity::Info } else { Severity::Error };
    of_restore.extend(foreign.map(|flaw| Finding { severity, ..of_flaw(&flaw) }));
    if !outcome.findings.iter().any(|f| f.code == Code::OtherWal) {
        let own = lines::of(&site.cluster());
        of_restore.extend(site.others().iter().map(|other| lines::meeting(&own, &lines::of(other), &judged)));
    }
    of_restore.extend(orphans(site, &restore, settings));
    // What it comes to without a file that cannot be looked at is told, and proves nothing.
    of_restore.extend(found(site, &restore).map(|f| if restore.closed { lowered(f) } else { f }));
    of_restore.extend(restore.left_branch.map(|branch| left_branch(site, &restore, branch)));
    of_restore.extend(invalid_pages(site, &restore));
    of_restore.extend(prepared_gone(&restore));
    if !restore.closed {
        of_restore.extend(beside_target::findings(site, &restore));
    }
    outcome.lowered += set_severities(&mut of_restore, &options.severities);
    outcome.findings.extend(of_backup.into_iter().chain(of_restore));
    // What is wrong with a file that lies behind the target is no reason by itself.
    let causes = [Code::ReadAhead, Code::BackupStructure, Code::SignalMissing, Code::RestoreCommand];
    outcome.findings.sort_by_key(|f| (std::cmp::Reverse(f.severity), !causes.contains(&f.code)));
    outcome.replay_segments =
        restore.files.iter().filter(|f| f.status == Status::Present && f.name.len() == 24).count() as u64;
    if restore.asks_archive == AsksArchive::BehindOwnWal && restore.replay_end.is_some() {
        // Some were read of pg_wal before the archive was asked, the last of them again behind that.
        let last = layout.address().segment(Lsn::new(end_of(&restore).get().saturating_sub(1)), layout.segment);
        outcome.replay_segments = last.0.saturating_sub(start.0) + 1;
    }
    if outcome.path.is_empty() {
        // All of it lies in the server's own pg_wal.
        outcome.path.push(restore.timeline);
    }
    mark_damaged(&mut restore, &outcome.findings);
    let doubtful = restore.unlabelled.as_ref().is_some_and(Unlabelled::is_doubtful);
    // Which copy of a file is taken decides what a target comes to, too.
    let counts = |f: &&Finding| f.severity == Severity::Error && (!reached || f.code == Code::CopiesDiffer);
    let errors = || outcome.findings.iter().filter(counts);
    outcome.verdict = match () {
        () if restore.closed => Verdict::Unproven,
        () if waits_for_primary(&restore, settings) => Verdict::Unproven,
        () if !restore.is_good() => Verdict::Refuted,
        () if bad_backup || errors().any(refuted) => Verdict::Refuted,
        () if errors().next().is_some() || doubtful => Verdict::Unproven,
        () => Verdict::Proven,
    };
    outcome.replay = Some((restore.redo_start, end));
    // What lies behind a fork, on the branch that was left, is no part of what was asked for.
    let at_fork = match (restore.left_branch, settings) {
        (Some(branch), Ok(settings)) => Some(site.predict(&settings.in_front_of(branch.fork))?),
        _ => None,
    };
    if let Some(end) = at_fork.as_ref().and_then(|fork| fork.replay_end) {
        outcome.replay = Some((restore.redo_start, end));
    }
    let sum = at_fork.as_ref().map_or(&restore.replayed, |fork| &fork.replayed);
    (outcome.replayed.records, outcome.replayed.commits) = (sum.records, sum.commits);
    outcome.replayed.last_commit = sum.last_commit.map(|c| c.time);
    outcome.not_checked.retain(|n| *n != NotChecked::Backups);
    outcome.not_checked.extend([NotChecked::DataFiles].into_iter().chain((!all).then_some(NotChecked::OtherFiles)));
    let included = settings.is_ok_and(|settings| !settings.not_read.is_empty());
    outcome.not_checked.extend(included.then_some(NotChecked::IncludedSettings));
    let unknown = settings.is_ok_and(|settings| settings.names_not_known);
    outcome.not_checked.extend(unknown.then_some(NotChecked::SettingNames));
    outcome.not_checked.extend(restore.makes_tablespaces.then_some(NotChecked::TablespaceFolders));
    outcome.not_checked.extend(restore.settings_unknown.then_some(NotChecked::StandbySettings));
    outcome.not_checked.extend(restore.blind.iter().map(|why| NotChecked::Blocks(*why)));
    outcome.not_checked.sort();
    outcome.not_checked.dedup();
    let look = SiteOptions { jobs: options.jobs, map: options.map, interrupt: options.interrupt };
    match (outcome.verdict, settings) {
        // What is wrong with the backup itself, no other target mends.
        (Verdict::Refuted, Ok(settings)) if !bad_backup => {
            let known: Vec<(String, Lsn)> = outcome.backups.iter().map(|b| (b.file.clone(), b.start)).collect();
            restore.alternatives = alternatives(archive, site, settings, &restore, &known, look)?;
            beside_target::name_instead(&mut outcome.findings, &restore);
        }
        // What a server leaves in a .partial is told where all of WAL is wanted.
        (Verdict::Proven, Ok(settings)) if restore.target.is_none() => {
            restore.alternatives.extend(in_partial(site, settings, &restore)?);
            let mut found: Vec<Finding> =
                restore.alternatives.iter().filter_map(|a| beside_target::partial_commits(&restore, a)).collect();
            outcome.lowered += set_severities(&mut found, &options.severities);
            outcome.findings.extend(found);
        }
        _ => {}
    }
    if !all {
        // Of what was not looked at, nothing can be said.
        outcome.findings.retain(|f| !f.code.is_hole() || f.severity == Severity::Error);
        outcome.backups.clear();
    }
    outcome.restore = Some(Box::new(restore));
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

/// What is wrong with a backup, as far as its own files tell.
pub fn findings_of(backup: &Backup) -> Vec<Finding> {
    backup.flaws.iter().map(of_flaw).collect()
}

/// What is wrong with a file of a backup.
pub fn of_flaw(flaw: &BackupFlaw) -> Finding {
    let of = |what: &String| Detail::OfBackup { what: what.clone() };
    let (code, detail) = match &flaw.kind {
        FlawKind::NoControl => (Code::BackupControl, Detail::Control(None)),
        FlawKind::Control(error) => (Code::BackupControl, Detail::Control(Some(*error))),
        FlawKind::ControlVersion(error) => (Code::UnknownVersion, Detail::Control(Some(*error))),
        FlawKind::ControlSays(what) => (Code::BackupControl, of(what)),
        FlawKind::Marked(what) => (Code::ControlMarked, of(what)),
        FlawKind::Contradicts(what) => (Code::BackupContradicts, of(what)),
        FlawKind::Label(fault) => (Code::BackupLabel, Detail::Label(*fault)),
        FlawKind::History(what) => (Code::BackupHistory, Detail::History { what: what.clone() }),
        FlawKind::Manifest(what) => (Code::BackupManifest, of(what)),
        FlawKind::Stale(what) => (Code::StaleManifest, of(what)),
        &FlawKind::Cluster { found, expected } => (Code::BackupCluster, Detail::Cluster { found, expected }),
        &FlawKind::Incremental { from } => (Code::BackupIncremental, Detail::Incremental { from }),
        &FlawKind::Files { missing, other_size } => (Code::BackupFiles, Detail::BackupFiles { missing, other_size }),
        &FlawKind::Folder { folder, place, without } => {
            (Code::BackupStructure, Detail::Folder { folder, place, without })
        }
        FlawKind::RootFile { what, data } => {
            (Code::BackupStructure, Detail::RootFile { what: *what, data: data.clone() })
        }
        FlawKind::Tar(what) => (Code::BackupTar, of(what)),
        FlawKind::Closed(codec) => {
            let code = Code::of_closed(*codec, false);
            (code, Detail::Packed { codec: *codec, bytes: 0, cut: false })
        }
    };
    let severity = match flaw.weight {
        None => code.severity(),
        Some(Weight::Info) => Severity::Info,
        Some(Weight::Warning) => Severity::Warning,
        Some(Weight::Error) => Severity::Error,
    };
    Finding { severity, file: Some(flaw.file.clone()), detail, ..Finding::of(code) }
}

fn lowered(finding: Finding) -> Finding {
    Finding { severity: finding.severity.min(Severity::Info), ..finding }
}

fn end_of(restore: &Restore) -> Lsn {
    restore.replay_end.unwrap_or(restore.redo_start)
}

/// A server reads WAL of its own version alone. Where a control file is there, that says so.
fn other_version(backup: &Backup, of_wal: Version) -> Option<Finding> {
    let own = backup.version.filter(|own| backup.control.is_none() && *own != of_wal)?;
    let what = format!("is {own}, and the WAL is of {of_wal}");
    let detail = Detail::OfBackup { what };
    Some(Finding { file: Some("PG_VERSION".into()), detail, ..Finding::of(Code::BackupContradicts) })
}

/// A file that was used and in which replay ends for what is wrong with it is damaged.
fn mark_damaged(restore: &mut Restore, findings: &[Finding]) {
    let wrong =
        |f: &&Finding| f.severity == Severity::Error && !f.code.is_could_not_look() && f.code != Code::LeftBranch;
    let files: Vec<&str> = findings.iter().filter(wrong).filter_map(|f| f.file.as_deref()).collect();
    for asked in restore.files.iter_mut().filter(|f| f.status == Status::Present) {
        let name = BTreeSet::from([asked.name.as_str()]);
        if files.iter().any(|file| is_asked(&name, file)) {
            asked.status = Status::Damaged;
        }
    }
}

/// Backups of which the archive tells and that are not of this cluster.
fn backups_of_others(archive: &dyn Source, site: &Site<'_>) -> Result<BTreeSet<SegmentName>, Error> {
    let name = |entry: &Entry| match entry.name {
        Some(FileName::BackupHistory(name, _)) => Some(name),
        _ => None,
    };
    let all: BTreeSet<SegmentName> = archive.list()?.entries.iter().filter_map(name).collect();
    Ok(all.into_iter().filter(|name| site.is_of_another(*name)).collect())
}

/// What a server says of the backup's own files, where it does not get beyond them.
fn unusable(backup: &Backup) -> Option<String> {
    let stops = |f: &&Finding| {
        let of_version = f.code == Code::BackupContradicts && f.file.as_deref() == Some("PG_VERSION");
        let of_folder = !matches!(f.detail, Detail::Folder { without: WithoutFolder::Empty, .. });
        (matches!(f.code, Code::BackupLabel | Code::BackupControl | Code::BackupIncremental)
            || f.code == Code::BackupStructure && of_folder
            || of_version)
            && f.severity == Severity::Error
    };
    let finding = findings_of(backup).into_iter().find(|f| stops(&f))?;
    Some(finding.server_says(None).unwrap_or_else(|| finding.message(None)))
}

fn is_asked(asked: &BTreeSet<&str>, file: &str) -> bool {
    let name = file.rsplit('/').next().unwrap_or(file);
    asked.contains(name)
        || asked.iter().any(|known| {
            name.strip_prefix(known)
                .is_some_and(|rest| !rest.starts_with(|c: char| c.is_ascii_hexdigit()) && !rest.starts_with(".partial"))
        })
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
    let target = restore.target.as_ref().map(|t| target_named(&t.target)).unwrap_or_default();
    let missed = restore.missed.clone().map(|missed| (missed, target));
    let of = |failure: &Failure| Detail::Restore {
        failure: failure.clone(),
        missing: missing.clone(),
        missed: missed
            .clone()
            .filter(|_| matches!(failure, Failure::NotReached | Failure::Waits { lacks: Lacking::Target, .. })),
        instead: None,
    };
    let (code, detail) = match &restore.failure {
        Some(Failure::InvalidPages) => return None,
        Some(failure) => (code(failure), of(failure)),
        None if restore.target.is_none() => {
            let (_, next) = ends_early(site, restore)?;
            (Code::RestoreShort, Detail::RestoreShort { next })
        }
        None if restore.is_late() => {
            (Code::TargetUnreached, Detail::RestoreLater { began: restore.began?, instead: None })
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

fn code(failure: &Failure) -> Code {
    match failure {
        Failure::Settings(_)
        | Failure::Backup(_)
        | Failure::NoTimeline(_)
        | Failure::History(_)
        | Failure::NotAChild { .. }
        | Failure::WithoutMinimum { .. }
        | Failure::NoCheckpoint { .. }
        | Failure::NoRedo { .. }
        | Failure::Waits { lacks: Lacking::Checkpoint | Lacking::Redo, .. }
        | Failure::StandbyLabel
        | Failure::Incremental => Code::RestoreStart,
        Failure::BeforeConsistency | Failure::BackupEnd | Failure::Consistency | Failure::Waits { .. } => {
            Code::RestoreInconsistent
        }
        Failure::NotReached => Code::TargetUnreached,
        Failure::PreparedGone { .. } => Code::PreparedGone,
        Failure::SizeAhead { .. } => Code::ReadAhead,
        Failure::InvalidPages => Code::InvalidPages,
        _ => Code::RestoreDies,
    }
}
