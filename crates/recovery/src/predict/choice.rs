//! From which of the backups that an archive knows a restore starts: the newest one that comes where it should.

use crate::backup::Backup;
use crate::failure::Failure;
use crate::outcome::Restore;
use crate::outcome::chosen::{BackupChoice, PassedOver, WhyPassed};
use crate::predict::{Site, SiteOptions};
use crate::settings::Settings;
use crate::target::Target;
use pgwal_archive::Error;
use pgwal_format::{Lsn, Version};
use pgwal_source::Source;

/// Backups from which it does not come there that are tried: each costs reading WAL.
const TRIED: usize = 12;

/// Reads settings as a version does; `None`: a server refuses them.
pub type ReadSettings<'s, E> = dyn FnMut(&Backup, Version) -> Result<Option<Settings>, E> + 's;

/// Chooses of `all`, the newest first; `None` where there is none. `settings` reads them as a version does; without
/// any, the newest backup is taken.
///
/// # Errors
/// The archive cannot be looked at, settings cannot be read, or an early end was asked for.
pub fn choose<E: From<Error>>(
    archive: &dyn Source,
    all: Vec<Backup>,
    look: SiteOptions<'_>,
    settings: &mut ReadSettings<'_, E>,
) -> Result<Option<(Backup, BackupChoice)>, E> {
    let known = all.len();
    let (whole, parts): (Vec<Backup>, Vec<Backup>) = all.into_iter().partition(|b| b.incremental_from().is_none());
    let mut search = BackupSearch { archive, look, settings, passed_over: Vec::new(), end: None };
    let mut found = search.newest(&whole)?;
    // One that is whole by itself counts more than a newer one that has to be combined first.
    match found {
        Some(at) => search.pass_parts(&parts, whole.get(at)),
        None => found = search.newest(&parts)?.map(|at| at + whole.len()),
    }
    let of_chain: Vec<Backup> =
        if parts.is_empty() { Vec::new() } else { whole.iter().chain(&parts).cloned().collect() };
    let mut all: Vec<Backup> = whole.into_iter().chain(parts).collect();
    let before = |passed: &PassedOver| passed.why == WhyPassed::BehindTarget;
    let reaches = found.is_some();
    let at = match found {
        Some(at) => at,
        // The one that comes nearest to the target.
        None if !search.passed_over.is_empty() && search.passed_over.iter().all(before) => known.saturating_sub(1),
        // In a hole between two backups replay from the older one comes up to it.
        None => {
            let fails = |passed: &&PassedOver| matches!(passed.why, WhyPassed::Fails(_));
            let passed = &search.passed_over;
            let first = passed.iter().find(fails).filter(|_| passed.iter().any(before));
            first.and_then(|first| all.iter().position(|backup| backup.name == first.file)).unwrap_or(0)
        }
    };
    let mut passed_over = search.passed_over;
    if known <= at {
        return Ok(None);
    }
    let untried = if reaches { 0 } else { known.saturating_sub(passed_over.len()) };
    let backup = all.swap_remove(at).on_chain(&of_chain);
    passed_over.retain(|passed| passed.file != backup.name);
    let history = backup.history.as_ref();
    let choice = BackupChoice {
        file: backup.name.clone(),
        label: history.and_then(|history| history.label.clone()),
        began: history.and_then(|history| history.start_time.clone()),
        reaches,
        known,
        untried,
        passed_over,
    };
    Ok(Some((backup, choice)))
}

struct BackupSearch<'a, 's, E> {
    archive: &'a dyn Source,
    look: SiteOptions<'a>,
    settings: &'s mut ReadSettings<'s, E>,
    passed_over: Vec<PassedOver>,
    /// Where the one that was found comes to.
    end: Option<Lsn>,
}

