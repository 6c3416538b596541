//! What a restore comes to, weighed: not what lies in an archive, but what a server asks of it decides.

use super::{
    RestoreFiles, ends_early, found, invalid_pages, left_branch, left_over, name_copies, orphans, others_file,
    others_history,
};
use crate::beside_target;
use crate::codes::{Code, Severity};
use crate::contents::{BackupContents, read_of};
use crate::finding::{Detail, Finding, set_severities};
use crate::judge::{Ruled, Ruling, RulingCase};
use crate::lines;
use crate::of_backup::{findings_of, of_flaw, other_version};
use crate::of_settings::{self, WithSignal};
use crate::options::Options;
use crate::outcome::{NotChecked, Verdict};
use crate::restored;
use crate::restored_report::RestoredReport;
use crate::starts::{
    dies_at_promotion, minimal_replayed, other_checkpoint, own_wal_short, short_of_minimum, stale_pages, unlabelled,
    waits_for_primary,
};
use pgwal_archive::{Error, Tally};
use pgwal_format::{FileName, Lsn};
use pgwal_recovery::backup;
use pgwal_recovery::failure::Failure;
use pgwal_recovery::outcome::{AsksArchive, FileAsked, Restore, Status};
use pgwal_recovery::unlabelled::Unlabelled;
use pgwal_recovery::{Instead, Mode, Settings, SettingsError, Site, Target, alternatives, in_partial};
use pgwal_source::name::is_log_folder;
use std::collections::BTreeSet;

/// The verdict on a restore: it comes where it should, and what it is made of is right.
pub(super) struct RestoreRuling<'r, 's> {
    pub site: &'r mut Site<'s>,
    /// What is foretold; what files turn out to be is added.
    pub restore: Restore,
    pub settings: Result<&'r Settings, &'r SettingsError>,
    pub options: &'r Options<'r>,
    /// Those that were looked at.
    pub files: RestoreFiles,
    /// What became of the cluster that was restored so.
    pub restored: Option<RestoredReport>,
}

