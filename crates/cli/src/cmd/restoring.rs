//! What `verify`, `plan` and `when` are told of a restore: the backup, the target, the settings.

mod known_backups;
mod typed;

use crate::input::plain;
use anyhow::{anyhow, bail};
use clap::builder::NonEmptyStringValueParser;
use known_backups::{SHOWN, configuration, found_by_name, is_path, newest_first, tools_timeline};
use pgwal::format::recovery::settings::SettingRules;
use pgwal::format::rmgr::xact::Timestamp;
use pgwal::format::text::control::ControlFile;
use pgwal::format::{Lsn, Version};
use pgwal::repos::{ListedBackup, RepoLayout, Repository};
use pgwal::source::Source;
use pgwal::verify::backup::{self, Backup, BackupKind, SettingsFile, Signal};
use pgwal::verify::recovery::{
    BackupChoice, FetchOutline, Given, RestoreFiles, RestoredCluster, Settings, SettingsError, Site, SiteOptions,
    Target, choose, findings_of, outline, verify_restore,
};
use pgwal::verify::repository::{OfBackups, take_wal_inside};
use pgwal::verify::restored::without_own;
use pgwal::verify::{Depth, Options, Outcome, Severity, verify};
use pgwal_report::plan::RestorePlan;
use pgwal_report::time::Zone;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

/// The backup is to be chosen.
const AUTO: &str = "auto";
/// The newest one.
const LATEST: &str = "latest";
/// Settings that say where a recovery is to stop.
const AIMS: [&str; 5] =
    ["recovery_target", "recovery_target_time", "recovery_target_lsn", "recovery_target_xid", "recovery_target_name"];
/// Settings that a hot standby needs as high as its primary.
const STANDBY_LIMITS: [&str; 5] = [
    "max_connections",
    "max_worker_processes",
    "max_wal_senders",
    "max_prepared_transactions",
    "max_locks_per_transaction",
];
/// More than any file of settings has.
const LONGEST_CONF: u64 = 16 << 20;
/// No control file is larger.
const LONGEST_CONTROL: u64 = 64 << 10;

/// Options of a restore. An empty value is refused: to a server it would be no target at all, and here it is a variable
/// that was not set.
#[derive(clap::Args, Default)]
pub struct Restoring {
    /// The base backup: a data directory, a tar of pg_basebackup or its folder, a backup_label, backup_manifest or
    /// .backup file; or the name or label of a backup that the archive knows, latest, or auto: the newest one that
    /// reaches the target, which a target without a backup means, too (a file that is called so: ./latest)
    #[arg(long, value_name = "BACKUP", conflicts_with = "pgdata")]
    pub backup: Option<OsString>,
    /// A data directory that a backup tool just restored: as --backup, with the settings and signal files that lie
    /// there
    #[arg(long, value_name = "DIR")]
    pub pgdata: Option<PathBuf>,
    /// recovery_target_time; also 14:00, yesterday 14:00, 2h ago
    #[arg(long, value_name = "TIME", group = "aim", value_parser = NonEmptyStringValueParser::new())]
    pub target_time: Option<String>,
    /// recovery_target_lsn
    #[arg(long, value_name = "LSN", group = "aim")]
    pub target_lsn: Option<Lsn>,
    /// recovery_target_xid
    #[arg(long, value_name = "XID", group = "aim", value_parser = xid)]
    pub target_xid: Option<String>,
    /// recovery_target_name: a restore point
    #[arg(long, value_name = "NAME", group = "aim", value_parser = NonEmptyStringValueParser::new())]
    pub target_name: Option<String>,
    /// recovery_target = immediate: as soon as the data are consistent
    #[arg(long, group = "aim")]
    pub target_immediate: bool,
    /// recovery_target_inclusive
    #[arg(long, value_name = "on|off", value_parser = NonEmptyStringValueParser::new())]
    pub target_inclusive: Option<String>,
    /// recovery_target_timeline: latest, current, or a number
    #[arg(long, value_name = "TIMELINE", value_parser = NonEmptyStringValueParser::new())]
    pub target_timeline: Option<String>,
    /// recovery_target_action
    #[arg(long, value_name = "pause|promote|shutdown", value_parser = NonEmptyStringValueParser::new())]
    pub target_action: Option<String>,
    /// Any other setting of the server that will be restored, by PostgreSQL's name
    #[arg(long, value_name = "NAME=VALUE")]
    pub set: Vec<String>,
    /// recovery.conf, or postgresql.conf with the settings of recovery
    #[arg(long, value_name = "FILE")]
    pub recovery_conf: Option<PathBuf>,
}