impl<E: From<Error>> BackupSearch<'_, '_, E> {
    /// The place of the newest one from which it comes where it should.
    fn newest(&mut self, all: &[Backup]) -> Result<Option<usize>, E> {
        let mut limit = None;
        // Where a transaction or a restore point lies, only WAL tells: without a look from far back, each newer backup
        // would cost all WAL behind it.
        if all.len() > 1 && self.is_named(all)? {
            for backup in all.iter().rev().take(TRIED) {
                if let Some(restore) = self.attempt(backup)?.ok().filter(Restore::is_good) {
                    limit = restore.replay_end;
                    break;
                }
            }
            if limit.is_none() {
                let why = || WhyPassed::Fails(None);
                let tried = all.get(all.len().saturating_sub(TRIED)..).unwrap_or(all).iter();
                self.passed_over = tried.map(|b| PassedOver { file: b.name.clone(), why: why() }).collect();
                return Ok(None);
            }
        }
        let (mut tried, mut doubtful) = (0, None);
        for (at, backup) in all.iter().enumerate() {
            let stop = backup.stop();
            if limit.is_some_and(|limit| stop.is_some_and(|stop| stop > limit)) {
                self.pass(backup, WhyPassed::BehindTarget);
                continue;
            }
            if tried == TRIED {
                break;
            }
            match self.attempt(backup)? {
                // One that was begun in the second of the target is taken where no older one comes there.
                Ok(restore) if restore.is_good() && restore.may_be_late() && doubtful.is_none() => {
                    doubtful = Some((at, restore.replay_end));
                    self.pass(backup, WhyPassed::BehindTarget);
                }
                // Of two that come there, an older one tells whether anything behind the target lies in front of it.
                Ok(restore)
                    if restore.is_good() && reaches_start(&restore, doubtful.and_then(|(at, _)| all.get(at))) =>
                {
                    break;
                }
                Ok(restore) if restore.is_good() => {
                    self.end = restore.replay_end;
                    return Ok(Some(at));
                }
                Ok(restore) => {
                    let why = match restore.failure {
                        Some(Failure::BeforeConsistency) => WhyPassed::BehindTarget,
                        _ if restore.is_late() => WhyPassed::BehindTarget,
                        _ => WhyPassed::Fails(restore.server_says.clone()),
                    };
                    if let (Some(Target::Lsn(lsn)), WhyPassed::BehindTarget) =
                        (restore.target.as_ref().map(|t| &t.target), &why)
                    {
                        limit = Some(limit.map_or(*lsn, |limit: Lsn| limit.min(*lsn)));
                    }
                    // One that is behind the target ends with its first records, which costs next to nothing.
                    tried += usize::from(why != WhyPassed::BehindTarget);
                    self.pass(backup, why);
                }
                Err(why) => {
                    tried += 1;
                    self.pass(backup, why);
                }
            }
        }
        let Some((at, end)) = doubtful else { return Ok(None) };
        self.end = end;
        Ok(Some(at))
    }

    /// Incremental ones that are newer than the one that was found.
    fn pass_parts(&mut self, parts: &[Backup], found: Option<&Backup>) {
        let start = found.and_then(Backup::start);
        for part in parts.iter().filter(|part| part.start() > start) {
            let behind = part.stop().zip(self.end).is_some_and(|(stop, end)| stop > end);
            self.pass(part, if behind { WhyPassed::BehindTarget } else { WhyPassed::Incremental });
        }
    }

    fn pass(&mut self, backup: &Backup, why: WhyPassed) {
        self.passed_over.push(PassedOver { file: backup.name.clone(), why });
    }

    /// Whether the target is one whose place only WAL tells.
    fn is_named(&mut self, all: &[Backup]) -> Result<bool, E> {
        for backup in all.iter().take(TRIED) {
            let Some(site) = Site::new(self.archive, backup, self.look)? else { continue };
            let settings = (self.settings)(backup, site.layout().dialect.version)?;
            return Ok(settings.is_some_and(|s| matches!(s.target, Target::Xid(_) | Target::Name(_))));
        }
        Ok(false)
    }

    /// What a restore from it comes to.
    fn attempt(&mut self, backup: &Backup) -> Result<Result<Restore, WhyPassed>, E> {
        let Some(site) = Site::new(self.archive, backup, self.look)? else { return Ok(Err(WhyPassed::NoWal)) };
        match (self.settings)(backup, site.layout().dialect.version)? {
            Some(settings) => Ok(Ok(site.outcome(&settings)?)),
            None => Ok(Err(WhyPassed::Fails(None))),
        }
    }
}

/// Whether a restore from an older backup comes to where a newer one starts: then nothing in front of that was
/// committed behind the target.
fn reaches_start(restore: &Restore, newer: Option<&Backup>) -> bool {
    newer.and_then(Backup::start).is_some_and(|start| restore.replay_end.is_some_and(|end| end >= start))
}