impl Ruling for RestoreRuling<'_, '_> {
    fn rule(&mut self, case: &mut RulingCase) -> Result<Ruled, Error> {
        self.weigh(&mut case.findings)?;
        case.findings.extend(self.own_timeline(&case.findings)?);
        name_copies(self.site.backup(), &mut case.findings);
        let severities = &self.options.severities;
        // What is wrong with the backup counts wherever replay gets to.
        let mut of_backup = findings_of(self.site.backup());
        if self.restore.is_inside_backup {
            let cut = of_backup.iter_mut().filter(|f| f.code == Code::BackupLabel);
            cut.for_each(|finding| finding.severity = Severity::Error);
        }
        of_backup.extend(other_version(self.site.backup(), self.site.layout().dialect.version));
        of_backup.extend(unlabelled(&self.restore));
        of_backup.extend(own_wal_short(&self.restore));
        of_backup.extend(short_of_minimum(&self.restore));
        of_backup.extend(minimal_replayed(&self.restore));
        of_backup.extend(other_checkpoint(&self.restore));
        of_backup.extend(stale_pages(self.site, &self.restore)?);
        case.lowered += set_severities(&mut of_backup, severities);
        let own = case.findings.iter().filter(|f| f.code.is_of_repository());
        let bad_backup = of_backup.iter().chain(own).any(refutes);
        let read =
            read_of(self.site.backup()).map(|read| BackupContents { backup: self.site.backup().name.clone(), read });
        case.take_contents(read);
        // What replay comes to is foretold, not judged by names.
        case.findings.retain(|f| !matches!(f.code, Code::LeftBranch | Code::Stopped | Code::Astray));
        case.findings.retain(|f| !matches!(f.detail, Detail::InsideRecord { .. }));
        let mut of_restore = self.found(&case.findings)?;
        // Of an archive of another cluster, asking for a recovery is no help.
        if of_backup.iter().any(|f| f.code == Code::BackupCluster && f.severity == Severity::Error) {
            of_restore.retain(|f| f.code != Code::SignalMissing);
        }
        if let Some(cluster) = self.options.restored {
            let report = restored::judge(cluster, self.site, &self.restore, self.settings)?;
            // Whether a server starts with defaults is no question any more.
            self.restore.assumed.retain(|(name, _)| name.starts_with("recovery_target"));
            self.restore.settings_unknown = false;
            of_restore.extend(restored::finding(&report));
            self.restored = Some(report);
        }
        case.lowered += set_severities(&mut of_restore, severities);
        case.findings.extend(of_backup.into_iter().chain(of_restore));
        // What is wrong with a file that lies behind the target is no reason by itself.
        let causes = [
            Code::LeftBranch,
            Code::ForeignCluster,
            Code::Geometry,
            Code::RestoredElsewhere,
            Code::ReadAhead,
            Code::BackupStructure,
            Code::SignalMissing,
            Code::RestoreCommand,
            Code::SettingBeside,
        ];
        // A server does not come to what is missing behind the file for want of which it ends.
        let lacks = self.restore.files.iter().find(|f| f.needed && f.status == Status::Missing).map(|f| &f.name);
        let lacks = lacks.filter(|_| self.restore.failure.is_some()).cloned();
        let is_behind = |f: &Finding| {
            let file = f.file.as_deref().filter(|_| f.code.is_hole());
            lacks.as_deref().zip(file).is_some_and(|(lacks, file)| lacks.len() == file.len() && file > lacks)
        };
        case.findings.sort_by_key(|f| (std::cmp::Reverse(f.severity), is_behind(f), !causes.contains(&f.code)));
        if !case.path.contains(&self.restore.timeline) {
            // All of it lies in the server's own pg_wal, or in the file in which a newer timeline begins.
            case.path.retain(|timeline| *timeline < self.restore.timeline);
            case.path.push(self.restore.timeline);
        }
        // A damaged file was read, too.
        let replay_segments = self.segments();
        mark_damaged(&mut self.restore, &case.findings);
        let verdict = self.verdict(&case.findings, bad_backup);
        let (replay, replayed) = self.replay()?;
        self.leave_unchecked(&mut case.not_checked);
        // One that is over is not begun in another way, where this one was right.
        if self.restored.is_none() || !self.restore.is_good() {
            self.name_alternatives((verdict, bad_backup), case)?;
        }
        if !self.is_all() {
            // Of what was not looked at, nothing can be said.
            let is_news = |f: &Finding| matches!(f.detail, Detail::NotYet { .. });
            case.findings.retain(|f| !f.code.is_hole() || f.severity == Severity::Error || is_news(f));
            case.backups.clear();
        }
        Ok(Ruled { verdict, replay: Some(replay), replayed, replay_segments })
    }
}

