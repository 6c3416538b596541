//! What `verify`, `plan` and `when` are told of a restore: the backup, the target, the settings.

use crate::input::plain;
use anyhow::{anyhow, bail};
use clap::builder::NonEmptyStringValueParser;
use pgwal::format::Lsn;
use pgwal::format::recovery::settings::SettingRules;
use pgwal::repos::{Repository, command};
use pgwal::source::Source;
use pgwal::verify::backup::{self, Backup, BackupKind, SettingsFile, Signal};
use pgwal::verify::recovery::{
    Given, RestoreFiles, ServerZone, Settings, SettingsError, Site, SiteOptions, findings_of, verify_restore,
};
use pgwal::verify::repository::OfBackups;
use pgwal::verify::{Options, Outcome};
use pgwal_report::plan::RestorePlan;
use pgwal_report::time;
use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;

/// Backups that are named.
const SHOWN: usize = 10;
/// More than any file of settings has.
const LONGEST_CONF: u64 = 16 << 20;

/// Options of a restore. An empty value is refused: to a server it would be no target at all, and here it is a variable
/// that was not set.
#[derive(clap::Args)]
#[command(next_help_heading = "Restore")]
pub struct Restoring {
    /// The base backup: a data directory, a tar of pg_basebackup or its folder, a backup_label, backup_manifest or
    /// .backup file; or the name or label of a backup that the archive knows, or latest
    #[arg(long, value_name = "BACKUP", conflicts_with = "pgdata")]
    pub backup: Option<OsString>,
    /// A data directory that a backup tool just restored: as --backup, with the settings and signal files that lie
    /// there
    #[arg(long, value_name = "DIR")]
    pub pgdata: Option<PathBuf>,
    /// recovery_target_time
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

/// A number as a server reads it: decimal, with 0x hexadecimal, with 0 in front octal. It is handed on as it was written.
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
}

/// What to name instead of a backup that is not known.
fn unknown(archive: &dyn Source, repository: Option<&Repository>, name: &str) -> anyhow::Error {
    let mut text = format!("{name} is no file, and no backup that the archive knows");
    if let Some(broken) = repository.and_then(|repository| repository.backup(name))
        && let Some(why) = broken.defects.first()
    {
        return anyhow!("backup {name} does not restore: {why}");
    }
    if let Some(next) = backup::next_step_of_label(name).filter(|_| repository.is_none()) {
        return anyhow!("{text}: {next}");
    }
    match backup::known(archive) {
        Ok(all) if all.is_empty() => text += "; it knows none: no .backup file lies in it",
        Ok(all) => {
            let more = if all.len() > SHOWN { format!(" and {} older", all.len() - SHOWN) } else { String::new() };
            text += &format!("; it knows {}{more}", all.iter().take(SHOWN).cloned().collect::<Vec<_>>().join(", "));
        }
        Err(_) => {}
    }
    anyhow!(text)
}

impl Restoring {
    /// A backup was named.
    pub fn is_asked(&self) -> bool {
        self.backup.is_some() || self.pgdata.is_some()
    }

    /// The tool's own command for this restore of a repository's backup.
    pub fn command(&self, repository: &Repository) -> Option<String> {
        let backup = repository.backup(self.backup.as_ref()?.to_str()?)?;
        command::restore(repository, backup, &self.options())
    }

