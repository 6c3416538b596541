//! What to type for the restore that was proven.

use super::{LONGEST_CONF, Restoring};
use crate::input::{InputOptions, plain};
use pgwal::format::recovery::settings::SettingRules;
use pgwal::format::rmgr::xact::Timestamp;
use pgwal::format::{FileName, Layout, SegmentName, Version};
use pgwal::repos::command::{RestoreReach, ToolCall, recovery_yaml, restore, why_none};
use pgwal::repos::{ListedBackup, RepoLayout, Repository};
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
        let backup = self.taken(repository, foretold);
        let mut settings = self.recovery_settings(foretold, version)?;
        match repository.layout {
            RepoLayout::Barman if is_cut_short(foretold, backup, layout) => by_transaction(&mut settings, foretold),
            RepoLayout::PgBackRest if is_misled(&settings, repository, foretold) => {
                settings.push((TIMELINE.to_owned(), foretold.target_timeline.0.to_string()));
            }
            _ => {}
        }
        // Of what is said by a transaction, all WAL is copied.
        let is_aimed = settings.iter().all(|(name, _)| name != "recovery_target_xid");
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
            timeline: Some(foretold.target_timeline),
            reach: reach(foretold, layout).filter(|_| is_aimed),
        };
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
        // From 12 on a file says it.
        out.extend(last("standby_mode").filter(|_| SettingRules::of(version).recovery_conf.is_some()));
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

const TIMELINE: &str = "recovery_target_timeline";

/// Whether Barman refuses the target, or leaves out WAL that it takes: it compares a time with the end of the backup,
/// and copies nothing behind the segment in which a position lies.
fn is_cut_short(foretold: &Restore, backup: Option<&ListedBackup>, layout: &Layout) -> bool {
    let number = |lsn| layout.address().segment(lsn, layout.segment);
    match foretold.target.as_ref().map(|aim| &aim.target) {
        Some(Target::Time(time)) => {
            let ended = backup.and_then(|backup| backup.stopped).map(Timestamp::from_unix_seconds);
            // Its end is told in whole seconds here.
            ended.is_some_and(|ended| time.unix_micros() < ended.unix_micros().saturating_add(1_000_000))
        }
        Some(Target::Lsn(lsn)) => foretold.replay_end.is_some_and(|end| number(end) != number(*lsn)),
        _ => false,
    }
}

/// Says the end of recovery by the first transaction that is left out, where one is known.
fn by_transaction(settings: &mut Vec<AimSetting>, foretold: &Restore) {
    const AIMS: [&str; 3] = ["recovery_target_time", "recovery_target_lsn", "recovery_target_inclusive"];
    let Some(left_out) = foretold.first_dropped else { return };
    settings.retain(|(name, _)| !AIMS.contains(&name.as_str()));
    let of = |name: &str, value: String| (name.to_owned(), value);
    settings.insert(0, of("recovery_target_xid", left_out.xid.to_string()));
    settings.insert(1, of("recovery_target_inclusive", "off".to_owned()));
}

/// Whether pgBackRest takes another timeline for the latest than a server does: the highest number that has a history.
fn is_misled(settings: &[AimSetting], repository: &Repository, foretold: &Restore) -> bool {
    let is_history = |name| matches!(name, Some(FileName::History(timeline)) if timeline > foretold.target_timeline);
    let asked = settings.iter().any(|(name, _)| name == TIMELINE);
    let listing = if asked { None } else { repository.source().ok().and_then(|source| source.list().ok()) };
    listing.is_some_and(|listing| listing.entries.iter().any(|entry| is_history(entry.name)))
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