impl RestoreRuling<'_, '_> {
    /// What a server never asks for decides nothing.
    fn weigh(&self, findings: &mut [Finding]) -> Result<(), Error> {
        let (restore, layout) = (&self.restore, self.site.layout());
        let (address, size) = (layout.address(), layout.segment);
        let asked: BTreeSet<&str> = restore.files.iter().flat_map(names).collect();
        let (end, reached) = (end_of(restore), self.is_reached());
        let segment_of = |lsn: Lsn| address.segment_start(address.segment(lsn, size), size);
        let asked_from = match restore.asks_archive {
            AsksArchive::Never => None,
            AsksArchive::AtOnce => Some(restore.redo_start),
            // From the segment on in which its own WAL ends.
            AsksArchive::BehindOwnWal => restore.own_wal.map(|own| segment_of(own.to)),
        };
        // The first page of the segment in which replay starts is read as well.
        let begun = asked_from.filter(|_| restore.asks_archive != AsksArchive::AtOnce);
        let begun = begun.unwrap_or(segment_of(restore.redo_start));
        // A server that does not get a history file from the archive looks into its own pg_wal (`RestoreArchivedFile`).
        let own = |f: &&mut Finding| f.timeline.is_some_and(|timeline| self.site.has_history(timeline));
        for finding in findings.iter_mut().filter(|f| f.code == Code::HistoryMissing).filter(own) {
            let goes_on = finding.timeline.map(|own| self.site.goes_on_without(own)).transpose()?.flatten();
            (finding.severity, finding.detail) = (Severity::Warning, Detail::OwnHistory(goes_on));
        }
        for finding in findings.iter_mut().filter(|finding| !finding.code.is_of_repository()) {
            let on_the_way = asked_from.is_some_and(|from| finding.at.is_none_or(|at| at >= from || at == begun))
                && !(reached && finding.lsn.or(finding.at).is_some_and(|at| at >= end));
            // Replay went on behind it: WAL inside the backup has what the archive lacks.
            let is_passed = finding.code == Code::Gap && finding.at.is_some_and(|at| at < end);
            let is_asked = |file: &str| match &finding.detail {
                Detail::Miswritten { right } => is_asked(&asked, right),
                _ => is_asked(&asked, file),
            };
            let its_file_is = |asked: bool| finding.file.as_deref().is_some_and(|file| is_asked(file) == asked);
            // What leaves the verdict open is told, also where it is asked for ahead of the target only.
            if restore.closed && finding.code.is_could_not_look() && its_file_is(true) {
                continue;
            }
            // A history file may speak of WAL that was never here, and that nobody asks for.
            if finding.code.is_hole() && restore.is_good() && its_file_is(false) {
                finding.severity = finding.severity.min(Severity::Warning);
            }
            // Recovery came along its timeline by the history of another, or does not need it; where it hides
            // timelines from one that goes to the latest, `orphans` tells.
            if finding.code == Code::HistoryMissing && restore.is_good() {
                finding.severity = finding.severity.min(Severity::Warning);
            }
            // One that names no ancestor hides none from a restore that begins on its own timeline.
            if finding.code == Code::HistoryEmpty && restore.is_good() {
                finding.severity = finding.severity.min(Severity::Warning);
            }
            if !on_the_way || is_passed || its_file_is(false) && !finding.code.is_hole() {
                finding.severity = finding.severity.min(Severity::Info);
            }
        }
        Ok(())
    }

    /// Recovery ends on a timeline of which only `pg_wal` of the directory knows, and the archive goes on with commits
    /// of the one that it left: where no file of the archive lay on the way that would tell.
    fn own_timeline(&self, findings: &[Finding]) -> Result<Option<Finding>, Error> {
        let own = self.restore.timeline;
        let is_told = findings.iter().any(|f| f.code == Code::HistoryMissing && f.timeline == Some(own));
        if is_told || self.restore.asks_archive == AsksArchive::Never {
            return Ok(None);
        }
        let goes_on = self.site.goes_on_without(own)?;
        Ok(goes_on.map(|goes_on| Finding {
            severity: Severity::Warning,
            timeline: Some(own),
            file: Some(FileName::History(own).to_string()),
            detail: Detail::OwnHistory(Some(goes_on)),
            ..Finding::of(Code::HistoryMissing)
        }))
    }

