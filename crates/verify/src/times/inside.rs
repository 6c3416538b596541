//! Backups that carry WAL of their own: what the archive lacks of it is no loss to them.

use super::Times;
use crate::options::Options;
use crate::outcome::KnownBackup;
use crate::repository::take_wal_inside;
use pgwal_archive::Error;
use pgwal_format::recovery::settings::SettingRules;
use pgwal_format::{Lsn, Version};
use pgwal_recovery::backup::{self, Signal};
use pgwal_recovery::{Given, ServerZone, Settings, Site};
use pgwal_repos::{ListedBackup, Repository};
use pgwal_source::Source;

impl Times {
    /// Takes into account the WAL that backups of a repository carry: one whose WAL the archive has not whole is
    /// restored with both.
    ///
    /// # Errors
    /// As [`Times::of`].
    pub fn with_wal_of_backups(
        mut self,
        source: &dyn Source,
        options: &Options<'_>,
        repository: &Repository,
    ) -> Result<Times, Error> {
        for listed in repository.backups.iter().filter(|backup| backup.is_a_start() && backup.wal_inside.is_some()) {
            let lacks = |known: &KnownBackup| known.file == listed.file && known.complete != Some(true);
            let Some(at) = self.outcome.backups.iter().position(lacks) else { continue };
            let Some((consistent, end)) = reach(source, options, repository, listed)? else { continue };
            let Some(known) = self.outcome.backups.get_mut(at) else { continue };
            (known.complete, known.stop, known.reaches) = (Some(true), consistent, Some(end));
            let start = known.start;
            if !self.replays.iter().any(|replay| replay.to == end && replay.from <= start) {
                let replay = self.replay(source, options, start, end)?;
                self.replays.push(replay);
            }
        }
        Ok(self)
    }
}

/// From where to where a restore of it can be told to end; `None` where it fails.
fn reach(
    source: &dyn Source,
    options: &Options<'_>,
    repository: &Repository,
    listed: &ListedBackup,
) -> Result<Option<(Lsn, Lsn)>, Error> {
    let Some(mut found) = backup::find(source, &listed.file)? else { return Ok(None) };
    if take_wal_inside(repository, &mut found).is_err() {
        return Ok(None);
    }
    let Some(site) = Site::new(source, &found, options.site())? else { return Ok(None) };
    let Some(settings) = without_target(site.layout().dialect.version) else { return Ok(None) };
    let restore = site.predict(&settings)?;
    Ok(restore.consistent_at.zip(restore.replay_end).filter(|(from, to)| restore.is_good() && from <= to))
}

/// A recovery to the end of WAL.
fn without_target(version: Version) -> Option<Settings> {
    let conf = SettingRules::of(version).recovery_conf.is_some();
    let signal = Some(if conf { Signal::RecoveryConf } else { Signal::Recovery });
    Settings::read(version, &Given { signal, planned: true, ..Given::default() }, &ServerZone::UTC).ok()
}