/// A number as a server reads it: decimal, with 0x hexadecimal, with 0 in front octal. It is handed on as it was
/// written.
fn xid(text: &str) -> Result<String, String> {
    let (digits, radix) = match (text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")), text.strip_prefix('0')) {
        (Some(digits), _) => (digits, 16),
        (None, Some(digits)) if !digits.is_empty() => (digits, 8),
        _ => (text, 10),
    };
    let number =
        Some(digits).filter(|digits| !digits.starts_with('+')).and_then(|d| u64::from_str_radix(d, radix).ok());
    let number = number.ok_or_else(|| match radix {
        8 => "a number that begins with 0 is octal to a server: leave the 0 out".to_owned(),
        _ => "a number of a transaction".to_owned(),
    })?;
    if radix == 8 {
        crate::complain(format_args!(
            "--target-xid {text}: a server reads what begins with 0 as octal: transaction {number}"
        ));
    }
    Ok(text.to_owned())
}

/// A backup, opened.
struct Restored {
    backup: Backup,
    /// It is a data directory as it will be started, not one that is still to be set up.
    ready: bool,
    /// It is how a cluster began that is restored by now.
    done: bool,
    /// Why it is this one, where nobody named one.
    chosen: Option<BackupChoice>,
    /// The tool that restores it, and writes settings itself.
    tool: Option<RepoLayout>,
}

impl Restored {
    /// One that is still to be set up.
    fn planned(backup: Backup, repository: Option<&Repository>) -> Restored {
        let own = repository.filter(|repository| repository.listed_as(&backup.name).is_some());
        Restored { backup, ready: false, done: false, chosen: None, tool: own.map(|repository| repository.layout) }
    }
}

/// How thoroughly a restore is looked at.
#[derive(Clone, Copy)]
pub struct RestoreLook {
    /// Files of the archive that are judged.
    pub files: RestoreFiles,
    /// The contents of the backup's files are read, too.
    pub contents: bool,
}

/// How times are read.
struct TimesRead<'a> {
    zone: &'a mut Zone,
    now: Timestamp,
    /// The configuration that the repository has, where nothing nearer is at hand.
    configuration: Vec<SettingsFile>,
}

impl Restoring {
    /// What such settings of a recovery say, from a backup or from one that is to be chosen.
    pub fn with_settings(backup: Option<OsString>, settings: &[(&'static str, String)]) -> Restoring {
        let of = |name: &str| settings.iter().find(|(own, _)| *own == name).map(|(_, value)| value.clone());
        Restoring {
            backup,
            target_lsn: of("recovery_target_lsn").and_then(|lsn| lsn.parse().ok()),
            target_xid: of("recovery_target_xid"),
            target_inclusive: of("recovery_target_inclusive"),
            target_timeline: of("recovery_target_timeline"),
            target_action: of("recovery_target_action"),
            ..Restoring::default()
        }
    }

    /// A backup was named, or a target for which one is to be found.
    pub fn is_asked(&self) -> bool {
        self.is_named() || !self.options().is_empty()
    }

    /// A target was named.
    pub fn is_aimed(&self) -> bool {
        self.options().iter().any(|(name, _)| AIMS.contains(&name.as_str()))
    }

    /// A backup was named.
    pub fn is_named(&self) -> bool {
        self.backup.is_some() || self.pgdata.is_some()
    }

    /// Whose data directory was named, as its control file says; `restored`: one that was restored before.
    pub fn cluster(&self, restored: Option<&Path>) -> Option<u64> {
        let named = self.backup.as_deref().map(Path::new);
        let data = self.pgdata.as_deref().or(restored).or(named)?;
        let control = plain(&data.join("global/pg_control"), LONGEST_CONTROL).ok()?;
        ControlFile::parse(&control).ok().map(|control| control.system_id)
    }

    /// The name of a backup, where it is no file.
    pub fn label(&self) -> Option<String> {
        let name = self.backup.as_ref().filter(|name| *name != AUTO && !is_path(name, None))?;
        Some(name.to_str()?.to_owned())
    }

    /// The backup of the repository that was named, or of those from which one is to be chosen the newest, where it
    /// does not restore: then nothing is foretold of it.
    pub fn broken<'a>(&self, repository: Option<&'a Repository>) -> Option<&'a ListedBackup> {
        let repository = repository.filter(|_| self.is_asked() && self.pgdata.is_none())?;
        match &self.backup {
            Some(name) if is_path(name, Some(repository)) => None,
            Some(name) if *name != AUTO => repository.backup(name.to_str()?).filter(|backup| !backup.restores()),
            _ if repository.backups.iter().any(ListedBackup::restores) => None,
            _ => repository.backups.last(),
        }
    }