    /// What is found of the restore, beside what is wrong with files: `of_files`.
    fn found(&self, of_files: &[Finding]) -> Result<Vec<Finding>, Error> {
        let (site, restore) = (&*self.site, &self.restore);
        let mut out = match self.settings {
            Ok(settings) => {
                let mut asked = self.with_signal(settings)?;
                // What its own pg_wal has is not the archive's.
                asked.short |= ends_early(site, restore).is_some() && restore.own_wal_behind.is_none();
                of_settings::findings(
                    self.site.archive(),
                    self.site.backup(),
                    settings,
                    (site, restore),
                    (of_files, asked),
                )?
            }
            Err(_) => Vec::new(),
        };
        // Where recovery takes what is the backup's own, WAL of others beside it is no obstacle.
        let foreign = backup::of_archive(self.site.backup(), site.wal_system_id());
        let severity = if restore.replay_end.is_some() { Severity::Info } else { Severity::Error };
        out.extend(foreign.map(|flaw| Finding { severity, ..of_flaw(&flaw) }));
        if !of_files.iter().any(|f| f.code == Code::OtherWal) {
            let own = lines::of(&site.cluster());
            out.extend(site.others().iter().map(|other| lines::meeting(&own, &lines::of(other), self.options)));
        }
        out.extend(orphans(site, restore, self.settings));
        // What it comes to without a file that cannot be looked at is told, and proves nothing.
        out.extend(found(site, restore).map(|f| if restore.closed { lowered(f) } else { f }));
        out.extend(others_file(site, restore));
        out.extend(left_over(site, restore));
        out.extend(restore.left_branch.map(|branch| left_branch(site, restore, branch)));
        out.extend(restore.others_history.map(|(branch, record)| others_history(site, branch, record)));
        out.extend(invalid_pages(site, restore));
        out.extend(dies_at_promotion(restore));
        out.extend(self.unlinked());
        out.extend(self.no_folder());
        out.extend(self.restore.others_tablespace.as_ref().map(|space| Finding {
            severity: Severity::Error,
            file: Some(format!("pg_tblspc/{}", space.oid)),
            detail: Detail::OthersTablespace(space.clone()),
            ..Finding::of(Code::BackupStructure)
        }));
        if !restore.closed {
            out.extend(beside_target::findings(site, restore));
        }
        out.extend(self.settings.ok().and_then(beside_target::zone_doubt));
        if let (Ok(settings), true) = (self.settings, restore.is_good() && !restore.closed) {
            out.extend(beside_target::newer(restore, site.newer_beside(settings, restore)?));
        }
        Ok(out)
    }

    /// The first of the tablespaces that the catalogs list and that have no link: an error where a server will be
    /// started on the directory.
    fn unlinked(&self) -> Option<Finding> {
        let oid = self.restore.unlinked.first()?;
        let must = self.settings.is_ok_and(|settings| !settings.planned);
        Some(Finding {
            severity: if must { Severity::Error } else { Severity::Warning },
            file: Some(format!("pg_tblspc/{oid}")),
            detail: Detail::TablespaceUnlinked(*oid),
            more: self.restore.unlinked.len() as u64 - 1,
            ..Finding::of(Code::BackupStructure)
        })
    }

    /// The first of the databases that the catalogs list and that have no folder: their data are gone.
    fn no_folder(&self) -> Option<Finding> {
        let oid = self.restore.no_folder.first()?;
        Some(Finding {
            severity: Severity::Error,
            file: Some(format!("base/{oid}")),
            detail: Detail::DatabaseGone(*oid),
            more: self.restore.no_folder.len() as u64 - 1,
            ..Finding::of(Code::BackupStructure)
        })
    }

    /// What a server that asks the archive for nothing, as it lies, would come to if it did.
    fn with_signal(&self, settings: &Settings) -> Result<WithSignal, Error> {
        if settings.mode != Mode::Crash || settings.planned {
            return Ok(WithSignal::default());
        }
        let mut asks = settings.clone();
        (asks.mode, asks.target) = (Mode::Archive, Target::None);
        let asked = self.site.predict(&asks)?;
        let is_lost = matches!(asked.failure, Some(Failure::NoCheckpoint { .. } | Failure::NotAChild { .. }));
        Ok(WithSignal {
            short: self.restore.replay_end.is_some_and(|end| asked.replay_end.is_some_and(|other| other > end)),
            starts: asked.replay_end.is_some() && asked.is_good(),
            off: self.site.off_way(&asked).filter(|_| is_lost),
            is_left_over: self.site.hidden_checkpoint().is_some(),
        })
    }

