//! What to type for the restore that was proven.

use super::{LONGEST_CONF, Restoring};
use crate::input::{InputOptions, plain};
use pgwal::format::recovery::settings::SettingRules;
use pgwal::format::{Layout, SegmentName, Version};
use pgwal::repos::command::{RestoreReach, ToolCall, recovery_yaml, restore, why_none};
use pgwal::repos::{ListedBackup, Repository};
use pgwal::verify::backup::SettingsFile;
use pgwal::verify::recovery::Target;
use pgwal::verify::recovery::outcome::{FileAsked, Restore};
use pgwal::verify::repository::RepositoryFacts;
use pgwal_report::time::Zone;
use std::path::PathBuf;

/// A setting of the recovery, by PostgreSQL's name.
type AimSetting = (String, String);

impl Restoring {
    /// Puts the tool's own command down for a restore that starts from a backup of the repository.
    pub fn type_down(
        &self,
        facts: &mut RepositoryFacts,
        repository: &Repository,
        foretold: &Restore,
        layout: &Layout,
        input: &InputOptions,
    ) -> anyhow::Result<()> {
        let version = layout.dialect.version;
        let settings = self.recovery_settings(foretold, version)?;
        let configured = input.configured_place()?;
        let endpoint = variable(&["AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT"]);
        let region = variable(&["AWS_REGION", "AWS_DEFAULT_REGION"]);
        let call = ToolCall {
            settings: &settings,
            recovery_conf: SettingRules::of(version).recovery_conf.is_some(),
            configuration: configured.as_ref().map(|place| &place.configuration),
            passphrase_file: input.reading.keys.passphrase_file.first().map(PathBuf::as_path),
            endpoint: endpoint.as_deref(),
            region: region.as_deref(),
            reach: reach(foretold, layout),
        };
        let backup = self.taken(repository, foretold);
        facts.no_command = why_none(repository, backup, &call);
        let Some(backup) = backup else { return Ok(()) };
        facts.restore_command = restore(repository, backup, &call);
        facts.restore_yaml = recovery_yaml(repository, backup, &call);
        Ok(())
    }

    /// The backup of the repository from which it starts: the one that was named, or that was chosen.
    fn taken<'a>(&self, repository: &'a Repository, foretold: &Restore) -> Option<&'a ListedBackup> {
        if let Some(chosen) = &foretold.chosen {
            return repository.listed_as(&chosen.file);
        }
        let name = self.label()?;
        repository.backup(&name).or_else(|| repository.listed_as(&name))
    }

    /// The target as it was understood (a tool knows no `2h ago`), and what else decides where recovery ends.
    fn recovery_settings(&self, foretold: &Restore, version: Version) -> anyhow::Result<Vec<AimSetting>> {
        let mut all: Vec<AimSetting> = Vec::new();
        if let Some(path) = &self.recovery_conf {
            let file = SettingsFile::parse("recovery.conf", &plain(path, LONGEST_CONF)?, Some(version));
            all.extend(file.text.settings.iter().map(|setting| (setting.name.clone(), setting.value.clone())));
        }
        let pairs = self.set.iter().filter_map(|pair| pair.split_once('='));
        all.extend(pairs.map(|(name, value)| (name.trim().to_ascii_lowercase(), value.to_owned())));
        all.extend(self.options());
        let mut out: Vec<AimSetting> = foretold.target.iter().filter_map(|aim| of(&aim.target)).collect();
        let others = ["recovery_target_inclusive", "recovery_target_timeline", "recovery_target_action"];
        let last = |name: &str| all.iter().rev().find(|(own, _)| own == name).cloned();
        out.extend(others.into_iter().filter_map(last));
        Ok(out)
    }
}

/// How far the server reads.
fn reach(foretold: &Restore, layout: &Layout) -> Option<RestoreReach> {
    let segment = |file: &FileAsked| SegmentName::parse(&file.name).filter(|_| file.needed);
    let last = foretold.files.iter().filter_map(segment).max_by_key(|name| (name.log, name.seg))?;
    let aim = foretold.target.as_ref().map(|aim| &aim.target);
    let lsn = if let Some(Target::Lsn(lsn)) = aim { Some(*lsn) } else { None };
    let time = if let Some(Target::Time(time)) = aim { Some(*time) } else { None };
    let unix_seconds = time.map(|time| time.unix_micros() as f64 / 1e6);
    Some(RestoreReach { layout: *layout, last, lsn, unix_seconds })
}

/// The first of these variables that says anything, as the store's own tools read them.
fn variable(names: &[&str]) -> Option<String> {
    names.iter().find_map(|name| std::env::var(name).ok().filter(|value| !value.is_empty()))
}

/// The setting of a target; a time in UTC.
fn of(target: &Target) -> Option<AimSetting> {
    let (name, value) = match target {
        Target::None => return None,
        Target::Immediate => ("recovery_target", "immediate".to_owned()),
        Target::Time(time) => ("recovery_target_time", Zone::utc().local(*time)?.replace("+00:00", "+00")),
        Target::Lsn(lsn) => ("recovery_target_lsn", lsn.unpadded().to_string()),
        Target::Xid(xid) => ("recovery_target_xid", xid.to_string()),
        Target::Name(name) => ("recovery_target_name", name.clone()),
    };
    Some((name.to_owned(), value))
}