    /// Of which backups of a repository a verdict tells: of the one that was named, or of all.
    pub fn of_backups<'a>(&self, repository: &'a Repository) -> OfBackups<'a> {
        let named = self.backup.as_ref().and_then(|name| repository.backup(name.to_str()?));
        match named {
            Some(backup) => OfBackups::One(&backup.label),
            None if self.is_asked() => OfBackups::One(""),
            None => OfBackups::All,
        }
    }

    /// Something was said that means nothing without a backup.
    pub fn needs_backup(&self) -> Option<&'static str> {
        let said = [
            (self.target_time.is_some(), "--target-time"),
            (self.target_lsn.is_some(), "--target-lsn"),
            (self.target_xid.is_some(), "--target-xid"),
            (self.target_name.is_some(), "--target-name"),
            (self.target_immediate, "--target-immediate"),
            (self.target_inclusive.is_some(), "--target-inclusive"),
            (self.target_timeline.is_some(), "--target-timeline"),
            (self.target_action.is_some(), "--target-action"),
            (!self.set.is_empty(), "--set"),
            (self.recovery_conf.is_some(), "--recovery-conf"),
        ];
        said.into_iter().find(|(said, _)| *said).map(|(_, name)| name)
    }

    /// Opens the backup.
    fn open(&self, archive: &dyn Source, repository: Option<&Repository>) -> anyhow::Result<Restored> {
        if let Some(pgdata) = &self.pgdata {
            let mut backup = backup::open(pgdata)?;
            if backup.kind != BackupKind::DataDirectory {
                bail!("{} is no data directory", pgdata.display());
            }
            backup.starts_as_it_lies();
            return Ok(Restored { backup, ready: true });
        }
        let name = self.backup.as_deref().ok_or_else(|| anyhow!("no backup was named"))?;
        let path = PathBuf::from(name);
        if path.exists() {
            return Ok(Restored { backup: backup::open(&path)?, ready: false });
        }
        let name = name.to_string_lossy();
        let labelled = backup::labelled(archive, &name)?;
        if labelled.len() > 1 {
            let shown = labelled.iter().take(SHOWN).cloned().collect::<Vec<_>>().join(", ");
            bail!("{} backups have the label {name}: name one of them by its file: {shown}", labelled.len());
        }
        let mut backup = backup::find(archive, &name)?.ok_or_else(|| unknown(archive, repository, &name))?;
        let listed = repository.and_then(|repository| Some((repository, repository.listed_as(&backup.name)?)));
        if let Some((repository, listed)) = listed
            && let Some(wal) = repository.wal_inside(listed)?
        {
            backup::take_wal(&mut backup, Arc::from(wal));
        }
        Ok(Restored { backup, ready: false })
    }

    /// Predicts the restore and judges what it asks for.
    pub fn verify(
        &self,
        archive: &dyn Source,
        repository: Option<&Repository>,
        options: &Options<'_>,
        files: RestoreFiles,
        zone: Option<&time::Zone>,
    ) -> anyhow::Result<Outcome> {
        let restored = self.open(archive, repository)?;
        let mut site = self.site(archive, &restored, options.site())?;
        let settings = self.settings(&restored, &site, zone)?;
        Ok(verify_restore(archive, &mut site, &restored.backup, settings.as_ref(), options, files)?)
    }

    /// Predicts the restore and judges the files that it asks for.
    pub fn plan(
        &self,
        archive: &dyn Source,
        repository: Option<&Repository>,
        options: &Options<'_>,
        zone: Option<&time::Zone>,
    ) -> anyhow::Result<RestorePlan> {
        let restored = self.open(archive, repository)?;
        let mut site = self.site(archive, &restored, options.site())?;
        let settings = self.settings(&restored, &site, zone)?;
        let mut outcome =
            verify_restore(archive, &mut site, &restored.backup, settings.as_ref(), options, RestoreFiles::Asked)?;
        let restore = outcome.restore.take().ok_or_else(|| anyhow!("nothing is known of the restore"))?;
        Ok(RestorePlan { oldest_needed: Some(site.oldest_needed()), restore: *restore, outcome })
    }

    /// The settings, as the version reads them; a refusal is the server's, and part of the prediction.
    fn settings(
        &self,
        restored: &Restored,
        site: &Site<'_>,
        zone: Option<&time::Zone>,
    ) -> anyhow::Result<Result<Settings, SettingsError>> {
        let version = site.layout().dialect.version;
        let named = zone
            .and_then(|zone| ServerZone::named(zone.name()?))
            .or_else(|| ServerZone::of_settings(&restored.backup.settings));
        let zone = named.unwrap_or_else(ServerZone::system);
        let mut files: Vec<SettingsFile> = restored.backup.settings.clone();
        if let Some(path) = &self.recovery_conf {
            let bytes = plain(path, LONGEST_CONF)?;
            let name =
                if SettingRules::of(version).recovery_conf.is_some() { "recovery.conf" } else { "postgresql.conf" };
            files.push(SettingsFile::parse(name, &bytes, Some(version)));
        }
        let mut given =
            Given { files: &files, signal: restored.backup.signal, planned: !restored.ready, ..Given::default() };
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
        match Settings::read(version, &given, &zone) {
            Err(error @ SettingsError::TimeNotRead { .. }) => bail!("{error}"),
            settings => Ok(settings),
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
        let why: String = findings_of(backup).iter().map(|f| format!(": {}", f.message(None))).collect();
        Err(match backup.label.is_some() || backup.history.is_some() || backup.control.is_some() {
            true => anyhow!("{}: no WAL that says whose it is", archive.describe()),
            false => anyhow!("{} does not say where replay starts{why}", backup.name),
        })
    }
}