    fn verdict(&self, findings: &[Finding], bad_backup: bool) -> Verdict {
        let restore = &self.restore;
        let doubtful = restore.unlabelled.as_ref().is_some_and(Unlabelled::is_doubtful);
        let reached = self.is_reached();
        // Which copy of a file is taken decides what a target comes to, too; another target is not the one asked for,
        // and what a command does not deliver is not replayed.
        let of_all = |code| {
            matches!(
                code,
                Code::CopiesDiffer
                    | Code::RestoredElsewhere
                    | Code::RestoredUnknown
                    | Code::SettingBeside
                    | Code::RestoreCommand
            )
        };
        let counts = |f: &&Finding| f.severity == Severity::Error && (!reached || of_all(f.code));
        let errors = || findings.iter().filter(counts);
        match () {
            () if restore.closed => Verdict::Unproven,
            () if waits_for_primary(restore, self.settings) => Verdict::Unproven,
            () if !restore.is_good() => Verdict::Refuted,
            () if bad_backup || errors().any(refutes) => Verdict::Refuted,
            () if errors().next().is_some() || doubtful => Verdict::Unproven,
            () => Verdict::Proven,
        }
    }

    /// From where to where replay goes, and what it comes to.
    fn replay(&self) -> Result<((Lsn, Lsn), Tally), Error> {
        let restore = &self.restore;
        // What lies behind a fork, on the branch that was left, is no part of what was asked for.
        let at_fork = match (restore.left_branch, self.settings) {
            (Some(branch), Ok(settings)) => Some(self.site.predict(&settings.in_front_of(branch.fork))?),
            _ => None,
        };
        let end = at_fork.as_ref().and_then(|fork| fork.replay_end).unwrap_or(end_of(restore));
        let sum = at_fork.as_ref().map_or(&restore.replayed, |fork| &fork.replayed);
        let last_commit = sum.last_commit.map(|c| c.time);
        let replayed = Tally { records: sum.records, commits: sum.commits, last_commit, ..Tally::default() };
        Ok(((restore.redo_start, end), replayed))
    }

    fn segments(&self) -> u64 {
        let (restore, layout) = (&self.restore, self.site.layout());
        if restore.asks_archive == AsksArchive::BehindOwnWal && restore.replay_end.is_some() {
            // Some were read of pg_wal before the archive was asked, the last of them again behind that.
            let segment = |lsn: Lsn| layout.address().segment(lsn, layout.segment).0;
            let last = segment(Lsn::new(end_of(restore).get().saturating_sub(1)));
            return last.saturating_sub(segment(restore.redo_start)) + 1;
        }
        restore.files.iter().filter(|f| f.status == Status::Present && f.name.len() == 24).count() as u64
    }

    fn leave_unchecked(&self, not_checked: &mut Vec<NotChecked>) {
        let restore = &self.restore;
        not_checked.retain(|n| *n != NotChecked::Backups);
        let of_data = (!not_checked.contains(&NotChecked::Configuration)).then_some(NotChecked::DataFiles);
        not_checked.extend(of_data.into_iter().chain((!self.is_all()).then_some(NotChecked::OtherFiles)));
        let included = self.settings.is_ok_and(|settings| !settings.not_read.is_empty());
        not_checked.extend(included.then_some(NotChecked::IncludedSettings));
        let unknown = self.settings.is_ok_and(|settings| settings.names_not_known);
        not_checked.extend(unknown.then_some(NotChecked::SettingNames));
        not_checked.extend((!restore.makes_tablespaces.is_empty()).then_some(NotChecked::TablespaceFolders));
        not_checked.extend((!self.site.backup().left_out.is_empty()).then_some(NotChecked::DatabasesLeftOut));
        not_checked.extend(restore.libraries.is_some().then_some(NotChecked::Libraries));
        not_checked.extend(restore.settings_unknown.then_some(NotChecked::StandbySettings));
        not_checked.extend(restore.blind.iter().map(|why| NotChecked::Blocks(*why)));
        not_checked.sort();
        not_checked.dedup();
    }