    /// Of which backups of a repository a verdict tells: of the one that was named, or of all.
    pub fn of_backups<'a>(&self, repository: &'a Repository) -> OfBackups<'a> {
        let named = || self.backup.as_ref().and_then(|name| repository.backup(name.to_str()?));
        match self.broken(Some(repository)).or_else(named) {
            Some(backup) => OfBackups::One(&backup.label),
            // Of those that are passed over, it is worth knowing.
            None if self.is_asked() && self.is_named() && self.backup.as_deref() != Some(OsStr::new(AUTO)) => {
                OfBackups::One("")
            }
            None => OfBackups::All,
        }
    }

    /// Something was said that means nothing without a backup or a target.
    pub fn needs_backup(&self) -> Option<&'static str> {
        let said = [(!self.set.is_empty(), "--set"), (self.recovery_conf.is_some(), "--recovery-conf")];
        said.into_iter().find(|(said, _)| *said).map(|(_, name)| name)
    }

    /// Opens the backup that was named.
    fn named(&self, archive: Option<&dyn Source>, repository: Option<&Repository>) -> anyhow::Result<Restored> {
        if let Some(pgdata) = &self.pgdata {
            let mut backup = backup::open(pgdata)?;
            if backup.kind != BackupKind::DataDirectory {
                bail!("{} is no data directory", pgdata.display());
            }
            let set = self.set.iter().filter_map(|pair| pair.split_once('='));
            let names: Vec<&str> = set.map(|(name, _)| name.trim()).collect();
            backup.starts_as_it_lies(&names);
            return Ok(Restored { ready: true, ..Restored::planned(backup, None) });
        }
        let name = self.backup.as_deref().ok_or_else(|| anyhow!("no backup was named"))?;
        let path = PathBuf::from(name);
        if is_path(name, repository) {
            return Ok(Restored::planned(backup::open(&path)?, None));
        }
        let name = name.to_string_lossy();
        let Some(archive) = archive else {
            bail!(
                "{name} is no file or folder; only an archive knows a backup by its name: walproof plan ARCHIVE --backup {name}"
            )
        };
        let labelled = backup::labelled(archive, &name)?;
        if labelled.len() > 1 {
            let shown = labelled.iter().take(SHOWN).cloned().collect::<Vec<_>>().join(", ");
            bail!("{} backups have the label {name}: name one of them by its file: {shown}", labelled.len());
        }
        let mut backup = found_by_name(archive, repository, &name)?;
        if let Some(repository) = repository {
            take_wal_inside(repository, &mut backup)?;
        }
        Ok(Restored::planned(backup, repository))
    }

    /// Opens the backup that was named, or chooses one.
    fn open(
        &self,
        archive: &dyn Source,
        repository: Option<&Repository>,
        look: SiteOptions<'_>,
        times: &mut TimesRead<'_>,
    ) -> anyhow::Result<Restored> {
        let auto = self.backup.as_deref().is_none_or(|name| name == AUTO);
        if self.pgdata.is_some() || !auto {
            return self.named(Some(archive), repository);
        }
        let mut settings = |backup: &Backup, version: Version| -> anyhow::Result<Option<Settings>> {
            let restored = Restored::planned(backup.clone(), repository);
            Ok(self.settings(&restored, version, times)?.ok())
        };
        let all = newest_first(archive, repository)?;
        let Some((backup, chosen)) = choose(archive, all, look, &mut settings)? else {
            bail!(
                "{} knows no backup to choose from: no .backup file lies in it; name the backup with --backup",
                archive.describe()
            )
        };
        Ok(Restored { chosen: Some(chosen), ..Restored::planned(backup, repository) })
    }

    /// Opens the backup with which a cluster began, which its data directory still tells where nobody named it, and
    /// takes over the settings of its recovery where no option says otherwise.
    fn begun(
        &self,
        archive: &dyn Source,
        repository: Option<&Repository>,
        cluster: &RestoredCluster,
        look: SiteOptions<'_>,
        times: &mut TimesRead<'_>,
    ) -> anyhow::Result<Restored> {
        let began = cluster.began.as_ref().filter(|_| !self.is_named());
        let mut restored = match began {
            Some(backup) => Restored::planned(backup.clone(), None),
            None => self.open(archive, repository, look, times)?,
        };
        let aimed = self.is_aimed();
        let mut settings = cluster.settings.clone();
        for file in &mut settings {
            // Of a server, not of its recovery; and an aim of the command line takes the place of those in files.
            file.text.settings.retain(|setting| {
                // With what a promoted one has now it came there, or with more: they may be of a later day.
                let limits = cluster.is_in_recovery() && STANDBY_LIMITS.contains(&setting.name.as_str());
                let of_recovery =
                    setting.name.starts_with("recovery_target") || setting.name == "hot_standby" || limits;
                of_recovery && !(aimed && AIMS.contains(&setting.name.as_str()))
            });
            file.text.faults.clear();
            file.text.includes.clear();
            file.not_opened.clear();
        }
        (restored.backup.settings, restored.done) = (settings, true);
        Ok(restored)
    }

    /// Predicts the restore and judges what it asks for. Where no file says whose WAL it is, what stands in the way of
    /// that is the answer.
    pub fn verify(
        &self,
        archive: &dyn Source,
        repository: Option<&Repository>,
        options: &Options<'_>,
        look: RestoreLook,
        zone: &mut Zone,
        now: Timestamp,
    ) -> anyhow::Result<Outcome> {
        self.foretell(archive, repository, options, look, zone, now).or_else(|error| {
            let closed = |outcome: &Outcome| outcome.layout.is_none() && !outcome.findings.is_empty();
            let mut probe = options.beside();
            probe.depth = Depth::Names;
            match verify(archive, &probe) {
                Ok(outcome) if closed(&outcome) => Ok(verify(archive, options)?),
                _ => Err(error),
            }
        })
    }

    fn foretell(
        &self,
        archive: &dyn Source,
        repository: Option<&Repository>,
        options: &Options<'_>,
        look: RestoreLook,
        zone: &mut Zone,
        now: Timestamp,
    ) -> anyhow::Result<Outcome> {
        let RestoreLook { files, contents } = look;
        let mut times = self.times_read(repository, zone, now);
        // What the restored cluster archived itself says nothing of where it should have ended.
        let others = options.restored.map(|cluster| without_own(archive, cluster)).transpose()?;
        let archive = others.as_deref().unwrap_or(archive);
        let mut restored = match options.restored {
            Some(cluster) => self.begun(archive, repository, cluster, options.site(), &mut times)?,
            None => self.open(archive, repository, options.site(), &mut times)?,
        };
        let path = self.pgdata.clone().or_else(|| self.backup.as_ref().map(PathBuf::from));
        if let Some(path) = path.filter(|path| contents && is_path(path.as_os_str(), repository)) {
            backup::look(&mut restored.backup, &path, None, options.jobs);
        }
        let mut site = self.site(archive, &restored, options.site())?;
        let settings = self.settings(&restored, site.layout().dialect.version, &mut times)?;
        let mut outcome = verify_restore(&mut site, settings.as_ref(), files, options)?;
        if let Some(restore) = &mut outcome.restore {
            restore.chosen.clone_from(&restored.chosen);
        }
        Ok(outcome)
    }

    /// Predicts the restore and judges the files that it asks for.
    pub fn plan(
        &self,
        archive: &dyn Source,
        repository: Option<&Repository>,
        options: &Options<'_>,
        zone: &mut Zone,
        now: Timestamp,
    ) -> anyhow::Result<RestorePlan> {
        let mut times = self.times_read(repository, zone, now);
        let restored = self.open(archive, repository, options.site(), &mut times)?;
        let mut site = self.site(archive, &restored, options.site())?;
        let settings = self.settings(&restored, site.layout().dialect.version, &mut times)?;
        let mut outcome = verify_restore(&mut site, settings.as_ref(), RestoreFiles::Asked, options)?;
        let mut restore = *outcome.restore.take().ok_or_else(|| anyhow!("nothing is known of the restore"))?;
        restore.chosen.clone_from(&restored.chosen);
        let beyond = match &settings {
            Ok(settings) => site.beyond(settings, &mut restore)?,
            Err(_) => Vec::new(),
        };
        Ok(RestorePlan { oldest_needed: Some(site.oldest_needed()), restore, beyond, outcome })
    }

    /// In the zone of the server, as the backup's configuration says it, where a time is the target.
    fn times_read<'a>(&self, repository: Option<&Repository>, zone: &'a mut Zone, now: Timestamp) -> TimesRead<'a> {
        let asked = repository.filter(|_| self.target_time.is_some() && zone.asked().is_none());
        let of = |repository| configuration(repository, self.backup.as_deref());
        TimesRead { zone, now, configuration: asked.map(of).unwrap_or_default() }
    }

    /// The files of the backup and the target, without an archive.
    pub fn outline(&self) -> anyhow::Result<FetchOutline> {
        let restored = self.named(None, None)?;
        let target = self.target_lsn.map_or(Target::None, Target::Lsn);
        outline(&restored.backup, &target)
            .ok_or_else(|| anyhow!("{} does not say where replay starts", restored.backup.name))
    }

    /// The settings, as the version reads them; a refusal is the server's, and part of the prediction.
    fn settings(
        &self,
        restored: &Restored,
        version: Version,
        times: &mut TimesRead<'_>,
    ) -> anyhow::Result<Result<Settings, SettingsError>> {
        let TimesRead { zone, now, configuration } = times;
        let mut files: Vec<SettingsFile> = restored.backup.settings.clone();
        if let Some(path) = &self.recovery_conf {
            let bytes = plain(path, LONGEST_CONF)?;
            let name =
                if SettingRules::of(version).recovery_conf.is_some() { "recovery.conf" } else { "postgresql.conf" };
            files.push(SettingsFile::parse(name, &bytes, Some(version)));
        }
        let mut given =
            Given { files: &files, signal: restored.backup.signal, planned: !restored.ready, ..Given::default() };
        given.recovered = restored.done;
        given.segment = restored.backup.control.as_ref().map(|control| control.segment);
        if given.planned && given.signal.is_none() {
            given.signal = Some(if SettingRules::of(version).recovery_conf.is_some() {
                Signal::RecoveryConf
            } else {
                Signal::Recovery
            });
        }
        for pair in &self.set {
            let (name, value) = pair.split_once('=').ok_or_else(|| anyhow!("--set takes NAME=VALUE, not {pair}"))?;
            given.set.push((name.trim().to_ascii_lowercase(), value.to_owned()));
        }
        given.options = self.options();
        let current = tools_timeline(restored.tool, version, &given);
        given.options.extend(current.clone());
        given.now = Some(*now);
        let set = given.set.iter().rev().find(|(name, _)| name.eq_ignore_ascii_case("timezone"));
        let of_server = if files.is_empty() { configuration.as_slice() } else { &files };
        zone.of_server(set.map(|(_, name)| name.as_str()), of_server);
        if zone.is_for_want() {
            let (history, label) = (&restored.backup.history, &restored.backup.label);
            let own = history.as_ref().and_then(|history| history.start_time.clone());
            given.written = own.or_else(|| label.as_ref()?.start_time.clone());
        }
        match Settings::read(version, &given, zone.server()) {
            Err(error @ SettingsError::TimeNotRead { .. }) => bail!("{error}"),
            Ok(mut settings) => {
                settings.assumed.extend(current);
                settings.time_read.iter().for_each(|said| zone.was_read(said.clone()));
                Ok(Ok(settings))
            }
            refused => Ok(refused),
        }
    }

    fn options(&self) -> Vec<(String, String)> {
        let all = [
            ("recovery_target_time", self.target_time.clone()),
            ("recovery_target_lsn", self.target_lsn.map(|lsn| lsn.to_string())),
            ("recovery_target_xid", self.target_xid.clone()),
            ("recovery_target_name", self.target_name.clone()),
            ("recovery_target", self.target_immediate.then(|| "immediate".to_owned())),
            ("recovery_target_inclusive", self.target_inclusive.clone()),
            ("recovery_target_timeline", self.target_timeline.clone()),
            ("recovery_target_action", self.target_action.clone()),
        ];
        all.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
    }

    /// The backup beside the archive.
    fn site<'a>(
        &self,
        archive: &'a dyn Source,
        restored: &'a Restored,
        look: SiteOptions<'a>,
    ) -> anyhow::Result<Site<'a>> {
        if let Some(site) = Site::new(archive, &restored.backup, look)? {
            return Ok(site);
        }
        let backup = &restored.backup;
        let counts = findings_of(backup).into_iter().filter(|f| f.severity > Severity::Info);
        let why: String = counts.map(|f| format!(": {}", f.message(None))).collect();
        Err(match backup.label.is_some() || backup.history.is_some() || backup.control.is_some() {
            true => anyhow!("{}: no WAL that says whose it is", archive.describe()),
            false => anyhow!("{} does not say where replay starts{why}", backup.name),
        })
    }
}