    /// What else there is to start from or to ask for, and what it would come to.
    fn name_alternatives(
        &mut self,
        (verdict, bad_backup): (Verdict, bool),
        case: &mut RulingCase,
    ) -> Result<(), Error> {
        let (restore, options) = (&mut self.restore, self.options);
        match (verdict, self.settings) {
            (Verdict::Refuted, Ok(settings)) => {
                let known: Vec<(String, Lsn)> = case
                    .backups
                    .iter()
                    .filter(|b| b.incremental_from.is_none())
                    .map(|b| (b.file.clone(), b.start))
                    .collect();
                restore.alternatives = alternatives(self.site, settings, restore, &known)?;
                // What is wrong with the backup itself, no other target mends.
                restore
                    .alternatives
                    .retain(|a| !bad_backup || matches!(a.instead, Instead::Backup(_) | Instead::BackupOn(..)));
                beside_target::name_instead(&mut case.findings, restore);
            }
            // What a server leaves in a .partial is told where all of WAL is wanted.
            (Verdict::Proven, Ok(settings)) if restore.target.is_none() => {
                let partial = in_partial(self.site, settings, restore)?;
                restore.alternatives.extend(partial);
                let mut found: Vec<Finding> =
                    restore.alternatives.iter().filter_map(|a| beside_target::partial_commits(restore, a)).collect();
                case.lowered += set_severities(&mut found, &options.severities);
                case.findings.extend(found);
            }
            _ => {}
        }
        Ok(())
    }

    fn is_all(&self) -> bool {
        self.files == RestoreFiles::All
    }

    fn is_reached(&self) -> bool {
        self.restore.target.as_ref().is_some_and(|t| t.reached)
    }
}

/// An error, and not only that something could not be looked at.
fn refutes(finding: &Finding) -> bool {
    finding.severity == Severity::Error && !finding.code.is_could_not_look()
}

fn lowered(finding: Finding) -> Finding {
    Finding { severity: finding.severity.min(Severity::Info), ..finding }
}

fn end_of(restore: &Restore) -> Lsn {
    restore.replay_end.unwrap_or(restore.redo_start)
}

/// A file that was used and in which replay ends for what is wrong with it is damaged.
fn mark_damaged(restore: &mut Restore, findings: &[Finding]) {
    let wrong = |f: &&Finding| refutes(f) && f.code != Code::LeftBranch;
    let files: Vec<&str> = findings.iter().filter(wrong).filter_map(|f| f.file.as_deref()).collect();
    for asked in restore.files.iter_mut().filter(|f| f.status == Status::Present) {
        let name: BTreeSet<&str> = names(asked).collect();
        if files.iter().any(|file| is_asked(&name, file)) {
            asked.status = Status::Damaged;
        }
    }
}

/// The name that is asked for, and that of the unfinished segment which was taken for it.
fn names(asked: &FileAsked) -> impl Iterator<Item = &str> {
    let taken = asked.file.as_deref().map(|file| file.rsplit('/').next().unwrap_or(file));
    std::iter::once(asked.name.as_str()).chain(taken.filter(|file| file.contains(".partial")))
}

fn is_asked(asked: &BTreeSet<&str>, file: &str) -> bool {
    // A folder of 256 segments, which nobody can look into.
    if let Some(folder) = file.strip_suffix('/') {
        let log = folder.rsplit('/').next().unwrap_or(folder);
        return is_log_folder(log) && asked.iter().any(|known| known.len() == 24 && known.starts_with(log));
    }
    let name = file.rsplit('/').next().unwrap_or(file);
    asked.contains(name)
        || asked.iter().any(|known| {
            name.strip_prefix(known)
                .is_some_and(|rest| !rest.starts_with(|c: char| c.is_ascii_hexdigit()) && !rest.starts_with(".partial"))
        })
}
